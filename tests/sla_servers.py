"""The sla-watcher on a real PostgreSQL: its handler and watchers, and what they have staged."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from shenava.codec import decode
from shenava.db.database import Database
from shenava.events import IssueEvent, SlaEvent, SlaFired
from shenava.ids import derive
from shenava.outbox.stage import unpack_headers
from shenava.settings import PostgresSettings
from shenava.testing.builders import issue_opened, issue_routed
from sla_watcher import store
from sla_watcher.handler import FollowIssues
from sla_watcher.policy import SlaPolicies
from sla_watcher.settlement import NAME, Settlement
from sla_watcher.watcher import Watcher

SCHEMA = "sla"


@dataclass
class Sla:
    """A handler and as many watchers as a test opens, each with its own connections."""

    settings: PostgresSettings
    policies: SlaPolicies
    database: Database
    follow: FollowIssues
    settle: Settlement
    woken: list[datetime] = field(default_factory=list)
    exits: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def watcher(self, **given: Any) -> Watcher:
        """One more watcher, as in another process."""
        return Watcher(await self.exits.enter_async_context(connected(self.settings)), **given)

    async def hear(self, events: Sequence[IssueEvent]) -> None:
        """Take in ``events`` in batches as the consumer loop gives them."""
        for start in range(0, len(events), 500):
            await self.follow.follow(events[start : start + 500])

    async def told(self) -> list[SlaEvent]:
        """Everything that was staged, in its order."""
        async with self.database.transaction() as tx:
            rows = await tx.driver.fetch("SELECT value, headers FROM outbox ORDER BY id")
        events = [decode(row["value"], unpack_headers(row["headers"])) for row in rows]
        return [event for event in events if isinstance(event, SlaEvent)]

    async def fired(self) -> list[SlaFired]:
        """The levels that were told."""
        return [event for event in await self.told() if isinstance(event, SlaFired)]

    async def overdue(self) -> bool:
        """Whether a level is due and not told."""
        async with self.database.transaction() as tx:
            return (await store.pending(tx)).oldest_due is not None

    async def now(self) -> datetime:
        """PostgreSQL's time."""
        async with self.database.transaction() as tx:
            return tx.now


def connected(settings: PostgresSettings) -> Database:
    """A pool of its own on the service's schema."""
    return Database(settings, schema=SCHEMA, service=NAME)


@asynccontextmanager
async def sla(settings: PostgresSettings, policies: SlaPolicies) -> AsyncIterator[Sla]:
    """The service's parts under ``policies``, closed at the end."""
    async with AsyncExitStack() as exits:
        database = await exits.enter_async_context(connected(settings))
        settle = Settlement(policies)
        async with database.transaction() as tx:
            await store.activate(tx, policies)
        woken: list[datetime] = []
        follow = FollowIssues(database, settle, woken.append)
        yield Sla(settings, policies, database, follow, settle, woken, exits)


def complaints(count: int, complaint_at: datetime, *, apart: timedelta = timedelta()) -> list[IssueEvent]:
    """Opening and routing of ``count`` issues whose complaints were made one after another."""
    events: list[IssueEvent] = []
    for number in range(count):
        at = complaint_at + number * apart
        same: dict[str, Any] = {"issue_id": issue_id(number), "complaint_at": at, "occurred_at": at}
        events += [issue_opened(**same), issue_routed(**same)]
    return events


def issue_id(number: int) -> str:
    """The issue of that number; none that other tests, which share the topics, know."""
    return derive("issue", "sla tests", number)


def per_issue(fired: Iterable[SlaFired]) -> dict[str, list[SlaFired]]:
    """What was told of each issue, in its order."""
    grouped: dict[str, list[SlaFired]] = {}
    for event in fired:
        grouped.setdefault(event.issue_id, []).append(event)
    return grouped
