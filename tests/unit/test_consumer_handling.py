"""The law of delivery, record by record: what a handler raises decides what becomes of a record and its neighbours."""

from datetime import timedelta

import pytest

from consumer_world import DEAD, GROUP, INVALID, TOPIC, TRANSIENT, World, told, turn
from shenava.errors import Fatal
from shenava.kafka.ports import Partition
from shenava.retry import Backoff


async def test_good_records_are_handled_once_in_the_order_of_their_partition_and_committed() -> None:
    world = World(partitions=3)
    for partition, count in enumerate((5, 1, 3)):
        world.write(partition, count)

    async with world.joined(max_records=2) as consumer:
        await turn(consumer, lambda: len(world.handler.handled) == 9)

    assert [world.handler.of(p) for p in range(3)] == [[0, 1, 2, 3, 4], [0], [0, 1, 2]]
    assert world.committed == {0: 5, 1: 1, 2: 3}
    assert world.dead == []


async def test_an_invalid_record_is_dead_lettered_with_its_origin_and_its_neighbours_are_handled() -> None:
    world = World()
    world.write(partition=0, count=2)
    world.write(partition=1, count=4)
    world.handler.script = {(1, 2): [INVALID] * 9}

    async with world.joined() as consumer:
        await turn(consumer, lambda: world.committed == {0: 2, 1: 4})

    assert (world.handler.of(0), world.handler.of(1)) == ([0, 1], [0, 1, 3])
    (letter,) = world.dead
    origin = world.broker.log(Partition(TOPIC, 1))[2]
    assert (letter.key, letter.value, letter.headers[: len(origin.headers)]) == (
        origin.key,
        origin.value,
        origin.headers,
    )
    assert told(letter) == {
        "topic": TOPIC,
        "partition": "1",
        "offset": "2",
        "timestamp_ms": str(origin.timestamp),
        "group": GROUP,
        "reason": "too_odd",
        "detail": "nothing can be made of it",
        "pointer": "/mention/text",
        "at": world.clock().isoformat(),
    }


async def test_a_batch_of_nothing_but_dead_letters_never_reaches_the_handler() -> None:
    world = World()
    world.write_raw(None)
    world.write_raw(b"{")

    async with world.joined() as consumer:
        await turn(consumer, lambda: world.committed == {0: 2})

    assert (world.handler.tries, len(world.dead)) == ([], 2)


@pytest.mark.parametrize("error", [Fatal("out of order"), ZeroDivisionError("a bug"), KeyError("another")])
async def test_an_unknown_error_stops_with_what_is_finished_committed_and_nothing_more(error: Exception) -> None:
    world = World(partitions=1)
    world.write(count=2)
    async with world.joined(max_records=2) as consumer:
        await turn(consumer, lambda: world.committed == {0: 2})
        world.write(count=2)
        world.handler.script = {(0, 3): [error]}
        with pytest.raises(type(error)):
            await turn(consumer, lambda: False)

    assert (world.committed, world.dead) == ({0: 2}, [])


async def test_an_unknown_error_in_the_middle_of_one_by_one_keeps_what_was_finished_before_it() -> None:
    world = World(partitions=1)
    world.write(count=4)
    world.handler.script = {(0, 0): [INVALID, INVALID], (0, 2): [ZeroDivisionError()]}

    async with world.joined() as consumer:
        with pytest.raises(ZeroDivisionError):
            await turn(consumer, lambda: False)

    assert (world.committed, world.handler.of(0), len(world.dead)) == ({0: 2}, [1], 1)


async def test_dead_letters_that_cannot_be_written_hold_the_partition_back_and_nothing_is_lost() -> None:
    world = World(partitions=1)
    world.write()
    world.write_raw(b"{")
    world.write()
    world.broker.faults.failed_writes = 3

    async with world.joined() as consumer:
        await turn(consumer, lambda: world.broker.faults.failed_writes == 0)
        assert world.committed.get(0, 0) < 2
        await turn(consumer, lambda: world.committed == {0: 3})

    assert (world.handler.handled, len(world.dead)) == ([(0, 0), (0, 2)], 1)


async def test_a_dead_letter_whose_acknowledgement_was_lost_is_written_again() -> None:
    world = World(partitions=1)
    world.write_raw(b"{")
    world.broker.faults.unknown_writes = 1

    async with world.joined() as consumer:
        await turn(consumer, lambda: world.committed == {0: 1})

    assert [told(letter)["offset"] for letter in world.dead] == ["0", "0"]


async def test_a_dead_letter_that_fails_again_stays_in_the_dead_letter_topic() -> None:
    world = World(partitions=1)
    subscription = world.subscription()
    subscription.topics = frozenset([DEAD])
    world.write_raw(b"{")
    async with world.joined() as consumer:
        await turn(consumer, lambda: world.dead)

    async with world.joined(subscription=subscription) as replayer:
        await turn(replayer, lambda: len(world.dead) == 2)

    assert told(world.dead[1])["topic"] == DEAD


async def test_a_refused_commit_is_survived_and_made_good() -> None:
    world = World(partitions=1)
    world.write(count=2)
    world.broker.faults.refused_commits = 3

    async with world.joined() as consumer:
        await turn(consumer, lambda: world.committed == {0: 2})

    assert world.handler.handled == [(0, 0), (0, 1)]


async def test_what_is_behind_counts_what_waits_in_the_topic_and_what_is_parked() -> None:
    world = World()
    world.handler.script = {(0, 0): [TRANSIENT] * 100}
    world.write(partition=0, count=3)
    async with world.joined(backoff=Backoff(first=timedelta(hours=1), limit=timedelta(hours=1))) as consumer:
        await turn(consumer, lambda: world.handler.tries)
        world.write(partition=1, count=4)

        assert await consumer.behind() == 7


async def test_what_is_behind_counts_the_batch_in_hand() -> None:
    world = World(partitions=1)
    world.write(count=3)
    seen: list[int] = []

    async with world.joined() as consumer:

        async def look() -> None:
            seen.append(await consumer.behind())

        world.handler.before = look
        await turn(consumer, lambda: world.committed == {0: 3})
        assert await consumer.behind() == 0

    assert seen == [3]
