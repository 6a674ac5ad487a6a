"""Works through NDJSON files line by line and in order: what becomes of each line, sent or only checked."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ingestor.kinds import Kind
from ingestor.lines import LONGEST, Line, filled, grouped, read_lines
from ingestor.parsing import decode_item
from shenava.clock import Clock, utc_now
from shenava.errors import Invalid


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """A line that is not taken, where in it, and what to mend."""

    line: Line
    pointer: str
    detail: str


@dataclass(frozen=True, slots=True)
class Step:
    """What became of a group of lines."""

    lines: Sequence[Line]
    accepted: int
    refused: Sequence[RefusedLine]


Answer = Callable[[Sequence[Line]], Awaitable[tuple[int, list[RefusedLine]]]]
"""Decides about lines: how many are accepted, and which are refused."""


async def steps(path: str, size: int, answer: Answer) -> AsyncIterator[Step]:
    """The file at ``path``, ``size`` lines after ``size`` lines, as ``answer`` decides about them.

    Raises:
        OSError, EOFError: the file cannot be read to its end.
    """
    for group in grouped(read_lines(path), size):
        sendable = [line for line in group if line.raw is not None]
        too_long = [_too_long(line) for line in group if line.raw is None]
        accepted, refused = await answer(sendable) if sendable else (0, [])
        yield Step(group, accepted, sorted([*too_long, *refused], key=lambda each: each.line.number))


def checker(kind: Kind[Any], defaults: dict[str, str], now: Clock = utc_now) -> Answer:
    """Decides as an ingestor would, without one; ``defaults`` are members for lines that lack them."""

    async def check(lines: Sequence[Line]) -> tuple[int, list[RefusedLine]]:
        refused = []
        for line in lines:
            try:
                kind.event(decode_item(filled(line.raw or b"", defaults), kind.submission), now(), None)
            except Invalid as error:
                refused.append(RefusedLine(line, error.pointer or "", error.detail))
        return len(lines) - len(refused), refused

    return check


def _too_long(line: Line) -> RefusedLine:
    return RefusedLine(line, "", f"the line is longer than {LONGEST:,} bytes; shorten it")
