"""What the producer relies on, held to by Kafka in memory and by Apache Kafka alike: writing batches."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence

import pytest

from contract.kafka_harness import Cluster, Reader
from shenava.codec import MAX_VALUE_BYTES
from shenava.kafka.ports import Outbound, WriteFailed
from shenava.kafka.producer import Producer, partition_of

Shape = tuple[bytes | None, bytes | None, Sequence[tuple[str, bytes]]]


async def _written(cluster: Cluster, topic: str, count: int) -> Reader:
    async with Reader(cluster.subscription(topic, f"check-{topic}")) as reader:
        await reader.until(lambda: len(reader.records) >= count)
    return reader


@pytest.mark.parametrize(
    ("key", "value", "headers"),
    [
        (b"key", b"value", [("ce_id", b"1")]),
        (None, b"no key", ()),
        (b"tombstone", None, [("why", b"gone")]),
        (b"", b"", [("empty", b"")]),
        ("کلید".encode(), "متن نیم‌فاصله".encode(), [("سرآیند", "مقدار".encode())]),
        (b"\x00\xff", b"\x00\x80\xff", [("a", b"\xff"), ("a", b"again")]),
        (None, None, ()),
    ],
    ids=["plain", "no key", "tombstone", "empty", "persian", "not UTF-8", "nothing at all"],
)
async def test_what_is_written_is_what_is_read(
    cluster: Cluster, key: bytes | None, value: bytes | None, headers: Sequence[tuple[str, bytes]]
) -> None:
    topic = await cluster.topic(partitions=1)
    async with Producer(cluster.delivery) as producer:
        await producer.send([Outbound(topic, key, value, headers)])

    (record,) = (await _written(cluster, topic, 1)).records
    assert (record.key, record.value, list(record.headers)) == (key, value, list(headers))


async def test_the_largest_event_with_the_longest_key_is_written(cluster: Cluster) -> None:
    topic = await cluster.topic(partitions=1)
    key = b"k" * 2_500
    largest = Outbound(topic, key, b"v" * MAX_VALUE_BYTES, [("ce_partitionkey", key), ("ce_id", b"i" * 64)])
    async with Producer(cluster.delivery) as producer:
        await producer.send([largest, Outbound(topic, b"k", b"small"), largest])

    sizes = [len(value or b"") for value in (await _written(cluster, topic, 3)).values()]
    assert sizes == [MAX_VALUE_BYTES, 5, MAX_VALUE_BYTES]


async def test_a_record_beyond_what_a_topic_takes_is_refused_and_the_producer_goes_on(cluster: Cluster) -> None:
    topic = await cluster.topic(partitions=1)
    async with Producer(cluster.delivery) as producer:
        with pytest.raises(WriteFailed):
            await producer.send([Outbound(topic, b"k", b"v" * 1_200_000)])
        await producer.send([Outbound(topic, b"k", b"next")])

    assert (await _written(cluster, topic, 1)).values() == [b"next"]


async def test_many_records_are_written_in_order_though_no_batch_takes_them_all(cluster: Cluster) -> None:
    topic = await cluster.topic(partitions=1)
    values = [b"%d" % number + b"-" * 400 for number in range(2_000)]
    async with Producer(cluster.delivery) as producer:
        await producer.send([Outbound(topic, b"key", value) for value in values])

    assert (await _written(cluster, topic, 2_000)).values() == values


async def test_concurrent_sends_are_all_acknowledged_and_each_key_keeps_its_order(cluster: Cluster) -> None:
    topic = await cluster.topic(partitions=3)
    keys = [b"key-%d" % number for number in range(40)]

    async def send_in_turn(producer: Producer, key: bytes) -> None:
        for turn in range(5):
            await producer.send(
                [Outbound(topic, key, b"%d" % (2 * turn)), Outbound(topic, key, b"%d" % (2 * turn + 1))]
            )

    async with Producer(cluster.delivery) as producer:
        await asyncio.gather(*(send_in_turn(producer, key) for key in keys))

    by_key = defaultdict(list)
    for record in (await _written(cluster, topic, 400)).records:
        assert record.partition == partition_of(record.key, 3)
        by_key[record.key].append(record.value)
    assert by_key == {key: [b"%d" % number for number in range(10)] for key in keys}


async def test_a_chosen_partition_is_kept(cluster: Cluster) -> None:
    topic = await cluster.topic(partitions=3)
    async with Producer(cluster.delivery) as producer:
        await producer.send([Outbound(topic, b"k", b"v", partition=number) for number in (2, 0, 1)])

    assert sorted(r.partition for r in (await _written(cluster, topic, 3)).records) == [0, 1, 2]


async def test_a_topic_that_is_not_there_is_told(cluster: Cluster) -> None:
    async with Producer(cluster.delivery) as producer:
        with pytest.raises(WriteFailed, match="nowhere"):
            await producer.send([Outbound("nowhere", b"k", b"v")])


async def test_a_partition_that_is_not_there_fails_that_send_and_no_other(cluster: Cluster) -> None:
    topic = await cluster.topic(partitions=1)
    async with Producer(cluster.delivery) as producer:
        with pytest.raises(WriteFailed):
            await producer.send([Outbound(topic, b"k", b"v", partition=9)])
        await producer.send([Outbound(topic, b"k", b"next")])

    assert (await _written(cluster, topic, 1)).values() == [b"next"]


async def test_how_many_partitions_there_are_is_known_without_asking_once_it_was_asked(cluster: Cluster) -> None:
    topic = await cluster.topic(partitions=3)
    client = cluster.delivery()
    await client.start()
    try:
        assert client.known_partitions(topic) is None
        assert await client.partitions(topic) == 3
        assert client.known_partitions(topic) == 3
    finally:
        await client.stop()
