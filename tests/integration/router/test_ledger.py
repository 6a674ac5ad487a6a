"""The ledger of webhooks: what was tried, what is sent again on purpose, what is forgotten."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from router import ledger
from servers import DatabaseFor
from shenava.webhooks.outcome import Answer, Delivered, Failure, GaveUp, RetryAt
from webhook_world import World, endpoint, notice, world

pytestmark = pytest.mark.servers

CARE, PR = endpoint("http://127.0.0.1:9/care"), endpoint("http://127.0.0.1:9/pr", id="pr", queues={"content"})


@pytest.fixture
async def queue(database_for: DatabaseFor) -> AsyncIterator[World]:
    async with world(await database_for("router"), [CARE, PR]) as made:
        yield made


async def test_the_ledger_has_every_attempt_with_its_answer(queue: World) -> None:
    await queue.enqueue(notice(1))
    (first,) = await queue.claim()
    await queue.record(first, RetryAt(first.claimed_at, "status_500"))
    (second,) = await queue.claim()
    await queue.record(second, RetryAt(first.claimed_at, "tls"), Failure("tls", "certificate expired"))
    (third,) = await queue.claim()
    await queue.record(third, Delivered(), Answer(200, excerpt="thanks"))
    attempts = await queue.rows(
        "SELECT claim, outcome, status, error, excerpt, seconds FROM delivery_attempts ORDER BY claim"
    )
    assert [tuple(attempt.values()) for attempt in attempts] == [
        (1, "retry", 500, None, "خطا", 0.5),
        (2, "retry", None, "tls: certificate expired", None, 0.5),
        (3, "delivered", 200, None, None, 0.5),
    ]


async def test_an_issue_shows_its_deliveries(queue: World) -> None:
    await queue.enqueue(notice(1, queue="content"), notice(2))
    (first,) = await queue.claim()
    await queue.record(first, GaveUp("status_500"))
    async with queue.database.transaction() as tx:
        shown = await ledger.of_issue(tx, "i-1")
        assert await ledger.of_issue(tx, "i-2") == []
    assert [(one.endpoint_id, one.state, one.attempts) for one in shown] == [
        ("care", "given_up", 1),
        ("pr", "pending", 0),
        ("care", "pending", 0),
    ]
    assert (shown[0].last_status, shown[0].last_error, shown[0].next_attempt_at) == (500, "status_500", None)
    assert shown[1].next_attempt_at is not None
    assert shown[2].next_attempt_at is not None  # the first of its line ended, so it goes next


async def test_a_replay_sends_ended_deliveries_again_in_order_under_their_old_ids(queue: World) -> None:
    await queue.enqueue(notice(1), notice(2))
    sent = []
    for outcome in (Delivered(), GaveUp("status_500")):
        (one,) = await queue.claim()
        sent.append(one)
        await queue.record(one, outcome)
    async with queue.database.transaction() as tx:
        assert await ledger.replay(tx, [one.id for one in sent]) == 2
        assert await ledger.replay(tx, [one.id for one in sent]) == 0
    for one in sent:
        (again,) = await queue.claim()
        assert (again.message_id, again.body, again.attempt) == (one.message_id, one.body, 1)
        await queue.record(again, Delivered())
    assert await queue.states() == ["delivered", "delivered"]


async def test_a_replay_of_a_time_range_is_one_endpoints(queue: World) -> None:
    await queue.enqueue(notice(1, queue="content"), notice(1, issue="i-2", queue="content"))
    for name in ("care", "pr"):
        for one in await queue.claim(endpoint_id=name):
            await queue.record(one, Delivered())
    await queue.rows("UPDATE deliveries SET created_at = now() - interval '2 days' WHERE issue_id = 'i-2'")
    async with queue.database.transaction() as tx:
        day = timedelta(days=1)
        assert await ledger.replay_range(tx, "pr", tx.now - 3 * day, tx.now - day) == 1
        assert await ledger.replay_range(tx, "pr", tx.now - 9 * day, tx.now - 8 * day) == 0
    assert sorted(await queue.states("pr")) == ["delivered", "pending"]
    assert await queue.states("care") == ["delivered", "delivered"]


async def test_only_what_ended_long_ago_is_forgotten(queue: World) -> None:
    await queue.enqueue(notice(1), notice(1, issue="i-2"), notice(1, issue="i-3"))
    old, young, pending = sorted(await queue.claim(), key=lambda one: one.id)
    for one in (old, young):
        await queue.record(one, Delivered())
    await queue.rows("UPDATE deliveries SET ended_at = now() - interval '9 days' WHERE id = $1", old.id)
    await queue.rows("UPDATE deliveries SET created_at = now() - interval '9 days' WHERE id = $1", pending.id)
    async with queue.database.transaction() as tx:
        assert await ledger.prune(tx, timedelta(days=8)) == 1
        backlogs = await ledger.backlogs(tx)
    assert [row["id"] for row in await queue.rows("SELECT id FROM deliveries ORDER BY id")] == [young.id, pending.id]
    assert len(await queue.rows("SELECT * FROM delivery_attempts")) == 1
    assert backlogs["care"].deliveries == 1
    assert backlogs["care"].oldest_seconds >= timedelta(days=9).total_seconds()
