"""The two clocks of a round, event order by event order."""

from datetime import UTC, datetime, timedelta, timezone
from itertools import permutations
from typing import Any, NamedTuple

import pytest

from shenava.errors import Invalid
from shenava.testing.builders import issue_opened, mention
from sla_watcher.clocks import Clock, clocks, elapsed
from sla_watcher.lifecycle import fold, step_of
from sla_watcher.policy import parse
from sla_watcher.timers import desired
from sla_world import HANDOFF, STANDARD, event, hours, steps, story


class Row(NamedTuple):
    """A row of the truth table, in hours after the complaint; a dash (None) is what has not happened, or is not known.

    ``triage`` and ``resolution`` are the stops, ``triage_end`` when the triage clock no longer runs.
    """

    routed: float | None
    acknowledged: float | None
    resolved: float | None
    triage: float | None
    triage_end: float | None
    resolution: float | None
    from_handoff: float | None


# fmt: off
TRUTH = [
    # routed ack resolved | triage end resolution from-handoff
    Row(1, 2, 3,            2, 2, 3, 2),
    Row(1, 3, 2,            3, 2, 2, 1),
    Row(2, 1, 3,            2, 2, 3, 1),
    Row(2, 3, 1,            3, 1, 1, None),
    Row(3, 1, 2,            3, 2, 2, None),
    Row(3, 2, 1,            3, 1, 1, None),
    Row(1, 2, None,         2, 2, None, None),
    Row(2, 1, None,         2, 2, None, None),
    Row(1, None, 2,         None, 2, 2, 1),
    Row(2, None, 1,         None, 1, 1, None),
    Row(None, 1, 2,         None, 2, 2, None),
    Row(None, 2, 1,         None, 1, 1, None),
    Row(1, None, None,      None, None, None, None),
    Row(None, 1, None,      None, None, None, None),
    Row(None, None, 1,      None, 1, 1, None),
    Row(None, None, None,   None, None, None, None),
]
# fmt: on


@pytest.mark.parametrize("opened", [0, 1.5, 2.5, 3.5])
@pytest.mark.parametrize("row", TRUTH)
def test_every_order_of_opening_routing_reply_and_resolution_gives_its_clocks(row: Row, opened: float) -> None:
    """The events come in every order of arrival; the opening lies before, between and after the others."""
    happened = story(opened=opened, routed=row.routed, acknowledged=row.acknowledged, resolved=row.resolved)
    for arrived in permutations(happened):
        triage, resolution = clocks(fold(steps(arrived))[0], STANDARD)
        assert triage.stopped_at == _at(row.triage)
        assert triage.ended_at == _at(row.triage_end)
        assert resolution.stopped_at == resolution.ended_at == _at(row.resolution)
        assert (triage.started_at, resolution.started_at) == (hours(0), hours(0))
        assert (triage.kept, resolution.kept) == (_kept(row.triage), _kept(row.resolution))
        if resolution.stopped_at:
            assert elapsed(resolution.complaint_at, resolution.stopped_at) == 3600 * (row.resolution or 0)
            assert elapsed(resolution.routed_at, resolution.stopped_at) == _seconds(row.from_handoff)


@pytest.mark.parametrize("row", TRUTH)
def test_with_the_handoff_as_anchor_the_resolution_clock_starts_with_the_routing_alone(row: Row) -> None:
    happened = story(opened=0, routed=row.routed, acknowledged=row.acknowledged, resolved=row.resolved)
    for arrived in permutations(happened):
        made = {clock.name: clock for clock in clocks(fold(steps(arrived))[0], HANDOFF)}
        assert ("resolution" in made) == (row.routed is not None)
        if row.routed is not None:
            assert made["resolution"].deadline_at == hours(row.routed + 24)
            assert made["resolution"].kept == _kept(row.resolution)
        assert made["triage"].stopped_at == _at(row.triage)


def test_the_routing_alone_tells_when_the_complaint_was_made() -> None:
    assert [clock.started_at for clock in _clocks(routed=1)] == [hours(0), hours(0)]


def test_nothing_starts_before_the_complaint_is_known() -> None:
    assert _clocks(acknowledged=1, resolved=2) == []


def test_a_promise_is_kept_to_its_very_deadline_and_not_a_microsecond_longer() -> None:
    just = _clocks(opened=0, routed=1, acknowledged=12, resolved=24)
    assert [clock.kept for clock in just] == [True, True]
    tick = timedelta(microseconds=1) / timedelta(hours=1)
    late = _clocks(opened=0, routed=1, acknowledged=12 + tick, resolved=24 + tick)
    assert [clock.kept for clock in late] == [False, False]


def test_a_pause_moves_the_deadline_of_the_resolution_alone() -> None:
    triage, resolution = _clocks(opened=0, routed=1, paused=5, resumed=10)
    assert triage.deadline_at == hours(12)
    assert resolution.deadline_at == hours(29)
    assert _due(resolution) == {"warning": 23, "breach": 29, "lead": 35, "manager": 53}


def test_while_it_rests_a_clock_has_no_levels_to_come() -> None:
    _, resolution = _clocks(opened=0, routed=1, paused=20)
    assert resolution.resting
    assert _due(resolution) == {"warning": 18}
    assert resolution.deadline_at == hours(24)


def test_a_resolution_during_a_pause_ends_the_pause() -> None:
    _, resolution = _clocks(opened=0, routed=1, paused=20, resolved=50)
    assert not resolution.resting
    assert resolution.kept is True
    assert resolution.deadline_at == hours(54)


def test_a_pause_before_the_handoff_rests_nothing_of_a_clock_that_starts_with_it() -> None:
    happened = story(opened=0, paused=1, routed=3, resumed=5)
    _, resolution = clocks(fold(steps(happened))[0], HANDOFF)
    assert resolution.deadline_at == hours(3 + 24 + 2)


def test_pauses_that_clocks_of_hosts_tell_in_the_wrong_order_never_count_twice() -> None:
    events = [event("opened", 0, 1), event("paused", 2, 2), event("resumed", 5, 3), event("paused", 4, 4)]
    events += [event("resumed", 6, 5), event("paused", 9, 6), event("resumed", 8, 7)]
    rests = fold(steps(events))[0].rests
    assert [(rest.start, rest.end) for rest in rests] == [
        (hours(2), hours(5)),
        (hours(5), hours(6)),
        (hours(9), hours(9)),
    ]


def test_reopening_starts_clocks_of_its_own_and_ends_those_before() -> None:
    events = [*story(opened=0, routed=1), event("reopened", 48, 3, round=2), event("routed", 49, 4, round=2)]
    first, second = fold(steps(events))
    assert [(c.stopped_at, c.ended_at) for c in clocks(first, STANDARD)] == [(None, hours(48))] * 2
    assert [(c.round, c.started_at, c.ended_at) for c in clocks(second, STANDARD)] == [(2, hours(48), None)] * 2


def test_a_reopened_issue_still_has_its_owner_but_needs_a_new_reply() -> None:
    events = [*story(opened=0, routed=1, acknowledged=2, resolved=3), event("reopened", 48, 5, round=2)]
    triage = clocks(fold(steps(events))[1], STANDARD)[0]
    assert (triage.routed_at, triage.acknowledged_at, triage.stopped_at) == (hours(48), None, None)
    assert triage.queue == "customer-care"


def test_what_was_closed_without_an_answer_has_no_verdict() -> None:
    assert [(c.ended_at, c.kept) for c in _clocks(opened=0, routed=1, closed=5)] == [(hours(5), None)] * 2


@pytest.mark.parametrize("known_by", ["opened", "routed", "both"])
def test_backfill_starts_no_clock_whichever_event_tells_of_it(known_by: str) -> None:
    opened = event("opened", 0, 1, starts_clocks=False)
    routed = event("routed", 1, 2, mention=mention(lane="backfill"))
    heard = {"opened": [opened], "routed": [routed], "both": [opened, routed]}[known_by]
    assert clocks(fold(steps(heard))[0], STANDARD) == ()


def test_reopening_a_backfilled_issue_starts_the_clocks_of_its_new_round() -> None:
    """The routing of the new round still carries the first mention, which came by the backfill lane."""
    events = [event("opened", 0, 1, starts_clocks=False), event("reopened", 48, 2, round=2)]
    events += [event("routed", 48, 3, round=2, mention=mention(lane="backfill"))]
    assert [len(clocks(state, STANDARD)) for state in fold(steps(events))] == [0, 2]


def test_the_policy_of_a_clock_is_that_of_who_owned_the_issue_when_the_clock_ended() -> None:
    policies = parse(
        "policies: [{name: product, when: {queue: [product]}, triage: {target: 2h}, resolution: {target: 4h}},"
        " {name: standard}]"
    )
    events = [*story(opened=0, routed=1, acknowledged=2), event("reassigned", 3, 4)]
    triage, resolution = clocks(fold(steps(events))[0], policies)
    assert (triage.policy, triage.queue) == ("standard", "customer-care")
    assert (resolution.policy, resolution.queue) == ("product", "product")


@pytest.mark.parametrize(
    ("over", "pointer"),
    [
        ({"issue_id": "a\0b"}, "/issue_id"),
        ({"sequence": 2**31}, "/sequence"),
        ({"round": 2**31}, "/round"),
        ({"occurred_at": datetime.max.replace(tzinfo=UTC)}, "/occurred_at"),
        ({"complaint_at": datetime.max.replace(tzinfo=UTC)}, "/complaint_at"),
        ({"complaint_at": datetime.min.replace(tzinfo=timezone(timedelta(hours=14)))}, "/complaint_at"),
    ],
)
def test_what_no_clock_can_be_kept_with_is_put_aside_and_stops_nobody(over: dict[str, Any], pointer: str) -> None:
    with pytest.raises(Invalid) as refused:
        step_of(issue_opened(**over))
    assert refused.value.pointer == pointer


def _clocks(**at: float | None) -> list[Clock]:
    return [clock for state in fold(steps(story(**at))) for clock in clocks(state, STANDARD)]


def _due(clock: Clock) -> dict[str, float]:
    return {timer.level: (timer.due_at - hours(0)) / timedelta(hours=1) for timer in desired(clock)}


def _at(hour: float | None) -> datetime | None:
    return None if hour is None else hours(hour)


def _kept(hour: float | None) -> bool | None:
    return None if hour is None else True


def _seconds(hour: float | None) -> float | None:
    return None if hour is None else hour * 3600
