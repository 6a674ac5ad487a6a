"""The bundled model: what it says of clear sentences, and that it says the same beside whatever else it is asked."""

import math
from itertools import pairwise

import numpy as np
import pytest

from sentiment.classifier import Classifier, batches
from sentiment.cleaning import clean
from sentiment.heat import Heat
from sentiment.labels import UnusableModel
from sentiment.language import detect

CLEAR = [
    ("negative", "خیلی بد بود، واقعا پشیمانم از خرید"),
    ("negative", "كيفيت غذا افتضاح بود و سرد رسيد"),
    ("negative", "سه هفته گذشته و هنوز سفارشم نرسیده، هیچکس هم جواب نمیده"),
    ("negative", "پشتیبانی افتضاح، دیگه خرید نمی‌کنم"),
    ("positive", "عالی بود، خیلی ممنون از پشتیبانی خوبتون"),
    ("positive", "بهترین قهوه‌ای که خوردم 😍 حتما بازم میخرم"),
    ("positive", "ارسال سریع، بسته بندی تمیز، راضی‌ام"),
    ("neutral", "سلام قیمت چنده؟"),
    ("negative", "Worst delivery ever, my coffee maker arrived broken and nobody answers"),
    ("negative", "The app keeps crashing, I'm so angry"),
    ("positive", "Absolutely love it, thank you for the quick delivery!"),
    ("positive", "Great support, they solved my problem in five minutes 😊"),
    ("neutral", "What time does the store open tomorrow?"),
]
INTENTS = [
    ("praise", "عالی بود ممنون"),
    ("complaint", "خیلی بد بود پشیمانم"),
    ("question", "سلام قیمت چنده؟"),
    ("refund", "پولم رو پس بدید"),
    ("refund", "I want my money back"),
    ("question", "How do I change my address?"),
]
NEIGHBOURS = ["", "😡", "بد", "@user http", "این " * 200, "great " * 90, "\U0001f600" * 64, "x", "سلام خوبید؟ " * 9]


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return Classifier.load()


def cleaned(text: str) -> str:
    return clean(text, detect(text).language)


@pytest.mark.parametrize(("sentiment", "text"), CLEAR)
def test_a_clear_sentence_is_felt_rightly(classifier: Classifier, sentiment: str, text: str) -> None:
    [prediction] = classifier.classify([cleaned(text)])
    assert prediction.sentiment == sentiment


@pytest.mark.parametrize(("intent", "text"), INTENTS)
def test_a_clear_wish_is_understood(classifier: Classifier, intent: str, text: str) -> None:
    [prediction] = classifier.classify([cleaned(text)])
    assert prediction.intent == intent


def test_a_text_scores_the_same_alone_and_beside_any_others(classifier: Classifier) -> None:
    texts = [cleaned(text) for _, text in CLEAR]
    alone = [classifier.classify([text])[0] for text in texts]
    together = classifier.classify([*NEIGHBOURS, *texts, *NEIGHBOURS])[len(NEIGHBOURS) :]
    for one, other in zip(alone, together, strict=False):
        assert one.probabilities.negative == pytest.approx(other.probabilities.negative, abs=1e-6)
        assert one.probabilities.positive == pytest.approx(other.probabilities.positive, abs=1e-6)
        assert (one.sentiment, one.intent) == (other.sentiment, other.intent)


def test_predictions_come_back_in_the_order_of_the_texts(classifier: Classifier) -> None:
    texts = [cleaned(text) for _, text in CLEAR] + NEIGHBOURS
    forwards, backwards = classifier.classify(texts), classifier.classify(texts[::-1])
    assert [p.sentiment for p in forwards] == [p.sentiment for p in backwards[::-1]]


def test_a_second_load_speaks_as_the_first(classifier: Classifier) -> None:
    again = Classifier.load()
    texts = [text for _, text in CLEAR]
    assert again.classify(texts) == classifier.classify(texts)
    assert (again.model_id, again.model_version) == (classifier.model_id, classifier.model_version)


def test_nothing_asked_is_nothing_answered(classifier: Classifier) -> None:
    assert classifier.classify([]) == []


@pytest.mark.parametrize("text", [*NEIGHBOURS, "\x00\ud800", "\u200c" * 3000, "𓀀" * 3000])
def test_probabilities_are_numbers_that_sum_to_one(classifier: Classifier, text: str) -> None:
    [prediction] = classifier.classify([text])
    chances = prediction.probabilities
    assert math.isclose(chances.negative + chances.neutral + chances.positive, 1.0, abs_tol=1e-9)
    assert prediction.confidence == max(chances.negative, chances.neutral, chances.positive)
    assert prediction.intent_confidence is not None
    assert 0.0 < prediction.intent_confidence <= 1.0


def test_a_text_of_a_million_characters_is_read_by_its_beginning_only(classifier: Classifier) -> None:
    sentence = "پشتیبانی خوب بود و زود جواب دادند. "
    endless, beginning = classifier.classify([sentence * 30_000, sentence * 100])
    assert endless == beginning


def test_a_language_with_a_temperature_of_its_own_is_judged_by_that_and_the_others_by_the_general_one() -> None:
    heat = Heat.of({"temperature": 2.0, "temperatures": {"fa": 0.5}})
    assert heat.of_each(["fa", "en", ""]).tolist() == [0.5, 2.0, 2.0]


@pytest.mark.parametrize("config", [{"temperature": 0}, {"temperatures": {"fa": "warm"}}, {"temperature": True}])
def test_a_temperature_that_divides_nothing_is_refused_by_name(config: dict[str, object]) -> None:
    with pytest.raises(UnusableModel, match=r"temperature.* must be a number above 0"):
        Heat.of(config)


def test_texts_of_like_meaning_have_neighbouring_embeddings(classifier: Classifier) -> None:
    late, later, praise = (
        found.embedding
        for found in classifier.classify(["سفارشم هنوز نرسیده", "بسته من نرسید که نرسید", "طراحی سایتتون خیلی قشنگه"])
    )
    assert late is not None
    assert later is not None
    assert praise is not None
    assert np.linalg.norm(late) == pytest.approx(1, abs=1e-3)
    assert late @ later > late @ praise


def test_a_higher_temperature_is_less_sure_and_another_version(classifier: Classifier) -> None:
    cool = Classifier.load(temperature=3.0)
    text = cleaned(CLEAR[0][1])
    [warm], [mild] = classifier.classify([text]), cool.classify([text])
    assert mild.sentiment == warm.sentiment
    assert mild.confidence < warm.confidence
    assert cool.model_version != classifier.model_version


def test_a_batch_holds_texts_of_like_length_within_its_budget() -> None:
    rows = [[0] * length for length in (3, 50, 4, 300, 5, 3, 40)]
    found = list(batches(rows, 100))
    assert sorted(place for batch in found for place in batch) == list(range(len(rows)))
    assert all(len(batch) == 1 or len(batch) * max(len(rows[p]) for p in batch) <= 100 for batch in found)
    assert all(max(len(rows[p]) for p in a) <= min(len(rows[p]) for p in b) for a, b in pairwise(found))
