"""What was read of one partition and is not finished yet. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from shenava.kafka.ports import Partition, Record


@dataclass(slots=True)
class Work:
    """Records of one partition in offset order; once they are handled it is finished through ``through``.

    ``through`` may lie past the last record, when what came after it was already put aside.

    Attributes:
        dead: why, by offset, of the records that were put aside.
    """

    partition: Partition
    records: list[Record]
    through: int
    dead: dict[int, str] = field(default_factory=dict)

    @classmethod
    def of(cls, partition: Partition, records: Sequence[Record]) -> "Work":
        """The work that a poll brought; ``records`` is not empty."""
        return cls(partition, list(records), records[-1].offset)

    @property
    def first(self) -> int:
        """The offset of the first record, whatever has become of it."""
        return min((*self.dead, *(record.offset for record in self.records[:1])))

    def put_aside(self, record: Record, reason: str) -> None:
        """``record`` is a dead letter now, and no longer to be handled."""
        self.dead[record.offset] = reason
        self.records = [other for other in self.records if other is not record]

    def outcomes(self) -> "list[str | None]":
        """Of each record by offset: why it was put aside, or None if it was handled."""
        if not self.dead:
            return [None] * len(self.records)
        handled: dict[int, str | None] = {record.offset: None for record in self.records}
        return [outcome for _, outcome in sorted((handled | self.dead).items())]

    def singles(self) -> "Iterator[Work]":
        """Each record as a work of its own; the last one reaches as far as the whole."""
        if not self.records:
            yield Work(self.partition, [], self.through, self.dead)
        last = len(self.records) - 1
        before = -1
        for index, record in enumerate(list(self.records)):
            through = self.through if index == last else record.offset
            dead = {offset: reason for offset, reason in self.dead.items() if before < offset <= through}
            yield Work(self.partition, [record], through, dead)
            before = through

    def since(self, single: "Work") -> "Work":
        """What is left with ``single``, which is one of the :meth:`singles`, and what comes after it."""
        first = single.first
        dead = {offset: reason for offset, reason in self.dead.items() if offset >= first}
        return Work(self.partition, [r for r in self.records if r.offset >= first], self.through, dead)
