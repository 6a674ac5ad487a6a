"""Exact arithmetic for the formulas: integers and decimals only, so that the order of the rows never shows. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from typing import Any, Final

Number = int | Decimal

PLACES: Final = Decimal("0.000001")
Z_95: Final = Decimal("1.959963984540054")
"""The 97.5th percentile of the standard normal distribution."""

_EXACT = Context(prec=50, rounding=ROUND_HALF_EVEN)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class Figure:
    """What a formula answers for one bucket and one group.

    Attributes:
        value: the number; None when there is nothing to tell it from.
        n: how many things stand behind the value.
        reason: why there is no value.
        corrected: how many mentions behind it count by labels that a person corrected; None where labels play no part.
        detail: the further figures that belong to it.
    """

    value: Number | None
    n: int
    reason: str | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)
    corrected: int | None = None


def rounded(value: Decimal) -> Decimal:
    """To six places, half to even, without trailing zeros."""
    short = value.quantize(PLACES, context=_EXACT).normalize(_EXACT)
    return short.quantize(Decimal(1)) if short == short.to_integral_value() else short


def ratio(part: Number, whole: int) -> Decimal | None:
    """``part / whole``; None of nothing."""
    return rounded(_EXACT.divide(Decimal(part), Decimal(whole))) if whole else None


def percentage(part: Number, whole: int) -> Decimal | None:
    """``100 * part / whole``; None of nothing."""
    return ratio(100 * part, whole)


def wilson(points: int, n: int) -> tuple[Decimal, Decimal]:
    """The 95 % score interval (Wilson 1927) of a mean of ``n`` values from 0 to 100 whose sum is ``points``.

    The mean is taken as a share of 100. A value between 0 and 100 never varies more than one that is either, so the
    interval is at least as wide as needed, has a width also when all agree, and stays inside 0 to 100.
    """
    with localcontext(_EXACT):
        mean, square = Decimal(points) / (100 * n), Z_95 * Z_95
        centre = (mean * n + square / 2) / (n + square)
        half = Z_95 * (mean * (1 - mean) * n + square / 4).sqrt() / (n + square)
        return rounded(100 * max(Decimal(0), centre - half)), rounded(100 * min(Decimal(1), centre + half))


def microseconds(span: timedelta) -> int:
    """The span in whole microseconds; PostgreSQL and the events keep no finer ones."""
    return span // _MICROSECOND


def between(begin: datetime, end: datetime) -> int:
    """Microseconds from ``begin`` to ``end``; 0 when the end is told to be earlier."""
    return max(0, microseconds(end - begin))


def seconds(span_us: int | Decimal | None) -> Decimal | None:
    """Microseconds as seconds."""
    return None if span_us is None else rounded(_EXACT.divide(Decimal(span_us), Decimal(1_000_000)))


def median(values: Sequence[int]) -> Decimal | None:
    """The middle value, or the mean of the two in the middle."""
    if not values:
        return None
    ordered = sorted(values)
    low, high = ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2]
    return _EXACT.divide(Decimal(low + high), Decimal(2))


def percentile_95(values: Sequence[int]) -> int | None:
    """The smallest value that at least 95 % of the values do not exceed (nearest rank)."""
    if not values:
        return None
    rank = -(-95 * len(values) // 100)
    return sorted(values)[rank - 1]
