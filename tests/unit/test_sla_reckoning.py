"""What is told of clocks: levels, verdicts, and revisions when it turns out otherwise."""

from datetime import timedelta

import pytest

from shenava.dev.audit import nothing_is_revised_in_silence
from shenava.events import (
    SlaBreached,
    SlaEscalated,
    SlaFired,
    SlaMet,
    SlaVerdictRevised,
    SlaWarned,
)
from shenava.events.sla import SlaEvent
from sla_watcher.policy import parse
from sla_watcher.reckoning import PolicyBook
from sla_world import World, event, hours, story

SHORT = parse("policies: [{name: short, triage: {target: 4h}, resolution: {target: 8h}}]")


def test_an_acknowledged_issue_is_never_escalated() -> None:
    world = World().at(1).hear(*story(opened=0, routed=0.5)).at(2).hear(event("acknowledged", 2, 3))
    assert [e for e in world.at(100).watch().told if e.clock == "triage"] == [world.told[0]]
    assert _told(world)[0] == ("triage", "SlaMet")


def test_nobody_is_told_before_a_level_is_due() -> None:
    world = World().hear(*story(opened=0, routed=0))
    just_before = timedelta(hours=9) - timedelta(microseconds=1)
    world.now = hours(0) + just_before
    assert world.watch().told == []
    assert _told(world.at(9).watch()) == [("triage", "warning")]


def test_the_ladder_of_an_issue_that_nobody_answers_is_told_rung_by_rung() -> None:
    world = World().hear(*story(opened=0, routed=0))
    for hour in range(50):
        world.at(hour).watch()
    assert [(e.clock, e.level, e.due_at) for e in world.told if isinstance(e, SlaFired)] == [
        ("triage", "warning", hours(9)),
        ("triage", "breach", hours(12)),
        ("triage", "lead", hours(15)),
        ("resolution", "warning", hours(18)),
        ("resolution", "breach", hours(24)),
        ("triage", "manager", hours(24)),
        ("resolution", "lead", hours(30)),
        ("resolution", "manager", hours(48)),
    ]


def test_after_downtime_overdue_levels_are_told_once_in_order_with_how_late_they_are() -> None:
    world = World().hear(*story(opened=0, routed=0)).at(16).watch().watch()
    assert [(e.level, e.late_by) for e in world.told if isinstance(e, SlaFired)] == [
        ("warning", 7 * 3600),
        ("breach", 4 * 3600),
        ("lead", 3600),
    ]


def test_levels_reached_before_the_end_are_told_and_those_after_it_are_void() -> None:
    """The watcher was down; the issue was resolved at 26 h, after its breach and before its first escalation."""
    world = World().hear(*story(opened=0, routed=0, acknowledged=1))
    world.at(40).hear(event("resolved", 26, 4)).at(100).watch()
    assert _told(world) == [
        ("triage", "SlaMet"),
        ("resolution", "warning"),
        ("resolution", "breach"),
        ("resolution", "SlaMet"),
    ]
    assert [(t.clock, t.level) for t in world.known.timers if t.cancelled_at] == [
        ("resolution", "lead"),
        ("resolution", "manager"),
    ]


def test_a_clock_that_stops_says_so_once_with_both_elapsed_times() -> None:
    world = World().at(30).hear(*story(opened=0, routed=2, acknowledged=3, resolved=20))
    world.hear(*story(opened=0, routed=2, acknowledged=3, resolved=20))
    met = {e.clock: e for e in world.told if isinstance(e, SlaMet)}
    assert len(world.of(SlaMet)) == 2
    assert (met["resolution"].kept, met["resolution"].stopped_at) == (True, hours(20))
    assert met["resolution"].elapsed_from_complaint == 20 * 3600
    assert met["resolution"].elapsed_from_handoff == 18 * 3600
    assert met["triage"].elapsed_from_handoff == 3600


def test_a_promise_that_was_not_kept_is_told_as_such_when_the_clock_stops() -> None:
    world = World().hear(*story(opened=0, routed=0)).at(13).watch().hear(event("acknowledged", 13, 3))
    assert [e.kept for e in world.told if isinstance(e, SlaMet)] == [False]
    assert world.of(SlaVerdictRevised) == []


@pytest.mark.parametrize(
    ("events", "missing"),
    [
        ({"opened": 0}, ("reply", "routing")),
        ({"opened": 0, "routed": 1}, ("reply",)),
        ({"opened": 0, "acknowledged": 1}, ("routing",)),
    ],
)
def test_a_level_of_triage_says_which_half_is_missing(events: dict[str, float], missing: tuple[str, ...]) -> None:
    world = World().at(9).hear(*story(**events)).watch()
    assert [e.missing for e in world.told if isinstance(e, SlaWarned)] == [missing]


def test_a_late_told_level_says_what_was_missing_when_it_was_due() -> None:
    world = World().at(20).hear(*story(opened=0, routed=1, acknowledged=13))
    assert [(e.level, e.missing) for e in world.told if isinstance(e, SlaFired)] == [
        ("warning", ("reply",)),
        ("breach", ("reply",)),
    ]


def test_a_late_reply_overturns_the_breach_explicitly() -> None:
    """The reply was written at 11 h and heard of at 13 h, after the breach at 12 h was told."""
    world = World().hear(*story(opened=0, routed=0)).at(12.5).watch().at(13).hear(event("acknowledged", 11, 3))
    assert _told(world)[1:] == [("triage", "breach"), ("triage", "SlaVerdictRevised"), ("triage", "SlaMet")]
    revised = world.of(SlaVerdictRevised)[0]
    assert isinstance(revised, SlaVerdictRevised)
    assert (revised.was_kept, revised.kept, revised.reason) == (False, True, "late_event")
    assert [e.kept for e in world.told if isinstance(e, SlaMet)] == [True]


def test_a_late_pause_overturns_a_verdict_that_was_told() -> None:
    """Resolved at 26 h, too late; then it is heard that the clock rested from 5 h to 15 h."""
    world = World().hear(*story(opened=0, routed=0, acknowledged=1)).at(27).hear(event("resolved", 26, 6))
    world.at(28).hear(event("paused", 5, 4), event("resumed", 15, 5))
    revised = [e for e in world.told if isinstance(e, SlaVerdictRevised)]
    assert [(e.clock, e.was_kept, e.kept) for e in revised] == [("resolution", False, True)]
    assert (revised[0].previous_deadline_at, revised[0].deadline_at) == (hours(24), hours(34))
    assert len([e for e in world.of(SlaMet) if e.clock == "resolution"]) == 1


def test_a_deadline_that_moves_after_a_warning_is_told() -> None:
    world = World().hear(*story(opened=0, routed=0, acknowledged=1)).at(19).watch()
    world.at(20).hear(event("paused", 20, 4)).at(25).hear(event("resumed", 25, 5))
    revised = [e for e in world.told if isinstance(e, SlaVerdictRevised)]
    assert [(e.reason, e.previous_deadline_at, e.deadline_at) for e in revised] == [
        ("deadline_moved", hours(24), hours(29))
    ]
    assert (revised[0].was_kept, revised[0].kept) == (None, None)


def test_a_deadline_that_moves_before_anything_was_told_is_not_news() -> None:
    world = World().hear(*story(opened=0, routed=0, paused=2, resumed=4))
    assert world.told == []


def test_a_level_that_was_told_is_never_told_again_when_its_deadline_moves() -> None:
    world = World().hear(*story(opened=0, routed=0, acknowledged=1)).at(25).watch()
    world.hear(event("paused", 2, 4), event("resumed", 6, 5)).at(100).watch()
    levels = [e.level for e in world.told if isinstance(e, SlaFired)]
    assert levels == ["warning", "breach", "lead", "manager"]
    revised = [e for e in world.told if isinstance(e, SlaVerdictRevised)]
    assert [(e.was_kept, e.kept, e.deadline_at) for e in revised] == [(False, None, hours(28))]


def test_a_resolution_ends_triage_without_a_verdict_and_a_later_reply_gives_it() -> None:
    world = World().hear(*story(opened=0, routed=0)).at(2).hear(event("resolved", 2, 3)).at(50).watch()
    assert _told(world) == [("resolution", "SlaMet")]
    world.hear(event("acknowledged", 3, 4))
    assert _told(world)[1:] == [("triage", "SlaMet")]


def test_a_closed_issue_tells_nothing_any_more() -> None:
    world = World().hear(*story(opened=0, routed=0)).at(2).hear(event("closed", 2, 3)).at(100).watch()
    assert world.told == []


def test_an_issue_closed_after_downtime_tells_what_was_reached_before_it_was_closed() -> None:
    world = World().hear(*story(opened=0, routed=0)).at(30).hear(event("closed", 13, 3))
    assert _told(world) == [("triage", "warning"), ("triage", "breach")]
    assert _told(world.at(100).watch()) == [("triage", "warning"), ("triage", "breach")]


def test_a_reopened_issue_is_watched_anew_and_its_old_round_no_more() -> None:
    world = World().hear(*story(opened=0, routed=0)).at(48).hear(event("reopened", 48, 3, round=2)).at(60).watch()
    by_round = [(e.round, e.clock, e.level) for e in world.told if isinstance(e, SlaFired)]
    assert by_round[-2:] == [(2, "triage", "warning"), (2, "triage", "breach")]
    assert [level for number, _, level in by_round if number == 1].count("manager") == 1


def test_changed_policies_move_running_clocks_and_say_so_where_something_was_told() -> None:
    world = World().hear(*story(opened=0, routed=0)).at(9).watch().adopt(SHORT)
    revised = [e for e in world.told if isinstance(e, SlaVerdictRevised)]
    assert [(e.clock, e.reason, e.deadline_at) for e in revised] == [("triage", "policy_changed", hours(4))]
    world.watch()
    assert {(e.clock, e.level) for e in world.told if isinstance(e, SlaBreached)} == {
        ("triage", "breach"),
        ("resolution", "breach"),
    }


def test_a_deadline_that_moved_is_told_before_the_levels_that_it_was_reached_by() -> None:
    world = World().hear(*story(opened=0, routed=0)).at(9).watch().at(10)
    world.book = PolicyBook(SHORT)
    world.hear(event("acknowledged", 10, 3))  # the first that the watcher hears of the issue under them
    triage = [e for e in world.told if e.clock == "triage"]
    assert [_name(e) for e in triage] == ["warning", "SlaVerdictRevised", "breach", "lead", "manager", "SlaMet"]
    assert nothing_is_revised_in_silence(world.told) == []


def test_a_verdict_stands_under_the_policies_that_it_was_given_under() -> None:
    world = World().hear(*story(opened=0, routed=0, acknowledged=5)).at(6).adopt(SHORT).hear(event("resolved", 6, 4))
    assert [(e.clock, e.policy, e.kept) for e in world.told if isinstance(e, SlaMet)] == [
        ("triage", "standard", True),
        ("resolution", "short", True),
    ]
    assert world.of(SlaVerdictRevised) == []


def test_the_same_firing_has_the_same_id_and_each_level_its_own() -> None:
    def fired() -> list[str]:
        return [e.event_id for e in World().hear(*story(opened=0, routed=0)).at(100).watch().told]

    assert fired() == fired()
    assert len(set(fired())) == len(fired()) == 8


def test_escalations_name_whom_to_tell() -> None:
    world = World().hear(*story(opened=0, routed=0)).at(24).watch()
    told = [(e.clock, e.tell) for e in world.told if isinstance(e, SlaEscalated)]
    assert told == [("triage", ("lead",)), ("triage", ("manager",))]


def _told(world: World) -> list[tuple[str, str]]:
    return [(e.clock, _name(e)) for e in world.told]


def _name(told: SlaEvent) -> str:
    return told.level if isinstance(told, SlaFired) else type(told).__name__
