"""What callers are shown of clocks and timers, made from what is stored. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

import msgspec

from shenava.events.issues import Queue
from shenava.events.mentions import Severity
from shenava.events.sla import ClockName
from sla_watcher.clocks import elapsed
from sla_watcher.lifecycle import fold
from sla_watcher.policy import CLOCKS, LevelKind
from sla_watcher.reckoning import Known
from sla_watcher.timers import Timer
from sla_watcher.verdicts import ClockRecord, missing

State = Literal["running", "resting", "stopped", "ended"]


class LevelView(msgspec.Struct, frozen=True, kw_only=True):
    """One level of the ladder.

    Attributes:
        late_by: seconds from falling due to firing; null until it has fired.
        cancelled_at: when it became void without having fired.
    """

    level: str
    kind: LevelKind
    tell: tuple[str, ...]
    due_at: datetime
    fired_at: datetime | None
    late_by: float | None
    cancelled_at: datetime | None


class ClockView(msgspec.Struct, frozen=True, kw_only=True):
    """One clock of one round.

    Attributes:
        state: `resting` is paused; `stopped` fulfilled; `ended` closed, reopened or resolved without being fulfilled.
        kept: whether it stopped in time; null without a stop.
        missing: parts of the promise that do not exist yet: `reply`, `routing`, `resolution`.
        acknowledged_at: when the author had the reply, the one half of triage.
        routed_at: when somebody became accountable, the other half.
        elapsed_from_complaint: seconds from the complaint to the end of the clock, or to now; pauses count.
        elapsed_from_handoff: the same from the hand-off; null while there was none.
        revisions: how often a deadline or a verdict that had been told was revised.
    """

    round: int
    clock: ClockName
    state: State
    policy: str
    policy_version: str
    queue: Queue | None
    severity: Severity
    complaint_at: datetime
    acknowledged_at: datetime | None
    routed_at: datetime | None
    started_at: datetime
    deadline_at: datetime
    stopped_at: datetime | None
    ended_at: datetime | None
    kept: bool | None
    missing: tuple[str, ...]
    elapsed_from_complaint: float | None
    elapsed_from_handoff: float | None
    revisions: int
    timers: tuple[LevelView, ...]


class IssueClocks(msgspec.Struct, frozen=True, kw_only=True):
    """Every clock of an issue, and which of its rounds moved to a private channel.

    Attributes:
        at: PostgreSQL's time of this answer.
        moved_private_at: by round.
    """

    issue_id: str
    brand: str
    at: datetime
    moved_private_at: dict[int, datetime]
    clocks: tuple[ClockView, ...]


class ClockSummary(msgspec.Struct, frozen=True, kw_only=True):
    """All clocks together.

    Attributes:
        running: number of clocks that have not ended, by clock.
        next_due: when the next level falls due.
        oldest_unfired_due: the due time of the oldest level that is due and not fired; null when nothing is overdue.
        overdue_seconds: how long that one is overdue.
        policy_version: of the policies in force.
    """

    at: datetime
    running: dict[ClockName, int]
    next_due: datetime | None
    oldest_unfired_due: datetime | None
    overdue_seconds: float
    policy_version: str


def issue_clocks(known: Known, at: datetime) -> IssueClocks:
    """``known`` as it is shown at ``at``."""
    rounds = fold(known.steps)
    return IssueClocks(
        issue_id=known.issue_id,
        brand=rounds[0].brand,
        at=at,
        moved_private_at={each.number: each.moved_private_at for each in rounds if each.moved_private_at},
        clocks=tuple(_clock(clock, known, at) for clock in known.clocks),
    )


def summary(
    at: datetime, running: Mapping[str, int], oldest: datetime | None, upcoming: datetime | None, version: str
) -> ClockSummary:
    """All clocks at ``at``."""
    return ClockSummary(
        at=at,
        running={clock: running.get(clock, 0) for clock in CLOCKS},
        next_due=upcoming,
        oldest_unfired_due=oldest,
        overdue_seconds=(at - oldest).total_seconds() if oldest else 0.0,
        policy_version=version,
    )


def _clock(clock: ClockRecord, known: Known, at: datetime) -> ClockView:
    until = clock.stopped_at or clock.ended_at or at
    return ClockView(
        round=clock.round,
        clock=clock.clock,
        state=_state(clock),
        policy=clock.policy,
        policy_version=clock.policy_version,
        queue=clock.queue,
        severity=clock.severity,
        complaint_at=clock.complaint_at,
        acknowledged_at=clock.acknowledged_at,
        routed_at=clock.routed_at,
        started_at=clock.started_at,
        deadline_at=clock.deadline_at,
        stopped_at=clock.stopped_at,
        ended_at=clock.ended_at,
        kept=clock.kept,
        missing=missing(clock, at),
        elapsed_from_complaint=elapsed(clock.complaint_at, until),
        elapsed_from_handoff=elapsed(clock.routed_at, until),
        revisions=clock.revision,
        timers=tuple(_level(t) for t in known.timers if (t.round, t.clock) == (clock.round, clock.clock)),
    )


def _state(clock: ClockRecord) -> State:
    if clock.stopped_at is not None:
        return "stopped"
    if clock.ended_at is not None:
        return "ended"
    return "resting" if clock.resting else "running"


def _level(timer: Timer) -> LevelView:
    late_by = (timer.fired_at - timer.due_at).total_seconds() if timer.fired_at else None
    return LevelView(
        level=timer.level,
        kind=timer.kind,
        tell=timer.tell,
        due_at=timer.due_at,
        fired_at=timer.fired_at,
        late_by=late_by,
        cancelled_at=timer.cancelled_at,
    )
