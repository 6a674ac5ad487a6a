"""A metric as a table in the terminal. Pure."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from rich.table import Table

from metrics_api.answer import Point
from metrics_api.figures import Figure
from metrics_api.question import Question

_DAY = timedelta(days=1)


def table(question: Question, points: list[Point]) -> Table:
    """The points with their further figures, one row each."""
    metric = question.metric
    shown = Table(
        title=f"{metric.title} ({metric.id}) of {question.brand}, {metric.unit}",
        caption=f"{metric.formula} (v{metric.version})",
        title_justify="left",
        caption_justify="left",
    )
    shown.add_column("time (UTC)")
    if question.group_by is not None:
        shown.add_column(question.group_by)
    shown.add_column(metric.name, justify="right")
    shown.add_column("n", justify="right")
    shown.add_column("beside it")
    for point in points:
        figure = point.figure
        group = [] if question.group_by is None else [point.group or "–"]
        value = f"no data ({figure.reason})" if figure.value is None else plain(figure.value)
        shown.add_row(_span(point.since, point.until), *group, value, str(figure.n), _beside(figure))
    return shown


def plain(value: Any) -> str:
    """A figure as a person reads it."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, dict):
        return ", ".join(f"{name} {plain(each)}" for name, each in value.items()) or "none"
    if isinstance(value, list):
        return " to ".join(map(plain, value))
    return "–" if value is None else str(value)


def _beside(figure: Figure) -> str:
    detail = dict(figure.detail) | ({"corrected": figure.corrected} if figure.corrected else {})
    return "\n".join(f"{name.replace('_', ' ')}: {plain(value)}" for name, value in detail.items())


def _span(since: datetime, until: datetime) -> str:
    if until - since == _DAY:
        return f"{since:%Y-%m-%d}"
    if until - since < _DAY:
        return f"{since:%Y-%m-%d %H:%M}"
    return f"{since:%Y-%m-%d} – {until:%Y-%m-%d}"
