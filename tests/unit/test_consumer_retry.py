"""What may succeed later: it waits with its partition, in its order, and holds up nobody else."""

from datetime import timedelta
from typing import Any

from consumer_world import TRANSIENT, World, turn
from shenava.kafka.work import Work
from shenava.retry import Backoff


async def test_a_transient_failure_holds_back_its_partition_only_and_keeps_its_order() -> None:
    world = World()
    world.handler.script = {(0, 1): [TRANSIENT] * 6}
    world.write(partition=0, count=4)
    world.write(partition=1, count=2)

    async with world.joined(max_records=100) as consumer:
        await turn(consumer, lambda: world.handler.of(1) == [0, 1])
        world.write(partition=0, count=2)
        world.write(partition=1, count=2)
        await turn(consumer, lambda: world.handler.of(1) == [0, 1, 2, 3])
        assert world.handler.of(0) == [0]
        await turn(consumer, lambda: world.committed == {0: 6, 1: 4})

    assert world.handler.of(0) == [0, 1, 2, 3, 4, 5]
    assert world.dead == []


async def test_a_batch_that_failed_as_a_whole_is_tried_again_as_a_whole_before_it_is_tried_one_by_one() -> None:
    world = World(partitions=1)
    world.write(count=3)
    world.handler.script = {(0, 2): [TRANSIENT, TRANSIENT]}

    async with world.joined() as consumer:
        await turn(consumer, lambda: world.committed == {0: 3})

    whole = [(0, 0), (0, 1), (0, 2)]
    assert world.handler.tries == [whole, whole, *([place] for place in whole)]


async def test_the_first_of_a_partition_that_keeps_failing_holds_back_what_comes_after_it() -> None:
    world = World(partitions=1)
    world.write(count=3)
    world.handler.script = {(0, 0): [TRANSIENT] * 5}

    async with world.joined() as consumer:
        await turn(consumer, lambda: world.handler.script[0, 0] == [])
        assert (world.handler.handled, world.committed) == ([], {})
        await turn(consumer, lambda: world.committed == {0: 3})

    assert world.handler.handled == [(0, 0), (0, 1), (0, 2)]


async def test_a_partition_that_gets_on_begins_its_backoff_anew() -> None:
    world = World(partitions=1)
    world.write(count=3)
    world.handler.script = {(0, 0): [TRANSIENT] * 5, (0, 2): [TRANSIENT] * 5}
    parked: list[tuple[int, int]] = []

    async with world.joined() as consumer:
        park = consumer._parking.put

        def noted(work: Work, **how: Any) -> float:
            parked.append((work.records[0].offset, how["attempt"]))
            return park(work, **how)

        consumer._parking.put = noted  # type: ignore[method-assign]  # to see what it is told
        await turn(consumer, lambda: world.committed == {0: 3})

    attempts = [attempt for offset, attempt in parked if offset == 2]
    assert attempts == sorted(attempts)
    assert attempts[0] == 1


async def test_a_partition_waits_out_its_backoff_before_it_is_tried_again() -> None:
    world = World(partitions=1)
    world.write()
    world.handler.script = {(0, 0): [TRANSIENT]}

    async with world.joined(backoff=Backoff(first=timedelta(hours=1), limit=timedelta(hours=1))) as consumer:
        await turn(consumer, lambda: world.handler.tries)
        for _ in range(5):
            await consumer.turn()

    assert (len(world.handler.tries), world.handler.handled) == (1, [])


async def test_only_one_parked_partition_is_tried_a_turn_so_that_the_others_are_served_between() -> None:
    world = World(partitions=4)
    for partition in range(4):
        world.write(partition)
    world.handler.script = {(0, 0): [TRANSIENT] * 3, (1, 0): [TRANSIENT] * 3, (2, 0): [TRANSIENT] * 3}

    async with world.joined(backoff=Backoff(first=timedelta(), limit=timedelta())) as consumer:
        await turn(consumer, lambda: world.handler.tries)
        world.write(partition=3)
        tried = len(world.handler.tries)
        await consumer.turn()
        assert len(world.handler.tries) <= tried + 2
        await turn(consumer, lambda: world.committed == {0: 1, 1: 1, 2: 1, 3: 2})

    assert world.dead == []
