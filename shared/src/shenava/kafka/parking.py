"""Partitions that wait to be tried again, and when. Pure: the time is a parameter."""

from collections.abc import Iterable
from dataclasses import dataclass

from shenava.kafka.ports import Partition
from shenava.kafka.work import Work
from shenava.retry import Backoff


@dataclass(frozen=True, slots=True)
class Parked:
    """Work that failed ``attempt`` times and is due again at ``retry_at`` seconds on the monotonic clock."""

    work: Work
    attempt: int
    retry_at: float


class Parking:
    """At most one work of each partition; what comes after it in the partition is not read meanwhile."""

    def __init__(self, backoff: Backoff) -> None:
        self._backoff = backoff
        self._parked: dict[Partition, Parked] = {}

    def __len__(self) -> int:
        return len(self._parked)

    @property
    def records(self) -> int:
        """How many records wait here."""
        return sum(len(parked.work.records) for parked in self._parked.values())

    def put(self, work: Work, *, attempt: int, now: float, chance: float) -> float:
        """Park ``work`` after its failed ``attempt``; returns the delay in seconds. ``chance`` spreads the members."""
        delay = self._backoff.delay(attempt, chance).total_seconds()
        self._parked[work.partition] = Parked(work, attempt, now + delay)
        return delay

    def due(self, now: float) -> Parked | None:
        """The one that has been due the longest, if any is; it stays here until it is released or parked again."""
        first = min(self._parked.values(), key=lambda parked: parked.retry_at, default=None)
        return first if first is not None and first.retry_at <= now else None

    def wait(self, now: float, limit: float) -> float:
        """Seconds until the next one is due, but no more than ``limit``."""
        return max(0.0, min([limit, *(parked.retry_at - now for parked in self._parked.values())]))

    def release(self, partition: Partition) -> bool:
        """The partition goes on; whether it was parked."""
        return self._parked.pop(partition, None) is not None

    def forget(self, partitions: Iterable[Partition]) -> None:
        """These are not ours any more: their new owner reads them again."""
        for partition in partitions:
            self._parked.pop(partition, None)
