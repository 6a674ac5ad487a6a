"""Says how a text feels and what it wants: probabilities that do not depend on when or beside what it is asked."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self, get_args

import numpy as np
from numpy.typing import NDArray

from sentiment.backends import Backend, Logits, Outputs, Tokens, load_backend, load_tokenizer
from sentiment.heat import Heat
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
        embedding: a vector of length 1, if the model gives one; texts of like meaning have neighbouring ones.
    """

    probabilities: Probabilities
    sentiment: Sentiment
    confidence: float
    intent: Intent | None = None
    intent_confidence: float | None = None
    embedding: NDArray[np.float32] | None = field(default=None, repr=False, compare=False)


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
        heat: Heat,
        max_tokens: int,
        model_id: str,
        model_version: str,
    ) -> None:
        self._backend = backend
        self._tokenizer = tokenizer
        self._gather = np.array([[label == sentiment for sentiment in SENTIMENTS] for label in meaning], np.float64)
        self._intents = tuple(intents)
        self._heat = heat
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
            temperature: the logits are divided by it in every language; none for the model's own.
            label_map: label of the model to sentiment, where its names do not say it.
            max_tokens: a longer text is cut.

        Raises:
            UnusableModel: the model cannot be had, has no labels we understand or nothing to run it.
        """
        model = find(source)
        config = model.config()
        meaning = meanings(_labels(config, model), label_map)
        heat = Heat.of(config) if temperature is None else Heat(temperature)
        tokenizer = load_tokenizer(model)
        longest = int(config.get("max_position_embeddings") or max_tokens)
        return cls(
            backend=load_backend(model, threads=threads, padding=int(tokenizer.pad_token_id or 0)),
            tokenizer=tokenizer,
            meaning=meaning,
            intents=_intents(config.get("intent_labels", ())),
            heat=heat,
            max_tokens=min(max_tokens, longest, int(tokenizer.model_max_length)),
            model_id=model.name,
            model_version=model.version((meaning, heat, max_tokens)),
        )

    def classify(self, texts: Sequence[str], languages: Sequence[str] = ()) -> list[Prediction]:
        """One prediction per text of ``texts`` (cleaned for the model), in their order.

        The same text gives the same numbers, whatever else is in ``texts``.

        Args:
            texts: what to judge.
            languages: of the texts; a model may be calibrated for each. None given: its general calibration.

        Raises:
            UnusableModel: the model gave a number that is none.
        """
        if not texts:
            return []
        found = self._run(self._tokens(texts))
        if not np.isfinite(found.sentiment).all():
            raise UnusableModel(f"{self.model_id} gave a score that is not a number; its weights are damaged")
        heat = self._heat.of_each(languages or [""] * len(texts))
        probabilities = softmax(found.sentiment / heat[:, None]) @ self._gather
        wishes = None if found.intent is None or not self._intents else softmax(found.intent)
        return [
            self._prediction(
                probabilities[row],
                None if wishes is None else wishes[row],
                None if found.embedding is None else found.embedding[row],
            )
            for row in range(len(texts))
        ]

    def _run(self, rows: Sequence[Tokens]) -> Outputs:
        """What the model gives for ``rows``, in their order; run in batches of like length."""
        order: list[int] = []
        parts: list[Outputs] = []
        for batch in batches(rows, 0 if self._backend.alone else _BATCH_TOKENS):
            order.extend(batch)
            parts.append(self._backend.run([rows[place] for place in batch]))
        back = np.argsort(order)
        return Outputs(
            np.concatenate([part.sentiment for part in parts])[back],
            _joined([part.intent for part in parts], back),
            _joined([part.embedding for part in parts], back),
        )

    def _tokens(self, texts: Sequence[str]) -> list[Tokens]:
        longest = self._max_tokens * _LONGEST_TOKEN
        short = [text[:longest].encode(errors="ignore").decode() for text in texts]  # without lone surrogates
        rows: list[Tokens] = self._tokenizer(short, truncation=True, max_length=self._max_tokens)["input_ids"]
        return rows

    def _prediction(
        self,
        probabilities: NDArray[np.float64],
        wishes: NDArray[np.float64] | None,
        embedding: NDArray[np.float32] | None,
    ) -> Prediction:
        best = int(probabilities.argmax())
        wish = None if wishes is None else int(wishes.argmax())
        return Prediction(
            probabilities=Probabilities(**dict(zip(SENTIMENTS, probabilities.tolist(), strict=True))),
            sentiment=SENTIMENTS[best],
            confidence=float(probabilities[best]),
            intent=None if wish is None else self._intents[wish],
            intent_confidence=None if wishes is None or wish is None else float(wishes[wish]),
            embedding=embedding,
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


def _joined(parts: Sequence[Logits | None], order: NDArray[np.int64]) -> Logits | None:
    """The rows of one head from all batches, put in ``order``; none where the model does not have the head."""
    given = [part for part in parts if part is not None]
    return np.concatenate(given)[order] if given else None


def softmax(logits: NDArray[np.float32 | np.float64]) -> NDArray[np.float64]:
    """Probabilities of each row."""
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
