"""The longest texts and the largest records go through the whole system, and every law holds of them as of others."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import MessageSizeTooLargeError
from aiokafka.producer.message_accumulator import BatchBuilder

from chaos_world import broken_laws
from e2e_bad_records import Written, member
from e2e_checks import until_nothing_is_wrong
from extreme_texts import texts
from shenava import topics
from shenava.codec import MAX_VALUE_BYTES, encode
from shenava.dev.evidence import Told
from shenava.dev.stack import SERVICES, Stack
from shenava.events import Event, MentionClassified, MentionReceived
from shenava.events.mentions import Author
from shenava.kafka.admin import MAX_BYTES
from shenava.kafka.client import connection
from shenava.testing import builders

pytestmark = [pytest.mark.servers, pytest.mark.timeout(300)]

SETTLED_SECONDS = 90.0
PARTITION = 5
AROUND_OURS = (MAX_VALUE_BYTES - 1, MAX_VALUE_BYTES, MAX_VALUE_BYTES + 1)
"""Bytes of values: the most that we write ourselves."""
NEARLY = MAX_VALUE_BYTES - 5_000
UP_TO_KAFKAS = (MAX_BYTES - 1, MAX_BYTES)
"""Bytes of batches: the most that a topic takes."""


@pytest.fixture
def brand() -> str:
    """One that nobody else writes for."""
    return f"extreme-{uuid4().hex[:12]}"


async def test_the_longest_texts_of_every_kind_are_taken_and_get_their_outcome(stack: Stack, brand: str) -> None:
    told, pids = Told(), {name: stack.processes.pid(name) for name in SERVICES}
    headers = {"Authorization": f"Bearer {stack.api_key}"}
    async with httpx.AsyncClient(headers=headers, timeout=30, trust_env=False) as client:
        for number, text in enumerate(texts().values()):
            mention = {"brand": brand, "channel": "x", "native_id": f"{number}", "conversation": f"c-{number}",
                       "author": {"id": f"a-{number}"}, "text": text}  # fmt: skip
            answer = await client.post(stack.url("ingestor") + "/v1/mentions", json=mention)
            assert answer.status_code == 202, answer.text
            told.accepted.add(answer.json()["event_id"])
    await until_nothing_is_wrong(lambda: broken_laws(stack, told, brand), SETTLED_SECONDS)
    assert {name: stack.processes.pid(name) for name in SERVICES} == pids


async def test_records_as_large_as_a_topic_takes_are_handled_and_one_byte_more_is_not_taken(
    stack: Stack, brand: str
) -> None:
    told, pids = Told(), {name: stack.processes.pid(name) for name in SERVICES}
    given = connection(stack.kafka_settings, "foreign")
    async with AIOKafkaProducer(acks="all", max_request_size=2 * MAX_BYTES, **given) as producer:
        for number, size in enumerate([*AROUND_OURS, *UP_TO_KAFKAS, MAX_BYTES + 1]):
            for topic in (topics.MENTIONS_RECEIVED, topics.MENTIONS_CLASSIFIED):
                event = _event(topic, brand, f"{topic.name}-{number}")
                batch = _batch(producer, event, size, of_value=size in AROUND_OURS)
                sent = await producer.send_batch(batch, topic.name, partition=PARTITION)
                if size > MAX_BYTES:
                    with pytest.raises(MessageSizeTooLargeError):
                        await sent
                    continue
                await sent
                told.matters[event.mention.conversation] = {event.mention.mention_id}
                if topic is topics.MENTIONS_RECEIVED:
                    told.accepted.add(event.event_id)
    await until_nothing_is_wrong(lambda: broken_laws(stack, told, brand), SETTLED_SECONDS)
    assert {name: stack.processes.pid(name) for name in SERVICES} == pids


def _event(topic: topics.Topic, brand: str, name: str) -> MentionReceived | MentionClassified:
    now = datetime.now(UTC)
    said: dict[str, Any] = {"native_id": name, "conversation": name, "posted_at": now, "received_at": now}
    build = builders.received if topic is topics.MENTIONS_RECEIVED else builders.classified
    return build(brand=brand, author=Author(id=name), **said)


def _batch(producer: AIOKafkaProducer, event: Event, size: int, *, of_value: bool) -> BatchBuilder:
    """``event`` alone in a batch, with so much ballast that its value, or else the batch, has ``size`` bytes."""
    bare = Written(*encode(event, source="foreign"))
    # Lengths take more bytes themselves where they are large, so that the first guess must be near.
    near = _measured(producer, member("ballast", "x" * NEARLY)(bare), of_value=of_value)
    record = member("ballast", "x" * (NEARLY + size - near))(bare)
    assert _measured(producer, record, of_value=of_value) == size
    return _alone(producer, record)


def _measured(producer: AIOKafkaProducer, record: Written, *, of_value: bool) -> int:
    size: int = len(record.value or b"") if of_value else _alone(producer, record).size()
    return size


def _alone(producer: AIOKafkaProducer, record: Written) -> BatchBuilder:
    batch = producer.create_batch()
    batch.append(key=record.key, value=record.value, timestamp=None, headers=[*record.headers])
    batch.close()
    return batch
