"""Events as tests need them: complete, valid, always the same, every field to be overridden by keyword.

Ids follow from the other fields, so two builds of the same thing are equal and two different things never collide.
"""

from datetime import timedelta
from typing import Any, TypeVar

from shenava import events as e
from shenava.events.issues import Decision
from shenava.ids import derive
from shenava.testing.mention_builders import (
    AUTHORS,
    BASE,
    BRAND,
    TEXTS,
    classification,
    classified,
    corrected,
    mention,
    passed,
    received,
)

__all__ = [
    "AUTHORS", "BASE", "BRAND", "ISSUE", "TEXTS", "classification", "classified", "corrected", "fact",
    "issue_acknowledged", "issue_closed", "issue_mention_added", "issue_moved_private", "issue_opened",
    "issue_paused", "issue_reassigned", "issue_reopened", "issue_resolved", "issue_resumed", "issue_routed",
    "mention", "one_of_each", "passed", "received", "sla_breached", "sla_escalated", "sla_met",
    "sla_verdict_revised", "sla_warned",
]  # fmt: skip

ISSUE = derive("issue", BRAND, "1")

E = TypeVar("E", bound=e.Event)


def issue_opened(**over: Any) -> e.IssueOpened:
    """The complaint of :func:`mention` needs somebody."""
    first = mention()
    given: dict[str, Any] = {
        "mention_id": first.mention_id,
        "conversation": first.conversation,
        "channel": first.channel,
        "author_id": first.author.id,
        "intent": "complaint",
        "language": "fa",
        "complaint_at": BASE,
    }
    return _issue(e.IssueOpened, 1, given | over)


def issue_routed(**over: Any) -> e.IssueRouted:
    """Customer care is accountable for it."""
    given: dict[str, Any] = {
        "queue": "customer-care",
        "owner": "care-lead",
        "decision": Decision(rule_id="late-order", rulebook_version="r1", condition='intent == "complaint"'),
        "complaint_at": BASE,
        "mention": mention(),
        "classification": classification(),
    }
    return _issue(e.IssueRouted, 2, given | over)


def issue_mention_added(**over: Any) -> e.IssueMentionAdded:
    """The author wrote once more."""
    return _issue(e.IssueMentionAdded, 3, {"mention_id": mention(native_id="p-2").mention_id, "posted_at": BASE} | over)


def issue_acknowledged(**over: Any) -> e.IssueAcknowledged:
    """A human replied with empathy."""
    return _issue(e.IssueAcknowledged, 3, {"by": "helpdesk", "reply_url": "https://social.example/r/1"} | over)


def issue_moved_private(**over: Any) -> e.IssueMovedPrivate:
    """It goes on in direct messages."""
    return _issue(e.IssueMovedPrivate, 4, {"by": "helpdesk", "to": "direct_message", "reason": "شماره سفارش"} | over)


def issue_paused(**over: Any) -> e.IssuePaused:
    """The customer has to answer first."""
    return _issue(e.IssuePaused, 4, {"by": "helpdesk", "reason": "waiting for the customer"} | over)


def issue_resumed(**over: Any) -> e.IssueResumed:
    """The customer answered."""
    return _issue(e.IssueResumed, 5, {"by": "helpdesk"} | over)


def issue_reassigned(**over: Any) -> e.IssueReassigned:
    """The product team is accountable now."""
    return _issue(e.IssueReassigned, 4, {"by": "helpdesk", "queue": "product", "owner": "product-lead"} | over)


def issue_resolved(**over: Any) -> e.IssueResolved:
    """The order arrived."""
    return _issue(e.IssueResolved, 5, {"by": "helpdesk"} | over)


def issue_reopened(**over: Any) -> e.IssueReopened:
    """It did not arrive after all: round two."""
    given = {"by": "helpdesk", "round": 2, "complaint_at": BASE + timedelta(days=2)}
    return _issue(e.IssueReopened, 6, given | over)


def issue_closed(**over: Any) -> e.IssueClosed:
    """The record ends."""
    return _issue(e.IssueClosed, 7, {"by": "helpdesk", "reason": "resolved"} | over)


def sla_warned(**over: Any) -> e.SlaWarned:
    """The triage deadline is near."""
    return _sla(e.SlaWarned, {"level": "warning", "due_at": BASE + timedelta(hours=9), "missing": ("reply",)} | over)


def sla_breached(**over: Any) -> e.SlaBreached:
    """The triage deadline passed."""
    return _sla(e.SlaBreached, {"level": "breach", "due_at": BASE + timedelta(hours=12), "missing": ("reply",)} | over)


def sla_escalated(**over: Any) -> e.SlaEscalated:
    """Somebody higher up is told."""
    given: dict[str, Any] = {
        "level": "manager",
        "due_at": BASE + timedelta(hours=14),
        "late_by": 1.5,
        "tell": ("care-manager",),
    }
    return _sla(e.SlaEscalated, given | over)


def sla_met(**over: Any) -> e.SlaMet:
    """The triage promise was kept after three hours."""
    given: dict[str, Any] = {
        "stopped_at": BASE + timedelta(hours=3),
        "kept": True,
        "elapsed_from_complaint": 10_800.0,
        "elapsed_from_handoff": 10_740.0,
    }
    return _sla(e.SlaMet, given | over)


def sla_verdict_revised(**over: Any) -> e.SlaVerdictRevised:
    """A late reply overturned the verdict."""
    return _sla(e.SlaVerdictRevised, {"reason": "late_event", "was_kept": False, "kept": True} | over)


def fact(**over: Any) -> e.FactRecorded:
    """An order from Instagram."""
    given: dict[str, Any] = {
        "brand": BRAND,
        "occurred_at": BASE,
        "kind": "order",
        "fact_id": "o-1",
        "values": {"amount": 1_250_000.0, "margin": 200_000.0},
        "attributes": {"channel": "instagram", "customer": "c-19", "currency": "IRR"},
    } | over
    return _identified(e.FactRecorded, given, given["kind"], given["fact_id"])


def one_of_each() -> tuple[e.Event, ...]:
    """An event of every type there is."""
    return (
        received(), classified(), passed(), corrected(), issue_opened(), issue_routed(), issue_mention_added(),
        issue_acknowledged(), issue_moved_private(), issue_paused(), issue_resumed(), issue_reassigned(),
        issue_resolved(), issue_reopened(), issue_closed(), sla_warned(), sla_breached(), sla_escalated(),
        sla_met(), sla_verdict_revised(), fact(),
    )  # fmt: skip


def _issue(kind: type[E], sequence: int, over: dict[str, Any]) -> E:
    happened_at = BASE + timedelta(minutes=over.get("sequence", sequence))
    given = {"issue_id": ISSUE, "brand": BRAND, "sequence": sequence, "occurred_at": happened_at} | over
    return _identified(kind, given, given["issue_id"], given["sequence"])


def _sla(kind: type[E], over: dict[str, Any]) -> E:
    given: dict[str, Any] = {
        "issue_id": ISSUE,
        "brand": BRAND,
        "clock": "triage",
        "policy": "standard",
        "queue": "customer-care",
        "started_at": BASE,
        "deadline_at": BASE + timedelta(hours=12),
    } | over
    given.setdefault("occurred_at", given.get("due_at") or given.get("stopped_at") or given["deadline_at"])
    return _identified(kind, given, given["issue_id"], given["clock"], given.get("round", 1), given.get("level"))


def _identified(kind: type[E], given: dict[str, Any], *cause: object) -> E:
    return kind(**{"event_id": derive("built", kind.TYPE, *cause)} | given)
