"""Adopts changed policies: clocks that run under other ones are reckoned anew, and what moves thereby is told."""

import asyncio

import structlog

from shenava.db.database import Database
from shenava.errors import Transient
from sla_watcher import store
from sla_watcher.handler import Wake
from sla_watcher.settlement import Settlement, count

log = structlog.get_logger(__name__)

BATCH_ISSUES = 200
LOOK_EVERY_SECONDS = 60.0


class Adoption:
    """Puts policies in force, and keeps bringing running clocks under them.

    It looks again every minute because a replica of the version before may still be at work during a rollout.
    """

    def __init__(self, database: Database, settle: Settlement, wake: Wake) -> None:
        self._database = database
        self._settle = settle
        self._wake = wake

    async def activate(self) -> None:
        """Enter the policies as those in force; to be awaited before anything is settled under them."""
        async with self._database.transaction() as tx:
            await store.activate(tx, self._settle.policies)

    async def run(self, stop: asyncio.Event) -> None:
        """Adopt until ``stop``; outages of the database are waited out."""
        while not stop.is_set():
            try:
                await self.adopt(stop)
            except Transient as reason:
                log.warning("adoption_interrupted", reason=str(reason)[:300])
            try:
                await asyncio.wait_for(stop.wait(), LOOK_EVERY_SECONDS)
            except TimeoutError:
                continue

    async def adopt(self, stop: asyncio.Event) -> int:
        """Bring every running clock under the policies in force; returns how many issues that took.

        Raises:
            Transient: the database is away; what was adopted stays so.
        """
        adopted, after = 0, ""
        while not stop.is_set():
            async with self._database.transaction() as tx:
                ids = await store.under_other_policies(
                    tx, self._settle.policies.version, after=after, limit=BATCH_ISSUES
                )
                await store.lock(tx, ids)
                outcomes = await self._settle(tx, ids)
            count(event for outcome in outcomes for event in outcome.events)
            for outcome in outcomes:
                if outcome.first_due is not None:
                    self._wake(outcome.first_due)
            if not ids:
                break
            adopted, after = adopted + len(ids), ids[-1]
        if adopted:
            log.info("policies_adopted", version=self._settle.policies.version, issues=adopted)
        return adopted
