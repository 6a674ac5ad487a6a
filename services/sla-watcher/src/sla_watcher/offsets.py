"""Offsets of levels as people write them in a policy: ``-25%``, ``+2h``, ``0``."""

import re
from dataclasses import dataclass, replace
from datetime import timedelta

from shenava.durations import duration, is_duration

_PERCENT = re.compile(r"[+-]?\d+(?:\.\d+)?%")


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
    if text[:1] in ("+", "-") and is_duration(text[1:]):
        length = duration(text[1:])
        return Offset(text, None, -length if text[0] == "-" else length)
    raise ValueError(f"{written!r} is not an offset; write 0, a duration with its sign (-30m, +2h) or a share (-25%)")
