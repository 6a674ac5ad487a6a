"""The group's offsets as one member stores them, with the notes beside them that tell what is in hand."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import structlog

from shenava.crash_points import reach
from shenava.errors import Fatal, Invalid, Transient
from shenava.kafka.ports import CommitRefused, Partition, Subscription
from shenava.kafka.progress import Progress
from shenava.kafka.quarantine import Quarantine
from shenava.kafka.work import Work
from shenava.settings import KafkaSettings
from shenava.telemetry import metrics

log = structlog.get_logger(__name__)

COMMIT_TIMEOUT_SECONDS = 5.0


class Offsets:
    """How far our partitions are finished, and what is in hand of them."""

    def __init__(self, subscription: Subscription, settings: KafkaSettings) -> None:
        self._subscription = subscription
        self._progress = Progress()
        self._quarantine = Quarantine(
            after=settings.quarantine_after, limit=settings.quarantine_limit, window=settings.max_records
        )

    def is_careful(self, partition: Partition) -> bool:
        """Whether the partition's records are to be handled one at a time, each by :meth:`take_one`."""
        return self._quarantine.is_careful(partition)

    async def take_up(self, works: Sequence[Work]) -> None:
        """Note that the works are about to be handled, where that is not noted yet.

        Raises:
            Transient: it cannot be stored; the works must not be handled.
        """
        await self._learn(works)
        together = [work for work in works if not self._quarantine.is_careful(work.partition)]
        self._quarantine.take(work.partition for work in together)
        taken = [work for work in together if self._quarantine.must_note(work.partition)]
        if taken:
            await self._take(taken)

    async def take_one(self, single: Work) -> Invalid | None:
        """Note that one record is about to be handled, of a partition that was read carefully when its work began.

        Returns: why it must be put aside instead, if it has killed the process too often.

        Raises:
            Transient: it cannot be stored; the record must not be handled.
            TooManyKillers: too many others nearby were put aside for that before.
        """
        self._progress.begin(single.partition, single.first)
        is_careful = self._quarantine.is_careful(single.partition)
        if is_careful and self._quarantine.is_killer(single.partition):
            return self._quarantine.reason(single.partition)
        # Behind the careful stretch as well what is finished is stored first: none of it may be blamed for the next.
        self._quarantine.take([single.partition])
        await self._take([single] if is_careful else [])
        return None

    def hold(self, single: Work) -> None:
        """The next one of a batch is about to be handled, that is noted as a whole."""
        self._quarantine.take([single.partition])

    def put_aside(self, single: Work) -> None:
        """The record that :meth:`take_one` refused is a dead letter now."""
        self._quarantine.put_aside(single.partition)
        metrics.QUARANTINED.labels(single.partition.topic).inc()

    def finish(self, work: Work) -> None:
        """All of the work is handled or put aside."""
        self._progress.finish(work.partition, work.through)
        self._quarantine.finished(work.partition, work.through + 1)

    def let_go(self, partition: Partition) -> None:
        """What is in hand of it is to be tried again later."""
        self._quarantine.let_go([partition])

    def blame(self) -> None:
        """The process is about to end over what is in hand."""
        self._quarantine.blame()

    @contextmanager
    def accountable(self) -> Iterator[None]:
        """What ends the work within is held against the records in hand.

        Unless the process says itself that it cannot go on, or is told to stop.
        """
        try:
            yield
        except (Fatal, asyncio.CancelledError):
            self._quarantine.let_go()
            raise
        except BaseException:
            self._quarantine.blame()
            raise

    async def give_back(self) -> None:
        """Store what is finished as one who has nothing in hand and gives all of it back."""
        self._quarantine.give_back()
        await self.store()

    async def store(self) -> None:
        """Store what is finished, and take back what was noted of records that were let go."""
        marks = self._progress.uncommitted()
        if not marks and not self._quarantine.overstated():
            return
        if marks:
            reach("consumer.handled")
        try:
            await self._commit()
        except (CommitRefused, TimeoutError) as error:
            # The work is done; a repeat of it is absorbed by the inbox.
            log.warning("offsets_not_committed", reason=str(error) or type(error).__name__)
            return
        if marks:
            metrics.CONSUMER_PROGRESS.set_to_current_time()

    def forget(self, partitions: frozenset[Partition]) -> None:
        """They are not ours any more, or are read from elsewhere."""
        self._progress.forget(partitions)
        self._quarantine.forget(partitions)

    def report(self) -> None:
        """Tell how many partitions are read carefully."""
        metrics.CONSUMER_CAREFUL.set(self._quarantine.careful())

    async def _learn(self, works: Iterable[Work]) -> None:
        fresh = {work.partition: work for work in works}
        unknown = self._quarantine.unknown(fresh)
        if not unknown:
            return
        stored = await self._subscription.committed(unknown)
        lags = self._subscription.lag()
        for partition in unknown:
            work, lag = fresh[partition], lags.get(partition)
            end = None if lag is None else work.through + 1 + lag
            self._quarantine.learn(partition, stored.get(partition), head=work.first, end=end)
            if self._quarantine.is_careful(partition):
                log.warning("partition_read_carefully", **partition._asdict(), offset=work.first)

    async def _take(self, works: Sequence[Work]) -> None:
        for work in works:
            self._progress.begin(work.partition, work.first)
        taken = [work.partition for work in works]
        try:
            await self._commit(taken)
        except (CommitRefused, TimeoutError) as error:
            raise Transient(f"what is in hand cannot be noted: {error!r}") from error

    async def _commit(self, also: Iterable[Partition] = ()) -> None:
        overstated = self._quarantine.overstated()
        marks = self._progress.uncommitted() | {p: self._progress.mark(p) for p in (*also, *overstated)}
        notes = {partition: self._quarantine.note(partition) for partition in marks}
        try:
            await asyncio.wait_for(self._subscription.commit(marks, notes), COMMIT_TIMEOUT_SECONDS)
        except (CommitRefused, TimeoutError):
            metrics.CONSUMER_COMMIT_FAILURES.inc()
            raise
        self._progress.committed(marks)
        self._quarantine.stored(overstated)
