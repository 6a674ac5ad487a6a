"""What counts as unsure may be set for each language."""

from sentiment.classifier import Classifier
from sentiment.judge import ModelJudge


def test_a_language_with_a_threshold_of_its_own_is_marked_by_that_and_the_others_by_the_general_one() -> None:
    judge = ModelJudge(
        Classifier.load(), supported=frozenset({"fa", "en"}), low_confidence=0.0, low_confidences={"fa": 1.0}
    )
    persian, english = judge.texts(["سفارشم دیر رسید و ناراضی‌ام", "my order came late and I am unhappy"])
    assert (persian.language, persian.low_confidence) == ("fa", True)
    assert (english.language, english.low_confidence) == ("en", False)
