"""Which letters an operator means: by place, reason, group and time. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from shenava.dead_letters.letter import Letter
from shenava.durations import duration, is_duration
from shenava.topics import DEAD_SUFFIX


class Place(NamedTuple):
    """Where a letter lies within its topic."""

    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.partition}:{self.offset}"


@dataclass(frozen=True, slots=True)
class Selection:
    """What the letters must have in common; what is empty or None asks for nothing.

    Attributes:
        since: put aside at this time or later.
        until: put aside before this time.
    """

    places: frozenset[Place] = field(default_factory=frozenset)
    reasons: frozenset[str] = field(default_factory=frozenset)
    groups: frozenset[str] = field(default_factory=frozenset)
    since: datetime | None = None
    until: datetime | None = None

    def takes(self, letter: Letter) -> bool:
        """Whether the letter is meant."""
        return (
            (not self.places or (letter.partition, letter.offset) in self.places)
            and (not self.reasons or letter.reason in self.reasons)
            and (not self.groups or letter.group in self.groups)
            and (self.since is None or letter.at >= self.since)
            and (self.until is None or letter.at < self.until)
        )

    def missing(self, letters: Sequence[Letter]) -> list[Place]:
        """The places that were named and hold none of ``letters``."""
        return sorted(self.places - {Place(letter.partition, letter.offset) for letter in letters})


def dead_name(topic: str) -> str:
    """The dead letter topic of ``topic``, which may be named as itself or as its dead letters."""
    return topic.removesuffix(DEAD_SUFFIX) + DEAD_SUFFIX


def place(written: str) -> Place:
    """A place as people write it: ``0:17``.

    Raises:
        ValueError: it is not written so.
    """
    partition, _, offset = written.partition(":")
    if not (_is_number(partition) and _is_number(offset)):
        raise ValueError(f"{written!r} is no place; write partition:offset of the letter, e.g. 0:17")
    return Place(int(partition), int(offset))


def _is_number(written: str) -> bool:
    return written.isascii() and written.isdigit()


def instant(written: str, now: datetime) -> datetime:
    """A time as people write it: ISO 8601, in UTC where no zone is named, or how long ago: ``2h``.

    Raises:
        ValueError: it is neither.
    """
    if is_duration(written):
        return now - duration(written)
    try:
        given = datetime.fromisoformat(written)
        return given if given.tzinfo else given.replace(tzinfo=UTC)
    except ValueError:
        raise ValueError(
            f"{written!r} is no time; write 2026-11-23, 2026-11-23T10:00:00 (UTC), or how long ago: 2h, 1d12h"
        ) from None
