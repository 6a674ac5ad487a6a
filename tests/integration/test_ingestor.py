"""The ingestor as a process in front of Apache Kafka: what is answered 202 is there, once, and nothing else is."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from ingestor_node import IngestorNode, ingestor_serving, written
from servers import in_own_loop, kafka_serving, kafka_settings
from shenava import topics
from shenava.events import FactRecorded, MentionCorrected, MentionReceived
from shenava.kafka.admin import create_topics
from shenava.settings import KafkaSettings
from shenava.testing.waiting import until

pytestmark = pytest.mark.servers

CLIENTS = 200


@pytest.fixture(scope="module")
def ingestor(kafka: KafkaSettings) -> Iterator[IngestorNode]:
    with ingestor_serving(kafka) as node:
        yield node


@pytest.fixture
def brand() -> str:
    """One that nobody else writes for."""
    return f"b-{uuid4().hex[:12]}"


def _mention(brand: str, native_id: str, **over: Any) -> dict[str, Any]:
    author = {"id": f"ig:{native_id}", "name": "سارا"}
    return {
        "channel": "instagram",
        "native_id": native_id,
        "author": author,
        "text": "نیلگون عالیه 👏",
        "brand": brand,
    } | over


def _event(data: dict[str, Any]) -> dict[str, Any]:
    return {"specversion": "1.0", "id": uuid4().hex, "source": "/tests", "type": "said.v1", "data": data}


async def _mentions(kafka: KafkaSettings, brand: str) -> list[MentionReceived]:
    return await written(kafka, topics.MENTIONS_RECEIVED.name, brand, MentionReceived)


async def test_what_is_accepted_is_in_the_topic_as_it_was_said(
    ingestor: IngestorNode, kafka: KafkaSettings, brand: str
) -> None:
    async with ingestor.client() as client:
        answer = await client.post("/v1/mentions", json=_mention(brand, "1", posted_at="2026-03-21T12:00:00+03:30"))
    (event,) = await _mentions(kafka, brand)
    assert answer.json() == {"mention_id": event.mention.mention_id, "event_id": event.event_id}
    assert (event.mention.text, event.mention.author.name) == ("نیلگون عالیه 👏", "سارا")
    assert event.mention.posted_at.isoformat() == "2026-03-21T08:30:00+00:00"


async def test_corrections_reach_their_own_topic_under_the_mention_they_correct(
    ingestor: IngestorNode, kafka: KafkaSettings, brand: str
) -> None:
    at = {"occurred_at": "2026-03-21T13:00:00+03:30"}
    persian = {"brand": brand, "channel": "instagram", "native_id": "1", "sentiment": "negative", "by": "سارا", **at}
    async with ingestor.client() as client:
        heard = await client.post("/v1/mentions", json=_mention(brand, "1"))
        english = {"brand": brand, "mention_id": heard.json()["mention_id"], "intent": "lead", "by": "anna", **at}
        answer = await client.post("/v1/corrections", json=[persian, english, {"by": "x"}])
        again = await client.post("/v1/corrections", json=[persian, english, {"by": "x"}])
    events = await written(kafka, topics.MENTIONS_CORRECTED.name, brand, MentionCorrected)
    assert (answer.status_code, answer.json()["accepted"], answer.json()["refused"]) == (202, 2, 1)
    assert again.json() == answer.json()
    assert {event.mention_id for event in events} == {heard.json()["mention_id"]}
    assert {(event.sentiment, event.intent, event.by) for event in events} == {
        ("negative", None, "سارا"),
        (None, "lead", "anna"),
    }


async def test_facts_reach_their_own_topic(ingestor: IngestorNode, kafka: KafkaSettings, brand: str) -> None:
    order = {"brand": brand, "kind": "order", "fact_id": "o-1", "values": {"amount": 1250000}}
    lead = {"brand": brand, "kind": "lead", "fact_id": "l-1", "attributes": {"channel": "telegram"}}
    async with ingestor.client() as client:
        answer = await client.post("/v1/facts", json=[order, lead, {"kind": "ordr"}])
    events = await written(kafka, topics.FACTS_RECORDED.name, brand, FactRecorded)
    assert (answer.status_code, answer.json()["accepted"], answer.json()["refused"]) == (202, 2, 1)
    assert {(event.kind, event.fact_id) for event in events} == {("order", "o-1"), ("lead", "l-1")}


async def test_every_form_of_request_writes_the_same_event(
    ingestor: IngestorNode, kafka: KafkaSettings, brand: str
) -> None:
    said = _mention(brand, "1")
    binary = {"Content-Type": "application/json", "ce-specversion": "1.0", "ce-id": "1", "ce-source": "/t"}
    requests: list[tuple[dict[str, str], Any]] = [
        ({"Content-Type": "application/json"}, said),
        ({"Content-Type": "application/json"}, [said]),
        ({"Content-Type": "application/x-ndjson"}, said),
        (binary | {"ce-type": "said.v1"}, said),
        ({"Content-Type": "application/cloudevents+json"}, _event(said)),
        ({"Content-Type": "application/cloudevents-batch+json"}, [_event(said)]),
    ]
    async with ingestor.client() as client:
        answers = [
            await client.post("/v1/mentions", headers=headers, content=json.dumps(body)) for headers, body in requests
        ]
    events = await _mentions(kafka, brand)
    assert [answer.status_code for answer in answers] == [202] * len(requests)
    assert len(events) == len(requests)
    assert len({event.event_id for event in events}) == 1


async def test_of_a_bulk_exactly_the_good_items_are_written_in_their_order(
    ingestor: IngestorNode, kafka: KafkaSettings, brand: str
) -> None:
    items = [_mention(brand, str(number), conversation="one") for number in range(100)]
    for number in range(0, 100, 7):
        items[number]["rating"] = 9
    body = "\n".join(json.dumps(item, ensure_ascii=False) for item in items)
    async with ingestor.client() as client:
        answer = await client.post(
            "/v1/mentions", content=body.encode(), headers={"Content-Type": "application/x-ndjson"}
        )
    told = answer.json()
    good = [str(number) for number in range(100) if number % 7]
    assert [event.mention.native_id for event in await _mentions(kafka, brand)] == good
    assert (told["accepted"], told["refused"]) == (len(good), 100 - len(good))
    assert [each["line"] for each in told["results"] if each["status"] == "refused"] == list(range(1, 101, 7))


async def test_two_hundred_clients_at_once_are_all_acknowledged_and_all_present_once(
    ingestor: IngestorNode, kafka: KafkaSettings, brand: str
) -> None:
    limits = httpx.Limits(max_connections=CLIENTS, max_keepalive_connections=CLIENTS)
    async with ingestor.client(limits=limits) as client:

        async def one(number: int) -> httpx.Response:
            return await client.post("/v1/mentions", json=_mention(brand, str(number)))

        answers = await asyncio.gather(*(one(number) for number in range(CLIENTS)))
    assert {answer.status_code for answer in answers} == {202}
    events = await _mentions(kafka, brand)
    assert sorted(int(event.mention.native_id) for event in events) == list(range(CLIENTS))
    assert {event.event_id for event in events} == {answer.json()["event_id"] for answer in answers}


async def test_without_kafka_it_is_503_with_retry_after_and_goes_on_once_kafka_is_back(brand: str) -> None:
    with kafka_serving() as cluster:
        kafka = kafka_settings(cluster.bootstrap)
        in_own_loop(create_topics(kafka, partitions=2))
        with ingestor_serving(
            kafka, SHENAVA_INGEST_ACK_TIMEOUT="PT1S", SHENAVA_KAFKA_REQUEST_TIMEOUT="PT2S"
        ) as ingestor:
            async with ingestor.client() as client:
                assert (await client.post("/v1/mentions", json=_mention(brand, "before"))).status_code == 202
                await cluster.kill(0)
                answers = [await client.post("/v1/mentions", json=_mention(brand, "during")) for _ in range(5)]
                assert {(answer.status_code, answer.headers.get("Retry-After")) for answer in answers} == {(503, "2")}
                assert (await client.get("/livez")).status_code == 200
                await cluster.restart(0)

                async def taken() -> bool:
                    return (await client.post("/v1/mentions", json=_mention(brand, "after"))).status_code == 202

                await until(taken, within_seconds=60)
                assert (await client.get("/readyz")).status_code == 200
            events = await _mentions(kafka, brand)
    assert {"before", "after"} <= {event.mention.native_id for event in events}


async def test_whatever_a_stopping_ingestor_still_accepted_is_there_and_it_ends_cleanly(
    kafka: KafkaSettings, brand: str
) -> None:
    with ingestor_serving(kafka) as ingestor:
        accepted: set[str] = set()

        async def until_it_is_gone(client: httpx.AsyncClient, sender: int) -> None:
            for number in range(10_000):
                identity = f"{sender}-{number}"
                try:
                    answer = await client.post("/v1/mentions", json=_mention(brand, identity))
                except httpx.TransportError:
                    return
                if answer.status_code == 202:
                    accepted.add(identity)

        async with ingestor.client() as client, asyncio.TaskGroup() as group:
            for sender in range(10):
                group.create_task(until_it_is_gone(client, sender))
            await until(lambda: len(accepted) >= 50)
            await ingestor.stop()
        assert ingestor.exit_code == 0
    assert accepted <= {event.mention.native_id for event in await _mentions(kafka, brand)}


async def test_the_running_ingestor_serves_its_own_document_and_its_metrics(ingestor: IngestorNode) -> None:
    async with ingestor.client() as client:
        described = await client.get("/openapi.json")
        measured = await client.get("/metrics")
    assert set(described.json()["paths"]) == {"/v1/mentions", "/v1/facts", "/v1/corrections", "/v1/channels"}
    assert 'shenava_ingest_items_total{kind="mention",outcome="accepted"}' in measured.text
