"""The consumer loop: the law of delivery in one place.

One turn polls a batch, decodes it, gives it to the handler, and commits the offsets of what is finished. What the
handler raises decides: ``Invalid`` puts that one record aside as a dead letter, ``Transient`` parks its partition and
tries the same records again after a backoff while the others go on, anything else stops the process. A batch that
fails is tried again in smaller pieces, so that one bad record never sinks its neighbours. A record that ends the
process without a word is found by the notes beside the offsets (``quarantine.py``) and put aside as well.
"""

import asyncio
import random
from collections.abc import Iterable
from time import monotonic

import structlog

from shenava.clock import Clock, utc_now
from shenava.errors import Invalid, Transient
from shenava.events import BY_TYPE, Event
from shenava.kafka.dead_letters import DeadLetterLimit
from shenava.kafka.handling import Handler, Handling, Inbound
from shenava.kafka.offsets import Offsets
from shenava.kafka.parking import Parking
from shenava.kafka.ports import OutOfRange, Partition, Subscription, WriteFailed
from shenava.kafka.putting_aside import DeadLetters, Publish
from shenava.kafka.work import Work
from shenava.retry import PROMPT, Backoff
from shenava.settings import KafkaSettings
from shenava.telemetry import metrics

__all__ = ["Consumer", "Handler", "Inbound"]

log = structlog.get_logger(__name__)


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
        self._group = group
        self._max_records = settings.max_records
        self._poll_seconds = settings.poll_timeout.total_seconds()
        self._limit = DeadLetterLimit(ratio=settings.dead_letter_ratio, run=settings.dead_letter_run)
        self._offsets = Offsets(subscription, settings)
        dead_letters = DeadLetters(publish, group=group, clock=clock)
        self._handling = Handling(handler, dead_letters, self._offsets, known=known or BY_TYPE, clock=clock)
        self._parking = Parking(backoff or PROMPT)
        # Held while records are in hand: a rebalance waits here until they are finished and committed.
        self._in_hand = asyncio.Lock()
        self._taken = 0
        self.joined = False
        self.last_sign_of_life = monotonic()

    async def run(self, stop: asyncio.Event) -> None:
        """Turn until ``stop`` is set, then finish, commit and leave the group.

        Raises:
            Fatal: or whatever else a handler raised; the offsets of finished records are committed first.
        """
        try:
            await self._subscription.start(self._on_assigned, self._on_revoked)
            while not stop.is_set():
                await self.turn()
        finally:
            try:
                # aiokafka does not call on_revoked on stop, so the marks are stored here.
                async with self._in_hand:
                    await self._offsets.give_back()
            finally:
                await self._subscription.stop()

    async def turn(self) -> None:
        """Poll once, handle what came and what is due again, commit what is finished."""
        # Outside the lock: while a rebalance waits for the lock, a poll may wait for the rebalance. A poll that brings
        # records is followed by the lock at once, and a rebalance takes the lock only while polls bring none.
        patience = self._parking.wait(monotonic(), self._poll_seconds)
        try:
            polled = await self._subscription.poll(self._max_records, int(patience * 1000))
        except OutOfRange as what:
            self._read_elsewhere(what)
            return
        works = [Work.of(partition, records) for partition, records in polled.items() if records]
        self._taken = sum(len(work.records) for work in works)
        async with self._in_hand:
            try:
                with self._offsets.accountable():
                    if works:
                        self.last_sign_of_life = monotonic()
                        await self._attempt(works)
                    await self._retry_next()
            finally:
                self._taken = 0
                await self._offsets.store()
            self._report()

    @property
    def busy(self) -> bool:
        """Whether records are in hand now."""
        return self._in_hand.locked()

    def blame(self) -> None:
        """Hold it against the records in hand that the process ends now."""
        self._offsets.blame()

    async def behind(self) -> int:
        """Records of our partitions that are written and not yet finished here; asks the brokers.

        For work that should not begin before the past is known. Raises whatever the client raises when they are away.
        """
        waiting = await self._subscription.backlog()
        return waiting + self._taken + self._parking.records

    async def _attempt(self, works: list[Work], attempt: int = 1) -> None:
        """Handle the works, those that are read carefully after the others and by single records."""
        try:
            await self._offsets.take_up(works)
        except Transient as reason:
            self._park(works, attempt, reason)
            return
        careful = [work for work in works if self._offsets.is_careful(work.partition)]
        if together := [work for work in works if work not in careful]:
            await self._together(together, attempt)
        if careful:
            await self._one_by_one(careful, attempt, noted=True)
            await self._offsets.store()

    async def _together(self, works: list[Work], attempt: int) -> None:
        """Handle the works as one batch; what fails is parked, put aside, or tried one by one."""
        try:
            await self._handling.together(works)
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

    async def _one_by_one(self, works: Iterable[Work], attempt: int, *, noted: bool = False) -> None:
        for work in works:
            failed = attempt
            for single in work.singles():
                try:
                    await self._handling.single(single, noted=noted)
                except (Transient, WriteFailed) as reason:
                    self._park([work.since(single)], failed, reason)
                    break
                self._finish([single])
                failed = 1  # it got on: what fails now has not failed before

    def _finish(self, works: Iterable[Work]) -> None:
        for work in works:
            # Before the mark moves: if it stops us, these records are read again after the cause is mended.
            self._limit.judge(work.outcomes())
            self._offsets.finish(work)
            if work.records:
                metrics.CONSUMED.labels(work.partition.topic, "handled").inc(len(work.records))
            if self._parking.release(work.partition):
                self._subscription.resume(work.partition)
        self.last_sign_of_life = monotonic()

    def _park(self, works: Iterable[Work], attempt: int, reason: Exception) -> None:
        chance = random.random()  # noqa: S311 - it spreads the members of a group and is no secret
        for work in works:
            self._subscription.pause(work.partition)
            self._offsets.let_go(work.partition)
            delay = self._parking.put(work, attempt=attempt, now=monotonic(), chance=chance)
            metrics.CONSUMER_RETRIES.labels(work.partition.topic).inc()
            told = {"attempt": attempt, "retry_in": round(delay, 3), "reason": str(reason)[:300]}
            log.warning("partition_parked", **work.partition._asdict(), **told)
        self.last_sign_of_life = monotonic()

    async def _retry_next(self) -> None:
        """Try one partition that is due again; only one a turn, so that the others are not kept waiting."""
        parked = self._parking.due(monotonic())
        if parked is not None:
            await self._attempt([parked.work], parked.attempt + 1)

    def _report(self) -> None:
        self._offsets.report()
        metrics.CONSUMER_PARKED.set(len(self._parking))
        for partition, lag in self._subscription.lag().items():
            metrics.CONSUMER_LAG.labels(partition.topic, partition.partition).set(lag)

    def _read_elsewhere(self, what: OutOfRange) -> None:
        """Tell that a partition is read from its earliest record now, and what is gone of it."""
        partition, gone = what.partition, max(0, what.earliest - what.offset)
        metrics.OUT_OF_RANGE.labels(partition.topic, "records_expired" if gone else "log_lost").inc()
        metrics.NEVER_READ.labels(partition.topic).inc(gone)
        told = {"committed": what.offset, "earliest": what.earliest, "latest": what.latest, "never_read": gone}
        log.error("offsets_out_of_range", **partition._asdict(), **told, group=self._group)
        if not gone:
            # It is another log: marks of the former one would have us skip what is written to it.
            self._offsets.forget(frozenset([partition]))
            if self._parking.release(partition):
                self._subscription.resume(partition)

    async def _on_assigned(self, partitions: frozenset[Partition]) -> None:
        self.joined = True
        self.last_sign_of_life = monotonic()
        log.info("partitions_assigned", count=len(partitions), group=self._group)

    async def _on_revoked(self, partitions: frozenset[Partition]) -> None:
        async with self._in_hand:
            await self._offsets.give_back()
            self._offsets.forget(partitions)
            self._parking.forget(partitions)
            for partition in partitions:
                metrics.CONSUMER_LAG.labels(partition.topic, partition.partition).set(0)
