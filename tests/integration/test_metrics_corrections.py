"""Corrections on a real PostgreSQL: which labels count, what the drill-down shows, who waits for whom."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from metrics_api import store
from metrics_api.app import create_app
from metrics_api.handler import Project
from metrics_api.projection import changes
from servers import DatabaseFor
from shenava.db.database import Database
from shenava.events import Event, MentionClassified
from shenava.http import problems
from shenava.http.keys import ApiKey, ApiKeys, digest
from shenava.ids import derive
from shenava.kafka.consumer import Inbound
from shenava.testing import builders as b
from shenava.testing.waiting import until

pytestmark = pytest.mark.servers

SPAN = {"brand": b.BRAND, "from": "2026-03-20", "to": "2026-03-29"}
HOUR = timedelta(hours=1)
READER = ApiKey(name="reader", scopes=frozenset({"metrics:read"}), sha256=digest("reader"))
PRAISE = {"sentiment": "positive", "intent": "praise"}
LABELS = ("language", "outcome", "intent")


@pytest.fixture
async def database(database_for: DatabaseFor) -> AsyncIterator[Database]:
    async with Database(await database_for("metrics-api"), schema="metrics", service="tests") as opened:
        yield opened


@pytest.fixture
async def api(database: Database) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(database, ApiKeys([READER]))
    problems.install(app)
    headers = {"Authorization": "Bearer reader"}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://metrics", headers=headers
    ) as client:
        yield client


async def project(database: Database, *events: Event) -> None:
    record: Any = None
    await Project(database)([Inbound(event, record) for event in events])


async def told(api: httpx.AsyncClient, path: str, **params: str) -> Any:
    answer = await api.get(f"/v1/metrics/{path}", params={**SPAN, **params})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def point(api: httpx.AsyncClient, metric: str, **params: str) -> Any:
    (only,) = (await told(api, metric, **params))["points"]
    return only


async def shown(api: httpx.AsyncClient) -> Any:
    """What the drill-down tells of the one mention there is."""
    (item,) = (await told(api, "mentions/mentions"))["items"]
    return item["detail"]


async def counted(database: Database, table: str) -> list[tuple[Any, ...]]:
    """The labels and the number of each row of a rollup."""
    async with database.transaction() as tx:
        rows = await tx.driver.fetch(
            f"SELECT language, outcome, intent, corrected, mentions FROM {table} ORDER BY 1, 2, 3"  # noqa: S608 - our own names
        )
    return [tuple(row) for row in rows]


def edited(hours: int, **over: Any) -> MentionClassified:
    return b.classified(change="edited", text="رسید، ممنون", received_at=b.BASE + hours * HOUR, **over)


def again_by_another_model(event: MentionClassified) -> MentionClassified:
    verdict = b.classification(sentiment="neutral", intent="other", model_version="2")
    return b.classified(
        mention=event.mention, event_id=derive("another", event.event_id), occurred_at=event.occurred_at,
        classification=verdict,
    )  # fmt: skip


async def test_a_number_goes_by_the_corrected_label_and_says_so(api: httpx.AsyncClient, database: Database) -> None:
    english = b.classified("en", native_id="p-2")
    await project(database, b.classified(), english)
    before = await point(api, "reputation_score")
    await project(database, b.corrected(mention_id=english.mention.mention_id, by="anna.w", **PRAISE))
    after = await point(api, "reputation_score")
    assert (before["value"], before["n"], before["corrected"]) == (-100, 2, 0)
    assert (after["value"], after["n"], after["corrected"]) == (0, 2, 1)
    assert after["detail"]["languages"]["en"]["net"] == 100
    assert (await point(api, "mentions", intent="praise"))["corrected"] == 1
    assert (await point(api, "mentions", intent="complaint"))["value"] == 1
    assert (await point(api, "complaints_without_issue"))["n"] == 1
    assert (await point(api, "forgotten_issues"))["corrected"] == 1
    assert (await point(api, "forgotten_issues"))["detail"]["complaints"]["heard"] == 1


@pytest.mark.parametrize("table", ["mention_hours", "mention_days"])
async def test_a_correction_moves_the_mention_from_its_old_count_to_its_new_one(database: Database, table: str) -> None:
    await project(database, b.classified())
    assert await counted(database, table) == [("fa", "negative", "complaint", False, 1)]
    await project(database, b.corrected(language="fa-Latn", **PRAISE))
    assert await counted(database, table) == [("fa-Latn", "positive", "praise", True, 1)]


async def test_the_drill_down_tells_both_judgements_and_who_corrected(
    api: httpx.AsyncClient, database: Database
) -> None:
    await project(database, b.classified(), b.corrected(intent=None, by="سارا"))
    detail = await shown(api)
    assert {name: detail[name] for name in LABELS} == {"language": "fa", "outcome": "neutral", "intent": "complaint"}
    assert detail["model_outcome"] == "negative"
    assert {name: detail[f"{name}_by"] for name in LABELS} == {"language": None, "outcome": "سارا", "intent": None}
    assert detail["corrected"] is True
    assert detail["corrected_at"].startswith("2026-03-21T09:30:00")


async def test_a_person_who_agrees_is_named_and_changes_no_number(api: httpx.AsyncClient, database: Database) -> None:
    await project(database, b.classified(), b.corrected(sentiment="negative", intent=None, by="anna.w"))
    detail = await shown(api)
    assert (detail["outcome_by"], detail["corrected"]) == ("anna.w", False)
    assert (await point(api, "reputation_score"))["corrected"] == 0


async def test_a_correction_may_come_before_its_mention_and_twice(database: Database) -> None:
    corrected = b.corrected(**PRAISE)
    await project(database, corrected)
    await project(database, corrected, corrected)
    assert await counted(database, "mention_days") == []
    await project(database, b.classified())
    await project(database, corrected)
    assert await counted(database, "mention_days") == [("fa", "positive", "praise", True, 1)]


async def test_of_each_label_the_latest_correction_counts_in_whatever_order_they_come(
    api: httpx.AsyncClient, database: Database
) -> None:
    early = b.corrected(sentiment="positive", intent="praise", by="reza", occurred_at=b.BASE + HOUR)
    late = b.corrected(sentiment="neutral", intent=None, by="سارا", occurred_at=b.BASE + 2 * HOUR)
    await project(database, b.classified())
    await project(database, late)
    await project(database, early)
    detail = await shown(api)
    assert (detail["outcome"], detail["outcome_by"]) == ("neutral", "سارا")
    assert (detail["intent"], detail["intent_by"]) == ("praise", "reza")


async def test_an_edit_after_the_correction_takes_it_away_and_one_before_does_not(
    api: httpx.AsyncClient, database: Database
) -> None:
    await project(database, b.classified(), b.corrected(occurred_at=b.BASE + 2 * HOUR, **PRAISE))
    await project(database, edited(1))
    assert (await shown(api))["outcome"] == "positive"
    await project(database, edited(3, event_id="later"))
    assert ((await shown(api))["outcome"], (await shown(api))["outcome_by"]) == ("negative", None)
    # With new counts the same text comes as posted again: that brings back no correction of the text before the edit.
    fresh = b.classified(event_id="fresh", received_at=b.BASE + 4 * HOUR)
    await project(database, fresh, b.corrected(occurred_at=b.BASE + 2 * HOUR, by="late arrival"))
    assert (await shown(api))["outcome"] == "negative"


async def test_another_model_does_not_take_a_correction_away(api: httpx.AsyncClient, database: Database) -> None:
    first = b.classified()
    await project(database, first, b.corrected(**PRAISE), again_by_another_model(first))
    assert (await shown(api))["outcome"] == "positive"


async def test_new_counts_of_the_same_text_do_not_take_a_correction_away(
    api: httpx.AsyncClient, database: Database
) -> None:
    await project(database, b.classified(), b.corrected(**PRAISE))
    await project(database, b.classified(event_id="with-new-counts", received_at=b.BASE + 9 * HOUR))
    assert (await shown(api))["outcome"] == "positive"


async def test_what_was_deleted_is_in_no_number_whatever_is_said_of_it(
    api: httpx.AsyncClient, database: Database
) -> None:
    gone = b.classified(
        change="deleted", text="", received_at=b.BASE + HOUR,
        classification=b.classification(language="und", status="unscored", reason="deleted", sentiment=None,
                                        intent=None),
    )  # fmt: skip
    await project(database, b.classified(), gone, b.corrected(occurred_at=b.BASE + 2 * HOUR, **PRAISE))
    assert (await point(api, "mentions"))["value"] == 0
    assert await counted(database, "mention_days") == [("und", "deleted", "none", False, 1)]


async def test_a_correction_gives_a_score_to_what_no_model_could_judge(
    api: httpx.AsyncClient, database: Database
) -> None:
    foreign = b.classification(
        language="ar", status="unscored", reason="unsupported_language", sentiment=None, intent=None
    )
    await project(database, b.classified(classification=foreign), b.corrected(sentiment="positive", intent=None))
    score = await point(api, "reputation_score")
    assert (score["value"], score["n"], score["corrected"]) == (100, 1, 1)


async def test_a_correction_under_another_brand_touches_nothing(api: httpx.AsyncClient, database: Database) -> None:
    await project(database, b.classified(), b.corrected(brand="zarrin", **PRAISE))
    assert (await shown(api))["outcome"] == "negative"


@pytest.mark.parametrize("mention_first", [True, False])
async def test_a_correction_and_its_mention_written_at_once_by_two_members_find_each_other(
    database: Database, *, mention_first: bool
) -> None:
    pair = [b.classified(), b.corrected(**PRAISE)]
    first, second = pair if mention_first else reversed(pair)
    await _one_beside_the_other(database, first, second)
    assert await counted(database, "mention_days") == [("fa", "positive", "praise", True, 1)]


async def _one_beside_the_other(database: Database, first: Event, second: Event) -> None:
    """``second`` is written while the transaction of ``first`` is still open."""
    async with database.transaction() as tx:
        await store.apply(tx, changes([first]))
        other = asyncio.create_task(project(database, second))
        await until(lambda: _waits_or_is_done(database, other))
    await other


async def _waits_or_is_done(database: Database, work: asyncio.Task[None]) -> bool:
    async with database.transaction() as tx:
        waiting = await tx.driver.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
    return bool(waiting) or work.done()


async def test_neither_the_reason_nor_a_text_is_stored(database: Database) -> None:
    await project(database, b.classified(), b.corrected(reason="چون نوشته: سفارشم نرسیده"))
    async with database.transaction() as tx:
        both = "SELECT m::text || c::text FROM mentions AS m JOIN mention_corrections AS c USING (mention_id)"
        stored = await tx.driver.fetchval(both)
    assert "مینا" in stored
    assert "سفارشم" not in stored
