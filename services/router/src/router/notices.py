"""What a support tool is told of an issue: events put into the words of our webhooks.

The shape of ``data`` is a contract with receivers (docs/webhooks.md): fields are added, never renamed or removed, while
``schema_version`` stays the same.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shenava import events as e
from shenava.events.issues import Decision, Queue
from shenava.events.mentions import Classification, Mention

SCHEMA_VERSION = 1
TYPES = (
    "issue.routed",
    "issue.updated",
    "issue.acknowledged",
    "issue.resolved",
    "issue.reopened",
    "issue.escalated",
    "sla.warning",
    "sla.breached",
    "sla.met",
)

_LIFECYCLE: dict[type[e.IssueEvent], tuple[str, str]] = {
    e.IssueAcknowledged: ("issue.acknowledged", "acknowledged"),
    e.IssueResolved: ("issue.resolved", "resolved"),
    e.IssueReopened: ("issue.reopened", "reopened"),
    e.IssueMentionAdded: ("issue.updated", "mention_added"),
    e.IssueMovedPrivate: ("issue.updated", "moved_private"),
    e.IssuePaused: ("issue.updated", "paused"),
    e.IssueResumed: ("issue.updated", "resumed"),
    e.IssueReassigned: ("issue.updated", "reassigned"),
    e.IssueClosed: ("issue.updated", "closed"),
}
_SLA: dict[type[e.SlaEvent], str] = {
    e.SlaWarned: "sla.warning",
    e.SlaBreached: "sla.breached",
    e.SlaEscalated: "issue.escalated",
    e.SlaMet: "sla.met",
    e.SlaVerdictRevised: "issue.updated",
}
# What only this kind of event says, copied as it stands into `change`.
_DETAILS = ("mention_id", "posted_at", "reply_url", "to", "reason", "queue", "owner", "resolution", "note")


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to tell, before it is known to whom.

    Attributes:
        type: one of :data:`TYPES`.
        queue: whose issue it is, if that is known; an endpoint that takes certain queues only is told nothing else.
        cause_id: the event behind it; with the endpoint and the type it makes the message's id.
    """

    type: str
    issue_id: str
    brand: str
    queue: Queue | None
    occurred_at: datetime
    cause_id: str
    data: dict[str, Any]


def routed_notice(event: e.IssueRouted) -> Notice:
    """An owner was named: everything a person needs to begin."""
    data = {
        "issue": _issue(event, queue=event.queue, owner=event.owner, severity=event.severity),
        "mention": _mention(event.mention),
        "classification": _classification(event.classification),
        "routing": _routing(event.decision, event.subscribers),
        "complaint_at": event.complaint_at,
    }
    return _notice("issue.routed", event, event.queue, data)


def lifecycle_notice(event: e.IssueEvent, queue: Queue | None = None) -> Notice | None:
    """What happened to an issue of ``queue``, or None: its opening is told together with its routing."""
    if isinstance(event, e.IssueRouted):
        return routed_notice(event)
    if type(event) not in _LIFECYCLE:
        return None
    kind, what = _LIFECYCLE[type(event)]
    queue = getattr(event, "queue", queue)
    details = {name: getattr(event, name) for name in _DETAILS if hasattr(event, name)}
    return _notice(kind, event, queue, {"issue": _issue(event, queue=queue), "change": {"what": what, **details}})


def sla_notice(event: e.SlaEvent) -> Notice | None:
    """What a clock said, or None if receivers are not told of it."""
    kind = _SLA.get(type(event))
    if kind is None:
        return None
    issue = {"id": event.issue_id, "round": event.round, "queue": event.queue, "severity": event.severity}
    data: dict[str, Any] = {"issue": issue, "sla": _sla(event)}
    if isinstance(event, e.SlaVerdictRevised):
        data["change"] = {"what": "sla_verdict_revised", "reason": event.reason}
    return _notice(kind, event, event.queue, data)


def _notice(kind: str, event: e.IssueEvent | e.SlaEvent, queue: Queue | None, data: dict[str, Any]) -> Notice:
    data = {"schema_version": SCHEMA_VERSION, "brand": event.brand, **data}
    return Notice(kind, event.issue_id, event.brand, queue, event.occurred_at, event.event_id, data)


def _issue(event: e.IssueEvent, **more: Any) -> dict[str, Any]:
    return {"id": event.issue_id, "sequence": event.sequence, "round": event.round, "by": event.by, **more}


def _mention(mention: Mention) -> dict[str, Any]:
    author, counts = mention.author, mention.counts
    return {
        "id": mention.mention_id,
        "channel": mention.channel,
        "native_id": mention.native_id,
        "url": mention.url,
        "text": mention.text,
        "text_truncated": False,
        "posted_at": mention.posted_at,
        "in_reply_to": mention.in_reply_to,
        "rating": mention.rating,
        "author": {
            "id": author.id,
            "handle": author.handle,
            "name": author.name,
            "followers": author.followers,
            "verified": author.verified,
        },
        "counts": counts and {name: getattr(counts, name) for name in counts.__struct_fields__},
    }


def _classification(given: Classification) -> dict[str, Any]:
    names = (
        "status", "language", "reason", "sentiment", "confidence", "low_confidence", "intent", "intent_confidence",
        "severity", "severity_reasons", "model", "model_version",
    )  # fmt: skip
    return {name: getattr(given, name) for name in names}


def _routing(decision: Decision, subscribers: tuple[str, ...]) -> dict[str, Any]:
    return {
        "rule_id": decision.rule_id,
        "rulebook_version": decision.rulebook_version,
        "fallback": decision.fallback,
        "condition": decision.condition,
        "facts": [{"name": fact.name, "value": fact.value} for fact in decision.facts],
        "considered": list(decision.considered),
        "subscribers": list(subscribers),
    }


def _sla(event: e.SlaEvent) -> dict[str, Any]:
    names = (
        "clock", "policy", "started_at", "deadline_at", "level", "due_at", "late_by", "tell", "missing", "stopped_at",
        "kept", "was_kept", "previous_deadline_at", "elapsed_from_complaint", "elapsed_from_handoff",
    )  # fmt: skip
    return {name: getattr(event, name) for name in names if hasattr(event, name)}
