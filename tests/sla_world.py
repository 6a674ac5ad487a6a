"""The sla-watcher without servers: its pure core around a store in memory, driven by a clock that tests set."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import msgspec

from shenava.events import IssueEvent, SlaBreached, SlaEvent, SlaMet, SlaVerdictRevised
from shenava.testing import builders
from shenava.testing.builders import BASE, ISSUE
from sla_watcher.lifecycle import Step, step_of
from sla_watcher.policy import SlaPolicies, parse
from sla_watcher.reckoning import Known, PolicyBook, reckon
from sla_watcher.timers import Timer
from sla_watcher.verdicts import fired

STANDARD = parse("policies: [{name: standard}]")
HANDOFF = parse("policies: [{name: standard, resolution: {anchor: handoff}}]")


def hours(number: float) -> datetime:
    """The instant this many hours after the complaint."""
    return BASE + timedelta(hours=number)


def story(**at: float | None) -> list[IssueEvent]:
    """Events of one issue, their kinds by keyword (``routed=1``), each at that hour; None for what did not happen.

    The sequence follows the order of the keywords.
    """
    happened = [(kind, hour) for kind, hour in at.items() if hour is not None]
    return [event(kind, hour, sequence) for sequence, (kind, hour) in enumerate(happened, start=1)]


def event(kind: str, hour: float, sequence: int, **over: Any) -> IssueEvent:
    """The event called ``kind``, ``hour`` hours after the complaint."""
    made: IssueEvent = getattr(builders, f"issue_{kind}")(occurred_at=hours(hour), sequence=sequence, **over)
    return made


def steps(events: Iterable[IssueEvent]) -> list[Step]:
    """The steps that clocks follow from ``events``."""
    return [step for step in map(step_of, events) if step is not None]


class World:
    """One issue, its store, its watcher and the time, all in memory.

    Attributes:
        told: every event that was staged, in order.
    """

    def __init__(self, policies: SlaPolicies = STANDARD, now: datetime = BASE) -> None:
        self.book = PolicyBook(policies)
        self.now = now
        self.known = Known(ISSUE)
        self.told: list[SlaEvent] = []

    def at(self, hour: float) -> "World":
        """Move the clock to ``hour`` hours after the complaint."""
        self.now = hours(hour)
        return self

    def hear(self, *events: IssueEvent) -> "World":
        """Take in ``events`` as the handler does: what is known already changes nothing."""
        heard = {step.sequence for step in self.known.steps}
        fresh = {step.sequence: step for step in steps(events) if step.sequence not in heard}
        if fresh:
            self.known = replace(self.known, steps=(*self.known.steps, *fresh.values()))
            self._reckon()
        return self

    def adopt(self, policies: SlaPolicies) -> "World":
        """Put other policies in force and reckon anew, as after a restart with a changed file."""
        past = {**self.book.past, self.book.current.version: self.book.current}
        self.book = PolicyBook(policies, past)
        self._reckon()
        return self

    def watch(self) -> "World":
        """Fire what is due, as the watcher does."""
        due = sorted((t for t in self.known.timers if t.pending and t.due_at <= self.now), key=lambda t: t.order)
        for timer in due:
            clock = next(c for c in self.known.clocks if (c.round, c.clock) == (timer.round, timer.clock))
            self.told.append(fired(clock, timer, self.now))
            self._keep_timers([msgspec.structs.replace(timer, fired_at=self.now)])
            if timer.kind == "breach":
                self._keep_clocks([msgspec.structs.replace(clock, said_kept=False)])
        return self

    def of(self, kind: type[SlaEvent]) -> list[SlaEvent]:
        """What was told of this kind."""
        return [event for event in self.told if isinstance(event, kind)]

    def _reckon(self) -> None:
        outcome = reckon(self.known, self.book, self.now)
        self._keep_clocks(outcome.clocks)
        self._keep_timers(outcome.timers)
        self.told += outcome.events

    def _keep_clocks(self, changed: Sequence[Any]) -> None:
        kept = {(c.round, c.clock): c for c in (*self.known.clocks, *changed)}
        self.known = replace(self.known, clocks=tuple(kept.values()))

    def _keep_timers(self, changed: Sequence[Timer]) -> None:
        kept = {t.key: t for t in (*self.known.timers, *changed)}
        self.known = replace(self.known, timers=tuple(kept.values()))


def last_word(told: Sequence[SlaEvent], number: int, name: str) -> bool | None:
    """Whether the promise of that round and clock was kept, as was said last; None while nothing was."""
    said: bool | None = None
    for each in told:
        if (each.round, each.clock) == (number, name):
            if isinstance(each, SlaBreached):
                said = False
            elif isinstance(each, SlaMet | SlaVerdictRevised):
                said = each.kept
    return said
