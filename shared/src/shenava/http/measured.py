"""Counts and times every HTTP request by the route that served it."""

from time import perf_counter
from typing import Any

from prometheus_client import Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shenava.telemetry import metrics

UNMATCHED = "unmatched"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_Place = tuple[str, str, int]


class Measured:
    """ASGI middleware. The label is the route's template, never the path asked for, so that the labels stay few."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._known: dict[_Place, tuple[Counter, Histogram]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request and measure it; one that fails unforeseen counts as 500."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = perf_counter()
        status = 500

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            requests, seconds = self._metrics(scope, status)
            requests.inc()
            seconds.observe(perf_counter() - began)

    def _metrics(self, scope: Scope, status: int) -> tuple[Counter, Histogram]:
        route: Any = scope.get("route")
        method = scope["method"] if scope["method"] in _METHODS else "other"
        place = (getattr(route, "path", UNMATCHED), method, status)
        known = self._known.get(place)
        if known is None:
            path, method, _ = place
            found = metrics.HTTP_REQUESTS.labels(path, method, str(status)), metrics.HTTP_SECONDS.labels(path, method)
            known = self._known[place] = found
        return known
