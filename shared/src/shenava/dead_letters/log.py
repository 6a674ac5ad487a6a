"""Reads topics from one place to another, as nobody's member: nothing is committed, no group is disturbed."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping
from contextlib import aclosing, contextmanager
from time import monotonic
from types import TracebackType
from typing import Self

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from shenava.errors import Transient
from shenava.kafka.client import connection
from shenava.kafka.ports import Partition, Record
from shenava.settings import KafkaSettings

NAME = "shenava-dead-letters"
POLL_MS = 200
FETCH_WAIT_MS = 20
"""An end of a log is known before it is read to; a fetch that waits there only keeps the next one waiting."""
RECORDS = 500

OnRead = Callable[[int, int], None]


class Log:
    """The topics of a cluster, to be looked at. Use as an async context manager.

    Attributes:
        partitions: of every topic, as it was when the log was opened.

    Raises:
        Transient: from whatever it does, if the brokers cannot be reached or fall silent.
    """

    partitions: Mapping[str, range]

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._timeout = settings.request_timeout.total_seconds()

    async def __aenter__(self) -> Self:
        # An aiokafka client belongs to the loop in which it is made.
        self._consumer = AIOKafkaConsumer(
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=FETCH_WAIT_MS,
            **connection(self._settings, NAME),
        )
        with self._reaching():
            try:
                self.partitions = await self._described()
                await self._consumer.start()
                # aiokafka's own task must have begun: stopped before that, its being cancelled becomes ours.
                await asyncio.sleep(0)
            except BaseException:
                await self._consumer.stop()
                raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._consumer.stop()

    async def records(self, topic: str, on_read: OnRead | None = None) -> AsyncIterator[Record]:
        """All records that are there now, a partition after the other.

        ``on_read`` is told now and then how many offsets of how many are behind us.
        """
        tps = [TopicPartition(topic, number) for number in self.partitions.get(topic, ())]
        with self._reaching():
            begins, ends = await self._consumer.beginning_offsets(tps), await self._consumer.end_offsets(tps)
            total, behind = sum(ends.values()) - sum(begins.values()), 0
            for tp in tps:
                async for position, records in self._from(tp, begins[tp], ends[tp]):
                    for record in records:
                        yield record
                    if on_read is not None:
                        on_read(behind + position - begins[tp], total)
                behind += ends[tp] - begins[tp]

    async def since(self, partition: Partition, offset: int) -> AsyncGenerator[Record]:
        """The records of one partition from ``offset`` to its end of now."""
        tp = TopicPartition(*partition)
        if partition.partition not in self.partitions.get(partition.topic, ()):
            return
        with self._reaching():
            begin = (await self._consumer.beginning_offsets([tp]))[tp]
            end = (await self._consumer.end_offsets([tp]))[tp]
            async for _, records in self._from(tp, max(begin, offset), end):
                for record in records:
                    yield record

    async def at(self, partition: Partition, offset: int) -> Record | None:
        """The record at ``offset``, if it is still there."""
        async with aclosing(self.since(partition, offset)) as records:
            async for record in records:
                return record if record.offset == offset else None
        return None

    async def _from(self, tp: TopicPartition, offset: int, end: int) -> AsyncIterator[tuple[int, list[Record]]]:
        if offset >= end:
            return
        self._consumer.assign([tp])
        self._consumer.seek(tp, offset)
        position, patience = offset, monotonic() + self._timeout
        while position < end:
            polled = await self._consumer.getmany(tp, timeout_ms=POLL_MS, max_records=RECORDS)
            # It may move without records: transactions leave marks in a log.
            moved = await self._consumer.position(tp)
            if moved > position:
                position, patience = moved, monotonic() + self._timeout
                yield position, [record for record in polled.get(tp, []) if record.offset < end]
            elif monotonic() > patience:
                raise Transient(f"{tp.topic}[{tp.partition}] gave nothing for {self._timeout:g} s at offset {position}")

    async def _described(self) -> dict[str, range]:
        admin = AIOKafkaAdminClient(**connection(self._settings, NAME))
        try:
            async with asyncio.timeout(self._timeout):
                await admin.start()
                described = await admin.describe_topics()
        finally:
            await admin.close()
        return {topic["topic"]: range(len(topic["partitions"])) for topic in described}

    @contextmanager
    def _reaching(self) -> Iterator[None]:
        try:
            yield
        except (KafkaError, OSError) as error:  # a TimeoutError is an OSError
            raise Transient(
                f"kafka cannot be read at {self._settings.bootstrap}: {error!r}; "
                "SHENAVA_KAFKA_BOOTSTRAP names the brokers"
            ) from error
