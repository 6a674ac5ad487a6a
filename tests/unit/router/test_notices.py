"""Notices: every event of an issue in the words of the webhook contract."""

from datetime import timedelta

import orjson
import pytest

from router.notices import TYPES, Notice, lifecycle_notice, routed_notice, sla_notice
from shenava import events as e
from shenava.events.issues import ConditionValue, Decision
from shenava.events.mentions import Counts
from shenava.testing import builders as b
from shenava.webhooks.message import serialise

BUILT = b.one_of_each()
LIFECYCLE = [event for event in BUILT if isinstance(event, e.IssueEvent)]
SLA = [event for event in BUILT if isinstance(event, e.SlaEvent)]


def told(event: e.Event) -> Notice | None:
    if isinstance(event, e.IssueEvent):
        return lifecycle_notice(event)
    return sla_notice(event) if isinstance(event, e.SlaEvent) else None


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        (b.issue_opened(), None),
        (b.issue_routed(), "issue.routed"),
        (b.issue_mention_added(), "issue.updated"),
        (b.issue_acknowledged(), "issue.acknowledged"),
        (b.issue_moved_private(), "issue.updated"),
        (b.issue_paused(), "issue.updated"),
        (b.issue_resumed(), "issue.updated"),
        (b.issue_reassigned(), "issue.updated"),
        (b.issue_resolved(), "issue.resolved"),
        (b.issue_reopened(), "issue.reopened"),
        (b.issue_closed(), "issue.updated"),
        (b.sla_warned(), "sla.warning"),
        (b.sla_breached(), "sla.breached"),
        (b.sla_escalated(), "issue.escalated"),
        (b.sla_met(), "sla.met"),
        (b.sla_verdict_revised(), "issue.updated"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, e.Event) else "",
)
def test_each_event_is_told_under_its_type(event: e.Event, kind: str | None) -> None:
    notice = told(event)
    assert (notice and notice.type) == kind


def test_every_event_of_an_issue_is_decided_here_and_every_type_is_used() -> None:
    kinds = {type(event) for event in LIFECYCLE + SLA}
    declared = {kind for kind in e.ALL if issubclass(kind, e.IssueEvent | e.SlaEvent)}
    assert kinds == declared
    assert {notice.type for event in LIFECYCLE + SLA if (notice := told(event))} == set(TYPES)


@pytest.mark.parametrize("event", [event for event in LIFECYCLE + SLA if told(event)], ids=lambda e: type(e).__name__)
def test_a_notice_names_its_issue_its_cause_and_its_schema(event: e.IssueEvent | e.SlaEvent) -> None:
    notice = told(event)
    assert notice is not None
    assert (notice.issue_id, notice.brand, notice.cause_id) == (event.issue_id, event.brand, event.event_id)
    data = orjson.loads(serialise(notice.type, notice.occurred_at, notice.data))["data"]
    assert data["schema_version"] == 1
    assert data["brand"] == b.BRAND
    assert data["issue"]["id"] == event.issue_id
    assert data["issue"]["round"] == event.round


def test_a_routed_issue_is_told_with_all_a_person_needs() -> None:
    decision = Decision(
        rule_id="late-order",
        rulebook_version="r1",
        condition='classification.intent == "complaint"',
        facts=(ConditionValue(name="classification.intent", value="complaint"),),
        considered=("vip",),
    )
    event = b.issue_routed(
        decision=decision,
        severity="high",
        subscribers=("pr",),
        mention=b.mention(counts=Counts(likes=3)),
        classification=b.classification(severity="low", severity_reasons=("loss:دزد", "verified")),
    )
    notice = routed_notice(event)
    assert notice.queue == "customer-care"
    sent = orjson.loads(serialise(notice.type, notice.occurred_at, notice.data))
    assert sent["type"] == "issue.routed"
    assert sent["timestamp"] == event.occurred_at.isoformat().replace("+00:00", "Z")
    data = sent["data"]
    assert data["issue"] == {
        "id": event.issue_id, "sequence": 2, "round": 1, "by": "router",
        "queue": "customer-care", "owner": "care-lead", "severity": "high",
    }  # fmt: skip
    assert data["mention"]["text"] == b.TEXTS["fa"]
    assert data["mention"]["text_truncated"] is False
    assert data["mention"]["author"] == {
        "id": "u-1", "handle": "mina_k", "name": "مینا", "followers": 1200, "verified": False
    }  # fmt: skip
    assert data["mention"]["counts"] == {"likes": 3, "shares": None, "replies": None, "views": None}
    assert data["classification"]["sentiment"] == "negative"
    assert data["classification"]["intent"] == "complaint"
    assert data["classification"]["severity"] == "low"
    assert data["classification"]["severity_reasons"] == ["loss:دزد", "verified"]
    assert data["routing"] == {
        "rule_id": "late-order", "rulebook_version": "r1", "fallback": False,
        "condition": 'classification.intent == "complaint"',
        "facts": [{"name": "classification.intent", "value": "complaint"}],
        "considered": ["vip"], "subscribers": ["pr"],
    }  # fmt: skip


def test_a_complaint_of_any_length_fits_into_a_webhook() -> None:
    facts = tuple(ConditionValue(name="n" * 512, value="و" * 512) for _ in range(200))
    decision = Decision(rule_id="r", rulebook_version="r1", condition="c" * 4096, facts=facts)
    notice = routed_notice(b.issue_routed(mention=b.mention(text="چرا؟ " * 20_000), decision=decision))
    body = serialise(notice.type, notice.occurred_at, notice.data)
    assert len(body) < 20_000
    mention = orjson.loads(body)["data"]["mention"]
    assert mention["text_truncated"] is True
    assert b.mention(text="چرا؟ " * 20_000).text.startswith(mention["text"])


def test_a_change_says_what_it_was() -> None:
    assert _change(b.issue_resolved(resolution="refunded", note="تمام مبلغ")) == {
        "what": "resolved", "resolution": "refunded", "note": "تمام مبلغ"
    }  # fmt: skip
    assert _change(b.issue_moved_private()) == {
        "what": "moved_private",
        "to": "direct_message",
        "reason": "شماره سفارش",
    }
    assert _change(b.issue_reassigned())["queue"] == "product"


def test_a_change_goes_to_the_queue_that_has_the_issue_then() -> None:
    for event, queue in ((b.issue_acknowledged(), "content"), (b.issue_reassigned(queue="product"), "product")):
        notice = lifecycle_notice(event, "content")
        assert notice is not None
        assert notice.queue == queue
        assert notice.data["issue"]["queue"] == queue


def test_a_clock_tells_how_late_it_is() -> None:
    notice = sla_notice(b.sla_escalated(late_by=3600.0))
    assert notice is not None
    assert notice.queue == "customer-care"
    assert notice.data["sla"]["late_by"] == 3600.0
    assert notice.data["sla"]["tell"] == ("care-manager",)
    assert notice.data["sla"]["deadline_at"] == b.BASE + timedelta(hours=12)


def _change(event: e.IssueEvent) -> dict[str, object]:
    notice = lifecycle_notice(event)
    assert notice is not None
    change: dict[str, object] = notice.data["change"]
    return change
