"""What the consumer loop relies on, held to by Kafka in memory and by Apache Kafka alike: reading as one of a group."""

import asyncio
from contextlib import suppress

import pytest

from contract.kafka_harness import Cluster, Reader, write
from shenava.kafka.ports import CommitRefused, Partition
from shenava.testing.waiting import until


def _numbers(count: int, start: int = 0) -> list[bytes]:
    return [b"%d" % number for number in range(start, start + count)]


async def test_a_new_group_reads_each_partition_from_its_beginning_in_the_order_written(cluster: Cluster) -> None:
    topic = await cluster.topic(partitions=2)
    await write(cluster, topic, _numbers(250), partition=0)
    await write(cluster, topic, _numbers(50, start=1000), partition=1)

    async with Reader(cluster.subscription(topic, "g1")) as reader:
        await reader.until(lambda: len(reader.records) == 300)

    assert [r.value for r in reader.records if r.partition == 0] == _numbers(250)
    assert [r.offset for r in reader.records if r.partition == 0] == list(range(250))
    assert [r.value for r in reader.records if r.partition == 1] == _numbers(50, start=1000)


async def test_a_poll_takes_no_more_records_than_asked_for(cluster: Cluster) -> None:
    topic = await cluster.topic(partitions=2)
    await write(cluster, topic, _numbers(20), partition=0)
    await write(cluster, topic, _numbers(20), partition=1)

    async with Reader(cluster.subscription(topic, "g1b")) as reader:
        sizes = []
        while len(reader.records) < 40:
            before = len(reader.records)
            await reader.poll(max_records=7)
            sizes.append(len(reader.records) - before)

    assert max(sizes) <= 7


async def test_a_member_that_comes_back_goes_on_after_what_was_committed(cluster: Cluster) -> None:
    topic = await cluster.topic(partitions=1)
    await write(cluster, topic, _numbers(10))
    async with Reader(cluster.subscription(topic, "g2")) as first:
        await first.until(lambda: len(first.records) == 10)
        await first.subscription.commit({Partition(topic, 0): 4})

    async with Reader(cluster.subscription(topic, "g2")) as second:
        await second.until(lambda: len(second.records) == 6)

    assert second.values() == _numbers(6, start=4)
    assert await cluster.committed("g2", topic) == {Partition(topic, 0): 4}


async def test_groups_do_not_see_each_others_offsets(cluster: Cluster) -> None:
    topic = await cluster.topic(partitions=1)
    await write(cluster, topic, _numbers(3))
    async with Reader(cluster.subscription(topic, "g3")) as one:
        await one.until(lambda: len(one.records) == 3)
        await one.commit()

    async with Reader(cluster.subscription(topic, "g4")) as other:
        await other.until(lambda: len(other.records) == 3)

    assert other.values() == _numbers(3)


async def test_two_members_hand_over_without_loss(cluster: Cluster) -> None:
    topic = await cluster.topic(partitions=4)
    for partition in range(4):
        await write(cluster, topic, _numbers(5, start=partition * 10), partition=partition)
    async with Reader(cluster.subscription(topic, "g5")) as first:
        await first.until(lambda: len(first.records) == 20)
        await first.commit()
        async with Reader(cluster.subscription(topic, "g5")) as second:
            await asyncio.gather(
                first.until(lambda: len(first.assigned[-1]) == 2), second.until(lambda: len(second.assigned[-1:]) == 1)
            )
            await second.until(lambda: len(second.subscription.assignment()) == 2)
            assert first.subscription.assignment() & second.subscription.assignment() == frozenset()
            for partition in range(4):
                await write(cluster, topic, [b"new"], partition=partition)
            await first.until(lambda: len(first.records) == 22)
            await second.until(lambda: len(second.records) == 2)

    assert second.values() == first.values()[20:] == [b"new", b"new"]


async def test_a_partition_is_not_handed_over_before_on_revoked_has_ended(cluster: Cluster) -> None:
    topic = await cluster.topic(partitions=1)
    await write(cluster, topic, _numbers(10))
    async with Reader(cluster.subscription(topic, "g6")) as first:
        await first.until(lambda: len(first.records) == 10)
        first.may_let_go.clear()
        async with Reader(cluster.subscription(topic, "g6")) as second:
            await until(lambda: first.revoked[-1:] == [frozenset({Partition(topic, 0)})])
            for _ in range(10):
                await second.poll()
            assert second.records == []
            await first.commit()
            first.may_let_go.set()
            await until(lambda: second.assigned and len(first.assigned) >= 2)
            await write(cluster, topic, _numbers(1, start=10))
            owner = first if first.subscription.assignment() else second
            already = len(owner.records)
            await owner.until(lambda: len(owner.records) > already)

    assert owner.values()[already:] == _numbers(1, start=10)


async def test_a_poll_ends_in_time_also_while_the_group_rebalances(cluster: Cluster) -> None:
    topic = await cluster.topic(partitions=1)
    async with Reader(cluster.subscription(topic, "g7")) as first:
        await first.until(lambda: first.assigned)
        first.may_let_go.clear()
        async with Reader(cluster.subscription(topic, "g7")):
            await until(lambda: len(first.revoked) == 2)
            await write(cluster, topic, _numbers(3))
            async with asyncio.timeout(10):
                for _ in range(3):
                    await first.poll()
            first.may_let_go.set()

    assert first.records == []


async def test_a_member_that_leaves_is_not_called_back_and_its_share_goes_to_the_others(cluster: Cluster) -> None:
    topic = await cluster.topic(partitions=2)
    async with Reader(cluster.subscription(topic, "g8")) as stays:
        async with Reader(cluster.subscription(topic, "g8")) as leaves:
            await asyncio.gather(
                leaves.until(lambda: leaves.assigned and leaves.assigned[-1]),
                stays.until(lambda: stays.assigned and len(stays.assigned[-1]) == 1),
            )
            told = len(leaves.revoked)
        await stays.until(lambda: len(stays.subscription.assignment()) == 2)

    assert len(leaves.revoked) == told


async def test_a_paused_partition_waits_while_the_others_go_on_and_loses_nothing(cluster: Cluster) -> None:
    topic = await cluster.topic(partitions=2)
    paused = Partition(topic, 0)
    async with Reader(cluster.subscription(topic, "g9")) as reader:
        await write(cluster, topic, _numbers(5), partition=0)
        await reader.until(lambda: len(reader.records) == 5)
        reader.subscription.pause(paused)
        await write(cluster, topic, _numbers(5, start=5), partition=0)
        await write(cluster, topic, _numbers(5, start=100), partition=1)
        await reader.until(lambda: len(reader.records) == 10)
        for _ in range(5):
            await reader.poll()
        assert [r.value for r in reader.records[5:]] == _numbers(5, start=100)

        reader.subscription.resume(paused)
        await reader.until(lambda: len(reader.records) == 15)

    assert [r.value for r in reader.records[10:]] == _numbers(5, start=5)


async def test_pausing_a_partition_of_somebody_else_does_nothing(cluster: Cluster) -> None:
    topic = await cluster.topic(partitions=1)
    async with Reader(cluster.subscription(topic, "g10")) as reader:
        await reader.until(lambda: reader.assigned)
        reader.subscription.pause(Partition(topic, 7))
        reader.subscription.resume(Partition(topic, 7))

        assert reader.subscription.assignment() == {Partition(topic, 0)}


async def test_a_commit_after_the_partitions_were_lost_is_refused_and_changes_nothing(cluster: Cluster) -> None:
    topic = await cluster.topic(partitions=1)
    await write(cluster, topic, _numbers(10))
    async with Reader(cluster.subscription(topic, "g11")) as reader:
        await reader.until(lambda: len(reader.records) == 10)
        await reader.subscription.commit({Partition(topic, 0): 3})
        await cluster.expire(reader.subscription)

        with pytest.raises(CommitRefused):
            await reader.commit()

    assert await cluster.committed("g11", topic) == {Partition(topic, 0): 3}


async def test_a_commit_for_partitions_of_others_changes_nothing(cluster: Cluster) -> None:
    topic = await cluster.topic(partitions=1)
    async with Reader(cluster.subscription(topic, "g12")) as reader:
        await reader.until(lambda: reader.assigned)
        with suppress(CommitRefused):
            await reader.subscription.commit({Partition(topic, 5): 3})

    assert await cluster.committed("g12", topic) == {}


async def test_the_backlog_and_the_lag_are_what_is_written_and_not_yet_polled(cluster: Cluster) -> None:
    topic = await cluster.topic(partitions=2)
    await write(cluster, topic, _numbers(30), partition=0)
    await write(cluster, topic, _numbers(10), partition=1)
    async with Reader(cluster.subscription(topic, "g13")) as reader:
        while len(reader.records) < 12:
            await reader.poll(max_records=3)
        assert await reader.subscription.backlog() == 40 - len(reader.records)

        await reader.until(lambda: len(reader.records) == 40)
        assert await reader.subscription.backlog() == 0
        assert sum(reader.subscription.lag().values()) == 0

        await write(cluster, topic, _numbers(7), partition=0)
        assert await reader.subscription.backlog() == 7


async def test_a_member_that_never_got_anything_can_stop(cluster: Cluster) -> None:
    topic = await cluster.topic(partitions=1)
    subscription = cluster.subscription(topic, "g14")
    await subscription.stop()

    assert subscription.assignment() == frozenset()
