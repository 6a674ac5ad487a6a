"""The cluster behind the in-memory Kafka: topics, partitions, groups with their committed offsets, eager rebalances."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from shenava.clock import Clock, utc_now
from shenava.kafka.ports import Outbound, Partition


@dataclass(frozen=True, slots=True)
class MemoryRecord:
    """One record as it lies in its partition."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]


@dataclass(slots=True)
class Faults:
    """How many of the next calls go wrong, and how; each fault is used up by happening."""

    refused_commits: int = 0
    unanswered_questions: int = 0
    refused_connections: int = 0
    failed_writes: int = 0
    unknown_writes: int = 0
    """Written, and reported as failed all the same: the answer was lost."""

    def take(self, name: str) -> bool:
        """Whether the fault called ``name`` happens now."""
        left: int = getattr(self, name)
        setattr(self, name, max(0, left - 1))
        return left > 0


class MemoryBroker:
    """The cluster: what is written, and which group has read how far."""

    def __init__(self, topics: Mapping[str, int] | None = None, *, clock: Clock = utc_now) -> None:
        """Begin with ``topics``, each with so many partitions."""
        self.faults = Faults()
        self._clock = clock
        self._logs: dict[Partition, list[MemoryRecord]] = {}
        self._starts: dict[Partition, int] = {}
        self._groups: dict[str, MemoryGroup] = {}
        for topic, partitions in (topics or {}).items():
            self.create(topic, partitions)

    def create(self, topic: str, partitions: int) -> None:
        """Make a topic."""
        self._logs |= {Partition(topic, number): [] for number in range(partitions)}

    def add_partitions(self, topic: str, partitions: int) -> None:
        """Give the topic so many partitions in all; its readers share them out anew."""
        self._logs |= {Partition(topic, number): [] for number in range(len(self.partitions(topic)), partitions)}
        for group in self._groups.values():
            group.rebalance()

    def delete_records(self, partition: Partition, before: int) -> None:
        """Remove the records before an offset, as retention does."""
        self._starts[partition] = max(before, self.start(partition))

    def lose(self, partition: Partition) -> None:
        """Begin the partition's log anew: its records are gone, what the groups have stored is not."""
        self._logs[partition] = []
        self._starts.pop(partition, None)

    def start(self, partition: Partition) -> int:
        """The offset of the first record that can be read."""
        return self._starts.get(partition, 0)

    def partitions(self, topic: str) -> list[Partition]:
        """The partitions of a topic; none if there is no such topic."""
        return [partition for partition in self._logs if partition.topic == topic]

    def append(self, partition: Partition, record: Outbound) -> MemoryRecord:
        """Write one record as any producer may, good or bad."""
        log = self._logs[partition]
        timestamp = int(self._clock().timestamp() * 1000)
        written = MemoryRecord(*partition, len(log), timestamp, record.key, record.value, tuple(record.headers))
        log.append(written)
        for group in self._groups.values():
            group.wake()
        return written

    def records(self, topic: str) -> list[MemoryRecord]:
        """Everything in the topic, partition by partition."""
        return [record for partition in self.partitions(topic) for record in self._logs[partition]]

    def log(self, partition: Partition) -> Sequence[MemoryRecord]:
        """Everything in the partition, by offset."""
        return self._logs[partition]

    def group(self, name: str) -> "MemoryGroup":
        """The consumer group of that name, made on first use."""
        return self._groups.setdefault(name, MemoryGroup(self))


class Member(Protocol):
    """What a group asks of its members."""

    topics: frozenset[str]

    async def revoke(self) -> None:
        """Let go of everything, once your side has agreed."""

    def begin(self, share: Iterable[Partition]) -> None:
        """This is yours now, from where the group had come to."""

    async def assigned(self) -> None:
        """Tell your side what it got."""

    def wake(self) -> None:
        """There may be something to read."""


class MemoryGroup:
    """A consumer group: its members, who has what, and what is committed."""

    def __init__(self, broker: MemoryBroker) -> None:
        self.committed: dict[Partition, int] = {}
        self.notes: dict[Partition, str] = {}
        self._broker = broker
        self._members: list[Member] = []
        self._rebalance_wanted = False
        self._rebalancing: asyncio.Task[None] | None = None

    @property
    def settled(self) -> bool:
        """Whether every partition is with its member."""
        return self._rebalancing is None or self._rebalancing.done()

    def join(self, member: Member) -> None:
        """Take the member in; it is given its share by the rebalance that this begins."""
        self._members.append(member)
        self.rebalance()

    def leave(self, member: Member) -> None:
        """The member goes, by itself or because it was silent for too long; the others get its share."""
        if member in self._members:
            self._members.remove(member)
            self.rebalance()

    def has(self, member: Member) -> bool:
        """Whether it is still a member."""
        return member in self._members

    def wake(self) -> None:
        """Have those who wait for records look again."""
        for member in self._members:
            member.wake()

    def rebalance(self) -> None:
        """Share out the partitions anew."""
        self._rebalance_wanted = True
        if self.settled:
            self._rebalancing = asyncio.get_running_loop().create_task(self._until_settled())

    async def _until_settled(self) -> None:
        while self._rebalance_wanted:
            self._rebalance_wanted = False
            await asyncio.gather(*(member.revoke() for member in self._members))
            shares = _shares(self._broker, self._members)
            for member in self._members:
                member.begin(shares[member])
            await asyncio.gather(*(member.assigned() for member in self._members))
        asyncio.get_running_loop().call_soon(self.wake)


def _shares(broker: MemoryBroker, members: Sequence[Member]) -> dict[Member, list[Partition]]:
    """Each partition to one of the members that read its topic, in turn."""
    shares: dict[Member, list[Partition]] = {member: [] for member in members}
    for topic in sorted({topic for member in members for topic in member.topics}):
        readers = [member for member in members if topic in member.topics]
        for number, partition in enumerate(broker.partitions(topic)):
            shares[readers[number % len(readers)]].append(partition)
    return shares
