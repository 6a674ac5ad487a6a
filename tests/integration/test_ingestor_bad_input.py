"""Malformed requests against a real ingestor on Apache Kafka: each is explained, nobody else is harmed."""

import asyncio
from collections.abc import Iterator
from uuid import uuid4

import httpx
import pytest

from ingestor_bad_requests import BRAND, BROKEN_HTTP, ITEMS, JSON, LINES, MAX_BODY, TABLE, Bad, mention, raw
from ingestor_node import IngestorNode, ingestor_serving, written
from shenava import topics
from shenava.events import FactRecorded, MentionReceived
from shenava.settings import KafkaSettings

pytestmark = pytest.mark.servers


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
                client.post("/v1/mentions", json=mention(brand, native_id=str(number))),
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
        pieces += [raw(brand=brand, native_id=str(number), conversation="one"), body]
    pieces.append(raw(brand=brand, native_id=str(len(bad)), conversation="one"))
    content = b"[" + b",".join(pieces) + b"]" if form == "array" else b"\n".join(pieces)
    async with ingestor.client() as client:
        answer = await client.post("/v1/mentions", content=content, headers=JSON if form == "array" else LINES)
    told = answer.json()
    assert (answer.status_code, told["accepted"], told["refused"]) == (202, len(bad) + 1, len(bad))
    assert [each["status"] for each in told["results"]] == ["accepted", "refused"] * len(bad) + ["accepted"]
    assert await _native_ids(kafka, brand) == [str(number) for number in range(len(bad) + 1)]


@pytest.mark.parametrize("sent", BROKEN_HTTP.values(), ids=BROKEN_HTTP)
async def test_broken_http_and_a_client_that_goes_away_harm_nobody(
    ingestor: IngestorNode, kafka: KafkaSettings, brand: str, sent: bytes
) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", ingestor.port)
    writer.write(sent)
    await writer.drain()
    async with ingestor.client() as client:
        meanwhile = await client.post("/v1/mentions", json=mention(brand, native_id="meanwhile"))
        writer.close()
        afterwards = await client.post("/v1/mentions", json=mention(brand, native_id="afterwards"))
    assert (meanwhile.status_code, afterwards.status_code) == (202, 202)
    assert await _native_ids(kafka, brand) == ["meanwhile", "afterwards"]


async def test_nothing_that_was_sent_stands_in_the_log(ingestor: IngestorNode) -> None:
    async with ingestor.client() as client:
        secret = "never-in-a-log"
        await client.post("/v1/mentions", content=secret.encode(), headers=JSON)
        await client.post("/v1/mentions", json=mention(native_id=secret, posted_at=secret, text=secret))
        await client.post("/v1/mentions", json={}, headers={"Authorization": f"Bearer {secret}"})
    assert secret not in ingestor.log
