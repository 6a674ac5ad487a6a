"""The oracle finds each kind of loss, doubling and contradiction, and nothing where all is well."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shenava.dev.evidence import Delivery, Evidence, Tables, Timer, Told
from shenava.dev.oracle import judge
from shenava.events.sla import ClockName
from shenava.testing import builders
from shenava.testing.builders import ISSUE

CLOCKS: tuple[ClockName, ...] = ("triage", "resolution")


def _evidence() -> Evidence:
    """One complaint that became an issue which nobody answers, and one mention that needs nobody."""
    complaint = builders.received(native_id="n-1", conversation="c-1", text="سفارشم نرسیده!")
    praise = builders.received(native_id="n-2", conversation="c-2", text="ممنون، عالی بود")
    understood, praised = (builders.classified(mention=event.mention) for event in (complaint, praise))
    heard = complaint.mention.mention_id
    clocks = [builders.sla_breached(clock=clock) for clock in CLOCKS]
    passed = builders.passed(praised)
    return Evidence(
        told=Told(accepted={complaint.event_id, praise.event_id}, matters={"c-1": {heard}}),
        received=[complaint, praise],
        classified=[understood, praised],
        passed=[passed],
        lifecycle=[builders.issue_opened(mention_id=heard), builders.issue_routed()],
        clocks=clocks,
        tables=Tables(
            history={ISSUE: frozenset({1, 2})},
            homes={heard: ISSUE},
            deliveries=[Delivery("message-1", "routes", ISSUE, "issue.routed", "delivered")],
            staged={"router": 0, "sla_watcher": 0},
            clocks=frozenset((ISSUE, 1, clock) for clock in CLOCKS),
            timers=[Timer(ISSUE, 1, clock, "breach", fired=True, cancelled=False) for clock in CLOCKS],
            counted={heard, praise.mention.mention_id},
            hours=2,
            projected={ISSUE: (2, 2)},
            verdicts={event.event_id for event in clocks},
            passed={passed.cause_id},
        ),
        taken={"message-1"},
        levels=("breach",),
        routes_to="routes",
    )


GOOD = _evidence()
COMPLAINT, PRAISE = GOOD.received


def _with(**over: Any) -> Evidence:
    return replace(GOOD, **over)


def _tables(**over: Any) -> Evidence:
    return replace(GOOD, tables=replace(GOOD.tables, **over))


def _told(**over: Any) -> Evidence:
    return replace(GOOD, told=replace(GOOD.told, **over))


SECOND_ROUTE = builders.issue_routed(sequence=3)
OTHER = Delivery("message-2", "routes", ISSUE, "issue.routed", "pending")

LOST = {
    "a mention that was accepted and is nowhere": _told(accepted={COMPLAINT.event_id, "another"}),
    "a mention that was never classified": _with(classified=GOOD.classified[1:]),
    "a mention that nobody routed or passed": _with(passed=[], tables=replace(GOOD.tables, passed=set())),
    "an answer that was confirmed": _told(acknowledged={ISSUE}),
    "history": _tables(history={ISSUE: frozenset({1})}),
    "a mention's home": _tables(homes={}),
    "a clock": _tables(clocks=frozenset({(ISSUE, 1, "triage")})),
    "a mention in the numbers": _tables(counted={COMPLAINT.mention.mention_id}),
    "a mention in the hours": _tables(hours=1),
    "an issue in the numbers": _tables(projected={}),
    "a clock's event in the numbers": _tables(verdicts=set()),
    "a passed mention in the numbers": _tables(passed=set()),
    "what waits in an outbox": _tables(staged={"router": 1, "sla_watcher": 0}),
    "a webhook": _with(taken=set()),
    "a delivery": _tables(deliveries=[]),
    "the delivery of a second route": _with(lifecycle=[*GOOD.lifecycle, SECOND_ROUTE]),
}
DOUBLED = {
    "a mention in two issues": _with(
        lifecycle=[*GOOD.lifecycle, builders.issue_opened(issue_id="i-2", mention_id=COMPLAINT.mention.mention_id)]
    ),
    "a matter of two issues": _with(
        told=replace(
            GOOD.told,
            matters={"c-1": {COMPLAINT.mention.mention_id, PRAISE.mention.mention_id}},
        ),
        lifecycle=[
            *GOOD.lifecycle,
            builders.issue_opened(issue_id="i-2", mention_id=PRAISE.mention.mention_id),
        ],
    ),
    "a level": _with(clocks=[*GOOD.clocks, builders.sla_breached(event_id="again")]),
    "a level that was early": _with(
        clocks=[builders.sla_breached(occurred_at=GOOD.clocks[0].occurred_at - timedelta(seconds=1))]
    ),
    "a mention in the numbers": _tables(counted={*GOOD.tables.counted, "another"}),
    "a mention in the hours": _tables(hours=3),
    "an issue in the numbers": _tables(projected={ISSUE: (2, 2), "i-2": (1, 1)}),
    "a delivery": _tables(deliveries=[*GOOD.tables.deliveries, OTHER]),
    "a webhook of nobody": _with(taken={"message-1", "message-9"}),
}
WRONG = {
    "a gap in an issue's life": _with(lifecycle=[GOOD.lifecycle[0], builders.issue_routed(sequence=3)]),
    "an open issue without timers": _tables(timers=[]),
    "a timer that waits": _tables(
        timers=[Timer(ISSUE, 1, clock, "breach", fired=False, cancelled=False) for clock in CLOCKS]
    ),
    "a level that was skipped": _with(levels=("breach", "manager")),
    "a level that fired and was not told": _with(clocks=GOOD.clocks[:1]),
}


def test_where_all_is_well_nothing_is_found() -> None:
    assert judge(GOOD).sentences == []


@pytest.mark.parametrize("what", LOST)
def test_what_is_missing_is_lost(what: str) -> None:
    assert judge(LOST[what]).lost


@pytest.mark.parametrize("what", DOUBLED)
def test_what_is_there_twice_or_without_a_cause_is_doubled(what: str) -> None:
    assert judge(DOUBLED[what]).doubled


@pytest.mark.parametrize("what", WRONG)
def test_what_is_at_odds_is_wrong(what: str) -> None:
    assert judge(WRONG[what]).wrong


def test_a_repeat_on_a_topic_is_no_second_effect() -> None:
    repeated = replace(
        GOOD,
        received=[*GOOD.received, COMPLAINT],
        classified=[*GOOD.classified, GOOD.classified[0]],
        lifecycle=[*GOOD.lifecycle, *GOOD.lifecycle],
        clocks=[*GOOD.clocks, *GOOD.clocks],
        passed=[*GOOD.passed, *GOOD.passed],
    )

    assert judge(repeated).sentences == []


def test_a_mention_without_an_answer_may_be_there_or_not() -> None:
    without_answer = _told(accepted={PRAISE.event_id}, matters={"c-1": {COMPLAINT.mention.mention_id}, "c-9": {"lost"}})

    assert judge(without_answer).sentences == []


def test_an_issue_that_a_team_answered_need_not_reach_every_level() -> None:
    answered = _with(
        lifecycle=[*GOOD.lifecycle, builders.issue_acknowledged(sequence=3)],
        levels=("breach", "manager"),
        tables=replace(GOOD.tables, history={ISSUE: frozenset({1, 2, 3})}, projected={ISSUE: (3, 3)}),
    )

    assert judge(answered).sentences == []
