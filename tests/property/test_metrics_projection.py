"""Whatever order, repetition and batches the events come in, the counts are those of the mentions that stand."""

from collections import Counter
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from metrics_api.projection import count_key, day, hour
from metrics_memory import Kept
from metrics_stories import arrived, talk
from shenava.events import Event, MentionClassified, MentionPassed
from shenava.testing import builders as b

CHANCE = st.randoms(use_true_random=True)


def heard(chance: Random) -> list[MentionClassified]:
    return [event for event in talk(chance, 12) if isinstance(event, MentionClassified)]


def heard_and_passed(chance: Random) -> list[Event]:
    return [event for event in talk(chance, 12) if isinstance(event, MentionClassified | MentionPassed)]


@given(CHANCE)
def test_any_order_repetition_and_batches_give_the_same_tables(chance: Random) -> None:
    events = heard_and_passed(chance)
    straight, scattered = Kept(), Kept()
    for event in events:
        straight.project([event])
    for batch in arrived(chance, events):
        scattered.project(batch)
    assert scattered.mentions == straight.mentions
    assert (scattered.passed, scattered.unaccounted()) == (straight.passed, straight.unaccounted())
    assert (scattered.hours, scattered.days) == (straight.hours, straight.days)


@given(CHANCE)
def test_the_counts_are_a_recount_of_the_mentions(chance: Random) -> None:
    kept = Kept()
    for batch in arrived(chance, heard(chance)):
        kept.project(batch)
        assert kept.hours == Counter(count_key(row, hour) for row in kept.mentions.values())
        assert kept.days == Counter(count_key(row, day) for row in kept.mentions.values())


@given(CHANCE)
def test_the_latest_revision_stands_at_the_earliest_time_told(chance: Random) -> None:
    events = heard(chance)
    kept = Kept()
    kept.project(events)
    for mention_id, row in kept.mentions.items():
        revisions = [event for event in events if event.mention.mention_id == mention_id]
        assert row.occurred_at == max(event.occurred_at for event in revisions)
        assert row.posted_at == min(event.mention.posted_at for event in revisions)


@given(CHANCE)
def test_of_mentions_that_were_all_passed_the_one_whose_pass_is_lost_is_missed(chance: Random) -> None:
    events = heard(chance)
    latest = Kept()
    latest.project(events)
    lost = chance.choice(list(latest.mentions.values()))
    kept = Kept()
    passes = [b.passed(event) for event in events if event.event_id != lost.event_id]
    for batch in arrived(chance, [*events, *passes]):
        kept.project(batch)
    assert kept.unaccounted() == {lost.mention_id}
    kept.project([b.passed(event) for event in events])
    assert kept.unaccounted() == set()
