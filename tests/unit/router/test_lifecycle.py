"""What people may do with an issue, and what they may not."""

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from router.commands import (
    ROUTES,
    Acknowledge,
    Close,
    Command,
    MovePrivate,
    Pause,
    Reassign,
    Reopen,
    Resolve,
    Resume,
)
from router.issue import Issue, evolve, opened
from router.lifecycle import Changed, Conflict, Unchanged, apply
from shenava.events import IssueReassigned, IssueReopened, IssueResolved, IssueRouted
from shenava.testing.builders import (
    BASE,
    issue_acknowledged,
    issue_mention_added,
    issue_opened,
    issue_resolved,
    issue_routed,
)

NOW = BASE + timedelta(hours=1)
OWNERS = {"customer-care": "care-lead", "content": "content-lead", "product": "product-lead"}
ROUTED = issue_routed()
FRESH = evolve(opened(issue_opened()), ROUTED)

SAMPLES: dict[type[Command], Command] = {
    Acknowledge: Acknowledge(reply_url="https://social.example/r/1"),
    MovePrivate: MovePrivate(to="email", reason="شماره سفارش"),
    Pause: Pause(reason="waiting for the customer"),
    Resume: Resume(),
    Reassign: Reassign(queue="product"),
    Resolve: Resolve(resolution="refunded"),
    Reopen: Reopen(reason="it broke again"),
    Close: Close(reason="settled"),
}


def given(issue: Issue, command: Command) -> Changed | Unchanged | Conflict:
    return apply(issue, command, routed=ROUTED, owners=OWNERS, by="helpdesk", now=NOW)  # type: ignore[arg-type]  # the keys are queues


def done(issue: Issue, *kinds: type[Command]) -> Issue:
    for kind in kinds:
        result = given(issue, SAMPLES[kind])
        assert isinstance(result, Changed), kind
        issue = result.issue
    return issue


STATES: dict[str, Issue] = {
    "routed": FRESH,
    "acknowledged": done(FRESH, Acknowledge),
    "moved_private": done(FRESH, Acknowledge, MovePrivate),
    "paused": done(FRESH, Acknowledge, Pause),
    "resolved": done(FRESH, Acknowledge, Resolve),
    "resolved_unanswered": done(FRESH, Resolve),
    "closed": done(FRESH, Acknowledge, Resolve, Close),
    "reopened": done(FRESH, Acknowledge, Resolve, Reopen),
}
# + something happens, . it is so already, x it is not possible; in the order of SAMPLES.
TABLE = {
    "routed":              "+ + + . + + . x",
    "acknowledged":        ". + + . + + . x",
    "moved_private":       ". . + . + + . x",
    "paused":              ". + . + + + . x",
    "resolved":            ". x x x x . + +",
    "resolved_unanswered": "+ x x x x . + +",
    "closed":              ". x x x x x x .",
    "reopened":            "+ + + . + + . x",
}  # fmt: skip
SIGNS: dict[type, str] = {Changed: "+", Unchanged: ".", Conflict: "x"}


@pytest.mark.parametrize("state", STATES)
def test_each_command_in_each_state_happens_is_so_already_or_is_refused(state: str) -> None:
    found = " ".join(SIGNS[type(given(STATES[state], command))] for command in SAMPLES.values())
    assert found == TABLE[state]


@pytest.mark.parametrize("kind", SAMPLES)
def test_a_command_given_twice_changes_nothing_the_second_time(kind: type[Command]) -> None:
    for issue in STATES.values():
        first = given(issue, SAMPLES[kind])
        if isinstance(first, Changed):
            assert given(first.issue, SAMPLES[kind]) == Unchanged()


def test_a_refusal_names_what_is_possible() -> None:
    refused = given(STATES["resolved"], SAMPLES[Pause])
    assert refused == Conflict("pause is not possible: the issue is resolved", ("acknowledge", "reopen", "close"))
    refused = given(STATES["closed"], SAMPLES[Resolve])
    assert refused == Conflict("resolve is not possible: the issue is closed", ())


def test_the_issue_is_always_the_fold_of_its_events() -> None:
    for issue in STATES.values():
        for command in SAMPLES.values():
            result = given(issue, command)
            if isinstance(result, Changed):
                folded = issue
                for event in result.events:
                    folded = evolve(folded, event)
                assert folded == result.issue


def test_events_say_who_when_and_which_round() -> None:
    result = given(FRESH, SAMPLES[Acknowledge])
    assert isinstance(result, Changed)
    (event,) = result.events
    assert (event.by, event.occurred_at, event.round, event.sequence) == ("helpdesk", NOW, 1, 3)


def test_resolving_ends_a_pause_and_keeps_how_it_was_resolved() -> None:
    issue = done(STATES["paused"], Resolve)
    assert (issue.state, issue.paused, issue.resolution, issue.resolved_at) == ("resolved", False, "refunded", NOW)
    other = given(issue, Resolve(resolution="solved"))
    assert isinstance(other, Conflict)


def test_reopening_begins_the_next_round_routed_to_whom_it_was_routed_before() -> None:
    settled = done(FRESH, Reassign, Acknowledge, Resolve)
    result = given(settled, Reopen(complaint_at=BASE + timedelta(minutes=30)))
    assert isinstance(result, Changed)
    reopened, routed = result.events
    assert isinstance(reopened, IssueReopened)
    assert isinstance(routed, IssueRouted)
    assert (reopened.round, routed.round, result.issue.round) == (2, 2, 2)
    assert (routed.queue, routed.owner) == ("product", "product-lead")
    assert routed.complaint_at == reopened.complaint_at == BASE + timedelta(minutes=30)
    issue = result.issue
    assert (issue.state, issue.acknowledged_at, issue.resolved_at, issue.resolution) == ("routed", None, None, None)


def test_reopening_without_a_time_counts_from_now() -> None:
    result = given(STATES["resolved"], Reopen())
    assert isinstance(result, Changed)
    assert result.issue.complaint_at == NOW
    assert result.issue.takes(NOW + timedelta(hours=20), timedelta(hours=24))


def test_reassigning_names_the_queues_owner_and_hands_everything_over_to_the_new_queue() -> None:
    result = given(FRESH, Reassign(queue="product", reason="a fault of the app"))
    assert isinstance(result, Changed)
    (event,) = result.events
    assert isinstance(event, IssueReassigned)
    assert (event.queue, event.owner) == ("product", "product-lead")
    assert result.handover
    assert (result.handover.queue, result.handover.owner) == ("product", "product-lead")
    assert result.handover.mention == ROUTED.mention
    assert result.handover.decision.rule_id == "reassigned"
    assert result.handover.event_id not in {ROUTED.event_id, event.event_id}
    assert result.issue.pinned


def test_another_owner_of_the_same_queue_is_a_change_too() -> None:
    result = given(FRESH, Reassign(queue="customer-care", owner="night-shift"))
    assert isinstance(result, Changed)
    assert result.issue.owner == "night-shift"


def test_moving_to_another_private_channel_is_a_new_fact() -> None:
    result = given(STATES["moved_private"], MovePrivate(to="phone", reason="urgent"))
    assert isinstance(result, Changed)
    assert result.issue.moved_private_to == "phone"


def test_a_reply_that_arrives_after_the_resolution_is_recorded_and_the_issue_stays_resolved() -> None:
    issue = done(STATES["resolved_unanswered"], Acknowledge)
    assert (issue.state, issue.acknowledged_at) == ("resolved", NOW)


def test_one_more_mention_counts_and_moves_the_latest_time_forward_only() -> None:
    later, earlier = BASE + timedelta(hours=2), BASE - timedelta(hours=2)
    issue = evolve(FRESH, issue_mention_added(sequence=3, posted_at=later))
    issue = evolve(issue, issue_mention_added(sequence=4, posted_at=earlier))
    assert (issue.mention_count, issue.last_mention_at, issue.state) == (3, later, "routed")


def test_events_of_another_issue_or_out_of_turn_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot follow"):
        evolve(FRESH, issue_resolved(sequence=5))
    with pytest.raises(ValueError, match="cannot follow"):
        evolve(FRESH, issue_acknowledged(issue_id="another"))
    with pytest.raises(ValueError, match="IssueOpened cannot happen"):
        evolve(FRESH, issue_opened(sequence=3))


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("move-private", {"to": "fax", "reason": "x"}),
        ("move-private", {"to": "email"}),
        ("pause", {"reason": "  "}),
        ("pause", {"reason": "x" * 513}),
        ("pause", {"reason": "a\x00b"}),
        ("reassign", {"queue": "legal"}),
        ("resolve", {"resolution": "ignored"}),
        ("resolve", {"note": "ok", "extra": 1}),
        ("acknowledge", {"reply_url": "javascript:alert(1)"}),
        ("reopen", {"complaint_at": "2026-03-21T10:00:00"}),
        ("close", {}),
    ],
)
def test_a_command_that_makes_no_sense_is_no_command(name: str, body: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ROUTES[name].model_validate(body)


def test_a_resolution_carries_its_note() -> None:
    result = given(FRESH, Resolve(resolution="answered", note="راهنما فرستاده شد"))
    assert isinstance(result, Changed)
    (event,) = result.events
    assert isinstance(event, IssueResolved)
    assert (event.resolution, event.note) == ("answered", "راهنما فرستاده شد")
