"""The whole decision about one issue: from what is known and what was said to what is stored and what is told now."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from shenava.events import SlaEvent
from sla_watcher.clocks import Clock, clock_of
from sla_watcher.lifecycle import Step, fold
from sla_watcher.policy import CLOCKS, SlaPolicies
from sla_watcher.timers import Timer, desired, reconcile
from sla_watcher.verdicts import ClockRecord, conclude, fired, record, revise


@dataclass(frozen=True, slots=True)
class Known:
    """What is stored of one issue."""

    issue_id: str
    steps: tuple[Step, ...] = ()
    clocks: tuple[ClockRecord, ...] = ()
    timers: tuple[Timer, ...] = ()


@dataclass(slots=True)
class Outcome:
    """What changes: clocks and timers as they shall stand, and the events to be staged, in their order.

    Attributes:
        first_due: when the first of all pending timers of the issue falls due, changed or not.
    """

    clocks: list[ClockRecord] = field(default_factory=list)
    timers: list[Timer] = field(default_factory=list)
    events: list[SlaEvent] = field(default_factory=list)
    first_due: datetime | None = None


@dataclass(frozen=True, slots=True)
class PolicyBook:
    """The policies in force, and by version those under which clocks have ended."""

    current: SlaPolicies
    past: Mapping[str, SlaPolicies] = field(default_factory=dict)

    def of(self, known: ClockRecord | None) -> SlaPolicies:
        """What a clock is judged by: one that has ended keeps the policies that it ended under."""
        if known is None or known.ended_at is None or known.policy_version == self.current.version:
            return self.current
        return self.past[known.policy_version]


def reckon(known: Known, book: PolicyBook, now: datetime) -> Outcome:
    """Fold the steps of an issue and bring its clocks and timers up to them.

    A clock that was known is never lost: one that would not start under changed policies stays as it is until it does.
    """
    outcome = Outcome()
    records = {(clock.round, clock.clock): clock for clock in known.clocks}
    for state in fold(known.steps):
        for name in CLOCKS:
            before = records.get((state.number, name))
            clock = clock_of(state, name, book.of(before))
            if clock is not None:
                part = _bring_up(clock, before, known, now)
                outcome.clocks += part.clocks
                outcome.timers += part.timers
                outcome.events += part.events
    standing = {timer.key: timer for timer in (*known.timers, *outcome.timers)}
    outcome.first_due = min((timer.due_at for timer in standing.values() if timer.pending), default=None)
    return outcome


def _bring_up(clock: Clock, before: ClockRecord | None, known: Known, now: datetime) -> Outcome:
    after = record(known.issue_id, clock, before)
    timers = {timer.key: timer for timer in known.timers if timer.key[:2] == (clock.round, clock.name)}
    spoken = (before is not None and before.met) or any(timer.fired_at is not None for timer in timers.values())
    changes = reconcile(timers.values(), desired(clock), now)
    changed = {timer.key: timer for timer in (*changes.inserted, *changes.moved, *changes.cancelled)}
    # That a deadline moved is told before anything that names it.
    after, events = revise(after, before, spoken=spoken, now=now)
    if clock.ended_at is not None:
        # What was reached before the end is told before the end is: nothing of a clock follows its SlaMet.
        for timer in _overdue({**timers, **changed}.values(), now):
            changed[timer.key] = msgspec.structs.replace(timer, fired_at=now)
            events.append(fired(after, timer, now))
            after = msgspec.structs.replace(after, said_kept=False) if timer.kind == "breach" else after
    after, met = conclude(after)
    return Outcome(clocks=[after] if after != before else [], timers=list(changed.values()), events=[*events, *met])


def _overdue(timers: Iterable[Timer], now: datetime) -> list[Timer]:
    return sorted((t for t in timers if t.pending and t.due_at <= now), key=lambda timer: timer.order)
