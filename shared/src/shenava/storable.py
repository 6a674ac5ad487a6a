"""Finds what JSON can carry and a database or a clock cannot: it would fail far from here, and after every restart."""

from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec

from shenava.errors import Invalid
from shenava.events import Event

LAST_YEAR = 9998
FIRST_YEAR = 2


def refuse_unstorable(value: bytes, event: Event) -> None:
    """Look at ``event`` as it was decoded from ``value``.

    Raises:
        Invalid: ``null_character`` or ``instant_out_of_range``, with a JSON pointer.
    """
    # Only such bytes can become such values, and hardly any event has them: the others are not looked through.
    if not ((b"\\" in value and rb"\u0000" in value) or b'"999' in value or b'"000' in value):
        return
    for pointer, leaf in _leaves(event, ""):
        if isinstance(leaf, str) and "\0" in leaf:
            raise Invalid("null_character", "a text has the character U+0000; remove it", pointer=pointer)
        if isinstance(leaf, datetime) and not _in_calendar(leaf):
            # In another zone, or a deadline later, it would lie beyond the calendar.
            raise Invalid("instant_out_of_range", f"years {FIRST_YEAR} to {LAST_YEAR} are read", pointer=pointer)


def _in_calendar(instant: datetime) -> bool:
    """Whether its year is read, in its own zone and in UTC, in which it is written on."""
    years = range(FIRST_YEAR, LAST_YEAR + 1)
    return instant.year in years and instant.astimezone(UTC).year in years


def _leaves(node: object, pointer: str) -> Iterator[tuple[str, object]]:
    match node:
        case msgspec.Struct():
            for name in node.__struct_fields__:
                yield from _leaves(getattr(node, name), f"{pointer}/{name}")
        case dict():
            for name, inner in node.items():
                yield pointer, name
                yield from _leaves(inner, f"{pointer}/{name}")
        case tuple():
            for number, inner in enumerate(node):
                yield from _leaves(inner, f"{pointer}/{number}")
        case _:
            yield pointer, node
