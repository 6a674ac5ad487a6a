"""The AsyncAPI 3.1.0 description of every topic, built from the topics and the event structs. Pure.

The document cannot drift from the code: it is generated, committed, and a test compares the two.
"""

from typing import Any

import msgspec

from shenava import __version__, topics
from shenava.events import ALL, Event

VERSION = "3.1.0"
_COMPONENT = "#/components/schemas/{name}"


def document() -> dict[str, Any]:
    """The whole description."""
    schemas, components = msgspec.json.schema_components(ALL, ref_template=_COMPONENT)
    payloads = dict(zip((event.__name__ for event in ALL), schemas, strict=True))
    described = {
        "asyncapi": VERSION,
        "info": {
            "title": "Shenava topics",
            "version": __version__,
            "description": "CloudEvents 1.0 on Kafka: binary mode is written, binary and structured mode are read.",
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {_channel_id(topic): _channel(topic) for topic in topics.ALL},
        "operations": {f"read-{_channel_id(topic)}": _operation(topic) for topic in topics.ALL},
        "components": {
            "messages": {event.__name__: _message(event, payloads[event.__name__]) for event in ALL},
            "schemas": components,
        },
    }
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(described))  # lists for tuples, as YAML reads them

    return plain


def _channel_id(topic: topics.Topic) -> str:
    return topic.name.replace(".", "-")


def _channel(topic: topics.Topic) -> dict[str, Any]:
    readers = ", ".join(topic.read_by)
    return {
        "address": topic.name,
        "description": (
            f"Key: {topic.key}. Written by {topic.written_by}; read by {readers}. What a reader cannot handle goes to "
            f"{topic.dead} with its origin in headers."
        ),
        "messages": {event.__name__: {"$ref": f"#/components/messages/{event.__name__}"} for event in topic.events},
        "bindings": {"kafka": {"topic": topic.name, "partitions": topic.partitions}},
    }


def _operation(topic: topics.Topic) -> dict[str, Any]:
    return {
        "action": "receive",
        "channel": {"$ref": f"#/channels/{_channel_id(topic)}"},
        "summary": f"Read {topic.name}: {topic.key} in order, at least once; drop repeats by ce_id.",
    }


def _message(event: type[Event], payload: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": event.TYPE,
        "title": event.__name__,
        "summary": (event.__doc__ or "").strip().splitlines()[0],
        "contentType": "application/json",
        "headers": {
            "type": "object",
            "required": ["ce_specversion", "ce_type", "ce_source", "ce_id", "ce_time"],
            "properties": {
                "ce_specversion": {"const": "1.0"},
                "ce_type": {"const": event.TYPE},
                "ce_source": {"type": "string", "examples": ["/shenava/router"]},
                "ce_id": {"type": "string", "description": "a repeat carries the same one"},
                "ce_time": {"type": "string", "format": "date-time"},
            },
        },
        "payload": payload,
    }
