"""A record of a dead letter topic, opened: where it came from, why, and what is to be written back. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from shenava.codec import Headers, decode
from shenava.errors import Invalid
from shenava.kafka.dead_letters import CUT_BYTES, PREFIX, REPLAYS, replays, size
from shenava.kafka.ports import Outbound, Record

REPLAYED = PREFIX + "replayed"
_FIRST = PREFIX + "topic"
"""The first header of an origin; what a record brought of the same name stands before it."""


class Origin(NamedTuple):
    """Where a record was read; the time tells a topic that was deleted and made again from the former one."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int

    def __str__(self) -> str:
        return f"{self.topic}[{self.partition}]@{self.offset}"


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter without its value.

    Attributes:
        topic, partition, offset: where the letter lies.
        at: when it was put aside.
        replays: how often the record was replayed before it died this time.
        size: bytes of the record's key, value and headers, as it was read.
        cut: the value is not whole; the origin has it.
        fault: why it does not decode with the present code; None if it does or was cut.
    """

    topic: str
    partition: int
    offset: int
    origin: Origin
    at: datetime
    group: str
    reason: str
    detail: str
    pointer: str
    replays: int
    size: int
    cut: bool
    fault: str | None

    def __str__(self) -> str:
        return f"{self.topic} {self.partition}:{self.offset}"


class Note(NamedTuple):
    """That the record of ``origin`` was replayed."""

    origin: Origin
    at: datetime


class Contents(NamedTuple):
    """The original key, value and headers of a record that was put aside."""

    key: bytes | None
    value: bytes | None
    headers: Headers

    @property
    def fault(self) -> str | None:
        """Why it does not decode with the present code."""
        try:
            decode(self.value, self.headers)
        except Invalid as reason:
            return str(reason)
        return None


def opened(record: Record) -> Letter | Note | None:
    """What a record of a dead letter topic is; None if it is nothing that was written by a consumer or a replay."""
    # A record may have brought headers like a note's, so it is first of all a letter.
    for kind in (_letter, _note):
        try:
            return kind(record)
        except (KeyError, ValueError, OverflowError, AttributeError):  # a header is missing, or has no such value
            continue
    return None


def contents(record: Record) -> Contents:
    """The record as it was before it was put aside; all of it where it is no dead letter."""
    start = _start(record.headers)
    return Contents(record.key, record.value, record.headers[:start])


def written_back(topic: str, original: Contents) -> Outbound:
    """What a replay writes: the original byte for byte, with one more header that counts the replays."""
    count = replays(original.headers)
    kept = original.headers[:-1] if count else original.headers
    return Outbound(topic, original.key, original.value, [*kept, (REPLAYS, b"%d" % (count + 1))])


def note(letter: Letter, now: datetime) -> Outbound:
    """What remembers, behind the letter, that its record was replayed."""
    topic, partition, offset, timestamp = letter.origin
    told = {"topic": topic, "partition": partition, "offset": offset, "timestamp_ms": timestamp, "at": now.isoformat()}
    headers = [(REPLAYED, b"1"), *((PREFIX + name, str(value).encode()) for name, value in told.items())]
    return Outbound(letter.topic, None, None, headers, partition=letter.partition)


def whole(letter: Letter, cut: Contents, found: Record | None) -> Contents | None:
    """What lies at the origin of a letter that was cut, if it is the very record that was put aside."""
    if found is None or (found.offset, found.timestamp) != (letter.origin.offset, letter.origin.timestamp_ms):
        return None
    if _beginning(found.key) != _beginning(cut.key) or _beginning(found.value) != _beginning(cut.value):
        return None
    return Contents(found.key, found.value, found.headers)


def _beginning(data: bytes | None) -> bytes | None:
    return data and data[:CUT_BYTES]


def _start(headers: Headers) -> int:
    """Where the headers that tell the origin begin: they are the last, and a record may have brought alike ones."""
    return next((at for at in range(len(headers) - 1, -1, -1) if headers[at][0] == _FIRST), len(headers))


def _told(headers: Headers) -> dict[str, str]:
    return {name.removeprefix(PREFIX): value.decode() for name, value in headers}


def _origin(told: dict[str, str]) -> Origin:
    return Origin(told["topic"], int(told["partition"]), int(told["offset"]), int(told["timestamp_ms"]))


def _instant(written: str) -> datetime:
    instant = datetime.fromisoformat(written)
    if instant.tzinfo is None:
        raise ValueError(f"{written} has no time zone")
    return instant.astimezone(UTC)


def _is_note(record: Record) -> bool:
    return bool(record.headers) and record.headers[0][0] == REPLAYED


def _note(record: Record) -> Note:
    told = _told(record.headers if _is_note(record) else ())
    return Note(_origin(told), _instant(told["at"]))


def _letter(record: Record) -> Letter:
    original = contents(record)
    told = _told(record.headers[len(original.headers) :])
    cut = "cut" in told
    return Letter(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        origin=_origin(told),
        at=_instant(told["at"]),
        group=told["group"],
        reason=told["reason"],
        detail=told["detail"],
        pointer=told["pointer"],
        replays=replays(original.headers),
        size=int(told["cut"]) if cut else size(*original),
        cut=cut,
        fault=None if cut else original.fault,
    )
