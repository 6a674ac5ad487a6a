"""Events to and from Kafka records: CloudEvents 1.0, binary mode written, binary and structured mode read.

Binary mode puts the attributes into ``ce_*`` headers and the event's own JSON into the value, so a plain
consumer can read it (CloudEvents Kafka Protocol Binding 1.0.2, sections 3.1 to 3.3).
"""

import re
from collections.abc import Sequence
from functools import cache
from typing import Any, TypeVar

import msgspec

from shenava.errors import Invalid
from shenava.events import BY_TYPE, Event
from shenava.storable import refuse_unstorable

T = TypeVar("T")
Headers = Sequence[tuple[str, bytes]]

CONTENT_TYPE = b"application/json"
STRUCTURED = b"application/cloudevents"
SPEC_VERSION = b"1.0"
MAX_VALUE_BYTES = 1_000_000  # Kafka's default message.max.bytes is 1,048,588 with the record's overhead

_PLACE = re.compile(r" - at (?P<key>`key` in )?`\$(?P<path>[^`]*)`$")
_encoder = msgspec.json.Encoder()
_decoders: dict[Any, msgspec.json.Decoder[Any]] = {}


def encode(event: Event, *, source: str) -> tuple[bytes, bytes, list[tuple[str, bytes]]]:
    """Key, value and headers of ``event`` as written by the service named ``source``.

    Raises:
        Invalid: the event is larger than a topic takes.
    """
    value = _encoder.encode(event)
    if len(value) > MAX_VALUE_BYTES:
        raise Invalid(
            "event_too_large",
            f"{type(event).__name__} {event.event_id} is {len(value):,} bytes; a topic takes {MAX_VALUE_BYTES:,}",
        )
    headers = [
        *_constant_headers(type(event), source),
        ("ce_id", event.event_id.encode()),
        ("ce_time", _encoder.encode(event.occurred_at)[1:-1]),  # RFC 3339, without the quotes
    ]
    return event.key.encode(), value, headers


@cache
def _constant_headers(kind: type[Event], source: str) -> tuple[tuple[str, bytes], ...]:
    return (
        ("ce_specversion", SPEC_VERSION),
        ("ce_type", kind.TYPE.encode()),
        ("ce_source", b"/shenava/" + source.encode()),
        ("content-type", CONTENT_TYPE),
    )


def decode(value: bytes | None, headers: Headers, *, known: dict[str, type[Event]] = BY_TYPE) -> Event:
    """The event in a record's value and headers.

    Raises:
        Invalid: no value (tombstone), not a CloudEvent, an unknown type or version, broken JSON, or a field
            that breaks its constraint or that no database takes; the pointer says which.
    """
    if value is None:
        raise Invalid("tombstone", "the record has no value; these topics are not compacted and take no tombstones")
    attributes = dict(headers)
    # A header may come without a value, though clients' types do not say so.
    if attributes.get("content-type") != CONTENT_TYPE and (attributes.get("content-type") or b"").startswith(
        STRUCTURED
    ):
        type_name, value = _open_structured(value)
    else:
        type_name = _attribute(attributes, "ce_type")
        if attributes.get("ce_specversion") != SPEC_VERSION:
            _check_spec_version(_attribute(attributes, "ce_specversion"))
    kind = known.get(type_name)
    if kind is None:
        raise Invalid(
            "unknown_event_type",
            f"no event of type {type_name[:128]!r} is read here; known: {', '.join(sorted(known))}",
        )
    event = decode_json(value, kind)
    refuse_unstorable(value, event)
    return event


def decode_json(value: bytes, kind: type[T]) -> T:
    """``value`` as a ``kind``, its constraints checked.

    Raises:
        Invalid: ``malformed_json`` or ``invalid_field`` with a JSON pointer.
    """
    try:
        decoded: T = _decoder(kind).decode(value)
    except msgspec.ValidationError as error:
        message, pointer = _split_path(str(error))
        raise Invalid("invalid_field", message, pointer=pointer) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Invalid("malformed_json", str(error)) from error
    except RecursionError as error:
        raise Invalid("too_deep", "the JSON is nested too deeply to be read safely") from error
    return decoded


def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    try:
        return _decoders[kind]
    except KeyError:
        return _decoders.setdefault(kind, msgspec.json.Decoder(kind))


def _attribute(attributes: dict[str, bytes], name: str) -> str:
    raw = attributes.get(name)
    if raw is None:
        raise Invalid(
            "not_a_cloudevent",
            f"the record has no {name} header; write CloudEvents 1.0, binary or structured",
        )
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise Invalid("not_a_cloudevent", f"the {name} header is not UTF-8") from error


def _check_spec_version(version: str) -> None:
    if version != "1.0":
        raise Invalid("unknown_spec_version", f"CloudEvents {version[:16]!r} is not read; write 1.0")


def _open_structured(value: bytes) -> tuple[str, bytes]:
    envelope = decode_json(value, dict[str, msgspec.Raw])
    try:
        version = msgspec.json.decode(envelope["specversion"], type=str)
        type_name = msgspec.json.decode(envelope["type"], type=str)
        data = bytes(envelope["data"])
    except KeyError as error:
        raise Invalid(
            "not_a_cloudevent",
            f"the structured event has no {error.args[0]!r} member",
            pointer=f"/{error.args[0]}",
        ) from error
    except msgspec.DecodeError as error:
        raise Invalid("not_a_cloudevent", f"a CloudEvents attribute is not a string: {error}") from error
    _check_spec_version(version)
    return type_name, data


def _split_path(message: str) -> tuple[str, str | None]:
    """Msgspec's ``... - at `$.a[0].b``` as the bare message and a JSON pointer (RFC 6901).

    Of a mapping msgspec tells neither the key nor the value that is wrong: the pointer then names the mapping.
    """
    found = _PLACE.search(message)
    if found is None:
        return message, None
    bare = ("in a key: " if found["key"] else "") + message[: found.start()]
    path = found["path"].replace("[...]", "").replace("[", ".").replace("]", "")
    return bare, path.replace(".", "/") or "/"
