"""A record that kills the process is found by what outlives it and put aside; other ends of a process count nothing."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest

from consumer_world import DEAD, TRANSIENT, World, told, turn
from delivery_story import Process, Story
from shenava.errors import Fatal
from shenava.kafka.ports import Partition
from shenava.kafka.quarantine import TooManyKillers
from shenava.retry import Backoff
from shenava.testing.memory_kafka import MemoryRecord, MemorySubscription

LATER = Backoff(first=timedelta(hours=1), limit=timedelta(hours=1))
SUSPECTED = '{"taken":2,"until":9}'


async def _until_finished(story: Story, **how: Any) -> int:
    """Start a process whenever one has died, until all is finished; how many died."""
    for deaths in range(100):
        process = Process(story, **how)
        await process.start()
        while not process.life.over:
            await process.turn()
            if story.is_finished():
                await process.leave()
                return deaths
    raise AssertionError(f"not finished: {story.committed}, {story.notes}")


def _story(*fates: str, partitions: int = 1) -> Story:
    story = Story(partitions)
    for number, fate in enumerate(fates):
        story.write(number % partitions, fate, 0)
    return story


@pytest.mark.parametrize("fate", ["lethal", "buggy"])
async def test_a_record_that_kills_is_put_aside_after_its_deaths_and_all_others_are_handled(fate: str) -> None:
    story = _story(*["good"] * 5, fate, *["good"] * 6)

    deaths = await _until_finished(story)

    assert deaths == 6  # one unheard of, two that were noted, three with just this record in hand
    assert story.quarantined == {(0, 5): 1}
    assert [*dict.fromkeys(story.handled[0])] == [0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11]
    assert story.notes == {}


async def test_what_was_in_the_same_batch_from_another_partition_is_never_put_aside() -> None:
    story = _story("good", "good", "lethal", "good", "good", "good", "good", "good", partitions=2)

    await _until_finished(story, max_records=8)

    assert story.quarantined == {(0, 1): 1}
    assert (set(story.handled[0]), set(story.handled[1])) == ({0, 2, 3}, {0, 1, 2, 3})


async def test_the_dead_letter_says_that_its_record_kills_and_what_to_look_at() -> None:
    world = World(partitions=1)
    world.write(count=1)
    _suspect(world, '{"careful_until":1,"tries":3}')
    async with world.joined() as consumer:
        await turn(consumer, lambda: world.committed == {0: 1})

    (letter,) = world.dead
    assert (told(letter)["reason"], told(letter)["offset"]) == ("kills_the_process", "0")
    assert "died 3 times" in told(letter)["detail"]
    assert world.handler.tries == []


def _suspect(world: World, note: str, offset: int = 0) -> None:
    group = world.broker.group("sentiment")
    group.committed[Partition("mentions.received", 0)] = offset
    group.notes[Partition("mentions.received", 0)] = note


class Counting(MemorySubscription):
    """Keeps what was stored."""

    stored: list[dict[int, tuple[int, str]]]

    async def commit(self, offsets: Mapping[Partition, int], notes: Mapping[Partition, str] | None = None) -> None:
        await super().commit(offsets, notes)
        self.stored = [*getattr(self, "stored", []), {p.partition: (o, (notes or {})[p]) for p, o in offsets.items()}]


def _counting(world: World) -> Counting:
    return Counting(world.broker, ["mentions.received"], group="sentiment")


async def test_a_partition_is_noted_once_and_then_costs_one_commit_a_batch() -> None:
    world = World(partitions=1)
    world.write(count=6)
    subscription = _counting(world)
    async with world.joined(subscription=subscription, max_records=2) as consumer:
        await turn(consumer, lambda: world.committed == {0: 6})

    assert subscription.stored == [{0: (0, '{"taken":1,"until":2}')}, {0: (2, "")}, {0: (4, "")}, {0: (6, "")}]


class Slow(Counting):
    """Brings one record at a time, as where a poll takes from many partitions."""

    async def poll(self, max_records: int, timeout_ms: int) -> Mapping[Partition, Sequence[MemoryRecord]]:
        return await super().poll(min(1, max_records), timeout_ms)


async def test_what_was_taken_up_counts_until_all_is_passed_that_the_batch_can_have_held() -> None:
    world = World(partitions=1)
    world.write(count=4)
    subscription = Slow(world.broker, ["mentions.received"], group="sentiment")
    async with world.joined(subscription=subscription, max_records=3) as consumer:
        await turn(consumer, lambda: world.committed == {0: 4})

    taken = '{"taken":1,"until":3}'
    assert [each[0] for each in subscription.stored] == [(0, taken), (1, taken), (2, taken), (3, ""), (4, "")]


async def test_what_is_given_back_in_good_order_before_that_was_not_taken_up() -> None:
    world = World(partitions=1)
    world.write(count=4)
    _suspect(world, '{"taken":1,"until":9}')
    subscription = Slow(world.broker, ["mentions.received"], group="sentiment")
    stop = asyncio.Event()

    async def enough() -> None:
        stop.set()

    world.handler.before = enough
    async with world.producer() as producer:
        await world.consumer(producer, subscription=subscription, max_records=9).run(stop)

    assert (world.committed, world.notes) == ({0: 1}, {0: '{"taken":1,"until":4}'})


async def test_a_suspected_partition_is_read_one_by_one_up_to_what_was_there_and_then_in_batches_again() -> None:
    world = World(partitions=1)
    world.write(count=3)
    _suspect(world, SUSPECTED)
    subscription = _counting(world)
    async with world.joined(subscription=subscription) as consumer:
        await turn(consumer, lambda: world.committed == {0: 3})
        world.write(count=3)
        await turn(consumer, lambda: world.committed == {0: 6})

    assert world.handler.batches == [[(0, 0)], [(0, 1)], [(0, 2)], [(0, 3), (0, 4), (0, 5)]]
    tries = '{"careful_until":3,"tries":1}'
    assert subscription.stored[:4] == [{0: (0, tries)}, {0: (1, tries)}, {0: (2, tries)}, {0: (3, "")}]


async def test_a_note_that_cannot_be_stored_keeps_the_records_from_the_handler() -> None:
    world = World(partitions=1)
    world.write(count=2)
    world.broker.faults.refused_commits = 10**6
    async with world.joined() as consumer:
        for _ in range(20):
            await consumer.turn()
        assert world.handler.tries == []
        world.broker.faults.refused_commits = 0
        await turn(consumer, lambda: world.committed == {0: 2})

    assert (world.handler.handled, world.notes) == ([(0, 0), (0, 1)], {})


async def test_while_nobody_tells_what_was_noted_the_records_wait() -> None:
    world = World(partitions=1)
    world.write()
    world.broker.faults.unanswered_questions = 3
    async with world.joined() as consumer:
        await turn(consumer, lambda: world.broker.faults.unanswered_questions == 0)
        assert world.handler.tries == []
        await turn(consumer, lambda: world.committed == {0: 1})


@pytest.mark.parametrize("note", ["", SUSPECTED], ids=["in a batch", "by itself"])
@pytest.mark.parametrize("error", [TRANSIENT, Fatal("the model cannot be loaded")], ids=["transient", "fatal"])
async def test_what_is_let_go_is_taken_back(note: str, error: Exception) -> None:
    world = World(partitions=1)
    world.write(count=2)
    _suspect(world, note)
    world.handler.script = {(0, 0): [error]}
    stood = '{"careful_until":2}' if note else ""
    async with world.joined(backoff=LATER) as consumer:
        if isinstance(error, Fatal):
            with pytest.raises(Fatal):
                await turn(consumer, lambda: False)
        else:
            await turn(consumer, lambda: world.handler.tries)

        assert world.broker.group("sentiment").notes == {Partition("mentions.received", 0): stood}


@pytest.mark.parametrize(("stalled", "noted"), [(True, '{"taken":1,"until":1}'), (False, "")])
async def test_being_cancelled_is_held_against_the_batch_only_if_the_watchdog_says_so(
    stalled: bool,  # noqa: FBT001 - a case
    noted: str,
) -> None:
    world = World(partitions=1)
    world.write()
    reached = asyncio.Event()

    async def endless() -> None:
        reached.set()
        await asyncio.Event().wait()

    world.handler.before = endless
    async with world.producer() as producer:
        consumer = world.consumer(producer)
        running = asyncio.create_task(consumer.run(asyncio.Event()))
        await reached.wait()
        if stalled:
            consumer.blame()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    assert world.broker.group("sentiment").notes == {Partition("mentions.received", 0): noted}


async def test_too_many_killers_in_one_place_stop_the_consumer_and_a_mended_one_handles_them() -> None:
    world = World(partitions=1)
    world.write(count=5)
    _suspect(world, '{"careful_until":5,"tries":3,"put_aside":2}')
    async with world.joined(quarantine_limit=2) as consumer:
        with pytest.raises(TooManyKillers, match="SHENAVA_KAFKA_QUARANTINE_LIMIT"):
            await turn(consumer, lambda: False)
    assert (world.dead, world.notes) == ([], {0: '{"careful_until":5,"put_aside":2}'})

    async with world.joined(quarantine_limit=2) as mended:
        await turn(mended, lambda: world.committed == {0: 5})

    assert (world.handler.of(0), world.dead) == ([0, 1, 2, 3, 4], [])


async def test_a_process_that_dies_of_everything_stops_after_a_few_dead_letters() -> None:
    story = _story(*["lethal"] * 8)
    with pytest.raises(TooManyKillers):
        await _until_finished(story, quarantine_limit=3, max_records=8)

    assert story.quarantined == {(0, 0): 1, (0, 1): 1, (0, 2): 1}


async def test_deaths_over_a_record_that_is_gone_are_not_held_against_the_next_one() -> None:
    world = World(partitions=1)
    world.write(count=3)
    _suspect(world, '{"careful_until":3,"tries":3}', offset=1)
    world.broker.delete_records(Partition("mentions.received", 0), before=2)
    async with world.joined() as consumer:
        await turn(consumer, lambda: world.committed == {0: 3})

    assert (world.handler.of(0), world.broker.records(DEAD)) == ([2], [])


@pytest.mark.parametrize("note", ["{", "another tool's", '{"taken":-1}', '{"tries":"3"}', "[]", "\ud800"])
async def test_what_others_wrote_beside_an_offset_says_nothing(note: str) -> None:
    world = World(partitions=1)
    world.write(count=2)
    _suspect(world, note)
    async with world.joined() as consumer:
        await turn(consumer, lambda: world.committed == {0: 2})

    assert world.handler.batches == [[(0, 0), (0, 1)]]
