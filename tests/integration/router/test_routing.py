"""Routing on real PostgreSQL: repeats, races, edits, lanes, and what is told to whom."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from router.fold import Revision
from router.issue import evolve, opened
from router.store import lock_issues
from router_world import RouterWorld, inbound, router_world, said
from servers import DatabaseFor
from shenava import topics
from shenava.errors import Invalid
from shenava.events import (
    BY_TYPE,
    IssueEvent,
    IssueMentionAdded,
    IssueOpened,
    IssueRouted,
    MentionPassed,
)
from shenava.events.mentions import Author
from shenava.settings import PostgresSettings
from shenava.telemetry import metrics
from shenava.testing.builders import BASE, classification, classified, sla_breached, sla_met
from webhook_world import endpoint

pytestmark = pytest.mark.servers

LIFECYCLE = topics.ISSUES_LIFECYCLE.name
CARE = topics.ISSUES_BY_QUEUE["customer-care"].name
PASSED = topics.MENTIONS_PASSED.name


@pytest.fixture
async def settings(database_for: DatabaseFor) -> PostgresSettings:
    return await database_for("router")


@pytest.fixture
async def router(settings: PostgresSettings, tmp_path: Path) -> AsyncIterator[RouterWorld]:
    async with router_world(settings, tmp_path, [endpoint("http://127.0.0.1:9/care")]) as made:
        yield made


async def webhooks(router: RouterWorld) -> list[str]:
    return [row["type"] for row in await router.rows("SELECT type FROM deliveries ORDER BY id")]


async def test_a_complaint_becomes_an_issue_for_its_queue_and_everybody_is_told(router: RouterWorld) -> None:
    before = metrics.ISSUES.labels("customer-care")._value.get()
    event = said()
    await router.take(event)
    assert [type(told) for told in await router.told(LIFECYCLE)] == [IssueOpened, IssueRouted]
    (routed,) = await router.told(CARE)
    assert isinstance(routed, IssueRouted)
    assert (routed.mention, routed.decision.rule_id) == (event.mention, "complaint")
    assert await webhooks(router) == ["issue.routed"]
    assert metrics.ISSUES.labels("customer-care")._value.get() == before + 1


async def test_the_same_batch_again_whole_or_in_part_changes_nothing(router: RouterWorld) -> None:
    batch = [said("p-1"), said("p-2"), said("p-3", "other"), said("p-1")]
    await router.take(*batch)
    tables = ("mentions", "issues", "issue_history", "issue_mentions", "outbox", "deliveries")

    async def everything() -> dict[str, Any]:
        return {table: await router.rows(f"SELECT * FROM {table} ORDER BY 1, 2") for table in tables}  # noqa: S608 - constants

    before = await everything()
    await router.take(*batch)
    await router.take(batch[1], batch[0])
    assert await everything() == before
    assert len(before["mentions"]) == 3


async def test_routers_that_meet_on_one_author_open_one_issue(settings: PostgresSettings, tmp_path: Path) -> None:
    async with router_world(settings, tmp_path) as one, router_world(settings, tmp_path) as other:
        batches = [
            [said(f"p-{router}-{number}", conversation=f"t-{router}-{number}") for number in range(5)]
            for router in range(12)
        ]
        handlers = [one.handler, other.handler] * 6
        await asyncio.gather(*(handler(inbound(batch)) for handler, batch in zip(handlers, batches, strict=True)))
        (issue,) = await one.rows("SELECT id, mention_count, sequence FROM issues")
        assert issue["mention_count"] == 60
        history = await one.rows("SELECT sequence FROM issue_history ORDER BY sequence")
        assert [row["sequence"] for row in history] == list(range(1, issue["sequence"] + 1))
        keys = await one.rows("SELECT DISTINCT issue_id FROM issue_keys")
        assert keys == [{"issue_id": issue["id"]}]


async def test_routers_that_are_given_the_same_batch_at_once_have_one_effect(
    settings: PostgresSettings, tmp_path: Path
) -> None:
    async with router_world(settings, tmp_path) as one, router_world(settings, tmp_path) as other:
        batch = inbound(
            [
                said(f"p-{number}", author=Author(id=f"a-{number % 7}"), conversation=f"t-{number}")
                for number in range(60)
            ]
        )
        await asyncio.gather(one.handler(batch), other.handler(batch[::-1]), one.handler(batch[20:40]))
        counted = Counter(type(event) for event in await one.told(LIFECYCLE))
        assert counted == {IssueOpened: 7, IssueRouted: 7, IssueMentionAdded: 53}


async def test_the_stored_issue_is_the_fold_of_its_stored_history(router: RouterWorld) -> None:
    await router.take(said("p-1", "suggestion"), said("p-2"))
    await router.take(said("p-3", posted_at=BASE + timedelta(hours=1)))
    (issue_id,) = await router.issue_ids()
    rows = await router.rows(
        "SELECT type, event::text FROM issue_history WHERE issue_id = $1 ORDER BY sequence", issue_id
    )
    events = [msgspec.json.decode(row["event"], type=BY_TYPE[row["type"]]) for row in rows]
    first = events[0]
    assert isinstance(first, IssueOpened)
    issue = opened(first)
    for event in events[1:]:
        assert isinstance(event, IssueEvent)
        issue = evolve(issue, event)
    async with router.database.transaction() as tx:
        stored = await lock_issues(tx, [issue_id])
    assert stored == {issue_id: issue}


async def test_an_edit_arriving_later_finds_the_mention_and_opens_no_second_issue(router: RouterWorld) -> None:
    await router.take(said("p-1"))
    await router.take(said("p-1", change="edited", text="ویرایش: هنوز نرسیده", conversation="moved"))
    assert len(await router.issue_ids()) == 1
    await router.take(said("p-2", "other", author=Author(id="quiet"), conversation="t-2"))
    await router.take(said("p-2", change="edited", author=Author(id="quiet"), conversation="t-2"))
    assert len(await router.issue_ids()) == 2


async def test_a_post_that_arrives_after_its_deletion_opens_nothing(router: RouterWorld) -> None:
    await router.take(said("p-1", change="deleted", text=""))
    await router.take(said("p-1"))
    assert await router.issue_ids() == []
    rows = await router.rows("SELECT change, occurred_at, needs_person FROM mentions")
    assert {(row["change"], row["needs_person"]) for row in rows} == {("deleted", False), ("posted", True)}
    newest = max(Revision.of(row["change"], row["occurred_at"]) for row in rows)
    assert newest.change == 2


async def test_backfill_is_recorded_and_projected_and_nobody_is_called(router: RouterWorld) -> None:
    await router.take(said("p-1", lane="backfill"))
    (opened_event, routed) = await router.told()
    assert isinstance(opened_event, IssueOpened)
    assert isinstance(routed, IssueRouted)
    assert not opened_event.starts_clocks
    assert await router.told(CARE) == []
    assert await webhooks(router) == []
    await router.take(said("p-2"))
    assert len(await router.issue_ids()) == 2


async def test_what_the_clocks_say_goes_out_as_webhooks_once(router: RouterWorld) -> None:
    await router.take(sla_breached(), sla_met())
    await router.take(sla_breached(), said())
    assert await webhooks(router) == ["sla.breached", "sla.met", "issue.routed"]


async def test_a_rule_that_fails_at_run_time_is_counted_and_sends_to_the_fallback(
    router: RouterWorld, tmp_path: Path
) -> None:
    content = (tmp_path / "rulebook.yaml").read_text("utf-8")
    (tmp_path / "rulebook.yaml").write_text(
        content.replace('when: intent == "refund"', "when: 1 / rating == 5"), "utf-8"
    )
    router.rulebook.look()
    before = metrics.RULE_ERRORS.labels("refund")._value.get()
    await router.take(said())
    (routed,) = await router.told(CARE)
    assert isinstance(routed, IssueRouted)
    assert (routed.decision.rule_id, routed.decision.errors) == ("fallback", ("refund",))
    assert metrics.RULE_ERRORS.labels("refund")._value.get() == before + 1


async def test_a_mention_in_a_language_we_do_not_read_waits_for_a_person(router: RouterWorld) -> None:
    unread = classification(
        status="unscored", reason="unsupported_language", language="ar", sentiment=None, intent=None,
        probabilities=None, confidence=None, intent_confidence=None,
    )  # fmt: skip
    await router.take(classified(text="أين طلبي؟", classification=unread))
    (routed,) = await router.told(CARE)
    assert isinstance(routed, IssueRouted)
    assert routed.decision.fallback
    assert routed.classification.language == "ar"


@pytest.mark.parametrize(
    ("unheard_of", "reason"),
    [
        ({"text": "a\x00b"}, "unstorable_value"),
        ({"conversation": "t\x00"}, "unstorable_value"),
        ({"posted_at": datetime.fromisoformat("0001-01-01T00:00:00+03:30")}, "time_out_of_range"),
        ({"posted_at": datetime.fromisoformat("9999-12-31T23:59:59-03:30")}, "time_out_of_range"),
    ],
)
async def test_what_cannot_be_kept_is_invalid_and_leaves_nothing_behind(
    router: RouterWorld, unheard_of: dict[str, Any], reason: str
) -> None:
    with pytest.raises(Invalid, match=reason):
        await router.take(said("p-1"), said("p-2", **unheard_of))
    assert await router.rows("SELECT event_id FROM mentions") == []
    await router.take(said("p-1"))
    assert len(await router.issue_ids()) == 1


async def test_every_mention_is_kept_with_why_it_was_passed_or_not(router: RouterWorld) -> None:
    await router.take(said("p-1"), said("p-2", "spam"))
    rows = await router.rows("SELECT needs_person, decision->>'rule_id' AS rule FROM mentions ORDER BY rule")
    assert rows == [{"needs_person": True, "rule": "complaint"}, {"needs_person": False, "rule": "spam"}]


async def passed(router: RouterWorld) -> list[tuple[str, str]]:
    """The causes and rules of what was told to be passed."""
    told = await router.told(PASSED)
    return [(event.cause_id, event.rule_id) for event in told if isinstance(event, MentionPassed)]


async def test_what_nobody_must_act_on_is_told_once_in_either_lane(router: RouterWorld) -> None:
    before = metrics.MENTIONS_PASSED.labels("spam")._value.get()
    spam = [said("p-1", "spam"), said("p-2", "spam", lane="backfill")]
    await router.take(*spam, said("p-3"))
    await router.take(*spam)
    assert sorted(await passed(router)) == sorted((event.event_id, "spam") for event in spam)
    assert metrics.MENTIONS_PASSED.labels("spam")._value.get() == before + 2


async def test_a_batch_in_which_nobody_must_act_tells_all_of_it(router: RouterWorld) -> None:
    await router.take(said("p-1", "spam"), said("p-2", "other"))
    assert sorted(rule for _, rule in await passed(router)) == ["chatter", "spam"]
    assert len(await router.told()) == 2


async def test_what_happens_to_a_member_of_an_issue_is_accounted_for_by_the_issue(router: RouterWorld) -> None:
    await router.take(said("p-1"))
    await router.take(said("p-1", "other", change="edited", text="حل شد"), said("p-1", change="deleted", text=""))
    assert await passed(router) == []


async def test_a_post_that_arrives_after_its_deletion_is_passed_as_outdated(router: RouterWorld) -> None:
    gone, post = said("p-1", change="deleted", text=""), said("p-1")
    await router.take(gone)
    await router.take(post)
    assert await passed(router) == [(gone.event_id, "deleted"), (post.event_id, "outdated")]


@pytest.mark.parametrize("cuts", [1, 2, 3])
async def test_a_batch_is_decided_as_its_events_one_by_one_would_be(router: RouterWorld, cuts: int) -> None:
    # The deletion is in the batch of the post, but it was said later.
    story = [said("p-1"), said("p-1", change="deleted", text=""), said("p-2", "other", conversation="t-2")]
    for start in range(0, len(story), cuts):
        await router.take(*story[start : start + cuts])
    assert [type(event) for event in await router.told(LIFECYCLE)] == [IssueOpened, IssueRouted]
    assert await passed(router) == [(story[2].event_id, "chatter")]


async def test_what_is_passed_and_its_record_are_committed_together_or_not_at_all(router: RouterWorld) -> None:
    with pytest.raises(Invalid):
        await router.take(said("p-1", "spam"), said("p-2", "spam", text="a\x00b"))
    assert await passed(router) == []
    await router.take(said("p-1", "spam"))
    assert len(await passed(router)) == 1
