"""The two Kafkas of the contract suite, made to look alike."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from itertools import count
from typing import Any, Protocol, Self
from uuid import uuid4

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, RecordsToDelete
from aiokafka.protocol.group import LeaveGroupRequest

from shenava.kafka.client import KafkaDelivery, KafkaSubscription, connection
from shenava.kafka.ports import Delivery, Outbound, OutOfRange, Partition, Record, Subscription
from shenava.settings import KafkaSettings
from shenava.testing.memory_kafka import MemoryBroker, MemoryDelivery, MemorySubscription


class Cluster(Protocol):
    """What the suite needs besides the ports."""

    async def topic(self, partitions: int = 2) -> str:
        """A new topic."""

    def subscription(self, topic: str, group: str) -> Subscription:
        """A member to be."""

    def delivery(self) -> Delivery:
        """A client to write with, not started."""

    async def committed(self, group: str, topic: str) -> dict[Partition, int]:
        """The stored offsets of a group."""

    async def expire(self, member: Subscription) -> None:
        """Put the member out of its group without its knowing."""

    async def delete_records(self, partition: Partition, before: int) -> None:
        """Remove the records before an offset, as retention does."""

    async def add_partitions(self, topic: str, partitions: int) -> None:
        """Give the topic so many partitions in all."""


class MemoryCluster:
    """The in-memory Kafka."""

    def __init__(self) -> None:
        self._broker = MemoryBroker()
        self._numbers = count(1)

    async def topic(self, partitions: int = 2) -> str:
        name = f"topic-{next(self._numbers)}"
        self._broker.create(name, partitions)
        return name

    def subscription(self, topic: str, group: str) -> Subscription:
        return MemorySubscription(self._broker, [topic], group=group)

    def delivery(self) -> Delivery:
        return MemoryDelivery(self._broker)

    async def committed(self, group: str, topic: str) -> dict[Partition, int]:
        return {p: offset for p, offset in self._broker.group(group).committed.items() if p.topic == topic}

    async def expire(self, member: Subscription) -> None:
        assert isinstance(member, MemorySubscription)
        member.expire()

    async def delete_records(self, partition: Partition, before: int) -> None:
        self._broker.delete_records(partition, before)

    async def add_partitions(self, topic: str, partitions: int) -> None:
        self._broker.add_partitions(topic, partitions)


class RealCluster:
    """Apache Kafka."""

    def __init__(self, settings: KafkaSettings, make_topic: Callable[..., Awaitable[str]]) -> None:
        self._settings = settings
        self._make_topic = make_topic

    async def topic(self, partitions: int = 2) -> str:
        return await self._make_topic("contract", partitions=partitions)

    def subscription(self, topic: str, group: str) -> Subscription:
        return KafkaSubscription([topic], group=group, settings=self._settings)

    def delivery(self) -> Delivery:
        return KafkaDelivery(client_id=f"contract-{uuid4().hex[:8]}", settings=self._settings)

    async def committed(self, group: str, topic: str) -> dict[Partition, int]:
        async with self._admin() as client:
            offsets = await client.list_consumer_group_offsets(group)
        return {Partition(*tp): mark.offset for tp, mark in offsets.items() if tp.topic == topic and mark.offset >= 0}

    async def expire(self, member: Subscription) -> None:
        assert isinstance(member, KafkaSubscription)
        coordinator = member._consumer._coordinator
        response = await coordinator._send_req(LeaveGroupRequest(coordinator.group_id, coordinator.member_id))
        assert response.error_code == 0

    async def delete_records(self, partition: Partition, before: int) -> None:
        async with self._admin() as client:
            await client.delete_records({TopicPartition(*partition): RecordsToDelete(before)})

    async def add_partitions(self, topic: str, partitions: int) -> None:
        async with self._admin() as client:
            await client.create_partitions({topic: NewPartitions(partitions)})

    @asynccontextmanager
    async def _admin(self) -> AsyncIterator[Any]:
        client = AIOKafkaAdminClient(**connection(self._settings, "contract"))
        await client.start()
        try:
            yield client
        finally:
            await client.close()


class Reader:
    """One member that polls when asked, and keeps what came and what it was told."""

    def __init__(self, subscription: Subscription) -> None:
        self.subscription = subscription
        self.records: list[Record] = []
        self.out_of_range: list[OutOfRange] = []
        self.assigned: list[frozenset[Partition]] = []
        self.revoked: list[frozenset[Partition]] = []
        self.may_let_go = asyncio.Event()
        self.may_let_go.set()

    async def __aenter__(self) -> Self:
        await self.subscription.start(self._on_assigned, self._on_revoked)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.may_let_go.set()
        await self.subscription.stop()

    async def until(self, condition: Callable[[], object]) -> None:
        """Poll until ``condition`` holds."""
        async with asyncio.timeout(30):
            while not condition():
                await self.poll()

    async def poll(self, max_records: int = 100) -> None:
        """Poll once."""
        try:
            for records in (await self.subscription.poll(max_records, 20)).values():
                self.records.extend(records)
        except OutOfRange as what:
            self.out_of_range.append(what)

    async def commit(self) -> None:
        """Commit all that was read."""
        await self.subscription.commit({Partition(r.topic, r.partition): r.offset + 1 for r in self.records})

    def values(self) -> list[bytes | None]:
        """The values that were read."""
        return [record.value for record in self.records]

    async def _on_assigned(self, partitions: frozenset[Partition]) -> None:
        self.assigned.append(partitions)

    async def _on_revoked(self, partitions: frozenset[Partition]) -> None:
        self.revoked.append(partitions)
        await self.may_let_go.wait()


async def write(cluster: Cluster, topic: str, values: Iterable[bytes], *, partition: int = 0) -> None:
    """Write values, one record each, and await their acknowledgement."""
    records = [Outbound(topic, b"key", value) for value in values]
    client = cluster.delivery()
    await client.start()
    try:
        while records:
            records = records[await client.write(topic, partition, records) :]
    finally:
        await client.stop()
