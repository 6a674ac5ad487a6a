"""How far each partition is finished, and what of that is not yet committed. Pure."""

from collections.abc import Mapping

from shenava.kafka.ports import Partition


class Progress:
    """Next offsets to read, moved only past finished records."""

    def __init__(self) -> None:
        self._finished: dict[Partition, int] = {}
        self._committed: dict[Partition, int] = {}

    def finish(self, partition: Partition, offset: int) -> None:
        """The record at ``offset`` and all before it in this partition are finished."""
        # A repeat of an older record (after a rewind) never moves the mark back.
        self._finished[partition] = max(self._finished.get(partition, 0), offset + 1)

    def begin(self, partition: Partition, offset: int) -> None:
        """The next record of the partition is at ``offset``; there is none between that and what is finished."""
        self._finished[partition] = max(self._finished.get(partition, 0), offset)

    def mark(self, partition: Partition) -> int:
        """The next offset to read of a partition that has begun."""
        return self._finished[partition]

    def uncommitted(self) -> dict[Partition, int]:
        """The next offset of each partition whose mark moved since the last commit."""
        return {p: offset for p, offset in self._finished.items() if self._committed.get(p) != offset}

    def committed(self, offsets: Mapping[Partition, int]) -> None:
        """These offsets are stored."""
        self._committed.update(offsets)

    def forget(self, partitions: frozenset[Partition]) -> None:
        """These partitions are not ours any more."""
        for partition in partitions:
            self._finished.pop(partition, None)
            self._committed.pop(partition, None)
