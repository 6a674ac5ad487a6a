"""A text that was judged is not judged again, and what is said of it stays the same."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import REGISTRY

from sentiment.classifier import Classifier, Prediction
from sentiment.remembered import Remembering

TEXTS = ["خیلی بد بود", "عالی بود، ممنون", "قیمتش چنده؟", "the app crashes", "love it", ""]
ANSWERS = "shenava_sentiment_texts_total"


class Counting:
    """The bundled model, and what it was asked."""

    def __init__(self) -> None:
        self._model = Classifier.load()
        self.model_id, self.model_version = self._model.model_id, self._model.model_version
        self.asked: list[str] = []

    def classify(self, texts: Sequence[str], languages: Sequence[str] = ()) -> list[Prediction]:
        self.asked += texts
        return self._model.classify(texts, languages)


@pytest.fixture(scope="module")
def model() -> Counting:
    return Counting()


@settings(max_examples=40, deadline=None)
@given(batches=st.lists(st.lists(st.sampled_from(TEXTS), max_size=8), max_size=5), most=st.integers(1, 4))
def test_a_memory_of_any_size_never_changes_an_answer(model: Counting, batches: list[list[str]], most: int) -> None:
    remembering = Remembering(model, most)
    for batch in batches:
        assert remembering.classify(batch) == model.classify(batch)


def test_each_different_text_is_asked_once_within_a_batch_and_across_batches(model: Counting) -> None:
    remembering = Remembering(model, 100)
    model.asked.clear()
    before = REGISTRY.get_sample_value(ANSWERS, {"answer": "remembered"}) or 0
    remembering.classify([TEXTS[0], TEXTS[1], TEXTS[0]])
    remembering.classify([TEXTS[1], TEXTS[2]])
    assert model.asked == TEXTS[:3]
    assert REGISTRY.get_sample_value(ANSWERS, {"answer": "remembered"}) == before + 2


def test_the_same_words_in_another_language_are_another_question(model: Counting) -> None:
    remembering = Remembering(model, 100)
    model.asked.clear()
    remembering.classify(["merci", "merci"], ["fa", "en"])
    assert model.asked == ["merci", "merci"]


def test_what_was_not_asked_for_longest_is_forgotten_first(model: Counting) -> None:
    remembering = Remembering(model, 2)
    remembering.classify(TEXTS[:2])
    remembering.classify([TEXTS[0]])
    remembering.classify([TEXTS[2]])  # forgets the second
    model.asked.clear()
    remembering.classify(TEXTS[:3])
    assert model.asked == [TEXTS[1]]
