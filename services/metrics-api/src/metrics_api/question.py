"""What is asked of a metric, checked before anything is read. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Literal

from metrics_api.catalogue import Dimension, Metric
from metrics_api.projection import day
from shenava.errors import Invalid

Interval = Literal["hour", "day", "none"]

DEFAULT_SPAN = timedelta(days=30)
MOST_BUCKETS = 1_100
"""Three years of days, six weeks of hours."""

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
STEPS = {"hour": timedelta(hours=1), "day": timedelta(days=1)}


@dataclass(frozen=True)
class Question:
    """One metric of one brand over a span of time.

    Attributes:
        since: the first instant of the span; its hours and days begin here, so they may be those of any place.
        until: the first instant after it.
        filters: only what has these values counts.
    """

    metric: Metric
    brand: str
    since: datetime
    until: datetime
    interval: Interval = "none"
    group_by: Dimension | None = None
    filters: tuple[tuple[Dimension, str], ...] = ()

    def lies_on(self, floor: Callable[[datetime], datetime]) -> bool:
        """Whether the span begins and ends where ``floor`` cuts time (in UTC)."""
        return self.since == floor(self.since) and self.until == floor(self.until)


def ask(
    metric: Metric,
    *,
    brand: str,
    now: datetime,
    since: datetime | None = None,
    until: datetime | None = None,
    filters: Mapping[str, str] | None = None,
) -> Question:
    """The question, with the last 30 days where no span is given; today counts as a whole day.

    Raises:
        Invalid: the span is empty or outside the calendar, or the metric cannot be filtered by what was asked.
    """
    until = _instant("to", until) or day(now.astimezone(UTC)) + STEPS["day"]
    since = _instant("from", since) or until - DEFAULT_SPAN
    if since >= until:
        detail = f"from ({since.isoformat()}) must be before to ({until.isoformat()})"
        raise Invalid("empty_span", detail, pointer="/query/from")
    narrowed = tuple((_dimension(metric, name, name), value) for name, value in sorted((filters or {}).items()))
    return Question(metric, brand, since, until, filters=narrowed)


def split(question: Question, *, interval: Interval = "none", group_by: str | None = None) -> Question:
    """The same question for each ``interval`` and each value of ``group_by``.

    Raises:
        Invalid: the span is not of whole intervals, or of too many; or the metric cannot be split so.
    """
    if interval != "none":
        _check_steps(question.until - question.since, interval)
    dimension = None if group_by is None else _dimension(question.metric, group_by, "group_by")
    return replace(question, interval=interval, group_by=dimension)


def buckets(question: Question) -> list[tuple[datetime, datetime]]:
    """The buckets of the span, each with its first instant and the first after it."""
    if question.interval == "none":
        return [(question.since, question.until)]
    step = STEPS[question.interval]
    return [
        (question.since + step * number, question.since + step * (number + 1))
        for number in range((question.until - question.since) // step)
    ]


def _instant(name: str, given: datetime | None) -> datetime | None:
    if given is None:
        return None
    if given.tzinfo is None:
        raise Invalid("no_offset", f"{name} needs its offset, e.g. {given.isoformat()}Z", pointer=f"/query/{name}")
    try:
        instant = given.astimezone(UTC)
    except OverflowError:
        instant = LATEST + DEFAULT_SPAN
    if not EARLIEST <= instant <= LATEST:
        detail = f"{name} must lie between {EARLIEST:%Y} and {LATEST:%Y}"
        raise Invalid("outside_the_calendar", detail, pointer=f"/query/{name}")
    return instant


def _check_steps(span: timedelta, interval: Interval) -> None:
    number, rest = divmod(span, STEPS[interval])
    if rest:
        detail = f"from and to are {span} apart; that is no whole number of {interval}s"
        raise Invalid("not_whole_intervals", detail, pointer="/query/to")
    if number > MOST_BUCKETS:
        raise Invalid(
            "too_many_buckets",
            f"the span has {number:,} {interval}s, at most {MOST_BUCKETS:,} are answered; ask for a shorter span or "
            "a longer interval",
            pointer="/query/interval",
        )


def _dimension(metric: Metric, name: str, place: str) -> Dimension:
    for dimension in metric.group_by:
        if dimension == name:
            return dimension
    known = ", ".join(metric.group_by) or "nothing"
    detail = f"{metric.name} can be split and filtered by {known}; not by {name}"
    raise Invalid("unknown_dimension", detail, pointer=f"/query/{place}")
