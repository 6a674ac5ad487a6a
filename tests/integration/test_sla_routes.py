"""What the sla-watcher shows over HTTP."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import httpx
import pytest

from servers import DatabaseFor
from shenava.http import problems
from shenava.http.keys import ApiKey, ApiKeys, digest
from shenava.testing.builders import issue_acknowledged, issue_moved_private
from sla_servers import Sla, complaints, issue_id, sla
from sla_watcher.app import create_app
from sla_watcher.policy import parse

pytestmark = pytest.mark.servers

POLICIES = parse("policies: [{name: standard}]")
KEYS = ApiKeys(
    [
        ApiKey(name="reader", scopes=frozenset({"sla:read"}), sha256=digest("reads")),
        ApiKey(name="writer", scopes=frozenset({"issues:write"}), sha256=digest("writes")),
        ApiKey(name="other", scopes=frozenset({"sla:read"}), sha256=digest("other"), brands=frozenset({"zarrin"})),
    ]
)


@pytest.fixture
async def watched(database_for: DatabaseFor) -> AsyncIterator[Sla]:
    async with sla(await database_for("sla-watcher"), POLICIES) as opened:
        yield opened


@pytest.fixture
async def client(watched: Sla) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(watched.database, KEYS, POLICIES.version)
    problems.install(app)
    transport = httpx.ASGITransport(app=app)
    headers = {"X-API-Key": "reads"}
    async with httpx.AsyncClient(transport=transport, base_url="http://sla", headers=headers) as opened:
        yield opened


async def test_an_issue_shows_both_clocks_with_both_elapsed_times_and_every_level(
    watched: Sla, client: httpx.AsyncClient
) -> None:
    began = await watched.now() - timedelta(hours=13)
    acknowledged_at = began + timedelta(hours=10)
    await watched.hear(
        [
            *complaints(1, began),
            issue_acknowledged(issue_id=issue_id(0), occurred_at=acknowledged_at),
            issue_moved_private(issue_id=issue_id(0), occurred_at=acknowledged_at),
        ]
    )
    shown = (await client.get(f"/v1/clocks/{issue_id(0)}")).json()
    resolution, triage = shown["clocks"]
    assert shown["brand"] == "nilgoon"
    assert _at(shown["moved_private_at"]["1"]) == acknowledged_at
    assert (triage["clock"], triage["state"], triage["kept"], triage["missing"]) == ("triage", "stopped", True, [])
    assert triage["elapsed_from_complaint"] == triage["elapsed_from_handoff"] == 36_000
    (warning,) = triage["timers"]
    assert (warning["level"], _at(warning["due_at"])) == ("warning", began + timedelta(hours=9))
    assert warning["late_by"] == (_at(warning["fired_at"]) - _at(warning["due_at"])).total_seconds()
    assert (resolution["state"], resolution["kept"], resolution["missing"]) == ("running", None, ["resolution"])
    assert resolution["elapsed_from_complaint"] == (_at(shown["at"]) - began).total_seconds()
    assert [(t["level"], t["tell"], _at(t["due_at"])) for t in resolution["timers"]] == [
        ("warning", ["owner"], began + timedelta(hours=18)),
        ("breach", ["owner"], began + timedelta(hours=24)),
        ("lead", ["lead"], began + timedelta(hours=30)),
        ("manager", ["manager"], began + timedelta(hours=48)),
    ]


async def test_an_unanswered_complaint_shows_which_half_is_missing(watched: Sla, client: httpx.AsyncClient) -> None:
    await watched.hear(complaints(1, await watched.now()))
    clocks = (await client.get(f"/v1/clocks/{issue_id(0)}")).json()["clocks"]
    assert {clock["clock"]: clock["missing"] for clock in clocks} == {"triage": ["reply"], "resolution": ["resolution"]}


async def test_the_summary_counts_running_clocks_and_shows_what_is_overdue(
    watched: Sla, client: httpx.AsyncClient
) -> None:
    empty = (await client.get("/v1/clocks/summary")).json()
    assert (empty["running"], empty["next_due"], empty["oldest_unfired_due"], empty["overdue_seconds"]) == (
        {"triage": 0, "resolution": 0}, None, None, 0,
    )  # fmt: skip
    began = await watched.now() - timedelta(hours=10)
    await watched.hear(complaints(3, began))
    summary = (await client.get("/v1/clocks/summary")).json()
    assert summary["running"] == {"triage": 3, "resolution": 3}
    assert _at(summary["oldest_unfired_due"]) == began + timedelta(hours=9)
    assert _at(summary["next_due"]) == began + timedelta(hours=12)
    assert summary["overdue_seconds"] >= 3600
    assert summary["policy_version"] == POLICIES.version


@pytest.mark.parametrize(
    ("path", "key", "status"),
    [
        ("summary", "", 401),
        ("summary", "unknown", 401),
        ("summary", "writes", 403),
        ("summary", "other", 403),
        (issue_id(0), "", 401),
        (issue_id(0), "writes", 403),
        (issue_id(0), "other", 404),
        (issue_id(1), "reads", 404),
        ("i" * 65, "reads", 422),
    ],
)
async def test_who_may_not_see_it_is_told_so_and_sees_nothing(
    watched: Sla, client: httpx.AsyncClient, path: str, key: str, status: int
) -> None:
    await watched.hear(complaints(1, await watched.now()))
    answer = await client.get(f"/v1/clocks/{path}", headers={"X-API-Key": key})
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert "clocks" not in answer.json()


def _at(written: str) -> datetime:
    return datetime.fromisoformat(written)
