"""Reads a request's body, in any of its forms, into submissions; each item stands or falls alone.

A byte order mark is skipped. Of a repeated member the last one counts, as JSON decoders do.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import lru_cache
from typing import Generic, TypeVar

import msgspec

from ingestor import cloudevents
from ingestor.mending import mended
from ingestor.splitting import BOM, elements, lines
from shenava.codec import decode_json
from shenava.errors import Invalid

S = TypeVar("S", bound=msgspec.Struct)


class Form(Enum):
    """How a body is written; the value is its media type."""

    JSON = "application/json"
    NDJSON = "application/x-ndjson"
    CLOUDEVENT_BINARY = "application/json with ce-* headers"
    CLOUDEVENT = "application/cloudevents+json"
    CLOUDEVENT_BATCH = "application/cloudevents-batch+json"


MEDIA_TYPES = tuple(form.value for form in Form if form is not Form.CLOUDEVENT_BINARY)
_ALIASES = {"application/ndjson": Form.NDJSON, "application/jsonl": Form.NDJSON}


class Item(msgspec.Struct, Generic[S], frozen=True):
    """One item of a request.

    Attributes:
        index: its place in the request, from 0.
        line: the number of its line, from 1; only where items are lines.
        outcome: what was submitted, or why it cannot be taken.
        said_at: the time its envelope tells.
    """

    index: int
    outcome: S | Invalid
    line: int | None = None
    said_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Parsed(Generic[S]):
    """The items of a request; ``bulk`` unless its form holds exactly one."""

    items: list[Item[S]]
    bulk: bool


def form_of(headers: Mapping[str, str]) -> Form:
    """How the body is written, by its ``headers`` (names in lower case).

    Raises:
        Invalid: ``unsupported_media_type``, naming the supported ones.
    """
    form = _form_of_type(headers.get("content-type", ""))
    return Form.CLOUDEVENT_BINARY if form is Form.JSON and cloudevents.is_binary(headers) else form


@lru_cache(maxsize=64)
def _form_of_type(content_type: str) -> Form:
    media, _, parameters = content_type.lower().partition(";")
    charset = parameters.replace(" ", "").replace('"', "").partition("charset=")[2].partition(";")[0]
    if charset not in ("", "utf-8", "utf8"):
        raise Invalid("unsupported_media_type", f"the charset {charset[:32]!r} is not read; send UTF-8")
    media = media.strip()
    form = _ALIASES.get(media) or next((form for form in Form if form.value == media), None)
    if form is None:
        given = f"the content type {media[:64]!r} is" if media else "a body without a content type is"
        raise Invalid("unsupported_media_type", f"{given} not read; send one of: {', '.join(MEDIA_TYPES)}")
    return form


def parse(body: bytes, form: Form, headers: Mapping[str, str], kind: type[S], limit: int) -> Parsed[S]:
    """The submissions of ``kind`` in ``body``.

    Raises:
        Invalid: nothing in it, more than ``limit`` items, or no items to be told apart.
    """
    body = body.removeprefix(BOM)
    if form is Form.CLOUDEVENT_BINARY:
        opened = cloudevents.open_binary(body, headers)
        return Parsed([_item(0, opened.data, kind, said_at=opened.said_at)], bulk=False)
    if form is Form.CLOUDEVENT:
        return Parsed([_enveloped(0, body, kind)], bulk=False)
    if form is Form.NDJSON:
        return _bulk(lines(body), kind, _item, limit)
    if body.lstrip(b" \t\r\n").startswith(b"["):
        read = _enveloped if form is Form.CLOUDEVENT_BATCH else _item
        return _bulk(((None, raw) for raw in elements(body, limit)), kind, read, limit)
    if form is Form.CLOUDEVENT_BATCH:
        raise Invalid("malformed_json", "a batch is a JSON array of events; send [ … ]")
    return Parsed([_item(0, body, kind)], bulk=False)


def decode_item(raw: bytes, kind: type[S]) -> S:
    """``raw`` as a ``kind``.

    Raises:
        Invalid: with a pointer to what is wrong, and how to mend it.
    """
    try:
        return decode_json(raw, kind)
    except Invalid as error:
        raise mended(error, raw, kind) from None


Read = Callable[[int, bytes, type[S], int | None], Item[S]]


def _bulk(raws: Iterable[tuple[int | None, bytes]], kind: type[S], read: Read[S], limit: int) -> Parsed[S]:
    items: list[Item[S]] = []
    for index, (line, raw) in enumerate(raws):
        if index == limit:
            raise Invalid("too_many_items", f"one request may have {limit:,} items; send them in parts")
        items.append(read(index, raw, kind, line))
    if not items:
        raise Invalid("empty", "there is nothing in it; send at least one object")
    return Parsed(items, bulk=True)


def _item(index: int, raw: bytes, kind: type[S], line: int | None = None, said_at: datetime | None = None) -> Item[S]:
    try:
        return Item(index, decode_json(raw, kind), line, said_at)
    except Invalid as error:
        return Item(index, mended(error, raw, kind), line)


def _enveloped(index: int, raw: bytes, kind: type[S], line: int | None = None) -> Item[S]:
    try:
        opened = cloudevents.open_structured(raw)
    except Invalid as error:
        return Item(index, mended(error, raw, cloudevents.Structured), line)
    item = _item(index, opened.data, kind, line, opened.said_at)
    if isinstance(refused := item.outcome, Invalid):
        return Item(index, Invalid(refused.reason, refused.detail, pointer=f"/data{refused.pointer or ''}"), line)
    return item
