"""When a text is scored, and what is said when it is not."""

import pytest

from sentiment.classifier import Prediction
from sentiment.language import Detected
from sentiment.score import Scored, Unscored, decide, why_unscored
from shenava.events.mentions import Probabilities, UnscoredReason

SUPPORTED = frozenset({"fa", "en"})
PERSIAN = Detected("fa", 0.97)


def prediction(confidence: float) -> Prediction:
    rest = (1 - confidence) / 2
    chances = Probabilities(negative=confidence, neutral=rest, positive=rest)
    return Prediction(chances, "negative", confidence)


@pytest.mark.parametrize(
    ("text", "detected", "reason"),
    [
        ("", Detected("und", 0.0), "empty_text"),
        (" \n", Detected("und", 0.0), "empty_text"),
        ("😡😡", Detected("und", 0.0), "language_unsure"),
        ("Sehr gut", Detected("de", 0.9), "unsupported_language"),
        ("kheili bad bood", Detected("fa-Latn", 0.9), "unsupported_language"),
    ],
)
def test_a_text_that_may_not_be_scored_says_why(text: str, detected: Detected, reason: UnscoredReason) -> None:
    assert why_unscored(text, detected, SUPPORTED) == reason
    assert decide(text, detected, prediction(0.9), SUPPORTED, 0.5) == Unscored(detected.language, reason)


@pytest.mark.parametrize("text", ["", "بد بود"])
def test_what_its_author_took_back_is_not_scored(text: str) -> None:
    assert why_unscored(text, PERSIAN, SUPPORTED, deleted=True) == "deleted"
    assert decide(text, PERSIAN, None, SUPPORTED, 0.5, deleted=True) == Unscored("fa", "deleted")


@pytest.mark.parametrize("confidence", [0.4, 0.49, 0.5, 0.9])
def test_a_score_below_the_threshold_is_marked(confidence: float) -> None:
    outcome = decide("بد بود", PERSIAN, prediction(confidence), SUPPORTED, 0.5)
    assert outcome == Scored("fa", prediction(confidence), low_confidence=confidence < 0.5)


def test_a_text_that_may_be_scored_but_was_not_is_a_fault() -> None:
    with pytest.raises(ValueError, match="needs a prediction"):
        decide("بد بود", PERSIAN, None, SUPPORTED, 0.5)
