"""What commands make of an issue: a pure state machine.

open → routed → acknowledged → (moved private) → resolved → closed; pausing, resuming and reassigning at any time before
the resolution; reopening a resolved issue begins its next round. The same command again changes nothing, so a tool may
repeat what it sends.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import msgspec

from router.commands import (
    NAMES,
    Acknowledge,
    Close,
    Command,
    MovePrivate,
    Pause,
    Reassign,
    Reopen,
    Resolve,
    Resume,
)
from router.issue import Issue
from router.story import Story
from shenava.events import (
    IssueAcknowledged,
    IssueClosed,
    IssueEvent,
    IssueMovedPrivate,
    IssuePaused,
    IssueReassigned,
    IssueReopened,
    IssueResolved,
    IssueResumed,
    IssueRouted,
)
from shenava.events.issues import Decision, Queue
from shenava.ids import derive

REASSIGNED = "reassigned"

# Each event has the fields of its command, by the same names.
_EVENTS: dict[type[Command], type[IssueEvent]] = {
    Acknowledge: IssueAcknowledged,
    MovePrivate: IssueMovedPrivate,
    Pause: IssuePaused,
    Resume: IssueResumed,
    Reassign: IssueReassigned,
    Resolve: IssueResolved,
    Reopen: IssueReopened,
    Close: IssueClosed,
}
_WHILE_LIVE = (Acknowledge, MovePrivate, Pause, Resume, Reassign, Resolve)
# A tool's reply and its resolution may overtake each other on their way here, so a reply may follow.
_ALLOWED: dict[str, tuple[type[Command], ...]] = {"resolved": (Acknowledge, Reopen, Close), "closed": ()}


@dataclass(frozen=True, slots=True)
class Changed:
    """The issue as it is now, and what happened to it, in order.

    Attributes:
        handover: for the new queue alone, all that the first queue was told.
    """

    issue: Issue
    events: tuple[IssueEvent, ...]
    handover: IssueRouted | None = None


@dataclass(frozen=True, slots=True)
class Unchanged:
    """It was so already."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """The command makes no sense in this state; ``allowed`` names those that do."""

    detail: str
    allowed: tuple[str, ...]


def apply(
    issue: Issue, command: Command, *, routed: IssueRouted, owners: Mapping[Queue, str], by: str, now: datetime
) -> Changed | Unchanged | Conflict:
    """What ``command``, given by ``by``, makes of ``issue``.

    ``routed`` is the issue's last routing; ``owners`` are accountable for a queue when the command names nobody.
    """
    command = _completed(command, owners, now)
    if _is_so(issue, command):
        return Unchanged()
    allowed = _ALLOWED.get(issue.state, _WHILE_LIVE)
    if type(command) not in allowed:
        state = issue.state.replace("_", " ")
        names = tuple(NAMES[kind] for kind in allowed)
        return Conflict(f"{NAMES[type(command)]} is not possible: the issue is {state}", names)
    story = Story(issue)
    fields = {name: getattr(command, name) for name in type(command).model_fields}
    if isinstance(command, Reopen):
        fields["round"] = issue.round + 1
    event = story.tell(_EVENTS[type(command)], now=now, by=by, **fields)
    if isinstance(event, IssueReopened):
        _route_again(story, routed, by=by, now=now)
    handover = _handover(story.issue, routed, event) if isinstance(event, IssueReassigned) else None
    return Changed(story.issue, tuple(story.events), handover)


def _completed(command: Command, owners: Mapping[Queue, str], now: datetime) -> Command:
    """``command`` with what it left open."""
    if isinstance(command, Reassign) and command.owner is None:
        return command.model_copy(update={"owner": owners[command.queue]})
    if isinstance(command, Reopen) and command.complaint_at is None:
        return command.model_copy(update={"complaint_at": now})
    return command


def _is_so(issue: Issue, command: Command) -> bool:  # noqa: PLR0911 - one return per command
    """Whether ``command`` only says what is so already."""
    match command:
        case Acknowledge():
            return issue.acknowledged_at is not None
        case MovePrivate(to=to):
            return issue.live and issue.moved_private_to == to
        case Pause():
            return issue.paused
        case Resume():
            return issue.live and not issue.paused
        case Reassign(queue=queue, owner=owner):
            return issue.live and (issue.queue, issue.owner) == (queue, owner)
        case Resolve(resolution=resolution):
            return issue.state == "resolved" and issue.resolution == resolution
        case Reopen():
            return issue.live
        case _:
            return isinstance(command, Close) and issue.state == "closed"


def _handover(issue: Issue, routed: IssueRouted, event: IssueReassigned) -> IssueRouted:
    return msgspec.structs.replace(
        routed,
        event_id=derive(IssueRouted.TYPE, issue.id, event.sequence),
        occurred_at=event.occurred_at,
        sequence=event.sequence,
        round=event.round,
        by=event.by,
        queue=event.queue,
        owner=event.owner,
        severity=issue.severity,
        complaint_at=issue.complaint_at,
        decision=Decision(rule_id=REASSIGNED, rulebook_version=routed.decision.rulebook_version),
    )


def _route_again(story: Story, routed: IssueRouted, *, by: str, now: datetime) -> None:
    """A new round needs a queue and an owner as the first one did; they stay who they were."""
    issue = story.issue
    story.tell(
        IssueRouted,
        now=now,
        by=by,
        queue=issue.queue or routed.queue,
        owner=issue.owner or routed.owner,
        severity=issue.severity,
        decision=issue.decision or routed.decision,
        subscribers=issue.subscribers,
        complaint_at=issue.complaint_at,
        mention=routed.mention,
        classification=routed.classification,
    )
