"""Requests that no ingestor may take, and what each must be told."""

import gzip
import json
from dataclasses import dataclass, field
from typing import Any

from ingestor_node import KEY

JSON = {"Content-Type": "application/json"}
LINES = {"Content-Type": "application/x-ndjson"}
EVENT = {"Content-Type": "application/cloudevents+json"}
EVENTS = {"Content-Type": "application/cloudevents-batch+json"}
BINARY = JSON | {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/t", "ce-type": "said.v1"}
BRAND = "bad-input"
MAX_BODY = 600_000


def mention(brand: str = BRAND, **over: Any) -> dict[str, Any]:
    """A good one, except for what is replaced."""
    return {
        "channel": "x",
        "native_id": "bad",
        "author": {"id": "x:1"},
        "text": "سلام",
        "brand": brand,
    } | over


def raw(**over: Any) -> bytes:
    """The same as it is sent."""
    return json.dumps(mention(**over)).encode()


def _without(name: str) -> bytes:
    return json.dumps({key: value for key, value in mention().items() if key != name}).encode()


def _with(member: bytes) -> bytes:
    """A whole mention with one more member, as raw bytes."""
    return raw()[:-1] + b"," + member + b"}"


def _enveloped(**over: Any) -> bytes:
    return json.dumps({"specversion": "1.0", "id": "1", "source": "/t", "type": "t", "data": mention()} | over).encode()


@dataclass(frozen=True)
class Bad:
    """One malformed request and the explanation it must get."""

    name: str
    body: bytes
    pointer: str | None
    words: str
    status: int = 422
    headers: dict[str, str] = field(default_factory=lambda: JSON)
    path: str = "/v1/mentions"


def _fact(name: str, pointer: str, words: str, **over: Any) -> Bad:
    body = {"kind": "order", "fact_id": "bad", "brand": BRAND} | over
    return Bad(name, json.dumps(body).encode(), pointer, words, path="/v1/facts")


TABLE = (
    Bad("empty body", b"", "", "nothing here"),
    Bad("only white space", b" \n\t ", "", "nothing here"),
    Bad("no JSON", b"hello", "", "malformed"),
    Bad("single quotes", b"{'channel':'x'}", "", "malformed"),
    Bad("trailing comma", raw()[:-1] + b",}", "", "trailing comma"),
    Bad("two objects", raw() + raw(), "", "trailing characters"),
    Bad("cut in the middle", raw()[:-20], "", "truncated"),
    Bad("null", b"null", "", "one JSON object"),
    Bad("a string", b'"mention"', "", "one JSON object"),
    Bad("a number", b"42", "", "one JSON object"),
    Bad("bad UTF-8", _with(b'"url":"https://\xff"'), "", "can't decode"),
    Bad("UTF-8 of a surrogate", _with(b'"url":"https://\xed\xa0\x80"'), "", "can't decode"),
    Bad("lone surrogate", _with(b'"conversation":"\\ud83d"'), "", "surrogate"),
    Bad("UTF-16", raw().decode().encode("utf-16"), "", "UTF-16"),
    Bad("raw NUL", _with(b'"conversation":"a\x00b"'), "", "escape it"),
    Bad("raw line break in a string", _with(b'"conversation":"a\nb"'), "", "escape it"),
    Bad("NaN", _with(b'"rating":NaN'), "", "NaN"),
    Bad("infinity", _with(b'"rating":-Infinity'), "", "NaN and Infinity"),
    Bad("depth bomb in a member", _with(b'"x":' + b"[" * 100_000 + b"]" * 100_000), "/x", "known"),
    Bad(
        "depth bomb in a known member", _with(b'"counts":' + b'{"a":' * 50_000 + b"1" + b"}" * 50_000), "/counts/a", ""
    ),
    Bad("huge integer", _with(b'"counts":{"likes":' + b"9" * 5_000 + b"}"), "/counts/likes", "out of range"),
    Bad("huge exponent", _with(b'"rating":1e99999'), "/rating", "out of range"),
    Bad("negative count", raw(counts={"likes": -1}), "/counts/likes", ">= 0"),
    Bad("fraction as rating", raw(rating=4.5), "/rating", "got `float`"),
    Bad("true as rating", raw(rating=True), "/rating", "got `bool`"),
    Bad("no channel", _without("channel"), "/channel", "needed"),
    Bad("no author", _without("author"), "/author", "needed"),
    Bad("no text", _without("text"), "/text", '"" if empty'),
    Bad("unknown channel", raw(channel="myspace"), "/channel", "one of: app_store"),
    Bad("misspelt field", raw(txet="a"), "/txet", "known: channel"),
    Bad("misspelt field of the author", raw(author={"id": "1", "nmae": "a"}), "/author/nmae", "known: id"),
    Bad("author as text", raw(author="sara"), "/author", "one JSON object"),
    Bad("empty native id", raw(native_id=""), "/native_id", "length >= 1"),
    Bad("long native id", raw(native_id="n" * 257), "/native_id", "shorten it"),
    Bad("escaped NUL in an id", raw(native_id="a\0b"), "/native_id", "U+0000"),
    Bad("line break in the author's id", raw(author={"id": "a\nb"}), "/author/id", "U+000A"),
    Bad("separator in the conversation", raw(conversation="a\u2028b"), "/conversation", "U+2028"),
    Bad("space before an id", raw(native_id=" 1"), "/native_id", "space"),
    Bad("upper-case brand", raw(brand="Nilgoon"), "/brand", "small Latin letters"),
    Bad("text too long", raw(text="x" * 100_001), "/text", "shorten it"),
    Bad("naive time", raw(posted_at="2026-03-21T12:00:00"), "/posted_at", "+03:30"),
    Bad("date only", raw(posted_at="2026-03-21"), "/posted_at", "+03:30"),
    Bad("seconds since 1970", raw(posted_at=1774081800), "/posted_at", "+03:30"),
    Bad("far future", raw(posted_at="2126-03-21T12:00:00Z"), "/posted_at", "5 minutes"),
    Bad("year 1", raw(posted_at="0001-01-01T00:00:00+14:00"), "/posted_at", "before 1970"),
    Bad("script as address", raw(url="javascript:alert(1)"), "/url", "http and https"),
    Bad("unknown change", raw(change="removed"), "/change", "one of: deleted, edited, posted"),
    Bad("unknown lane", raw(lane="fast"), "/lane", "one of: backfill, live"),
    Bad("empty array", b"[]", "", "nothing in it"),
    Bad("too many items", b"[" + b",".join([b"{}"] * 1_001) + b"]", "", "1,000 items", 413),
    Bad("tangled array", b"[" * 300_000, "", "one object a line"),
    Bad("empty lines only", b"\n\n", "", "nothing in it", headers=LINES),
    Bad("not gzip but said so", raw(), None, "Content-Encoding", 415, JSON | {"Content-Encoding": "gzip"}),
    Bad("gzip and not said so", gzip.compress(raw()), "", "malformed"),
    Bad(
        "form data",
        b"text=hello",
        "",
        "application/x-ndjson",
        415,
        {"Content-Type": "application/x-www-form-urlencoded"},
    ),
    Bad("no content type", raw(), "", "without a content type", 415, {}),
    Bad("foreign charset", raw(), "", "UTF-8", 415, {"Content-Type": "application/json; charset=windows-1256"}),
    Bad("body too large", b" " * (MAX_BODY + 1), None, "600,000 bytes", 413),
    Bad("event of another version", _enveloped(specversion="0.3"), "/specversion", "write 1.0", headers=EVENT),
    Bad("event without data", _enveloped(data=None), "/data", "one JSON object", headers=EVENT),
    Bad("event with XML", _enveloped(datacontenttype="text/xml"), "/datacontenttype", "send JSON", headers=EVENT),
    Bad("event with a bad mention", _enveloped(data=mention(rating=0)), "/data/rating", ">= 1", headers=EVENT),
    Bad("batch that is one event", _enveloped(), "", "JSON array", headers=EVENTS),
    Bad("binary event with an empty id", raw(), "", "id", headers=BINARY | {"ce-id": ""}),
    Bad("binary event with a bad time", raw(), "", "time", headers=BINARY | {"ce-time": "today"}),
    Bad("mention as a fact", raw(), "/channel", "known: kind", path="/v1/facts"),
    _fact("unknown kind of fact", "/kind", "one of: backlink", kind="ordr"),
    _fact("text as a figure", "/values/amount", "got `str`", values={"amount": "12"}),
    _fact("figure too large", "/values/amount", "1000000000000000", values={"amount": 1e300}),
    _fact("figure as an attribute", "/attributes/order", "got `int`", attributes={"order": 7}),
    _fact("name of a figure in Persian", "/values", "small Latin letters", values={"مبلغ": 1}),
    _fact("too many figures", "/values", "<= 32", values={f"v{number}": 1 for number in range(33)}),
    _fact("fact of the far future", "/occurred_at", "5 minutes", occurred_at="2126-03-21T12:00:00Z"),
)
ITEMS = tuple(
    bad
    for bad in TABLE
    if bad.path == "/v1/mentions" and bad.status == 422 and bad.headers is JSON and not bad.body.startswith(b"[")
)

BROKEN_HTTP = {
    "no HTTP at all": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "headers without end": b"POST /v1/mentions HTTP/1.1\r\nHost: a\r\n" + b"X: " + b"x" * 100_000,
    "chunk of nonsense": b"POST /v1/mentions HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n",
    "negative length": b"POST /v1/mentions HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\nhello",
    "body that never comes": (
        f"POST /v1/mentions HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {KEY}\r\n"
        "Content-Type: application/json\r\nContent-Length: 5000\r\n\r\n{"
    ).encode(),
}
