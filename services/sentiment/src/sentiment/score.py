"""Decides whether a text may be scored, and says why when it may not."""

from dataclasses import dataclass

from sentiment.classifier import Prediction
from sentiment.language import UNKNOWN, Detected
from shenava.events.mentions import UnscoredReason


@dataclass(frozen=True, slots=True)
class Scored:
    """The model's word counts; ``low_confidence`` when a person should look before anything acts on it."""

    language: str
    prediction: Prediction
    low_confidence: bool


@dataclass(frozen=True, slots=True)
class Unscored:
    """No score, and why: silence is better than a number nobody can stand behind."""

    language: str
    reason: UnscoredReason


def why_unscored(
    text: str, detected: Detected, supported: frozenset[str], *, deleted: bool = False
) -> UnscoredReason | None:
    """The reason not to ask the model about ``text``, or none when it may be asked."""
    if deleted:
        return "deleted"
    if not text.strip():
        return "empty_text"
    if detected.language == UNKNOWN:
        return "language_unsure"
    if detected.language not in supported:
        return "unsupported_language"
    return None


def decide(
    text: str,
    detected: Detected,
    prediction: Prediction | None,
    supported: frozenset[str],
    low_confidence: float,
    *,
    deleted: bool = False,
) -> Scored | Unscored:
    """The outcome for ``text``.

    Args:
        text: as it was written; empty for a deleted mention.
        detected: its language.
        prediction: what the model said; none where `why_unscored` gives a reason.
        supported: the languages whose scores are measured and may be published.
        low_confidence: a score whose confidence is below it is marked.
        deleted: the mention was taken back by its author.

    Raises:
        ValueError: the text may be scored but was not.
    """
    reason = why_unscored(text, detected, supported, deleted=deleted)
    if reason is not None:
        return Unscored(detected.language, reason)
    if prediction is None:
        raise ValueError("a text that may be scored needs a prediction; ask why_unscored which texts to classify")
    return Scored(detected.language, prediction, low_confidence=prediction.confidence < low_confidence)
