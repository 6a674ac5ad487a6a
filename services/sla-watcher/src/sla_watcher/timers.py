"""Timers: when each level of a clock's ladder falls due, and how a new reckoning changes those that were set before."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import msgspec

from shenava.events.sla import ClockName
from sla_watcher.clocks import Clock
from sla_watcher.policy import LevelKind


class TimerKey(NamedTuple):
    """What makes a firing unique within its issue."""

    round: int
    clock: ClockName
    level: str


class Timer(msgspec.Struct, frozen=True, kw_only=True):
    """One level of one clock.

    Attributes:
        rung: its place in the ladder, which orders levels that fall due together.
        fired_at: when it was told; it is never told again, nor taken back.
        cancelled_at: when it became void; a later reckoning may set it again.
    """

    round: int
    clock: ClockName
    level: str
    rung: int
    kind: LevelKind
    tell: tuple[str, ...]
    due_at: datetime
    fired_at: datetime | None = None
    cancelled_at: datetime | None = None

    @property
    def key(self) -> TimerKey:
        """Its identity."""
        return TimerKey(self.round, self.clock, self.level)

    @property
    def order(self) -> tuple[datetime, ClockName, int]:
        """What comes first is told first."""
        return self.due_at, self.clock, self.rung

    @property
    def pending(self) -> bool:
        """Whether it is still to be told."""
        return self.fired_at is None and self.cancelled_at is None


@dataclass(frozen=True, slots=True)
class Changes:
    """What a new reckoning does to the timers of an issue; each is the timer as it shall stand."""

    inserted: tuple[Timer, ...]
    moved: tuple[Timer, ...]
    cancelled: tuple[Timer, ...]


def desired(clock: Clock) -> tuple[Timer, ...]:
    """One timer per level that the clock reaches, or will if nothing happens; in the order they fall due.

    A level due before the clock's end was truly reached, even if nobody was there to tell it; one due at the end or
    later never was. A level that a rest holds up has no due time until the clock runs again.
    """
    timers = []
    for rung, level in enumerate(clock.terms.ladder):
        due_at = clock.due(level.offset.of(clock.terms.target))
        if due_at is None or (clock.ended_at is not None and due_at >= clock.ended_at):
            continue
        timers.append(
            Timer(
                round=clock.round,
                clock=clock.name,
                level=level.name,
                rung=rung,
                kind=level.kind,
                tell=level.tell,
                due_at=due_at,
            )
        )
    return tuple(sorted(timers, key=lambda timer: timer.order))


def reconcile(existing: Iterable[Timer], wanted: Iterable[Timer], now: datetime) -> Changes:
    """How to get from the timers that ``existing`` clocks have to those that are ``wanted``.

    A timer that has fired stays as it is, whatever is wanted.
    """
    had = {timer.key: timer for timer in existing}
    want = {timer.key: timer for timer in wanted}
    return Changes(
        inserted=tuple(timer for key, timer in want.items() if key not in had),
        moved=tuple(
            timer for key, timer in want.items() if key in had and had[key].fired_at is None and had[key] != timer
        ),
        cancelled=tuple(
            msgspec.structs.replace(timer, cancelled_at=now)
            for key, timer in had.items()
            if key not in want and timer.pending
        ),
    )
