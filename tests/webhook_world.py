"""What the webhook tests share: a router's database, endpoints that lead to receivers, a dispatcher at work."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from router import deliveries
from router.deliveries import Attempted, Claimed, Room
from router.dispatcher import Dispatcher
from router.endpoints import Endpoint, Endpoints
from router.notices import Notice
from router.webhook_settings import WebhookSettings
from shenava.db.database import Database
from shenava.settings import PostgresSettings
from shenava.testing.builders import BASE, BRAND
from shenava.testing.receiver import Answering, Receiver, script, serving
from shenava.testing.waiting import until
from shenava.webhooks.outcome import Answer, Delivered, Failure, Outcome
from shenava.webhooks.signing import Secret

SECRET, OLD_SECRET = Secret(b"n" * 32), Secret(b"o" * 32)
SETTINGS = WebhookSettings(lease_margin=timedelta(seconds=30))

_HURRY = "UPDATE deliveries SET next_attempt_at = now() WHERE state = 'pending' AND next_attempt_at > now()"
_END_PAUSES = "UPDATE endpoint_state SET open_until = now() WHERE open_until > now()"


def endpoint(url: str, **over: Any) -> Endpoint:
    """An endpoint on this machine."""
    given: dict[str, Any] = {"id": "care", "url": url, "secrets": (SECRET,), "allow_private": True}
    return Endpoint(**given | over)


def notice(number: int = 1, *, issue: str = "i-1", kind: str = "issue.updated", **over: Any) -> Notice:
    """The ``number``-th thing told of ``issue``."""
    given: dict[str, Any] = {
        "type": kind, "issue_id": issue, "brand": BRAND, "queue": "customer-care", "occurred_at": BASE,
        "cause_id": f"{issue}-{number}", "data": {"issue": {"id": issue}, "number": number, "note": "رسیدگی شد"},
    }  # fmt: skip
    return Notice(**given | over)


@dataclass
class World:
    """A router's queue and whoever works on it."""

    database: Database
    endpoints: Endpoints

    async def enqueue(self, *notices: Notice) -> int:
        """Queue ``notices`` in a transaction of their own."""
        async with self.database.transaction() as tx:
            return await deliveries.enqueue(tx, notices, self.endpoints)

    async def rows(self, sql: str, *arguments: object) -> list[dict[str, Any]]:
        """What the database says."""
        async with self.database.transaction() as tx:
            return [dict(row) for row in await tx.driver.fetch(sql, *arguments)]

    async def claim(self, free: int = 10, endpoint_id: str = "care") -> list[Claimed]:
        """Claim as a dispatcher does."""
        async with self.database.transaction() as tx:
            return await deliveries.claim(tx, [Room(endpoint_id, free, timedelta(minutes=1))])

    async def record(self, claimed: Claimed, outcome: Outcome, result: Answer | Failure | None = None) -> None:
        """Record an outcome as a dispatcher does."""
        result = result or (Answer(204) if isinstance(outcome, Delivered) else Answer(500, excerpt="خطا"))
        async with self.database.transaction() as tx:
            await deliveries.record(tx, [(Attempted(claimed, result, 0.5), outcome)])

    async def states(self, endpoint_id: str = "care") -> list[str]:
        """The state of each delivery of an endpoint, in the order of the queue."""
        sql = "SELECT state FROM deliveries WHERE endpoint_id = $1 ORDER BY id"
        return [row["state"] for row in await self.rows(sql, endpoint_id)]

    async def ended(self, endpoint_id: str = "care") -> bool:
        """Whether nothing is pending for an endpoint."""
        return "pending" not in await self.states(endpoint_id)

    async def hurry(self) -> None:
        """Make every retry due now and every pause over: tests do not wait for schedules."""
        async with self.database.transaction() as tx:
            await tx.driver.execute(_HURRY)
            await tx.driver.execute(_END_PAUSES)
            await deliveries.wake(tx)

    async def hurry_until_ended(self, endpoint_id: str = "care") -> None:
        """Make retries due until nothing is pending."""

        async def ended() -> bool:
            await self.hurry()
            return await self.ended(endpoint_id)

        await until(ended)

    def dispatcher(self, **over: Any) -> Dispatcher:
        """One more dispatcher of this queue."""
        return Dispatcher(self.database, self.endpoints, SETTINGS, **over)

    @asynccontextmanager
    async def dispatching(self, *dispatchers: Dispatcher) -> AsyncIterator[None]:
        """Let dispatchers work; they stop orderly at the end, and their failure fails the test."""
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            for one in dispatchers or (self.dispatcher(),):
                group.create_task(one.run(stop))
            try:
                yield
            finally:
                stop.set()


def issues_in_order(receiver: Receiver) -> dict[str, list[int]]:
    """The numbers of each issue's messages as they were taken."""
    taken = defaultdict(list)
    for call in receiver.taken.values():
        data = call.message["data"]
        taken[data["issue"]["id"]].append(data["number"])
    return taken


@asynccontextmanager
async def world(settings: PostgresSettings, endpoints: Sequence[Endpoint]) -> AsyncIterator[World]:
    """A world on the database of ``settings``."""
    async with Database(settings, schema="router", service="router") as database:
        yield World(database, Endpoints(tuple(endpoints)))


@asynccontextmanager
async def one_receiver(
    settings: PostgresSettings, answering: Answering | None = None, **over: Any
) -> AsyncIterator[tuple[World, Receiver]]:
    """A world with one endpoint and its receiver."""
    receiver = Receiver([SECRET], answering or script())
    async with serving(receiver) as url, world(settings, [endpoint(url + "hook", **over)]) as made:
        yield made, receiver
