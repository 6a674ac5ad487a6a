"""Opens CloudEvents 1.0 as they come over HTTP: binary (``ce-*`` headers) and structured (one JSON object).

HTTP Protocol Binding 1.0.2, sections 3.1 and 3.2. The envelope is checked, its ``time`` stands in where the data tells
none, and its ``type`` is free: the route says what the data is. Ids follow from the data, never from the envelope.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, NamedTuple
from urllib.parse import unquote

import msgspec
from msgspec import UNSET, Meta, UnsetType

from shenava.codec import decode_json
from shenava.errors import Invalid
from shenava.events.base import Instant

Attribute = Annotated[str, Meta(min_length=1, max_length=2048)]


class Opened(NamedTuple):
    """The data of an event, and when its source says that it happened."""

    data: bytes
    said_at: datetime | None


class Attributes(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The context attributes; others may stand beside them."""

    specversion: Attribute
    id: Attribute
    source: Attribute
    type: Attribute
    time: Instant | None = None
    datacontenttype: str | None = None


class Structured(Attributes, frozen=True, kw_only=True, omit_defaults=True):
    """A whole event as one JSON object."""

    data: msgspec.Raw | UnsetType = UNSET
    data_base64: msgspec.Raw | UnsetType = UNSET


def is_binary(headers: Mapping[str, str]) -> bool:
    """Whether a request is an event in binary mode; ``headers`` are in lower case."""
    return "ce-specversion" in headers


def open_binary(body: bytes, headers: Mapping[str, str]) -> Opened:
    """The event whose attributes are headers and whose data is the body.

    Raises:
        Invalid: an attribute is missing or wrong; the detail names its header.
    """
    given = {name[3:]: unquote(value) for name, value in headers.items() if name.startswith("ce-")}
    try:
        attributes = msgspec.convert(given, Attributes)
    except msgspec.ValidationError as error:
        raise Invalid("not_a_cloudevent", f"the ce-* headers: {error}") from error
    _check_version(attributes, None)
    return Opened(body, attributes.time)


def open_structured(raw: bytes) -> Opened:
    """The event that is the JSON object ``raw``.

    Raises:
        Invalid: an attribute is missing or wrong, or there is no JSON data; the pointer says where.
    """
    envelope = decode_json(raw, Structured)
    _check_version(envelope, "/specversion")
    media = (envelope.datacontenttype or "application/json").partition(";")[0].strip().lower()
    if not media.endswith(("/json", "+json")):
        raise Invalid(
            "not_a_cloudevent", f"data of type {media[:64]!r} is not read; send JSON", pointer="/datacontenttype"
        )
    if envelope.data is UNSET:
        found = "data_base64 is not read" if envelope.data_base64 is not UNSET else "there is no data"
        raise Invalid("not_a_cloudevent", f"{found}; put the JSON object into data", pointer="/data")
    return Opened(bytes(envelope.data), envelope.time)


def _check_version(attributes: Attributes, pointer: str | None) -> None:
    if attributes.specversion != "1.0":
        detail = f"CloudEvents {attributes.specversion[:16]!r} is not read; write 1.0"
        raise Invalid("unknown_spec_version", detail, pointer=pointer)
