"""/startupz, /livez, /readyz and /metrics, the same on every service."""

from collections.abc import Awaitable, Callable

import orjson
from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

Check = Callable[[], Awaitable[str | None]]


class Health:
    """What the probes answer from.

    Alive says only that the process runs: a dependency that is away must not get it restarted. Ready also asks the
    checks, each of which returns what is wrong, or None.
    """

    def __init__(self) -> None:
        self.started = False
        self.draining = False
        self._checks: dict[str, Check] = {}

    def add(self, name: str, check: Check) -> None:
        """Have readiness depend on ``check``."""
        self._checks[name] = check

    async def problems(self) -> dict[str, str]:
        """What stands in the way of serving, by name."""
        if not self.started:
            return {"startup": "not finished"}
        if self.draining:
            return {"draining": "the process is stopping"}
        found = {name: await check() for name, check in self._checks.items()}
        return {name: problem for name, problem in found.items() if problem}


def routes(health: Health) -> APIRouter:
    """The probe and scrape routes."""
    router = APIRouter(include_in_schema=False)

    @router.get("/startupz")
    async def startupz() -> Response:
        return _answer({} if health.started else {"startup": "not finished"})

    @router.get("/livez")
    async def livez() -> Response:
        return _answer({})

    @router.get("/readyz")
    async def readyz() -> Response:
        return _answer(await health.problems())

    @router.get("/metrics")
    async def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return router


def _answer(problems: dict[str, str]) -> Response:
    body = {"status": "ok"} if not problems else {"status": "unavailable", "problems": problems}
    return Response(orjson.dumps(body), status_code=503 if problems else 200, media_type="application/json")
