"""How much harm waits: levels and reasons, from words, feeling, rating and reach."""

from typing import Any

import pytest
from typer.testing import CliRunner

from sentiment.__main__ import app, load
from sentiment.settings import SentimentSettings
from sentiment.severity import Said, graded, weigh
from severity_sentences import SENTENCES, Mood, Sentence, understood
from shenava.events.mentions import Author, Counts
from shenava.testing.builders import classification, mention

WORDS = {"harm", "hazard", "legal", "loss", "urgent", "repeated"}


def level(text: str, mood: Mood, **known: Any) -> str:
    return weigh(Said(text=text, **known), understood(mood)).level


def reasons(text: str, mood: Mood, **known: Any) -> list[str]:
    return [str(reason) for reason in weigh(Said(text=text, **known), understood(mood)).reasons]


@pytest.mark.parametrize("sentence", SENTENCES, ids=lambda sentence: sentence.text)
def test_a_sentence_is_as_severe_as_a_careful_person_says(sentence: Sentence) -> None:
    found = weigh(Said(text=sentence.text), understood(sentence.mood))
    words = sorted({reason.kind for reason in found.reasons} & WORDS)
    assert (found.level, " ".join(words)) == (sentence.level, sentence.words), found.reasons


def test_reasons_come_strongest_first_with_their_values() -> None:
    text = "این بار سوم است که مسموم می‌شویم؛ از شما شکایت می‌کنم"
    assert reasons(text, "furious", followers=24_000, verified=True, rating=1) == [
        "harm:مسموم", "legal:شکایت", "polarity:0.93", "intent:complaint", "rating:1", "reach:24000",
        "repeated:بار سوم", "verified",
    ]  # fmt: skip


def test_a_reason_may_say_why_nobody_need_hurry() -> None:
    assert reasons("عالی بود", "praise") == ["intent:praise"]


@pytest.mark.parametrize("spelt", ["کلاهبردار", "کلاه‌بردار", "کلاه بردار", "كلاه‌بردار", "کلاه‌برداری", "#کلاه_بردار"])
def test_a_word_is_one_reason_however_it_is_spelt(spelt: str) -> None:
    assert reasons(spelt, "unscored") == ["loss:کلاه بردار"]


@pytest.mark.parametrize("spelt", ["rip-off", "rip off", "RIP OFF", "ripoff", "Ripoff's"])
def test_hyphens_capitals_and_apostrophes_make_no_difference(spelt: str) -> None:
    assert {reason.partition(":")[0] for reason in reasons(spelt, "unscored")} == {"loss"}


@pytest.mark.parametrize("mood", ["furious", "unscored"])
def test_what_its_author_took_back_is_low_and_needs_no_reason(mood: Mood) -> None:
    assert weigh(Said(text="مسموم شدیم", deleted=True, followers=10**6), understood(mood)) == ("low", ())


LOUD = {"followers": 10**7, "verified": True, "views": 10**8, "reactions": 10**6}


@pytest.mark.parametrize("text", ["عالی بود", "برای بار سوم خریدم، فوری بفرستید"])
@pytest.mark.parametrize("mood", ["praise", "question", "wish", "chat", "unscored"])
def test_reach_urgency_and_repetition_alone_are_never_more_than_normal(text: str, mood: Mood) -> None:
    assert level(text, mood, **LOUD) in {"low", "normal"}


def test_praise_needs_words_of_harm_to_be_more_than_normal() -> None:
    assert level("خوب بود", "praise", rating=1, **LOUD) == "normal"
    assert level("خوب بود ولی دستم برید", "praise", **LOUD) in {"high", "critical"}


def test_reach_makes_a_complaint_graver() -> None:
    said = "سفارشم نرسید"
    assert [level(said, "cross", followers=n) for n in (0, 5_000, 20_000, 100_000)] == [
        "normal", "normal", "high", "high",
    ]  # fmt: skip
    assert level(said, "furious", **LOUD) == "critical"


def test_a_rating_without_words_counts() -> None:
    assert reasons("", "unscored", rating=1) == ["rating:1"]
    assert reasons("", "unscored", rating=5) == []
    assert level("", "unscored", rating=1, followers=100_000) == "high"


def test_an_unscored_mention_is_weighed_by_what_is_known_of_it() -> None:
    said = "masmoom shodim, shekayat mikonam"
    assert level(said, "unscored") == "critical"
    assert reasons(said, "unscored") == ["harm:masmoom", "legal:shekayat"]


def test_a_mention_tells_all_that_is_weighed_and_unknown_figures_count_as_none() -> None:
    loud = mention(
        text="خوب", rating=2, author=Author(id="a", followers=7, verified=True),
        counts=Counts(likes=1, shares=2, replies=3, views=9), change="edited",
    )  # fmt: skip
    assert Said.of(loud) == Said(text="خوب", rating=2, followers=7, verified=True, views=9, reactions=6)
    assert Said.of(mention(text="", author=Author(id="a"), change="deleted")) == Said(text="", deleted=True)


def test_a_classification_carries_level_and_reasons_and_keeps_the_rest() -> None:
    verdict = classification(intent="refund")
    found = graded(verdict, Said(text="کلاهبردار"))
    assert (found.severity, found.severity_reasons) == ("high", ("loss:کلاه بردار", "intent:refund", "polarity:0.75"))
    assert graded(found, Said(text="کلاهبردار")) == found
    assert (found.sentiment, found.probabilities) == (verdict.sentiment, verdict.probabilities)


def test_the_score_command_tells_severity_and_reasons() -> None:
    told = CliRunner().invoke(app, ["score", "masmoom shodim, kasi ham javab nemide"])
    assert (told.exit_code, told.stderr) == (0, "")
    assert "\thigh harm:masmoom\t" in told.stdout


def test_the_judge_weighs_scored_unscored_and_deleted_mentions() -> None:
    said = "masmoom shodim"
    mentions = [mention(text="مسموم شدیم"), mention(text=said), mention(text=said, change="deleted")]
    poisoned, romanised, deleted = load(SentimentSettings())(mentions)
    assert poisoned.status == "scored"
    assert {"harm:مسموم", f"intent:{poisoned.intent}"} <= set(poisoned.severity_reasons)
    assert (romanised.status, romanised.severity, romanised.severity_reasons) == ("unscored", "high", ("harm:masmoom",))
    assert (deleted.severity, deleted.severity_reasons) == ("low", ())
