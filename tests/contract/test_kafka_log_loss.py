"""Apache Kafka comes back with an empty log: readers and writers go on by themselves, and skip nothing written then."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from contract.kafka_harness import Reader
from servers import kafka_settings, serving
from shenava.codec import encode
from shenava.dev.kafka_format import data_directory
from shenava.dev.kafka_node import KafkaCluster
from shenava.kafka import admin
from shenava.kafka.client import KafkaSubscription, connection
from shenava.kafka.consumer import Consumer, Inbound
from shenava.kafka.member import producer as kafka_producer
from shenava.kafka.ports import Outbound, WriteFailed
from shenava.kafka.producer import Producer
from shenava.settings import KafkaSettings
from shenava.testing.builders import received
from shenava.testing.waiting import until

pytestmark = pytest.mark.servers


class Forgetful:
    """A cluster that may lose all that it has."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.cluster = KafkaCluster(directory)
        self.topic = ""

    async def start(self) -> None:
        await self.cluster.start()

    async def stop(self) -> None:
        await self.cluster.stop()

    @property
    def settings(self) -> KafkaSettings:
        short = timedelta(seconds=2)
        return kafka_settings(
            self.cluster.bootstrap,
            request_timeout=short,
            delivery_timeout=short,
            session_timeout=short,
            metadata_max_age=timedelta(seconds=1),
        )

    async def lose_everything(self, topic_returns: Callable[[], bool] = lambda: True) -> None:
        """Be killed, and come back as a cluster in which nothing was ever written; with its topic when that is so."""
        await self.cluster.kill(0)
        await asyncio.to_thread(shutil.rmtree, data_directory(self._directory, 1))
        await self.cluster.start()
        await until(topic_returns, within_seconds=60)
        await self.make_topic()

    async def make_topic(self) -> None:
        """Make the one topic that is there."""
        client = AIOKafkaAdminClient(**connection(self.settings, "tests"))
        await client.start()
        try:
            await admin._create_missing(client, {self.topic: NewTopic(self.topic, 2, 1)})
        finally:
            await client.close()


@pytest.fixture(scope="module")
def cluster_that_forgets() -> Iterator[Forgetful]:
    with serving(Forgetful) as forgetful:
        yield forgetful


@pytest.fixture
async def kafka_that_forgets(cluster_that_forgets: Forgetful) -> Forgetful:
    """One with a topic of the test's own."""
    cluster_that_forgets.topic = f"lost-{uuid4().hex[:8]}"
    await cluster_that_forgets.make_topic()
    return cluster_that_forgets


class Work:
    """What was written, and what was handled."""

    def __init__(self, forgetful: Forgetful) -> None:
        self._settings = forgetful.settings
        self._topic = forgetful.topic
        self._written = 0
        self.handled: set[str] = set()

    async def write(self, producer: Producer, count: int) -> set[str]:
        """Write so many events until they are acknowledged; returns their ids."""
        events = [received(native_id=str(self._written + n), conversation=f"t-{n}") for n in range(count)]
        self._written += count
        records = [Outbound(self._topic, *encode(event, source="tests")) for event in events]

        async def acknowledged() -> bool:
            try:
                await producer.send(records)
            except WriteFailed:
                return False
            return True

        await until(acknowledged, within_seconds=60)
        return {event.event_id for event in events}

    async def handle(self, batch: Sequence[Inbound]) -> None:
        """Take note of a batch."""
        self.handled |= {inbound.event.event_id for inbound in batch}

    @asynccontextmanager
    async def reading(self, producer: Producer) -> AsyncIterator[Consumer]:
        """A consumer at work; it ends in order."""
        subscription = KafkaSubscription([self._topic], group=self._topic, settings=self._settings)
        consumer = Consumer(subscription, self.handle, producer.send, group="reader", settings=self._settings)
        stop = asyncio.Event()
        running = asyncio.create_task(consumer.run(stop))
        try:
            yield consumer
        finally:
            stop.set()
            await running


@pytest.mark.parametrize("afterwards", [10, 300], ids=["less than before", "more than before"])
async def test_a_running_reader_and_writer_go_on_with_a_log_that_was_lost(
    kafka_that_forgets: Forgetful, afterwards: int
) -> None:
    settings = kafka_that_forgets.settings
    work = Work(kafka_that_forgets)
    async with kafka_producer("tests", settings) as producer, work.reading(producer):
        ids = await work.write(producer, 100)
        await until(lambda: work.handled == ids)
        await kafka_that_forgets.lose_everything()
        ids |= await work.write(producer, afterwards)
        await until(lambda: work.handled == ids, within_seconds=60)
        ids |= await work.write(producer, 10)
        await until(lambda: work.handled == ids, within_seconds=60)


async def test_a_reader_goes_on_though_its_topic_was_away_for_longer(kafka_that_forgets: Forgetful) -> None:
    settings = kafka_that_forgets.settings
    work = Work(kafka_that_forgets)
    async with kafka_producer("tests", settings) as producer, work.reading(producer) as consumer:
        await work.write(producer, 20)
        await until(lambda: len(work.handled) == 20)
        before = set(work.handled)
        subscription = consumer._subscription
        await kafka_that_forgets.lose_everything(lambda: subscription.assignment() == frozenset())
        ids = await work.write(producer, 30)
        await until(lambda: work.handled == before | ids, within_seconds=60)


async def test_a_writer_that_was_idle_meanwhile_is_not_taken_for_another(kafka_that_forgets: Forgetful) -> None:
    settings, topic = kafka_that_forgets.settings, kafka_that_forgets.topic
    await kafka_that_forgets.lose_everything()
    async with kafka_producer("idle", settings) as idle:
        for _ in range(3):
            await idle.send([Outbound(topic, b"k", b"before", partition=0)])
        await kafka_that_forgets.lose_everything()
        async with kafka_producer("busy", settings) as busy:
            # The new cluster counts its producers from the beginning: to it this one is who the idle one was before.
            for number in range(6):
                await busy.send([Outbound(topic, b"k", b"busy %d" % number, partition=0)])
        for number in range(3):
            await idle.send([Outbound(topic, b"k", b"idle %d" % number, partition=0)])
    async with Reader(KafkaSubscription([topic], group="check", settings=settings)) as reader:
        await reader.until(lambda: len(reader.records) == 9)

    assert reader.values() == [b"busy %d" % n for n in range(6)] + [b"idle %d" % n for n in range(3)]


async def test_a_reader_that_was_away_meanwhile_reads_all_that_is_there(kafka_that_forgets: Forgetful) -> None:
    settings = kafka_that_forgets.settings
    work = Work(kafka_that_forgets)
    async with kafka_producer("tests", settings) as producer:
        async with work.reading(producer):
            ids = await work.write(producer, 100)
            await until(lambda: work.handled == ids)
        await kafka_that_forgets.lose_everything()
        ids |= await work.write(producer, 300)
        async with work.reading(producer):
            await until(lambda: work.handled == ids)
