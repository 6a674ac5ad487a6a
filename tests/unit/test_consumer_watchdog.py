"""A consumer that stands still while records wait is found out; one that has nothing to do or is busy is left alone."""

import asyncio
import sys
from itertools import cycle
from time import monotonic
from typing import Any

import pytest

from consumer_world import World, turn
from shenava.kafka.watchdog import ConsumerStalled, watch
from shenava.testing.waiting import until

SOON = 0.02


class Standing:
    """A consumer and its subscription in one, silent for a hundred seconds."""

    def __init__(self, *waiting: int | Exception, busy: bool = False) -> None:
        self.last_sign_of_life = monotonic() - 100
        self.looks = 0
        self.blamed = False
        self._waiting = cycle(waiting)
        self._busy = busy

    @property
    def busy(self) -> bool:
        self.looks += 1
        return self._busy

    def blame(self) -> None:
        self.blamed = True

    async def backlog(self) -> int:
        waiting = next(self._waiting)
        if isinstance(waiting, Exception):
            raise waiting
        return waiting


async def _watch(standing: Any, stop: asyncio.Event, batch_patience: float = SOON) -> None:
    await watch(standing, standing, stop, patience=SOON, batch_patience=batch_patience)


@pytest.mark.parametrize("busy", [False, True])
async def test_a_member_that_reads_nothing_while_records_wait_is_stalled(busy: bool) -> None:  # noqa: FBT001 - a case
    standing = Standing(3, busy=busy)
    with pytest.raises(ConsumerStalled, match="3 records are waiting"):
        await _watch(standing, asyncio.Event())

    assert standing.blamed


@pytest.mark.parametrize("waiting", [0, TimeoutError(), ConnectionResetError()], ids=["nothing", "slow", "away"])
async def test_a_member_with_nothing_to_read_or_with_its_brokers_away_is_left_alone(waiting: int | Exception) -> None:
    standing, stop = Standing(waiting), asyncio.Event()
    watching = asyncio.create_task(_watch(standing, stop))
    await until(lambda: standing.looks > 3)
    stop.set()
    await watching


async def test_an_idle_member_is_not_stalled_by_records_that_came_just_now() -> None:
    standing, stop = Standing(0, 3), asyncio.Event()
    watching = asyncio.create_task(_watch(standing, stop))
    await until(lambda: standing.looks > 9)
    stop.set()
    await watching


async def test_a_batch_in_hand_may_take_longer_than_a_poll() -> None:
    standing, stop = Standing(3, busy=True), asyncio.Event()
    watching = asyncio.create_task(_watch(standing, stop, batch_patience=1000))
    await until(lambda: standing.looks > 3)
    stop.set()
    await watching


async def test_reading_parking_and_finishing_are_signs_of_life_and_an_empty_poll_is_none() -> None:
    world = World(partitions=1)
    async with world.joined() as consumer:
        await turn(consumer, lambda: consumer.joined)
        consumer.last_sign_of_life = 0.0
        await consumer.turn()
        assert consumer.last_sign_of_life == 0.0

        world.write()
        await turn(consumer, lambda: world.committed)
        assert consumer.last_sign_of_life > 0.0


async def test_a_consumer_is_busy_just_while_its_handler_is_at_work() -> None:
    world = World(partitions=1)
    seen: list[bool] = []
    async with world.joined() as consumer:

        async def look() -> None:
            seen.append(consumer.busy)

        world.handler.before = look
        world.write()
        await turn(consumer, lambda: world.committed)
        seen.append(consumer.busy)

    assert seen == [True, False]


STANDING_STILL = """
import asyncio, sys, threading
from shenava.kafka.watchdog import ConsumerStalled, loop_watched

async def main():
    async with loop_watched(0.4):
        await asyncio.sleep(1)
        {deed}

asyncio.run(main())
"""
ENDLESS_LOOP = "while True: pass"
ENDLESS_THREAD = "threading.Thread(target=threading.Event().wait).start(); raise ConsumerStalled('silent')"


@pytest.mark.parametrize("deed", [ENDLESS_LOOP, ENDLESS_THREAD], ids=["the loop", "a thread"])
async def test_a_process_that_can_no_longer_end_by_itself_is_ended_with_its_stacks_told(deed: str) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", STANDING_STILL.format(deed=deed), stderr=asyncio.subprocess.PIPE
    )
    _, told = await process.communicate()

    assert (process.returncode, b"most recent call first" in told) == (1, True)


async def test_a_process_whose_loop_goes_round_is_left_alone() -> None:
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", STANDING_STILL.format(deed="pass"))

    assert await process.wait() == 0
