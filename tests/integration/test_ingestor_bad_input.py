"""Malformed requests against a real ingestor on Apache Kafka: each is explained, nobody else is harmed."""

import asyncio
import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx
import pytest

from ingestor_node import KEY, IngestorNode, ingestor_serving, written
from shenava import topics
from shenava.events import FactRecorded, MentionReceived
from shenava.settings import KafkaSettings

pytestmark = pytest.mark.servers

JSON = {"Content-Type": "application/json"}
LINES = {"Content-Type": "application/x-ndjson"}
EVENT = {"Content-Type": "application/cloudevents+json"}
EVENTS = {"Content-Type": "application/cloudevents-batch+json"}
BINARY = JSON | {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/t", "ce-type": "said.v1"}
BRAND = "bad-input"
MAX_BODY = 600_000


def _mention(brand: str = BRAND, **over: Any) -> dict[str, Any]:
    return {
        "channel": "x",
        "native_id": "bad",
        "author": {"id": "x:1"},
        "text": "سلام",
        "brand": brand,
    } | over


def _raw(**over: Any) -> bytes:
    return json.dumps(_mention(**over)).encode()


def _without(name: str) -> bytes:
    return json.dumps({key: value for key, value in _mention().items() if key != name}).encode()


def _with(member: bytes) -> bytes:
    """A whole mention with one more member, as raw bytes."""
    return _raw()[:-1] + b"," + member + b"}"


def _enveloped(**over: Any) -> bytes:
    return json.dumps(
        {"specversion": "1.0", "id": "1", "source": "/t", "type": "t", "data": _mention()} | over
    ).encode()


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
    Bad("trailing comma", _raw()[:-1] + b",}", "", "trailing comma"),
    Bad("two objects", _raw() + _raw(), "", "trailing characters"),
    Bad("cut in the middle", _raw()[:-20], "", "truncated"),
    Bad("null", b"null", "", "one JSON object"),
    Bad("a string", b'"mention"', "", "one JSON object"),
    Bad("a number", b"42", "", "one JSON object"),
    Bad("bad UTF-8", _with(b'"url":"https://\xff"'), "", "can't decode"),
    Bad("UTF-8 of a surrogate", _with(b'"url":"https://\xed\xa0\x80"'), "", "can't decode"),
    Bad("lone surrogate", _with(b'"conversation":"\\ud83d"'), "", "surrogate"),
    Bad("UTF-16", _raw().decode().encode("utf-16"), "", "UTF-16"),
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
    Bad("negative count", _raw(counts={"likes": -1}), "/counts/likes", ">= 0"),
    Bad("fraction as rating", _raw(rating=4.5), "/rating", "got `float`"),
    Bad("true as rating", _raw(rating=True), "/rating", "got `bool`"),
    Bad("no channel", _without("channel"), "/channel", "needed"),
    Bad("no author", _without("author"), "/author", "needed"),
    Bad("no text", _without("text"), "/text", '"" if empty'),
    Bad("unknown channel", _raw(channel="myspace"), "/channel", "one of: app_store"),
    Bad("misspelt field", _raw(txet="a"), "/txet", "known: channel"),
    Bad("misspelt field of the author", _raw(author={"id": "1", "nmae": "a"}), "/author/nmae", "known: id"),
    Bad("author as text", _raw(author="sara"), "/author", "one JSON object"),
    Bad("empty native id", _raw(native_id=""), "/native_id", "length >= 1"),
    Bad("long native id", _raw(native_id="n" * 257), "/native_id", "shorten it"),
    Bad("escaped NUL in an id", _raw(native_id="a\0b"), "/native_id", "U+0000"),
    Bad("line break in the author's id", _raw(author={"id": "a\nb"}), "/author/id", "U+000A"),
    Bad("separator in the conversation", _raw(conversation="a\u2028b"), "/conversation", "U+2028"),
    Bad("space before an id", _raw(native_id=" 1"), "/native_id", "space"),
    Bad("upper-case brand", _raw(brand="Nilgoon"), "/brand", "small Latin letters"),
    Bad("text too long", _raw(text="x" * 100_001), "/text", "shorten it"),
    Bad("naive time", _raw(posted_at="2026-03-21T12:00:00"), "/posted_at", "+03:30"),
    Bad("date only", _raw(posted_at="2026-03-21"), "/posted_at", "+03:30"),
    Bad("seconds since 1970", _raw(posted_at=1774081800), "/posted_at", "+03:30"),
    Bad("far future", _raw(posted_at="2126-03-21T12:00:00Z"), "/posted_at", "5 minutes"),
    Bad("year 1", _raw(posted_at="0001-01-01T00:00:00+14:00"), "/posted_at", "before 1970"),
    Bad("script as address", _raw(url="javascript:alert(1)"), "/url", "http and https"),
    Bad("unknown change", _raw(change="removed"), "/change", "one of: deleted, edited, posted"),
    Bad("unknown lane", _raw(lane="fast"), "/lane", "one of: backfill, live"),
    Bad("empty array", b"[]", "", "nothing in it"),
    Bad("too many items", b"[" + b",".join([b"{}"] * 1_001) + b"]", "", "1,000 items", 413),
    Bad("tangled array", b"[" * 300_000, "", "one object a line"),
    Bad("empty lines only", b"\n\n", "", "nothing in it", headers=LINES),
    Bad("not gzip but said so", _raw(), None, "Content-Encoding", 415, JSON | {"Content-Encoding": "gzip"}),
    Bad("gzip and not said so", gzip.compress(_raw()), "", "malformed"),
    Bad(
        "form data",
        b"text=hello",
        "",
        "application/x-ndjson",
        415,
        {"Content-Type": "application/x-www-form-urlencoded"},
    ),
    Bad("no content type", _raw(), "", "without a content type", 415, {}),
    Bad("foreign charset", _raw(), "", "UTF-8", 415, {"Content-Type": "application/json; charset=windows-1256"}),
    Bad("body too large", b" " * (MAX_BODY + 1), None, "600,000 bytes", 413),
    Bad("event of another version", _enveloped(specversion="0.3"), "/specversion", "write 1.0", headers=EVENT),
    Bad("event without data", _enveloped(data=None), "/data", "one JSON object", headers=EVENT),
    Bad("event with XML", _enveloped(datacontenttype="text/xml"), "/datacontenttype", "send JSON", headers=EVENT),
    Bad("event with a bad mention", _enveloped(data=_mention(rating=0)), "/data/rating", ">= 1", headers=EVENT),
    Bad("batch that is one event", _enveloped(), "", "JSON array", headers=EVENTS),
    Bad("binary event with an empty id", _raw(), "", "id", headers=BINARY | {"ce-id": ""}),
    Bad("binary event with a bad time", _raw(), "", "time", headers=BINARY | {"ce-time": "today"}),
    Bad("mention as a fact", _raw(), "/channel", "known: kind", path="/v1/facts"),
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


@pytest.fixture(scope="module")
def ingestor(kafka: KafkaSettings) -> Iterator[IngestorNode]:
    with ingestor_serving(kafka, SHENAVA_HTTP_MAX_BODY=str(MAX_BODY)) as node:
        yield node


@pytest.fixture
def brand() -> str:
    """One that nobody else writes for."""
    return f"b-{uuid4().hex[:12]}"


async def _native_ids(kafka: KafkaSettings, brand: str) -> list[str]:
    events = await written(kafka, topics.MENTIONS_RECEIVED.name, brand, MentionReceived)
    return [event.mention.native_id for event in events]


def _explained(answer: httpx.Response, bad: Bad) -> None:
    assert answer.status_code == bad.status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["instance"] == bad.path
    assert bad.words in problem["detail"]
    if bad.pointer is not None:
        assert problem["errors"][0]["pointer"] == bad.pointer
        assert problem["errors"][0]["reason"]


@pytest.mark.parametrize("bad", TABLE, ids=lambda bad: bad.name)
async def test_a_malformed_request_is_explained_and_the_next_one_is_served(ingestor: IngestorNode, bad: Bad) -> None:
    alive = ingestor.pid
    async with ingestor.client() as client:
        _explained(await client.post(bad.path, content=bad.body, headers=bad.headers), bad)
        assert (await client.get("/readyz")).status_code == 200
    assert ingestor.pid == alive is not None


async def test_of_good_requests_between_all_the_bad_ones_exactly_the_good_ones_are_written(
    ingestor: IngestorNode, kafka: KafkaSettings, brand: str
) -> None:
    async with ingestor.client() as client:
        for number, bad in enumerate(TABLE):
            answers = await asyncio.gather(
                client.post(bad.path, content=bad.body, headers=bad.headers),
                client.post("/v1/mentions", json=_mention(brand, native_id=str(number))),
            )
            assert [answer.status_code for answer in answers] == [bad.status, 202]
    assert sorted(map(int, await _native_ids(kafka, brand))) == list(range(len(TABLE)))
    assert await _native_ids(kafka, BRAND) == []
    assert await written(kafka, topics.FACTS_RECORDED.name, BRAND, FactRecorded) == []


@pytest.mark.parametrize("form", ["array", "lines"])
async def test_in_one_bulk_with_all_the_bad_items_every_good_neighbour_is_written(
    ingestor: IngestorNode, kafka: KafkaSettings, brand: str, form: str
) -> None:
    bad = [each.body for each in ITEMS if len(each.body) < 20_000 and b"\n" not in each.body and each.body.strip()]
    if form == "array":  # an unclosed bracket or quote swallows what follows it, so those stand behind all others
        open_ended = [body for body in bad if body.count(b"{") != body.count(b"}") or b"\x1f\x8b" in body[:2]]
        bad = [body for body in bad if body not in open_ended]
    pieces: list[bytes] = []
    for number, body in enumerate(bad):
        pieces += [_raw(brand=brand, native_id=str(number), conversation="one"), body]
    pieces.append(_raw(brand=brand, native_id=str(len(bad)), conversation="one"))
    content = b"[" + b",".join(pieces) + b"]" if form == "array" else b"\n".join(pieces)
    async with ingestor.client() as client:
        answer = await client.post("/v1/mentions", content=content, headers=JSON if form == "array" else LINES)
    told = answer.json()
    assert (answer.status_code, told["accepted"], told["refused"]) == (202, len(bad) + 1, len(bad))
    assert [each["status"] for each in told["results"]] == ["accepted", "refused"] * len(bad) + ["accepted"]
    assert await _native_ids(kafka, brand) == [str(number) for number in range(len(bad) + 1)]


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


@pytest.mark.parametrize("sent", BROKEN_HTTP.values(), ids=BROKEN_HTTP)
async def test_broken_http_and_a_client_that_goes_away_harm_nobody(
    ingestor: IngestorNode, kafka: KafkaSettings, brand: str, sent: bytes
) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", ingestor.port)
    writer.write(sent)
    await writer.drain()
    async with ingestor.client() as client:
        meanwhile = await client.post("/v1/mentions", json=_mention(brand, native_id="meanwhile"))
        writer.close()
        afterwards = await client.post("/v1/mentions", json=_mention(brand, native_id="afterwards"))
    assert (meanwhile.status_code, afterwards.status_code) == (202, 202)
    assert await _native_ids(kafka, brand) == ["meanwhile", "afterwards"]


async def test_nothing_that_was_sent_stands_in_the_log(ingestor: IngestorNode) -> None:
    async with ingestor.client() as client:
        secret = "never-in-a-log"
        await client.post("/v1/mentions", content=secret.encode(), headers=JSON)
        await client.post("/v1/mentions", json=_mention(native_id=secret, posted_at=secret, text=secret))
        await client.post("/v1/mentions", json={}, headers={"Authorization": f"Bearer {secret}"})
    assert secret not in ingestor.log
