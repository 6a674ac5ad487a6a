"""How good a classifier is on texts whose labels are known. Pure.

Macro figures are plain means over the labels that occur, so that a rare label counts as much as a common one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from shenava.events.mentions import Classification, Intent, Sentiment

BINS = 15
"""Of the calibration error: as in Guo, Pleiss, Sun and Weinberger 2017, arXiv:1706.04599."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """A text's labels and what was said of it.

    Attributes:
        binary: neutral was no possible label: the likelier one of negative and positive counts.
    """

    sentiment: Sentiment | None
    intent: Intent | None
    verdict: Classification
    binary: bool = False


@dataclass(frozen=True, slots=True)
class Quality:
    """Figures over one set; all but ``texts`` and ``unscored`` over the scored ones, none where there is nothing.

    Attributes:
        texts: how many.
        unscored: share of them that got no score.
        f1: macro F1 of the sentiment; ``recall`` its macro recall.
        error: expected calibration error of the sentiment's confidence: mean distance to how often it is right.
        intent_f1: macro F1 of the intent.
    """

    texts: int
    unscored: float
    f1: float | None
    recall: float | None
    error: float | None
    intent_f1: float | None


@dataclass(frozen=True, slots=True)
class Bin:
    """The answers of like confidence.

    Attributes:
        texts: how many.
        confidence: their mean confidence.
        right: share of them that are right; equal to ``confidence`` where a model is well calibrated.
    """

    texts: int
    confidence: float
    right: float


def measure(labelled: Sequence[Labelled]) -> Quality:
    """The figures of ``labelled``.

    Raises:
        ValueError: there are no texts.
    """
    if not labelled:
        raise ValueError("nothing to measure: the set has no texts")
    scored = [one for one in labelled if one.verdict.status == "scored"]
    told = [(truth, said) for truth, said, _ in _felt(labelled)]
    meant = [(one.intent, one.verdict.intent or "") for one in scored if one.intent is not None]
    return Quality(
        texts=len(labelled),
        unscored=1 - len(scored) / len(labelled),
        f1=_mean([_f1(told, label) for label in _labels(told)]),
        recall=_mean([_recall(told, label) for label in _labels(told)]),
        error=calibration_error(answers(labelled)),
        intent_f1=_mean([_f1(meant, label) for label in _labels(meant)]),
    )


def answers(labelled: Iterable[Labelled]) -> list[tuple[float, bool]]:
    """How sure the sentiment of each scored text with a label was, and whether it was right."""
    return [(sure, truth == said) for truth, said, sure in _felt(labelled)]


def reliability(answers: Iterable[tuple[float, bool]], bins: int = BINS) -> list[Bin]:
    """The answers in ``bins`` equal steps of confidence, the empty ones left out."""
    steps: dict[int, list[tuple[float, bool]]] = {}
    for sure, right in answers:
        steps.setdefault(min(bins - 1, int(sure * bins)), []).append((sure, right))
    return [
        Bin(len(one), sum(sure for sure, _ in one) / len(one), sum(right for _, right in one) / len(one))
        for _, one in sorted(steps.items())
    ]


def calibration_error(answers: Sequence[tuple[float, bool]]) -> float | None:
    """Over steps of confidence: the mean distance between it and the share of right answers; none without answers."""
    apart = sum(step.texts * abs(step.confidence - step.right) for step in reliability(answers))
    return apart / len(answers) if answers else None


def _felt(labelled: Iterable[Labelled]) -> list[tuple[str, str, float]]:
    """Of each scored text with a label: the true sentiment, the one said, and how surely."""
    return [
        (one.sentiment, *_said(one)) for one in labelled if one.verdict.status == "scored" and one.sentiment is not None
    ]


def _said(one: Labelled) -> tuple[str, float]:
    likely = one.verdict.probabilities
    if not one.binary or likely is None:
        return one.verdict.sentiment or "", one.verdict.confidence or 0.0
    positive = likely.positive / ((likely.positive + likely.negative) or 1.0)
    return ("positive", positive) if positive >= 0.5 else ("negative", 1 - positive)


def _labels(told: Sequence[tuple[str, str]]) -> list[str]:
    return sorted({truth for truth, _ in told})


def _f1(told: Sequence[tuple[str, str]], label: str) -> float:
    right = sum(truth == said == label for truth, said in told)
    named = sum((truth == label) + (said == label) for truth, said in told)
    return 2 * right / named


def _recall(told: Sequence[tuple[str, str]], label: str) -> float:
    return sum(truth == said == label for truth, said in told) / sum(truth == label for truth, _ in told)


def _mean(figures: Sequence[float]) -> float | None:
    return sum(figures) / len(figures) if figures else None
