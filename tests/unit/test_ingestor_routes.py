"""The routes in front of a Kafka that does as it is told: who may, how much, how fast, and what is answered."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from ingestor_app import GOOD, Kafka, app_of, client_of
from shenava import topics

FACT: dict[str, Any] = {"kind": "order", "fact_id": "o-1"}
LINES = {"Content-Type": "application/x-ndjson"}


@pytest.fixture
def kafka() -> Kafka:
    return Kafka()


@pytest.fixture
async def client(kafka: Kafka) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app_of(kafka)) as client:
        yield client


def _lines(*items: object) -> bytes:
    return b"\n".join(json.dumps(item).encode() for item in items)


async def test_a_single_mention_is_answered_with_its_ids(client: httpx.AsyncClient, kafka: Kafka) -> None:
    answer = await client.post("/v1/mentions", json=GOOD)
    (record,) = kafka.written
    assert answer.status_code == 202
    assert set(answer.json()) == {"mention_id", "event_id"}
    assert record.topic == topics.MENTIONS_RECEIVED.name
    assert dict(record.headers)["ce_id"].decode() == answer.json()["event_id"]
    assert record.key == b"default:x:a"


async def test_a_fact_goes_to_the_topic_of_facts(client: httpx.AsyncClient, kafka: Kafka) -> None:
    answer = await client.post("/v1/facts", json=FACT)
    assert (answer.status_code, answer.json()["fact_id"]) == (202, "o-1")
    assert [(record.topic, record.key) for record in kafka.written] == [(topics.FACTS_RECORDED.name, b"default:order")]


async def test_a_repeat_with_or_without_idempotency_key_has_the_same_ids(client: httpx.AsyncClient) -> None:
    first = await client.post("/v1/mentions", json=GOOD)
    again = await client.post("/v1/mentions", json=GOOD, headers={"Idempotency-Key": '"8e03978e"'})
    assert (again.status_code, again.json()) == (202, first.json())


async def test_a_bulk_tells_of_each_item_in_order(client: httpx.AsyncClient, kafka: Kafka) -> None:
    answer = await client.post(
        "/v1/mentions", content=_lines(GOOD, GOOD | {"txt": 1}, GOOD | {"native_id": "2"}), headers=LINES
    )
    told = answer.json()
    assert (answer.status_code, told["accepted"], told["refused"]) == (202, 2, 1)
    assert [(each["index"], each["line"], each["status"]) for each in told["results"]] == [
        (0, 1, "accepted"),
        (1, 2, "refused"),
        (2, 3, "accepted"),
    ]
    assert (told["results"][1]["pointer"], told["results"][1]["reason"]) == ("/txt", "unknown_field")
    assert len(kafka.written) == 2


async def test_a_bulk_without_one_good_item_is_a_problem_with_the_results(
    client: httpx.AsyncClient, kafka: Kafka
) -> None:
    answer = await client.post("/v1/mentions", json=[{}, {}])
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.json()["accepted"], answer.json()["refused"], len(answer.json()["results"])) == (0, 2, 2)
    assert kafka.written == []


async def test_without_a_key_or_its_scope_nothing_is_taken(kafka: Kafka) -> None:
    app = app_of(kafka)
    async with client_of(app, "unknown") as stranger, client_of(app, "mentions") as half:
        assert (await stranger.post("/v1/mentions", json=GOOD)).status_code == 401
        assert (await half.post("/v1/facts", json=FACT)).status_code == 403
        assert (await half.post("/v1/mentions", json=GOOD)).status_code == 202
    assert len(kafka.written) == 1


async def test_a_key_for_one_brand_cannot_speak_for_another(kafka: Kafka) -> None:
    async with client_of(app_of(kafka), "nilgoon") as client:
        own = GOOD | {"brand": "nilgoon"}
        refused = await client.post("/v1/mentions", json=GOOD)
        mixed = await client.post("/v1/mentions", json=[own, GOOD])
    assert refused.status_code == 403
    assert refused.json()["errors"][0]["pointer"] == "/brand"
    assert (mixed.status_code, mixed.json()["accepted"], mixed.json()["refused"]) == (202, 1, 1)
    assert [record.key for record in kafka.written] == [b"nilgoon:x:a"]


async def test_a_body_or_a_bulk_above_its_limit_is_413_whatever_it_declares(client: httpx.AsyncClient) -> None:
    async def unannounced() -> AsyncIterator[bytes]:
        for _ in range(11):
            yield b" " * 1_000

    json_type = {"Content-Type": "application/json"}
    declared = await client.post("/v1/mentions", content=b" " * 10_001, headers=json_type)
    chunked = await client.post("/v1/mentions", content=unannounced(), headers=json_type)
    many = await client.post("/v1/mentions", json=[GOOD] * 6)
    assert [answer.status_code for answer in (declared, chunked, many)] == [413, 413, 413]


async def test_a_body_that_never_ends_is_408(kafka: Kafka) -> None:
    async def endless() -> AsyncIterator[bytes]:
        yield b"["
        await asyncio.Event().wait()

    async with client_of(app_of(kafka, body_timeout=timedelta(milliseconds=20))) as client:
        answer = await client.post("/v1/mentions", content=endless(), headers={"Content-Type": "application/json"})
    assert answer.status_code == 408


async def test_an_unknown_content_type_is_415_and_names_the_known_ones(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/mentions", data={"text": "a"})
    assert answer.status_code == 415
    assert "application/x-ndjson" in answer.json()["detail"]


async def test_above_the_rate_a_key_is_told_when_to_go_on(kafka: Kafka) -> None:
    app = app_of(kafka, rate=1.0, burst=3)
    async with client_of(app) as greedy, client_of(app, "nilgoon") as other:
        assert (await greedy.post("/v1/mentions", json=[GOOD] * 5)).status_code == 202
        refused = await greedy.post("/v1/mentions", json=GOOD)
        assert (refused.status_code, refused.headers["Retry-After"]) == (429, "3")
        assert (await other.post("/v1/mentions", json=GOOD | {"brand": "nilgoon"})).status_code == 202


async def test_the_channels_are_listed_for_everybody(kafka: Kafka) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app_of(kafka)), base_url="http://ingestor") as anybody:
        answer = await anybody.get("/v1/channels")
    assert answer.status_code == 200
    assert {"instagram", "bale", "app_store"} <= set(answer.json()["channels"])
