"""Who must act: first match wins, everything is explained, and a rule that fails is never "no match"."""

from datetime import timedelta
from itertools import combinations
from typing import Any

import pytest

from router.decide import Merge, Open, Pass, Route, assess, decide
from router.facts import UNKNOWN, Facts
from router.issue import SEVERITIES, Issue
from router.issue_keys import issue_keys
from rulebooks import book, small
from shenava.events import MentionClassified
from shenava.events.issues import ConditionValue, Decision
from shenava.events.mentions import Author
from shenava.testing.builders import BASE, classification, classified

WINDOW = timedelta(hours=24)
BOOK = book()


def known(**over: Any) -> Facts:
    return {**UNKNOWN, "status": "scored", **over}


def route(**over: Any) -> Route:
    found = assess(known(**over), BOOK)
    assert isinstance(found, Route)
    return found


@pytest.mark.parametrize(
    ("facts", "queue", "owner", "severity", "rule"),
    [
        ({"intent": "refund"}, "customer-care", "care@nilgoon.example", "high", "refund"),
        ({"intent": "complaint"}, "customer-care", "care@nilgoon.example", "high", "complaint"),
        ({"intent": "complaint", "text": "اپ کرش می کنه"}, "product", "app-lead@nilgoon.example", "normal", "app-bug"),
        ({"intent": "question"}, "content", "content@nilgoon.example", "normal", "question"),
        ({"intent": "suggestion"}, "product", "product@nilgoon.example", "low", "wish"),
        ({"intent": "lead"}, "customer-care", "care@nilgoon.example", "normal", "fallback"),
        ({"intent": "praise"}, "customer-care", "care@nilgoon.example", "normal", "fallback"),
    ],
)
def test_the_first_matching_rule_names_queue_owner_and_severity(
    facts: dict[str, Any], queue: str, owner: str, severity: str, rule: str
) -> None:
    found = route(**facts)
    assert (*found.destination, found.decision.rule_id) == (queue, owner, severity, rule)


@pytest.mark.parametrize(
    ("facts", "rule"),
    [
        ({"change": "deleted", "intent": "complaint"}, "deleted"),
        ({"intent": "spam"}, "spam"),
        ({"intent": "other"}, "chatter"),
        ({"intent": "praise", "text": "ممنون"}, "thanks"),
    ],
)
def test_what_nobody_must_act_on_passes_and_says_by_which_rule(facts: dict[str, Any], rule: str) -> None:
    assert assess(known(**facts), BOOK) == Pass(Decision(rule_id=rule, rulebook_version=BOOK.version))


def test_the_attention_default_decides_where_no_attention_rule_matches() -> None:
    rules = [{"id": "trouble", "when": 'intent == "complaint"', "act": True}]
    careless = book(attention={"default": False, "rules": rules})
    assert assess(known(intent="question"), careless) == Pass(
        Decision(rule_id="default", rulebook_version=careless.version)
    )
    assert isinstance(assess(known(intent="complaint"), careless), Route)


def test_a_decision_tells_values_losers_and_what_would_have_matched_too() -> None:
    decision = route(intent="complaint", text="اپ کرش کرد", followers=5000).decision
    assert decision.rule_id == "app-bug"
    assert decision.rulebook_version == BOOK.version
    assert decision.condition == 'intent == "complaint" && text.contains("کرش")'
    assert decision.facts == (
        ConditionValue(name="intent", value="complaint"),
        ConditionValue(name="text", value="اپ کرش کرد"),
    )
    assert decision.considered == ("refund",)
    assert decision.also_matching == ("complaint",)
    assert not decision.fallback


def test_the_fallback_tells_what_every_rule_looked_at() -> None:
    decision = route(intent="lead").decision
    assert decision.fallback
    assert decision.condition == ""
    assert decision.considered == ("refund", "app-bug", "complaint", "question", "wish")
    assert {fact.name for fact in decision.facts} == {"intent", "text"}


def failing(place: str, **entry: Any) -> Any:
    data = small()
    rules = data["attention"]["rules"] if place == "attention" else data[place]
    rules.insert(1, {"id": "broken", "when": "100 / followers > 1", **entry})
    return book(data)


def test_a_failing_ownership_rule_sends_to_the_fallback_even_if_a_later_rule_matches() -> None:
    found = assess(known(intent="complaint"), failing("rules", queue="content"))
    assert isinstance(found, Route)
    assert found.decision.fallback
    assert found.decision.errors == ("broken",)
    assert found.decision.considered == ("refund",)
    assert found.decision.also_matching == ("complaint",)
    assert [(failure.rule_id, failure.reason) for failure in found.failures] == [
        ("broken", "INVALID_ARGUMENT: divide by zero")
    ]


def test_a_rule_that_fails_after_the_winner_changes_nothing_but_is_reported() -> None:
    found = assess(known(intent="refund"), failing("rules", queue="content"))
    assert isinstance(found, Route)
    assert found.decision.rule_id == "refund"
    assert found.decision.errors == ("broken",)


def test_a_failing_attention_rule_asks_a_person() -> None:
    found = assess(known(intent="spam"), failing("attention", act=False))
    assert isinstance(found, Route)
    assert found.decision.fallback
    assert found.decision.errors == ("broken",)
    assert found.decision.facts == (ConditionValue(name="followers", value="0"),)


def test_a_failing_subscription_tells_because_silence_could_not_be_noticed() -> None:
    found = assess(known(intent="complaint"), failing("subscriptions", notify="marketing"))
    assert isinstance(found, Route)
    assert found.subscribers == ("marketing",)
    assert found.decision.rule_id == "complaint"
    assert found.decision.errors == ("broken",)


def test_all_matching_subscriptions_are_told_each_once() -> None:
    data = small()
    data["subscriptions"].append({"id": "also-loud", "when": "followers > 10", "notify": "pr"})
    found = assess(known(intent="lead", followers=1000), book(data))
    assert isinstance(found, Route)
    assert found.subscribers == ("pr", "sales")


def test_an_unscored_mention_that_needs_a_person_goes_to_the_fallback_queue() -> None:
    found = route(status="unscored", reason="unsupported_language", language="ar", text="کرش")
    assert found.decision.fallback
    assert found.destination == BOOK.fallback.of("normal")
    assert found.decision.facts == (
        ConditionValue(name="status", value="unscored"),
        ConditionValue(name="reason", value="unsupported_language"),
        ConditionValue(name="language", value="ar"),
    )


@pytest.mark.parametrize("severity", SEVERITIES)
@pytest.mark.parametrize("written", [{}, {"severity": "auto"}])
def test_an_issue_is_as_severe_as_its_mention_where_the_rule_leaves_it_open(
    severity: str, written: dict[str, str]
) -> None:
    data = small()
    data["rules"][3] = {"id": "question", "when": 'intent == "question"', "queue": "content", **written}
    found = assess(known(intent="question", severity=severity), book(data, fallback={"queue": "product", **written}))
    assert isinstance(found, Route)
    assert (found.decision.rule_id, found.destination.severity) == ("question", severity)
    unscored = assess(known(status="unscored", severity=severity), book(fallback={"queue": "product", **written}))
    assert isinstance(unscored, Route)
    assert unscored.destination == ("product", "product@nilgoon.example", severity)


@pytest.mark.parametrize("severity", SEVERITIES)
def test_a_rule_that_names_a_severity_keeps_it_whatever_the_mention_weighs(severity: str) -> None:
    assert route(intent="refund", severity=severity).destination.severity == "high"
    assert route(intent="suggestion", severity=severity).destination.severity == "low"
    stern = assess(known(intent="lead", severity=severity), book(fallback={"queue": "content", "severity": "critical"}))
    assert isinstance(stern, Route)
    assert stern.destination.severity == "critical"


def test_conditions_may_ask_how_severe_a_mention_is() -> None:
    data = small()
    data["rules"].insert(0, {"id": "grave", "when": 'severity in ["high", "critical"]', "queue": "product"})
    found = assess(known(intent="question", severity="critical"), book(data))
    assert isinstance(found, Route)
    assert found.decision.facts == (ConditionValue(name="severity", value="critical"),)
    assert found.destination.severity == "critical"


def test_an_issue_is_routed_anew_by_a_graver_mention_of_a_rule_that_leaves_it_open() -> None:
    grave = classified(classification=classification(intent="question", severity="high"))
    issue = open_issue(grave, severity="normal", queue="content")
    joined = decided(grave, issue, by="conversation")
    assert isinstance(joined, Merge)
    assert joined.reroute is not None
    assert joined.reroute.destination.severity == "high"
    assert decided(grave, open_issue(grave, severity="high"), by="conversation") == Merge("i-1", joined.keys, None)


def open_issue(event: MentionClassified, **over: Any) -> Issue:
    given: dict[str, Any] = {
        "id": "i-1", "brand": event.brand, "state": "routed", "sequence": 2, "severity": "high",
        "mention_id": event.mention.mention_id, "channel": event.mention.channel,
        "conversation": event.mention.conversation, "author_id": event.mention.author.id, "language": "fa",
        "opened_at": BASE, "updated_at": BASE, "complaint_at": BASE, "last_mention_at": BASE,
    }  # fmt: skip
    return Issue(**given | over)


def decided(event: MentionClassified, issue: Issue | None, *, by: str) -> Pass | Open | Merge:
    key = getattr(issue_keys(event), by)
    return decide(event, BOOK, lambda asked: issue if asked == key else None, WINDOW)


@pytest.mark.parametrize("by", ["conversation", "author"])
def test_a_mention_joins_the_open_issue_of_its_conversation_or_of_its_author_and_matter(by: str) -> None:
    event = classified()
    joined = decided(event, open_issue(event), by=by)
    assert isinstance(joined, Merge)
    assert joined.issue_id == "i-1"
    assert joined.reroute is None


@pytest.mark.parametrize(
    ("over", "why"),
    [
        ({"state": "resolved"}, "it is settled"),
        ({"state": "closed"}, "it has ended"),
        ({"last_mention_at": BASE - WINDOW - timedelta(seconds=1)}, "the window is over"),
    ],
)
def test_a_mention_opens_a_new_issue_when_the_one_there_is_no_longer_takes_any(over: dict[str, Any], why: str) -> None:
    event = classified()
    assert isinstance(decided(event, open_issue(event, **over), by="conversation"), Open), why


def test_the_window_counts_from_the_latest_mention_and_older_ones_always_join() -> None:
    event = classified()
    for last in (BASE - WINDOW, BASE, BASE + timedelta(days=9)):
        assert isinstance(decided(event, open_issue(event, last_mention_at=last), by="author"), Merge)


def test_a_harmless_thread_that_turns_into_a_complaint_is_routed_anew() -> None:
    event = classified()
    joined = decided(event, open_issue(event, severity="low"), by="conversation")
    assert isinstance(joined, Merge)
    assert joined.reroute is not None
    assert joined.reroute.destination.queue == "customer-care"


def test_the_router_never_moves_what_a_person_has_placed() -> None:
    event = classified()
    joined = decided(event, open_issue(event, severity="low", pinned=True), by="conversation")
    assert isinstance(joined, Merge)
    assert joined.reroute is None


def test_complaint_and_refund_are_one_matter_of_an_author_and_a_question_is_another() -> None:
    def author_key(intent: str) -> object:
        return issue_keys(classified(classification=classification(intent=intent))).author

    assert author_key("complaint") == author_key("refund")
    assert author_key("complaint") != author_key("question")


def test_lanes_brands_and_channels_never_share_an_issue() -> None:
    events = [
        classified(),
        classified(lane="backfill"),
        classified(brand="other"),
        classified(channel="telegram"),
    ]
    keys = [set(issue_keys(event)) for event in events]
    assert all(one.isdisjoint(other) for one, other in combinations(keys, 2))


def test_an_authors_copy_joins_whatever_its_matter_and_anothers_copy_does_not() -> None:
    said = "سه هفته است که پول من را پس نداده‌اید و کسی هم پشت تلفن جواب نمی‌دهد"
    first = issue_keys(classified(text=said)).copies
    again = classified(text=f"RT {said} 😡", conversation="elsewhere", classification=classification(intent="question"))
    assert set(first) & set(issue_keys(again).copies)
    assert not set(first) & set(issue_keys(classified(text=said, author=Author(id="another"))).copies)
    assert issue_keys(classified(text="خیلی ممنون")).copies == ()
    joined = decide(again, BOOK, lambda asked: open_issue(again) if asked == first[0] else None, WINDOW)
    assert isinstance(joined, Merge)
