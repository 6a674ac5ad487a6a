"""What was read of one partition and is not finished yet. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from shenava.kafka.ports import Partition, Record


@dataclass(slots=True)
class Work:
    """Records of one partition in offset order; once they are handled it is finished through ``through``.

    ``through`` may lie past the last record, when what came after it was already put aside.
    """

    partition: Partition
    records: list[Record]
    through: int

    @classmethod
    def of(cls, partition: Partition, records: Sequence[Record]) -> "Work":
        """The work that a poll brought; ``records`` is not empty."""
        return cls(partition, list(records), records[-1].offset)

    def singles(self) -> "Iterator[Work]":
        """Each record as a work of its own; the last one reaches as far as the whole."""
        if not self.records:
            yield Work(self.partition, [], self.through)
        last = len(self.records) - 1
        for index, record in enumerate(list(self.records)):
            yield Work(self.partition, [record], self.through if index == last else record.offset)

    def after(self, single: "Work") -> "Work":
        """What is left from the record of ``single`` on, itself included."""
        first = single.records[0].offset if single.records else self.through + 1
        return Work(self.partition, [r for r in self.records if r.offset >= first], self.through)


@dataclass(slots=True)
class Parked:
    """A partition that waits to be tried again; ``retry_at`` is on the monotonic clock."""

    work: Work
    attempt: int
    retry_at: float
