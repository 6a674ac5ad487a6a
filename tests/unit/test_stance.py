"""How an author feels about each thing they name: from its clauses, at the price of a row where that differs."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sentiment.__main__ import load
from sentiment.classifier import Prediction
from sentiment.clauses import clauses
from sentiment.handler import classified
from sentiment.judge import ModelJudge
from sentiment.labels import SENTIMENTS
from sentiment.settings import SentimentSettings
from sentiment.stance import MOST_ENTITIES, MOST_ROWS, entities, read
from sentiment.watchlist import Watchlist
from sentiment.watchlist_file import parse
from shenava.events import MentionReceived
from shenava.events.mentions import Author, Probabilities, Sentiment
from shenava.testing.mention_builders import mention

SAMPLE = Path(__file__).parents[2] / "config" / "watchlist.yaml"


@pytest.fixture(scope="module")
def judge() -> ModelJudge:
    return load(SentimentSettings(watchlist=SAMPLE))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("عالی بود", ["عالی بود"]),
        ("نیلگون عالیه ولی زرین‌کالا افتضاحه", ["نیلگون عالیه", "ولی زرین‌کالا افتضاحه"]),
        ("این خوب بود. آن بد بود!", ["این خوب بود.", "آن بد بود!"]),
        ("نیلگون، زرین‌کالا، همه بد", ["نیلگون، زرین‌کالا، همه بد"]),
        ("سفارش دیر رسید، پشتیبانی جواب نداد", ["سفارش دیر رسید،", "پشتیبانی جواب نداد"]),
        ("دیر رسید در حالی که قول داده بودن", ["دیر رسید", "در حالی که قول داده بودن"]),
        ("they answered while you slept", ["they answered", "while you slept"]),
        ("butter and butane whereabouts", ["butter and butane whereabouts"]),
        ("it costs 1,500 and 3.5 more", ["it costs 1,500 and 3.5 more"]),
        ("عالی!", ["عالی!"]),
        ("", []),
        ("!!! ؟؟؟", ["!!! ؟؟؟"]),
    ],
)
def test_a_text_is_split_where_its_author_turns(text: str, parts: list[str]) -> None:
    assert [text[start:end].strip() for start, end in clauses(text) if text[start:end].strip()] == parts


@pytest.mark.parametrize(
    ("text", "stances"),
    [
        ("نیلگون عالیه ولی زرین‌کالا افتضاحه", {"nilgoon": "positive", "zarrin-kala": "negative"}),
        ("نیلگون عالیه و زرین‌کالا افتضاح", {"nilgoon": "positive", "zarrin-kala": "negative"}),
        ("زرین‌کالا خیلی خوبه، پشتیبانی نیلگون واقعا افتضاحه", {"zarrin-kala": "positive", "nilgoon": "negative"}),
        ("Love Nilgoon but Zarrin Kala is terrible", {"nilgoon": "positive", "zarrin-kala": "negative"}),
        ("نیلگون از زرین‌کالا بهتره", {"nilgoon": "positive", "zarrin-kala": "negative"}),
        ("Nilgoon, worst delivery ever", {"nilgoon": "negative"}),
    ],
)
def test_each_named_thing_has_the_stance_of_what_is_said_of_it(
    judge: ModelJudge, text: str, stances: dict[str, Sentiment]
) -> None:
    [verdict] = judge.texts([text])
    assert {each.id: each.stance for each in verdict.entities} == stances


def test_one_clause_has_the_stance_of_the_whole_and_costs_nothing_more(judge: ModelJudge) -> None:
    text = "نیلگون واقعا عالی بود"
    assert read(text, judge.watchlist.find(text, "default")).rows == ()
    [verdict] = judge.texts([text])
    [entity] = verdict.entities
    assert (entity.stance, entity.confidence) == (verdict.sentiment, verdict.confidence)


def test_what_is_not_scored_names_its_entities_without_a_stance(judge: ModelJudge) -> None:
    [verdict] = judge.texts(["Ich habe bei @nilgoon bestellt und die Lieferung war wirklich wunderbar schnell"])
    assert verdict.status == "unscored"
    assert [(each.id, each.stance, each.confidence) for each in verdict.entities] == [("nilgoon", None, None)]


def test_the_score_of_a_text_is_the_same_with_and_without_a_watchlist(judge: ModelJudge) -> None:
    texts = ["نیلگون عالیه ولی زرین‌کالا افتضاحه", "خیلی بد بود", "Love Nilgoon but the app is terrible"]
    for one, other in zip(judge.texts(texts), load(SentimentSettings()).texts(texts), strict=True):
        assert other.entities == ()
        assert one.sentiment == other.sentiment
        assert one.confidence == pytest.approx(other.confidence, abs=1e-6)


def many(count: int) -> Watchlist:
    lines = "".join(f"- {{id: e{n}, kind: topic, names: [topic{n:03d}]}}\n" for n in range(count))
    return Watchlist(parse(f"entities:\n{lines}".encode(), "w.yaml"))


def test_a_text_that_names_everything_is_read_a_few_times_only_and_says_no_more_than_fits() -> None:
    text = " ".join(f"I like topic{n:03d} very much." for n in range(50))
    reading = read(text, many(50).find(text, "default"))
    said = [_said("positive"), *[_said("neutral")] * len(reading.rows)]
    told = entities(reading, said)
    assert len(reading.rows) == MOST_ROWS
    assert [each.id for each in told] == [f"e{n}" for n in range(MOST_ENTITIES)]
    assert [each.stance for each in told[:MOST_ROWS]] == ["neutral"] * MOST_ROWS
    assert {each.stance for each in told[MOST_ROWS:]} == {None}


def test_a_competitors_handle_gives_the_classified_author_their_role_and_leaves_the_rest(judge: ModelJudge) -> None:
    said = mention(author=Author(id="tg:zk", handle="zarrinkala", followers=7))
    event = MentionReceived(event_id="e", occurred_at=datetime(2026, 11, 23, tzinfo=UTC), mention=said)
    [verdict] = judge([said], [event.brand])
    told = classified(event, verdict, judge.watchlist)
    assert told.mention.author == Author(id="tg:zk", handle="zarrinkala", followers=7, role="competitor")
    assert told.event_id == classified(event, verdict).event_id
    assert told.key == event.key


def _said(sentiment: Sentiment) -> Prediction:
    shares: Sequence[float] = [float(each == sentiment) for each in SENTIMENTS]
    return Prediction(Probabilities(**dict(zip(SENTIMENTS, shares, strict=True))), sentiment, 1.0)
