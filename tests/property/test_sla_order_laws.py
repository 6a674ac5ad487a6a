"""Whatever the order and the repetition of an issue's events, its clocks and timers are the same."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from shenava.events import IssueEvent
from sla_watcher.clocks import Clock, clocks, reach
from sla_watcher.lifecycle import Rest, fold
from sla_watcher.policy import SlaPolicies, parse
from sla_watcher.timers import desired
from sla_world import HANDOFF, STANDARD, World, event, hours, steps

BY_QUEUE = parse(
    "policies: [{name: product, when: {queue: [product]}, triage: {target: 5h},"
    " resolution: {target: 9h, anchor: handoff}}, {name: standard}]"
)
LATER = (
    "routed", "acknowledged", "moved_private", "paused", "resumed", "reassigned", "mention_added", "resolved",
    "closed",
)  # fmt: skip
HOURS = st.integers(0, 200).map(lambda quarters: quarters / 4)


@st.composite
def stories(draw: st.DrawFn) -> list[IssueEvent]:
    """Events of one issue in one to three rounds, at any times: hosts' clocks differ."""
    told: list[IssueEvent] = []
    for number in range(1, draw(st.integers(1, 3)) + 1):
        kinds = ["opened" if number == 1 else "reopened", *draw(st.lists(st.sampled_from(LATER), max_size=7))]
        for kind in kinds:
            own = {"complaint_at": hours(draw(HOURS))} if kind == "reopened" else {}
            told.append(event(kind, draw(HOURS), len(told) + 1, round=number, **own))
    return told


policies = st.sampled_from([STANDARD, HANDOFF, BY_QUEUE])


@st.composite
def arrivals(draw: st.DrawFn) -> tuple[list[IssueEvent], list[IssueEvent]]:
    """A story, and the same with repeats in another order."""
    told = draw(stories())
    repeats = draw(st.lists(st.sampled_from(told), max_size=5))
    return told, draw(st.permutations([*told, *repeats]))


@given(arrivals(), policies)
def test_any_order_and_repetition_gives_the_same_clocks_and_timers(
    told: tuple[list[IssueEvent], list[IssueEvent]], rules: SlaPolicies
) -> None:
    in_order, arrived = told
    assert _clocks(in_order, rules) == _clocks(arrived, rules)


@given(arrivals(), policies)
def test_events_heard_one_by_one_in_any_order_leave_what_the_whole_story_leaves(
    told: tuple[list[IssueEvent], list[IssueEvent]], rules: SlaPolicies
) -> None:
    in_order, arrived = told
    before_all = -24.0
    whole, bit_by_bit = World(rules).at(before_all).hear(*in_order), World(rules).at(before_all)
    for each in arrived:
        bit_by_bit.hear(each)
    wanted = {(clock.round, clock.name): clock for clock in _clocks(in_order, rules)}
    for world in (whole, bit_by_bit):
        pending = {(*timer.key, timer.due_at) for timer in world.known.timers if timer.pending}
        assert pending == {(*timer.key, timer.due_at) for clock in wanted.values() for timer in desired(clock)}
        assert {(c.round, c.clock): (c.deadline_at, c.ended_at, c.kept) for c in world.known.clocks} == {
            key: (clock.deadline_at, clock.ended_at, clock.kept) for key, clock in wanted.items()
        }


@given(stories(), policies)
def test_a_verdict_says_whether_the_stop_lies_before_the_deadline(told: list[IssueEvent], rules: SlaPolicies) -> None:
    for clock in _clocks(told, rules):
        assert (clock.kept is None) == (clock.stopped_at is None)
        if clock.stopped_at is not None:
            assert clock.kept == (clock.stopped_at <= clock.deadline_at)
            assert clock.ended_at is not None
            assert clock.ended_at <= clock.stopped_at


@given(stories(), policies)
def test_a_breach_is_wanted_exactly_when_the_clock_ran_beyond_its_deadline(
    told: list[IssueEvent], rules: SlaPolicies
) -> None:
    for clock in _clocks(told, rules):
        breaches = [timer for timer in desired(clock) if timer.kind == "breach"]
        if clock.ended_at is not None:
            assert bool(breaches) == (clock.deadline_at < clock.ended_at)
        elif not clock.resting:
            assert [timer.due_at for timer in breaches] == [clock.deadline_at]


@given(
    st.lists(st.tuples(st.integers(1, 500), st.integers(0, 500)), max_size=6),
    st.integers(0, 3000),
    st.integers(0, 2000),
)
def test_a_clock_reaches_what_it_has_run_minute_by_minute(
    gaps: list[tuple[int, int]], start: int, running: int
) -> None:
    """The oracle counts every minute that lies in no rest."""
    rests, at = [], 0
    for gap, length in gaps:
        rests.append((at + gap, at + gap + length))
        at += gap + length
    minute, ran = start, 0
    while ran < running:
        ran += not any(begin <= minute < end for begin, end in rests)
        minute += 1
    pauses = [Rest(_minute(begin), _minute(end)) for begin, end in rests]
    assert reach(_minute(start), timedelta(minutes=running), pauses) == _minute(minute)


def _minute(number: int) -> datetime:
    return hours(0) + timedelta(minutes=number)


def _clocks(told: list[IssueEvent], rules: SlaPolicies) -> list[Clock]:
    return [clock for state in fold(steps(told)) for clock in clocks(state, rules)]
