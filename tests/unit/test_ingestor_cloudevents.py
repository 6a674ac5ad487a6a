"""CloudEvents over HTTP: the envelope is opened and checked, the data stands as if it had come alone."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from ingestor.parsing import Form, Item, parse
from ingestor.submissions import SubmittedMention
from shenava.errors import Invalid

GOOD: dict[str, Any] = {"channel": "x", "native_id": "1", "author": {"id": "a"}, "text": "سلام"}
RAW = json.dumps(GOOD).encode()
BINARY = {
    "content-type": "application/json",
    "ce-specversion": "1.0",
    "ce-id": "1",
    "ce-source": "/s",
    "ce-type": "t",
}
EVENT: dict[str, Any] = {"specversion": "1.0", "id": "1", "source": "/s", "type": "t", "data": GOOD}


def _items(body: bytes, form: Form) -> list[Item[SubmittedMention]]:
    return parse(body, form, {}, SubmittedMention, 100).items


def _refusal(body: bytes, form: Form) -> Invalid:
    (item,) = _items(body, form)
    assert isinstance(item.outcome, Invalid)
    return item.outcome


def _read(items: list[Item[SubmittedMention]]) -> list[str]:
    """The native ids of what was read; the reason of what was not."""
    return [item.outcome.reason if isinstance(item.outcome, Invalid) else item.outcome.native_id for item in items]


def test_a_structured_event_gives_its_data_and_its_time() -> None:
    body = json.dumps(EVENT | {"time": "2026-03-21T08:30:00Z", "traceparent": "00-ab", "subject": "s"}).encode()
    (item,) = _items(body, Form.CLOUDEVENT)
    assert _read([item]) == ["1"]
    assert item.said_at == datetime(2026, 3, 21, 8, 30, tzinfo=UTC)


def test_a_binary_event_has_its_attributes_in_headers() -> None:
    headers = BINARY | {"ce-time": "2026-03-21T08:30:00Z", "ce-source": "/%D9%86"}
    parsed = parse(RAW, Form.CLOUDEVENT_BINARY, headers, SubmittedMention, 1)
    assert not parsed.bulk
    assert _read(parsed.items) == ["1"]
    assert parsed.items[0].said_at == datetime(2026, 3, 21, 8, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "named"),
    [
        ({"ce-specversion": "1.0"}, "id"),
        (BINARY | {"ce-specversion": "0.3"}, "0.3"),
        (BINARY | {"ce-time": "yesterday"}, "time"),
        (BINARY | {"ce-id": ""}, "id"),
    ],
)
def test_a_binary_event_with_a_wrong_attribute_is_refused(headers: dict[str, str], named: str) -> None:
    with pytest.raises(Invalid, match=named):
        parse(RAW, Form.CLOUDEVENT_BINARY, headers, SubmittedMention, 1)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"specversion": "2.0"}, "/specversion"),
        ({"id": ""}, "/id"),
        ({"source": 5}, "/source"),
        ({"time": "2026-03-21"}, "/time"),
        ({"datacontenttype": "text/xml"}, "/datacontenttype"),
        ({"data": {"channel": "x"}}, "/data/native_id"),
        ({"data": GOOD | {"txt": 1}}, "/data/txt"),
        ({"data": "text"}, "/data"),
    ],
)
def test_a_refused_structured_event_points_into_the_envelope_or_the_data(change: dict[str, Any], pointer: str) -> None:
    assert _refusal(json.dumps(EVENT | change).encode(), Form.CLOUDEVENT).pointer == pointer


@pytest.mark.parametrize("instead", [{}, {"data_base64": "e30="}])
def test_a_structured_event_needs_json_data(instead: dict[str, str]) -> None:
    event = {name: value for name, value in EVENT.items() if name != "data"} | instead
    assert _refusal(json.dumps(event).encode(), Form.CLOUDEVENT).pointer == "/data"


def test_in_a_batch_of_events_each_stands_alone() -> None:
    events = [EVENT, EVENT | {"specversion": "9"}, EVENT | {"data": GOOD | {"native_id": "2"}}]
    assert _read(_items(json.dumps(events).encode(), Form.CLOUDEVENT_BATCH)) == ["1", "unknown_spec_version", "2"]


def test_a_batch_that_is_no_array_is_refused() -> None:
    with pytest.raises(Invalid, match="JSON array"):
        _items(json.dumps(EVENT).encode(), Form.CLOUDEVENT_BATCH)
