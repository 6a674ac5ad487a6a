"""Finds the original of a letter: what it holds, or, where that was cut, what still lies at its origin."""

from shenava.dead_letters.letter import Contents, Letter, contents, whole
from shenava.dead_letters.log import Log
from shenava.kafka.ports import Partition


class NotThere(Exception):  # noqa: N818 - named for what is the case
    """The original cannot be had any more; the message says why."""


async def original(log: Log, letter: Letter) -> Contents:
    """The record as it was before it was put aside.

    Raises:
        NotThere: the letter, or the origin of one that was cut, is gone.
        Transient: the brokers cannot be read.
    """
    record = await log.at(Partition(letter.topic, letter.partition), letter.offset)
    if record is None:
        raise NotThere("it is not there any more, retention has removed it; nothing can be done")
    kept = contents(record)
    if not letter.cut:
        return kept
    place = Partition(letter.origin.topic, letter.origin.partition)
    found = whole(letter, kept, await log.at(place, letter.origin.offset))
    if found is None:
        raise NotThere(
            f"its value was cut from {letter.size:,} bytes, and {letter.origin} has it no more; send it anew from its "
            "source (`show --save` gives the beginning)"
        )
    return found
