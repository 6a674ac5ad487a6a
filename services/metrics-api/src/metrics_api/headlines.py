"""Keeps the headline gauges: every metric over the last days, for the busiest brands."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from time import perf_counter
from typing import Any

import structlog

from metrics_api.answer import points
from metrics_api.asking import as_of
from metrics_api.catalogue import METRICS
from metrics_api.figures import Number
from metrics_api.inputs import Input
from metrics_api.projection import day
from metrics_api.question import ask
from metrics_api.reading import busiest_brands, first_heard, read
from metrics_api.settings import MetricsSettings
from shenava.db.database import Database, Transaction
from shenava.errors import Transient
from shenava.telemetry import metrics

log = structlog.get_logger(__name__)

RESTS = 20
"""How many times as long as a refresh took it then rests: with years of issues the gauges are renewed more seldom, but
never at the expense of what comes in."""

Headlines = dict[tuple[str, str], Number]


class Headliner:
    """The task that refreshes the gauges; what has no data has no gauge, never a 0."""

    def __init__(self, database: Database, settings: MetricsSettings) -> None:
        self._database = database
        self._settings = settings
        self._shown: set[tuple[str, str]] = set()

    async def run(self, stop: asyncio.Event) -> None:
        """Refresh until ``stop`` is set."""
        every = self._settings.headline_every.total_seconds()
        while not stop.is_set():
            began = perf_counter()
            try:
                await self.refresh()
            except Transient as error:
                # The gauges keep their last value; readiness tells that the database is away.
                log.warning("headlines_not_refreshed", reason=str(error)[:300])
            try:
                await asyncio.wait_for(stop.wait(), max(every, RESTS * (perf_counter() - began)))
            except TimeoutError:
                continue

    async def refresh(self) -> None:
        """Read every headline once and show it.

        Raises:
            Transient: the database is away.
        """
        async with self._database.transaction() as tx:
            found = await headlines(tx, days=self._settings.headline_days, brands=self._settings.headline_brands)
        for labels, value in found.items():
            metrics.METRIC_VALUE.labels(*labels).set(float(value))
        for labels in self._shown - found.keys():
            metrics.METRIC_VALUE.remove(*labels)
        self._shown = set(found)


async def headlines(tx: Transaction, *, days: int, brands: int) -> Headlines:
    """The value of each metric that has one, by metric and brand, over the last ``days``, today included."""
    until = day(tx.now) + timedelta(days=1)
    since = until - timedelta(days=days)
    found: Headlines = {}
    for brand in await busiest_brands(tx, since, brands):
        first = await first_heard(tx, brand)
        inputs: dict[type[tuple[Any, ...]], Sequence[Input]] = {}
        for metric in METRICS:
            question = ask(metric, brand=brand, now=tx.now, since=since, until=until)
            # Several metrics are made of the same rows.
            if metric.rows not in inputs:
                inputs[metric.rows] = await read(tx, question, as_of(tx.now))
            (point,) = points(question, inputs[metric.rows], first=first, as_of=as_of(tx.now))
            if point.figure.value is not None:
                found[metric.name, brand] = point.figure.value
    return found
