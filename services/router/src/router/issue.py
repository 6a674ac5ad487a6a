"""An issue as its events tell it: the state is the fold of the history, and nothing else. Pure."""

from datetime import datetime, timedelta
from typing import Literal, assert_never, get_args

import msgspec

from shenava.events import (
    IssueAcknowledged,
    IssueClosed,
    IssueEvent,
    IssueMentionAdded,
    IssueMovedPrivate,
    IssueOpened,
    IssuePaused,
    IssueReassigned,
    IssueReopened,
    IssueResolved,
    IssueResumed,
    IssueRouted,
)
from shenava.events.issues import Decision, Queue
from shenava.events.mentions import Intent, Severity

State = Literal["open", "routed", "acknowledged", "moved_private", "resolved", "closed"]
LIVE: frozenset[State] = frozenset({"open", "routed", "acknowledged", "moved_private"})
"""The states in which somebody still has to act."""

SEVERITIES: tuple[Severity, ...] = get_args(Severity)

LifecycleEvent = (
    IssueRouted
    | IssueMentionAdded
    | IssueAcknowledged
    | IssueMovedPrivate
    | IssuePaused
    | IssueResumed
    | IssueReassigned
    | IssueResolved
    | IssueReopened
    | IssueClosed
)


class Issue(msgspec.Struct, frozen=True, kw_only=True):
    """One issue now.

    Attributes:
        sequence: of its last event; also its version for optimistic concurrency.
        complaint_at: the author's own time; the clocks of this round start from it.
        last_mention_at: when its author was last heard of; the merge window counts from it.
        pinned: a person chose the queue, so the router no longer moves it.
        decision: why it is in its queue.
    """

    id: str
    brand: str
    state: State
    sequence: int
    round: int = 1
    paused: bool = False
    pinned: bool = False
    queue: Queue | None = None
    owner: str | None = None
    severity: Severity = "normal"
    decision: Decision | None = None
    subscribers: tuple[str, ...] = ()
    mention_id: str
    mention_count: int = 1
    channel: str
    conversation: str
    author_id: str
    intent: Intent | None = None
    language: str
    starts_clocks: bool = True
    opened_at: datetime
    updated_at: datetime
    complaint_at: datetime
    last_mention_at: datetime
    acknowledged_at: datetime | None = None
    moved_private_to: str | None = None
    resolved_at: datetime | None = None
    resolution: str | None = None

    @property
    def live(self) -> bool:
        """Whether somebody still has to act."""
        return self.state in LIVE

    def takes(self, posted_at: datetime, window: timedelta) -> bool:
        """Whether one more mention of that time belongs to it rather than to a new issue."""
        return self.live and posted_at - self.last_mention_at <= window


def opened(event: IssueOpened) -> Issue:
    """The issue that ``event`` begins."""
    return Issue(
        id=event.issue_id,
        brand=event.brand,
        state="open",
        sequence=event.sequence,
        severity=event.severity,
        mention_id=event.mention_id,
        channel=event.channel,
        conversation=event.conversation,
        author_id=event.author_id,
        intent=event.intent,
        language=event.language,
        starts_clocks=event.starts_clocks,
        opened_at=event.occurred_at,
        updated_at=event.occurred_at,
        complaint_at=event.complaint_at,
        last_mention_at=event.complaint_at,
    )


def evolve(issue: Issue, event: IssueEvent) -> Issue:
    """``issue`` after ``event``, which is the next in its sequence.

    Raises:
        ValueError: the event is another issue's, or not the next one.
    """
    if (event.issue_id, event.sequence) != (issue.id, issue.sequence + 1):
        raise ValueError(f"event {event.sequence} of {event.issue_id} cannot follow {issue.sequence} of {issue.id}")
    if isinstance(event, IssueOpened) or not isinstance(event, LifecycleEvent):
        raise ValueError(f"{type(event).__name__} cannot happen to an issue that exists")  # noqa: TRY004 - a wrong value, not a programmer's type
    changed = _change(issue, event)
    return msgspec.structs.replace(issue, sequence=event.sequence, updated_at=event.occurred_at, **changed)


def _change(issue: Issue, event: LifecycleEvent) -> dict[str, object]:  # noqa: C901, PLR0911 - one case per event type
    match event:
        case IssueRouted():
            return _routed(issue, event)
        case IssueMentionAdded():
            latest = max(issue.last_mention_at, event.posted_at)
            return {"mention_count": issue.mention_count + 1, "last_mention_at": latest}
        case IssueAcknowledged():
            state = "acknowledged" if issue.state in {"open", "routed"} else issue.state
            return {"state": state, "acknowledged_at": event.occurred_at}
        case IssueMovedPrivate():
            return {"state": "moved_private", "moved_private_to": event.to}
        case IssuePaused():
            return {"paused": True}
        case IssueResumed():
            return {"paused": False}
        case IssueReassigned():
            return {"queue": event.queue, "owner": event.owner, "pinned": True}
        case IssueResolved():
            ended = {"resolved_at": event.occurred_at, "resolution": event.resolution}
            return {"state": "resolved", "paused": False, **ended}
        case IssueReopened():
            return _reopened(issue, event)
        case IssueClosed():
            return {"state": "closed"}
        case _:
            assert_never(event)


def _routed(issue: Issue, event: IssueRouted) -> dict[str, object]:
    return {
        "state": "routed" if issue.state == "open" else issue.state,
        "queue": event.queue,
        "owner": event.owner,
        "severity": event.severity,
        "decision": event.decision,
        "subscribers": event.subscribers,
    }


def _reopened(issue: Issue, event: IssueReopened) -> dict[str, object]:
    return {
        "state": "open",
        "round": event.round,
        "complaint_at": event.complaint_at,
        "last_mention_at": max(issue.last_mention_at, event.complaint_at),
        "acknowledged_at": None,
        "moved_private_to": None,
        "resolved_at": None,
        "resolution": None,
    }
