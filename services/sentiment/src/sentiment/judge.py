"""Mentions to classifications: the language, what the model says where it may be asked, the severity, who is named."""

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from sentiment.classifier import Prediction
from sentiment.cleaning import clean
from sentiment.language import Detected, detect
from sentiment.remembered import Model
from sentiment.score import Scored, Unscored, decide, why_unscored
from sentiment.severity import Said, graded
from sentiment.stance import entities, read
from sentiment.watchlist import Watchlist
from shenava.events.mentions import Classification, Mention

_BRAND = "default"


class ModelJudge:
    """Judges with a loaded model; one thread at a time.

    Args:
        supported: languages whose scores are measured and may be published.
        low_confidence: scores below it are marked as unsure.
        low_confidences: instead of it, by language.
        watchlist: what is looked for in the texts.
    """

    def __init__(
        self,
        classifier: Model,
        *,
        supported: frozenset[str],
        low_confidence: float,
        low_confidences: Mapping[str, float] | None = None,
        watchlist: Watchlist | None = None,
    ) -> None:
        self._classifier = classifier
        self._supported = supported
        self._low_confidence = low_confidence
        self._low_confidences = low_confidences or {}
        self.watchlist = watchlist or Watchlist()
        self.model_id = classifier.model_id
        self.model_version = classifier.model_version

    def __call__(self, mentions: Sequence[Mention], brands: Sequence[str] = ()) -> list[Classification]:
        """One classification per mention, in their order; ``brands`` are those they belong to, if not the default."""
        given = [(mention.text, mention.change == "deleted") for mention in mentions]
        verdicts = self._judge(given, brands)
        return [graded(verdict, Said.of(mention)) for verdict, mention in zip(verdicts, mentions, strict=True)]

    def texts(self, texts: Sequence[str]) -> list[Classification]:
        """One classification per text, in their order."""
        verdicts = self._judge([(text, False) for text in texts])
        return [graded(verdict, Said(text=text)) for verdict, text in zip(verdicts, texts, strict=True)]

    def _judge(self, given: Sequence[tuple[str, bool]], brands: Sequence[str] = ()) -> list[Classification]:
        found = [detect(text) for text, _ in given]
        asked = [
            index
            for index, (text, deleted) in enumerate(given)
            if why_unscored(text, found[index], self._supported, deleted=deleted) is None
        ]
        pairs = zip((text for text, _ in given), brands or [_BRAND] * len(given), strict=True)
        readings = [read(text, self.watchlist.find(text, brand)) for text, brand in pairs]
        said = self._ask({index: (given[index][0], *readings[index].rows) for index in asked}, found)
        return [
            replace(
                self._classification(text, found[index], next(iter(said[index]), None), deleted=deleted),
                entities=entities(readings[index], said[index]),
            )
            for index, (text, deleted) in enumerate(given)
        ]

    def _ask(self, wanted: Mapping[int, Sequence[str]], found: Sequence[Detected]) -> dict[int, list[Prediction]]:
        """What the model says of each text and then of its clauses, all asked together; nothing for the other texts."""
        rows = [(index, clean(text, found[index].language)) for index, texts in wanted.items() for text in texts]
        said: dict[int, list[Prediction]] = {index: [] for index in range(len(found))}
        languages = [found[index].language for index, _ in rows]
        for (index, _), prediction in zip(
            rows, self._classifier.classify([row for _, row in rows], languages), strict=True
        ):
            said[index].append(prediction)
        return said

    def _classification(
        self, text: str, detected: Detected, prediction: Prediction | None, *, deleted: bool
    ) -> Classification:
        threshold = self._low_confidences.get(detected.language, self._low_confidence)
        match decide(text, detected, prediction, self._supported, threshold, deleted=deleted):
            case Unscored(language, reason):
                return Classification(
                    status="unscored",
                    language=language,
                    reason=reason,
                    model=self.model_id,
                    model_version=self.model_version,
                )
            case Scored(language, said, low_confidence):
                return Classification(
                    status="scored",
                    language=language,
                    sentiment=said.sentiment,
                    probabilities=said.probabilities,
                    confidence=said.confidence,
                    low_confidence=low_confidence,
                    intent=said.intent,
                    intent_confidence=said.intent_confidence,
                    model=self.model_id,
                    model_version=self.model_version,
                )
