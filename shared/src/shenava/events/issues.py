"""Issues: what a team must act on, from its opening to its end.

Every event of an issue carries a `sequence` that grows by one, so a reader can put late arrivals in order
and see a gap. `round` counts from 1 and grows when a resolved issue is opened again.
"""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from shenava.events.base import Event, Id, Instant, Name, ShortText, Value
from shenava.events.mentions import Classification, Intent, Mention, Severity

Queue = Literal["customer-care", "content", "product"]
Sequence = Annotated[int, Meta(ge=1)]
Round = Annotated[int, Meta(ge=1)]


class IssueEvent(Event, frozen=True, kw_only=True):
    """What every issue event carries.

    Attributes:
        by: who did it: `router`, or the name of the API key of a support tool or person.
    """

    issue_id: Id
    sequence: Sequence
    round: Round = 1
    by: Name = "router"

    @property
    def key(self) -> str:
        """The issue itself."""
        return self.issue_id


class IssueOpened(IssueEvent, frozen=True, kw_only=True):
    """Somebody must act: the first mention of a new issue."""

    TYPE: ClassVar[str] = "shenava.issue.opened.v1"

    mention_id: Id
    conversation: ShortText
    channel: ShortText
    author_id: ShortText
    intent: Intent | None = None
    severity: Severity = "normal"
    language: ShortText = "und"
    complaint_at: Instant  # the author's own time: both clocks start here
    starts_clocks: bool = True  # False for the backfill lane


class ConditionValue(Value, frozen=True, kw_only=True):
    """One fact a rule looked at and the value it had."""

    name: ShortText
    value: ShortText


class Decision(Value, frozen=True, kw_only=True):
    """Why an issue went where it went, answerable a year later.

    Attributes:
        rule_id: the ownership rule that won, or `fallback`.
        condition: the rule's CEL text; empty for the fallback.
        facts: what the condition read, with the values at that moment.
        considered: ids of the rules tried before it, in order, that did not match.
        also_matching: ids of later rules that would have matched too.
        errors: ids of rules that failed while being evaluated.
    """

    rule_id: Name
    rulebook_version: Name
    condition: Annotated[str, Meta(max_length=4096)] = ""
    facts: tuple[ConditionValue, ...] = ()
    considered: tuple[str, ...] = ()
    also_matching: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    fallback: bool = False


class IssueRouted(IssueEvent, frozen=True, kw_only=True):
    """A queue and its accountable owner were named; also written to that queue's own topic."""

    TYPE: ClassVar[str] = "shenava.issue.routed.v1"

    queue: Queue
    owner: Name
    severity: Severity = "normal"
    decision: Decision
    subscribers: tuple[str, ...] = ()
    complaint_at: Instant
    mention: Mention
    classification: Classification


class IssueMentionAdded(IssueEvent, frozen=True, kw_only=True):
    """One more mention belongs to an open issue."""

    TYPE: ClassVar[str] = "shenava.issue.mention-added.v1"

    mention_id: Id
    posted_at: Instant


class IssueAcknowledged(IssueEvent, frozen=True, kw_only=True):
    """The author got an empathetic reply from a human; half of what stops the triage clock."""

    TYPE: ClassVar[str] = "shenava.issue.acknowledged.v1"

    reply_url: Annotated[str, Meta(max_length=2048)] | None = None


class IssueMovedPrivate(IssueEvent, frozen=True, kw_only=True):
    """The conversation went on in a private channel."""

    TYPE: ClassVar[str] = "shenava.issue.moved-private.v1"

    to: Literal["direct_message", "email", "phone"]
    reason: ShortText


class IssuePaused(IssueEvent, frozen=True, kw_only=True):
    """The resolution clock rests, for a stated reason."""

    TYPE: ClassVar[str] = "shenava.issue.paused.v1"

    reason: ShortText


class IssueResumed(IssueEvent, frozen=True, kw_only=True):
    """The resolution clock runs again."""

    TYPE: ClassVar[str] = "shenava.issue.resumed.v1"


class IssueReassigned(IssueEvent, frozen=True, kw_only=True):
    """Another queue or owner is accountable from now on."""

    TYPE: ClassVar[str] = "shenava.issue.reassigned.v1"

    queue: Queue
    owner: Name
    reason: ShortText = ""


class IssueResolved(IssueEvent, frozen=True, kw_only=True):
    """The customer's matter is settled."""

    TYPE: ClassVar[str] = "shenava.issue.resolved.v1"

    resolution: Literal["solved", "refunded", "answered", "declined", "no_action"] = "solved"
    note: ShortText = ""


class IssueReopened(IssueEvent, frozen=True, kw_only=True):
    """It was not settled after all: a new round begins, with its own clocks."""

    TYPE: ClassVar[str] = "shenava.issue.reopened.v1"

    reason: ShortText = ""
    complaint_at: Instant


class IssueClosed(IssueEvent, frozen=True, kw_only=True):
    """The end of the record, with its reason."""

    TYPE: ClassVar[str] = "shenava.issue.closed.v1"

    reason: ShortText
