"""Notices a consumer that has records to read and does not move, and ends the process so that a new one begins.

aiokafka can fall silent after a broker restart or a blocked event loop without an error to see; only the distance
between what is written and what was read tells. Where the event loop itself stands still, in an endless loop of ours or
of a library, nothing on it could tell: that is seen from a thread outside Python.
"""

import asyncio
import faulthandler
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic

import structlog

from shenava.errors import Fatal
from shenava.kafka.consumer import Consumer
from shenava.kafka.ports import Subscription

log = structlog.get_logger(__name__)


class ConsumerStalled(Fatal):
    """Records wait and none has been read for too long."""


async def watch(
    consumer: Consumer, subscription: Subscription, stop: asyncio.Event, *, patience: float, batch_patience: float
) -> None:
    """Look every ``patience`` / 2 seconds until ``stop``.

    Raises:
        ConsumerStalled: the brokers answer, records have been waiting for ``patience`` seconds, or for
            ``batch_patience`` while a batch is in hand, and none was read, parked or finished since.
    """
    pause = patience / 2
    waiting_since: float | None = None
    while not stop.is_set():
        try:
            await asyncio.wait_for(stop.wait(), pause)
        except TimeoutError:
            if monotonic() - consumer.last_sign_of_life < pause:
                waiting_since = None
            else:
                limit = batch_patience if consumer.busy else patience
                waiting_since = await _look(consumer, subscription, limit, waiting_since)


@asynccontextmanager
async def loop_watched(patience: float) -> AsyncIterator[None]:
    """End the process, with the stacks of its threads on stderr, if its loop stands still for ``patience`` seconds.

    The exit code is 1, and what was in hand counts as what ended the process. A process that ends as its consumer is
    stalled has as long to do so: a thread that never returns would keep it.
    """
    renewing = asyncio.create_task(_renew(patience))
    stalled = False
    try:
        yield
    except ConsumerStalled:
        stalled = True
        raise
    finally:
        renewing.cancel()
        if not stalled:
            faulthandler.cancel_dump_traceback_later()


async def _renew(patience: float) -> None:
    while True:
        faulthandler.dump_traceback_later(patience, exit=True)
        await asyncio.sleep(patience / 4)


async def _look(
    consumer: Consumer, subscription: Subscription, patience: float, waiting_since: float | None
) -> float | None:
    """Since when records are known to wait without a sign of life; None when none do.

    One look is not enough: a consumer that had nothing to do may be given its next record just now.
    """
    try:
        waiting = await subscription.backlog()
    except Exception as error:  # noqa: BLE001 - while the brokers do not answer, a new process would not move either
        log.info("backlog_unknown", reason=repr(error))
        return None
    now = monotonic()
    if not waiting:
        return None
    if waiting_since is None or consumer.last_sign_of_life > waiting_since:
        return now
    if now - waiting_since >= patience:
        consumer.blame()
        raise ConsumerStalled(f"{waiting} records are waiting and none was read for {now - waiting_since:.0f} s")
    return waiting_since
