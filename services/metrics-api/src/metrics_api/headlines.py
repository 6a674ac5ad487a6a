"""Keeps the headline gauges: every metric over the last days, for the busiest brands."""

import asyncio
from datetime import timedelta

import structlog

from metrics_api.asking import answered
from metrics_api.catalogue import METRICS
from metrics_api.figures import Number
from metrics_api.projection import day
from metrics_api.question import ask
from metrics_api.reading import busiest_brands
from metrics_api.settings import MetricsSettings
from shenava.db.database import Database, Transaction
from shenava.errors import Transient
from shenava.telemetry import metrics

log = structlog.get_logger(__name__)

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
            try:
                await self.refresh()
            except Transient as error:
                # The gauges keep their last value; readiness tells that the database is away.
                log.warning("headlines_not_refreshed", reason=str(error)[:300])
            try:
                await asyncio.wait_for(stop.wait(), every)
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
        for metric in METRICS:
            (point,) = await answered(tx, ask(metric, brand=brand, now=tx.now, since=since, until=until))
            if point.figure.value is not None:
                found[metric.name, brand] = point.figure.value
    return found
