"""Makes the points of an answer from rows: buckets them, groups them, and says `no data` where there is none. Pure."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from metrics_api.figures import Figure
from metrics_api.inputs import Input
from metrics_api.question import Question, buckets

NOTHING_HEARD = "nothing_heard"
BEFORE_THE_FIRST = "before_the_first_event"
NOT_YET = "not_yet"


@dataclass(frozen=True)
class Point:
    """One number: a bucket of time, a group, what the formula says about them."""

    since: datetime
    until: datetime
    group: str | None
    figure: Figure


def points(question: Question, rows: Iterable[Input], *, first: datetime | None, as_of: datetime) -> list[Point]:
    """The answer to ``question``, in the order of groups and time.

    Args:
        question: what was asked.
        rows: the metric's input, already narrowed to the question.
        first: the brand's earliest known instant; None when nothing is known of the brand.
        as_of: the instant that is taken for now.
    """
    sorted_in: defaultdict[tuple[str | None, datetime], list[Input]] = defaultdict(list)
    for row in rows:
        sorted_in[row.group, row.bucket].append(row)
    groups: list[str | None] = [*sorted({group for group, _ in sorted_in if group is not None})]
    found = []
    for group in groups or [None]:
        for since, until in buckets(question):
            mine = sorted_in[group, since]
            unheard = None if mine else _unheard(since, until, first, as_of)
            figure = Figure(None, 0, unheard) if unheard else question.metric.figure(mine, as_of)
            found.append(Point(since, until, group, figure))
    return found


def _unheard(since: datetime, until: datetime, first: datetime | None, as_of: datetime) -> str | None:
    """Why no event can lie in the bucket: then even a count is not 0 but unknown."""
    if first is None:
        return NOTHING_HEARD
    if until <= first:
        return BEFORE_THE_FIRST
    return NOT_YET if since > as_of else None
