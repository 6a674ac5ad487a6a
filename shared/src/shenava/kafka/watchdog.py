"""Notices a consumer that has records to read and does not move, and ends the process so that a new one begins.

aiokafka can fall silent after a broker restart or a blocked event loop without an error to see; only the distance
between what is written and what was read tells.
"""

import asyncio
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
