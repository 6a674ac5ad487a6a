"""Requests of extreme size and slowness against a real ingestor: refused or taken whole, in memory that is bounded."""

import asyncio
import gzip
import json
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from ingestor_bad_requests import JSON, mention
from ingestor_node import KEY, IngestorNode, ingestor_serving, written
from shenava import topics
from shenava.events import MentionReceived
from shenava.settings import HttpSettings, KafkaSettings

pytestmark = pytest.mark.servers

LIMIT: int = HttpSettings.model_fields["max_body"].default
CONNECTIONS = 60
PIECE = 65_536
HUGE = 20_000_000
BOMB = 200_000_000
ALLOWED_GROWTH = 100_000_000
"""Bytes that the process may grow by while it is sent far more; a request holds 2 MB at most, a few times over."""
PATIENCE = {"SHENAVA_HTTP_HEAD_TIMEOUT": "1s", "SHENAVA_INGEST_BODY_TIMEOUT": "1s"}


Body = bytes | AsyncIterator[bytes]


@pytest.fixture(scope="module")
def ingestor(kafka: KafkaSettings) -> Iterator[IngestorNode]:
    with ingestor_serving(kafka, SHENAVA_HTTP_MAX_IN_FLIGHT=str(CONNECTIONS), **PATIENCE) as node:
        yield node


@pytest.fixture
def brand() -> str:
    """One that nobody else writes for."""
    return f"b-{uuid4().hex[:12]}"


def _sized(brand: str, size: int) -> bytes:
    """An array of mentions that is ``size`` bytes long."""
    text = "سلام، سفارشم نرسید! " * 2_500
    items: list[bytes] = []
    while sum(map(len, items)) < size - 200_000:
        items.append(json.dumps(mention(brand, native_id=str(len(items)), text=text), ensure_ascii=False).encode())
    whole = b"[" + b",".join(items) + b"]"
    return whole + b" " * (size - len(whole))


async def _in_pieces(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), PIECE):
        yield body[start : start + PIECE]


@pytest.mark.parametrize("chunked", [False, True], ids=["with its length", "chunked"])
async def test_a_body_of_exactly_the_limit_is_taken_whole_and_one_byte_more_is_refused(
    ingestor: IngestorNode, kafka: KafkaSettings, brand: str, *, chunked: bool
) -> None:
    at, over = _sized(brand, LIMIT), _sized(brand, LIMIT + 1)
    async with ingestor.client() as client:
        taken = await client.post("/v1/mentions", content=_in_pieces(at) if chunked else at, headers=JSON)
        refused = await client.post("/v1/mentions", content=_in_pieces(over) if chunked else over, headers=JSON)
    assert (taken.status_code, refused.status_code) == (202, 413)
    assert f"{LIMIT:,} bytes" in refused.json()["detail"]
    events = await written(kafka, topics.MENTIONS_RECEIVED.name, brand, MentionReceived)
    assert len(events) == taken.json()["accepted"] > 1


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the largest size of another process")
async def test_what_is_far_too_large_or_unpacks_to_it_is_refused_without_being_held(
    ingestor: IngestorNode, brand: str
) -> None:
    bomb = gzip.compress(bytes(BOMB), compresslevel=1)
    packed = JSON | {"Content-Encoding": "gzip"}
    async with ingestor.client() as client:
        await client.post("/v1/mentions", content=_sized(brand, LIMIT), headers=JSON)
        before = _most_memory(ingestor)
        for content, headers, status in (
            (bytes(HUGE), JSON, 413),
            (b"[" * HUGE, JSON, 413),
            (bomb, packed, 415),
            (gzip.compress(bomb), packed, 415),
            (b'[{"text":"', JSON | {"Content-Encoding": "deflate, gzip"}, 415),
        ):
            for body in (content, _in_pieces(content)):
                assert await _refusal(client, body, headers) in {status, None}
        assert (await client.post("/v1/mentions", json=mention(brand))).status_code == 202
    assert _most_memory(ingestor) - before < ALLOWED_GROWTH


async def _refusal(client: httpx.AsyncClient, body: Body, headers: dict[str, str]) -> int | None:
    """The status; None if the ingestor hung up while we were still sending, as it may."""
    try:
        return (await client.post("/v1/mentions", content=body, headers=headers)).status_code
    except (httpx.WriteError, httpx.RemoteProtocolError, httpx.ReadError):
        return None


def _most_memory(ingestor: IngestorNode) -> int:
    """The largest resident size of the process so far, in bytes."""
    status = Path(f"/proc/{ingestor.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


HEAD = f"POST /v1/mentions HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {KEY}\r\nContent-Type: application/json\r\n"
DRIPS = {
    "nothing at all": (b"", b""),
    "a head without an end": (HEAD.encode(), b"X-More: x\r\n"),
    "a body without an end": (HEAD.encode() + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n[\r\n"),
    "a body that is too slow": (HEAD.encode() + b"Content-Length: 5000\r\n\r\n", b"["),
    "nothing more after an answer": (b"GET /v1/channels HTTP/1.1\r\nHost: a\r\n\r\n", b"\r\n"),
}


@pytest.mark.parametrize("drip", DRIPS.values(), ids=DRIPS)
async def test_connections_that_drip_are_ended_and_let_everybody_else_in_again(
    ingestor: IngestorNode, kafka: KafkaSettings, brand: str, drip: tuple[bytes, bytes]
) -> None:
    async with AsyncExitStack() as open_ones:
        ended = [await _dripping(ingestor.port, open_ones, *drip) for _ in range(CONNECTIONS + 5)]
        await asyncio.gather(*ended)
    async with ingestor.client() as client:
        answer = await client.post("/v1/mentions", json=mention(brand))
        assert (await client.get("/readyz")).status_code == 200
    assert answer.status_code == 202
    assert len(await written(kafka, topics.MENTIONS_RECEIVED.name, brand, MentionReceived)) == 1


async def _dripping(port: int, open_ones: AsyncExitStack, first: bytes, then: bytes) -> asyncio.Task[None]:
    """Says ``first``, then ``then`` again and again, until the ingestor hangs up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    open_ones.callback(writer.close)
    writer.write(first)

    async def drip() -> None:
        answered = asyncio.create_task(reader.read())
        while not answered.done():
            writer.write(then)
            await asyncio.wait([answered], timeout=0.2)
        try:
            await answered
        except ConnectionError:
            return

    return asyncio.create_task(drip())
