"""A log that has not got the place where it was to be read on: that is told, and nothing that is there is skipped."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import structlog
from prometheus_client import REGISTRY

from consumer_world import TOPIC, TRANSIENT, World, turn
from shenava.kafka.ports import OutOfRange, Partition
from shenava.retry import Backoff
from shenava.testing.memory_kafka import MemoryRecord, MemorySubscription

LATER = Backoff(first=timedelta(hours=1), limit=timedelta(hours=1))
PLACE = Partition(TOPIC, 0)


def _never_read() -> float:
    return REGISTRY.get_sample_value("shenava_consumer_records_never_read_total", {"topic": TOPIC}) or 0.0


async def _told_until(world: World, finished: dict[int, int]) -> list[dict[str, Any]]:
    with structlog.testing.capture_logs() as lines:
        async with world.joined() as consumer:
            await turn(consumer, lambda: world.committed == finished)
    return [dict(line) for line in lines if line["event"] == "offsets_out_of_range"]


async def test_records_that_went_before_they_were_read_are_counted_and_told_and_the_rest_is_read() -> None:
    world = World(partitions=1)
    world.write(count=10)
    world.broker.group("sentiment").committed[PLACE] = 2
    world.broker.delete_records(PLACE, before=7)
    before = _never_read()

    (line,) = await _told_until(world, {0: 10})

    assert line == {
        "event": "offsets_out_of_range",
        "log_level": "error",
        "topic": TOPIC,
        "partition": 0,
        "committed": 2,
        "earliest": 7,
        "latest": 10,
        "never_read": 5,
        "group": "sentiment",
    }
    assert (world.handler.of(0), _never_read() - before) == ([7, 8, 9], 5)


async def test_a_log_that_was_made_anew_is_read_from_its_beginning() -> None:
    world = World(partitions=1)
    world.write(count=3)
    world.broker.group("sentiment").committed[PLACE] = 50

    (line,) = await _told_until(world, {0: 3})

    assert (line["committed"], line["earliest"], line["latest"], line["never_read"]) == (50, 0, 3, 0)
    assert world.handler.of(0) == [0, 1, 2]


async def test_marks_of_a_log_that_was_lost_do_not_have_the_new_one_skipped() -> None:
    world = World(partitions=1)
    world.write(count=8)
    async with world.joined(max_records=2) as consumer:
        await turn(consumer, lambda: world.committed == {0: 8})
        world.broker.lose(PLACE)
        world.write(count=3)
        await turn(consumer, lambda: world.committed == {0: 3})
    world.write(count=9)

    async with world.joined() as next_one:
        await turn(next_one, lambda: world.committed == {0: 12})

    assert world.handler.of(0) == [*range(8), *range(12)]


class Fetching(MemorySubscription):
    """A fetch was on its way when its partition was parked."""

    answer: OutOfRange | None = None

    async def poll(self, max_records: int, timeout_ms: int) -> Mapping[Partition, Sequence[MemoryRecord]]:
        answer, self.answer = self.answer, None
        if answer is not None:
            self._positions[answer.partition] = answer.earliest
            raise answer
        return await super().poll(max_records, timeout_ms)


async def test_what_was_parked_of_a_log_that_was_lost_does_not_hold_back_the_new_one() -> None:
    world = World(partitions=1)
    world.write(count=4)
    world.handler.script = {(0, 2): [TRANSIENT]}
    subscription = Fetching(world.broker, [TOPIC], group="sentiment")
    async with world.joined(subscription=subscription, max_records=2, backoff=LATER) as consumer:
        await turn(consumer, lambda: world.handler.script[0, 2] == [])
        world.broker.lose(PLACE)
        world.write(count=1)
        subscription.answer = OutOfRange(PLACE, 4, earliest=0, latest=1)
        await turn(consumer, lambda: world.committed == {0: 1})

    assert world.handler.of(0) == [0, 1, 0]
