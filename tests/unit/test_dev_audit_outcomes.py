"""The audit sees a mention that was lost at the router, and only that one."""

import pytest

from shenava.dev.audit import every_mention_has_an_outcome
from shenava.events import IssueMentionAdded, IssueOpened, MentionClassified
from shenava.testing.builders import classified, issue_mention_added, issue_opened, passed

OPENED = classified()
JOINED = classified(native_id="p-2")
SPARED = classified(native_id="p-3")
ISSUE: list[IssueOpened | IssueMentionAdded] = [
    issue_opened(),
    issue_mention_added(mention_id=JOINED.mention.mention_id),
]


def test_a_mention_in_an_issue_or_passed_has_its_outcome_however_often_it_is_told() -> None:
    heard = [OPENED, JOINED, SPARED]
    assert not every_mention_has_an_outcome(heard * 2, ISSUE * 2, [passed(SPARED)] * 2)


@pytest.mark.parametrize("lost", [OPENED, JOINED, SPARED], ids=["opened", "joined", "passed"])
def test_a_mention_without_its_outcome_is_named_once(lost: MentionClassified) -> None:
    lifecycle = [event for event in ISSUE if event.mention_id != lost.mention.mention_id]
    passes = [] if lost is SPARED else [passed(SPARED)]
    (violation,) = every_mention_has_an_outcome([OPENED, JOINED, SPARED, lost], lifecycle, passes)
    assert lost.mention.mention_id in violation


def test_a_form_of_a_mention_is_not_accounted_for_by_the_pass_of_another_form() -> None:
    edited = classified(native_id="p-3", change="edited")
    assert every_mention_has_an_outcome([SPARED, edited], [], [passed(SPARED)])
    assert not every_mention_has_an_outcome([SPARED, edited], [], [passed(SPARED), passed(edited)])
