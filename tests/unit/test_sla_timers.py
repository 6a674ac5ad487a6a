"""Timers: how a new reckoning changes those that were set before."""

from datetime import timedelta

import msgspec

from sla_watcher.clocks import clocks
from sla_watcher.lifecycle import fold
from sla_watcher.policy import parse
from sla_watcher.timers import Changes, Timer, desired, reconcile
from sla_world import STANDARD, hours, steps, story

NOW = hours(1)


def _timers(policy: str = "policies: [{name: standard}]", **at: float | None) -> tuple[Timer, ...]:
    triage, *_ = clocks(fold(steps(story(**at)))[0], parse(policy))
    return desired(triage)


TIMERS = _timers(opened=0, routed=0)


def test_a_first_reckoning_sets_one_timer_per_level() -> None:
    assert reconcile((), TIMERS, NOW) == Changes(TIMERS, (), ())


def test_the_same_reckoning_changes_nothing() -> None:
    assert reconcile(TIMERS, TIMERS, NOW) == Changes((), (), ())


def test_what_is_no_longer_wanted_is_cancelled() -> None:
    assert [(t.level, t.cancelled_at) for t in reconcile(TIMERS, (), NOW).cancelled] == [
        (timer.level, NOW) for timer in TIMERS
    ]


def test_a_fired_timer_is_neither_moved_nor_cancelled_nor_set_again() -> None:
    fired = tuple(msgspec.structs.replace(timer, fired_at=NOW) for timer in TIMERS)
    moved = tuple(msgspec.structs.replace(timer, due_at=timer.due_at + timedelta(hours=1)) for timer in TIMERS)
    assert reconcile(fired, moved, NOW) == Changes((), (), ())
    assert reconcile(fired, (), NOW) == Changes((), (), ())


def test_a_timer_moves_with_its_deadline_and_comes_back_after_it_was_cancelled() -> None:
    moved = tuple(msgspec.structs.replace(timer, due_at=timer.due_at + timedelta(hours=1)) for timer in TIMERS)
    assert reconcile(TIMERS, moved, NOW) == Changes((), moved, ())
    cancelled = tuple(msgspec.structs.replace(timer, cancelled_at=NOW) for timer in TIMERS)
    assert reconcile(cancelled, TIMERS, NOW) == Changes((), TIMERS, ())
    assert reconcile(cancelled, (), NOW) == Changes((), (), ())


def test_levels_that_fall_due_together_keep_the_order_of_the_ladder() -> None:
    ladder = "[{name: z, kind: breach, offset: 0}, {name: a, kind: escalate, offset: 0}]"
    timers = _timers(f"ladders: {{default: {ladder}}}\npolicies: [{{name: standard}}]", opened=0)
    assert [timer.level for timer in timers] == ["z", "a"]


def test_a_level_due_at_the_very_end_was_never_reached() -> None:
    assert [timer.level for timer in _timers(opened=0, routed=0, acknowledged=12)] == ["warning"]
    assert STANDARD.choose(None, "normal").triage.target == timedelta(hours=12)
