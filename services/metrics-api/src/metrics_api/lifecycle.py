"""Folds an issue's events, in the order of their sequence, into its state and its rounds. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from metrics_api.projection import Step
from metrics_api.rows import NONE, IssueEventRow, IssueRow, RoundRow

_MICROSECOND = timedelta(microseconds=1)
_PROGRESS = ("open", "routed", "acknowledged", "moved_private")
_steps = msgspec.json.Decoder(Step)


class Extent(NamedTuple):
    """How much of an issue's life is here, counted over all its events."""

    issue_id: str
    brand: str
    first_at: datetime
    last_sequence: int
    seen: int


class Folded(NamedTuple):
    """What an issue's events come to."""

    issue: IssueRow
    rounds: tuple[RoundRow, ...]


def step_of(event: IssueEventRow) -> Step:
    """The facts that the event brings."""
    return _steps.decode(event.step)


def fold(extent: Extent, events: Iterable[IssueEventRow]) -> Folded:
    """The issue and its rounds.

    Args:
        extent: over all events, those that only add a mention included.
        events: the others, in any order.
    """
    story = _Story(extent)
    for event in sorted(events, key=lambda event: event.sequence):
        story.tell(event, step_of(event))
    return Folded(story.issue(), story.finished_rounds())


@dataclass
class _Round:
    """One round while its events are read."""

    number: int
    complaint_at: datetime | None = None
    routed_at: datetime | None = None
    acknowledged_at: datetime | None = None
    moved_private_at: datetime | None = None
    resolved_at: datetime | None = None
    resolution: str | None = None
    reopened_at: datetime | None = None
    ended_at: datetime | None = None
    pauses: list[tuple[datetime, datetime]] = field(default_factory=list)
    paused_since: datetime | None = None
    dimensions: dict[str, str] = field(default_factory=dict)
    decision: tuple[str | None, str | None] = (None, None)

    def end_pause(self, at: datetime) -> None:
        """A pause ends when the issue is resumed, resolved or closed."""
        if self.paused_since is not None:
            self.pauses.append((self.paused_since, at))
            self.paused_since = None

    def paused_us(self, anchor: datetime | None) -> int:
        """Microseconds of ended pauses from ``anchor`` on."""
        if anchor is None:
            return 0
        spans = (max(timedelta(), end - max(begin, anchor)) for begin, end in self.pauses)
        return sum(span // _MICROSECOND for span in spans)


class _Story:
    """The issue while its events are read in their order."""

    def __init__(self, extent: Extent) -> None:
        self._extent = extent
        self._rounds: dict[int, _Round] = {}
        self._round = 1
        self._dimensions = dict.fromkeys(("channel", "language", "intent", "severity", "queue"), NONE)
        self._complaint_at: datetime | None = None
        self._mention_id: str | None = None
        self._rule_id: str | None = None
        self._rulebook_version: str | None = None
        self._fallback = False
        self._starts_clocks = True
        self._opened = False
        self._progress = 0
        self._end: str | None = None

    def tell(self, event: IssueEventRow, step: Step) -> None:
        """Take in the next event."""
        self._take_facts(step)
        self._round = max(self._round, event.round)
        current = self._rounds.setdefault(event.round, _Round(event.round))
        current.complaint_at = current.complaint_at or step.complaint_at
        self._advance(current, event, step)
        current.dimensions = dict(self._dimensions)
        current.decision = (self._rule_id, self._rulebook_version)

    def _take_facts(self, step: Step) -> None:
        for name in self._dimensions:
            self._dimensions[name] = getattr(step, name) or self._dimensions[name]
        self._complaint_at = self._complaint_at or step.complaint_at
        self._mention_id = self._mention_id or step.mention_id
        self._rule_id = step.rule_id or self._rule_id
        self._rulebook_version = step.rulebook_version or self._rulebook_version
        self._fallback = self._fallback if step.fallback is None else step.fallback
        self._starts_clocks = self._starts_clocks if step.starts_clocks is None else step.starts_clocks

    def _advance(self, current: _Round, event: IssueEventRow, step: Step) -> None:
        at = event.occurred_at
        match event.kind:
            case "opened":
                self._opened = True
            case "routed":
                current.routed_at = current.routed_at or at
                self._reach("routed")
            case "acknowledged":
                current.acknowledged_at = current.acknowledged_at or at
                self._reach("acknowledged")
            case "moved-private":
                current.moved_private_at = current.moved_private_at or at
                self._reach("moved_private")
            case "paused":
                current.paused_since = current.paused_since or at
            case "resumed":
                current.end_pause(at)
            case "resolved":
                current.end_pause(at)
                current.resolved_at = current.resolved_at or at
                current.resolution = current.resolution or step.resolution
                self._end = "resolved"
            case "reopened":
                self._reopen(current, at)
            case "closed":
                current.end_pause(at)
                current.ended_at = current.ended_at or at
                self._end = "closed"

    def _reach(self, state: str) -> None:
        self._progress = max(self._progress, _PROGRESS.index(state))

    def _reopen(self, current: _Round, at: datetime) -> None:
        self._end = None
        self._progress = 0
        current.reopened_at = at
        for number, before in self._rounds.items():
            if number < current.number:
                before.end_pause(at)
                before.ended_at = before.ended_at or at

    def issue(self) -> IssueRow:
        """The issue as it stands."""
        extent = self._extent
        standing = self._end or _PROGRESS[self._progress]
        return IssueRow(
            issue_id=extent.issue_id,
            brand=extent.brand,
            state=standing if self._opened else "unknown",
            complaint_at=self._complaint_at or extent.first_at,
            mention_id=self._mention_id,
            rule_id=self._rule_id,
            rulebook_version=self._rulebook_version,
            fallback=self._fallback,
            last_sequence=extent.last_sequence,
            seen=extent.seen,
            **self._dimensions,
        )

    def finished_rounds(self) -> tuple[RoundRow, ...]:
        """The rounds whose complaint is known, in their order."""
        return tuple(
            self._round_row(told, told.complaint_at)
            for _, told in sorted(self._rounds.items())
            if told.complaint_at is not None
        )

    def _round_row(self, told: _Round, complaint_at: datetime) -> RoundRow:
        routed_before = any(other.routed_at for number, other in self._rounds.items() if number < told.number)
        routed_at = told.routed_at or (told.reopened_at if routed_before else None)
        return RoundRow(
            issue_id=self._extent.issue_id,
            round=told.number,
            brand=self._extent.brand,
            complaint_at=complaint_at,
            mention_id=self._mention_id,
            rule_id=told.decision[0],
            rulebook_version=told.decision[1],
            starts_clocks=self._starts_clocks or told.number > 1,
            routed_at=routed_at,
            acknowledged_at=told.acknowledged_at,
            moved_private_at=told.moved_private_at,
            resolved_at=told.resolved_at,
            resolution=told.resolution,
            ended_at=told.ended_at,
            paused_us=told.paused_us(complaint_at),
            paused_since_handoff_us=told.paused_us(routed_at),
            paused_since=told.paused_since,
            **told.dimensions,
        )
