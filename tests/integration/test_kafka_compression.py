"""Foreign writers may compress: what Kafka takes, we read."""

import pytest
from aiokafka import AIOKafkaProducer

from servers import Topics
from shenava.codec import decode, encode
from shenava.events import Event
from shenava.kafka.client import KafkaSubscription
from shenava.kafka.ports import Partition
from shenava.settings import KafkaSettings
from shenava.testing.builders import received
from shenava.testing.waiting import until

pytestmark = pytest.mark.servers


async def nothing(_: frozenset[Partition]) -> None:
    """Neither joining nor leaving needs anything done."""


@pytest.mark.parametrize("compression", ["gzip", "lz4", "snappy", "zstd"])
async def test_a_compressed_record_is_read_as_it_was_written(
    compression: str, kafka: KafkaSettings, topic_factory: Topics
) -> None:
    topic = await topic_factory(partitions=1)
    event = received(text="سلام؛ این متن فشرده شده است. " * 50)
    key, value, headers = encode(event, source="elsewhere")
    async with AIOKafkaProducer(bootstrap_servers=kafka.bootstrap, compression_type=compression) as writer:
        await writer.send_and_wait(topic, key=key, value=value, headers=headers)

    reader = KafkaSubscription([topic], group=topic, settings=kafka)
    await reader.start(nothing, nothing)
    read: list[Event] = []

    async def came() -> bool:
        for records in (await reader.poll(10, 100)).values():
            read.extend(decode(record.value, record.headers) for record in records)
        return bool(read)

    try:
        await until(came)
    finally:
        await reader.stop()
    assert read == [event]
