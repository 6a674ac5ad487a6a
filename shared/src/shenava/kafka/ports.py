"""What the loop and the producer need of a broker's client, and nothing more.

Two things stand behind these ports: aiokafka (``client.py``) and the in-memory broker of the testing kit. One
contract suite holds both to the same behaviour.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import NamedTuple, Protocol


class Partition(NamedTuple):
    """One partition of one topic; equal to aiokafka's own tuple of the same shape."""

    topic: str
    partition: int


class Record(Protocol):
    """One record as read; aiokafka's own records have this shape."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Sequence[tuple[str, bytes]]: ...


class Outbound(NamedTuple):
    """One record to be written. Without ``partition`` the key decides."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]] = ()
    partition: int | None = None


class Committed(NamedTuple):
    """What a group has stored of a partition: the next offset to read, and the note beside it."""

    offset: int
    note: str


OnRevoked = Callable[[frozenset[Partition]], Awaitable[None]]
OnAssigned = Callable[[frozenset[Partition]], Awaitable[None]]


class Subscription(Protocol):
    """A member of a consumer group."""

    async def start(self, on_assigned: OnAssigned, on_revoked: OnRevoked) -> None:
        """Join the group. ``on_revoked`` is awaited before partitions go to another member."""

    async def stop(self) -> None:
        """Leave the group. Does not call ``on_revoked``: drain before."""

    async def poll(self, max_records: int, timeout_ms: int) -> Mapping[Partition, Sequence[Record]]:
        """Records of the partitions that are not paused, in offset order within each.

        A partition of which the group has stored nothing is read from the earliest record that there is. Ends soon
        after ``timeout_ms``, and with nothing while the group rebalances: from the call of ``on_revoked`` until the new
        assignment is known.

        Raises:
            OutOfRange: the log has not got the place where a partition was to be read on. From the next call on it is
                read from the earliest record.
        """

    async def commit(self, offsets: Mapping[Partition, int], notes: Mapping[Partition, str] | None = None) -> None:
        """Store the next offset to read of each partition, and a note beside it (an empty one where none is given).

        Raises:
            CommitRefused: the partitions are no longer ours; the records will be read again by their new owner.
        """

    async def committed(self, partitions: Collection[Partition]) -> Mapping[Partition, Committed]:
        """What the group has stored of ``partitions``, asked of the broker; those without anything are left out.

        Raises:
            Transient: nobody answers in time.
        """

    def pause(self, partition: Partition) -> None:
        """Take nothing more from the partition until it is resumed."""

    def resume(self, partition: Partition) -> None:
        """Take from the partition again."""

    def assignment(self) -> frozenset[Partition]:
        """The partitions that are ours now."""

    def lag(self) -> Mapping[Partition, int]:
        """Records written but not yet polled, per partition, as far as is known without asking the broker."""

    async def backlog(self) -> int:
        """Records written but not yet polled, over all partitions, asked of the broker; costs a call."""


class OutOfRange(Exception):  # noqa: N818 - named for what is so
    """The log has not got the offset at which a partition was to be read on.

    Attributes:
        offset: where it was to be read on.
        earliest: the first offset that there is; behind ``offset`` if records went before they were read.
        latest: the offset of the next record to be written; before ``offset`` if the log was lost or made anew.
    """

    def __init__(self, partition: Partition, offset: int, *, earliest: int, latest: int) -> None:
        super().__init__(f"{partition}: there is no offset {offset}, only from {earliest} up to {latest}")
        self.partition = partition
        self.offset = offset
        self.earliest = earliest
        self.latest = latest


class CommitRefused(Exception):  # noqa: N818 - named for what happened
    """The group has moved on: these partitions may belong to another member by now."""


class Delivery(Protocol):
    """The client that writes batches; one batch per partition at a time."""

    async def start(self) -> None:
        """Connect; returns once the cluster has answered."""

    async def stop(self) -> None:
        """Close the connections; batches in flight end first or fail."""

    async def partitions(self, topic: str) -> int:
        """How many partitions the topic has.

        Raises:
            WriteFailed: there is no such topic, or nobody who could tell.
        """

    def known_partitions(self, topic: str) -> int | None:
        """The same without asking the brokers; None until they have told."""

    async def write(self, topic: str, partition: int, records: Sequence[Outbound]) -> int:
        """Write as many of ``records``, from the first, as one batch takes; returns their number once acknowledged.

        Raises:
            WriteFailed: the batch was not acknowledged; it may or may not have been written.
        """


class WriteFailed(Exception):  # noqa: N818 - named for what happened
    """A batch was not acknowledged in time, or was refused."""
