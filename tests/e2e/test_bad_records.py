"""Records that nobody can handle, written straight to the topics between good ones, harm nobody.

Each is put aside as it was, with its origin and a reason, once by each group that reads the topic; its neighbours in
the same partition are handled, and no process ends.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition

from e2e_bad_records import Bad, Written
from e2e_checks import Asking, until_nothing_is_wrong
from e2e_stories import STORIES, Story
from shenava import topics
from shenava.codec import encode
from shenava.dev.observer import Observer
from shenava.dev.stack import SERVICES, Stack
from shenava.events import Event
from shenava.kafka.client import MAX_REQUEST_BYTES, connection
from shenava.settings import KafkaSettings
from shenava.topics import Topic

pytestmark = pytest.mark.servers

PARTITION = 3
SPOILT = 1_000
"""The first number of the events that are spoilt; those below are good ones."""

ORIGIN = ("topic", "partition", "offset", "timestamp_ms", "group", "reason", "detail", "pointer", "at")
HANDLED_SECONDS = 60.0


class Planted(NamedTuple):
    """A bad record and where it went."""

    bad: Bad
    written: Written
    offset: int


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.topic.name)
async def test_bad_records_are_put_aside_whole_and_their_neighbours_are_handled(stack: Stack, story: Story) -> None:
    pids = {name: stack.processes.pid(name) for name in SERVICES}
    before = len(await _put_aside(stack.kafka_settings, story.topic))

    planted, good = await _plant(stack.kafka_settings, story)
    groups = [reader for reader in story.topic.read_by if reader in SERVICES]
    async with Observer(stack.kafka_settings) as observer:
        await observer.settle(dict.fromkeys(groups, (story.topic,)))
    await until_nothing_is_wrong(lambda: story.unhandled(stack, good), HANDLED_SECONDS)

    aside = (await _put_aside(stack.kafka_settings, story.topic))[before:]
    for one in planted:
        for group in groups:
            found = [record for record in aside if _origin(record) == (group, PARTITION, one.offset)]
            assert len(found) == 1, (one.bad.name, group, len(found))
            _check(one, found[0])
    strangers = [record.headers for record in aside if _origin(record)[1] != PARTITION]
    assert not strangers, "one service has written what another cannot read"
    assert len(aside) == len(planted) * len(groups)
    assert {name: stack.processes.pid(name) for name in SERVICES} == pids
    async with Asking(stack) as asking:
        assert {name: await asking.status(name, "/readyz") for name in SERVICES} == dict.fromkeys(SERVICES, 200)


def test_every_topic_that_a_service_reads_has_its_story() -> None:
    read = {topic.name for topic in topics.ALL if set(topic.read_by) & set(SERVICES)}
    assert {story.topic.name for story in STORIES} == read


async def _plant(settings: KafkaSettings, story: Story) -> tuple[list[Planted], list[Event]]:
    """Write good, bad, good, bad …, then the odd ones; returns the bad ones and the events that must be handled."""
    producer = AIOKafkaProducer(max_request_size=MAX_REQUEST_BYTES, **connection(settings, "planter"))
    planted, good = [], []
    async with producer:
        for number, bad in enumerate(story.bad):
            good.append(story.good(number))
            await _write(producer, story.topic, _record(good[-1]))
            written = bad.spoil(_record(story.good(SPOILT + number)))
            planted.append(Planted(bad, written, await _write(producer, story.topic, written)))
        for number, (_, odd) in enumerate(story.odd, len(story.bad)):
            good.append(story.good(number))
            await _write(producer, story.topic, odd(_record(good[-1])))
    return planted, good


def _record(event: Event) -> Written:
    return Written(*encode(event, source="test"))


async def _write(producer: AIOKafkaProducer, topic: Topic, record: Written) -> int:
    told = await producer.send_and_wait(
        topic.name, key=record.key, value=record.value, headers=[*record.headers], partition=PARTITION
    )
    offset: int = told.offset
    return offset


async def _put_aside(settings: KafkaSettings, topic: Topic) -> Sequence[ConsumerRecord]:
    """Everything on the dead letter topic."""
    place = TopicPartition(topic.dead, 0)
    consumer = AIOKafkaConsumer(auto_offset_reset="earliest", **connection(settings, "gravedigger"))
    records: list[ConsumerRecord] = []
    async with consumer:
        consumer.assign([place])
        (end,) = (await consumer.end_offsets([place])).values()
        while await consumer.position(place) < end:
            records += (await consumer.getmany(timeout_ms=200)).get(place, [])
    return records


def _origin(record: ConsumerRecord) -> tuple[str, int, int]:
    told = dict(record.headers)
    return told["dead_letter_group"].decode(), int(told["dead_letter_partition"]), int(told["dead_letter_offset"])


def _check(one: Planted, record: ConsumerRecord) -> None:
    own, origin = record.headers[: -len(ORIGIN)], dict(record.headers[-len(ORIGIN) :])
    assert (record.key, record.value, [*own]) == (one.written.key, one.written.value, [*one.written.headers]), (
        one.bad.name
    )
    assert [*origin] == [f"dead_letter_{name}" for name in ORIGIN]
    told = {name: origin[f"dead_letter_{name}"].decode() for name in ORIGIN}
    assert re.fullmatch(one.bad.reason, told["reason"]), (one.bad.name, told)
    assert all(told[name] for name in ("detail", "timestamp_ms", "at"))
    assert (told["topic"], told["partition"]) == (record.topic.removesuffix(".dead"), str(PARTITION))
