"""Says how a text feels and what it wants: probabilities that do not depend on when or beside what it is asked."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, get_args

import numpy as np
from numpy.typing import NDArray

from sentiment.backends import Backend, Logits, Tokens, load_backend, load_tokenizer
from sentiment.labels import SENTIMENTS, UnusableModel, meanings
from sentiment.source import ModelSource, find
from shenava.events.mentions import Intent, Probabilities, Sentiment

# More in one run is slower on one core: a layer's activations then leave its cache.
_BATCH_TOKENS = 256
_LONGEST_TOKEN = 32
"""Code points that a text may have per token it is cut to; a longer text cannot change the tokens that are kept."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the model says of one text.

    Attributes:
        probabilities: calibrated; they sum to 1.
        confidence: the probability of ``sentiment``, the likeliest one.
        intent: what the author wants, if the model tells it.
    """

    probabilities: Probabilities
    sentiment: Sentiment
    confidence: float
    intent: Intent | None = None
    intent_confidence: float | None = None


class Classifier:
    """A loaded model; `classify` may be called from one thread at a time.

    Attributes:
        model_id: its name.
        model_version: a hash of everything that decides its numbers.
    """

    def __init__(
        self,
        *,
        backend: Backend,
        tokenizer: Any,
        meaning: Sequence[Sentiment],
        intents: Sequence[Intent],
        temperature: float,
        max_tokens: int,
        model_id: str,
        model_version: str,
    ) -> None:
        self._backend = backend
        self._tokenizer = tokenizer
        self._gather = np.array([[label == sentiment for sentiment in SENTIMENTS] for label in meaning], np.float64)
        self._intents = tuple(intents)
        self._temperature = temperature
        self._max_tokens = max_tokens
        self.model_id = model_id
        self.model_version = model_version

    @classmethod
    def load(
        cls,
        source: str | Path | None = None,
        *,
        threads: int = 1,
        temperature: float | None = None,
        label_map: Mapping[str, str] | None = None,
        max_tokens: int = 128,
    ) -> Self:
        """The model of ``source``, ready to classify.

        Args:
            source: a directory or a Hugging Face id; none for the bundled model.
            threads: of one run.
            temperature: the logits are divided by it; none for the model's own (1 where it has none).
            label_map: label of the model to sentiment, where its names do not say it.
            max_tokens: a longer text is cut.

        Raises:
            UnusableModel: the model cannot be had, has no labels we understand or nothing to run it.
        """
        model = find(source)
        config = model.config()
        meaning = meanings(_labels(config, model), label_map)
        heat = float(config.get("temperature", 1.0)) if temperature is None else temperature
        tokenizer = load_tokenizer(model)
        longest = int(config.get("max_position_embeddings") or max_tokens)
        return cls(
            backend=load_backend(model, threads=threads, padding=int(tokenizer.pad_token_id or 0)),
            tokenizer=tokenizer,
            meaning=meaning,
            intents=_intents(config.get("intent_labels", ())),
            temperature=heat,
            max_tokens=min(max_tokens, longest, int(tokenizer.model_max_length)),
            model_id=model.name,
            model_version=model.version((meaning, heat, max_tokens)),
        )

    def classify(self, texts: Sequence[str]) -> list[Prediction]:
        """One prediction per text of ``texts`` (cleaned for the model), in their order.

        The same text gives the same numbers, whatever else is in ``texts``.

        Raises:
            UnusableModel: the model gave a number that is none.
        """
        if not texts:
            return []
        rows = self._tokens(texts)
        logits = np.empty((len(rows), len(self._gather)), np.float32)
        wishes = np.empty((len(rows), len(self._intents)), np.float32)
        for batch in batches(rows, 0 if self._backend.alone else _BATCH_TOKENS):
            feeling, wish = self._backend.run([rows[place] for place in batch])
            logits[batch] = feeling
            if wish is not None and self._intents:
                wishes[batch] = wish
        if not np.isfinite(logits).all():
            raise UnusableModel(f"{self.model_id} gave a score that is not a number; its weights are damaged")
        probabilities = softmax(logits / self._temperature) @ self._gather
        return [self._prediction(*pair) for pair in zip(probabilities, softmax(wishes), strict=True)]

    def _tokens(self, texts: Sequence[str]) -> list[Tokens]:
        longest = self._max_tokens * _LONGEST_TOKEN
        short = [text[:longest].encode(errors="ignore").decode() for text in texts]  # without lone surrogates
        rows: list[Tokens] = self._tokenizer(short, truncation=True, max_length=self._max_tokens)["input_ids"]
        return rows

    def _prediction(self, probabilities: NDArray[np.float64], wishes: NDArray[np.float64]) -> Prediction:
        best = int(probabilities.argmax())
        wish = int(wishes.argmax()) if self._intents else None
        return Prediction(
            probabilities=Probabilities(**dict(zip(SENTIMENTS, probabilities.tolist(), strict=True))),
            sentiment=SENTIMENTS[best],
            confidence=float(probabilities[best]),
            intent=None if wish is None else self._intents[wish],
            intent_confidence=None if wish is None else float(wishes[wish]),
        )


def batches(rows: Sequence[Tokens], budget: int) -> Iterator[list[int]]:
    """Places of ``rows`` to run together: texts of like length, at most ``budget`` tokens with padding, or one text."""
    batch: list[int] = []
    for place in sorted(range(len(rows)), key=lambda place: len(rows[place])):
        if batch and (len(batch) + 1) * len(rows[place]) > budget:
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch


def softmax(logits: Logits) -> NDArray[np.float64]:
    """Probabilities of each row."""
    if not logits.size:
        return logits.astype(np.float64)
    powers = np.exp((logits - logits.max(axis=1, keepdims=True)).astype(np.float64))
    shares: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return shares


def _labels(config: Mapping[str, Any], model: ModelSource) -> list[str]:
    """The model's names of its outputs, by index."""
    labels = [str(label) for _, label in sorted(config.get("id2label", {}).items(), key=lambda pair: int(pair[0]))]
    if not labels:
        raise UnusableModel(f"{model.directory / 'config.json'}: no id2label; name the labels of the model there")
    return labels


def _intents(names: Sequence[str]) -> tuple[Intent, ...]:
    known: tuple[Intent, ...] = get_args(Intent)
    found = tuple(intent for name in names for intent in known if intent == name)
    if len(found) != len(names):
        raise UnusableModel(f"intent_labels {', '.join(names)}: each must be one of {', '.join(known)}")
    return found
