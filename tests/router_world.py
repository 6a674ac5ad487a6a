"""What the router's tests share: its database, its handler, its desk behind HTTP, and what it has told."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import httpx

from router.app import create_app
from router.desk import IssueDesk
from router.endpoints import Endpoint, Endpoints
from router.handler import RouteMentions
from router.rulebook_watch import RulebookInForce
from rulebooks import small, written
from shenava.codec import decode
from shenava.db.database import Database
from shenava.events import Event, MentionClassified
from shenava.http import problems
from shenava.http.keys import ApiKey, ApiKeys, digest
from shenava.kafka.consumer import Inbound
from shenava.kafka.ports import Record
from shenava.outbox.stage import unpack_headers
from shenava.settings import PostgresSettings
from shenava.testing.builders import classification, classified

WRITER, READER, OTHER_BRAND = "writer-key", "reader-key", "other-brand-key"
KEYS = ApiKeys(
    [
        ApiKey(name="helpdesk", scopes=frozenset({"issues:read", "issues:write"}), sha256=digest(WRITER)),
        ApiKey(name="board", scopes=frozenset({"issues:read"}), sha256=digest(READER)),
        ApiKey(
            name="agency",
            scopes=frozenset({"issues:read", "issues:write"}),
            sha256=digest(OTHER_BRAND),
            brands=frozenset({"other"}),
        ),
    ]
)


@dataclass
class RouterWorld:
    """One router on its own database."""

    database: Database
    rulebook: RulebookInForce
    endpoints: Endpoints

    @property
    def handler(self) -> RouteMentions:
        """Takes batches as the consumer loop gives them."""
        return RouteMentions(self.database, self.rulebook, self.endpoints, timedelta(hours=24))

    async def take(self, *events: Event) -> None:
        """Let the router handle ``events`` as one batch."""
        await self.handler(inbound(events))

    async def rows(self, sql: str, *arguments: object) -> list[dict[str, Any]]:
        """What the database says."""
        async with self.database.transaction() as tx:
            return [dict(row) for row in await tx.driver.fetch(sql, *arguments)]

    async def told(self, topic: str | None = None) -> list[Event]:
        """The events staged for ``topic``, or for all topics, in their order."""
        rows = await self.rows("SELECT topic, value, headers FROM outbox ORDER BY id")
        return [
            decode(row["value"], unpack_headers(row["headers"]))
            for row in rows
            if topic is None or row["topic"] == topic
        ]

    async def issue_ids(self) -> list[str]:
        """All issues, the oldest first."""
        return [row["id"] for row in await self.rows("SELECT id FROM issues ORDER BY opened_at, id")]

    @asynccontextmanager
    async def http(self, key: str | None = WRITER) -> AsyncIterator[httpx.AsyncClient]:
        """A client of the desk's routes, with an API key."""
        owners = self.rulebook.current.owners
        app = create_app(IssueDesk(self.database, lambda: owners, self.endpoints, KEYS, timedelta(hours=24)))
        problems.install(app)
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        async with httpx.AsyncClient(transport=transport, base_url="http://router", headers=headers) as client:
            yield client


@asynccontextmanager
async def router_world(
    settings: PostgresSettings, directory: Path, endpoints: Sequence[Endpoint] = ()
) -> AsyncIterator[RouterWorld]:
    """A router on the database of ``settings``, with the small rulebook in ``directory``."""
    path = directory / "rulebook.yaml"
    path.write_bytes(written(small()))
    async with Database(settings, schema="router", service="router") as database:
        yield RouterWorld(database, RulebookInForce(path, timedelta(seconds=1)), Endpoints(tuple(endpoints)))


def inbound(events: Sequence[Event]) -> list[Inbound]:
    """``events`` as the consumer loop hands them over; the router looks at no record."""
    return [Inbound(event, cast("Record", None)) for event in events]


def said(native_id: str = "p-1", intent: str = "complaint", **over: Any) -> MentionClassified:
    """Something said and understood; each ``native_id`` is another post."""
    return classified(native_id=native_id, classification=classification(intent=intent), **over)
