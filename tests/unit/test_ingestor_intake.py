"""Between a caller and Kafka: nothing is promised that is not acknowledged, nothing waits without bound."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

import httpx
import pytest

from ingestor.app import create_app
from ingestor.intake import Intake
from ingestor.routes import Submissions
from ingestor.settings import IngestSettings
from ingestor_app import GOOD, Kafka, app_of, client_of, keys
from shenava import topics
from shenava.http.problems import Problem
from shenava.kafka.ports import Outbound
from shenava.kafka.producer import Producer
from shenava.telemetry import metrics
from shenava.testing.memory_broker import MemoryBroker
from shenava.testing.memory_kafka import MemoryDelivery
from shenava.testing.waiting import until


@pytest.fixture
def kafka() -> Kafka:
    return Kafka()


@pytest.fixture
async def client(kafka: Kafka) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app_of(kafka)) as client:
        yield client


def _waiting() -> float:
    return next(iter(metrics.INGEST_WAITING.collect())).samples[0].value


async def test_when_kafka_refuses_it_is_503_with_retry_after(client: httpx.AsyncClient, kafka: Kafka) -> None:
    kafka.failing = True
    answer = await client.post("/v1/mentions", json=GOOD)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert answer.headers["content-type"] == "application/problem+json"


async def test_when_kafka_keeps_silent_it_is_503_and_the_write_still_ends(kafka: Kafka) -> None:
    kafka.answers.clear()
    async with client_of(app_of(kafka, ack_timeout=timedelta(milliseconds=20))) as client:
        answer = await client.post("/v1/mentions", json=GOOD)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
        kafka.answers.set()
        await until(lambda: len(kafka.written) == 1)
        assert (await client.post("/v1/mentions", json=GOOD)).status_code == 202


async def test_while_kafka_keeps_silent_one_caller_waits_and_the_others_are_refused_at_once(kafka: Kafka) -> None:
    kafka.answers.clear()
    intake = Intake(kafka.send, IngestSettings(ack_timeout=timedelta(hours=1)))
    record = Outbound(topics.MENTIONS_RECEIVED.name, b"k", b"v")
    given_up = asyncio.create_task(intake.take([record]))
    await until(lambda: len(intake._writing) == 1)
    intake._overdue |= intake._writing
    waiting = asyncio.create_task(intake.take([record]))
    await until(lambda: len(intake._writing) == 2)
    for _ in range(3):
        with pytest.raises(Problem, match="has not acknowledged"):
            await intake.take([record])
    kafka.answers.set()
    await asyncio.gather(given_up, waiting)
    await intake.take([record])


async def test_what_is_given_up_by_its_caller_still_counts_as_waiting(kafka: Kafka) -> None:
    kafka.answers.clear()
    async with client_of(app_of(kafka, ack_timeout=timedelta(milliseconds=20), max_waiting=2)) as client:
        late = await client.post("/v1/mentions", json=[GOOD, GOOD])
        at_once = await client.post("/v1/mentions", json=GOOD)
        assert (late.status_code, at_once.status_code) == (503, 503)
        assert "did not acknowledge" in late.json()["detail"]
        assert "2 records wait" in at_once.json()["detail"]
        assert _waiting() == 2
        kafka.answers.set()
        await until(lambda: _waiting() == 0)
        assert (await client.post("/v1/mentions", json=GOOD)).status_code == 202


async def test_bytes_that_wait_are_bounded_too(kafka: Kafka) -> None:
    kafka.answers.clear()
    big = GOOD | {"text": "a" * 90_000}
    settings = {"ack_timeout": timedelta(milliseconds=20), "max_waiting_bytes": 1_000_000, "max_items": 20}
    async with client_of(app_of(kafka, max_body=2_000_000, **settings)) as client:
        first = await client.post("/v1/mentions", json=[big] * 11)
        second = await client.post("/v1/mentions", json=[big])
        assert "did not acknowledge" in first.json()["detail"]
        assert "wait for Kafka already" in second.json()["detail"]
        kafka.answers.set()
        await until(lambda: len(kafka.written) == 11)


async def test_many_requests_at_once_share_batches() -> None:
    broker = MemoryBroker({topics.MENTIONS_RECEIVED.name: 3})
    batches: list[int] = []

    class Counting(MemoryDelivery):
        async def write(self, topic: str, partition: int, records: Sequence[Outbound]) -> int:
            batches.append(len(records))
            return await super().write(topic, partition, records)

    async with Producer(lambda: Counting(broker, batch_records=1_000)) as producer:
        own = IngestSettings()
        submissions = Submissions(Intake(producer.begin, own), keys(), own, max_body=10_000)
        async with client_of(create_app(submissions)) as client:
            requests = [GOOD | {"native_id": str(number), "author": {"id": str(number)}} for number in range(200)]
            answers = await asyncio.gather(*(client.post("/v1/mentions", json=request) for request in requests))
    assert {answer.status_code for answer in answers} == {202}
    assert len(broker.records(topics.MENTIONS_RECEIVED.name)) == sum(batches) == 200
    assert len(batches) <= 20
