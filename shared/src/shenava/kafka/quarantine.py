"""Finds the record that kills the process, by notes that outlive it. Pure.

A process that is killed cannot say by what. So it is noted beside the group's offsets what is about to be handled: of
each partition once, before its first records since it came to us, that they were taken up. What is finished clears the
note. Where records are taken up again and again and nothing is heard of them, they are read one at a time, each noted
by itself; and the one that was in hand at so many deaths is put aside. Whoever reads the partition next goes on with
the note as it is, in whatever process.
"""

from collections.abc import Iterable
from typing import Annotated

import msgspec
from msgspec import Meta

from shenava.errors import Fatal, Invalid
from shenava.kafka.ports import Committed, Partition

SUSPECTED_AFTER = 2
"""So often may a partition's records be taken up without a trace; then they are read one at a time."""
REASON = "kills_the_process"

_Count = Annotated[int, Meta(ge=0)]


class TooManyKillers(Fatal):
    """So many records in one place kill the process that the fault is likelier its own."""


class Note(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is kept of a partition beside the offset at which it is to be read on.

    Attributes:
        taken: how often it was taken up and neither let go nor read as far as ``until``.
        until: as far as the batches taken up then can have reached.
        careful_until: up to this offset it is read one record at a time; 0 if it is not.
        tries: how often the record at this offset was in hand alone when the process died.
        put_aside: records of the careful stretch that were put aside.
    """

    taken: _Count = 0
    until: _Count = 0
    careful_until: _Count = 0
    tries: _Count = 0
    put_aside: _Count = 0

    def written(self) -> str:
        """As text; nothing to say is an empty text."""
        return "" if self == Note() else msgspec.json.encode(self).decode()


def noted(text: str) -> Note:
    """The note in ``text``; what others may have written there says nothing."""
    try:
        return msgspec.json.decode(text, type=Note)
    except (msgspec.DecodeError, UnicodeError):
        return Note()


class Quarantine:
    """The notes of the partitions that are ours.

    Args:
        after: deaths over one and the same record, then it is put aside.
        limit: records put aside within one careful stretch; one more stops the process.
        window: the most records that a batch can have had.
    """

    def __init__(self, *, after: int, limit: int, window: int) -> None:
        self._after = after
        self._limit = limit
        self._window = window
        # As they are to be when nothing is in hand.
        self._notes: dict[Partition, Note] = {}
        self._reach: dict[Partition, int] = {}
        self._proven: set[Partition] = set()
        self._in_hand: set[Partition] = set()
        self._blamed: set[Partition] = set()
        self._overstated: set[Partition] = set()

    def unknown(self, partitions: Iterable[Partition]) -> set[Partition]:
        """Those whose notes are yet to be learnt."""
        return {partition for partition in partitions if partition not in self._notes}

    def learn(self, partition: Partition, stored: Committed | None, *, head: int, end: int | None) -> None:
        """The partition came to us with what is ``stored``.

        ``head`` is the offset of its next record: deaths over a record at another one were over another record. ``end``
        is where its log ends, if that is known.
        """
        note = noted(stored.note) if stored is not None else _NOTHING
        tries = note.tries if stored is not None and stored.offset == head else 0
        reach = head + self._window if end is None else min(head + self._window, end)
        if head < note.careful_until:
            note = Note(careful_until=note.careful_until, tries=tries, put_aside=note.put_aside)
        elif head < note.until:
            note = Note(careful_until=reach) if note.taken >= SUSPECTED_AFTER else Note(note.taken, note.until)
        else:
            note = _NOTHING
        self._notes[partition] = note
        self._reach[partition] = reach

    def is_careful(self, partition: Partition) -> bool:
        """Whether its records are to be handled one at a time, each noted by itself."""
        return self._notes.get(partition, _NOTHING).careful_until > 0

    def careful(self) -> int:
        """How many partitions are read so."""
        return sum(note.careful_until > 0 for note in self._notes.values())

    def must_note(self, partition: Partition) -> bool:
        """Whether a batch of the partition must be noted before it is handled."""
        return partition not in self._proven and not self.is_careful(partition)

    def is_killer(self, partition: Partition) -> bool:
        """Whether the next record has killed the process too often to be handled once more.

        Raises:
            TooManyKillers: it has, and too many others near it had as well. It will be tried anew: what is wrong with
                the process may be mended by then.
        """
        note = self._notes[partition]
        if note.tries < self._after:
            return False
        if note.put_aside >= self._limit:
            self._notes[partition] = Note(careful_until=note.careful_until, put_aside=note.put_aside)
            self._overstated.add(partition)
            raise TooManyKillers(
                f"{note.put_aside} records of {partition.topic}[{partition.partition}] before offset "
                f"{note.careful_until} were put aside because the process died of each, {self._after} times, and it "
                "dies of one more: the process is likelier at fault than they are. Look at what ended it before (its "
                "memory limit, its last deploy), mend that and start again; if the records are at fault, raise "
                "SHENAVA_KAFKA_QUARANTINE_LIMIT."
            )
        return True

    def reason(self, partition: Partition) -> Invalid:
        """Why that record is put aside."""
        return Invalid(
            REASON,
            f"the process died {self._notes[partition].tries} times with just this record in hand, without an error "
            "that tells why; look at what ended it (out of memory, a crash in a library, an endless loop), mend that, "
            "then replay the record",
        )

    def put_aside(self, partition: Partition) -> None:
        """That record is put aside."""
        note = self._notes[partition]
        self._notes[partition] = Note(careful_until=note.careful_until, put_aside=note.put_aside + 1)

    def take(self, partitions: Iterable[Partition]) -> None:
        """Their next records are about to be handled; a death from now on is held against them."""
        self._in_hand.update(partitions)

    def note(self, partition: Partition) -> str:
        """What is to be stored beside its offset now."""
        note = self._notes.get(partition, _NOTHING)
        if partition in self._in_hand and note.careful_until:
            note = msgspec.structs.replace(note, tries=note.tries + 1)
        elif partition in self._in_hand and partition not in self._proven:
            note = self._once_more(partition)
        return note.written()

    def finished(self, partition: Partition, offset: int) -> None:
        """What was in hand is finished, and the next one to read is ``offset``."""
        note = self._notes.get(partition, _NOTHING)
        if note.careful_until:
            note = Note(careful_until=note.careful_until, put_aside=note.put_aside)
        elif partition in self._in_hand and partition not in self._proven:
            note = self._once_more(partition)
        self._notes[partition] = note if offset < max(note.until, note.careful_until) else _NOTHING
        self._proven.add(partition)
        self._in_hand.discard(partition)

    def let_go(self, partitions: Iterable[Partition] | None = None) -> None:
        """What is in hand of them (else of all) is neither finished nor to blame: what was stored says too much."""
        gone = self._in_hand.intersection(partitions) if partitions is not None else set(self._in_hand)
        self._in_hand -= gone
        self._overstated |= {each for each in gone if self.is_careful(each) or each not in self._proven}

    def blame(self) -> None:
        """The process ends over what is in hand: what was stored stays so."""
        self._blamed |= self._in_hand
        self._in_hand.clear()

    def give_back(self) -> None:
        """All that is ours ends with us in good order: that it was taken up counts no more."""
        for partition in self._proven - self._blamed:
            note = self._notes.get(partition, _NOTHING)
            if note.taken:
                self._notes[partition] = Note(note.taken - 1, note.until) if note.taken > 1 else _NOTHING
                self._overstated.add(partition)
        self._proven &= self._blamed

    def overstated(self) -> frozenset[Partition]:
        """Of these something is stored that is no longer so."""
        return frozenset(self._overstated)

    def stored(self, partitions: Iterable[Partition]) -> None:
        """Their notes are stored as they are."""
        self._overstated.difference_update(partitions)

    def forget(self, partitions: Iterable[Partition]) -> None:
        """They are not ours any more."""
        for partition in partitions:
            self._notes.pop(partition, None)
            self._reach.pop(partition, None)
        for held in (self._proven, self._in_hand, self._blamed, self._overstated):
            held.difference_update(partitions)

    def _once_more(self, partition: Partition) -> Note:
        return Note(self._notes[partition].taken + 1, self._reach[partition])


_NOTHING = Note()
