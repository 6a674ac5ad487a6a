"""What a replay does with each letter: write it back, leave it, or refuse it in words. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from shenava.dead_letters.letter import Letter, Origin
from shenava.dead_letters.selection import dead_name
from shenava.kafka.quarantine import REASON as KILLS


@dataclass(frozen=True, slots=True)
class Policy:
    """What an operator allows.

    Attributes:
        most: letters to write back in one go.
        most_replays: a record that was replayed so often is refused.
        force: also what does not decode with the present code, and what ended its reader's process.
        again: also what was replayed before.
    """

    most: int = 100
    most_replays: int = 3
    force: bool = False
    again: bool = False


class Refusal(NamedTuple):
    """A letter that is not written back: which, why, and how to mend it."""

    letter: str
    why: str

    def __str__(self) -> str:
        return f"{self.letter}: {self.why}"


@dataclass(slots=True)
class Plan:
    """Letters by what becomes of them.

    Attributes:
        write: to be written back, in the order of their origin.
        already: replayed before.
        alike: of the same record as one that is in ``write`` or ``left``: it is written once for all of them.
        left: beyond the most that one go may write.
    """

    write: list[Letter] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    already: list[Letter] = field(default_factory=list)
    alike: list[Letter] = field(default_factory=list)
    left: list[Letter] = field(default_factory=list)


def plan(letters: Iterable[Letter], replayed: Mapping[Origin, datetime], policy: Policy) -> Plan:
    """Decide on the selected ``letters``; ``replayed`` are the records that were written back before."""
    decided = Plan()
    seen: set[Origin] = set()
    for letter in sorted(letters, key=lambda each: (each.origin, each.topic, each.partition, each.offset)):
        if letter.origin in replayed and not policy.again:
            decided.already.append(letter)
        elif letter.origin in seen:
            decided.alike.append(letter)
        elif why := refusal(letter, policy):
            decided.refused.append(Refusal(told(letter), why))
        else:
            seen.add(letter.origin)
            (decided.write if len(decided.write) < policy.most else decided.left).append(letter)
    return decided


def refusal(letter: Letter, policy: Policy) -> str | None:
    """Why the letter is not to be written back, and how to mend that; None if it is."""
    topic = letter.origin.topic
    if dead_name(topic) != letter.topic or topic == letter.topic:
        return f"it says that it came from {topic}, whose dead letters are not here; nothing is written there"
    if letter.replays >= policy.most_replays:
        times = "once" if letter.replays == 1 else f"{letter.replays} times"
        return f"it was replayed {times} and died again; mend the cause, then raise --max-replays"
    # It was in hand whenever its reader died: that it decodes says nothing.
    if letter.reason == KILLS and not policy.force:
        return "it ended its reader's process whenever it was read; mend that first, then use --force"
    return not_decoded(letter.fault, policy)


def not_decoded(fault: str | None, policy: Policy) -> str | None:
    """The refusal of what does not decode with the present code."""
    if fault is None or policy.force:
        return None
    return f"it does not decode now either ({fault}); run the code that reads it, or use --force"


def told(letter: Letter) -> str:
    """The letter's place and its origin in words."""
    return f"{letter} (from {letter.origin})"
