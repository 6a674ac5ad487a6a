"""What a submission becomes: defaults, times, ids, cleaning."""

import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from ingestor.checks import AHEAD, CONTROL
from ingestor.submissions import SubmittedFact, SubmittedMention, fact_event, to_event
from shenava.codec import decode, encode
from shenava.errors import Invalid
from shenava.events import MentionReceived
from shenava.ids import derive, mention_id
from shenava.testing.builders import BASE

MENTION: dict[str, Any] = {
    "channel": "instagram",
    "native_id": "p-1",
    "author": {"id": "ig:sara"},
    "text": "سفارشم نرسیده",
}
FACT: dict[str, Any] = {"kind": "order", "fact_id": "o-1", "values": {"amount": 5.0}}
EMPTY: dict[str, Any] = {}


def _submitted(**over: Any) -> SubmittedMention:
    return msgspec.convert(MENTION | over, SubmittedMention)


def _event(**over: Any) -> MentionReceived:
    return to_event(_submitted(**over), BASE)


def _fact(**over: Any) -> SubmittedFact:
    return msgspec.convert(FACT | over, SubmittedFact)


def test_a_mention_without_time_is_as_old_as_its_arrival() -> None:
    event = _event()
    assert (event.occurred_at, event.mention.received_at, event.mention.posted_at) == (BASE, BASE, BASE)


def test_the_authors_own_time_is_kept_in_utc() -> None:
    event = _event(posted_at="2026-03-20T12:00:00+03:30")
    assert event.mention.posted_at == datetime(2026, 3, 20, 8, 30, tzinfo=UTC)
    assert event.mention.posted_at.tzinfo is UTC
    assert event.occurred_at == BASE


def test_the_time_of_an_envelope_stands_in_for_a_missing_one_only() -> None:
    said = BASE - timedelta(hours=1)
    assert to_event(_submitted(), BASE, said).mention.posted_at == said
    told = _submitted(posted_at="2026-03-20T08:30:00Z")
    assert to_event(told, BASE, said).mention.posted_at == datetime(2026, 3, 20, 8, 30, tzinfo=UTC)


def test_a_conversation_is_the_thread_or_else_the_author() -> None:
    assert _event().mention.conversation == "ig:sara"
    assert _event(conversation="post-9").mention.conversation == "post-9"
    assert _event(conversation="post-9").key == "default:instagram:post-9"


def test_a_clock_a_little_ahead_is_accepted_and_one_far_ahead_is_refused() -> None:
    assert _event(posted_at=(BASE + AHEAD).isoformat()).mention.posted_at == BASE + AHEAD
    with pytest.raises(Invalid, match="more than 5 minutes after") as refused:
        _event(posted_at=(BASE + AHEAD + timedelta(seconds=1)).isoformat())
    assert (refused.value.reason, refused.value.pointer) == ("in_the_future", "/posted_at")


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00+14:00", "1969-12-31T23:59:59Z"])
def test_a_time_before_1970_is_a_mistake_of_units(time: str) -> None:
    with pytest.raises(Invalid, match="before 1970") as refused:
        _event(posted_at=time)
    assert refused.value.pointer == "/posted_at"


@pytest.mark.parametrize("change", ["posted", "edited"])
def test_a_missing_text_is_refused_and_an_empty_one_is_not(change: str) -> None:
    textless = {name: value for name, value in MENTION.items() if name != "text"}
    with pytest.raises(Invalid, match="needs its text") as refused:
        to_event(msgspec.convert(textless | {"change": change}, SubmittedMention), BASE)
    assert refused.value.pointer == "/text"
    assert _event(text="", change=change).mention.text == ""


def test_what_was_deleted_keeps_no_text() -> None:
    assert _event(change="deleted", text="پشیمان شدم").mention.text == ""


def test_a_text_loses_what_no_store_takes_and_keeps_the_authors_spelling() -> None:
    assert _event(text="نيل\u200cگون\x00 \u2068خوبه\u2069\r\n؟").mention.text == "نيل\u200cگون \u2068خوبه\u2069\n؟"


def test_a_name_of_nothing_but_controls_is_no_name() -> None:
    author = _event(author={"id": "ig:1", "name": "\x00\x01", "handle": "h\x07"}).mention.author
    assert (author.name, author.handle) == (None, "h")


@pytest.mark.parametrize(
    ("over", "pointer"),
    [
        ({"native_id": "p\x1f1"}, "/native_id"),
        ({"author": {"id": "a\x00"}}, "/author/id"),
        ({"conversation": "c\n1"}, "/conversation"),
        ({"revision": "\u2028"}, "/revision"),
        ({"in_reply_to": "a\x7fb"}, "/in_reply_to"),
        ({"url": "https://example.com/\x1b"}, "/url"),
        ({"native_id": "\ud800"}, "/native_id"),
    ],
)
def test_a_control_character_in_an_id_is_named_and_refused(over: dict[str, Any], pointer: str) -> None:
    with pytest.raises(Invalid, match="cannot be part of an id; remove it") as refused:
        _event(**over)
    assert (refused.value.reason, refused.value.pointer) == ("control_character", pointer)


def test_an_id_with_spaces_around_it_is_refused() -> None:
    with pytest.raises(Invalid, match="remove it") as refused:
        _event(native_id=" p-1")
    assert (refused.value.reason, refused.value.pointer) == ("surrounding_space", "/native_id")


def test_ids_are_derived_as_documented() -> None:
    event = _event(brand="nilgoon", revision="7", change="edited")
    known = mention_id("nilgoon", "instagram", "p-1")
    assert event.mention.mention_id == known
    assert event.event_id == derive("received", known, "edited", "7")


def test_a_repeat_has_the_same_ids_whenever_and_however_it_comes() -> None:
    first = _event()
    later = to_event(_submitted(lane="backfill", conversation="ig:sara"), BASE + timedelta(days=2), BASE)
    assert later.event_id == first.event_id
    assert later.mention.mention_id == first.mention.mention_id


def test_whatever_an_id_must_not_hold_is_seen_by_the_one_look_over_all_ids() -> None:
    unfit = [sign for sign in map(chr, range(sys.maxunicode + 1)) if CONTROL.search(sign) or not sign.strip()]
    assert len(unfit) > 2_000
    assert [sign for sign in unfit if sign.isprintable()] == [" "]


@pytest.mark.parametrize(
    "over",
    [
        {"text": "سفارشم رسید"},
        {"change": "edited"},
        {"change": "deleted"},
        {"revision": "2"},
        {"counts": {"likes": 4}},
        {"posted_at": "2026-03-20T08:30:00Z"},
        {"conversation": "post-9"},
    ],
)
def test_another_form_of_a_mention_has_another_event_id_and_the_same_mention_id(over: dict[str, Any]) -> None:
    assert _event(**over).event_id != _event().event_id
    assert _event(**over).mention.mention_id == _event().mention.mention_id


def test_a_revision_decides_alone_which_form_it_is() -> None:
    assert _event(revision="2", text="الف").event_id == _event(revision="2", text="ب").event_id


def test_a_fact_is_known_by_brand_kind_and_the_callers_id_alone() -> None:
    event = fact_event(_fact(), BASE)
    assert event.event_id == derive("fact", "default", "order", "o-1")
    assert fact_event(_fact(values=EMPTY), BASE + timedelta(days=1)).event_id == event.event_id
    assert fact_event(_fact(kind="refund"), BASE).event_id != event.event_id
    assert (event.occurred_at, event.values, event.key) == (BASE, {"amount": 5.0}, "default:order")


def test_a_fact_of_the_far_future_is_refused() -> None:
    with pytest.raises(Invalid) as refused:
        fact_event(_fact(occurred_at="2126-03-21T08:30:00Z"), BASE)
    assert refused.value.pointer == "/occurred_at"


def test_whatever_is_longest_still_is_a_valid_event() -> None:
    event = _event(
        native_id="n" * 256,
        author={"id": "a" * 256, "handle": "h" * 512, "name": "\U0001f600" * 512, "followers": 2**53 - 1},
        text="\U0001f600" * 100_000,
        conversation="c" * 512,
        url="https://" + "u" * 2040,
        in_reply_to="r" * 256,
        revision="v" * 128,
        brand="b" * 63,
        rating=5,
        counts={"likes": 0, "shares": 1, "replies": 2, "views": 3},
    )
    _, value, headers = encode(event, source="ingestor")
    assert decode(value, headers) == event
