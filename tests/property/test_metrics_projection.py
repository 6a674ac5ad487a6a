"""Whatever order, repetition and batches the events come in, the counts are those of the mentions that stand."""

from collections import Counter
from collections.abc import Sequence
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from metrics_api.projection import count_key, day, hour
from metrics_memory import Kept
from metrics_stories import arrived, talk
from shenava.events import Event, MentionClassified, MentionCorrected, MentionPassed
from shenava.testing import builders as b

CHANCE = st.randoms(use_true_random=True)


def heard(chance: Random) -> list[MentionClassified]:
    return [event for event in talk(chance, 12) if isinstance(event, MentionClassified)]


def heard_and_said(chance: Random) -> list[Event]:
    kinds = MentionClassified | MentionPassed | MentionCorrected
    return [event for event in talk(chance, 12) if isinstance(event, kinds)]


def of_people(events: Sequence[Event]) -> list[MentionCorrected]:
    return [event for event in events if isinstance(event, MentionCorrected)]


@given(CHANCE)
def test_any_order_repetition_and_batches_give_the_same_tables(chance: Random) -> None:
    events = heard_and_said(chance)
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
    for batch in arrived(chance, heard_and_said(chance)):
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
def test_of_each_label_the_latest_correction_of_the_text_that_stands_counts_and_else_the_model(chance: Random) -> None:
    events = heard_and_said(chance)
    kept = Kept()
    for batch in arrived(chance, events):
        kept.project(batch)
    for mention_id, row in kept.mentions.items():
        revisions = [e for e in events if isinstance(e, MentionClassified) and e.mention.mention_id == mention_id]
        rewritten = [e.occurred_at for e in revisions if e.mention.change != "posted"]
        every = sorted(of_people(events), key=lambda e: (e.occurred_at, e.event_id))
        said = [e for e in every if (e.mention_id, e.brand) == (mention_id, row.brand)]
        seen = [e for e in said if all(e.occurred_at >= instant for instant in rewritten) and row.change != "deleted"]
        for label, given_by, counts, model in (
            ("sentiment", row.outcome_by, row.outcome, row.model_outcome),
            ("intent", row.intent_by, row.intent, row.model_intent),
            ("language", row.language_by, row.language, row.model_language),
        ):
            labels = [(getattr(e, label), e.by) for e in seen if getattr(e, label) is not None]
            assert (counts, given_by) == (labels[-1] if labels else (model, None))


@given(CHANCE)
def test_without_corrections_every_label_is_the_models(chance: Random) -> None:
    kept = Kept()
    kept.project(heard(chance))
    for row in kept.mentions.values():
        assert (row.language, row.outcome, row.intent) == (row.model_language, row.model_outcome, row.model_intent)
        assert not row.corrected


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
