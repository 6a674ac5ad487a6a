"""Deadlines that come all at once, after an outage, beside other watchers, with dead rows that cannot be removed."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import pytest

from scale import SCALE, scaled
from servers import DatabaseFor
from shenava.events import SlaBreached
from shenava.testing.waiting import until
from sla_child import watcher_process
from sla_servers import Sla, complaints, sla
from sla_storm import ONE_LEVEL, storm
from sla_watcher import store
from sla_watcher.watcher import BATCH_TIMERS, Watcher

pytestmark = [pytest.mark.servers, pytest.mark.timeout(120 * SCALE)]

HOUR = timedelta(hours=1)
_EXPLAIN = "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) "


@pytest.fixture
async def stormy(database_for: DatabaseFor) -> AsyncIterator[Sla]:
    async with sla(await database_for("sla-watcher"), ONE_LEVEL) as opened:
        yield opened


@pytest.mark.parametrize(
    "within", [timedelta(seconds=1), HOUR], ids=["due within a second", "due in an hour of outage"]
)
async def test_after_an_hour_of_outage_every_deadline_is_told_once_in_order_and_as_late_as_it_is(
    stormy: Sla, within: timedelta
) -> None:
    count = scaled(5_000)
    down_since = await stormy.now() - HOUR - within
    await storm(stormy, count, due_at=down_since, apart=within / count)
    await _drain(await stormy.watcher())
    fired = await stormy.fired()
    assert len({event.event_id for event in fired}) == len(fired) == count
    assert all(isinstance(event, SlaBreached) for event in fired)
    assert [event.due_at for event in fired] == sorted(event.due_at for event in fired)
    for event in fired:
        assert event.late_by == (event.occurred_at - event.due_at).total_seconds()
        assert event.late_by >= HOUR.total_seconds()
    assert not await stormy.overdue()


async def test_deadlines_that_all_fall_on_one_instant_are_each_told_once(stormy: Sla) -> None:
    count = scaled(2_500)
    await storm(stormy, count, due_at=await stormy.now() - HOUR)
    await _drain(await stormy.watcher(batch=100 * SCALE))
    fired = await stormy.fired()
    assert len({event.event_id for event in fired}) == len(fired) == count


async def test_new_deadlines_are_told_while_a_storm_is_drained(stormy: Sla) -> None:
    count = scaled(1_000)
    now = await stormy.now()
    await storm(stormy, count, due_at=now - HOUR, apart=HOUR / count)
    watcher = await stormy.watcher(batch=100)
    for _ in range(5):
        await watcher.turn()
    # Due two hours ago, where the watcher has been already, and now.
    await stormy.hear(complaints(3, now - 5 * HOUR, apart=2 * HOUR)[2:])
    watcher.wake(stormy.woken[-1])
    await _drain(watcher)
    fired = await stormy.fired()
    assert len({event.event_id for event in fired}) == len(fired) == count + 2


async def test_one_of_two_watcher_processes_is_killed_in_the_middle_and_each_deadline_is_told_once(
    stormy: Sla,
) -> None:
    count = scaled(2_500)
    await storm(stormy, count, due_at=await stormy.now() - HOUR, apart=HOUR / count)
    victim, survivor = await watcher_process(stormy.settings), await watcher_process(stormy.settings)
    try:
        await until(lambda: _told_at_least(stormy, count // 10))
        victim.kill()
        await victim.wait()
        assert await stormy.overdue(), "it was killed in the middle"
        await until(lambda: _nothing_overdue(stormy), within_seconds=60 * SCALE)
    finally:
        for process in (victim, survivor):
            if process.returncode is None:
                process.kill()
                await process.wait()
    fired = await stormy.fired()
    assert len({event.event_id for event in fired}) == len(fired) == count


async def test_a_transaction_that_is_left_open_halves_the_claim_rate_at_most(database_for: DatabaseFor) -> None:
    """Counted in pages read for the last claim of a churn whose dead rows a held snapshot keeps from being removed."""
    count = scaled(5_000)
    async with AsyncExitStack() as stack:
        free, held = [
            await stack.enter_async_context(sla(await database_for("sla-watcher"), ONE_LEVEL)) for _ in range(2)
        ]
        for opened in (free, held):
            await storm(opened, count, due_at=await opened.now() - HOUR, apart=HOUR / count)
        holder = await held.database.dedicated()
        stack.push_async_callback(holder.close)
        await holder.execute("SET idle_in_transaction_session_timeout = 0")
        await holder.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        pending = await holder.fetchval("SELECT count(*) FROM timers WHERE fired_at IS NULL")
        read_freely, read_beside = await _read_by_last_claim(free, count), await _read_by_last_claim(held, count)
        assert await holder.fetchval("SELECT count(*) FROM timers WHERE fired_at IS NULL") == pending
    for statement, pages in read_freely.items():
        assert read_beside[statement] <= 2 * pages, statement


async def test_firing_cannot_read_the_past_of_the_index_of_due_timers(stormy: Sla) -> None:
    """Whatever the planner holds to be cheap: without any other index, and without sequential scans, it is not used."""
    async with stormy.database.transaction() as tx:
        await tx.driver.execute("ALTER TABLE timers DROP CONSTRAINT timers_pkey; SET LOCAL enable_seqscan = off")
        plan = await tx.driver.fetch("EXPLAIN " + store._FIRE, ["an issue"], tx.now)
        assert "timers_due" not in str(plan)
        claim = await tx.driver.fetch("EXPLAIN " + store._CLAIM, tx.now - HOUR, BATCH_TIMERS)
        assert "timers_due" in str(claim)


async def _read_by_last_claim(opened: Sla, count: int) -> dict[str, int]:
    """Churn all but one batch; then the pages of timers that claiming and firing it read, by statement."""
    batch = min(BATCH_TIMERS, count // 10)
    watcher = await opened.watcher(batch=batch)
    for _ in range(count // batch - 1):
        await watcher.turn()
    async with opened.database.transaction() as tx:
        claim = await tx.driver.fetchval(_EXPLAIN + store._CLAIM, watcher._low, batch)
        claimed = await store.claim(tx, watcher._low, batch)
        assert len(claimed) == batch
        last = claimed[-1].due_at
        fire = await tx.driver.fetchval(_EXPLAIN + store._FIRE, [each.issue_id for each in claimed], last)
    return {"claim": _pages_of_timers(claim[0]["Plan"]), "fire": _pages_of_timers(fire[0]["Plan"])}


def _pages_of_timers(plan: dict[str, Any]) -> int:
    """Pages that the scans of the timers in ``plan`` touched, in the cache or not."""
    if plan.get("Relation Name") == "timers" and "Scan" in plan["Node Type"]:
        return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])
    return sum(_pages_of_timers(part) for part in plan.get("Plans", ()))


async def _told_at_least(opened: Sla, count: int) -> bool:
    async with opened.database.transaction() as tx:
        return bool(await tx.driver.fetchval("SELECT count(*) >= $1 FROM outbox", count))


async def _nothing_overdue(opened: Sla) -> bool:
    return not await opened.overdue()


async def _drain(watcher: Watcher) -> None:
    while await watcher.turn() == 0.0:
        pass
