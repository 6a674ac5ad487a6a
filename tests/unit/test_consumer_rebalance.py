"""Members come, go and die: what is in hand is finished first, nothing is lost, nothing unfinished is committed."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest

from consumer_world import TRANSIENT, Handler, World, turn
from shenava.kafka.consumer import Consumer
from shenava.kafka.ports import OnAssigned, OnRevoked
from shenava.retry import Backoff
from shenava.testing.memory_kafka import MemorySubscription
from shenava.testing.waiting import until

LATER = Backoff(first=timedelta(hours=1), limit=timedelta(hours=1))


class Gate:
    """A handler's pause: it waits inside its batch until it is let on."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.open = asyncio.Event()

    async def __call__(self) -> None:
        self.reached.set()
        await self.open.wait()


async def _both_turn(one: Consumer, other: Consumer, condition: Callable[[], object]) -> None:
    for _ in range(200):
        if condition():
            return
        await asyncio.gather(one.turn(), other.turn())
    raise AssertionError("not so after 200 turns")


async def test_a_second_member_takes_over_after_what_the_first_has_finished() -> None:
    world = World(partitions=2)
    world.write(partition=0, count=3)
    world.write(partition=1, count=3)
    async with world.joined() as first:
        await turn(first, lambda: len(world.handler.handled) == 6)
        late = Handler()
        async with world.joined(handler=late) as second:
            world.write(partition=0)
            world.write(partition=1)
            await _both_turn(first, second, lambda: world.committed == {0: 4, 1: 4})

    assert sorted(world.handler.handled[6:] + late.handled) == [(0, 3), (1, 3)]


async def test_a_rebalance_waits_for_the_batch_in_hand_and_its_commit() -> None:
    world = World(partitions=1)
    world.write(count=3)
    world.handler.before = gate = Gate()
    late = Handler()
    async with world.joined() as first:
        turning = asyncio.create_task(turn(first, gate.reached.is_set))
        await gate.reached.wait()
        async with world.joined(handler=late) as second:
            for _ in range(5):
                await second.turn()
            assert (late.tries, world.committed) == ([], {})
            gate.open.set()
            await turning
            await _both_turn(first, second, lambda: second.joined)
            world.write()
            await _both_turn(first, second, lambda: world.committed == {0: 4})

    assert world.handler.handled + late.handled == [(0, 0), (0, 1), (0, 2), (0, 3)]


async def test_what_was_parked_is_read_again_by_the_next_owner() -> None:
    world = World(partitions=1)
    world.write(count=3)
    world.handler.script = {(0, 0): [TRANSIENT]}
    async with world.joined(backoff=LATER) as first:
        await turn(first, lambda: world.handler.tries)

    async with world.joined() as second:
        await turn(second, lambda: world.committed == {0: 3})

    assert world.handler.handled == [(0, 0), (0, 1), (0, 2)]


async def test_a_parked_partition_that_stays_with_its_member_is_read_again_after_a_rebalance() -> None:
    world = World(partitions=2)
    world.write(partition=0)
    world.handler.script = {(0, 0): [TRANSIENT]}
    late = Handler()
    async with world.joined(backoff=LATER) as first:
        await turn(first, lambda: world.handler.tries)
        async with world.joined(handler=late) as second:
            await _both_turn(first, second, lambda: world.committed == {0: 1})

    assert world.handler.handled + late.handled == [(0, 0)]


async def test_a_member_that_was_silent_for_too_long_commits_nothing_and_its_batch_is_handled_by_another() -> None:
    world = World(partitions=1)
    world.write(count=2)
    world.handler.before = gate = Gate()
    subscription = world.subscription()
    late = Handler()
    async with world.joined(subscription=subscription) as zombie:
        turning = asyncio.create_task(turn(zombie, gate.reached.is_set))
        await gate.reached.wait()
        subscription.expire()
        async with world.joined(handler=late) as second:
            await turn(second, lambda: world.committed == {0: 2})
            world.write()
            await turn(second, lambda: world.committed == {0: 3})
            gate.open.set()
            await turning
            assert world.committed == {0: 3}
            await subscription.rejoin()
            world.write()
            await _both_turn(zombie, second, lambda: world.committed == {0: 4})

    assert world.handler.of(0)[:2] == [0, 1]
    assert late.of(0)[:3] == [0, 1, 2]


async def test_a_mark_that_was_never_stored_is_forgotten_with_its_partition() -> None:
    world = World(partitions=1)
    world.write(count=5)
    subscription = world.subscription()
    async with world.joined(subscription=subscription, max_records=2) as first:
        world.broker.faults.refused_commits = 99
        await turn(first, lambda: world.handler.of(0) == [0, 1])
        subscription.expire()
        world.broker.faults.refused_commits = 0
        async with world.joined() as second:
            await turn(second, lambda: world.committed == {0: 5})
        await subscription.rejoin()
        for _ in range(5):
            await first.turn()
            assert world.committed == {0: 5}


async def test_a_stop_lets_the_batch_in_hand_finish_commits_it_and_leaves_the_group() -> None:
    world = World(partitions=1)
    world.write(count=3)
    world.handler.before = gate = Gate()
    stop = asyncio.Event()
    async with world.producer() as producer:
        running = asyncio.create_task(world.consumer(producer).run(stop))
        await gate.reached.wait()
        stop.set()
        gate.open.set()
        await running

    assert (world.handler.handled, world.committed) == ([(0, 0), (0, 1), (0, 2)], {0: 3})
    assert world.broker.group("sentiment")._members == []


async def test_a_stop_does_not_wait_for_what_is_parked() -> None:
    world = World(partitions=2)
    world.write(partition=0)
    world.write(partition=1)
    world.handler.script = {(0, 0): [TRANSIENT] * 1000}
    stop = asyncio.Event()
    async with world.producer() as producer:
        running = asyncio.create_task(world.consumer(producer).run(stop))
        await until(lambda: world.committed == {1: 1})
        stop.set()
        await running

    assert world.committed == {1: 1}


async def test_a_failing_handler_ends_the_run_and_the_member_leaves_the_group() -> None:
    world = World(partitions=1)
    world.write()
    world.handler.script = {(0, 0): [ZeroDivisionError()]}
    async with world.producer() as producer:
        with pytest.raises(ZeroDivisionError):
            await world.consumer(producer).run(asyncio.Event())

    assert world.broker.group("sentiment")._members == []


async def test_a_cancelled_run_commits_what_is_finished_and_leaves_the_group() -> None:
    world = World(partitions=2)
    world.write(partition=0)
    gate = Gate()
    async with world.producer() as producer:
        running = asyncio.create_task(world.consumer(producer).run(asyncio.Event()))
        await until(lambda: world.committed == {0: 1})
        world.handler.before = gate
        world.write(partition=1)
        await gate.reached.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    assert (world.committed, world.broker.group("sentiment")._members) == ({0: 1}, [])


class Unreachable(MemorySubscription):
    """Its brokers do not answer."""

    stopped = False

    async def start(self, on_assigned: OnAssigned, on_revoked: OnRevoked) -> None:  # noqa: ARG002 - as the port has it
        raise ConnectionRefusedError

    async def stop(self) -> None:
        self.stopped = True


async def test_a_subscription_that_cannot_start_is_closed_all_the_same() -> None:
    world = World()
    subscription = Unreachable(world.broker, [], group="sentiment")
    async with world.producer() as producer:
        with pytest.raises(ConnectionRefusedError):
            await world.consumer(producer, subscription=subscription).run(asyncio.Event())

    assert subscription.stopped


async def test_a_member_is_ready_once_it_knows_its_share_even_an_empty_one() -> None:
    world = World(partitions=1)
    async with world.joined() as first, world.joined() as second:
        assert not first.joined
        await _both_turn(first, second, lambda: first.joined and second.joined)
