"""A consumer that puts too much aside stops before it has drained the topic; one that stands still is found out."""

import pytest

from consumer_world import INVALID, TRANSIENT, World, told, turn
from shenava.kafka.dead_letters import TooManyDeadLetters

IDENTITY = ("topic", "partition", "offset", "timestamp_ms", "group")
"""What a dead letter is known by, however often it is written."""


async def test_a_run_of_dead_letters_stops_the_consumer_with_all_of_them_put_aside() -> None:
    world = World(partitions=1)
    world.write(count=2)
    for _ in range(5):
        world.write_raw(b"{")

    async with world.joined(dead_letter_run=5) as consumer:
        with pytest.raises(TooManyDeadLetters, match="5 in a row"):
            await turn(consumer, lambda: False)

    assert [told(letter)["offset"] for letter in world.dead] == ["2", "3", "4", "5", "6"]


async def test_what_stopped_the_consumer_is_read_again_once_the_cause_is_mended() -> None:
    world = World(partitions=1)
    world.write(count=8)
    world.handler.script = {(0, offset): [INVALID] * 2 for offset in range(1, 8)}
    async with world.joined(dead_letter_run=3) as consumer:
        with pytest.raises(TooManyDeadLetters):
            await turn(consumer, lambda: False)
    stopped_at = world.committed[0]

    world.handler.script.clear()
    async with world.joined(dead_letter_run=3) as mended:
        await turn(mended, lambda: world.committed == {0: 8})

    assert stopped_at == 3
    assert world.handler.of(0) == [0, 3, 4, 5, 6, 7]


async def test_dead_letters_that_are_written_again_after_a_stop_carry_the_same_origin() -> None:
    world = World(partitions=1)
    world.write()
    for _ in range(3):
        world.write_raw(b"{")
    for _ in range(2):
        async with world.joined(dead_letter_run=3) as consumer:
            with pytest.raises(TooManyDeadLetters):
                await turn(consumer, lambda: False)

    origins = [tuple(told(letter)[name] for name in IDENTITY) for letter in world.dead]
    assert (len(origins), len(set(origins))) == (6, 3)


async def test_dead_letters_with_good_records_between_them_are_no_run() -> None:
    world = World(partitions=1)
    for _ in range(30):
        world.write_raw(b"{")
        world.write()

    async with world.joined(dead_letter_run=5, dead_letter_ratio=1.0) as consumer:
        await turn(consumer, lambda: world.committed == {0: 60})

    assert (len(world.dead), len(world.handler.handled)) == (30, 30)


async def test_a_high_share_of_dead_letters_stops_the_consumer() -> None:
    world = World(partitions=1)
    for _ in range(60):
        world.write_raw(b"{")
        world.write()
        world.write_raw(b"{")

    async with world.joined(dead_letter_ratio=0.5, max_records=30) as consumer:
        with pytest.raises(TooManyDeadLetters, match="of the last 1"):
            await turn(consumer, lambda: False)

    assert world.committed == {0: 90}


async def test_dead_letters_that_waited_with_a_parked_batch_are_counted_once_and_in_their_place() -> None:
    world = World(partitions=1)
    world.write_raw(b"{")
    world.write(count=2)
    world.write_raw(b"{")
    world.write(count=1)
    world.write_raw(b"{")
    world.handler.script = {(0, 1): [INVALID, INVALID], (0, 4): [TRANSIENT] * 4}

    async with world.joined(dead_letter_run=3, dead_letter_ratio=1.0) as consumer:
        await turn(consumer, lambda: world.committed == {0: 6})

    assert world.handler.of(0) == [2, 4]
    assert [told(letter)["offset"] for letter in world.dead] == ["0", "3", "5", "1"]
