"""Probes: alive is only that the process runs; ready is that it may be sent work; each says what is in the way."""

from collections.abc import AsyncIterator
from http import HTTPStatus

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families

from shenava.http import probes
from shenava.http.probes import Health
from shenava.telemetry import metrics


@pytest.fixture
def health() -> Health:
    return Health()


@pytest.fixture
async def client(health: Health) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.include_router(probes.routes(health))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        yield client


async def _statuses(client: httpx.AsyncClient) -> list[int]:
    return [(await client.get(path)).status_code for path in ("/startupz", "/livez", "/readyz")]


async def test_a_process_that_still_starts_is_alive_and_not_ready(client: httpx.AsyncClient) -> None:
    assert await _statuses(client) == [503, 200, 503]


async def test_a_started_process_is_ready_if_its_checks_find_nothing(client: httpx.AsyncClient, health: Health) -> None:
    async def fine() -> None:
        return None

    health.add("postgresql", fine)
    health.started = True

    assert await _statuses(client) == [200, 200, 200]


async def test_what_is_in_the_way_is_named_and_does_not_end_the_process(
    client: httpx.AsyncClient, health: Health
) -> None:
    async def away() -> str:
        return "postgresql: ConnectionRefusedError"

    health.add("postgresql", away)
    health.started = True

    assert await _statuses(client) == [200, 200, 503]
    problems = (await client.get("/readyz")).json()["problems"]
    assert problems == {"postgresql": "postgresql: ConnectionRefusedError"}


async def test_a_process_that_drains_is_alive_and_takes_no_more_work(client: httpx.AsyncClient, health: Health) -> None:
    health.started = health.draining = True

    assert await _statuses(client) == [200, 200, 503]


async def test_metrics_are_what_prometheus_reads(client: httpx.AsyncClient) -> None:
    metrics.DEAD_LETTERS.labels("mentions.received", "odd").inc()
    response = await client.get("/metrics")

    families = {family.name for family in text_string_to_metric_families(response.text)}
    assert response.status_code == HTTPStatus.OK
    assert "shenava_dead_letters" in families
