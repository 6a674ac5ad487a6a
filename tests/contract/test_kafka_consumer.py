"""The consumer loop on Apache Kafka: what the in-memory tests prove of it holds there."""

import asyncio
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from contract.kafka_harness import Reader, RealCluster
from servers import Topics
from shenava.codec import encode
from shenava.crash_points import VARIABLE
from shenava.errors import Transient
from shenava.kafka.admin import MAX_BYTES
from shenava.kafka.client import KafkaSubscription
from shenava.kafka.consumer import Consumer, Handler, Inbound
from shenava.kafka.member import producer as kafka_producer
from shenava.kafka.ports import Outbound
from shenava.kafka.producer import Producer
from shenava.retry import Backoff
from shenava.settings import KafkaSettings
from shenava.testing.builders import received
from shenava.testing.waiting import until

pytestmark = pytest.mark.servers


class World:
    """A topic on Kafka and consumers of it."""

    def __init__(self, settings: KafkaSettings, topic: str, producer: Producer) -> None:
        self.settings = settings
        self.topic = topic
        self.producer = producer
        self.handled: Counter[str] = Counter()

    async def write(self, count: int, start: int = 0) -> list[str]:
        """Good events over all partitions; returns their ids."""
        events = [received(native_id=str(n), conversation=f"t-{n}") for n in range(start, start + count)]
        await self.producer.send([Outbound(self.topic, *encode(event, source="tests")) for event in events])
        return [event.event_id for event in events]

    async def keep(self, batch: Sequence[Inbound]) -> None:
        """A handler that takes note."""
        await asyncio.sleep(0.01)
        self.handled.update(inbound.event.event_id for inbound in batch)

    @asynccontextmanager
    async def running(self, handler: Handler | None = None, **settings: Any) -> AsyncIterator[Consumer]:
        """A consumer at work; stopped in order at the end."""
        given = self.settings.model_copy(update={"max_records": 20, **settings})
        subscription = KafkaSubscription([self.topic], group=f"g-{self.topic}", settings=given)
        backoff = Backoff(first=timedelta(milliseconds=20))
        consumer = Consumer(
            subscription, handler or self.keep, self.producer.send, group="g", settings=given, backoff=backoff
        )
        stop = asyncio.Event()
        run = asyncio.create_task(consumer.run(stop))
        try:
            yield consumer
        finally:
            stop.set()
            await run


@pytest.fixture
async def world(topic_factory: Topics) -> AsyncIterator[World]:
    topic = await topic_factory("consumer", partitions=4, dead=True)
    async with kafka_producer("tests", topic_factory.settings) as producer:
        yield World(topic_factory.settings, topic, producer)


async def test_members_come_and_go_and_nothing_is_lost(world: World) -> None:
    ids = set(await world.write(400))
    async with world.running():
        await until(lambda: len(world.handled) > 40)
        async with world.running() as second:
            await until(lambda: second.joined)
            ids |= set(await world.write(200, start=400))
            await until(lambda: len(world.handled) > 300)
            async with world.running() as third:
                await until(lambda: third.joined)
        await until(lambda: set(world.handled) == ids)

    committed = await RealCluster(world.settings, Topics(world.settings)).committed(f"g-{world.topic}", world.topic)
    assert sum(committed.values()) == 600
    assert max(world.handled.values()) == 1


async def test_a_slow_batch_is_finished_before_its_partitions_are_handed_over(world: World) -> None:
    gate = asyncio.Event()
    tried: list[str] = []

    async def slow(batch: Sequence[Inbound]) -> None:
        tried.extend(inbound.event.event_id for inbound in batch)
        await gate.wait()
        await world.keep(batch)

    ids = set(await world.write(40))
    async with world.running(slow, max_records=100):
        await until(lambda: tried)
        async with world.running() as second:
            for _ in range(20):
                await asyncio.sleep(0.1)
                assert world.handled == Counter()
            gate.set()
            await until(lambda: second.joined and set(world.handled) == ids)

    assert max(world.handled.values()) == 1


async def test_a_parked_partition_is_paused_and_loses_nothing(world: World) -> None:
    failures = Counter[int]()

    async def moody(batch: Sequence[Inbound]) -> None:
        for inbound in batch:
            if inbound.record.partition == 0 and failures[inbound.record.offset] < inbound.record.offset % 3:
                failures[inbound.record.offset] += 1
                raise Transient("not now")
        await world.keep(batch)

    ids = set(await world.write(60))
    async with world.running(moody):
        ids |= set(await world.write(60, start=60))
        await until(lambda: set(world.handled) == ids)

    assert max(world.handled.values()) == 1


async def test_the_largest_record_a_topic_takes_can_be_put_aside(world: World) -> None:
    overhead = 100
    largest = Outbound(world.topic, b"k", b"{" * (MAX_BYTES - overhead))
    await world.producer.send([largest])
    dead = KafkaSubscription([world.topic + ".dead"], group=f"check-{world.topic}", settings=world.settings)
    async with world.running(), Reader(dead) as reader:
        await reader.until(lambda: reader.records)

    assert reader.records[0].value == largest.value


CRASHING = """
import asyncio, sys
from shenava.kafka.client import KafkaSubscription
from shenava.kafka.consumer import Consumer
from shenava.settings import KafkaSettings, read

async def main(topic, kept):
    async def keep(batch):
        with open(kept, "a") as file:
            file.writelines(inbound.event.event_id + "\\n" for inbound in batch)
    settings = read(KafkaSettings)
    subscription = KafkaSubscription([topic], group=f"g-{topic}", settings=settings)
    await Consumer(subscription, keep, None, group="g", settings=settings).run(asyncio.Event())

asyncio.run(main(*sys.argv[1:]))
"""


async def test_a_kill_between_handling_and_commit_costs_repeats_and_no_loss(world: World, tmp_path: Path) -> None:
    ids = await world.write(100)
    kept = tmp_path / "kept"
    environment = {
        **os.environ,
        VARIABLE: "consumer.handled:2",
        "SHENAVA_KAFKA_BOOTSTRAP": world.settings.bootstrap,
        "SHENAVA_KAFKA_MAX_RECORDS": "10",
        "SHENAVA_KAFKA_SESSION_TIMEOUT": "PT1.5S",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CRASHING, world.topic, str(kept), env=environment
    )
    assert await process.wait() == -signal.SIGKILL
    before = kept.read_text().split()

    async with world.running(session_timeout=timedelta(seconds=2)):
        await until(lambda: len(before) + len(world.handled) >= 100 and set(before) | set(world.handled) == set(ids))

    assert len(before) == 20
    repeated = set(before) & set(world.handled)
    assert len(repeated) == 10
