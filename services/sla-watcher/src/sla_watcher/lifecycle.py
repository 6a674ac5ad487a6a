"""What happened to an issue, as far as clocks care: its events made small, and folded to a state per round.

The fold looks at sequence numbers and at times within the events, never at when they arrived, so any order and any
repetition of the same events gives the same state.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import msgspec

from shenava.errors import Invalid
from shenava.events import (
    IssueAcknowledged,
    IssueClosed,
    IssueEvent,
    IssueMovedPrivate,
    IssueOpened,
    IssuePaused,
    IssueReassigned,
    IssueReopened,
    IssueResolved,
    IssueResumed,
    IssueRouted,
)
from shenava.events.issues import Queue
from shenava.events.mentions import Severity

StepKind = Literal[
    "opened", "routed", "acknowledged", "moved_private", "paused", "resumed", "reassigned", "resolved", "reopened",
    "closed",
]  # fmt: skip

_MAX_NUMBER = 2**31 - 1  # PostgreSQL's integer
_FIRST_YEAR, _LAST_YEAR = 1900, 9000

_KINDS: dict[type[IssueEvent], StepKind] = {
    IssueOpened: "opened",
    IssueRouted: "routed",
    IssueAcknowledged: "acknowledged",
    IssueMovedPrivate: "moved_private",
    IssuePaused: "paused",
    IssueResumed: "resumed",
    IssueReassigned: "reassigned",
    IssueResolved: "resolved",
    IssueReopened: "reopened",
    IssueClosed: "closed",
}


class Step(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the clocks need of one issue event: no text, no author, nothing to be erased later.

    Attributes:
        live: False when the event says that the issue came by the backfill lane.
    """

    sequence: int
    round: int
    kind: StepKind
    at: datetime
    brand: str = "default"
    queue: Queue | None = None
    severity: Severity | None = None
    complaint_at: datetime | None = None
    live: bool = True


def step_of(event: IssueEvent) -> Step | None:
    """The step that ``event`` is, or None when no clock depends on it (one more mention).

    Raises:
        Invalid: no clock can be kept or stored with what it says.
    """
    kind = _KINDS.get(type(event))
    if kind is None:
        return None
    live = event.starts_clocks if isinstance(event, IssueOpened) else True
    if isinstance(event, IssueRouted):
        live = event.mention.lane == "live"
    step = Step(
        sequence=event.sequence,
        round=event.round,
        kind=kind,
        at=event.occurred_at,
        brand=event.brand,
        queue=event.queue if isinstance(event, IssueRouted | IssueReassigned) else None,
        severity=event.severity if isinstance(event, IssueOpened | IssueRouted) else None,
        complaint_at=event.complaint_at if isinstance(event, IssueOpened | IssueRouted | IssueReopened) else None,
        live=live,
    )
    _check(event.issue_id, step)
    return step


def _check(issue_id: str, step: Step) -> None:
    if "\0" in issue_id:
        raise Invalid("unstorable_text", "PostgreSQL stores no NUL character", pointer="/issue_id")
    for name, number in (("sequence", step.sequence), ("round", step.round)):
        if number > _MAX_NUMBER:
            raise Invalid("number_out_of_range", f"{number} is more than {_MAX_NUMBER:,}", pointer=f"/{name}")
    for name, at in (("occurred_at", step.at), ("complaint_at", step.complaint_at)):
        # Beyond these a deadline may be no date any more, or none that the driver can read back.
        if at is not None and not _FIRST_YEAR <= at.year <= _LAST_YEAR:
            told = f"year {at.year} is not between {_FIRST_YEAR} and {_LAST_YEAR}"
            raise Invalid("time_out_of_range", told, pointer=f"/{name}")


@dataclass(frozen=True, slots=True)
class Rest:
    """A pause, open when ``end`` is None."""

    start: datetime
    end: datetime | None


@dataclass(frozen=True, slots=True)
class Ownership:
    """Which queue was accountable from ``at`` on; None before the routing."""

    at: datetime
    queue: Queue | None
    severity: Severity


@dataclass(frozen=True, slots=True)
class RoundState:
    """What is known of one round of an issue.

    Attributes:
        complaint_at: the author's own time; None while the event that tells it has not arrived.
        live: whether this round starts clocks.
        routed_at: the first hand-off; a reopened issue still has its owner, so it is handed over when reopened unless
            it is routed anew.
        reopened_at: when the next round began.
        ownership: at least one, in the order of the events.
    """

    number: int
    brand: str
    live: bool
    complaint_at: datetime | None
    routed_at: datetime | None
    acknowledged_at: datetime | None
    moved_private_at: datetime | None
    resolved_at: datetime | None
    closed_at: datetime | None
    reopened_at: datetime | None
    rests: tuple[Rest, ...]
    ownership: tuple[Ownership, ...]

    def owned(self, at: datetime | None) -> Ownership:
        """Who owned it at ``at``, or owns it now."""
        return next((o for o in reversed(self.ownership) if at is None or o.at <= at), self.ownership[0])


def fold(steps: Iterable[Step]) -> tuple[RoundState, ...]:
    """The rounds of one issue, in their order, from its steps in any order and with any repeats."""
    ordered = sorted({step.sequence: step for step in steps}.values(), key=lambda step: step.sequence)
    states: list[RoundState] = []
    numbers = sorted({step.round for step in ordered})
    for number in numbers:
        mine = [step for step in ordered if step.round == number]
        later = [step for step in ordered if step.round > number]
        states.append(_round(number, mine, later, states[-1] if states else None))
    return tuple(states)


def _round(number: int, mine: Sequence[Step], later: Sequence[Step], before: RoundState | None) -> RoundState:
    first = number == 1
    begun = [step for step in mine if step.kind in (("opened", "routed") if first else ("reopened",))]
    # Who reassigns an issue takes it from an owner: it was handed over, though that event may still be on its way.
    routed_at = _earliest(mine, "routed", "reassigned")
    if routed_at is None and before is not None and before.routed_at is not None:
        routed_at = _earliest(mine, "reopened")
    return RoundState(
        number=number,
        brand=mine[0].brand,
        live=not first or all(step.live for step in mine),
        complaint_at=next((step.complaint_at for step in begun), None),
        routed_at=routed_at,
        acknowledged_at=_earliest(mine, "acknowledged"),
        moved_private_at=_earliest(mine, "moved_private"),
        resolved_at=_earliest(mine, "resolved"),
        closed_at=_earliest(mine, "closed"),
        reopened_at=_earliest(later, "reopened"),
        rests=_rests(mine),
        ownership=_ownership(mine, before),
    )


def _earliest(steps: Iterable[Step], *kinds: StepKind) -> datetime | None:
    return min((step.at for step in steps if step.kind in kinds), default=None)


def _rests(steps: Iterable[Step]) -> tuple[Rest, ...]:
    rests: list[Rest] = []
    for step in steps:
        resting = bool(rests) and rests[-1].end is None
        if step.kind == "paused" and not resting:
            # Hosts' clocks differ: what comes later in sequence is never placed earlier in time.
            free_from = rests[-1].end if rests else None
            rests.append(Rest(max(step.at, free_from or step.at), None))
        elif step.kind == "resumed" and resting:
            rests[-1] = Rest(rests[-1].start, max(step.at, rests[-1].start))
    return tuple(rests)


def _ownership(steps: Sequence[Step], before: RoundState | None) -> tuple[Ownership, ...]:
    last = before.ownership[-1] if before else Ownership(steps[0].at, None, "normal")
    owned: list[Ownership] = []
    for step in steps:
        if step.kind in ("opened", "routed", "reassigned", "reopened"):
            last = Ownership(step.at, step.queue or last.queue, step.severity or last.severity)
            owned.append(last)
    return tuple(owned) or (last,)
