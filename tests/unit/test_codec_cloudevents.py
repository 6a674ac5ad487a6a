"""CloudEvents by another hand: the SDK of the CloudEvents project reads what we write, and we read what it writes."""

import json

import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary, to_binary, to_structured
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from shenava.codec import decode, encode
from shenava.events import Event
from shenava.testing.builders import one_of_each

EVERY_EVENT = pytest.mark.parametrize("event", one_of_each(), ids=lambda event: event.TYPE)


def _theirs(event: Event) -> CloudEvent:
    """The event as somebody would build it with the SDK."""
    value = encode(event, source="elsewhere")[1]
    attributes = {
        "type": event.TYPE,
        "source": "/elsewhere",
        "id": event.event_id,
        "time": event.occurred_at,
        "datacontenttype": "application/json",
        "partitionkey": event.key,
    }
    return CloudEvent(attributes, json.loads(value))


@EVERY_EVENT
def test_the_sdk_reads_what_we_write(event: Event) -> None:
    key, value, headers = encode(event, source="router")
    read = from_binary(KafkaMessage(dict(headers), key, value), JSONFormat(), CloudEvent)

    assert (read.get_id(), read.get_type(), read.get_source()) == (event.event_id, event.TYPE, "/shenava/router")
    assert (read.get_specversion(), read.get_time()) == ("1.0", event.occurred_at)
    assert (read.get_datacontenttype(), read.get_extension("partitionkey")) == ("application/json", event.key)
    assert read.get_data() == json.loads(value)


@EVERY_EVENT
def test_we_read_what_the_sdk_writes_in_binary_mode(event: Event) -> None:
    message = to_binary(_theirs(event), JSONFormat())

    assert decode(message.value, list(message.headers.items())) == event


@EVERY_EVENT
def test_we_read_what_the_sdk_writes_in_structured_mode(event: Event) -> None:
    message = to_structured(_theirs(event), JSONFormat())

    assert decode(message.value, list(message.headers.items())) == event
