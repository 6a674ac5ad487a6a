"""Asks the running system, and waits until it has settled."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Self

import httpx
import pytest

from shenava.dev.stack import Stack

LOOK_SECONDS = 0.2


async def until_nothing_is_wrong(look: Callable[[], Awaitable[list[str]]], within_seconds: float) -> None:
    """Return once ``look`` finds nothing.

    Raises:
        Failed: it still did, after ``within_seconds``; the message has what it found last.
    """
    found: list[str] = []
    try:
        async with asyncio.timeout(within_seconds):
            while found := await look():  # noqa: ASYNC110 - the services can only be asked
                await asyncio.sleep(LOOK_SECONDS)
    except TimeoutError:
        pytest.fail("\n".join(found[:40] or ["it could not be looked at in time"]))


def differs(what: str, told: object, expected: object) -> list[str]:
    """A sentence if the two are not the same."""
    return [] if told == expected else [f"{what}: {told}, not {expected}"]


class Asking:
    """Requests to the services' APIs with the key of the stack; use as an async context manager."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        headers = {"Authorization": f"Bearer {stack.api_key}"}
        self._client = httpx.AsyncClient(headers=headers, timeout=20, trust_env=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def json(self, service: str, path: str) -> Any:
        """The answer, which must be a good one."""
        answer = await self._client.get(self._stack.url(service) + path)
        answer.raise_for_status()
        return answer.json()

    async def status(self, service: str, path: str) -> int:
        """The status alone."""
        return (await self._client.get(self._stack.url(service) + path)).status_code

    async def number(self, metric: str, brand: str) -> float | None:
        """The metric of ``brand`` over the last 30 days."""
        answer = await self.json("metrics-api", f"/v1/metrics/{metric}?brand={brand}")
        value: float | None = answer["points"][0]["value"]
        return value

    async def open_issues(self, brand: str) -> list[str]:
        """The ids of the router's issues that are neither resolved nor closed."""
        found: list[str] = []
        page = {"next_cursor": ""}
        while (cursor := page.get("next_cursor")) is not None:
            after = f"&cursor={cursor}" if cursor else ""
            page = await self.json("router", f"/v1/issues?brand={brand}&limit=200{after}")
            found += [issue["id"] for issue in page["items"] if issue["state"] not in {"resolved", "closed"}]
        return sorted(found)
