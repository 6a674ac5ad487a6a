"""Durations and offsets as people write them in a policy: ``12h``, ``1h30m``, ``-25%``, ``+2h``, ``0``."""

import re
from dataclasses import dataclass, replace
from datetime import timedelta

_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
_PART = r"(\d+(?:\.\d+)?)([dhms])"
_DURATION = re.compile(rf"(?:{_PART})+")
_PERCENT = re.compile(r"[+-]?\d+(?:\.\d+)?%")
LONGEST = timedelta(days=365)


def duration(written: object) -> timedelta:
    """The length of time ``written`` as numbers with units, e.g. ``12h``, ``90m`` or ``1d12h``.

    Raises:
        ValueError: it is not written so, is zero, or is longer than a year.
    """
    if not isinstance(written, str) or not _DURATION.fullmatch(written):
        raise ValueError(f"{written!r} is not a duration; write numbers with d, h, m or s, e.g. 12h, 90m or 1h30m")
    parts: dict[str, float] = {}
    for number, unit in re.findall(_PART, written):
        if _UNITS[unit] in parts:
            raise ValueError(f"{written!r} names {unit!r} twice; write each unit once, e.g. 1h30m")
        parts[_UNITS[unit]] = float(number)
    # Bounded before it becomes a timedelta, which overflows.
    if any(amount > LONGEST.total_seconds() for amount in parts.values()):
        raise ValueError(f"{written!r} is longer than a year")
    length = timedelta(**parts)
    if not timedelta() < length <= LONGEST:
        raise ValueError(f"{written!r} must be more than nothing and at most a year")
    return length


@dataclass(frozen=True, slots=True)
class Offset:
    """Where a level stands relative to its deadline: before it when negative.

    Attributes:
        written: as in the file.
        percent: share of the target, in percent; or None for a fixed ``amount``.
    """

    written: str
    percent: float | None
    amount: timedelta

    def of(self, target: timedelta) -> timedelta:
        """How far the level lies after the deadline of a clock with this ``target``."""
        return self.amount if self.percent is None else target * (self.percent / 100)

    def divided(self, speed: float) -> "Offset":
        """The same on a clock that runs ``speed`` times as fast; a share of the target stays one."""
        return replace(self, amount=self.amount / speed)


def offset(written: object) -> Offset:
    """The offset ``written`` as ``0``, as a duration with its sign (``+2h``), or in percent of the target (``-25%``).

    Raises:
        ValueError: it is not written so.
    """
    text = str(written) if isinstance(written, str | int) and not isinstance(written, bool) else ""
    if text in ("0", "+0", "-0"):
        return Offset("0", None, timedelta())
    if _PERCENT.fullmatch(text):
        return Offset(text, float(text.removesuffix("%")), timedelta())
    if text[:1] in ("+", "-") and _DURATION.fullmatch(text[1:]):
        length = duration(text[1:])
        return Offset(text, None, -length if text[0] == "-" else length)
    raise ValueError(f"{written!r} is not an offset; write 0, a duration with its sign (-30m, +2h) or a share (-25%)")
