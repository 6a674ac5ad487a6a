"""The queue of webhooks in PostgreSQL: who may claim what, and what a recorded outcome changes."""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Any

import pytest

from router import deliveries
from router.deliveries import Attempted, Claimed, Room, message_id
from servers import DatabaseFor
from shenava.db.database import Transaction
from shenava.webhooks.outcome import Answer, Delivered, Disable, GaveUp, RetryAt
from webhook_world import World, endpoint, notice, world

pytestmark = pytest.mark.servers

LEASE = timedelta(minutes=1)
CARE, PR = endpoint("http://127.0.0.1:9/care"), endpoint("http://127.0.0.1:9/pr", id="pr", queues={"content"})


@pytest.fixture
async def queue(database_for: DatabaseFor) -> AsyncIterator[World]:
    async with world(await database_for("router"), [CARE, PR]) as made:
        yield made


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
    assert numbers(await queue.claim()) == ids(notice(1, issue="a"), notice(1, issue="b"))
    assert await queue.claim() == []


async def test_no_more_is_claimed_than_there_is_room_and_the_longest_waiting_first(queue: World) -> None:
    for number in range(1, 6):
        await queue.enqueue(notice(number, issue=f"i-{number}"))
    first = await queue.claim(free=2)
    assert numbers(first) == ids(notice(1, issue="i-1"), notice(2, issue="i-2"))
    assert len(await queue.claim(free=10)) == 3
    assert await queue.claim(free=0) == []


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
    (first,) = await queue.claim()
    await expire_leases(queue)
    (again,) = await queue.claim()
    assert (again.id, again.message_id, again.body) == (first.id, first.message_id, first.body)
    assert (again.claim, again.attempt) == (first.claim + 1, first.attempt)


async def test_a_delivered_message_lets_the_next_of_its_issue_go_at_once(queue: World) -> None:
    await queue.enqueue(notice(1), notice(2))
    (first,) = await queue.claim()
    await queue.record(first, Delivered())
    (second,) = await queue.claim()
    assert second.message_id == message_id("care", notice(2))
    assert await queue.states() == ["delivered", "pending"]


async def test_a_retry_holds_its_whole_line_and_nobody_elses(queue: World) -> None:
    await queue.enqueue(notice(1), notice(2), notice(1, issue="other"))
    waiting, other = sorted(await queue.claim(), key=lambda one: one.id)
    await retry(queue, waiting)
    await queue.record(other, Delivered())
    await queue.enqueue(notice(3))
    assert await queue.claim() == []
    held = await queue.rows("SELECT held FROM deliveries WHERE state = 'pending' ORDER BY id")
    assert [row["held"] for row in held] == [False, True, True]


async def test_when_the_first_of_a_held_line_ends_the_next_goes_at_once(queue: World) -> None:
    await queue.enqueue(notice(1), notice(2))
    (first,) = await queue.claim()
    await retry(queue, first)
    await queue.hurry()
    (first,) = await queue.claim()
    assert first.attempt == 2
    await queue.record(first, GaveUp("status_500"))
    (second,) = await queue.claim()
    assert second.message_id == message_id("care", notice(2))
    assert await queue.states() == ["given_up", "pending"]


async def test_a_message_queued_while_the_one_before_it_ends_is_released(queue: World) -> None:
    await queue.enqueue(notice(1))
    (first,) = await queue.claim()
    async with queue.database.transaction() as tx:
        await deliveries.enqueue(tx, [notice(2)], queue.endpoints)
        # Its transaction is still open: neither sees what the other does.
        await queue.record(first, Delivered())
    assert await queue.claim() == []
    async with queue.database.transaction() as tx:
        await deliveries.release(tx, timedelta(minutes=1))
    (second,) = await queue.claim()
    assert second.message_id == message_id("care", notice(2))


async def test_what_stands_behind_another_is_not_released(queue: World) -> None:
    await queue.enqueue(notice(1), notice(2), notice(3))
    (first,) = await queue.claim()
    async with queue.database.transaction() as tx:
        await deliveries.release(tx, timedelta(minutes=1))
    assert await queue.claim() == []
    await queue.record(first, Delivered())
    held = await queue.rows("SELECT held FROM deliveries WHERE state = 'pending' ORDER BY id")
    assert [row["held"] for row in held] == [False, True]


async def test_the_order_holds_even_where_nothing_is_held(queue: World) -> None:
    await queue.enqueue(notice(1), notice(2))
    await queue.rows("UPDATE deliveries SET held = false")
    assert numbers(await queue.claim()) == ids(notice(1))
    assert await queue.claim() == []


async def test_an_outcome_counts_once_even_if_it_is_recorded_twice(queue: World) -> None:
    await queue.enqueue(notice(1))
    (first,) = await queue.claim()
    await retry(queue, first)
    await retry(queue, first, timedelta(hours=9))
    (row,) = await queue.rows("SELECT attempts, next_attempt_at < now() + interval '2 hours' AS soon FROM deliveries")
    assert row == {"attempts": 1, "soon": True}
    assert len(await queue.rows("SELECT * FROM delivery_attempts")) == 1


async def test_the_failure_of_a_claim_that_was_lost_changes_nothing(queue: World) -> None:
    await queue.enqueue(notice(1))
    (lost,) = await queue.claim()
    await expire_leases(queue)
    (mine,) = await queue.claim()
    await queue.record(lost, GaveUp("status_500"))
    assert await queue.states() == ["pending"]
    await queue.record(mine, Delivered())
    assert await queue.states() == ["delivered"]


async def test_what_has_arrived_has_arrived_even_if_the_claim_was_lost(queue: World) -> None:
    await queue.enqueue(notice(1))
    (lost,) = await queue.claim()
    await expire_leases(queue)
    (mine,) = await queue.claim()
    await queue.record(lost, Delivered())
    await queue.record(mine, GaveUp("status_500"))
    assert await queue.states() == ["delivered"]


async def test_a_gone_endpoint_keeps_its_message(queue: World) -> None:
    await queue.enqueue(notice(1))
    (first,) = await queue.claim()
    await queue.record(first, Disable("status_410"), Answer(410))
    assert await queue.states() == ["pending"]
