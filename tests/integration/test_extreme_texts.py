"""Whatever a text is like, what is looked at of it is bounded, and it gets its outcome; no server is needed."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from extreme_texts import LONGEST, PATTERNS, texts
from ingestor.submissions import SubmittedMention, to_event
from router.decide import Route, assess
from router.facts import facts
from router.notices import routed_notice
from router.plain_text import LONGEST as READ_BY_RULES
from router.plain_text import plain
from router.rulebook import load
from rulebooks import SAMPLE
from sentiment.__main__ import load as load_judge
from sentiment.backends import OnnxBackend, Outputs, Tokens
from sentiment.handler import classified
from sentiment.judge import ModelJudge
from sentiment.language import detect
from sentiment.settings import SentimentSettings
from shenava.codec import MAX_VALUE_BYTES, decode, encode
from shenava.errors import Invalid
from shenava.testing import builders
from shenava.text import normalise
from shenava.webhooks.message import MAX_BODY_BYTES, serialise

pytestmark = pytest.mark.timeout(300)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
NAMES = sorted(texts(1))
MILLION = 1_000_000
SETTINGS = SentimentSettings()


@pytest.fixture(scope="module")
def judge() -> ModelJudge:
    return load_judge(SETTINGS)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many tokens of each text the model was given."""
    seen: list[int] = []
    run = OnnxBackend.run

    def counting(backend: OnnxBackend, rows: Sequence[Tokens]) -> Outputs:
        seen.extend(map(len, rows))
        return run(backend, rows)

    monkeypatch.setattr(OnnxBackend, "run", counting)
    return seen


@pytest.mark.parametrize("name", NAMES)
def test_a_text_of_a_million_signs_is_read_in_part_and_refused_as_a_mention(
    judge: ModelJudge, read: list[int], name: str
) -> None:
    text = texts(MILLION)[name]
    (verdict,) = judge.texts([text])
    assert all(count <= SETTINGS.max_tokens for count in read)
    assert (len(read) == 1) == (verdict.status == "scored") == (verdict.reason is None)
    assert len(normalise(text)) <= LONGEST
    assert len(plain(text)) <= READ_BY_RULES
    with pytest.raises(Invalid, match="100000"):
        _submitted(text)


@pytest.mark.parametrize("name", NAMES)
def test_the_longest_mention_comes_through_every_step_and_fits_its_topics(judge: ModelJudge, name: str) -> None:
    received = _submitted(texts()[name])
    (verdict,) = judge([received.mention])
    understood = classified(received, verdict)
    _, value, headers = encode(understood, source="test")
    assert decode(value, headers) == understood
    known = facts(understood)
    assert len(str(known["text"])) <= READ_BY_RULES
    outcome = assess(known, load(SAMPLE))
    assert not isinstance(outcome, Route) or not outcome.failures
    routed = builders.issue_routed(mention=received.mention, classification=verdict, decision=outcome.decision)
    assert len(encode(routed, source="test")[1]) <= MAX_VALUE_BYTES
    assert len(serialise("issue.routed", NOW, routed_notice(routed).data)) < MAX_BODY_BYTES


@pytest.mark.parametrize("name", sorted(PATTERNS))
def test_what_stands_beyond_the_part_that_is_looked_at_changes_no_language(name: str) -> None:
    beginning = texts(10_000)[name]
    assert detect(beginning) == detect(beginning + "x" * MILLION) == detect(texts(MILLION)[name])


def _submitted(text: str) -> Any:
    raw = {"channel": "x", "native_id": "1", "author": {"id": "x:1"}, "text": text, "brand": "extreme"}
    try:
        return to_event(msgspec.convert(raw, type=SubmittedMention), NOW)
    except msgspec.ValidationError as error:
        raise Invalid("invalid_field", str(error)) from error
