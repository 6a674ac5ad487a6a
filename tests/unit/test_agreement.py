"""Two models side by side: how often they agree, beyond chance, and which differences tell most."""

import pytest

from sentiment.agreement import Pair, agreement, telling
from shenava.events.mentions import Sentiment


def pair(live: Sentiment, other: Sentiment, sure: float = 0.9, place: int = 0) -> Pair:
    return Pair(place, "fa", live, other, sure, sure)


def test_kappa_takes_from_agreement_what_chance_would_give() -> None:
    # 20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no: the example of Cohen's kappa in every textbook, 0.4.
    pairs = [pair("positive", "positive")] * 20 + [pair("positive", "negative")] * 5
    pairs += [pair("negative", "positive")] * 10 + [pair("negative", "negative")] * 15
    found = agreement(pairs)
    assert found is not None
    assert (found.texts, found.share) == (50, 0.7)
    assert found.kappa == pytest.approx(0.4)


def test_where_both_always_say_the_same_one_thing_chance_explains_it_all() -> None:
    found = agreement([pair("neutral", "neutral")] * 3)
    assert found is not None
    assert (found.share, found.kappa) == (1.0, None)


def test_without_texts_there_is_no_agreement() -> None:
    assert agreement([]) is None


def test_the_surest_differences_come_first_and_agreements_never() -> None:
    found = telling(
        [
            pair("negative", "negative", 0.99, 0),
            pair("negative", "neutral", 0.6, 1),
            pair("positive", "negative", 0.9, 2),
            pair("positive", "neutral", 0.4, 3),
        ],
        2,
    )
    assert [one.place for one in found] == [2, 1]
