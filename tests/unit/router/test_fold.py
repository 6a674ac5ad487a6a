"""A batch of mentions becomes issues: opened, joined, routed anew, or left alone."""

from datetime import timedelta
from typing import Any

from router.decide import assess
from router.facts import facts
from router.fold import Assessed, Board, Folded, Revision, fold
from router.issue_keys import issue_keys
from rulebooks import book
from shenava.events import IssueMentionAdded, IssueOpened, IssueRouted, MentionClassified
from shenava.events.mentions import Author
from shenava.ids import derive
from shenava.testing.builders import BASE, classification, classified

WINDOW = timedelta(hours=24)
NOW = BASE + timedelta(minutes=5)
BOOK = book()


def said(native_id: str = "p-1", intent: str = "complaint", change: str = "posted", **over: Any) -> MentionClassified:
    return classified(native_id=native_id, change=change, classification=classification(intent=intent), **over)


def folded(*events: MentionClassified, board: Board | None = None) -> Folded:
    return fold([Assessed(e, assess(facts(e), BOOK)) for e in events], board or Board(), WINDOW, NOW)


def after(result: Folded, board: Board | None = None, *events: MentionClassified) -> Board:
    """What the next batch finds; ``events`` were recorded in this one."""
    before = board or Board()
    revisions = {e.mention.mention_id: Revision.of(e.mention.change, e.occurred_at) for e in events}
    return Board(
        before.keys | result.keys,
        before.issues | {id_: story.issue for id_, story in result.stories.items()},
        before.memberships | {m.mention_id: m.issue_id for m in result.memberships},
        before.revisions | revisions,
    )


def test_a_complaint_opens_an_issue_and_routes_it() -> None:
    event = said()
    (story,) = folded(event).stories.values()
    opened, routed = story.events
    assert isinstance(opened, IssueOpened)
    assert isinstance(routed, IssueRouted)
    assert opened.issue_id == derive("issue", event.brand, event.mention.mention_id, event.event_id)
    assert (opened.sequence, routed.sequence) == (1, 2)
    assert opened.complaint_at == routed.complaint_at == event.mention.posted_at
    assert opened.occurred_at == NOW
    assert (routed.queue, routed.owner, routed.severity) == ("customer-care", "care@nilgoon.example", "high")
    assert (routed.mention, routed.classification) == (event.mention, event.classification)
    assert story.issue.state == "routed"


def test_the_same_events_give_the_same_ids() -> None:
    first, second = folded(said()), folded(said())
    assert [s.events for s in first.stories.values()] == [s.events for s in second.stories.values()]


def test_a_later_mention_of_the_same_batch_joins_the_issue_that_an_earlier_one_opened() -> None:
    result = folded(said("p-1"), said("p-2"), said("p-3", conversation="elsewhere"))
    (story,) = result.stories.values()
    assert [type(event) for event in story.events[2:]] == [IssueMentionAdded, IssueMentionAdded]
    assert story.issue.mention_count == 3
    assert result.merged == 2


def test_who_joins_by_author_brings_the_conversation_along_but_a_guest_keeps_his_own_matter() -> None:
    guest = Author(id="guest")
    result = folded(said("p-1"), said("p-2", author=guest), said("p-3", author=guest, conversation="his"))
    assert len(result.stories) == 2
    assert result.keys[issue_keys(said("p-1")).author] != result.keys[issue_keys(said("p-3", author=guest)).author]


def test_another_matter_of_the_same_author_elsewhere_is_another_issue() -> None:
    result = folded(said("p-1"), said("p-2", "question", conversation="elsewhere", text="کی باز می‌کنید؟"))
    assert sorted(story.issue.queue or "" for story in result.stories.values()) == ["content", "customer-care"]


def test_thanks_after_the_resolution_open_nothing_and_a_new_complaint_opens_a_new_issue() -> None:
    board = after(folded(said("p-1")))
    (issue,) = board.issues.values()
    settled = Board(board.keys, {issue.id: _replaced(issue, state="resolved")}, board.memberships)
    assert not folded(said("p-2", "praise", text="ممنون، حل شد"), board=settled).stories
    (story,) = folded(said("p-3"), board=settled).stories.values()
    assert isinstance(story.events[0], IssueOpened)
    assert story.issue.id != issue.id


def test_an_edit_of_a_known_mention_never_opens_a_second_issue() -> None:
    board = after(folded(said()))
    edited = said(change="edited", text="سفارشم هنوز نرسیده", conversation="moved")
    assert not folded(edited, board=board).stories
    (issue,) = board.issues.values()
    settled = Board(board.keys, {issue.id: _replaced(issue, state="resolved")}, board.memberships)
    assert not folded(edited, board=settled).stories


def test_an_edit_that_turns_a_harmless_mention_into_a_complaint_opens_one() -> None:
    harmless = said(intent="other")
    board = after(folded(harmless), None, harmless)
    (story,) = folded(said(change="edited"), board=board).stories.values()
    assert story.issue.queue == "customer-care"


def test_an_edit_that_weighs_more_routes_its_issue_anew() -> None:
    wish = said(intent="suggestion")
    board = after(folded(wish), None, wish)
    (story,) = folded(said(change="edited"), board=board).stories.values()
    assert [type(event) for event in story.events] == [IssueRouted]
    assert (story.issue.queue, story.issue.severity, story.issue.sequence) == ("customer-care", "high", 3)


def test_what_was_deleted_or_edited_before_its_post_arrived_needs_nobody_for_the_post() -> None:
    for change in ("deleted", "edited"):
        harmless = said(intent="other", change=change)
        board = after(folded(harmless), None, harmless)
        assert not folded(said(), board=board).stories
    assert not folded(said(intent="other", change="deleted"), said()).stories


def test_a_complaint_in_a_harmless_thread_routes_the_issue_anew() -> None:
    (story,) = folded(said("p-1", "suggestion"), said("p-2", "complaint")).stories.values()
    assert [type(event) for event in story.events] == [IssueOpened, IssueRouted, IssueMentionAdded, IssueRouted]
    assert (story.issue.queue, story.issue.severity) == ("customer-care", "high")
    assert story.issue.decision
    assert story.issue.decision.rule_id == "complaint"


def passed(result: Folded) -> list[tuple[str, str]]:
    """Which events were passed, by which rule."""
    return [(event.cause_id, event.rule_id) for event in result.passed]


def test_what_nobody_must_act_on_is_passed_by_its_rule_with_the_key_and_cause_of_its_mention() -> None:
    harmless = said(intent="other", lane="backfill")
    (event,) = folded(harmless).passed
    assert (event.mention_id, event.cause_id, event.key) == (
        harmless.mention.mention_id, harmless.event_id, harmless.key,
    )  # fmt: skip
    assert (event.rule_id, event.rulebook_version, event.occurred_at) == ("chatter", BOOK.version, NOW)
    assert event.event_id == derive("passed", harmless.event_id)


def test_what_opens_or_joins_an_issue_is_not_passed() -> None:
    assert not folded(said("p-1"), said("p-2"), said("p-3", change="edited")).passed


def test_an_edit_or_a_deletion_of_a_member_is_accounted_for_by_its_issue() -> None:
    later = [said(change="edited", intent="other"), said(change="deleted", intent="other")]
    assert not folded(said(), *later).passed
    assert not folded(*later, board=after(folded(said()), None, said())).passed


def test_a_form_that_a_newer_one_has_overtaken_is_passed_as_outdated_unless_its_mention_is_in_an_issue() -> None:
    gone, post = said(change="deleted"), said()
    assert passed(folded(gone, post)) == [(gone.event_id, "deleted"), (post.event_id, "outdated")]
    assert passed(folded(said(change="edited"), post)) == []


def test_a_mention_that_was_passed_may_still_come_into_an_issue() -> None:
    harmless = said(intent="other")
    result = folded(harmless, said(change="edited"))
    assert passed(result) == [(harmless.event_id, "chatter")]
    assert [member.mention_id for member in result.memberships] == [harmless.mention.mention_id]


def test_an_imported_issue_starts_no_clocks_and_takes_no_live_mention() -> None:
    result = folded(said("p-1", lane="backfill"), said("p-2"))
    assert [story.issue.starts_clocks for story in result.stories.values()] == [False, True]


def test_folding_leaves_the_board_as_it_was() -> None:
    board = after(folded(said()))
    before = (dict(board.keys), dict(board.issues), dict(board.memberships), dict(board.revisions))
    folded(said("p-2"), said("p-3", change="deleted"), board=board)
    assert (board.keys, board.issues, board.memberships, board.revisions) == before


def _replaced(issue: Any, **over: Any) -> Any:
    return type(issue)(**{name: getattr(issue, name) for name in issue.__struct_fields__} | over)
