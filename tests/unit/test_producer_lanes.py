"""The producer: one batch in flight a partition, each key in order, every failure told, no waiter forgotten."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from zlib import crc32

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from producer_world import World, records_of
from shenava.kafka import lane as lane_module
from shenava.kafka.ports import Outbound, WriteFailed
from shenava.kafka.producer import Producer, partition_of
from shenava.testing.memory_kafka import MemoryBroker, MemoryDelivery
from shenava.testing.waiting import until


def test_a_key_goes_where_librdkafka_would_put_it() -> None:
    assert partition_of(b"nilgoon:instagram:t-1", 12) == crc32(b"nilgoon:instagram:t-1") % 12
    assert (partition_of(None, 12), partition_of(b"", 12)) == (0, 0)


async def test_a_send_returns_once_everything_is_written_also_over_several_batches() -> None:
    world = World(partitions=1)
    async with Producer(world.connect) as producer:
        await producer.send(records_of(35))
        assert world.values(0) == [b"%d" % number for number in range(35)]


async def test_sending_nothing_is_nothing() -> None:
    world = World()
    async with Producer(world.connect) as producer:
        await producer.send([])


async def test_a_client_that_failed_is_replaced_and_closed() -> None:
    world = World(partitions=1)
    async with Producer(world.connect) as producer:
        world.broker.faults.failed_writes = 1
        with pytest.raises(WriteFailed):
            await producer.send(records_of(1))
        await producer.send(records_of(1, start=1))
        await until(lambda: world.clients[0].stopped)

    assert (len(world.clients), world.values(0)) == (2, [b"1"])
    assert all(client.stopped for client in world.clients)


async def test_an_unknown_outcome_is_told_as_a_failure_though_it_was_written() -> None:
    world = World(partitions=1)
    async with Producer(world.connect) as producer:
        world.broker.faults.unknown_writes = 1
        with pytest.raises(WriteFailed):
            await producer.send(records_of(1))
        await producer.send(records_of(1))

    assert world.values(0) == [b"0", b"0"]


async def test_brokers_that_cannot_be_reached_are_told_and_tried_until_they_can() -> None:
    world = World(partitions=1)
    world.broker.faults.refused_connections = 3
    producer = Producer(world.connect, renew_seconds=0)
    with pytest.raises(WriteFailed, match="cannot be reached"):
        await producer.send(records_of(1))
    await until(lambda: producer._client is not None)
    await producer.send(records_of(1))
    await producer.__aexit__(None, None, None)

    assert [client.stopped for client in world.clients] == [True] * 4


async def test_while_the_brokers_are_known_to_be_away_writes_fail_at_once_and_none_connects_for_them() -> None:
    world = World(partitions=1)
    world.broker.faults.refused_connections = 1
    producer = Producer(world.connect, renew_seconds=3600)
    for _ in range(20):
        with pytest.raises(WriteFailed, match="cannot be reached"):
            await producer.send(records_of(1))
    await producer.__aexit__(None, None, None)

    assert [client.stopped for client in world.clients] == [True]


async def test_a_producer_that_cannot_be_opened_tries_no_more() -> None:
    world = World(partitions=1)
    world.broker.faults.refused_connections = 1
    producer = Producer(world.connect)
    with pytest.raises(WriteFailed, match="cannot be reached"):
        await producer.__aenter__()
    assert producer._renewing is not None
    assert producer._renewing.done()


async def test_many_senders_at_once_share_one_new_client() -> None:
    world = World()
    producer = Producer(world.connect)
    await asyncio.gather(*(producer.send(records_of(2, key=b"%d" % number)) for number in range(50)))
    await producer.__aexit__(None, None, None)

    assert (len(world.clients), len(world.broker.records("t"))) == (1, 100)


class Broken(MemoryDelivery):
    """Fails in a way nobody has foreseen."""

    async def write(self, topic: str, partition: int, records: Sequence[Outbound]) -> int:  # noqa: ARG002 - as the port
        raise ZeroDivisionError


async def test_an_unforeseen_error_reaches_the_sender_and_the_partition_goes_on() -> None:
    world = World(partitions=1)
    clients: list[MemoryDelivery] = [Broken(world.broker)]
    async with Producer(lambda: clients.pop() if clients else world.connect()) as producer:
        with pytest.raises(ZeroDivisionError):
            await producer.send(records_of(1))
        await producer.send(records_of(1))

    assert world.values(0) == [b"0"]


class Slow(MemoryDelivery):
    """Writes only when it is let."""

    def __init__(self, broker: MemoryBroker) -> None:
        super().__init__(broker)
        self.gate = asyncio.Event()
        self.batches: list[int] = []

    async def write(self, topic: str, partition: int, records: Sequence[Outbound]) -> int:
        self.batches.append(len(records))
        await self.gate.wait()
        return await super().write(topic, partition, records)


async def test_a_full_lane_makes_senders_wait_and_lets_them_in_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lane_module, "LANE_RECORDS", 4)
    world = World(partitions=1)
    slow = Slow(world.broker)
    async with Producer(lambda: slow) as producer:
        sends = [asyncio.create_task(producer.send(records_of(2, start=2 * number))) for number in range(10)]
        await until(lambda: slow.batches and producer._lanes["t", 0]._records >= 4)
        assert len(producer._lanes["t", 0]._waiting) == 2
        slow.gate.set()
        await asyncio.gather(*sends)

    assert world.values(0) == [b"%d" % number for number in range(20)]
    assert max(slow.batches) <= 5


async def test_what_waits_when_the_producer_closes_is_still_written_and_what_comes_later_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lane_module, "LANE_RECORDS", 2)
    world = World(partitions=1)
    slow = Slow(world.broker)
    producer = Producer(lambda: slow)
    taken = asyncio.create_task(producer.send(records_of(2)))
    await until(lambda: slow.batches)
    queued = asyncio.create_task(producer.send(records_of(2, start=2)))
    await until(lambda: producer._lanes["t", 0]._records == 2)
    outside = asyncio.create_task(producer.send(records_of(2, start=4)))
    await asyncio.sleep(0)
    closing = asyncio.create_task(producer.__aexit__(None, None, None))
    with pytest.raises(WriteFailed, match="stopping"):
        await outside
    slow.gate.set()
    await asyncio.gather(taken, queued, closing)

    assert world.values(0) == [b"0", b"1", b"2", b"3"]
    with pytest.raises(WriteFailed, match="stopping"):
        await producer.send(records_of(1))


async def test_a_cancelled_sender_disturbs_nobody() -> None:
    world = World(partitions=1)
    slow = Slow(world.broker)
    async with Producer(lambda: slow) as producer:
        cancelled = asyncio.create_task(producer.send(records_of(1)))
        stays = asyncio.create_task(producer.send(records_of(1, start=1)))
        await until(lambda: slow.batches)
        cancelled.cancel()
        slow.gate.set()
        await stays
        with pytest.raises(asyncio.CancelledError):
            await cancelled

    assert b"1" in world.values(0)


async def test_one_partition_that_fails_does_not_fail_the_sends_of_others() -> None:
    world = World(partitions=2)
    async with Producer(world.connect) as producer:
        elsewhere = producer.send([Outbound("t", b"k", b"fine", partition=1)])
        nowhere = producer.send([Outbound("t", b"k", b"lost", partition=7)])
        results = await asyncio.gather(elsewhere, nowhere, return_exceptions=True)

    assert (results[0], type(results[1])) == (None, WriteFailed)


async def test_a_send_fails_if_any_of_its_partitions_does() -> None:
    world = World(partitions=2)
    async with Producer(world.connect) as producer:
        with pytest.raises(WriteFailed):
            await producer.send([Outbound("t", b"k", b"v", partition=0), Outbound("t", b"k", b"v", partition=7)])

    assert world.values(0) == [b"v"]


sends = st.lists(st.tuples(st.sampled_from([b"a", b"b", b"c"]), st.integers(1, 30)), min_size=1, max_size=12)


@settings(max_examples=60, deadline=None)
@given(sends, st.integers(0, 4), st.integers(0, 4))
def test_senders_that_try_until_it_works_write_each_key_in_order_once_repeats_are_dropped(
    sends: list[tuple[bytes, int]], failed: int, unknown: int
) -> None:
    asyncio.run(_send_until_it_works(sends, failed, unknown))


async def _send_until_it_works(sends: list[tuple[bytes, int]], failed: int, unknown: int) -> None:
    world = World()
    world.broker.faults.failed_writes, world.broker.faults.unknown_writes = failed, unknown
    by_key: defaultdict[bytes, list[list[Outbound]]] = defaultdict(list)
    for number, (key, count) in enumerate(sends):
        by_key[key].append(records_of(count, key=key, start=number * 100))

    async def send_in_turn(producer: Producer, groups: list[list[Outbound]]) -> None:
        for group in groups:
            while await _failed(producer.send(group)):
                pass

    async with Producer(world.connect) as producer:
        await asyncio.gather(*(send_in_turn(producer, groups) for groups in by_key.values()))

    for key, groups in by_key.items():
        wanted = [record.value for group in groups for record in group]
        written = [record.value for record in world.broker.records("t") if record.key == key]
        assert list(dict.fromkeys(written)) == wanted


async def _failed(sending: Any) -> bool:
    try:
        await sending
    except WriteFailed:
        return True
    return False
