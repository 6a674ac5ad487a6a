"""The codec: what is written is what is read, nothing but ``Invalid`` comes out of bad input, and it says where."""

from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shenava.codec import MAX_VALUE_BYTES, decode, decode_json, encode
from shenava.errors import Invalid
from shenava.events import Event, FactRecorded, MentionReceived
from shenava.events.mentions import Mention
from shenava.testing.builders import fact, issue_routed, one_of_each, received

_, VALUE, HEADERS = encode(received(), source="ingestor")
odd_headers = st.lists(st.tuples(st.text(max_size=20), st.none() | st.binary(max_size=40)), max_size=4)


@pytest.mark.parametrize("event", one_of_each(), ids=lambda event: event.TYPE)
def test_every_event_is_read_as_it_was_written(event: Event) -> None:
    key, value, headers = encode(event, source="router")

    assert decode(value, headers) == event
    assert key == event.key.encode()


@given(st.text(max_size=200), st.text(min_size=1, max_size=60), st.integers(0, 2**53 - 1))
def test_any_text_survives_unless_no_database_takes_it(text: str, conversation: str, followers: int) -> None:
    event = received(text=text, conversation=conversation, native_id=f"p-{followers}")
    _, value, headers = encode(event, source="ingestor")
    if "\0" in text + conversation:
        with pytest.raises(Invalid, match="null_character"):
            decode(value, headers)
    else:
        assert decode(value, headers) == event


@given(
    st.binary(max_size=300), st.lists(st.tuples(st.text(max_size=20), st.none() | st.binary(max_size=40)), max_size=4)
)
def test_any_bytes_are_read_or_refused_as_invalid(value: bytes, headers: list[tuple[str, Any]]) -> None:
    for given_headers in (headers, [*HEADERS, *headers], [*headers, ("content-type", b"application/cloudevents+json")]):
        with pytest.raises(Invalid):
            decode(value, given_headers)


@settings(max_examples=300)
@given(st.integers(0, len(VALUE) - 1), st.binary(min_size=1, max_size=4), st.integers(0, 4))
def test_a_damaged_event_is_read_or_refused_as_invalid(place: int, damage: bytes, cut: int) -> None:
    damaged = VALUE[:place] + damage + VALUE[place + cut :]
    with suppress(Invalid):
        event = decode(damaged, HEADERS)
        assert decode(*encode(event, source="ingestor")[1:]) == event


@pytest.mark.parametrize(
    ("old", "new", "pointer"),
    [
        (b'"brand":"nilgoon"', b'"brand":"Nilgoon!"', "/brand"),
        (b'"text":"', b'"text":7,"x":"', "/mention/text"),
        (b'"followers":1200', b'"followers":-1', "/mention/author/followers"),
        (b'"channel":"instagram"', b'"channel":"myspace"', "/mention/channel"),
        (b'"conversation":"t-1"', b'"conversation":""', "/mention/conversation"),
        (b'"posted_at":"2026-03-21T08:30:00Z"', b'"posted_at":"2026-03-21T08:30:00"', "/mention/posted_at"),
        (b'"event_id":"', b'"event_id":"' + b"x" * 65, "/event_id"),
    ],
)
def test_a_field_that_breaks_its_constraint_is_named_by_a_json_pointer(old: bytes, new: bytes, pointer: str) -> None:
    assert old in VALUE
    with pytest.raises(Invalid) as told:
        decode(VALUE.replace(old, new), HEADERS)

    assert (told.value.reason, told.value.pointer) == ("invalid_field", pointer)


def test_a_field_that_is_missing_is_named() -> None:
    with pytest.raises(Invalid, match="conversation") as told:
        decode(VALUE.replace(b'"conversation":', b'"other":'), HEADERS)

    assert told.value.pointer == "/mention"


@pytest.mark.parametrize(
    ("event", "pointer"),
    [
        (received(text="a\0b"), "/mention/text"),
        (fact(attributes={"chan\0nel": "x"}), "/attributes"),
        (fact(attributes={"channel": "\0"}), "/attributes/channel"),
        (issue_routed(subscribers=("marketing", "sa\0les")), "/subscribers/1"),
    ],
    ids=["text", "name", "value", "tuple"],
)
def test_a_null_character_is_refused_wherever_it_is(event: Event, pointer: str) -> None:
    _, value, headers = encode(event, source="x")
    with pytest.raises(Invalid) as told:
        decode(value, headers)

    assert (told.value.reason, told.value.pointer) == ("null_character", pointer)


def test_a_backslash_before_u0000_is_text_like_any_other() -> None:
    event = received(text=r"the escape is written \u0000, on 9999-12-31T")

    assert decode(*encode(event, source="x")[1:]) == event


@pytest.mark.parametrize(
    "instant",
    [
        b"0001-01-01T00:00:00+14:00",
        b"0002-01-01T00:00:00+14:00",
        b"9998-12-31T23:59:59-14:00",
        b"9999-12-31T23:59:59-14:00",
        b"9999-01-01T00:00:00Z",
    ],
)
def test_an_instant_at_the_end_of_the_calendar_is_refused(instant: bytes) -> None:
    with pytest.raises(Invalid) as told:
        decode(VALUE.replace(b"2026-03-21T08:30:00Z", instant), HEADERS)

    assert (told.value.reason, told.value.pointer) == ("instant_out_of_range", "/mention/posted_at")


def test_an_event_is_written_up_to_the_size_a_topic_takes_and_no_further() -> None:
    room = MAX_VALUE_BYTES - len(encode(received(text=""), source="x")[1])
    assert len(encode(received(text="x" * room), source="x")[1]) == MAX_VALUE_BYTES

    with pytest.raises(Invalid, match="event_too_large"):
        encode(received(text="x" * (room + 1)), source="x")


def test_only_the_types_a_consumer_knows_are_read_by_it() -> None:
    _, value, headers = encode(fact(), source="x")
    assert isinstance(decode(value, headers, known={FactRecorded.TYPE: FactRecorded}), FactRecorded)

    with pytest.raises(Invalid, match=r"unknown_event_type.*shenava\.mention\.received\.v1"):
        decode(value, headers, known={MentionReceived.TYPE: MentionReceived})


def test_a_text_is_longer_than_its_limit_in_characters_and_not_in_bytes() -> None:
    persian = "ن" * 256
    event = received(native_id=persian)
    assert decode(*encode(event, source="x")[1:]) == event

    with pytest.raises(Invalid, match="invalid_field"):
        decode(*encode(received(native_id=persian + "ن"), source="x")[1:])


@pytest.mark.parametrize(
    ("json", "reason", "pointer"),
    [
        (b"", "malformed_json", None),
        (b"{", "malformed_json", None),
        (b'{"mention_id":"\xff"}', "malformed_json", None),
        (b"[" * 10_000, "invalid_field", None),
        (b'{"mention_id":{}}', "invalid_field", "/mention_id"),
        (b'{"mention_id":"1","extra":' + b"[" * 10_000, "too_deep", None),
    ],
    ids=["empty", "cut off", "not UTF-8", "deep", "wrong type", "deep inside"],
)
def test_json_that_is_no_such_thing_is_refused_with_a_reason(json: bytes, reason: str, pointer: str | None) -> None:
    with pytest.raises(Invalid) as told:
        decode_json(json, Mention)

    assert (told.value.reason, told.value.pointer) == (reason, pointer)


def test_the_value_is_plain_json_for_whoever_reads_it_without_us() -> None:
    assert msgspec.json.decode(VALUE)["mention"]["text"] == received().mention.text
    assert received().mention.text.encode() in VALUE
