"""Fires what is due: sleeps until the next timer, claims it, marks it and stages its event in one transaction.

Any number of watchers work side by side: a claim skips issues that somebody else holds. Only PostgreSQL's clock says
what is due, so nothing fires early whatever the host's clock shows.
"""

import asyncio
from datetime import UTC, datetime
from time import monotonic

import structlog

from shenava.crash_points import reach
from shenava.db.database import Database
from shenava.errors import Transient
from shenava.retry import PROMPT
from sla_watcher import store
from sla_watcher.settlement import count, stage
from sla_watcher.verdicts import fired

log = structlog.get_logger(__name__)

BATCH_TIMERS = 1000
LONGEST_SLEEP_SECONDS = 0.25
SWEEP_SECONDS = 10.0
_BEGINNING = datetime(1, 1, 1, tzinfo=UTC)


class Watcher:
    """One watcher of the timers.

    Claims begin at the low watermark, the last due time that was claimed: a snapshot that some other session holds
    keeps the index entries of fired timers alive, and stepping over all of them for each claim would take ever longer.
    What lies below the mark is found by :meth:`wake`, or by the sweep from the beginning every few seconds.
    """

    def __init__(self, database: Database, *, batch: int = BATCH_TIMERS) -> None:
        self._database = database
        self._batch = batch
        self._woken = asyncio.Event()
        self._low = _BEGINNING
        self._swept_at = float("-inf")
        self._backoff = PROMPT

    def wake(self, due_at: datetime) -> None:
        """Look again at once: a timer was set that falls due at ``due_at``, which may have passed."""
        self._low = min(self._low, due_at)
        self._woken.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Fire what is due until ``stop``; outages of the database are waited out."""
        failures = 0
        while not stop.is_set():
            try:
                seconds = await self.turn()
                failures = 0
            except Transient as reason:
                failures += 1
                seconds = self._backoff.delay(failures, 0.5).total_seconds()
                log.warning("watch_interrupted", attempt=failures, retry_in=seconds, reason=str(reason)[:300])
            await self._sleep(seconds, stop)

    async def turn(self) -> float:
        """Fire one batch of what is due; returns for how many seconds nothing more will be.

        Raises:
            Transient: the database is away; nothing was fired.
        """
        self._woken.clear()
        sweep = monotonic() - self._swept_at >= SWEEP_SECONDS
        mark = self._low
        async with self._database.transaction() as tx:
            claimed = await store.claim(tx, _BEGINNING if sweep else mark, self._batch)
            told = await store.fire(tx, claimed) if claimed else []
            if told:
                reach("timer.claimed")
            events = [fired(clock, timer, tx.now) for clock, timer in told]
            await stage(tx, events)
            more = len(claimed) == self._batch
            next_due = 0.0 if more else await store.seconds_to_next_due(tx)
        if sweep:
            self._swept_at = monotonic()
        if claimed and self._low == mark:
            self._low = claimed[-1].due_at
        count(events)
        if events:
            log.info("levels_fired", levels=len(events), latest_by=max(event.late_by for event in events))
        return LONGEST_SLEEP_SECONDS if next_due is None else min(next_due, LONGEST_SLEEP_SECONDS)

    async def _sleep(self, seconds: float, stop: asyncio.Event) -> None:
        if seconds <= 0:
            return
        waits = [asyncio.create_task(event.wait()) for event in (self._woken, stop)]
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
