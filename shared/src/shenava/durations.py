"""Durations as people write them in settings and policies: ``12h``, ``1h30m``, ``250ms``. Pure."""

import re
from datetime import timedelta

_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds", "ms": "milliseconds"}
_PART = r"(\d+(?:\.\d+)?)(ms|[dhms])"
_DURATION = re.compile(rf"(?:{_PART})+")
LONGEST = timedelta(days=365)


def is_duration(written: str) -> bool:
    """Whether ``written`` looks like numbers with units."""
    return _DURATION.fullmatch(written) is not None


def duration(written: object) -> timedelta:
    """The length of time ``written`` as numbers with units, e.g. ``12h``, ``90m`` or ``1d12h``.

    Raises:
        ValueError: it is not written so, is zero, or is longer than a year.
    """
    if not isinstance(written, str) or not is_duration(written):
        raise ValueError(f"{written!r} is not a duration; write numbers with d, h, m, s or ms, e.g. 12h, 90m or 1h30m")
    parts: dict[str, float] = {}
    for number, unit in re.findall(_PART, written):
        if _UNITS[unit] in parts:
            raise ValueError(f"{written!r} names {unit!r} twice; write each unit once, e.g. 1h30m")
        parts[_UNITS[unit]] = float(number)
    # Bounded before it becomes a timedelta, which overflows.
    if any(amount > LONGEST.total_seconds() * 1000 for amount in parts.values()):
        raise ValueError(f"{written!r} is longer than a year")
    length = timedelta(**parts)
    if not timedelta() < length <= LONGEST:
        raise ValueError(f"{written!r} must be more than nothing and at most a year")
    return length
