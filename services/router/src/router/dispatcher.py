"""The task that sends webhooks: claims what is due, attempts it side by side, records what came of it.

Each turn is one transaction: outcomes are recorded, and what is due by then is claimed. No HTTP call happens inside it.
A process that dies between sending and recording costs a repeat under the same message id, never a loss.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from time import perf_counter

import asyncpg
import structlog

from router import deliveries, endpoint_states, ledger
from router.deliveries import Attempted, Claimed, Room, outcome_name
from router.endpoints import Endpoint, Endpoints
from router.ledger import Backlog
from router.slots import Slots
from router.webhook_settings import WebhookSettings
from shenava.crash_points import reach
from shenava.db.connections import DRIVER_FAILURES
from shenava.db.database import Database, Transaction
from shenava.errors import Transient
from shenava.telemetry import metrics
from shenava.webhooks.attempt import Slot
from shenava.webhooks.circuit import Circuit
from shenava.webhooks.outcome import Outcome, classify
from shenava.webhooks.pinning import Resolve
from shenava.webhooks.signing import sign

log = structlog.get_logger(__name__)

SWEEP_SECONDS = 1.0
UPKEEP_SECONDS = 15.0
RECENT = timedelta(minutes=2)
"""Longer than any transaction that queues deliveries may be open."""
EVER = timedelta(days=36_500)


class Dispatcher:
    """Any number of them may run at once; each delivery is claimed by one.

    Args:
        chance: spreads the retries; gives numbers in [0, 1).
        resolve: instead of the system's resolver.
    """

    def __init__(
        self,
        database: Database,
        endpoints: Endpoints,
        settings: WebhookSettings,
        *,
        chance: Callable[[], float] = random.random,
        resolve: Resolve | None = None,
    ) -> None:
        self._database = database
        self._endpoints = endpoints
        self._settings = settings
        self._chance = chance
        self._slots = Slots(endpoints, ca_file=settings.ca_file, resolve=resolve)
        self._attempted: list[Attempted] = []
        self._woken = asyncio.Event()
        self._listening: asyncpg.Connection[asyncpg.Record] | None = None
        self._release_due = 0.0
        self._upkeep_due = 0.0

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver until ``stop``; attempts under way by then are finished and recorded."""
        try:
            async with self._slots, asyncio.TaskGroup() as attempts:
                while not (stop.is_set() and not self._slots.under_way and not self._attempted):
                    self._woken.clear()
                    try:
                        for claimed in await self._turn(claiming=not stop.is_set()):
                            self._start(attempts, claimed)
                        await self._upkeep()
                    except Transient as error:
                        log.warning("dispatcher_interrupted", reason=str(error)[:300])
                        await asyncio.sleep(SWEEP_SECONDS)
                    await self._sleep(stop)
        finally:
            if self._listening is not None:
                self._listening.terminate()
        log.info("dispatcher_stopped")

    async def _turn(self, *, claiming: bool) -> Sequence[Claimed]:
        """Record what has come back and claim what can start now."""
        await self._listen()
        attempted = self._attempted[:]
        async with self._database.transaction() as tx:
            ended = await self._record(tx, attempted)
            await self._release(tx)
            claimed = await deliveries.claim(tx, await self._rooms(tx)) if claiming else []
        del self._attempted[: len(attempted)]
        for one, outcome in ended:
            metrics.WEBHOOK_ATTEMPTS.labels(one.claimed.endpoint_id, outcome_name(outcome)).inc()
        return claimed

    async def _record(self, tx: Transaction, attempted: Sequence[Attempted]) -> list[tuple[Attempted, Outcome]]:
        ended = [
            (one, classify(one.result, attempt=one.claimed.attempt, now=tx.now, chance=self._chance()))
            for one in attempted
        ]
        if not ended:
            return []
        await deliveries.record(tx, ended)
        before = await endpoint_states.locked(tx, (one.claimed.endpoint_id for one in attempted))
        after = dict(before)
        for one, outcome in ended:
            endpoint_id = one.claimed.endpoint_id
            after[endpoint_id] = after.get(endpoint_id, Circuit()).after(outcome, tx.now, self._chance())
        changed = {name: circuit for name, circuit in after.items() if circuit != before.get(name, Circuit())}
        await endpoint_states.write(tx, changed)
        for name, circuit in changed.items():
            if circuit.disabled != before.get(name, Circuit()).disabled:
                log.error("endpoint_disabled", endpoint=name, reason=circuit.disabled)
        return ended

    async def _release(self, tx: Transaction) -> None:
        now = asyncio.get_running_loop().time()
        if now >= self._release_due:
            await deliveries.release(tx, RECENT)
            self._release_due = now + SWEEP_SECONDS

    async def _rooms(self, tx: Transaction) -> list[Room]:
        circuits = await endpoint_states.circuits(tx)
        return [
            Room(
                endpoint.id,
                circuits.get(endpoint.id, Circuit()).room(
                    tx.now, self._slots.free(endpoint), idle=self._slots.idle(endpoint)
                ),
                endpoint.timeout + self._settings.lease_margin,
            )
            for endpoint in self._endpoints
        ]

    def _start(self, attempts: asyncio.TaskGroup, claimed: Claimed) -> None:
        endpoint = self._endpoints[claimed.endpoint_id]
        attempts.create_task(self._attempt(endpoint, self._slots.take(endpoint), claimed))

    async def _attempt(self, endpoint: Endpoint, slot: Slot, claimed: Claimed) -> None:
        headers = sign(claimed.message_id, claimed.claimed_at, claimed.body, endpoint.secrets)
        began = perf_counter()
        try:
            result = await slot.call(endpoint.url, headers, claimed.body, deadline=endpoint.timeout)
        finally:
            self._slots.give(endpoint, slot)
        seconds = perf_counter() - began
        metrics.WEBHOOK_SECONDS.labels(endpoint.id).observe(seconds)
        reach("webhook.sent")
        self._attempted.append(Attempted(claimed, result, seconds))
        self._woken.set()

    async def _listen(self) -> None:
        if self._listening is not None and not self._listening.is_closed():
            return
        self._listening = await self._database.dedicated()
        await self._heard(self._listening.add_listener(deliveries.channel(self._database.schema), self._wake))

    async def _ask(self) -> None:
        """Listen anew if the server that was to tell us has gone without a word: nothing would wake us any more."""
        if self._listening is not None:
            await self._heard(self._listening.execute("SELECT 1"))

    async def _heard(self, said: Awaitable[object]) -> None:
        try:
            await said
        except DRIVER_FAILURES as error:
            if self._listening is not None:
                self._listening.terminate()
            raise Transient(f"cannot listen for new deliveries: {error!r}") from error

    async def _upkeep(self) -> None:
        now = asyncio.get_running_loop().time()
        if now < self._upkeep_due:
            return
        self._upkeep_due = now + UPKEEP_SECONDS
        await self._ask()
        async with self._database.transaction() as tx:
            # Also what was caught while no dispatcher ran.
            await deliveries.release(tx, EVER)
            await ledger.prune(tx, self._settings.retention)
            backlogs = await ledger.backlogs(tx)
            circuits = await endpoint_states.circuits(tx)
        for endpoint in self._endpoints:
            backlog = backlogs.pop(endpoint.id, Backlog())
            metrics.WEBHOOK_PENDING.labels(endpoint.id).set(backlog.deliveries)
            metrics.WEBHOOK_OLDEST.labels(endpoint.id).set(backlog.oldest_seconds)
            metrics.WEBHOOK_DISABLED.labels(endpoint.id).set(circuits.get(endpoint.id, Circuit()).disabled is not None)
        if backlogs:
            # They are kept: the endpoint may come back into the configuration, or be known to another replica.
            log.warning("deliveries_without_endpoint", endpoints=sorted(backlogs))

    async def _sleep(self, stop: asyncio.Event) -> None:
        waits = [asyncio.create_task(event.wait()) for event in (self._woken, stop)]
        if stop.is_set():
            # It stays set; from now on only an attempt that ends is waited for.
            waits.pop().cancel()
        await asyncio.wait(waits, timeout=SWEEP_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()

    def _wake(self, *_: object) -> None:
        self._woken.set()
