"""The router as it is wired: a classified mention on a real Kafka comes out as a routed issue, once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer

from router.__main__ import wire
from router_world import said
from rulebooks import SAMPLE
from servers import DatabaseFor
from shenava import topics
from shenava.codec import decode, encode
from shenava.events import Event, IssueMentionAdded, IssueOpened, IssueRouted, MentionClassified, MentionPassed
from shenava.events.mentions import Author
from shenava.kafka.member import producer
from shenava.kafka.ports import Outbound
from shenava.settings import InvalidSettings, KafkaSettings
from shenava.testing.builders import classification, classified
from shenava.testing.waiting import until

pytestmark = pytest.mark.servers

BRAND = "router-service-test"


@pytest.fixture
async def settings(kafka: KafkaSettings, database_for: DatabaseFor, monkeypatch: pytest.MonkeyPatch) -> KafkaSettings:
    postgres = await database_for("router")
    monkeypatch.setenv("SHENAVA_POSTGRES_DSN", postgres.dsn.get_secret_value())
    monkeypatch.setenv("SHENAVA_KAFKA_BOOTSTRAP", kafka.bootstrap)
    monkeypatch.setenv("SHENAVA_ROUTER_RULEBOOK", str(SAMPLE))
    return kafka


@asynccontextmanager
async def serving() -> AsyncIterator[None]:
    stop = asyncio.Event()
    async with wire() as service, asyncio.TaskGroup() as group:
        for task in service.tasks.values():
            group.create_task(_until(task, stop))
        try:
            yield
        finally:
            stop.set()


@asynccontextmanager
async def reading(kafka: KafkaSettings, *names: str) -> AsyncIterator[list[Event]]:
    """Our brand's events on the topics ``names``, as they arrive."""
    found: list[Event] = []
    consumer = AIOKafkaConsumer(*names, bootstrap_servers=kafka.bootstrap, auto_offset_reset="earliest")
    await consumer.start()

    async def read() -> None:
        async for record in consumer:
            event = decode(record.value, record.headers)
            if event.brand == BRAND:
                found.append(event)

    task = asyncio.create_task(read())
    try:
        yield found
    finally:
        task.cancel()
        await consumer.stop()


def asked(native_id: str, author: Author) -> MentionClassified:
    return classified(
        native_id=native_id,
        brand=BRAND,
        author=author,
        conversation="t-2",
        text="فیروزه رو چطور رسوب‌زدایی کنم؟",
        classification=classification(intent="question", sentiment="neutral"),
    )


async def send(kafka: KafkaSettings, *mentions: MentionClassified) -> None:
    async with producer("tests", kafka) as out:
        await out.send([Outbound(topics.MENTIONS_CLASSIFIED.name, *encode(one, source="tests")) for one in mentions])


async def test_a_story_told_twice_on_the_topic_comes_out_as_one_routed_issue(settings: KafkaSettings) -> None:
    mina, reza = Author(id="mina"), Author(id="reza")
    story = [
        said("p-1", brand=BRAND, author=mina),
        said("p-2", brand=BRAND, author=mina),
        asked("p-3", reza),
        said("p-4", "spam", brand=BRAND, author=reza, conversation="t-3"),
    ]
    names = [topics.ISSUES_LIFECYCLE.name, topics.ISSUES_BY_QUEUE["content"].name, topics.MENTIONS_PASSED.name]
    async with serving(), reading(settings, *names) as told:
        await send(settings, *story, *story)
        await until(lambda: len(told) >= 7, within_seconds=60)
        # What is sent last in a conversation is read last, so by then its repeats have been handled.
        await send(settings, *story, said("p-5", brand=BRAND, author=mina), asked("p-6", reza))
        await until(lambda: len(told) >= 9, within_seconds=60)
    kinds = sorted(type(event).__name__ for event in told)
    expected: list[type[Event]] = [IssueMentionAdded] * 3 + [IssueOpened] * 2 + [IssueRouted] * 3 + [MentionPassed]
    assert kinds == [kind.__name__ for kind in expected]
    assert len({event.event_id for event in told}) == 8
    routed = {event.queue: event.owner for event in told if isinstance(event, IssueRouted)}
    assert routed == {"customer-care": "care-lead@nilgoon.example", "content": "content-lead@nilgoon.example"}


async def test_a_wrong_rulebook_stops_the_start_and_names_its_faults(
    settings: KafkaSettings, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    assert settings.bootstrap
    (tmp_path / "rulebook.yaml").write_bytes(b"rules: []")
    monkeypatch.setenv("SHENAVA_ROUTER_RULEBOOK", str(tmp_path / "rulebook.yaml"))
    with pytest.raises(InvalidSettings, match="fallback: Field required"):
        async with wire():
            raise AssertionError("it must not start")


async def _until(task: Any, stop: asyncio.Event) -> None:
    await asyncio.wait_for(task(stop), 90)
