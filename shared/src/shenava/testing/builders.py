"""Events as tests need them: complete, valid, always the same, every field to be overridden by keyword.

Ids follow from the other fields, so two builds of the same thing are equal and two different things never collide.
A mention event takes the fields of its mention too: ``received(text="…", brand="nilgoon")``.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, Literal, TypeVar

from shenava import events as e
from shenava.events.issues import Decision
from shenava.events.mentions import Author, Classification, Mention, Probabilities
from shenava.ids import derive, mention_id

BRAND = "nilgoon"
BASE = datetime(2026, 3, 21, 8, 30, tzinfo=UTC)
"""When the complaint of every built story was written: noon at Tehran on the first day of 1405."""

ISSUE = derive("issue", BRAND, "1")
Language = Literal["fa", "fa-Latn", "en"]
TEXTS: dict[Language, str] = {
    "fa": "سفارشم دو هفته‌ست که نرسیده؛ کسی هم جواب نمی‌ده!",
    "fa-Latn": "sefaresham do hafte ast ke nareside, kasi ham javab nemide!",
    "en": "My order is two weeks late and nobody answers!",
}
AUTHORS: dict[Language, Author] = {
    "fa": Author(id="u-1", handle="mina_k", name="مینا", followers=1200),
    "fa-Latn": Author(id="u-2", handle="reza.t", name="Reza", followers=85),
    "en": Author(id="u-3", handle="anna", name="Anna", followers=310),
}

E = TypeVar("E", bound=e.Event)
I = TypeVar("I", bound=e.IssueEvent)  # noqa: E741 - reads as "issue event"
S = TypeVar("S", bound=e.SlaEvent)


def mention(language: Language = "fa", *, brand: str = BRAND, **over: Any) -> Mention:
    """A complaint about a late order; ``brand`` only shapes its id."""
    native_id = over.get("native_id", "p-1")
    channel = over.get("channel", "instagram")
    given: dict[str, Any] = {
        "mention_id": mention_id(brand, channel, native_id),
        "channel": channel,
        "native_id": native_id,
        "conversation": "t-1",
        "author": AUTHORS[language],
        "text": TEXTS[language],
        "posted_at": BASE,
        "received_at": BASE + timedelta(seconds=2),
    }
    return Mention(**given | over)


def classification(language: str = "fa", **over: Any) -> Classification:
    """Scored as a negative complaint."""
    given: dict[str, Any] = {
        "status": "scored",
        "language": language,
        "sentiment": "negative",
        "probabilities": Probabilities(negative=0.75, neutral=0.25, positive=0.0),
        "confidence": 0.75,
        "intent": "complaint",
        "intent_confidence": 0.5,
        "model": "judge",
        "model_version": "1",
    }
    return Classification(**given | over)


def received(language: Language = "fa", *, brand: str = BRAND, **over: Any) -> e.MentionReceived:
    """The complaint was heard; takes fields of the event and of its mention."""
    of_mention, of_event = _split(over)
    heard = of_event.pop("mention", None) or mention(language, brand=brand, **of_mention)
    given: dict[str, Any] = {
        "event_id": derive("received", heard.mention_id, heard.change),
        "brand": brand,
        "occurred_at": heard.received_at,
        "mention": heard,
    }
    return e.MentionReceived(**given | of_event)


def classified(language: Language = "fa", *, brand: str = BRAND, **over: Any) -> e.MentionClassified:
    """The complaint was understood; takes fields of the event and of its mention."""
    of_mention, of_event = _split(over)
    heard = received(language, brand=brand, mention=of_event.pop("mention", None), **of_mention)
    given: dict[str, Any] = {
        "event_id": derive("classified", heard.event_id),
        "brand": brand,
        "occurred_at": heard.occurred_at,
        "mention": heard.mention,
        "classification": classification(language),
    }
    return e.MentionClassified(**given | of_event)


def passed(cause: e.MentionClassified | None = None, **over: Any) -> e.MentionPassed:
    """Nobody has to act on ``cause``, as the router says it."""
    cause = cause or classified()
    given: dict[str, Any] = {
        "event_id": derive("passed", cause.event_id),
        "brand": cause.brand,
        "occurred_at": cause.occurred_at,
        "mention_id": cause.mention.mention_id,
        "channel": cause.mention.channel,
        "conversation": cause.mention.conversation,
        "cause_id": cause.event_id,
        "rule_id": "thanks",
        "rulebook_version": "r1",
    }
    return e.MentionPassed(**given | over)


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
        "decision": Decision(
            rule_id="late-order", rulebook_version="r1", condition='classification.intent == "complaint"'
        ),
        "complaint_at": BASE,
        "mention": mention(),
        "classification": classification(),
    }
    return _issue(e.IssueRouted, 2, given | over)


def issue_mention_added(**over: Any) -> e.IssueMentionAdded:
    """The author wrote once more."""
    again = mention(native_id="p-2")
    return _issue(e.IssueMentionAdded, 3, {"mention_id": again.mention_id, "posted_at": again.posted_at} | over)


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
    complaint_at = BASE + timedelta(days=2)
    return _issue(e.IssueReopened, 6, {"by": "helpdesk", "round": 2, "complaint_at": complaint_at} | over)


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
        received(), classified(), passed(), issue_opened(), issue_routed(), issue_mention_added(), issue_acknowledged(),
        issue_moved_private(), issue_paused(), issue_resumed(), issue_reassigned(), issue_resolved(), issue_reopened(),
        issue_closed(), sla_warned(), sla_breached(), sla_escalated(), sla_met(), sla_verdict_revised(), fact(),
    )  # fmt: skip


def _split(over: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    of_mention = {name: value for name, value in over.items() if name in Mention.__struct_fields__}
    return of_mention, {name: value for name, value in over.items() if name not in of_mention}


def _issue(kind: type[I], sequence: int, over: dict[str, Any]) -> I:
    given: dict[str, Any] = {"issue_id": ISSUE, "brand": BRAND, "sequence": sequence} | over
    given.setdefault("occurred_at", BASE + timedelta(minutes=given["sequence"]))
    return _identified(kind, given, given["issue_id"], given["sequence"])


def _sla(kind: type[S], over: dict[str, Any]) -> S:
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
