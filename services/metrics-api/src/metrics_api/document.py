"""Writes the catalogue as a page for people. Pure."""

from collections.abc import Sequence

from metrics_api.catalogue import METRICS, Metric

_HEAD = """# Metrics

What the metrics service serves now. Written from its catalogue by `metrics-api catalogue --write docs/metrics.md`;
change the catalogue, not this page.

`GET /v1/metrics/{name}?brand&from&to&interval&group_by` answers with the number; a dimension it can be split
by may be given to `group_by` or, with a value, as a filter. `GET /v1/metrics/{name}/mentions` with the same filters
shows the mentions and issues behind it. Hours and days begin at `from`: `from=2026-03-21T00:00:00%2B03:30` and
`interval=day` give the days of Tehran; a bare date is that of UTC. Where there is no data the value is `null` with a
reason, never 0. Mentions count at the time their author posted them, in their latest revision; issues and their rounds
at the time of the complaint; levels when they were reached.

Language, sentiment and intent of a mention are the model's, or what a person said since
([corrections](corrections.md)): beside each number that goes by them, `corrected` tells how many of its mentions count
by a label that is not the model's.

| ID | Name | Formula (version) | Unit | Good is | Split and filter by | From |
|---|---|---|---|---|---|---|
"""
_GOOD = {"up": "high", "down": "low", "zero": "0", "none": "–"}


def page(metrics: Sequence[Metric] = METRICS) -> str:
    """The page in Markdown."""
    return _HEAD + "".join(map(_line, metrics))


def _line(metric: Metric) -> str:
    cells = (
        metric.id,
        f"`{metric.name}`",
        f"{metric.formula} (v{metric.version})",
        metric.unit,
        _GOOD[metric.direction],
        ", ".join(metric.group_by) or "–",
        ", ".join(f"`{topic}`" for topic in metric.inputs),
    )
    return f"| {' | '.join(cells)} |\n"
