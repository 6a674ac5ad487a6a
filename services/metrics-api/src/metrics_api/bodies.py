"""What the routes answer with; numbers are written with exactly the digits that were computed."""

from datetime import datetime
from typing import Any

import msgspec

from metrics_api.answer import Point
from metrics_api.catalogue import METRICS, Metric
from metrics_api.drilldown import Page
from metrics_api.question import Question

_encoder = msgspec.json.Encoder(decimal_format="number")


class MetricEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One metric that is served.

    Attributes:
        version: of the formula; grows whenever it gives another number for the same events.
        group_by: the dimensions it can be split and filtered by.
        direction: where good is: `up`, `down`, exactly `zero`, or `none`.
        inputs: the topics it is made from.
    """

    name: str
    id: str
    title: str
    formula: str
    version: int
    unit: str
    direction: str
    group_by: tuple[str, ...]
    inputs: tuple[str, ...]


class Catalogue(msgspec.Struct, frozen=True):
    """Every metric that is served now."""

    metrics: tuple[MetricEntry, ...]


class AnswerPoint(msgspec.Struct, frozen=True, kw_only=True, rename={"since": "from", "until": "to"}):
    """One number.

    Attributes:
        since: the first instant of its bucket.
        until: the first instant after it.
        group: the value of the dimension that was split by; `none` where a thing has none.
        value: null when there is no data, never 0 instead.
        reason: why there is no value.
        n: how many things stand behind the value.
        corrected: how many mentions behind it count by labels that a person corrected; null where labels play no part.
        detail: the further figures that belong to it.
    """

    since: datetime
    until: datetime
    group: str | None
    value: int | float | None
    reason: str | None
    n: int
    corrected: int | None
    detail: dict[str, Any]


class Answer(msgspec.Struct, frozen=True, kw_only=True, rename={"since": "from", "until": "to"}):
    """A metric over a span of time.

    Attributes:
        since: the first instant of the span.
        until: the first instant after it.
        as_of: the instant, in whole minutes, that what still runs was measured at; null where the number does not
            depend on it.
    """

    metric: str
    id: str
    unit: str
    formula: str
    formula_version: int
    brand: str
    since: datetime
    until: datetime
    interval: str
    group_by: str | None
    filters: dict[str, str]
    as_of: datetime | None
    points: tuple[AnswerPoint, ...]


class EvidenceItem(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a number was made from: a mention, an issue, a round of one, or a level that was reached.

    Attributes:
        at: the instant that put it into its bucket.
        key: unique among the things behind one number.
        mention_id: the mention itself, or the one that opened the issue.
        detail: what it was counted and judged by: model, rule, instants.
    """

    at: datetime
    key: str
    mention_id: str | None
    issue_id: str | None
    detail: dict[str, Any]


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """A page of what stands behind a number, in the order of time.

    Attributes:
        next: the cursor of the next page; null on the last.
    """

    metric: str
    formula_version: int
    items: tuple[EvidenceItem, ...]
    next: str | None


STRUCTS: tuple[type[msgspec.Struct], ...] = (Catalogue, MetricEntry, Answer, AnswerPoint, Evidence, EvidenceItem)


def encoded(body: msgspec.Struct) -> bytes:
    """The body as JSON."""
    return _encoder.encode(body)


def catalogue() -> Catalogue:
    """The catalogue as it is served."""
    return Catalogue(tuple(_entry(metric) for metric in METRICS))


def answer(question: Question, points: list[Point], as_of: datetime) -> Answer:
    """The answer to ``question``."""
    metric = question.metric
    return Answer(
        metric=metric.name,
        id=metric.id,
        unit=metric.unit,
        formula=metric.formula,
        formula_version=metric.version,
        brand=question.brand,
        since=question.since,
        until=question.until,
        interval=question.interval,
        group_by=question.group_by,
        filters=dict(question.filters),
        as_of=as_of if metric.timed else None,
        points=tuple(_point(point) for point in points),
    )


def evidence(question: Question, page: Page) -> Evidence:
    """A page of the things behind a number."""
    items = tuple(
        EvidenceItem(at=item.at, key=item.key, mention_id=item.mention_id, issue_id=item.issue_id, detail=item.detail)
        for item in page.items
    )
    return Evidence(
        metric=question.metric.name, formula_version=question.metric.version, items=items, next=page.following
    )


def _entry(metric: Metric) -> MetricEntry:
    return MetricEntry(
        name=metric.name,
        id=metric.id,
        title=metric.title,
        formula=metric.formula,
        version=metric.version,
        unit=metric.unit,
        direction=metric.direction,
        group_by=metric.group_by,
        inputs=metric.inputs,
    )


def _point(point: Point) -> AnswerPoint:
    figure = point.figure
    # A decimal is written as a JSON number; the schema knows only floats for that.
    value: Any = figure.value
    return AnswerPoint(
        since=point.since,
        until=point.until,
        group=point.group,
        value=value,
        reason=figure.reason,
        n=figure.n,
        corrected=figure.corrected,
        detail=dict(figure.detail),
    )
