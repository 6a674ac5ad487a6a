"""The consumer loop: the law of delivery in one place.

One turn polls a batch, decodes it, gives it to the handler, and commits the offsets of what is finished. What the
handler raises decides: ``Invalid`` puts that one record aside as a dead letter, ``Transient`` parks its partition and
tries the same records again after a backoff while the others go on, anything else stops the process. A batch that
fails is tried again in smaller pieces, so that one bad record never sinks its neighbours.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable, Sequence
from time import monotonic
from typing import NamedTuple

import structlog

from shenava.clock import Clock, utc_now
from shenava.codec import decode
from shenava.errors import Invalid, Transient
from shenava.events import BY_TYPE, Event
from shenava.kafka.dead_letters import DeadLetterLimit, dead_letter
from shenava.kafka.ports import CommitRefused, Outbound, Partition, Record, Subscription, WriteFailed
from shenava.kafka.progress import Progress
from shenava.kafka.work import Parked, Work
from shenava.retry import Backoff
from shenava.settings import KafkaSettings
from shenava.telemetry import metrics

log = structlog.get_logger(__name__)

COMMIT_TIMEOUT_SECONDS = 5.0


class Inbound(NamedTuple):
    """One event and the record it came in."""

    event: Event
    record: Record


Handler = Callable[[Sequence[Inbound]], Awaitable[None]]
Publish = Callable[[Sequence[Outbound]], Awaitable[None]]


class Consumer:
    """Reads topics as one member of a group and hands batches of events to ``handler``.

    Args:
        handler: finishes a batch or raises ``Invalid``, ``Transient`` or ``Fatal``; it may be given any part of a
            batch again, so its effect must be idempotent.
        publish: writes dead letters; returns once they are acknowledged, raises ``WriteFailed`` if not.
        known: the event types that are read here, by CloudEvents type; others on the topic are dead letters.
    """

    def __init__(
        self,
        subscription: Subscription,
        handler: Handler,
        publish: Publish,
        *,
        group: str,
        settings: KafkaSettings,
        backoff: Backoff | None = None,
        known: dict[str, type[Event]] | None = None,
        clock: Clock = utc_now,
    ) -> None:
        self._subscription = subscription
        self._handler = handler
        self._publish = publish
        self._group = group
        self._max_records = settings.max_records
        self._poll_ms = int(settings.poll_timeout.total_seconds() * 1000)
        self._backoff = backoff or Backoff()
        self._known = known or BY_TYPE
        self._clock = clock
        self._limit = DeadLetterLimit(ratio=settings.dead_letter_ratio, run=settings.dead_letter_run)
        self._progress = Progress()
        self._parked: dict[Partition, Parked] = {}
        # Held while records are in hand: a rebalance waits here until they are finished and committed.
        self._in_hand = asyncio.Lock()
        self.joined = False
        self.last_sign_of_life = monotonic()

    async def run(self, stop: asyncio.Event) -> None:
        """Turn until ``stop`` is set, then finish, commit and leave the group.

        Raises:
            Fatal: or whatever else a handler raised; the offsets of finished records are committed first.
        """
        await self._subscription.start(self._on_assigned, self._on_revoked)
        try:
            while not stop.is_set():
                await self.turn()
        finally:
            # aiokafka does not call on_revoked on stop, so the marks are stored here.
            async with self._in_hand:
                await self._commit()
            await self._subscription.stop()

    async def turn(self) -> None:
        """Poll once, handle what came and what is due again, commit what is finished."""
        async with self._in_hand:
            polled = await self._subscription.poll(self._max_records, self._poll_ms)
            try:
                if polled:
                    self.last_sign_of_life = monotonic()
                    await self._attempt([Work.of(p, records) for p, records in polled.items() if records])
                if self._parked:
                    await self._retry_due()
            finally:
                await self._commit()

    async def _attempt(self, works: list[Work], attempt: int = 1) -> None:
        """Handle the works as one batch; what fails is parked, put aside, or tried one by one."""
        try:
            batch = await self._readable(works)
            if batch:
                with metrics.CONSUMER_BATCH.time():
                    await self._handler(batch)
                self._observe(batch)
        except Invalid:
            await self._one_by_one(works, attempt)
        except (Transient, WriteFailed) as reason:
            if attempt > 1 and any(len(work.records) > 1 for work in works):
                # A second failure may be one record's own: let its neighbours through.
                await self._one_by_one(works, attempt)
            else:
                self._park(works, attempt, reason)
        else:
            self._finish(works)

    async def _one_by_one(self, works: Iterable[Work], attempt: int) -> None:
        for work in works:
            for single in work.singles():
                try:
                    await self._handle_single(single)
                except (Transient, WriteFailed) as reason:
                    self._park([work.after(single)], attempt, reason)
                    break
                self._finish([single])

    async def _handle_single(self, single: Work) -> None:
        try:
            batch = await self._readable([single])
            if batch:
                await self._handler(batch)
        except Invalid as reason:
            await self._put_aside([(single.records[0], reason)])

    async def _readable(self, works: Iterable[Work]) -> list[Inbound]:
        """The events of the works in their order; what cannot be read is put aside and dropped from its work."""
        batch: list[Inbound] = []
        refused: list[tuple[Record, Invalid]] = []
        known = self._known
        for work in works:
            for record in work.records:
                try:
                    batch.append(Inbound(decode(record.value, record.headers, known=known), record))
                except Invalid as reason:
                    refused.append((record, reason))
        if refused:
            await self._put_aside(refused)
            gone = {id(record) for record, _ in refused}
            for work in works:
                work.records = [record for record in work.records if id(record) not in gone]
        return batch

    async def _put_aside(self, refused: Sequence[tuple[Record, Invalid]]) -> None:
        now = self._clock()
        await self._publish([dead_letter(record, reason, group=self._group, now=now) for record, reason in refused])
        for record, reason in refused:
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
        for _, reason in refused:
            self._limit.dead(reason.reason)

    def _finish(self, works: Iterable[Work]) -> None:
        for work in works:
            self._progress.finish(work.partition, work.through)
            if work.records:
                self._limit.handled(len(work.records))
                metrics.CONSUMED.labels(work.partition.topic, "handled").inc(len(work.records))
            if self._parked.pop(work.partition, None):
                self._subscription.resume(work.partition)
        self.last_sign_of_life = monotonic()

    def _park(self, works: Iterable[Work], attempt: int, reason: Exception) -> None:
        # Chance spreads the members of a group; it is no secret.
        delay = self._backoff.delay(attempt, random.random()).total_seconds()  # noqa: S311
        for work in works:
            self._subscription.pause(work.partition)
            self._parked[work.partition] = Parked(work, attempt, monotonic() + delay)
            metrics.CONSUMER_RETRIES.labels(work.partition.topic).inc()
            log.warning(
                "partition_parked",
                topic=work.partition.topic,
                partition=work.partition.partition,
                attempt=attempt,
                retry_in=round(delay, 3),
                reason=str(reason)[:300],
            )
        metrics.CONSUMER_PARKED.set(len(self._parked))
        self.last_sign_of_life = monotonic()

    async def _retry_due(self) -> None:
        now = monotonic()
        for parked in [p for p in self._parked.values() if p.retry_at <= now]:
            await self._attempt([parked.work], parked.attempt + 1)
        metrics.CONSUMER_PARKED.set(len(self._parked))

    def _observe(self, batch: Sequence[Inbound]) -> None:
        event, record = batch[-1]
        age = (self._clock() - event.occurred_at).total_seconds()
        metrics.EVENT_AGE.labels(record.topic).observe(max(0.0, age))

    async def _commit(self) -> None:
        marks = self._progress.uncommitted()
        if not marks:
            return
        try:
            await asyncio.wait_for(self._subscription.commit(marks), COMMIT_TIMEOUT_SECONDS)
        except (CommitRefused, TimeoutError) as error:
            # The work is done; a repeat of it is absorbed by the inbox.
            metrics.CONSUMER_COMMIT_FAILURES.inc()
            log.warning("offsets_not_committed", reason=str(error) or type(error).__name__)
        else:
            self._progress.committed(marks)
            metrics.CONSUMER_PROGRESS.set_to_current_time()
        for partition, lag in self._subscription.lag().items():
            metrics.CONSUMER_LAG.labels(partition.topic, partition.partition).set(lag)

    async def _on_assigned(self, partitions: frozenset[Partition]) -> None:
        self.joined = True
        self.last_sign_of_life = monotonic()
        log.info("partitions_assigned", count=len(partitions), group=self._group)

    async def _on_revoked(self, partitions: frozenset[Partition]) -> None:
        async with self._in_hand:
            await self._commit()
            self._progress.forget(partitions)
            for partition in partitions:
                self._parked.pop(partition, None)
                metrics.CONSUMER_LAG.labels(partition.topic, partition.partition).set(0)
