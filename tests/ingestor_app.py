"""The ingestor's application in front of a Kafka that does as it is told."""

import asyncio
from collections.abc import Sequence
from typing import Any

import httpx
from fastapi import FastAPI

from ingestor.app import create_app
from ingestor.intake import Intake
from ingestor.routes import Submissions
from ingestor.settings import IngestSettings
from shenava.http import problems
from shenava.http.keys import ApiKey, ApiKeys, digest
from shenava.kafka.ports import Outbound, WriteFailed
from shenava.testing.clock import ManualClock

GOOD: dict[str, Any] = {"channel": "x", "native_id": "1", "author": {"id": "a"}, "text": "سلام"}


class Kafka:
    """Acknowledges, fails, or keeps silent until it is released."""

    def __init__(self) -> None:
        """It acknowledges."""
        self.written: list[Outbound] = []
        self.failing = False
        self.answers = asyncio.Event()
        self.answers.set()

    async def send(self, records: Sequence[Outbound]) -> None:
        """As ``Producer.send``."""
        await self.answers.wait()
        if self.failing:
            raise WriteFailed("the brokers cannot be reached")
        self.written.extend(records)


def keys() -> ApiKeys:
    """Keys that are their own names: for all, for mentions only, for the brand nilgoon only."""
    every = frozenset({"mentions:write", "facts:write", "corrections:write"})
    return ApiKeys(
        [
            ApiKey(name="all", scopes=every, sha256=digest("all")),
            ApiKey(name="mentions", scopes=frozenset({"mentions:write"}), sha256=digest("mentions")),
            ApiKey(name="nilgoon", scopes=every, sha256=digest("nilgoon"), brands=frozenset({"nilgoon"})),
        ]
    )


def app_of(kafka: Kafka, max_body: int = 10_000, **settings: Any) -> FastAPI:
    """The application with ``settings``, in front of ``kafka``, at a standing clock."""
    own = IngestSettings(**{"max_items": 5} | settings)
    clock = ManualClock()
    submissions = Submissions(
        Intake(kafka.send, own), keys(), own, max_body=max_body, now=clock, ticks=lambda: clock().timestamp()
    )
    app = create_app(submissions)
    problems.install(app)
    return app


def client_of(app: FastAPI, key: str = "all") -> httpx.AsyncClient:
    """Calls ``app`` with ``key``."""
    headers = {"Authorization": f"Bearer {key}"}
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://ingestor", headers=headers)
