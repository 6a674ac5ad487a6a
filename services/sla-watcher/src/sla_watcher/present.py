"""Waits for the present: nothing should be fired on what was known before a downtime while its end waits to be read."""

import asyncio
from datetime import timedelta

import structlog

from shenava.kafka.consumer import Consumer

log = structlog.get_logger(__name__)

_LOOK_EVERY_SECONDS = 0.1


async def until_present(consumer: Consumer, *, enough: int, patience: timedelta, stop: asyncio.Event) -> None:
    """Return once ``consumer`` is at most ``enough`` records behind, ``patience`` has passed, or ``stop`` is set.

    Without it, an issue that was resolved during the downtime would be escalated first and revised afterwards.
    Other replicas may still be reading their share; what they find is told as a revision.
    """
    waiting = asyncio.create_task(_behind_no_more(consumer, enough))
    stopping = asyncio.create_task(stop.wait())
    done, late = await asyncio.wait(
        [waiting, stopping], timeout=patience.total_seconds(), return_when=asyncio.FIRST_COMPLETED
    )
    for task in late:
        task.cancel()
    log.info("present_reached" if waiting in done else "present_not_awaited")


async def _behind_no_more(consumer: Consumer, enough: int) -> None:
    while not await _is_present(consumer, enough):  # noqa: ASYNC110 - the brokers send no event when we have caught up
        await asyncio.sleep(_LOOK_EVERY_SECONDS)


async def _is_present(consumer: Consumer, enough: int) -> bool:
    try:
        return consumer.joined and await consumer.behind() <= enough
    except Exception as error:  # noqa: BLE001 - while the brokers do not answer, it is unknown; patience has an end
        log.info("backlog_unknown", reason=repr(error))
        return False
