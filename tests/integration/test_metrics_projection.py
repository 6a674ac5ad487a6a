"""The projection on a real PostgreSQL: whatever way the events come, the tables and the numbers are the same."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, cast

import pytest

from metrics_api import store
from metrics_api.answer import Point, points
from metrics_api.catalogue import METRICS
from metrics_api.handler import Project
from metrics_api.inputs import GRACE
from metrics_api.projection import changes
from metrics_api.question import Question, ask, split
from metrics_api.reading import first_heard, read
from metrics_stories import BRANDS, talk
from servers import DatabaseFor
from shenava.db.database import Database, Transaction
from shenava.errors import Invalid
from shenava.events import Event
from shenava.kafka.consumer import Inbound
from shenava.kafka.ports import Record
from shenava.testing import builders as b
from shenava.testing.waiting import until

pytestmark = pytest.mark.servers

TABLES = (
    "mentions", "mentions_passed", "mention_corrections", "mention_hours", "mention_days", "issues", "issue_events",
    "issue_mentions", "issue_rounds", "sla_events", "facts",
)  # fmt: skip
NOW = datetime(2026, 3, 27, 12, tzinfo=UTC)
HALF_AN_HOUR = timedelta(minutes=30)


@pytest.fixture
async def database(database_for: DatabaseFor) -> AsyncIterator[Database]:
    async with Database(await database_for("metrics-api"), schema="metrics", service="tests") as opened:
        yield opened


def inbound(events: Sequence[Event]) -> list[Inbound]:
    """The projection looks at events only, never at their records."""
    return [Inbound(event, cast("Record", None)) for event in events]


async def project(database: Database, *events: Event) -> None:
    await Project(database)(inbound(events))


async def tables(database: Database) -> dict[str, list[str]]:
    """Every row of every table as text."""
    async with database.transaction() as tx:
        return {
            table: [row[0] for row in await tx.driver.fetch(f"SELECT t::text FROM {table} AS t ORDER BY 1")]  # noqa: S608 - our own names
            for table in TABLES
        }


async def numbers(database: Database) -> list[Any]:
    """Every metric of every brand, by every dimension, by day."""
    async with database.transaction() as tx:
        # What was heard by the tests' clock is on its way at NOW; put the grace behind it.
        await tx.driver.execute("UPDATE inbox SET seen_at = $1", NOW - GRACE)
        return [
            await _points(tx, metric, brand, group_by)
            for metric in METRICS
            for brand in BRANDS
            for group_by in (None, *metric.group_by)
        ]


async def _points(tx: Transaction, metric: Any, brand: str, group_by: str | None) -> Any:
    since = datetime(2026, 3, 20, tzinfo=UTC)
    until = since + timedelta(days=9)
    whole = ask(metric, brand=brand, now=NOW, since=since, until=until)
    question = split(whole, interval="day", group_by=group_by)
    return await answer(tx, question)


async def answer(tx: Transaction, question: Question) -> list[Point]:
    """As the routes answer, at a fixed instant."""
    return points(question, await read(tx, question, NOW), first=await first_heard(tx, question.brand), as_of=NOW)


async def empty(database: Database) -> None:
    async with database.transaction() as tx:
        await tx.driver.execute(f"TRUNCATE inbox, {', '.join(TABLES)}")


@pytest.mark.parametrize("seed", range(6))
async def test_any_order_repetition_and_batches_give_the_same_tables_and_numbers(database: Database, seed: int) -> None:
    random = Random(seed)  # noqa: S311 - a reproducible story
    story = talk(random, 40)
    await project(database, *story)
    straight = (await tables(database), await numbers(database))
    for _ in range(3):
        await empty(database)
        order = [*story, *random.choices(story, k=len(story) // 3)]
        random.shuffle(order)
        while order:
            size = random.randint(1, 60)
            await project(database, *order[:size])
            order = order[size:]
        assert (await tables(database), await numbers(database)) == straight


async def test_two_members_with_the_same_records_leave_the_tables_as_one_does(database: Database) -> None:
    random = Random(7)  # noqa: S311 - a reproducible story
    story = talk(random, 60)
    await project(database, *story)
    alone = await tables(database)
    await empty(database)

    async def member(order: list[Event]) -> None:
        for place in range(0, len(order), 25):
            await project(database, *order[place : place + 25])

    # As after a rebalance: one is still at work on what the others have been given too.
    orders = [list(story), list(reversed(story)), random.sample(story, len(story))]
    await asyncio.gather(*map(member, orders))
    assert await tables(database) == alone


async def test_two_members_that_each_hold_a_part_of_an_issue_lose_neither(database: Database) -> None:
    async def second() -> None:
        await project(database, b.issue_routed())

    async with database.transaction() as first:
        await store.apply(first, changes([b.issue_opened()]))
        other = asyncio.create_task(second())
        await until(lambda: _waits_or_is_done(database, other))
    await other
    async with database.transaction() as tx:
        (issue,) = await tx.driver.fetch("SELECT state, seen FROM issues")
    assert tuple(issue) == ("routed", 2)


async def _waits_or_is_done(database: Database, work: asyncio.Task[None]) -> bool:
    async with database.transaction() as tx:
        waiting = await tx.driver.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
    return bool(waiting) or work.done()


@pytest.mark.parametrize("table", ["mention_hours", "mention_days"])
async def test_the_rollup_is_a_recount_of_the_mentions(database: Database, table: str) -> None:
    for event in talk(Random(3), 50):  # noqa: S311 - a reproducible story
        await project(database, event)
    kept = "brand, bucket, channel, language, outcome, intent, role, model, corrected, mentions"
    bucket = f"date_trunc('{'hour' if table == 'mention_hours' else 'day'}', posted_at)"
    recount = f"""
        SELECT brand, {bucket}, channel, language, outcome, intent, role, model, corrected, count(*) FROM mentions
        GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
    """  # noqa: S608 - our own names
    async with database.transaction() as tx:
        difference = await tx.driver.fetch(
            f"(SELECT {kept} FROM {table} EXCEPT {recount}) UNION ALL ({recount} EXCEPT SELECT {kept} FROM {table})"  # noqa: S608 - our own names
        )
        assert await tx.driver.fetchval(f"SELECT sum(mentions) FROM {table}") == 50  # noqa: S608 - our own names
    assert difference == []


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
async def test_every_way_of_counting_the_same_span_agrees(database: Database, metric: Any) -> None:
    await project(database, *talk(Random(11), 80))  # noqa: S311 - a reproducible story
    since = datetime(2026, 3, 20, tzinfo=UTC)
    whole = ask(metric, brand="nilgoon", now=NOW, since=since, until=since + timedelta(days=9))
    # Days come from the daily counts, hours from the hourly ones, Tehran's days from the mentions themselves.
    tehran = replace(whole, since=whole.since - HALF_AN_HOUR, until=whole.until - HALF_AN_HOUR)
    steps = [whole, split(whole, interval="day"), split(whole, interval="hour"), split(tehran, interval="day")]
    async with database.transaction() as tx:
        counted = [sum(point.figure.n for point in await answer(tx, question)) for question in steps]
    assert counted == [counted[0]] * len(steps)
    assert counted[0] > 0


async def test_an_edit_moves_the_mention_from_its_old_count_to_its_new_one(database: Database) -> None:
    angry = b.classified()
    calm = b.classified(change="edited", received_at=b.BASE + timedelta(hours=1),
                        classification=b.classification(sentiment="positive", intent="praise"))  # fmt: skip
    await project(database, angry)
    await project(database, calm)
    async with database.transaction() as tx:
        counted = await tx.driver.fetch("SELECT outcome, intent, mentions FROM mention_hours")
    assert [tuple(row) for row in counted] == [("positive", "praise", 1)]


async def test_a_deletion_takes_the_mention_out_of_every_number_but_the_proof(database: Database) -> None:
    gone = b.classified(change="deleted", text="", received_at=b.BASE + timedelta(hours=1),
                        classification=b.classification(language="und", status="unscored", reason="deleted",
                                                        sentiment=None, intent=None))  # fmt: skip
    await project(database, b.classified())
    await project(database, gone)
    await project(database, b.classified())
    async with database.transaction() as tx:
        for metric in METRICS:
            counted = sum(point.figure.n for point in await _points(tx, metric, b.BRAND, None))
            assert counted == (metric.name == "forgotten_issues"), metric.name
        kept = await tx.driver.fetch("SELECT outcome, mentions FROM mention_days")
    assert [tuple(row) for row in kept] == [("deleted", 1)]


async def test_a_late_older_revision_changes_nothing_but_the_time(database: Database) -> None:
    edit = b.classified(change="edited", posted_at=b.BASE + timedelta(hours=5), received_at=b.BASE + timedelta(hours=5))
    await project(database, edit)
    await project(database, b.classified(classification=b.classification(sentiment="positive")))
    async with database.transaction() as tx:
        (row,) = await tx.driver.fetch("SELECT change, outcome, posted_at FROM mentions")
    assert tuple(row) == ("edited", "negative", b.BASE)


async def test_a_submission_sent_again_later_is_still_the_first_one(database: Database) -> None:
    first = b.classified()
    edit = b.classified(change="edited", received_at=b.BASE + timedelta(hours=1))
    again = b.classified(received_at=b.BASE + timedelta(hours=9), event_id=first.event_id)
    await project(database, first, edit)
    before = await tables(database)
    await project(database, again)
    assert await tables(database) == before
    await empty(database)
    await project(database, first, again, edit)
    assert await tables(database) == before


async def test_what_was_sent_twice_in_one_batch_counts_as_it_was_first_told(database: Database) -> None:
    first = b.classified()
    again = b.classified(received_at=b.BASE + timedelta(hours=9), event_id=first.event_id)
    await project(database, first, again)
    async with database.transaction() as tx:
        assert await tx.driver.fetchval("SELECT occurred_at FROM mentions") == first.occurred_at


@pytest.mark.parametrize(
    "event",
    [
        b.sla_warned(level="a\x00b"),
        b.issue_opened(round=2**70),
        b.fact(attributes={"note": "\x00"}),
        b.classified(posted_at=datetime.fromisoformat("0001-01-01T00:00:00+03:30")),
    ],
    ids=["nul", "too large a number", "nul in json", "before the calendar"],
)
async def test_what_no_table_can_hold_is_refused_as_invalid_and_writes_nothing(
    database: Database, event: Event
) -> None:
    with pytest.raises(Invalid):
        await project(database, b.classified(), event)
    assert not any((await tables(database)).values())


async def test_neither_text_nor_author_is_stored_anywhere(database: Database) -> None:
    await project(database, b.classified(), b.issue_opened(), b.issue_routed())
    author = b.AUTHORS["fa"]
    stored = "\n".join(row for rows in (await tables(database)).values() for row in rows)
    assert not [
        personal for personal in (b.TEXTS["fa"], author.id, author.handle, author.name) if str(personal) in stored
    ]
