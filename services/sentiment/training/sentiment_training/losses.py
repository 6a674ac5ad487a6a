"""What the networks are told they did wrong: labels where there are any, and for the student what the teacher says."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from sentiment_training.batching import Places
from sentiment_training.corpus import Example, weights

SMOOTHING = 0.04
_SOFT = 2.0
"""Temperature at which the student reads its teacher (Hinton, Vinyals and Dean 2015, arXiv:1503.02531)."""


@dataclass(frozen=True)
class Told:
    """The teacher's answers: logits per text for both heads, and unit vectors for some texts.

    Attributes:
        vectors: one per text; zeros where none was made.
    """

    sentiment: NDArray[np.float32]
    intent: NDArray[np.float32]
    vectors: NDArray[np.float32]


class Labels:
    """Loss against the labels of ``examples``, balanced inside each source (sentiment) and language (intent).

    Args:
        told: the teacher's answers, which then count for more than the labels; none for the teacher itself.
    """

    def __init__(self, examples: list[Example], told: Told | None = None) -> None:
        sentiments, intents = ([getattr(one, kind) for one in examples] for kind in ("sentiment", "intent"))
        self._sentiment = _places(sentiments)
        self._intent = _places(intents)
        self._feel = _shares(sentiments, [f"{one.source} {one.language}" for one in examples])
        self._mean = _shares(intents, [one.language for one in examples])
        self._binary = torch.tensor([one.binary for one in examples])
        self._told = told

    def __call__(self, answers: tuple[Tensor, Tensor, Tensor], batch: Places) -> Mapping[str, Tensor]:
        """The parts of the loss of one batch, each a mean over its texts."""
        sentiment, intent, vector = (answer.float() for answer in answers)
        told, where = self._told, torch.from_numpy(batch)
        parts = {
            "sentiment": (0.4 if told else 1.0) * self._felt(sentiment, where),
            "intent": 0.5 * (0.4 if told else 1.0) * self._meant(intent, where),
        }
        if told is not None:
            has = self._sentiment[where] >= 0
            parts["like"] = 0.6 * _like(sentiment, told.sentiment[batch], has)
            parts["meant"] = 0.3 * _like(intent, told.intent[batch], torch.ones_like(has))
            target = torch.from_numpy(told.vectors[batch])
            made = target.any(dim=1).float()
            parts["vector"] = (made * (1 - (vector * target).sum(1))).mean()
        return parts

    def _felt(self, logits: Tensor, where: Tensor) -> Tensor:
        label = self._sentiment[where]
        three = _cross(logits, label.clamp_min(0))
        two = _cross(logits[:, [0, 2]], (label == 2).long())
        return (self._feel[where] * torch.where(self._binary[where], 0.5 * three + 0.5 * two, three)).mean()

    def _meant(self, logits: Tensor, where: Tensor) -> Tensor:
        return (self._mean[where] * _cross(logits, self._intent[where].clamp_min(0))).mean()


def _places(labels: list[int | None]) -> Tensor:
    return torch.tensor([-1 if label is None else label for label in labels])


def _shares(labels: list[int | None], groups: list[str]) -> Tensor:
    return torch.tensor(weights(labels, groups), dtype=torch.float32)


def _cross(logits: Tensor, labels: Tensor) -> Tensor:
    return functional.cross_entropy(logits, labels, reduction="none", label_smoothing=SMOOTHING)


def _like(logits: Tensor, teacher: NDArray[np.float32], where: Tensor) -> Tensor:
    soft = functional.softmax(torch.from_numpy(teacher) / _SOFT, dim=1)
    apart = functional.kl_div(functional.log_softmax(logits / _SOFT, dim=1), soft, reduction="none").sum(1)
    return (where.float() * apart).mean() * _SOFT**2
