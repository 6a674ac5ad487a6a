"""What an issue's events come to, in every order they may arrive in."""

from datetime import timedelta
from itertools import permutations

import pytest

from metrics_api.lifecycle import Extent, Folded, fold
from metrics_api.projection import issue_event_row
from shenava.events import IssueEvent
from shenava.events.issues import Decision
from shenava.testing import builders as b
from shenava.testing.builders import BASE

HOUR_US = 3_600_000_000


def hours(number: float) -> dict[str, object]:
    return {"occurred_at": BASE + timedelta(hours=number)}


def folded(*events: IssueEvent) -> Folded:
    rows = [issue_event_row(event) for event in events]
    extent = Extent(
        issue_id=b.ISSUE,
        brand=b.BRAND,
        first_at=min(row.occurred_at for row in rows),
        last_sequence=max(row.sequence for row in rows),
        seen=len(rows),
    )
    return fold(extent, [row for row in rows if row.kind != "mention-added"])


def test_a_resolved_issue_has_one_round_with_all_its_instants() -> None:
    told = folded(
        b.issue_opened(), b.issue_routed(), b.issue_acknowledged(sequence=3), b.issue_moved_private(sequence=4),
        b.issue_resolved(sequence=5, resolution="refunded"),
    )  # fmt: skip
    (only,) = told.rounds
    assert told.issue.state == "resolved"
    assert (told.issue.queue, told.issue.rule_id, told.issue.fallback) == ("customer-care", "late-order", False)
    assert only.complaint_at == BASE
    minutes = [(at - BASE).seconds // 60 for at in (only.routed_at, only.acknowledged_at, only.resolved_at) if at]
    assert minutes == [2, 3, 5]
    assert (only.resolution, only.ended_at) == ("refunded", None)


@pytest.mark.parametrize(
    ("events", "state"),
    [
        ([b.issue_opened()], "open"),
        ([b.issue_opened(), b.issue_routed()], "routed"),
        ([b.issue_opened(), b.issue_acknowledged(sequence=2), b.issue_routed(sequence=3)], "acknowledged"),
        ([b.issue_opened(), b.issue_moved_private(sequence=2), b.issue_acknowledged(sequence=3)], "moved_private"),
        ([b.issue_opened(), b.issue_resolved(sequence=2), b.issue_closed(sequence=3)], "closed"),
        ([b.issue_opened(), b.issue_resolved(sequence=2), b.issue_reopened(sequence=3)], "open"),
        ([b.issue_opened(), b.issue_routed(), b.issue_paused(sequence=3)], "routed"),
        ([b.issue_routed()], "unknown"),
        ([b.issue_mention_added()], "unknown"),
    ],
)
def test_the_state_is_what_the_events_say(events: list[IssueEvent], state: str) -> None:
    assert folded(*events).issue.state == state


def test_any_order_of_arrival_gives_the_same_issue() -> None:
    story = [
        b.issue_opened(), b.issue_routed(), b.issue_acknowledged(sequence=3), b.issue_resolved(sequence=4),
        b.issue_reopened(sequence=5), b.issue_routed(sequence=6, round=2, queue="product"),
    ]  # fmt: skip
    assert {folded(*order) for order in permutations(story)} == {folded(*story)}


def test_a_missing_event_shows_as_a_gap() -> None:
    issue = folded(b.issue_opened(), b.issue_acknowledged(sequence=3)).issue
    assert (issue.seen, issue.last_sequence) == (2, 3)


def test_a_reopened_issue_begins_a_round_and_ends_the_one_before() -> None:
    again = BASE + timedelta(days=2)
    told = folded(
        b.issue_opened(), b.issue_routed(), b.issue_acknowledged(sequence=3), b.issue_resolved(sequence=4),
        b.issue_reopened(sequence=5, complaint_at=again, occurred_at=again + timedelta(minutes=1)),
    )  # fmt: skip
    first, second = told.rounds
    assert first.ended_at == again + timedelta(minutes=1)
    assert first.resolved_at is not None
    assert (second.round, second.complaint_at, second.acknowledged_at) == (2, again, None)
    # Nobody routed it anew, so it is still in its owner's hands.
    assert second.routed_at == again + timedelta(minutes=1)
    assert second.queue == "customer-care"


def test_pauses_are_counted_from_each_anchor_and_end_with_the_resolution() -> None:
    (only,) = folded(
        b.issue_opened(),
        b.issue_paused(sequence=2, **hours(1)),
        b.issue_resumed(sequence=3, **hours(3)),
        b.issue_routed(sequence=4, **hours(2)),
        b.issue_paused(sequence=5, **hours(5)),
        b.issue_resolved(sequence=6, **hours(9)),
    ).rounds
    assert only.paused_us == 6 * HOUR_US
    assert only.paused_since_handoff_us == 5 * HOUR_US
    assert only.paused_since is None


def test_a_pause_that_lasts_is_told_by_its_beginning() -> None:
    (only,) = folded(b.issue_opened(), b.issue_paused(sequence=2, **hours(1))).rounds
    assert (only.paused_us, only.paused_since) == (0, BASE + timedelta(hours=1))


def test_the_fallback_is_told_until_a_rule_takes_the_issue() -> None:
    by_fallback = b.issue_routed(decision=Decision(rule_id="fallback", rulebook_version="r1", fallback=True))
    by_rule = b.issue_routed(sequence=3, decision=Decision(rule_id="angry", rulebook_version="r1"))
    assert folded(b.issue_opened(), by_fallback).issue.fallback
    assert not folded(b.issue_opened(), by_fallback, by_rule).issue.fallback


def test_a_reassigned_issue_is_counted_where_it_is_now() -> None:
    told = folded(b.issue_opened(), b.issue_routed(), b.issue_reassigned(sequence=3, queue="content"))
    assert told.issue.queue == "content"
    assert told.rounds[0].queue == "content"


def test_no_promise_covers_the_backfill_lane_until_the_issue_is_reopened() -> None:
    told = folded(b.issue_opened(starts_clocks=False), b.issue_resolved(sequence=2), b.issue_reopened(sequence=3))
    assert [each.starts_clocks for each in told.rounds] == [False, True]


def test_no_text_and_no_author_is_kept() -> None:
    step = issue_event_row(b.issue_routed()).step
    mention = b.mention()
    assert mention.text not in step
    assert mention.author.id not in step
