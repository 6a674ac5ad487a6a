"""The two promises, judged from the rounds of the issues: triage in 12 hours, resolution in 24. Pure.

A round is *kept* or *missed* once its promise can be judged, *running* while it can still be kept, and *void* when it
ended before its time without what was promised. Only the first two count. Pauses rest the resolution clock. A resolved
round ends its triage: nobody is chased for a reply to a settled matter.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

from metrics_api.figures import Figure, between, median, microseconds, percentile_95, ratio, seconds
from metrics_api.inputs import Round

TRIAGE = timedelta(hours=12)
RESOLUTION = timedelta(hours=24)

Verdict = Literal["kept", "missed", "running", "void"]


class Judged(NamedTuple):
    """One round under one promise.

    Attributes:
        elapsed_us: from the anchor to the stop, to the end, or to now, without pauses.
        stopped: what was promised has happened.
        waiting: it has not, and the round goes on.
    """

    verdict: Verdict
    elapsed_us: int
    stopped: bool
    waiting: bool


def triage_12h(rounds: Sequence[Round], as_of: datetime) -> Figure:
    """M29: the share of complaints that had both the reply and the routing within 12 hours."""
    judged = [triage(each, as_of) for each in rounds]
    unanswered = [each for each, seen in zip(rounds, judged, strict=True) if seen.waiting]
    detail = {
        **_summary(judged),
        "missing_reply": sum(each.acknowledged_at is None for each in unanswered),
        "missing_routing": sum(each.routed_at is None for each in unanswered),
    }
    return _figure(judged, detail)


def resolution_24h(rounds: Sequence[Round], as_of: datetime) -> Figure:
    """M30: the share of complaints resolved within 24 hours of the complaint; the same from the hand-off beside it."""
    from_complaint = [resolution(each, each.complaint_at, each.paused_us, as_of) for each in rounds]
    from_handoff = [
        resolution(each, each.routed_at, each.paused_since_handoff_us, as_of) for each in rounds if each.routed_at
    ]
    handed_off = {"share": _share(from_handoff), **_summary(from_handoff)}
    not_handed_off = sum(each.routed_at is None for each in rounds)
    detail = {**_summary(from_complaint), "from_handoff": {**handed_off, "not_handed_off": not_handed_off}}
    return _figure(from_complaint, detail)


def triage(each: Round, as_of: datetime) -> Judged:
    """The round under the promise of triage: the clock stops when both halves exist."""
    stopped_at = None
    if each.routed_at is not None and each.acknowledged_at is not None:
        stopped_at = max(each.routed_at, each.acknowledged_at)
    ended_at = min((at for at in (each.resolved_at, each.ended_at) if at is not None), default=None)
    elapsed = between(each.complaint_at, stopped_at or ended_at or as_of)
    return _judge(elapsed, TRIAGE, stopped=stopped_at is not None, ended=ended_at is not None)


def resolution(each: Round, anchor: datetime, paused_us: int, as_of: datetime) -> Judged:
    """The round under the promise of resolution, counted from ``anchor``."""
    end = each.resolved_at or each.ended_at or as_of
    pause_now = between(max(each.paused_since, anchor), end) if each.paused_since else 0
    elapsed = max(0, between(anchor, end) - paused_us - pause_now)
    return _judge(elapsed, RESOLUTION, stopped=each.resolved_at is not None, ended=each.ended_at is not None)


def _judge(elapsed_us: int, limit: timedelta, *, stopped: bool, ended: bool) -> Judged:
    verdict: Verdict = "running"
    if elapsed_us > microseconds(limit):
        verdict = "missed"
    elif stopped:
        verdict = "kept"
    elif ended:
        verdict = "void"
    return Judged(verdict, elapsed_us, stopped, waiting=not stopped and not ended)


def _share(judged: Sequence[Judged]) -> Any:
    verdicts = Counter(each.verdict for each in judged)
    return ratio(verdicts["kept"], verdicts["kept"] + verdicts["missed"])


def _summary(judged: Sequence[Judged]) -> dict[str, Any]:
    verdicts = Counter(each.verdict for each in judged)
    taken = [each.elapsed_us for each in judged if each.stopped]
    waiting = [each.elapsed_us for each in judged if each.waiting]
    return {
        **{name: verdicts[name] for name in ("kept", "missed", "running", "void")},
        "median_seconds": seconds(median(taken)),
        "p95_seconds": seconds(percentile_95(taken)),
        "oldest_open_seconds": seconds(max(waiting, default=None)),
    }


def _figure(judged: Sequence[Judged], detail: dict[str, Any]) -> Figure:
    n = sum(each.verdict in {"kept", "missed"} for each in judged)
    if n:
        return Figure(_share(judged), n, detail=detail)
    return Figure(None, 0, "none_due_yet" if judged else "no_complaints", detail)
