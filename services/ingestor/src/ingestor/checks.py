"""What no constraint of a single field can find: times that cannot be, and ids that would break what they go into."""

import re
from datetime import UTC, datetime, timedelta

from shenava.errors import Invalid

AHEAD = timedelta(minutes=5)
"""How far a source's clock may run ahead of ours before its time is refused."""

CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""C0 and C1 controls, DEL, line and paragraph separators, lone surrogates: never part of an id, and they break logs,
headers, the separator of derived ids, or PostgreSQL's text."""

_EARLIEST_YEAR = 1970


def checked_instant(given: datetime, now: datetime, pointer: str) -> datetime:
    """``given`` in UTC.

    Raises:
        Invalid: it is before 1970, or more than ``AHEAD`` after ``now``.
    """
    if given.year < _EARLIEST_YEAR:
        raise Invalid("too_long_ago", f"{given.isoformat()} is before 1970; check its unit", pointer=pointer)
    # What lies years ahead is not converted: it could leave the calendar.
    if given.year <= now.year + 1:
        instant = given if given.tzinfo is UTC else given.astimezone(UTC)
        if instant <= now + AHEAD:
            return instant
    raise Invalid(
        "in_the_future",
        f"{given.isoformat()} is more than {AHEAD.seconds // 60} minutes after the time here, {now.isoformat()}; "
        "check the source's clock and the offset it writes",
        pointer=pointer,
    )


def check_id(value: str, pointer: str) -> None:
    """Refuse what cannot be part of an id.

    Raises:
        Invalid: a control character, or a space at one of its ends.
    """
    if found := CONTROL.search(value):
        raise Invalid(
            "control_character",
            f"U+{ord(found[0]):04X} at position {found.start()} cannot be part of an id; remove it",
            pointer=pointer,
        )
    if value != value.strip():
        raise Invalid("surrounding_space", "an id neither begins nor ends with a space; remove it", pointer=pointer)
