"""Laws of severity: worse is never milder, order and keyboard make no difference, any text is weighed at once."""

from dataclasses import replace
from itertools import pairwise

import msgspec
from hypothesis import example, given
from hypothesis import strategies as st

from sentiment.harm_matching import words_of_harm
from sentiment.harm_words import FALSE_FRIENDS, WORDS, WordKind
from sentiment.severity import LADDER, LOUDEST_WITHOUT_TROUBLE, Said, weigh
from severity_sentences import SENTENCES, Mood, understood
from shenava.events.mentions import Classification, Probabilities

LEVELS = ("low", "normal", "high", "critical")
TEXTS = st.sampled_from([sentence.text for sentence in SENTENCES])
MOODS: st.SearchStrategy[Mood] = st.sampled_from(sorted({sentence.mood for sentence in SENTENCES}))
ORDERS = st.lists(TEXTS, min_size=2, max_size=4).flatmap(
    lambda texts: st.tuples(st.just(texts), st.permutations(texts))
)
FIGURES = st.integers(0, 10**7)
SAID = st.builds(
    Said, text=TEXTS, rating=st.none() | st.integers(1, 5), followers=FIGURES, verified=st.booleans(), views=FIGURES,
    reactions=FIGURES,
)  # fmt: skip
PHRASES: list[tuple[WordKind, str]] = [(kind, phrase) for kind, phrases in WORDS.items() for phrase in phrases]
OTHER_KEYBOARDS = [str.maketrans("یک", "يك"), str.maketrans("یک", "ىك"), str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")]


def rank(said: Said, verdict: Classification) -> int:
    return LEVELS.index(weigh(said, verdict).level)


def spoken(phrase: str) -> str:
    return phrase.removesuffix("*").replace("#", "3")


@given(SAID, MOODS, st.sampled_from(["followers", "views", "reactions"]), FIGURES)
def test_more_reach_never_makes_a_mention_milder(said: Said, mood: Mood, figure: str, more: int) -> None:
    louder = replace(said, **{figure: getattr(said, figure) + more})
    assert rank(louder, understood(mood)) >= rank(said, understood(mood))
    assert rank(replace(said, verified=True), understood(mood)) >= rank(replace(said, verified=False), understood(mood))


@given(SAID, MOODS)
def test_a_worse_rating_never_makes_a_mention_milder(said: Said, mood: Mood) -> None:
    ranks = [rank(replace(said, rating=rating), understood(mood)) for rating in (None, 5, 4, 3, 2, 1)]
    assert all(better <= worse for better, worse in pairwise(ranks))


@given(SAID, st.floats(0, 1), st.floats(0, 1))
def test_more_displeasure_never_makes_a_mention_milder(said: Said, one: float, other: float) -> None:
    def felt(negative: float) -> Classification:
        chances = Probabilities(negative=negative, neutral=1 - negative, positive=0.0)
        return msgspec.structs.replace(understood("cross"), probabilities=chances)

    milder, worse = sorted((one, other))
    assert rank(said, felt(worse)) >= rank(said, felt(milder))


@given(SAID, MOODS, st.sampled_from(PHRASES))
def test_a_word_of_harm_more_never_makes_a_mention_milder(said: Said, mood: Mood, word: tuple[WordKind, str]) -> None:
    more = replace(said, text=f"{said.text}. {spoken(word[1])}")
    assert rank(more, understood(mood)) >= rank(said, understood(mood))


@given(ORDERS, MOODS)
def test_sentences_in_any_order_weigh_the_same(orders: tuple[list[str], list[str]], mood: Mood) -> None:
    one, other = (weigh(Said(text=" . ".join(order)), understood(mood)) for order in orders)
    assert one.level == other.level
    assert {reason.kind for reason in one.reasons} == {reason.kind for reason in other.reasons}


@given(TEXTS, MOODS, st.sampled_from(OTHER_KEYBOARDS))
def test_every_keyboard_gives_the_same_level_and_reasons(text: str, mood: Mood, keyboard: dict[int, str]) -> None:
    assert weigh(Said(text=text.translate(keyboard)), understood(mood)) == weigh(Said(text=text), understood(mood))


@given(SAID, MOODS)
def test_reasons_account_for_the_level(said: Said, mood: Mood) -> None:
    found = weigh(said, understood(mood))
    points = [reason.points for reason in found.reasons]
    due = next((level for least, level in LADDER if sum(points) >= least), "low")
    assert found.level == due or (found.level == "normal" and sum(points) > LOUDEST_WITHOUT_TROUBLE)
    assert 0 not in points
    assert [abs(point) for point in points] == sorted(map(abs, points), reverse=True)
    assert len(points) <= 16


def test_every_phrase_is_found_in_capitals_with_half_spaces_and_beside_any_sign() -> None:
    def typed(phrase: str) -> str:
        written = spoken(phrase)
        return written.upper() if written.isascii() else written.replace(" ", "\u200c")

    missed = [(kind, phrase) for kind, phrase in PHRASES if kind not in words_of_harm(f"«{typed(phrase)}»!")]
    assert missed == []


def test_every_false_friend_counts_for_nothing() -> None:
    counted = {phrase: found for phrase in FALSE_FRIENDS if (found := words_of_harm(spoken(phrase)))}
    assert counted == {}


def test_a_phrase_in_the_middle_of_a_word_is_not_found() -> None:
    found = [
        phrase for kind, phrase in PHRASES if words_of_harm(f"ژ{spoken(phrase)}").get(kind) == phrase.removesuffix("*")
    ]
    assert found == []


@given(st.text(max_size=300))
@example("\ud800" * 9)
@example("&#99999999999999999999999;")
@example("دو بار " * 2_000)
def test_any_text_is_weighed(text: str) -> None:
    assert set(words_of_harm(text)) <= set(WORDS)
