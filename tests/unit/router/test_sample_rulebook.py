"""The sample rulebook on the sample mentions, labelled by people: does each go where a person would send it?"""

import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import msgspec

from router.decide import Pass, assess
from router.facts import facts
from router.rulebook import load
from rulebooks import SAMPLE
from sentiment.stance import entities, read
from sentiment.watchlist import Watchlist
from shenava.events import MentionClassified
from shenava.events.mentions import Author, Classification, Counts
from shenava.testing.builders import classified

WATCHLIST = Watchlist.load(SAMPLE.with_name("watchlist.yaml"))
FOLDER = SAMPLE.parent / "sample"
SUPPORTED = {"fa", "en", "fa-Latn", "mixed"}


def labelled() -> Iterator[tuple[str, MentionClassified, str | None]]:
    """Each sample mention, understood as its label says, with the queue that a person chose."""
    for language in ("fa", "en"):
        lines = [
            (FOLDER / f"{kind}-{language}.ndjson").read_text("utf-8").splitlines() for kind in ("mentions", "truth")
        ]
        for mention, truth in zip(*lines, strict=True):
            yield language, *_understood(json.loads(mention), json.loads(truth))


def _understood(said: dict[str, Any], truth: dict[str, Any]) -> tuple[MentionClassified, str | None]:
    scored = truth["sentiment"] is not None
    found = WATCHLIST.find(said["text"], "default")
    verdict = Classification(
        status="scored" if scored else "unscored",
        language="fa" if truth["language"] == "mixed" else truth["language"],
        reason=None if scored else "deleted" if said.get("change") == "deleted" else "unsupported_language",
        sentiment=truth["sentiment"],
        intent=truth["intent"],
        intent_confidence=1.0 if scored else None,
        entities=entities(read(said["text"], found), ()),
        model="a careful person",
        model_version="1",
    )
    fields = {
        name: said[name] for name in ("channel", "native_id", "text", "rating", "change", "in_reply_to") if name in said
    }
    author = msgspec.convert(said["author"], Author)
    counts = msgspec.convert(said.get("counts", {}), Counts)
    return classified(**fields, author=author, counts=counts, classification=verdict), truth["queue"]


def test_nine_of_ten_sample_mentions_go_where_a_person_would_send_them() -> None:
    book = load(SAMPLE)
    right: dict[str, list[bool]] = defaultdict(list)
    for language, event, queue in labelled():
        verdict = assess(facts(event), book)
        chosen = None if isinstance(verdict, Pass) else verdict.destination.queue
        right[language].append(chosen == queue)
    assert {language: len(found) > 300 for language, found in right.items()} == {"fa": True, "en": True}
    shares = {language: sum(found) / len(found) for language, found in right.items()}
    assert min(shares.values()) >= 0.9, shares


def test_no_refund_lead_or_complaint_to_us_is_left_without_a_person() -> None:
    book = load(SAMPLE)
    left = [
        event.mention.text
        for _, event, queue in labelled()
        if queue is not None
        and event.classification.intent in {"refund", "lead", "complaint", "suggestion", "question"}
        and isinstance(assess(facts(event), book), Pass)
    ]
    assert left == []
