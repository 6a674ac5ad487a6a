"""Where a group reads on, in memory and on Apache Kafka alike: notes, places that are gone, new partitions."""

from collections.abc import Callable

import pytest

from contract.kafka_harness import Cluster, Reader, write
from shenava.kafka.client import KafkaSubscription
from shenava.kafka.ports import CommitRefused, Committed, Outbound, Partition
from shenava.kafka.producer import Producer, partition_of
from shenava.testing.waiting import until

Condition = Callable[[], bool]


def _numbers(count: int, start: int = 0) -> list[bytes]:
    return [b"%d" % number for number in range(start, start + count)]


async def test_a_note_outlives_its_writer_until_the_next_commit(cluster: Cluster) -> None:
    topic = await cluster.topic(partitions=2)
    first, second = Partition(topic, 0), Partition(topic, 1)
    async with Reader(cluster.subscription(topic, "n1")) as writer:
        await writer.until(lambda: len(writer.subscription.assignment()) == 2)
        assert await writer.subscription.committed([first, second]) == {}
        await writer.subscription.commit({first: 0, second: 0}, {first: '{"taken":1}'})

    async with Reader(cluster.subscription(topic, "n1")) as reader:
        await reader.until(lambda: len(reader.subscription.assignment()) == 2)
        stored = await reader.subscription.committed([first, second])
        assert stored == {first: Committed(0, '{"taken":1}'), second: Committed(0, "")}
        await reader.subscription.commit({first: 0})
        assert await reader.subscription.committed([first]) == {first: Committed(0, "")}


async def test_a_group_that_has_stored_nothing_begins_with_the_earliest_record_there_is(cluster: Cluster) -> None:
    topic = await cluster.topic(partitions=1)
    await write(cluster, topic, _numbers(10))
    await cluster.delete_records(Partition(topic, 0), before=4)
    async with Reader(cluster.subscription(topic, "p1")) as reader:
        await reader.until(lambda: len(reader.records) == 6)

    assert (reader.values(), reader.out_of_range) == (_numbers(6, start=4), [])


async def test_records_that_went_before_they_were_read_are_told_and_reading_goes_on(cluster: Cluster) -> None:
    topic = await cluster.topic(partitions=2)
    gone = Partition(topic, 0)
    for partition in range(2):
        await write(cluster, topic, _numbers(10), partition=partition)
    async with Reader(cluster.subscription(topic, "p2")) as reader:
        await reader.until(lambda: len(reader.records) == 20)
        await reader.subscription.commit({gone: 3, Partition(topic, 1): 5})
    await cluster.delete_records(gone, before=7)

    async with Reader(cluster.subscription(topic, "p2")) as reader:
        await reader.until(lambda: len(reader.records) == 8)

    (what,) = reader.out_of_range
    assert (what.partition, what.offset, what.earliest, what.latest) == (gone, 3, 7, 10)
    assert [r.offset for r in reader.records if r.partition == 0] == [7, 8, 9]


async def test_records_that_go_while_a_member_reads_are_told(cluster: Cluster) -> None:
    topic = await cluster.topic(partitions=1)
    await write(cluster, topic, _numbers(4))
    async with Reader(cluster.subscription(topic, "p3")) as reader:
        await reader.until(lambda: len(reader.records) == 4)
        reader.subscription.pause(Partition(topic, 0))
        await write(cluster, topic, _numbers(8, start=4))
        await cluster.delete_records(Partition(topic, 0), before=9)
        reader.subscription.resume(Partition(topic, 0))
        await reader.until(lambda: reader.values()[-1:] == [b"11"])

    # What a client fetched before they went, it has read.
    offsets = [record.offset for record in reader.records]
    assert offsets == [*range(12)] or (reader.out_of_range[0].offset, offsets) == (4, [0, 1, 2, 3, 9, 10, 11])


async def test_a_place_beyond_the_end_of_the_log_is_told_and_all_there_is_is_read(cluster: Cluster) -> None:
    topic = await cluster.topic(partitions=1)
    await write(cluster, topic, _numbers(5))
    async with Reader(cluster.subscription(topic, "p4")) as reader:
        await reader.until(lambda: len(reader.records) == 5)
        await reader.subscription.commit({Partition(topic, 0): 900})

    async with Reader(cluster.subscription(topic, "p4")) as reader:
        await reader.until(lambda: len(reader.records) == 5)
        await write(cluster, topic, _numbers(2, start=5))
        await reader.until(lambda: len(reader.records) == 7)

    (what,) = reader.out_of_range
    assert (what.offset, what.earliest, what.latest) == (900, 0, 5)
    assert reader.values() == _numbers(7)


async def test_partitions_that_are_added_are_read_from_their_beginning_and_written_to(cluster: Cluster) -> None:
    topic = await cluster.topic(partitions=1)
    keys = _numbers(40)
    async with (
        Reader(cluster.subscription(topic, "p5")) as one,
        Reader(cluster.subscription(topic, "p5")) as other,
        Producer(cluster.delivery) as producer,
    ):
        await producer.send([Outbound(topic, key, b"before") for key in keys])
        await until(lambda: _polled(one, other, lambda: len(one.records) + len(other.records) == 40))
        for reader in (one, other):
            await reader.commit()
        await cluster.add_partitions(topic, 4)
        await write(cluster, topic, [b"at once"], partition=3)
        client = await producer.client()
        await until(lambda: client.known_partitions(topic) == 4)
        await producer.send([Outbound(topic, key, b"after") for key in keys])
        await until(lambda: _polled(one, other, lambda: _after(one, other) >= 41))

        records = {(r.partition, r.offset): r for r in one.records + other.records if r.value != b"before"}
        ours = [reader.subscription.assignment() for reader in (one, other)]

    assert sorted(len(share) for share in ours) == [2, 2]
    assert sorted(r.value for r in records.values() if r.value) == [b"after"] * 40 + [b"at once"]
    assert all(r.partition == partition_of(r.key, 4) for r in records.values() if r.value == b"after")


async def _polled(one: Reader, other: Reader, condition: Condition) -> bool:
    for reader in (one, other):
        await reader.poll()
    return condition()


def _after(*readers: Reader) -> int:
    return len({(r.partition, r.offset) for reader in readers for r in reader.records if r.value != b"before"})


async def test_one_who_is_no_member_any_more_stores_nothing_though_the_group_would_take_it(cluster: Cluster) -> None:
    topic = await cluster.topic(partitions=1)
    await write(cluster, topic, _numbers(10))
    async with Reader(cluster.subscription(topic, "p6")) as reader:
        await reader.until(lambda: len(reader.records) == 10)
        await cluster.expire(reader.subscription)
        if isinstance(reader.subscription, KafkaSubscription):
            reader.subscription._consumer._coordinator.reset_generation()
        with pytest.raises(CommitRefused):
            await reader.commit()

    assert await cluster.committed("p6", topic) == {}
