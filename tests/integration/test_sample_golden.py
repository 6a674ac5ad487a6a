"""What the bundled model and the sample rulebook say of every sample mention, frozen line by line; no server is needed.

A change of the model, of the text's preparation or of the rules shows here as the lines it moves.
``UPDATE_GOLDEN=1 pytest tests/integration/test_sample_golden.py`` writes the file anew: read its diff. The agreement
with people's labels may never fall far below what it once was; raise the figures when it has grown.
"""

import json
import os
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import msgspec
import pytest

from ingestor.submissions import SubmittedMention, to_event
from router.decide import Route, assess
from router.facts import facts
from router.rulebook import load
from rulebooks import SAMPLE
from sentiment.__main__ import load as load_judge
from sentiment.handler import classified
from sentiment.settings import SentimentSettings
from shenava.dev.summary import MentionKey, Outcome, agreement
from shenava.events import MentionClassified

FOLDER = SAMPLE.parent / "sample"
GOLDEN = FOLDER / "golden-lines.ndjson"
LANGUAGES = ("fa", "en")
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
AGREED = {
    "fa": {"sentiment": 0.697, "intent": 0.552, "queue": 0.780},
    "en": {"sentiment": 0.704, "intent": 0.600, "queue": 0.722},
}
"""The share of lines on which people and machine said the same when it was last frozen."""
SLACK = 0.02

Told = tuple[MentionClassified, Route | str]


@pytest.fixture(scope="module")
def told() -> list[Told]:
    """Every line as the loop would understand it, and the route, or the id of the rule that passes it."""
    received = [
        to_event(msgspec.json.decode(line, type=SubmittedMention), NOW)
        for line in _lines(f"mentions-{language}.ndjson" for language in LANGUAGES)
    ]
    judge = load_judge(SentimentSettings(watchlist=SAMPLE.with_name("watchlist.yaml")))
    verdicts = judge([event.mention for event in received])
    book = load(SAMPLE)
    understood = [classified(*pair, judge.watchlist) for pair in zip(received, verdicts, strict=True)]
    assessed = [assess(facts(event), book) for event in understood]
    return [
        (event, verdict if isinstance(verdict, Route) else verdict.decision.rule_id)
        for event, verdict in zip(understood, assessed, strict=True)
    ]


def test_the_model_and_the_rules_say_of_each_line_what_the_golden_file_has(told: Sequence[Told]) -> None:
    now = [json.dumps(_line(*each), ensure_ascii=False) for each in told]
    if os.environ.get("UPDATE_GOLDEN") == "1":
        GOLDEN.write_text("".join(f"{line}\n" for line in now), "utf-8")
    golden = GOLDEN.read_text("utf-8").splitlines()

    assert len(now) == len(golden)
    moved = [f"was {was}\nis  {line}" for was, line in zip(golden, now, strict=True) if was != line]
    assert not moved, "\n".join([f"{len(moved)} lines moved:", *moved])


@pytest.mark.parametrize("language", LANGUAGES)
def test_people_agree_with_golden_lines_as_often_as_they_did(told: Sequence[Told], language: str) -> None:
    truth = [json.loads(line) for line in _lines([f"truth-{each}.ndjson" for each in LANGUAGES])]
    found = {_key(event): _outcome(event, verdict) for event, verdict in told}
    (row,) = (row for row in agreement(found, truth) if row.language == language)

    shares = {name: getattr(row, name) for name in AGREED[language]}
    fallen = {name: share for name, share in shares.items() if share < AGREED[language][name] - SLACK}
    assert not fallen, f"{fallen} fell from {AGREED[language]}"


def _lines(names: Iterable[str]) -> list[str]:
    return [line for name in names for line in (FOLDER / name).read_text("utf-8").splitlines()]


def _key(event: MentionClassified) -> MentionKey:
    return event.mention.channel, event.mention.native_id, event.mention.change


def _line(event: MentionClassified, verdict: Route | str) -> dict[str, str | None]:
    said = event.classification
    rule = (
        f"{verdict.destination.queue}/{verdict.decision.rule_id}" if isinstance(verdict, Route) else f"pass/{verdict}"
    )
    names = ("channel", "native_id", "change")
    judged = {"language": said.language, "sentiment": said.sentiment or said.reason, "intent": said.intent}
    return dict(zip(names, _key(event), strict=True)) | judged | {"verdict": rule}


def _outcome(event: MentionClassified, verdict: Route | str) -> Outcome:
    said = event.classification
    queue = verdict.destination.queue if isinstance(verdict, Route) else None
    return Outcome(said.language, said.sentiment, said.reason, said.intent, queue)
