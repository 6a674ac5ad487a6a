"""Corrected mentions as lines for training and measuring models: one JSON object with a text and its labels. Pure."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from shenava.codec import decode
from shenava.errors import Invalid
from shenava.events import MentionClassified
from shenava.kafka.ports import Record

# JSON may hold them as they are, but readers that cut a file by lines would cut the object too.
_LINE_ENDS = re.compile("[\x85\u2028\u2029]")
_encoder = msgspec.json.Encoder()


class Corrected(NamedTuple):
    """A mention with a correction in force.

    Attributes:
        event_id: the revision that stands; its text is the one that the labels speak of.
        language: what a person said, or else the model.
        sentiment: what a person said; None where nobody did, as for `intent`.
    """

    event_id: str
    language: str
    sentiment: str | None
    intent: str | None


class LabelledLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line, in the form that `sentiment evaluate` and the training read."""

    text: str
    lang: str
    intent: str | None = None
    sentiment: str | None = None


def text_of(record: Record, wanted: Mapping[str, object]) -> tuple[str, str] | None:
    """Event id and text, where ``record`` is a classified mention that is ``wanted``; None for any other."""
    told = dict(record.headers).get("ce_id")
    # Most are not wanted and say so in a header; an event in structured mode has none.
    if told is not None and told.decode("utf-8", "replace") not in wanted:
        return None
    try:
        event = decode(record.value, record.headers)
    except Invalid:
        return None  # whoever reads the topic has put it aside
    if not isinstance(event, MentionClassified) or event.event_id not in wanted:
        return None
    return event.event_id, event.mention.text


def lines(corrected: Sequence[Corrected], texts: Mapping[str, str]) -> list[bytes]:
    """A line for each whose text is there and not empty, in their order."""
    return [_line(each, text) for each in corrected if (text := texts.get(each.event_id, "")).strip()]


def _line(corrected: Corrected, text: str) -> bytes:
    line = LabelledLine(text=text, lang=corrected.language, intent=corrected.intent, sentiment=corrected.sentiment)
    written = _LINE_ENDS.sub(lambda found: f"\\u{ord(found[0]):04x}", _encoder.encode(line).decode())
    return written.encode() + b"\n"
