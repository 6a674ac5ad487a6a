"""However the stream of mentions is cut, repeated or interleaved, the same issues come out of it."""

from collections import defaultdict
from datetime import timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from router.decide import Route, assess
from router.facts import facts
from router.issue import evolve, opened
from router.issue_keys import family, issue_keys
from router_memory import BOOK, Memory, Mentions
from shenava.events import IssueOpened
from shenava.events.mentions import Author, Intent
from shenava.ids import derive
from shenava.testing.builders import BASE, classification, classified

INTENTS: tuple[Intent, ...] = ("complaint", "refund", "question", "suggestion", "lead", "praise", "other", "spam")
FOLLOW_UP = "سلام، من هنوز منتظر جواب شما هستم و کسی خبری به من نداده"
"""Long enough to be known again; what it is about, only its intent says."""


@st.composite
def streams(draw: st.DrawFn) -> Mentions:
    """Up to twelve mentions by few people in few conversations, so that they meet often.

    Nobody says the same words in two matters: which of them an author's copy joins is for the first to come to decide.
    """
    kinds = st.tuples(st.sampled_from("ابپ"), st.sampled_from("123"), st.sampled_from(INTENTS), st.integers(0, 90))
    return [
        classified(
            native_id=f"p-{number}",
            author=Author(id=author),
            conversation=conversation,
            text=f"{family(intent)} " * 7,
            posted_at=BASE + timedelta(minutes=minute),
            classification=classification(intent=intent),
        )
        for number, (author, conversation, intent, minute) in enumerate(draw(st.lists(kinds, max_size=12)))
    ]


@st.composite
def revised(draw: st.DrawFn) -> Mentions:
    """Up to four mentions in up to four forms each, which may come in any order and in several conversations."""
    forms = st.tuples(st.integers(0, 3), st.integers(0, 3), st.sampled_from("12"), st.sampled_from(INTENTS))
    return [
        classified(
            native_id=f"p-{number}",
            change=("posted", "edited", "edited", "deleted")[form],
            conversation=conversation,
            received_at=BASE + timedelta(minutes=form),
            event_id=derive("classified", number, form),
            classification=classification(intent=intent),
        )
        for number, form, conversation, intent in draw(st.lists(forms, max_size=12, unique_by=lambda one: one[:2]))
    ]


def routed(batches: list[Mentions]) -> Memory:
    memory = Memory()
    for batch in batches:
        memory.take(batch)
    return memory


@st.composite
def cut(draw: st.DrawFn, stream: Mentions) -> list[Mentions]:
    """``stream`` in batches, with some batches delivered again later."""
    places = sorted(draw(st.sets(st.integers(0, len(stream)), max_size=5)) | {0, len(stream)})
    batches = [stream[start:end] for start, end in pairwise(places)]
    again = draw(st.lists(st.integers(0, max(0, len(batches) - 1)), max_size=3)) if batches else []
    return batches + [batches[number] for number in again]


@st.composite
def interleaved(draw: st.DrawFn, stream: Mentions) -> Mentions:
    """``stream`` in another order that keeps the order inside each conversation, as partitions do."""
    lines: dict[str, Mentions] = defaultdict(list)
    for event in stream:
        lines[event.mention.conversation].append(event)
    order = draw(st.permutations([event.mention.conversation for event in stream]))
    return [lines[conversation].pop(0) for conversation in order]


@given(st.data(), streams())
def test_cuts_repeats_and_interleavings_of_conversations_give_the_same_issues(
    data: st.DataObject, stream: Mentions
) -> None:
    plain = routed([stream])
    bent = routed(data.draw(cut(data.draw(interleaved(stream)))))
    assert bent.groups() == plain.groups()
    assert bent.keys() == plain.keys()


@given(st.data(), streams())
def test_in_any_order_every_conversation_that_needs_a_person_has_exactly_one_open_issue(
    data: st.DataObject, stream: Mentions
) -> None:
    memory = routed(data.draw(cut(data.draw(st.permutations(stream)))))
    needing = [event for event in stream if isinstance(assess(facts(event), BOOK), Route)]
    wanted = {issue_keys(event).conversation for event in needing}
    assert {key for key in memory.board.keys if key.kind == "live-conversation"} == wanted
    assert memory.board.memberships.keys() == {event.mention.mention_id for event in needing}
    for event in needing:
        mine = memory.board.memberships[event.mention.mention_id]
        assert memory.board.keys[issue_keys(event).conversation] == mine


@given(st.permutations(INTENTS), st.permutations([0, 7, 19, 40]))
def test_what_an_author_posts_again_is_one_issue_whatever_the_model_makes_of_it(
    intents: list[Intent], minutes: list[int]
) -> None:
    memory = routed(
        [
            [
                classified(
                    native_id=f"p-{number}",
                    conversation=f"c-{number}",
                    text=FOLLOW_UP + " 😡" * number,
                    posted_at=BASE + timedelta(minutes=minute),
                    classification=classification(intent=intent),
                )
            ]
            for number, (intent, minute) in enumerate(zip(intents, minutes, strict=False))
        ]
    )
    assert len(memory.groups()) <= 1


@given(st.data(), streams())
def test_each_issue_tells_its_whole_story_without_gaps(data: st.DataObject, stream: Mentions) -> None:
    memory = routed(data.draw(cut(data.draw(st.permutations(stream)))))
    for issue_id, events in memory.history.items():
        assert [event.sequence for event in events] == list(range(1, len(events) + 1))
        first = events[0]
        assert isinstance(first, IssueOpened)
        issue = opened(first)
        for event in events[1:]:
            issue = evolve(issue, event)
        assert issue == memory.board.issues[issue_id]
        assert len({event.event_id for event in events}) == len(events)


@given(st.data(), revised())
def test_every_form_of_every_mention_is_passed_once_or_in_an_issue(data: st.DataObject, stream: Mentions) -> None:
    memory = Memory()
    for batch in data.draw(cut(stream)):
        memory.take(batch)
        causes = [event.cause_id for event in memory.passed]
        assert len(set(causes)) == len(causes)
        for event in batch:
            assert event.event_id in causes or event.mention.mention_id in memory.board.memberships


@given(st.data(), revised())
def test_however_the_stream_is_cut_the_same_events_are_passed_by_the_same_rules(
    data: st.DataObject, stream: Mentions
) -> None:
    assert routed(data.draw(cut(stream))).passed == routed([stream]).passed


@given(revised())
def test_an_event_is_passed_exactly_when_no_issue_has_its_mention_by_then(stream: Mentions) -> None:
    memory = Memory()
    for event in stream:
        before = len(memory.passed)
        memory.take([event])
        member = event.mention.mention_id in memory.board.memberships
        assert [each.cause_id for each in memory.passed[before:]] == ([] if member else [event.event_id])
