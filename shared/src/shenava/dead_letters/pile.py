"""All that lies on dead letter topics, gathered: the letters, what was replayed of them, and what is neither."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from shenava.dead_letters.letter import Letter, Note, Origin, opened
from shenava.dead_letters.log import Log, OnRead
from shenava.dead_letters.selection import Place, Selection, dead_name
from shenava.kafka.ports import Partition, Record
from shenava.topics import DEAD_SUFFIX


@dataclass(slots=True)
class Pile:
    """What was found.

    Attributes:
        replayed: when the record of an origin was last written back.
        strangers: where records lie that no consumer put there, by topic.
    """

    letters: list[Letter] = field(default_factory=list)
    replayed: dict[Origin, datetime] = field(default_factory=dict)
    strangers: dict[str, list[Place]] = field(default_factory=dict)

    def add(self, record: Record, selection: Selection) -> None:
        """Take in one record; of letters only those that are meant."""
        match opened(record):
            case Letter() as letter if selection.takes(letter):
                self.letters.append(letter)
            case Note(origin, at):
                self.replayed[origin] = at
            case None:
                self.strangers.setdefault(record.topic, []).append(Place(record.partition, record.offset))
            case _:
                pass


async def gather(log: Log, topics: Iterable[str], selection: Selection, on_read: OnRead | None = None) -> Pile:
    """Read the dead letter ``topics`` to their ends of now."""
    pile = Pile()
    for topic in topics:
        async for record in log.records(topic, on_read):
            pile.add(record, selection)
    return pile


async def replayed_at(log: Log, letter: Letter) -> datetime | None:
    """When the letter's record was last written back; the notes lie behind the letter, in its partition."""
    found = None
    async for record in log.since(Partition(letter.topic, letter.partition), letter.offset + 1):
        match opened(record):
            case Note(origin, at) if origin == letter.origin:
                found = at
            case _:
                pass
    return found


def chosen(given: Iterable[str], present: Mapping[str, range]) -> tuple[list[str], list[str]]:
    """The dead letter topics that are ``given``, or all if none is; and those that the cluster has not got."""
    wanted = list(dict.fromkeys(dead_name(topic) for topic in given))
    if not wanted:
        return sorted(topic for topic in present if topic.endswith(DEAD_SUFFIX)), []
    return [topic for topic in wanted if topic in present], [topic for topic in wanted if topic not in present]
