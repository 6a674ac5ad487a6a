"""Kafka in memory, behind the same ports and held to the same contract suite as the real one.

It has topics, partitions, groups, committed offsets, eager rebalances and the ways in which Kafka fails; it has no
network, no disk and no time, so a test on it is fast and always goes the same way.
"""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence

from shenava.errors import Transient
from shenava.kafka.ports import (
    CommitRefused,
    Committed,
    OnAssigned,
    OnRevoked,
    Outbound,
    OutOfRange,
    Partition,
    WriteFailed,
)
from shenava.testing.memory_broker import Faults, MemoryBroker, MemoryRecord

__all__ = ["Faults", "MemoryBroker", "MemoryDelivery", "MemoryRecord", "MemorySubscription"]

MAX_RECORD_BYTES = 1_048_576


class MemorySubscription:
    """A member of a group, as :class:`shenava.kafka.ports.Subscription` has it."""

    def __init__(self, broker: MemoryBroker, topics: Iterable[str], *, group: str) -> None:
        self.topics = frozenset(topics)
        self._broker = broker
        self._group = broker.group(group)
        self._positions: dict[Partition, int] = {}
        self._paused: set[Partition] = set()
        self._woken = asyncio.Event()
        self._on_assigned: OnAssigned
        self._on_revoked: OnRevoked

    async def start(self, on_assigned: OnAssigned, on_revoked: OnRevoked) -> None:
        """Join the group; the assignment comes while polling."""
        self._on_assigned = on_assigned
        self._on_revoked = on_revoked
        self._group.join(self)

    async def stop(self) -> None:
        """Leave the group."""
        self._group.leave(self)

    async def poll(self, max_records: int, timeout_ms: int) -> Mapping[Partition, Sequence[MemoryRecord]]:
        """Records of the partitions that are not paused; none while the group rebalances."""
        await asyncio.sleep(0)
        try:
            async with asyncio.timeout(timeout_ms / 1000):
                while not (self._group.settled and (taken := self._take(max_records))):
                    self._woken.clear()
                    await self._woken.wait()
        except TimeoutError:
            return {}
        return taken

    async def commit(self, offsets: Mapping[Partition, int], notes: Mapping[Partition, str] | None = None) -> None:
        """Store the next offsets, with their notes, of those partitions that are still ours."""
        await asyncio.sleep(0)
        if self._broker.faults.take("refused_commits") or not self._group.has(self):
            raise CommitRefused("the group has moved on")
        ours = {p: offset for p, offset in offsets.items() if p in self._positions}
        self._group.committed |= ours
        self._group.notes |= {partition: (notes or {}).get(partition, "") for partition in ours}

    async def committed(self, partitions: Collection[Partition]) -> Mapping[Partition, Committed]:
        """What the group has stored."""
        await asyncio.sleep(0)
        if self._broker.faults.take("unanswered_questions"):
            raise Transient("nobody answers")
        stored, notes = self._group.committed, self._group.notes
        return {p: Committed(stored[p], notes.get(p, "")) for p in partitions if p in stored}

    def pause(self, partition: Partition) -> None:
        """Take nothing more from the partition."""
        if partition in self._positions:
            self._paused.add(partition)

    def resume(self, partition: Partition) -> None:
        """Take from the partition again."""
        self._paused.discard(partition)
        self.wake()

    def assignment(self) -> frozenset[Partition]:
        """The partitions that are ours now."""
        return frozenset(self._positions)

    def lag(self) -> Mapping[Partition, int]:
        """What is written beyond our positions."""
        return {p: max(0, len(self._broker.log(p)) - position) for p, position in self._positions.items()}

    async def backlog(self) -> int:
        """The sum of the lags."""
        return sum(self.lag().values())

    def expire(self) -> None:
        """Be put out of the group as after a silence: the others get our share, we do not know of it yet."""
        self._group.leave(self)

    async def rejoin(self) -> None:
        """Notice that we were put out, give up what we held, and join again."""
        await self.revoke()
        self._group.join(self)

    async def revoke(self) -> None:
        """Let go of everything, once our side has agreed."""
        await self._on_revoked(self.assignment())
        self._positions = {}
        self._paused.clear()

    def begin(self, share: Iterable[Partition]) -> None:
        """Read ``share`` from where the group had come to."""
        stored = self._group.committed
        self._positions = {partition: stored.get(partition, self._broker.start(partition)) for partition in share}

    async def assigned(self) -> None:
        """Tell our side what it got."""
        await self._on_assigned(self.assignment())

    def wake(self) -> None:
        """Look again for records."""
        self._woken.set()

    def _take(self, max_records: int) -> dict[Partition, Sequence[MemoryRecord]]:
        taken: dict[Partition, Sequence[MemoryRecord]] = {}
        for partition, position in self._positions.items():
            self._check(partition, position)
            records = self._broker.log(partition)[position : position + max_records]
            if records and partition not in self._paused:
                taken[partition] = records
                max_records -= len(records)
        self._positions |= {partition: records[-1].offset + 1 for partition, records in taken.items()}
        return taken

    def _check(self, partition: Partition, position: int) -> None:
        earliest, latest = self._broker.start(partition), len(self._broker.log(partition))
        if not earliest <= position <= latest and partition not in self._paused:
            self._positions[partition] = earliest
            raise OutOfRange(partition, position, earliest=earliest, latest=latest)


class MemoryDelivery:
    """A client that writes, as :class:`shenava.kafka.ports.Delivery` has it.

    Like the real one it is of no use any more once a write of it has failed, and it must not be given two batches of
    one partition at once.
    """

    def __init__(self, broker: MemoryBroker, *, batch_records: int = 100) -> None:
        self._broker = broker
        self._batch_records = batch_records
        self._busy: set[Partition] = set()
        self._told: set[str] = set()
        self._broken = False
        self.stopped = False

    async def start(self) -> None:
        """Connect."""
        if self._broker.faults.take("refused_connections"):
            raise ConnectionRefusedError("no broker answers")

    async def stop(self) -> None:
        """Close."""
        self.stopped = True

    async def partitions(self, topic: str) -> int:
        """How many partitions the topic has."""
        count = len(self._broker.partitions(topic))
        if not count:
            raise WriteFailed(f"topic {topic} is not there")
        self._told.add(topic)
        return count

    def known_partitions(self, topic: str) -> int | None:
        """The same, once it was asked for."""
        return len(self._broker.partitions(topic)) if topic in self._told else None

    async def write(self, topic: str, partition: int, records: Sequence[Outbound]) -> int:
        """Write the first ``batch_records``."""
        place = Partition(topic, partition)
        if place not in self._broker.partitions(topic):
            raise WriteFailed(f"{place} is not there")
        if place in self._busy:
            raise AssertionError(f"two batches at once for {place}")
        self._busy.add(place)
        await asyncio.sleep(0)
        self._busy.remove(place)
        batch = records[: self._batch_records]
        too_large = any(_size(record) > MAX_RECORD_BYTES for record in batch)
        if self._broken or self.stopped or too_large or self._broker.faults.take("failed_writes"):
            self._broken = True
            raise WriteFailed(f"{place}: the batch was refused")
        for record in batch:
            self._broker.append(place, record)
        if self._broker.faults.take("unknown_writes"):
            self._broken = True
            raise WriteFailed(f"{place}: no answer")
        return len(batch)


def _size(record: Outbound) -> int:
    of_headers = sum(len(name) + len(value or b"") for name, value in record.headers)
    return len(record.key or b"") + len(record.value or b"") + of_headers
