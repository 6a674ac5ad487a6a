"""Every event of the system, and the registry that finds one by its CloudEvents type."""

from shenava.events.base import Event
from shenava.events.corrections import MentionCorrected
from shenava.events.facts import FactRecorded
from shenava.events.issues import (
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
from shenava.events.mentions import MentionClassified, MentionPassed, MentionReceived
from shenava.events.sla import (
    SlaBreached,
    SlaEscalated,
    SlaEvent,
    SlaFired,
    SlaMet,
    SlaVerdictRevised,
    SlaWarned,
)

ALL: tuple[type[Event], ...] = (
    MentionReceived,
    MentionClassified,
    MentionPassed,
    MentionCorrected,
    IssueOpened,
    IssueRouted,
    IssueMentionAdded,
    IssueAcknowledged,
    IssueMovedPrivate,
    IssuePaused,
    IssueResumed,
    IssueReassigned,
    IssueResolved,
    IssueReopened,
    IssueClosed,
    SlaWarned,
    SlaBreached,
    SlaEscalated,
    SlaMet,
    SlaVerdictRevised,
    FactRecorded,
)
BY_TYPE: dict[str, type[Event]] = {event.TYPE: event for event in ALL}

__all__ = [
    "ALL",
    "BY_TYPE",
    "Event",
    "FactRecorded",
    "IssueAcknowledged",
    "IssueClosed",
    "IssueEvent",
    "IssueMentionAdded",
    "IssueMovedPrivate",
    "IssueOpened",
    "IssuePaused",
    "IssueReassigned",
    "IssueReopened",
    "IssueResolved",
    "IssueResumed",
    "IssueRouted",
    "MentionClassified",
    "MentionCorrected",
    "MentionPassed",
    "MentionReceived",
    "SlaBreached",
    "SlaEscalated",
    "SlaEvent",
    "SlaFired",
    "SlaMet",
    "SlaVerdictRevised",
    "SlaWarned",
]
