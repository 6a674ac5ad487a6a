"""What is said of a clock: the events that tell of its levels, its end, and of a verdict that had to be revised.

A clock's record keeps what was said, so that what turns out otherwise is taken back in so many words.
"""

from datetime import datetime
from typing import Any

import msgspec

from shenava.events import SlaBreached, SlaEscalated, SlaEvent, SlaFired, SlaMet, SlaVerdictRevised, SlaWarned
from shenava.events.issues import Queue
from shenava.events.mentions import Severity
from shenava.events.sla import ClockName
from shenava.ids import derive
from sla_watcher.clocks import Clock, elapsed
from sla_watcher.policy import LevelKind
from sla_watcher.timers import Timer

_FIRED: dict[LevelKind, type[SlaFired]] = {"warn": SlaWarned, "breach": SlaBreached, "escalate": SlaEscalated}


class ClockRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A clock as it is stored.

    Attributes:
        said_kept: the verdict the world was last told: False after a breach; None while nothing was said.
        met: whether its SlaMet was told; it is told once.
        revision: how many revisions were told.
    """

    issue_id: str
    round: int
    clock: ClockName
    brand: str
    policy: str
    policy_version: str
    queue: Queue | None
    severity: Severity
    complaint_at: datetime
    routed_at: datetime | None
    acknowledged_at: datetime | None
    started_at: datetime
    deadline_at: datetime
    resting: bool
    stopped_at: datetime | None
    ended_at: datetime | None
    kept: bool | None
    said_kept: bool | None = None
    met: bool = False
    revision: int = 0


def record(issue_id: str, clock: Clock, known: ClockRecord | None) -> ClockRecord:
    """``clock`` as it is to be stored, with what was said of it so far."""
    return ClockRecord(
        issue_id=issue_id,
        round=clock.round,
        clock=clock.name,
        brand=clock.brand,
        policy=clock.policy,
        policy_version=clock.policy_version,
        queue=clock.queue,
        severity=clock.severity,
        complaint_at=clock.complaint_at,
        routed_at=clock.routed_at,
        acknowledged_at=clock.acknowledged_at,
        started_at=clock.started_at,
        deadline_at=clock.deadline_at,
        resting=clock.resting,
        stopped_at=clock.stopped_at,
        ended_at=clock.ended_at,
        kept=clock.kept,
        said_kept=known.said_kept if known else None,
        met=known.met if known else False,
        revision=known.revision if known else 0,
    )


def missing(clock: ClockRecord, at: datetime) -> tuple[str, ...]:
    """Which parts of the promise did not exist at ``at``."""
    if clock.clock == "resolution":
        return () if clock.stopped_at is not None and clock.stopped_at <= at else ("resolution",)
    halves = (("reply", clock.acknowledged_at), ("routing", clock.routed_at))
    return tuple(name for name, done_at in halves if done_at is None or done_at > at)


def fired(clock: ClockRecord, timer: Timer, now: datetime) -> SlaFired:
    """The event of a level of ``clock`` that is told at ``now``. Its id follows from what it is, not from when."""
    return _FIRED[timer.kind](
        event_id=derive("sla", clock.issue_id, clock.round, clock.clock, timer.level),
        occurred_at=now,
        level=timer.level,
        due_at=timer.due_at,
        late_by=max(0.0, (now - timer.due_at).total_seconds()),
        tell=timer.tell,
        missing=missing(clock, timer.due_at),
        **_common(clock),
    )


def revise(
    clock: ClockRecord, known: ClockRecord | None, *, spoken: bool, now: datetime
) -> tuple[ClockRecord, list[SlaEvent]]:
    """What the new state of ``clock`` obliges to take back, and the clock once that is said.

    ``known`` is the clock as it was stored before. When anything was said of it then (``spoken``), a deadline that
    moves must be told.
    """
    verdict = _verdict(clock, now)
    moved = spoken and known is not None and known.deadline_at != clock.deadline_at
    overturned = clock.said_kept is not None and verdict != clock.said_kept
    if known is None or not (moved or overturned):
        return clock, []
    event = _revised(clock, known, now, verdict=verdict)
    return msgspec.structs.replace(clock, said_kept=verdict, revision=clock.revision + 1), [event]


def conclude(clock: ClockRecord) -> tuple[ClockRecord, list[SlaEvent]]:
    """The end of ``clock``, if it has one that was not told, and the clock once that is said."""
    if clock.stopped_at is None or clock.kept is None or clock.met:
        return clock, []
    event = _met(clock, clock.stopped_at, kept=clock.kept)
    return msgspec.structs.replace(clock, said_kept=clock.kept, met=True), [event]


def _verdict(clock: ClockRecord, now: datetime) -> bool | None:
    """The verdict that stands: a stop decides; without one, a breach stands if the clock ran to its deadline."""
    if clock.kept is not None:
        return clock.kept
    return clock.said_kept if (clock.ended_at or now) >= clock.deadline_at else None


def _met(clock: ClockRecord, stopped_at: datetime, *, kept: bool) -> SlaMet:
    return SlaMet(
        event_id=derive("sla-met", clock.issue_id, clock.round, clock.clock),
        occurred_at=stopped_at,
        stopped_at=stopped_at,
        kept=kept,
        elapsed_from_complaint=elapsed(clock.complaint_at, stopped_at) or 0.0,
        elapsed_from_handoff=elapsed(clock.routed_at, stopped_at),
        **_common(clock),
    )


def _revised(clock: ClockRecord, known: ClockRecord, now: datetime, *, verdict: bool | None) -> SlaVerdictRevised:
    if known.policy_version != clock.policy_version or known.policy != clock.policy:
        reason = "policy_changed"
    elif clock.said_kept is not None and clock.said_kept != verdict:
        reason = "late_event"
    else:
        reason = "deadline_moved"
    return SlaVerdictRevised(
        event_id=derive("sla-revised", clock.issue_id, clock.round, clock.clock, clock.revision + 1),
        occurred_at=now,
        reason=reason,
        was_kept=clock.said_kept,
        kept=verdict,
        previous_deadline_at=known.deadline_at if known.deadline_at != clock.deadline_at else None,
        **_common(clock),
    )


def _common(clock: ClockRecord) -> dict[str, Any]:
    return {
        "brand": clock.brand,
        "issue_id": clock.issue_id,
        "round": clock.round,
        "clock": clock.clock,
        "policy": clock.policy,
        "queue": clock.queue,
        "severity": clock.severity,
        "started_at": clock.started_at,
        "deadline_at": clock.deadline_at,
    }
