"""Gives records to the handler: as one batch of events, or one record by itself. What cannot be read is put aside."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import NamedTuple

from shenava.clock import Clock
from shenava.codec import decode
from shenava.errors import Invalid
from shenava.events import Event
from shenava.kafka.offsets import Offsets
from shenava.kafka.ports import Record
from shenava.kafka.putting_aside import DeadLetters, Refusal
from shenava.kafka.work import Work
from shenava.telemetry import metrics


class Inbound(NamedTuple):
    """One event and the record it came in."""

    event: Event
    record: Record


Handler = Callable[[Sequence[Inbound]], Awaitable[None]]


class Handling:
    """The handler and what stands around it; whatever the handler raises comes out of here."""

    def __init__(
        self,
        handler: Handler,
        dead_letters: DeadLetters,
        offsets: Offsets,
        *,
        known: dict[str, type[Event]],
        clock: Clock,
    ) -> None:
        self._handler = handler
        self._dead_letters = dead_letters
        self._offsets = offsets
        self._known = known
        self._clock = clock

    async def together(self, works: Sequence[Work]) -> None:
        """Handle the works as one batch."""
        batch = await self._readable(works)
        if batch:
            with metrics.CONSUMER_BATCH.time():
                await self._handler(batch)
            self._observe(batch)

    async def single(self, single: Work, *, noted: bool) -> None:
        """Handle one record, ``noted`` by itself before, or put it aside if it is invalid or kills the process."""
        if not noted:
            self._offsets.hold(single)
        elif single.records and (kills := await self._offsets.take_one(single)) is not None:
            await self._put_aside(single, kills)
            self._offsets.put_aside(single)
            return
        try:
            if batch := await self._readable([single]):
                await self._handler(batch)
        except Invalid as reason:
            await self._put_aside(single, reason)

    async def _put_aside(self, single: Work, reason: Invalid) -> None:
        await self._dead_letters.put_aside([Refusal(single, single.records[0], reason)])

    async def _readable(self, works: Iterable[Work]) -> list[Inbound]:
        """The events of the works in their order; what cannot be read is put aside and dropped from its work."""
        batch: list[Inbound] = []
        refused: list[Refusal] = []
        for work in works:
            for record in work.records:
                try:
                    batch.append(Inbound(decode(record.value, record.headers, known=self._known), record))
                except Invalid as reason:
                    refused.append(Refusal(work, record, reason))
        if refused:
            await self._dead_letters.put_aside(refused)
        return batch

    def _observe(self, batch: Sequence[Inbound]) -> None:
        event, record = batch[-1]
        age = (self._clock() - event.occurred_at).total_seconds()
        metrics.EVENT_AGE.labels(record.topic).observe(max(0.0, age))
