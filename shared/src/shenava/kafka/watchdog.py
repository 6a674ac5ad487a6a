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
        ConsumerStalled: the brokers answer, records are waiting, and none was read, parked or finished for ``patience``
            seconds, or for ``batch_patience`` while a batch is in hand.
    """
    while not stop.is_set():
        try:
            await asyncio.wait_for(stop.wait(), patience / 2)
        except TimeoutError:
            await _check(consumer, subscription, batch_patience if consumer.busy else patience)


async def _check(consumer: Consumer, subscription: Subscription, patience: float) -> None:
    silent_for = monotonic() - consumer.last_sign_of_life
    if silent_for < patience:
        return
    try:
        waiting = await subscription.backlog()
    except Exception as error:  # noqa: BLE001 - while the brokers do not answer, a new process would not move either
        log.info("backlog_unknown", reason=repr(error))
        return
    if waiting and monotonic() - consumer.last_sign_of_life >= patience:
        raise ConsumerStalled(f"{waiting} records are waiting and none was read for {silent_for:.0f} s")
