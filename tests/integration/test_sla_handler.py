"""The sla-watcher's handler and its adoption of policies on a real PostgreSQL."""

import asyncio
import random
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
from prometheus_client import Gauge

from servers import DatabaseFor
from shenava.events import IssueEvent, SlaMet, SlaVerdictRevised
from shenava.settings import PostgresSettings
from shenava.telemetry import metrics
from shenava.testing.builders import issue_acknowledged, issue_mention_added, issue_resolved, one_of_each
from sla_servers import Sla, complaints, issue_id, sla
from sla_watcher import store
from sla_watcher.adoption import Adoption
from sla_watcher.gauges import measure
from sla_watcher.policy import parse
from sla_watcher.reckoning import Known

pytestmark = pytest.mark.servers

QUICK = parse("policies: [{name: quick, triage: {target: 1h}, resolution: {target: 2h}}]")
SLOW = parse("policies: [{name: slow, triage: {target: 10h}, resolution: {target: 20h}}]")


@pytest.fixture
async def settings(database_for: DatabaseFor) -> PostgresSettings:
    return await database_for("sla-watcher")


@pytest.fixture
async def quick(settings: PostgresSettings) -> AsyncIterator[Sla]:
    async with sla(settings, QUICK) as opened:
        yield opened


async def test_a_batch_that_is_given_again_changes_and_tells_nothing(quick: Sla) -> None:
    events = _stories(20, await quick.now())
    await quick.hear(events)
    known, told = await _known(quick, *range(20)), await quick.told()
    assert len(told) == 40
    for part in (events, events[10:30], events[::-1]):
        await quick.hear(part)
    assert (await _known(quick, *range(20)), await quick.told()) == (known, told)


async def test_any_order_and_batching_of_the_events_leaves_the_same_clocks(
    database_for: DatabaseFor, quick: Sla
) -> None:
    events = _stories(30, await quick.now())
    await quick.hear(events)
    async with sla(await database_for("sla-watcher"), QUICK) as other:
        shuffled = _shuffled(events, 5)
        for start in range(0, len(shuffled), 7):
            await other.follow.follow(shuffled[start : start + 7])
        whole, in_bits = await _known(quick, *range(30)), await _known(other, *range(30))
    assert [issue.clocks for issue in in_bits] == [issue.clocks for issue in whole]
    assert not [timer for issue in (*whole, *in_bits) for timer in issue.timers if timer.cancelled_at is None]


async def test_handlers_that_hear_the_same_events_side_by_side_tell_them_once(quick: Sla) -> None:
    """A member of the group that was thought dead goes on while its partitions are read by another."""
    events = _stories(40, await quick.now())
    await asyncio.gather(*(quick.follow.follow(_shuffled(events, seed)) for seed in range(4)))
    met = [event.event_id for event in await quick.told() if isinstance(event, SlaMet)]
    assert len(met) == len(set(met)) == 80


async def test_only_steps_that_clocks_depend_on_are_kept_and_no_text_of_people(quick: Sla) -> None:
    issue_events = [event for event in one_of_each() if isinstance(event, IssueEvent)]
    await quick.hear([issue_mention_added(issue_id=issue_id(9), sequence=1)])
    await quick.hear(issue_events)
    async with quick.database.transaction() as tx:
        steps = [row["step"] for row in await tx.driver.fetch("SELECT step::text FROM issue_events")]
    assert steps
    assert not [step for step in steps if "سفارش" in step or "u-1" in step or "text" in step]
    assert await _known(quick, 9) == []


async def test_the_watcher_is_woken_for_what_is_due_and_not_for_what_is_far(quick: Sla) -> None:
    await quick.hear(complaints(1, await quick.now()))
    assert quick.woken == []
    late = await quick.now() - timedelta(hours=5)
    await quick.hear(complaints(2, late)[2:])
    assert quick.woken == [late + timedelta(minutes=45)]
    await quick.hear(_ended(1, late))
    assert quick.woken == [late + timedelta(minutes=45)]


async def test_changed_policies_are_adopted_by_every_running_clock_and_told_where_something_was_said(
    quick: Sla, settings: PostgresSettings
) -> None:
    began = await quick.now() - timedelta(minutes=50)
    await quick.hear([*complaints(450, began), *_ended(0, began)])
    await _drain(quick)
    async with sla(settings, SLOW) as changed:
        adoption = Adoption(changed.database, changed.settle, changed.woken.append)
        assert await adoption.adopt(asyncio.Event()) == 449
        assert await adoption.adopt(asyncio.Event()) == 0
        revised = [event for event in await changed.told() if isinstance(event, SlaVerdictRevised)]
        assert {(event.clock, event.reason, event.deadline_at) for event in revised} == {
            ("triage", "policy_changed", began + timedelta(hours=10))
        }
        assert len(revised) == 449
        (ended,) = await _known(changed, 0)
        assert {clock.policy for clock in ended.clocks} == {"quick"}


async def test_an_ended_clock_is_judged_by_the_policies_it_ended_under(quick: Sla, settings: PostgresSettings) -> None:
    began = await quick.now() - timedelta(hours=5)
    await quick.hear([*complaints(1, began), issue_acknowledged(issue_id=issue_id(0), occurred_at=began)])
    async with sla(settings, SLOW) as changed:
        await changed.hear([issue_resolved(issue_id=issue_id(0), occurred_at=began + timedelta(hours=4))])
        met = {event.clock: (event.policy, event.kept) for event in await changed.told() if isinstance(event, SlaMet)}
    assert met == {"triage": ("quick", True), "resolution": ("slow", True)}


async def test_policies_that_were_replaced_adopt_nothing_while_both_versions_run(
    quick: Sla, settings: PostgresSettings
) -> None:
    await quick.hear(complaints(3, await quick.now()))
    async with sla(settings, SLOW) as newer:
        newest = Adoption(newer.database, newer.settle, newer.woken.append)
        replaced = Adoption(quick.database, quick.settle, quick.woken.append)
        assert await newest.adopt(asyncio.Event()) == 3
        assert await replaced.adopt(asyncio.Event()) == 0


async def test_the_alarm_shows_how_long_the_oldest_due_level_waits(quick: Sla) -> None:
    await measure(quick.database)
    assert _value(metrics.SLA_OLDEST_DUE) == 0
    await quick.hear(complaints(2, await quick.now() - timedelta(hours=6)))
    await measure(quick.database)
    assert _value(metrics.SLA_OLDEST_DUE) >= timedelta(hours=5.25).total_seconds()
    assert _value(metrics.SLA_RUNNING.labels("triage")) == 2
    await _drain(quick)
    await measure(quick.database)
    assert _value(metrics.SLA_OLDEST_DUE) == 0


def _stories(count: int, now: datetime) -> list[IssueEvent]:
    began = now - timedelta(minutes=30)
    return complaints(count, began) + [event for number in range(count) for event in _ended(number, began)]


def _ended(number: int, began: datetime) -> list[IssueEvent]:
    at = began + timedelta(minutes=10)
    return [
        issue_acknowledged(issue_id=issue_id(number), occurred_at=at),
        issue_resolved(issue_id=issue_id(number), occurred_at=at),
    ]


def _shuffled(events: list[IssueEvent], seed: int) -> list[IssueEvent]:
    return random.Random(seed).sample(events, len(events))  # noqa: S311 - an order, no secret


async def _drain(opened: Sla) -> None:
    watcher = await opened.watcher()
    while await watcher.turn() == 0.0:
        pass


async def _known(opened: Sla, *numbers: int) -> list[Known]:
    async with opened.database.transaction() as tx:
        return await store.load(tx, [issue_id(number) for number in numbers])


def _value(gauge: Gauge) -> float:
    (sample,) = next(iter(gauge.collect())).samples
    return sample.value
