"""Apache Kafka is killed and comes back: writers are told, readers wait, nothing acknowledged is lost."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import pytest

from contract.kafka_harness import Reader
from servers import Topics, kafka_serving, kafka_settings
from shenava.dev.kafka_node import KafkaCluster
from shenava.errors import Fatal
from shenava.kafka.admin import DEAD_MAX_BYTES, create_topics, wanted
from shenava.kafka.client import KafkaSubscription
from shenava.kafka.member import producer as kafka_producer
from shenava.kafka.ports import Outbound, WriteFailed
from shenava.settings import KafkaSettings
from shenava.testing.waiting import until
from shenava.topics import ALL

pytestmark = pytest.mark.servers


@pytest.fixture(scope="module")
def cluster() -> Iterator[KafkaCluster]:
    """One that may be killed."""
    with kafka_serving() as cluster:
        yield cluster


@pytest.fixture
def settings(cluster: KafkaCluster) -> KafkaSettings:
    return kafka_settings(
        cluster.bootstrap, request_timeout=timedelta(seconds=2), delivery_timeout=timedelta(seconds=3)
    )


async def test_a_write_to_brokers_that_are_gone_fails_in_time_and_works_again_once_they_are_back(
    cluster: KafkaCluster, settings: KafkaSettings
) -> None:
    topic = await Topics(settings)("outage", partitions=2)
    acknowledged: list[bytes] = []
    async with kafka_producer("tests", settings) as producer:

        async def send(value: bytes) -> None:
            await producer.send([Outbound(topic, value, value)])
            acknowledged.append(value)

        await send(b"before")
        await cluster.kill(0)
        async with asyncio.timeout(30):
            results = await asyncio.gather(*(send(b"during-%d" % n) for n in range(5)), return_exceptions=True)
        assert {type(result) for result in results} == {WriteFailed}
        await cluster.restart(0)

        async def again() -> bool:
            try:
                await send(b"after")
            except WriteFailed:
                return False
            return True

        await until(again, within_seconds=60)

    async with Reader(KafkaSubscription([topic], group="check", settings=settings)) as reader:
        await reader.until(lambda: set(acknowledged) <= set(reader.values()))


async def test_a_producer_closes_in_time_though_its_brokers_are_gone(
    cluster: KafkaCluster, settings: KafkaSettings
) -> None:
    topic = await Topics(settings)("outage", partitions=1)
    try:
        async with asyncio.timeout(40):
            async with kafka_producer("tests", settings) as producer:
                await producer.send([Outbound(topic, b"k", b"v")])
                await cluster.kill(0)
                sending = asyncio.create_task(producer.send([Outbound(topic, b"k", b"v")]))
                await until(lambda: producer._lanes[topic, 0]._waiting == [])
        with pytest.raises(WriteFailed):
            await sending
    finally:
        await cluster.restart(0)


async def test_a_member_reads_on_after_its_brokers_were_killed(cluster: KafkaCluster, settings: KafkaSettings) -> None:
    topic = await Topics(settings)("outage", partitions=2)
    async with Reader(KafkaSubscription([topic], group="survivor", settings=settings)) as reader:
        async with kafka_producer("tests", settings) as producer:
            await producer.send([Outbound(topic, b"k", b"before")])
        await reader.until(lambda: reader.values() == [b"before"])
        await reader.commit()
        await cluster.kill(0)
        for _ in range(20):
            await reader.poll()
        await cluster.restart(0)
        async with kafka_producer("tests", settings) as producer:
            await producer.send([Outbound(topic, b"k", b"after")])
        await reader.until(lambda: b"after" in reader.values())
        await reader.commit()


async def test_a_member_whose_brokers_are_not_there_says_so(settings: KafkaSettings) -> None:
    nowhere = settings.model_copy(update={"bootstrap": "127.0.0.1:1"})
    subscription = KafkaSubscription(["t"], group="g", settings=nowhere)
    with pytest.raises(Fatal, match=r"127\.0\.0\.1:1"):
        await Reader(subscription).__aenter__()
    await subscription.stop()


async def test_a_member_of_a_topic_that_is_not_there_says_how_to_make_it(settings: KafkaSettings) -> None:
    subscription = KafkaSubscription(["nowhere"], group="g", settings=settings)
    with pytest.raises(Fatal, match=r"nowhere.*shenava topics --create"):
        await Reader(subscription).__aenter__()
    await subscription.stop()


async def test_topics_are_created_once_with_room_for_every_dead_letter(settings: KafkaSettings) -> None:
    created = await create_topics(settings, partitions=2)

    assert set(created) == {name for topic in ALL for name in (topic.name, topic.dead)}
    assert await create_topics(settings, partitions=2) == []
    sizes = {topic.topic_configs["max.message.bytes"] for name, topic in wanted(1).items() if name.endswith(".dead")}
    assert sizes == {str(DEAD_MAX_BYTES)}
