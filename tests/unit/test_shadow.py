"""A second model judges beside the first one and changes nothing; what it said stands in metrics and the log."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from sentiment.__main__ import load, load_shadow
from sentiment.classifier import Classifier
from sentiment.judge import ModelJudge
from sentiment.settings import SentimentSettings
from sentiment.shadow import Shadow
from sentiment.source import BUNDLED
from shenava.events import MentionReceived
from shenava.events.mentions import Classification
from shenava.ids import derive
from shenava.settings import InvalidSettings
from shenava.testing.mention_builders import received

SCORED = ["خیلی بد بود، پشیمانم از خرید", "عالی بود، خیلی ممنون", "worst delivery ever, awful"]
TEXTS = [*SCORED, "Merhaba, siparişim nerede kaldı acaba?", "😀"]


def heard(text: str) -> MentionReceived:
    return received(text=text, mention_id=derive("mention", text))


EVENTS = [heard(text) for text in TEXTS]


def counted(outcome: str) -> float:
    return REGISTRY.get_sample_value("shenava_sentiment_shadow_mentions_total", {"outcome": outcome}) or 0


@pytest.fixture(scope="module")
def live() -> ModelJudge:
    return load(SentimentSettings())


@pytest.fixture(scope="module")
def verdicts(live: ModelJudge) -> list[Classification]:
    return live([event.mention for event in EVENTS])


def contrary(directory: Path) -> Path:
    """The bundled model with negative and positive changed round."""
    shutil.copytree(BUNDLED, directory)
    config = json.loads((BUNDLED / "config.json").read_bytes())
    labels = {"0": "positive", "1": "neutral", "2": "negative"}
    (directory / "config.json").write_text(json.dumps(config | {"id2label": labels}), "utf-8")
    return directory


def test_the_same_model_in_the_shadow_agrees_with_every_score_and_is_not_asked_about_the_rest(
    live: ModelJudge, verdicts: list[Classification]
) -> None:
    before = counted("agreed")
    with Shadow(live) as shadow:
        shadow.offer(EVENTS, verdicts)
    assert counted("agreed") == before + len(SCORED)


def test_a_contrary_model_is_loaded_by_the_settings_and_its_differences_are_logged_without_the_text(
    tmp_path: Path, verdicts: list[Classification]
) -> None:
    before = counted("disagreed")
    shadow = load_shadow(SentimentSettings(shadow_model=str(contrary(tmp_path / "model"))))
    assert shadow is not None
    with capture_logs() as logs, shadow:
        shadow.offer(EVENTS, verdicts)
    assert counted("disagreed") == before + len(SCORED)
    told = [entry for entry in logs if entry["event"] == "shadow_disagreed"]
    assert {entry["mention_id"] for entry in told} == {event.mention.mention_id for event in EVENTS[: len(SCORED)]}
    assert {(entry["live"], entry["shadow"]) for entry in told} == {("negative", "positive"), ("positive", "negative")}
    assert not any(text in str(logs) for text in TEXTS)


def test_a_second_model_that_breaks_is_logged_and_nothing_else_happens(verdicts: list[Classification]) -> None:
    class Broken(ModelJudge):
        def __call__(self, mentions: Sequence[object], brands: Sequence[str] = ()) -> list[Classification]:
            raise OSError(f"the weights are gone, {len(mentions)} mentions of {len(brands)} brands wait")

    before = counted("failed")
    broken = Broken(Classifier.load(), supported=frozenset({"fa", "en"}), low_confidence=0.5)
    with capture_logs() as logs, Shadow(broken) as shadow:
        shadow.offer(EVENTS, verdicts)
    assert [entry["event"] for entry in logs] == ["shadow_failed"]
    assert counted("failed") == before + len(SCORED)


def test_a_share_takes_the_same_texts_every_time(live: ModelJudge) -> None:
    events = [heard(f"سفارش {number} عالی بود") for number in range(60)]
    said = live([event.mention for event in events])
    taken = []
    for _ in range(2):
        before = counted("agreed")
        with Shadow(live, 0.5) as shadow:
            shadow.offer(events, said)
        taken.append(counted("agreed") - before)
    assert taken[0] == taken[1]
    assert 0 < taken[0] < len(events)


def test_a_second_model_that_cannot_be_loaded_stops_the_start_and_names_its_setting() -> None:
    with pytest.raises(InvalidSettings, match="SHENAVA_SENTIMENT_SHADOW_MODEL"):
        load_shadow(SentimentSettings(shadow_model="/nowhere/at/all"))
