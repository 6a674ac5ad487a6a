"""Remembers what a model said of a text, so that a text copied a thousand times is judged once.

A prediction depends on the text, its language and the model alone, never on what stands beside it; so what is
remembered is what would be said again.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from itertools import zip_longest
from typing import Protocol

from sentiment.classifier import Prediction
from shenava.telemetry import metrics


class Model(Protocol):
    """What judges texts: `sentiment.classifier.Classifier`, or what stands before it."""

    model_id: str
    model_version: str

    def classify(self, texts: Sequence[str], languages: Sequence[str] = ()) -> list[Prediction]:
        """One prediction per text, in their order."""


class Remembering:
    """A model with a memory; the texts that were not asked for longest are forgotten first.

    Texts are kept as hashes only, so the memory holds nothing that anybody wrote.

    Args:
        model: is asked what is not remembered.
        most: texts to remember, about 3 KB each.
    """

    def __init__(self, model: Model, most: int) -> None:
        self._model = model
        self._most = most
        self._known: OrderedDict[bytes, Prediction] = OrderedDict()
        self._seed = hashlib.blake2b(model.model_version.encode(), digest_size=16)
        self.model_id = model.model_id
        self.model_version = model.model_version

    def classify(self, texts: Sequence[str], languages: Sequence[str] = ()) -> list[Prediction]:
        """See `sentiment.classifier.Classifier.classify`."""
        keys = [self._key(*pair) for pair in zip_longest(texts, languages, fillvalue="")]
        found = {key: self._known[key] for key in keys if key in self._known}
        unknown = {key: place for place, key in enumerate(keys) if key not in found}
        said = self._model.classify(
            [texts[place] for place in unknown.values()],
            [languages[place] for place in unknown.values()] if languages else (),
        )
        found |= dict(zip(unknown, map(_alone, said), strict=True))
        self._remember(found)
        metrics.REMEMBERED.labels("asked").inc(len(unknown))
        metrics.REMEMBERED.labels("remembered").inc(len(texts) - len(unknown))
        return [found[key] for key in keys]

    def _key(self, text: str, language: str) -> bytes:
        state = self._seed.copy()
        state.update(f"{language}\0{text}".encode(errors="surrogatepass"))
        return state.digest()

    def _remember(self, found: dict[bytes, Prediction]) -> None:
        for key, prediction in found.items():
            self._known[key] = prediction
            self._known.move_to_end(key)
        while len(self._known) > self._most:
            self._known.popitem(last=False)


def _alone(prediction: Prediction) -> Prediction:
    """The prediction with a vector of its own: a row of a batch's would keep the whole batch in memory."""
    if prediction.embedding is None:
        return prediction
    return replace(prediction, embedding=prediction.embedding.copy())
