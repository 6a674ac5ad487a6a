"""Measures the timers for Prometheus, apart from the watcher: it must tell the truth when the watcher does not move."""

import asyncio

import structlog

from shenava.db.database import Database
from shenava.errors import Transient
from shenava.telemetry import metrics
from sla_watcher import store
from sla_watcher.policy import CLOCKS

log = structlog.get_logger(__name__)

MEASURE_EVERY_SECONDS = 5.0


async def measure(database: Database) -> None:
    """Set the gauges once.

    Raises:
        Transient: the database is away; the gauges keep what was last known.
    """
    async with database.transaction() as tx:
        pending = await store.pending(tx)
    overdue = (tx.now - pending.oldest_due).total_seconds() if pending.oldest_due else 0.0
    metrics.SLA_OLDEST_DUE.set(overdue)
    for clock in CLOCKS:
        metrics.SLA_RUNNING.labels(clock).set(pending.running.get(clock, 0))


async def keep_measuring(database: Database, stop: asyncio.Event) -> None:
    """Set the gauges every few seconds until ``stop``."""
    while not stop.is_set():
        try:
            await measure(database)
        except Transient as reason:
            log.warning("timers_not_measured", reason=str(reason)[:300])
        try:
            await asyncio.wait_for(stop.wait(), MEASURE_EVERY_SECONDS)
        except TimeoutError:
            continue
