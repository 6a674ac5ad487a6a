"""Reads the topics as an outsider would, from their beginning, and keeps every event: the record to check against."""

import asyncio
from collections import defaultdict
from types import TracebackType
from typing import Self, TypeVar

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from shenava import topics
from shenava.codec import decode
from shenava.errors import Invalid
from shenava.events import Event
from shenava.kafka.client import connection
from shenava.kafka.ports import Record
from shenava.settings import KafkaSettings

E = TypeVar("E", bound=Event)


class Observer:
    """Every event on the topics so far; use as an async context manager.

    Args:
        brand: only its events are kept; None keeps those of all brands.

    Attributes:
        unreadable: how many records were read that are no events.
    """

    def __init__(self, settings: KafkaSettings, *, brand: str | None = None) -> None:
        self.unreadable = 0
        self._brand = brand
        self._consumer = AIOKafkaConsumer(auto_offset_reset="earliest", **connection(settings, "observer"))
        self._admin = AIOKafkaAdminClient(**connection(settings, "observer"))
        self._events: defaultdict[str, list[Event]] = defaultdict(list)

    async def __aenter__(self) -> Self:
        await self._consumer.start()
        await self._admin.start()
        partitions = [
            TopicPartition(topic.name, partition)
            for topic in topics.ALL
            for partition in await self._partitions(topic.name)
        ]
        self._consumer.assign(partitions)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._consumer.stop()
        await self._admin.close()

    def on(self, topic: topics.Topic, kind: type[E]) -> list[E]:
        """What was read of ``topic`` so far, of one kind, in the order of each partition."""
        return [event for event in self._events[topic.name] if isinstance(event, kind)]

    async def catch_up(self) -> None:
        """Read to the present end of every topic."""
        ours = self._consumer.assignment()
        ends = await self._consumer.end_offsets(ours)
        behind = {tp for tp, end in ends.items() if await self._consumer.position(tp) < end}
        while behind:
            for tp, records in (await self._consumer.getmany(timeout_ms=200)).items():
                for record in records:
                    self._keep(tp.topic, record)
            behind = {tp for tp in behind if await self._consumer.position(tp) < ends[tp]}

    def _keep(self, topic: str, record: Record) -> None:
        try:
            event = decode(record.value, record.headers)
        except Invalid:
            self.unreadable += 1
            return
        if self._brand in (None, event.brand):
            self._events[topic].append(event)

    async def written(self) -> int:
        """How many records are on all topics."""
        return sum((await self._consumer.end_offsets(self._consumer.assignment())).values())

    async def unread_by(self, group: str, topic: topics.Topic) -> int:
        """Records of ``topic`` that ``group`` has not finished yet, by its committed offsets."""
        partitions = [TopicPartition(topic.name, p) for p in await self._partitions(topic.name)]
        ends = await self._consumer.end_offsets(partitions)
        marks = await self._marks(group)
        return sum(end - marks.get(tp, 0) for tp, end in ends.items())

    async def finished_by(self, group: str) -> int:
        """How many records of all its topics ``group`` has finished so far, by its committed offsets."""
        return sum((await self._marks(group)).values())

    async def settle(self, reading: dict[str, tuple[topics.Topic, ...]], poll_seconds: float = 0.2) -> None:
        """Return once every group in ``reading`` has finished its topics; nothing may be writing meanwhile."""
        for group, read in reading.items():
            for topic in read:
                while await self.unread_by(group, topic):  # noqa: ASYNC110 - a group's offsets can only be asked for
                    await asyncio.sleep(poll_seconds)

    async def _marks(self, group: str) -> dict[TopicPartition, int]:
        committed = await self._admin.list_consumer_group_offsets(group)
        return {tp: max(0, mark.offset) for tp, mark in committed.items()}

    async def _partitions(self, topic: str) -> list[int]:
        described = await self._admin.describe_topics([topic])
        return sorted(p["partition"] for p in described[0]["partitions"])
