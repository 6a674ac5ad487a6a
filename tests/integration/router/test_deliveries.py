"""The queue of webhooks in PostgreSQL: who may claim what, and what a recorded outcome changes."""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Any

import pytest

from router import deliveries, ledger
from router.deliveries import Attempted, Claimed, Room, message_id
from servers import DatabaseFor
from shenava.db.database import Transaction
from shenava.webhooks.outcome import Answer, Delivered, Disable, Failure, GaveUp, Outcome, RetryAt
from webhook_world import World, endpoint, notice, world

pytestmark = pytest.mark.servers

LEASE = timedelta(minutes=1)
CARE, PR = endpoint("http://127.0.0.1:9/care"), endpoint("http://127.0.0.1:9/pr", id="pr", queues={"content"})


@pytest.fixture
async def queue(database_for: DatabaseFor) -> AsyncIterator[World]:
    async with world(await database_for("router"), [CARE, PR]) as made:
        yield made


async def claim(queue: World, free: int = 10, endpoint_id: str = "care") -> list[Claimed]:
    async with queue.database.transaction() as tx:
        return await deliveries.claim(tx, [Room(endpoint_id, free, LEASE)])


async def record(queue: World, claimed: Claimed, outcome: Outcome, result: Answer | Failure | None = None) -> None:
    if result is None:
        result = Answer(204) if isinstance(outcome, Delivered) else Answer(500, excerpt="خطا")
    async with queue.database.transaction() as tx:
        await deliveries.record(tx, [(Attempted(claimed, result, 0.5), outcome)])


async def retry(queue: World, claimed: Claimed, wait: timedelta = timedelta(hours=1)) -> None:
    async with queue.database.transaction() as tx:
        later = RetryAt(tx.now + wait, "status_500")
        await deliveries.record(tx, [(Attempted(claimed, Answer(500), 0.5), later)])


async def expire_leases(queue: World) -> None:
    await queue.rows("UPDATE deliveries SET claimed_until = now() WHERE claimed_until IS NOT NULL")


def numbers(claimed: Sequence[Claimed]) -> list[Any]:
    return sorted((one.endpoint_id, one.message_id) for one in claimed)


def ids(*given: Any) -> list[Any]:
    return sorted(("care", message_id("care", one)) for one in given)


async def test_a_notice_is_queued_once_for_each_endpoint_that_wants_it(queue: World) -> None:
    assert await queue.enqueue(notice(1), notice(2, queue="content")) == 3
    rows = await queue.rows("SELECT endpoint_id, issue_id, type, body, state FROM deliveries ORDER BY id")
    assert [row["endpoint_id"] for row in rows] == ["care", "care", "pr"]
    assert rows[1]["body"] == rows[2]["body"]
    assert {row["state"] for row in rows} == {"pending"}


async def test_the_same_notice_is_never_queued_under_two_ids(queue: World) -> None:
    assert await queue.enqueue(notice(1), notice(1)) == 1
    assert await queue.enqueue(notice(1), notice(2)) == 1
    (first, _) = await queue.rows("SELECT message_id FROM deliveries ORDER BY id")
    assert first["message_id"] == message_id("care", notice(1))


async def test_nothing_is_queued_where_nobody_listens_or_the_cause_is_rolled_back(queue: World) -> None:
    assert await queue.enqueue() == 0
    with pytest.raises(ZeroDivisionError):
        await _enqueue_and_fail(queue)
    assert await queue.rows("SELECT id FROM deliveries") == []


async def _enqueue_and_fail(queue: World) -> None:
    async with queue.database.transaction() as tx:
        await deliveries.enqueue(tx, [notice(1)], queue.endpoints)
        raise ZeroDivisionError


async def test_only_the_first_of_an_issues_line_is_claimed(queue: World) -> None:
    await queue.enqueue(*(notice(n, issue=issue) for n in (1, 2, 3) for issue in ("a", "b")))
    assert numbers(await claim(queue)) == ids(notice(1, issue="a"), notice(1, issue="b"))
    assert await claim(queue) == []


async def test_no_more_is_claimed_than_there_is_room_and_the_longest_waiting_first(queue: World) -> None:
    for number in range(1, 6):
        await queue.enqueue(notice(number, issue=f"i-{number}"))
    first = await claim(queue, free=2)
    assert numbers(first) == ids(notice(1, issue="i-1"), notice(2, issue="i-2"))
    assert len(await claim(queue, free=10)) == 3
    assert await claim(queue, free=0) == []


async def test_two_claims_at_the_same_time_share_nothing(queue: World) -> None:
    await queue.enqueue(*(notice(1, issue=f"i-{n}") for n in range(10)))
    async with queue.database.transaction() as one, queue.database.transaction() as other:
        mine = await _claim_in(one, 6)
        theirs = await _claim_in(other, 10)
    assert len(mine) == 6
    assert len(theirs) == 4
    assert not {c.id for c in mine} & {c.id for c in theirs}


async def _claim_in(tx: Transaction, free: int) -> list[Claimed]:
    return await deliveries.claim(tx, [Room("care", free, LEASE)])


async def test_when_a_lease_ends_the_same_message_is_claimed_again(queue: World) -> None:
    await queue.enqueue(notice(1), notice(2))
    (first,) = await claim(queue)
    await expire_leases(queue)
    (again,) = await claim(queue)
    assert (again.id, again.message_id, again.body) == (first.id, first.message_id, first.body)
    assert (again.claim, again.attempt) == (first.claim + 1, first.attempt)


async def test_a_delivered_message_lets_the_next_of_its_issue_go_at_once(queue: World) -> None:
    await queue.enqueue(notice(1), notice(2))
    (first,) = await claim(queue)
    await record(queue, first, Delivered())
    (second,) = await claim(queue)
    assert second.message_id == message_id("care", notice(2))
    assert await queue.states() == ["delivered", "pending"]


async def test_a_retry_holds_its_whole_line_and_nobody_elses(queue: World) -> None:
    await queue.enqueue(notice(1), notice(2), notice(1, issue="other"))
    waiting, other = sorted(await claim(queue), key=lambda one: one.id)
    await retry(queue, waiting)
    await record(queue, other, Delivered())
    await queue.enqueue(notice(3))
    assert await claim(queue) == []
    due = await queue.rows("SELECT next_attempt_at FROM deliveries WHERE state = 'pending'")
    assert len(due) == 3
    assert len({row["next_attempt_at"] for row in due}) == 1


async def test_when_the_first_of_a_held_line_ends_the_next_goes_at_once(queue: World) -> None:
    await queue.enqueue(notice(1), notice(2))
    (first,) = await claim(queue)
    await retry(queue, first)
    await queue.hurry()
    (first,) = await claim(queue)
    assert first.attempt == 2
    await retry(queue, first)
    await queue.rows("UPDATE deliveries SET next_attempt_at = now() WHERE id = $1", first.id)
    (first,) = await claim(queue)
    await record(queue, first, GaveUp("status_500"))
    (second,) = await claim(queue)
    assert second.message_id == message_id("care", notice(2))
    assert await queue.states() == ["given_up", "pending"]


async def test_an_outcome_counts_once_even_if_it_is_recorded_twice(queue: World) -> None:
    await queue.enqueue(notice(1))
    (first,) = await claim(queue)
    await retry(queue, first)
    await retry(queue, first, timedelta(hours=9))
    (row,) = await queue.rows("SELECT attempts, next_attempt_at < now() + interval '2 hours' AS soon FROM deliveries")
    assert row == {"attempts": 1, "soon": True}
    assert len(await queue.rows("SELECT * FROM delivery_attempts")) == 1


async def test_the_failure_of_a_claim_that_was_lost_changes_nothing(queue: World) -> None:
    await queue.enqueue(notice(1))
    (lost,) = await claim(queue)
    await expire_leases(queue)
    (mine,) = await claim(queue)
    await record(queue, lost, GaveUp("status_500"))
    assert await queue.states() == ["pending"]
    await record(queue, mine, Delivered())
    assert await queue.states() == ["delivered"]


async def test_what_has_arrived_has_arrived_even_if_the_claim_was_lost(queue: World) -> None:
    await queue.enqueue(notice(1))
    (lost,) = await claim(queue)
    await expire_leases(queue)
    (mine,) = await claim(queue)
    await record(queue, lost, Delivered())
    await record(queue, mine, GaveUp("status_500"))
    assert await queue.states() == ["delivered"]


async def test_a_gone_endpoint_keeps_its_message(queue: World) -> None:
    await queue.enqueue(notice(1))
    (first,) = await claim(queue)
    await record(queue, first, Disable("status_410"), Answer(410))
    assert await queue.states() == ["pending"]


async def test_the_ledger_has_every_attempt_with_its_answer(queue: World) -> None:
    await queue.enqueue(notice(1))
    (first,) = await claim(queue)
    await record(queue, first, RetryAt(first.claimed_at, "status_500"))
    (second,) = await claim(queue)
    await record(queue, second, RetryAt(first.claimed_at, "tls"), Failure("tls", "certificate expired"))
    (third,) = await claim(queue)
    await record(queue, third, Delivered(), Answer(200, excerpt="thanks"))
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
    (first,) = await claim(queue)
    await record(queue, first, GaveUp("status_500"))
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


async def test_a_replay_sends_ended_deliveries_again_in_order_under_their_old_ids(queue: World) -> None:
    await queue.enqueue(notice(1), notice(2))
    sent = []
    for outcome in (Delivered(), GaveUp("status_500")):
        (one,) = await claim(queue)
        sent.append(one)
        await record(queue, one, outcome)
    async with queue.database.transaction() as tx:
        assert await ledger.replay(tx, [one.id for one in sent]) == 2
        assert await ledger.replay(tx, [one.id for one in sent]) == 0
    for one in sent:
        (again,) = await claim(queue)
        assert (again.message_id, again.body, again.attempt) == (one.message_id, one.body, 1)
        await record(queue, again, Delivered())
    assert await queue.states() == ["delivered", "delivered"]


async def test_a_replay_of_a_time_range_is_one_endpoints(queue: World) -> None:
    await queue.enqueue(notice(1, queue="content"), notice(1, issue="i-2", queue="content"))
    for name in ("care", "pr"):
        for one in await claim(queue, endpoint_id=name):
            await record(queue, one, Delivered())
    await queue.rows("UPDATE deliveries SET created_at = now() - interval '2 days' WHERE issue_id = 'i-2'")
    async with queue.database.transaction() as tx:
        day = timedelta(days=1)
        assert await ledger.replay_range(tx, "pr", tx.now - 3 * day, tx.now - day) == 1
        assert await ledger.replay_range(tx, "pr", tx.now - 9 * day, tx.now - 8 * day) == 0
    assert sorted(await queue.states("pr")) == ["delivered", "pending"]
    assert await queue.states("care") == ["delivered", "delivered"]


async def test_only_what_ended_long_ago_is_forgotten(queue: World) -> None:
    await queue.enqueue(notice(1), notice(1, issue="i-2"), notice(1, issue="i-3"))
    old, young, pending = sorted(await claim(queue), key=lambda one: one.id)
    for one in (old, young):
        await record(queue, one, Delivered())
    await queue.rows("UPDATE deliveries SET ended_at = now() - interval '9 days' WHERE id = $1", old.id)
    await queue.rows("UPDATE deliveries SET created_at = now() - interval '9 days' WHERE id = $1", pending.id)
    async with queue.database.transaction() as tx:
        assert await ledger.prune(tx, timedelta(days=8)) == 1
        backlogs = await ledger.backlogs(tx)
    assert [row["id"] for row in await queue.rows("SELECT id FROM deliveries ORDER BY id")] == [young.id, pending.id]
    assert len(await queue.rows("SELECT * FROM delivery_attempts")) == 1
    assert backlogs["care"].deliveries == 1
    assert backlogs["care"].oldest_seconds >= timedelta(days=9).total_seconds()
