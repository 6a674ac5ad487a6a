"""Resolutions that come within milliseconds of their deadlines: each is either in time or late, and never both."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random

import pytest

from scale import SCALE, scaled
from servers import DatabaseFor
from shenava.clock import utc_now
from shenava.events import SlaBreached, SlaEvent, SlaMet, SlaVerdictRevised
from shenava.testing.builders import issue_resolved
from shenava.testing.waiting import until
from sla_servers import Sla, complaints, issue_id, sla
from sla_watcher.policy import parse

pytestmark = [pytest.mark.servers, pytest.mark.timeout(120 * SCALE)]

RACE = parse(
    "ladders: {one: [{name: breach, kind: breach, offset: 0}]}\n"
    "policies: [{name: race, triage: {target: 1d, ladder: one}, resolution: {target: 2s, ladder: one}}]"
)
TARGET = timedelta(seconds=2)
APART = timedelta(milliseconds=5)
HANDLERS = 4


async def test_a_resolution_that_races_its_deadline_is_settled_before_it_or_the_deadline_is_told_and_stands(
    database_for: DatabaseFor,
) -> None:
    """Two watchers fire while four handlers hear; what is heard too late to stop a level takes its verdict back."""
    count = scaled(500)
    chance = Random(42)  # noqa: S311 - a reproducible race
    async with sla(await database_for("sla-watcher"), RACE) as race:
        begun = await race.now()
        deadlines = [begun + number * APART + TARGET for number in range(count)]
        resolved_at = [at + timedelta(microseconds=chance.randint(-1500, 1500)) for at in deadlines]
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as racing:
            for watcher in [await race.watcher(), await race.watcher()]:
                racing.create_task(watcher.run(stop))
            await race.hear(complaints(count, begun, apart=APART))
            async with asyncio.TaskGroup() as hearing:
                for first in range(HANDLERS):
                    hearing.create_task(_hear(race, range(first, count, HANDLERS), resolved_at))
            await until(lambda: _nothing_overdue(race))
            stop.set()
        told = _by_issue(await race.told())
        timers = await _breaches(race)
    in_time = [at <= deadline for at, deadline in zip(resolved_at, deadlines, strict=True)]
    assert 0 < sum(in_time) < count
    for number, kept in enumerate(in_time):
        _check(told[issue_id(number)], kept=kept)
        fired, cancelled = timers.get(issue_id(number), (False, False))
        was_told = any(isinstance(each, SlaBreached) for each in told[issue_id(number)])
        assert fired == was_told
        assert not (fired and cancelled)


def _check(told: Sequence[SlaEvent], *, kept: bool) -> None:
    """What was said of one clock, in its order, is the truth in the end and says nothing twice."""
    kinds = [type(each) for each in told]
    if kept:
        # Resolved in time, but told to us after the watcher had looked: what was said is taken back.
        assert kinds in ([SlaMet], [SlaBreached, SlaVerdictRevised, SlaMet])
    else:
        assert kinds == [SlaBreached, SlaMet]
    assert isinstance(told[-1], SlaMet)
    assert told[-1].kept is kept
    assert all(each.due_at <= each.occurred_at for each in told if isinstance(each, SlaBreached))


async def _hear(race: Sla, numbers: Sequence[int], resolved_at: Sequence[datetime]) -> None:
    """Hear each resolution at its time, or all that are overdue together."""
    left = list(numbers)
    while left:

        def has_come(at: datetime = resolved_at[left[0]]) -> bool:
            return utc_now() >= at

        await until(has_come)
        now = utc_now()
        come = [number for number in left if resolved_at[number] <= now]
        left = [number for number in left if number not in come]
        await race.follow.follow([issue_resolved(issue_id=issue_id(n), occurred_at=resolved_at[n]) for n in come])


def _by_issue(told: Sequence[SlaEvent]) -> dict[str, list[SlaEvent]]:
    grouped: defaultdict[str, list[SlaEvent]] = defaultdict(list)
    for each in told:
        if each.clock == "resolution":
            grouped[each.issue_id].append(each)
    return grouped


async def _breaches(race: Sla) -> dict[str, tuple[bool, bool]]:
    """By issue, whether the timer of its resolution was fired, and whether it was cancelled."""
    async with race.database.transaction() as tx:
        rows = await tx.driver.fetch(
            "SELECT issue_id, fired_at IS NOT NULL AS fired, cancelled_at IS NOT NULL AS cancelled"
            " FROM timers WHERE clock = 'resolution'"
        )
    return {row["issue_id"]: (row["fired"], row["cancelled"]) for row in rows}


async def _nothing_overdue(race: Sla) -> bool:
    return not await race.overdue()
