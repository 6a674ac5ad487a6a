"""The dispatcher on real PostgreSQL, with real receivers: all arrives, in order, once for whoever drops repeats."""

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest
from standardwebhooks import Webhook

from raw_server import Connection, answer, raw_server
from router import dispatcher, endpoint_states, ledger
from servers import DatabaseFor
from shenava.settings import PostgresSettings
from shenava.telemetry import metrics
from shenava.testing.receiver import Call, Reply, script
from shenava.testing.waiting import until
from webhook_world import OLD_SECRET, SECRET, endpoint, issues_in_order, notice, one_receiver, world

pytestmark = pytest.mark.servers


@pytest.fixture
async def settings(database_for: DatabaseFor) -> PostgresSettings:
    return await database_for("router")


async def test_what_is_queued_arrives_signed(settings: PostgresSettings) -> None:
    async with one_receiver(settings) as (queue, receiver), queue.dispatching():
        await queue.enqueue(notice(1))
        await until(queue.ended)
    (call,) = receiver.calls
    assert call.message["data"]["note"] == "رسیدگی شد"
    assert Webhook(SECRET.key).verify(call.body, call.headers)["type"] == "issue.updated"
    assert receiver.counts == {"verified": 1}


async def test_while_secrets_rotate_old_and_new_both_verify_each_message(settings: PostgresSettings) -> None:
    async with one_receiver(settings, secrets=(SECRET, OLD_SECRET)) as (queue, receiver), queue.dispatching():
        await queue.enqueue(notice(1))
        await until(queue.ended)
    (call,) = receiver.calls
    for secret in (SECRET, OLD_SECRET):
        assert Webhook(secret.key).verify(call.body, call.headers)


async def test_every_attempt_of_a_message_carries_its_id_and_its_bytes(settings: PostgresSettings) -> None:
    answering = script(Reply(500), Reply(reset=True), Reply(302, {"location": "http://127.0.0.1:1/"}), Reply(404))
    async with one_receiver(settings, answering) as (queue, receiver), queue.dispatching():
        await queue.enqueue(notice(1))
        await queue.hurry_until_ended()
        attempts = await queue.rows("SELECT outcome, status, error FROM delivery_attempts ORDER BY claim")
    assert len(receiver.calls) == 5
    assert len({(call.message_id, call.body) for call in receiver.calls}) == 1
    assert receiver.counts["repeated"] == 3  # it had taken the message when it cut the connection
    assert [attempt["status"] for attempt in attempts] == [500, None, 302, 404, 204]
    assert [attempt["outcome"] for attempt in attempts] == ["retry"] * 4 + ["delivered"]
    assert attempts[1]["error"].startswith("protocol: ")


async def test_issues_stay_in_order_whatever_fails_in_between(settings: PostgresSettings) -> None:
    calls = 0

    def every_third_fails(_: Call) -> Reply:
        nonlocal calls
        calls += 1
        return Reply(503) if calls % 3 == 0 else Reply()

    async with one_receiver(settings, every_third_fails) as (queue, receiver), queue.dispatching():
        for number in range(1, 9):
            await queue.enqueue(*(notice(number, issue=f"i-{issue}") for issue in range(5)))
        await queue.hurry_until_ended()
    assert issues_in_order(receiver) == {f"i-{issue}": list(range(1, 9)) for issue in range(5)}
    assert receiver.counts["failed"] > 0


async def test_a_gone_endpoint_gets_nothing_more_until_it_is_enabled(settings: PostgresSettings) -> None:
    async with one_receiver(settings, script(Reply(410)), concurrency=1) as (queue, receiver), queue.dispatching():
        await queue.enqueue(notice(1))

        async def disabled() -> bool:
            rows = await queue.rows("SELECT disabled FROM endpoint_state")
            return rows == [{"disabled": "status_410"}]

        await until(disabled)
        await queue.enqueue(notice(2), notice(1, issue="i-2"))
        async with queue.database.transaction() as tx:
            assert not await endpoint_states.enable(tx, "other")
        assert len(receiver.calls) == 1
        async with queue.database.transaction() as tx:
            assert await endpoint_states.enable(tx, "care")
        await until(queue.ended)
    assert issues_in_order(receiver) == {"i-1": [1, 2], "i-2": [1]}


async def test_a_redirect_is_a_failure_and_leads_nowhere(settings: PostgresSettings) -> None:
    async with AsyncExitStack() as stack:
        inner = await stack.enter_async_context(raw_server(answer(204)))
        location = {"location": f"http://127.0.0.1:{inner.port}/"}
        queue, _ = await stack.enter_async_context(one_receiver(settings, lambda _: Reply(308, location)))
        await stack.enter_async_context(queue.dispatching())
        await queue.enqueue(notice(1))

        async def tried() -> bool:
            return await queue.rows("SELECT state, last_error FROM deliveries") == [
                {"state": "pending", "last_error": "redirect_308"}
            ]

        await until(tried)
        assert inner.connections == 0


async def test_after_ten_failures_a_message_is_given_up_and_the_next_goes_on(settings: PostgresSettings) -> None:
    def never_the_first(call: Call) -> Reply:
        return Reply(500) if call.message["data"]["number"] == 1 else Reply()

    async with one_receiver(settings, never_the_first) as (queue, receiver), queue.dispatching():
        await queue.enqueue(notice(1), notice(2))
        await queue.hurry_until_ended()
        assert await queue.states() == ["given_up", "delivered"]
        async with queue.database.transaction() as tx:
            (given_up, _) = await ledger.of_issue(tx, "i-1")
    assert (given_up.attempts, given_up.last_status) == (10, 500)
    assert receiver.counts["failed"] == 10


@pytest.mark.parametrize(("asked", "waits"), [("1", 60), ("90", 90), ("86400", 120), ("never", 60)])
async def test_retry_after_moves_the_next_attempt(settings: PostgresSettings, asked: str, waits: int) -> None:
    busy = script(Reply(429, {"retry-after": asked}))
    async with one_receiver(settings, busy) as (queue, _), queue.dispatching(queue.dispatcher(chance=lambda: 0.5)):
        await queue.enqueue(notice(1))

        async def tried() -> bool:
            return (await queue.rows("SELECT attempts FROM deliveries")) == [{"attempts": 1}]

        await until(tried)
        sql = "SELECT d.next_attempt_at - a.started_at AS wait FROM deliveries d, delivery_attempts a"
        ((wait,),) = [row.values() for row in await queue.rows(sql)]
    # The attempt itself is in between, and took less than ten seconds.
    assert timedelta(seconds=waits) <= wait < timedelta(seconds=waits + 10)


async def test_a_commit_wakes_the_dispatcher_without_any_sweep(
    settings: PostgresSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with one_receiver(settings) as (queue, _), queue.dispatching():
        await queue.enqueue(notice(1))
        await until(queue.ended)
        # It may be asleep by the old setting once more; from then on only a notification can wake it.
        monkeypatch.setattr(dispatcher, "SWEEP_SECONDS", 3600.0)
        for number in (2, 3, 4):
            await queue.enqueue(notice(number))
            await until(queue.ended)
        assert await queue.states() == ["delivered"] * 4


async def test_stopping_finishes_what_is_under_way_and_starts_nothing_new(settings: PostgresSettings) -> None:
    arrived, answer = asyncio.Event(), asyncio.Event()

    async def held(connection: Connection) -> None:
        arrived.set()
        await answer.wait()
        await connection.write(b"HTTP/1.1 204 No Content\r\n\r\n")

    async with raw_server(held) as server, world(settings, [endpoint(f"http://127.0.0.1:{server.port}/")]) as queue:
        stop = asyncio.Event()
        running = asyncio.create_task(queue.dispatcher().run(stop))
        await queue.enqueue(notice(1), notice(2))
        await arrived.wait()
        stop.set()
        await queue.enqueue(notice(1, issue="i-2"))
        answer.set()
        await running
        assert await queue.states() == ["delivered", "pending", "pending"]
        assert len(server.requests) == 1


async def test_what_is_queued_for_an_endpoint_nobody_knows_any_more_is_kept(settings: PostgresSettings) -> None:
    async with one_receiver(settings) as (queue, receiver):
        await queue.rows(
            "INSERT INTO deliveries (message_id, endpoint_id, issue_id, type, body)"
            " VALUES ('m', 'former', 'i', 't', '')"
        )
        await queue.enqueue(notice(1))
        async with queue.dispatching():
            await until(queue.ended)
        assert await queue.states("former") == ["pending"]
    assert len(receiver.taken) == 1


async def test_the_gauges_tell_what_waits_and_who_is_disabled(settings: PostgresSettings) -> None:
    gone = script(Reply(410))
    async with one_receiver(settings, gone, id="gauged", concurrency=1) as (queue, _):
        await queue.enqueue(notice(1), notice(2))
        async with queue.dispatching():
            await until(lambda: queue.rows("SELECT FROM endpoint_state WHERE disabled IS NOT NULL"))
        async with queue.dispatching():
            await until(lambda: metrics.WEBHOOK_DISABLED.labels("gauged")._value.get() == 1)
        assert metrics.WEBHOOK_PENDING.labels("gauged")._value.get() == 2
        assert metrics.WEBHOOK_OLDEST.labels("gauged")._value.get() > 0
        assert metrics.WEBHOOK_ATTEMPTS.labels("gauged", "disabled")._value.get() == 1
