"""Puts records aside: writes their dead letters, counts them and tells of them."""

from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

import structlog

from shenava.clock import Clock
from shenava.errors import Invalid
from shenava.kafka.dead_letters import dead_letter
from shenava.kafka.ports import Outbound, Record
from shenava.kafka.work import Work
from shenava.telemetry import metrics

log = structlog.get_logger(__name__)

Publish = Callable[[Sequence[Outbound]], Awaitable[None]]


class Refusal(NamedTuple):
    """A record that cannot be handled, the work it is part of, and why."""

    work: Work
    record: Record
    reason: Invalid


class DeadLetters:
    """Where a consumer puts what it cannot handle."""

    def __init__(self, publish: Publish, *, group: str, clock: Clock) -> None:
        self._publish = publish
        self._group = group
        self._clock = clock

    async def put_aside(self, refused: Sequence[Refusal]) -> None:
        """Return once the dead letters are acknowledged; the records are no part of their works any more.

        Raises:
            WriteFailed: they are not; nothing has changed, though some dead letters may have been written.
        """
        now = self._clock()
        await self._publish([dead_letter(each.record, each.reason, group=self._group, now=now) for each in refused])
        for work, record, reason in refused:
            work.put_aside(record, reason.reason)
            metrics.DEAD_LETTERS.labels(record.topic, reason.reason).inc()
            metrics.CONSUMED.labels(record.topic, "dead").inc()
            log.warning(
                "record_put_aside",
                topic=record.topic,
                partition=record.partition,
                offset=record.offset,
                reason=reason.reason,
                pointer=reason.pointer,
            )
