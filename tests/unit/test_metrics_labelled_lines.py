"""Corrected mentions as lines: the form that models are trained and measured with, and which records they are from."""

from pathlib import Path
from typing import NamedTuple

import pytest

from metrics_api.labelled_lines import Corrected, lines, text_of
from sentiment.labelled_texts import LabelledText
from sentiment.labelled_texts import read as read_texts
from shenava.codec import encode
from shenava.events import Event
from shenava.testing import builders as b


class Read(NamedTuple):
    """A record as read from the topic."""

    value: bytes | None
    headers: list[tuple[str, bytes]]
    key: bytes | None = None
    topic: str = "mentions.classified"
    partition: int = 0
    offset: int = 0
    timestamp: int = 0


def record(event: Event) -> Read:
    key, value, headers = encode(event, source="tests")
    return Read(value, headers, key)


def test_what_is_written_is_what_sentiment_reads(tmp_path: Path) -> None:
    corrected = [
        Corrected("1", "fa", "neutral", "question"),
        Corrected("2", "en", "negative", None),
        Corrected("3", "fa-Latn", None, None),
    ]
    texts = {"1": "کی می‌رسه؟", "2": "Oh great, broken again.\nThanks!", "3": "mersi"}
    file = tmp_path / "corrected.ndjson"
    file.write_bytes(b"".join(lines(corrected, texts)))
    assert list(read_texts(file)) == [
        LabelledText(text=texts["1"], lang="fa", sentiment="neutral", intent="question"),
        LabelledText(text=texts["2"], lang="en", sentiment="negative"),
        LabelledText(text=texts["3"], lang="fa-Latn"),
    ]


@pytest.mark.parametrize("end", ["\n", "\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"], ids=ascii)
def test_no_sign_inside_a_text_ends_its_line(tmp_path: Path, end: str) -> None:
    file = tmp_path / "corrected.ndjson"
    file.write_bytes(b"".join(lines([Corrected("1", "fa", "negative", None)], {"1": f"یک{end}دو"})))
    (read,) = read_texts(file)
    assert read.text == f"یک{end}دو"


def test_what_has_no_text_any_more_or_no_word_has_no_line() -> None:
    corrected = [Corrected("gone", "fa", "negative", None), Corrected("picture", "fa", "negative", None)]
    assert lines(corrected, {"picture": " \n"}) == []


def test_the_text_of_a_wanted_event_is_found_in_either_mode() -> None:
    event = b.classified()
    binary = record(event)
    envelope = b'{"specversion":"1.0","id":"x","source":"/x","type":"%b","data":%b}'
    assert binary.value is not None
    structured = Read(
        envelope % (event.TYPE.encode(), binary.value), [("content-type", b"application/cloudevents+json")]
    )
    for one in (binary, structured):
        assert text_of(one, {event.event_id: None}) == (event.event_id, b.TEXTS["fa"])
        assert text_of(one, {"another": None}) is None


@pytest.mark.parametrize(
    "unread",
    [Read(None, []), Read(b"{", []), Read(b"{", [("ce_id", b"wanted")]), Read(b"{}", [("ce_id", b"\xff")])],
    ids=["tombstone", "no event", "broken", "id that is no text"],
)
def test_what_cannot_be_read_is_passed_over(unread: Read) -> None:
    assert text_of(unread, {"wanted": None}) is None
