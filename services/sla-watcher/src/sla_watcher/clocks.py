"""The two clocks of a round: when each started, when it runs out, when it stopped, and whether the promise was kept.

Triage starts with the complaint and stops only when both the empathetic reply and the routing exist, whichever comes
last. Resolution starts with the complaint or the hand-off, as the policy says, rests while the issue is paused, and
stops when it is resolved. A round that is closed or reopened ends its clocks without a verdict, and so does a resolved
round its triage: nobody is chased for a reply to a settled matter, but a reply that follows still gives the verdict.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shenava.events.issues import Queue
from shenava.events.mentions import Severity
from shenava.events.sla import ClockName
from sla_watcher.lifecycle import Rest, RoundState
from sla_watcher.policy import CLOCKS, SlaPolicies, Terms


@dataclass(frozen=True, slots=True)
class Clock:
    """One clock of one round, as the events and a policy make it.

    Attributes:
        stopped_at: when the promise was fulfilled; only then is there a verdict.
        ended_at: when it no longer ran, fulfilled or not; levels due from then on are void.
        kept: whether it stopped in time; None without a stop.
        deadline_at: while it rests, the earliest it can be.
        resting: it is paused now.
    """

    round: int
    name: ClockName
    brand: str
    policy: str
    policy_version: str
    terms: Terms
    queue: Queue | None
    severity: Severity
    complaint_at: datetime
    routed_at: datetime | None
    acknowledged_at: datetime | None
    started_at: datetime
    deadline_at: datetime
    stopped_at: datetime | None
    ended_at: datetime | None
    kept: bool | None
    resting: bool
    rests: tuple[Rest, ...]

    def due(self, after_deadline: timedelta) -> datetime | None:
        """When this clock has run its target and ``after_deadline`` more; None while a rest holds it up."""
        return reach(self.started_at, self.terms.target + after_deadline, self.rests)


def clocks(state: RoundState, policies: SlaPolicies) -> tuple[Clock, ...]:
    """The clocks that have started in this round."""
    made = (clock_of(state, name, policies) for name in CLOCKS)
    return tuple(clock for clock in made if clock is not None)


def clock_of(state: RoundState, name: ClockName, policies: SlaPolicies) -> Clock | None:
    """The clock called ``name``; None when it has not started, or never will (backfill)."""
    if not state.live or state.complaint_at is None:
        return None
    stopped_at = _triaged(state) if name == "triage" else state.resolved_at
    ended_at = _first(stopped_at, state.resolved_at, state.closed_at, state.reopened_at)
    owner = state.owned(ended_at)
    policy = policies.choose(owner.queue, owner.severity)
    terms = policy.terms(name)
    started_at = state.complaint_at if terms.anchor == "complaint" else state.routed_at
    if started_at is None:
        return None
    rests = _until(stopped_at or ended_at, state.rests) if name == "resolution" else ()
    closed = [rest for rest in rests if rest.end is not None]
    deadline_at = reach(started_at, terms.target, closed) or started_at + terms.target
    return Clock(
        round=state.number,
        name=name,
        brand=state.brand,
        policy=policy.name,
        policy_version=policies.version,
        terms=terms,
        queue=owner.queue,
        severity=owner.severity,
        complaint_at=state.complaint_at,
        routed_at=state.routed_at,
        acknowledged_at=state.acknowledged_at,
        started_at=started_at,
        deadline_at=deadline_at,
        stopped_at=stopped_at,
        ended_at=ended_at,
        kept=None if stopped_at is None else stopped_at <= deadline_at,
        resting=len(closed) < len(rests),
        rests=rests,
    )


def reach(start: datetime, running: timedelta, rests: Iterable[Rest]) -> datetime | None:
    """When a clock begun at ``start`` has run for ``running``, time in ``rests`` not counted.

    None when an open rest begins before that. Rests are in time order and do not overlap.
    """
    at = start + running
    for rest in rests:
        if rest.end is not None and rest.end <= start:
            continue
        rests_from = max(rest.start, start)
        if at <= rests_from:
            break
        if rest.end is None:
            return None
        at += rest.end - rests_from
    return at


def elapsed(since: datetime | None, until: datetime) -> float | None:
    """Seconds from ``since`` to ``until``, by the wall: rests count. None when it had not begun by then."""
    return None if since is None or since > until else (until - since).total_seconds()


def _triaged(state: RoundState) -> datetime | None:
    if state.acknowledged_at is None or state.routed_at is None:
        return None
    return max(state.acknowledged_at, state.routed_at)


def _first(*times: datetime | None) -> datetime | None:
    return min((at for at in times if at is not None), default=None)


def _until(end: datetime | None, rests: Sequence[Rest]) -> tuple[Rest, ...]:
    """The rests as they were up to ``end``: what ends a clock ends its rest."""
    if end is None:
        return tuple(rests)
    return tuple(Rest(rest.start, min(rest.end or end, end)) for rest in rests if rest.start < end)
