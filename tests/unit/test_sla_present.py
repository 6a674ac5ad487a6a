"""Waiting for the present before anything is fired."""

import asyncio
from datetime import timedelta
from typing import Any, cast

from shenava.kafka.consumer import Consumer
from shenava.testing.waiting import until
from sla_watcher.present import until_present

LONG, SHORT = timedelta(minutes=10), timedelta(milliseconds=1)


class Reading:
    """A consumer that is as far behind as a test says."""

    def __init__(self, behind: int | Exception, *, joined: bool = True) -> None:
        self.records = behind
        self.joined = joined
        self.asked = 0

    async def behind(self) -> int:
        self.asked += 1
        if isinstance(self.records, Exception):
            raise self.records
        return self.records


def _waiting(reading: Reading, patience: timedelta = LONG, stop: asyncio.Event | None = None) -> asyncio.Task[None]:
    consumer = cast("Consumer", cast("Any", reading))
    return asyncio.create_task(until_present(consumer, enough=10, patience=patience, stop=stop or asyncio.Event()))


async def test_it_is_present_once_at_most_one_poll_is_left_to_read() -> None:
    reading = Reading(11)
    waiting = _waiting(reading)
    await until(lambda: reading.asked > 1)
    assert not waiting.done()
    reading.records = 10
    await waiting


async def test_who_has_not_joined_knows_nothing_of_the_present() -> None:
    reading = Reading(0, joined=False)
    waiting = _waiting(reading)
    await asyncio.sleep(0)
    assert reading.asked == 0
    reading.joined = True
    await waiting


async def test_brokers_that_do_not_answer_leave_the_present_unknown() -> None:
    reading = Reading(TimeoutError("away"))
    waiting = _waiting(reading)
    await until(lambda: reading.asked > 1)
    assert not waiting.done()
    reading.records = 0
    await waiting


async def test_patience_has_an_end() -> None:
    await _waiting(Reading(1_000_000), SHORT)


async def test_a_stop_ends_the_waiting() -> None:
    stop = asyncio.Event()
    waiting = _waiting(Reading(1_000_000), stop=stop)
    stop.set()
    await waiting
