"""Mentions to classifications: the language, what the model says where it may be asked, the severity."""

from collections.abc import Sequence

from sentiment.classifier import Classifier, Prediction
from sentiment.cleaning import clean
from sentiment.language import Detected, detect
from sentiment.score import Scored, Unscored, decide, why_unscored
from sentiment.severity import Said, graded
from shenava.events.mentions import Classification, Mention


class ModelJudge:
    """Judges with a loaded model; one thread at a time.

    Args:
        supported: languages whose scores are measured and may be published.
        low_confidence: scores below it are marked as unsure.
    """

    def __init__(self, classifier: Classifier, *, supported: frozenset[str], low_confidence: float) -> None:
        self._classifier = classifier
        self._supported = supported
        self._low_confidence = low_confidence
        self.model_id = classifier.model_id
        self.model_version = classifier.model_version

    def __call__(self, mentions: Sequence[Mention]) -> list[Classification]:
        """One classification per mention, in their order."""
        verdicts = self._judge([(mention.text, mention.change == "deleted") for mention in mentions])
        return [graded(verdict, Said.of(mention)) for verdict, mention in zip(verdicts, mentions, strict=True)]

    def texts(self, texts: Sequence[str]) -> list[Classification]:
        """One classification per text, in their order."""
        verdicts = self._judge([(text, False) for text in texts])
        return [graded(verdict, Said(text=text)) for verdict, text in zip(verdicts, texts, strict=True)]

    def _judge(self, given: Sequence[tuple[str, bool]]) -> list[Classification]:
        found = [detect(text) for text, _ in given]
        asked = [
            index
            for index, (text, deleted) in enumerate(given)
            if why_unscored(text, found[index], self._supported, deleted=deleted) is None
        ]
        cleaned = [clean(given[index][0], found[index].language) for index in asked]
        said = dict(zip(asked, self._classifier.classify(cleaned), strict=True))
        return [
            self._classification(text, found[index], said.get(index), deleted=deleted)
            for index, (text, deleted) in enumerate(given)
        ]

    def _classification(
        self, text: str, detected: Detected, prediction: Prediction | None, *, deleted: bool
    ) -> Classification:
        match decide(text, detected, prediction, self._supported, self._low_confidence, deleted=deleted):
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
