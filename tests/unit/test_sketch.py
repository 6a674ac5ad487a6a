"""Copies are told from texts that only speak of the same."""

import json
from collections import defaultdict
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shenava.text.sketch import COPY, FEWEST_WORDS, Sketch, bands, resemblance, sketch

TEXTS = Path(__file__).parents[2] / "services/sentiment/training/texts"
PERSIAN = "این فروشگاه سه هفته است که پول من را پس نمی‌دهد و هیچ‌کس هم پشت تلفن جواب درستی به آدم نمی‌دهد"
ENGLISH = "This shop has kept my money for 3 weeks now and nobody on the phone gives me a straight answer"


def known(text: str) -> Sketch:
    found = sketch(text)
    assert found is not None
    return found


def copies(one: str, other: str) -> bool:
    """As a service finds them: a band in common, then enough of the whole."""
    first, second = known(one), known(other)
    return bool(set(bands(first)) & set(bands(second))) and resemblance(first, second) >= COPY


@pytest.mark.parametrize(
    "again",
    [
        "RT @sara: " + PERSIAN,
        PERSIAN + " 😡😡 https://t.me/nilgoon/12",
        PERSIAN.replace("ی", "ي").replace("ک", "ك"),
        PERSIAN.replace("\u200c", ""),
        PERSIAN.replace(" ", "  ") + "!!!",
        PERSIAN.replace("هفته", "هـفـته"),
    ],
)
def test_a_text_sent_on_or_typed_on_another_keyboard_has_the_same_sketch(again: str) -> None:
    assert sketch(again) == known(PERSIAN)


def test_digits_and_capitals_of_any_kind_have_the_same_sketch() -> None:
    assert sketch(ENGLISH.upper().replace("3", "۳")) == known(ENGLISH)


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        (PERSIAN, PERSIAN + " لطفا بازنشر کنید"),
        (PERSIAN, PERSIAN.replace("سه هفته", "چهار هفته")),
        (ENGLISH, "please share: " + ENGLISH),
        (ENGLISH, ENGLISH.replace("a straight", "any")),
    ],
)
def test_a_text_with_a_word_or_two_changed_is_a_copy(text: str, changed: str) -> None:
    assert sketch(changed) != known(text)
    assert copies(text, changed)


def test_of_thousands_of_texts_about_the_same_things_none_is_told_a_copy_of_another() -> None:
    texts = [
        json.loads(line)["text"]
        for path in sorted(TEXTS.glob("*/*.ndjson"))
        for line in path.read_text("utf-8").splitlines()
    ]
    sketches = [found for found in map(sketch, texts) if found is not None]
    assert len(sketches) > 4_000
    places = defaultdict(list)
    for place, found in enumerate(sketches):
        for band in bands(found):
            places[band].append(place)
    pairs = {pair for alike in places.values() for pair in combinations(alike, 2)}
    assert pairs, "no two share a band, so nothing was compared"
    assert [pair for pair in pairs if resemblance(*(sketches[place] for place in pair)) >= COPY] == []


@pytest.mark.parametrize("text", ["", "😀😀", "عالی بود، خیلی ممنون", "https://example.com " * 20, "@ali " * 20])
def test_what_crowds_write_by_themselves_has_no_sketch(text: str) -> None:
    assert sketch(text) is None


@given(st.lists(st.text("abcdefghاآبپتمن", min_size=1, max_size=6), min_size=FEWEST_WORDS, max_size=40))
def test_any_text_resembles_itself_wholly_and_its_keys_fit_a_bigint(words: list[str]) -> None:
    found = sketch(" ".join(words))
    if found is not None:
        assert resemblance(found, found) == 1.0
        assert all(-(2**63) <= key < 2**63 for key in bands(found))


def test_a_sketch_is_the_same_in_every_release() -> None:
    """Sketches are stored and compared for weeks: whoever changes this throws the stored ones away."""
    assert known(ENGLISH)[:4] == (4038680641, 1384244880, 3024776415, 420209746)
    assert bands(known(ENGLISH))[0] == 5039306458174921384
