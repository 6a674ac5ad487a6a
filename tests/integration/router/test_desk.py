"""The issue desk over HTTP on real PostgreSQL: what people and tools may do, see, repeat, and base on what they saw."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from router_world import OTHER_BRAND, READER, RouterWorld, router_world, said
from servers import DatabaseFor
from shenava import topics
from shenava.events import IssueAcknowledged, IssueReassigned, IssueReopened, IssueResolved, IssueRouted
from webhook_world import endpoint

pytestmark = pytest.mark.servers

LIFECYCLE = topics.ISSUES_LIFECYCLE.name
NOBODYS = "00000000-0000-5000-8000-000000000000"


@pytest.fixture
async def router(database_for: DatabaseFor, tmp_path: Path) -> AsyncIterator[RouterWorld]:
    receivers = [endpoint("http://127.0.0.1:9/care"), endpoint("http://127.0.0.1:9/p", id="p", queues={"product"})]
    async with router_world(await database_for("router"), tmp_path, receivers) as made:
        yield made


@pytest.fixture
async def client(router: RouterWorld) -> AsyncIterator[httpx.AsyncClient]:
    async with router.http() as made:
        yield made


@pytest.fixture
async def issue(router: RouterWorld) -> str:
    await router.take(said())
    (issue_id,) = await router.issue_ids()
    return issue_id


async def act(client: httpx.AsyncClient, issue: str, name: str, body: Any = None, **headers: str) -> httpx.Response:
    named = {header.replace("_", "-"): value for header, value in headers.items()}
    return await client.post(f"/v1/issues/{issue}/{name}", json={} if body is None else body, headers=named)


def problem(response: httpx.Response, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert {"type", "title", "status", "detail", "instance"} <= body.keys()
    return body


async def test_an_issue_is_worked_on_from_the_reply_to_its_end(
    router: RouterWorld, client: httpx.AsyncClient, issue: str
) -> None:
    steps: list[tuple[str, dict[str, Any], str]] = [
        ("acknowledge", {"reply_url": "https://social.example/r/1"}, "acknowledged"),
        ("move-private", {"to": "direct_message", "reason": "شماره سفارش"}, "moved_private"),
        ("pause", {"reason": "منتظر پاسخ مشتری"}, "moved_private"),
        ("resume", {}, "moved_private"),
        ("reassign", {"queue": "product", "reason": "a fault of the app"}, "moved_private"),
        ("resolve", {"resolution": "refunded", "note": "پول برگشت"}, "resolved"),
        ("reopen", {"reason": "not yet"}, "routed"),
        ("resolve", {}, "resolved"),
        ("close", {"reason": "settled"}, "closed"),
    ]
    for name, body, state in steps:
        answer = await act(client, issue, name, body)
        assert (answer.status_code, answer.json()["state"]) == (200, state), name
        assert answer.headers["etag"] == f'"{answer.json()["sequence"]}"'
    assert (await client.get(f"/v1/issues/{issue}")).json()["round"] == 2
    told = await router.told(LIFECYCLE)
    assert [event.sequence for event in told] == list(range(1, 13))  # type: ignore[attr-defined]  # all are issue events
    assert {event.by for event in told[2:]} == {"helpdesk"}  # type: ignore[attr-defined]  # all are issue events


async def test_the_same_command_again_is_answered_with_200_and_tells_nobody(
    router: RouterWorld, client: httpx.AsyncClient, issue: str
) -> None:
    first = await act(client, issue, "acknowledge")
    again = await act(client, issue, "acknowledge")
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json() == again.json()
    assert [type(event) for event in await router.told(LIFECYCLE)].count(IssueAcknowledged) == 1


async def test_a_body_may_be_left_out_where_nothing_must_be_said(client: httpx.AsyncClient, issue: str) -> None:
    assert (await client.post(f"/v1/issues/{issue}/acknowledge")).status_code == 200


async def test_many_people_at_once_have_one_effect(router: RouterWorld, client: httpx.AsyncClient, issue: str) -> None:
    answers = await asyncio.gather(*(act(client, issue, "resolve") for _ in range(8)))
    assert {answer.status_code for answer in answers} == {200}
    assert [type(event) for event in await router.told(LIFECYCLE)].count(IssueResolved) == 1


async def test_what_is_not_possible_is_a_conflict_that_names_what_is(client: httpx.AsyncClient, issue: str) -> None:
    await act(client, issue, "resolve")
    body = problem(await act(client, issue, "pause", {"reason": "?"}), 409)
    assert (body["state"], body["allowed"]) == ("resolved", ["acknowledge", "reopen", "close"])


async def test_reassigning_hands_the_issue_to_the_new_queues_topic_and_webhooks(
    router: RouterWorld, client: httpx.AsyncClient, issue: str
) -> None:
    await act(client, issue, "reassign", {"queue": "product"})
    (handover,) = await router.told(topics.ISSUES_BY_QUEUE["product"].name)
    assert isinstance(handover, IssueRouted)
    assert (handover.owner, handover.mention.mention_id) == ("product@nilgoon.example", said().mention.mention_id)
    assert isinstance((await router.told(LIFECYCLE))[-1], IssueReassigned)
    deliveries = await router.rows("SELECT endpoint_id, type FROM deliveries ORDER BY id")
    assert [(row["endpoint_id"], row["type"]) for row in deliveries] == [
        ("care", "issue.routed"),
        ("care", "issue.updated"),
        ("p", "issue.updated"),
        ("care", "issue.routed"),
        ("p", "issue.routed"),
    ]


async def test_a_reopened_issue_takes_mentions_again_in_its_next_round(
    router: RouterWorld, client: httpx.AsyncClient, issue: str
) -> None:
    await act(client, issue, "resolve")
    at = (datetime.now(UTC) - timedelta(minutes=5)).isoformat()
    assert (await act(client, issue, "reopen", {"complaint_at": at})).json()["round"] == 2
    reopened, routed = (await router.told(LIFECYCLE))[-2:]
    assert isinstance(reopened, IssueReopened)
    assert isinstance(routed, IssueRouted)
    assert reopened.complaint_at == datetime.fromisoformat(at)
    await router.take(said("p-2"))
    assert await router.issue_ids() == [issue]


async def test_a_complaint_cannot_lie_in_the_future(client: httpx.AsyncClient, issue: str) -> None:
    await act(client, issue, "resolve")
    at = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    body = problem(await act(client, issue, "reopen", {"complaint_at": at}), 422)
    assert body["errors"][0]["pointer"] == "/body/complaint_at"


async def test_who_decided_on_an_older_version_is_told_so(
    router: RouterWorld, client: httpx.AsyncClient, issue: str
) -> None:
    seen = (await client.get(f"/v1/issues/{issue}")).headers["etag"]
    await router.take(said("p-2"))
    stale = await act(client, issue, "resolve", If_Match=seen)
    problem(stale, 412)
    assert (await act(client, issue, "resolve", If_Match=f'"0", {stale.headers["etag"]}')).status_code == 200
    assert (await act(client, issue, "acknowledge", If_Match="*")).status_code == 200
    problem(await act(client, issue, "reopen", If_Match='W/"5"'), 412)


async def test_an_idempotency_key_is_answered_again_even_after_the_issue_moved_on(
    client: httpx.AsyncClient, issue: str
) -> None:
    body = {"resolution": "solved"}
    first = await act(client, issue, "resolve", body, Idempotency_Key="k-1")
    await act(client, issue, "reopen")
    again = await act(client, issue, "resolve", body, Idempotency_Key="k-1")
    assert (again.status_code, again.content, again.headers["etag"]) == (200, first.content, first.headers["etag"])
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert (await client.get(f"/v1/issues/{issue}")).json()["state"] == "routed"
    problem(await act(client, issue, "resolve", {"resolution": "declined"}, Idempotency_Key="k-1"), 422)
    problem(await act(client, issue, "acknowledge", Idempotency_Key="k-1"), 422)


async def test_a_request_that_did_nothing_leaves_its_idempotency_key_free(
    client: httpx.AsyncClient, issue: str
) -> None:
    problem(await act(client, issue, "reopen", {"reason": "x" * 600}, Idempotency_Key="k-1"), 422)
    await act(client, issue, "resolve")
    problem(await act(client, issue, "pause", {"reason": "?"}, Idempotency_Key="k-2"), 409)
    assert (await act(client, issue, "reopen", Idempotency_Key="k-2")).status_code == 200


async def test_idempotency_keys_expire_and_are_each_clients_own(
    router: RouterWorld, client: httpx.AsyncClient, issue: str
) -> None:
    await act(client, issue, "acknowledge", Idempotency_Key="k-1")
    async with router.database.transaction() as tx:
        await tx.driver.execute("UPDATE idempotency_keys SET created_at = created_at - interval '25 hours'")
    assert (await act(client, issue, "resolve", Idempotency_Key="k-1")).status_code == 200
    async with router.http(OTHER_BRAND) as agency:
        problem(await act(agency, issue, "resolve", Idempotency_Key="k-1"), 404)


async def test_equal_requests_at_once_under_one_key_are_done_once_and_answered_alike(
    client: httpx.AsyncClient, issue: str
) -> None:
    answers = await asyncio.gather(*(act(client, issue, "acknowledge", Idempotency_Key="k-1") for _ in range(6)))
    assert len({(answer.status_code, answer.content) for answer in answers}) == 1
    assert sum("idempotency-replayed" in answer.headers for answer in answers) == 5


@pytest.mark.parametrize("key", ["", "x" * 256, "کلید".encode().decode("latin-1")])
async def test_a_malformed_idempotency_key_is_refused(client: httpx.AsyncClient, issue: str, key: str) -> None:
    headers = [(b"idempotency-key", key.encode("latin-1"))]
    problem(await client.post(f"/v1/issues/{issue}/acknowledge", headers=headers), 400)


async def test_only_who_may_does(router: RouterWorld, issue: str) -> None:
    for key, reading, writing in ((None, 401, 401), ("unknown", 401, 401), (READER, 200, 403), (OTHER_BRAND, 404, 404)):
        async with router.http(key) as client:
            assert (await client.get(f"/v1/issues/{issue}")).status_code == reading
            problem(await act(client, issue, "acknowledge"), writing)
    async with router.http(OTHER_BRAND) as client:
        assert (await client.get("/v1/issues")).json()["items"] == []


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"/v1/issues/{NOBODYS}/resolve", 404),
        ("/v1/issues/nonsense/resolve", 422),
        ("/v1/issues/%00/resolve", 422),
        (f"/v1/issues/{NOBODYS}/forget", 404),
    ],
)
async def test_what_is_not_there_is_a_problem_and_no_crash(client: httpx.AsyncClient, path: str, status: int) -> None:
    problem(await client.post(path, json={}), status)


async def test_bodies_that_make_no_sense_are_refused_with_a_pointer(client: httpx.AsyncClient, issue: str) -> None:
    body = problem(await act(client, issue, "move-private", {"to": "fax", "reason": "x"}), 422)
    assert body["errors"][0]["pointer"] == "/body/to"
    assert problem(await act(client, issue, "resolve", {"noet": "x"}), 422)["errors"][0]["pointer"] == "/body/noet"
    problem(await client.post(f"/v1/issues/{issue}/resolve", content=b"{"), 422)
    problem(await client.post(f"/v1/issues/{issue}/resolve", content=b"x" * 20_000), 413)


async def test_an_issue_tells_why_it_is_where_it_is_and_everything_that_happened(
    router: RouterWorld, client: httpx.AsyncClient, issue: str
) -> None:
    await router.take(said("p-2", text="هنوز نرسیده"), said("p-1", change="edited", text="ویرایش: دو هفته شد"))
    await act(client, issue, "acknowledge")
    body = (await client.get(f"/v1/issues/{issue}")).json()
    assert body["decision"]["rule_id"] == "complaint"
    assert body["decision"]["considered"] == ["refund", "app-bug"]
    assert body["decision"]["facts"] == [{"name": "intent", "value": "complaint"}]
    assert [entry["type"].split(".")[2] for entry in body["history"]] == [
        "opened", "routed", "mention-added", "acknowledged"
    ]  # fmt: skip
    assert body["history"][1]["event"]["mention"]["text"] == said().mention.text
    assert {entry["mention"]["text"] for entry in body["mentions"]} == {"ویرایش: دو هفته شد", "هنوز نرسیده"}
    assert body["mention_count"] == 2
