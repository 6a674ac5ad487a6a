"""The routes on a real PostgreSQL."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta, timezone
from random import Random
from typing import Any

import httpx
import pytest
from prometheus_client import REGISTRY

from metrics_api.app import create_app
from metrics_api.catalogue import METRICS
from metrics_api.drilldown import cursor
from metrics_api.handler import Project
from metrics_api.headlines import Headliner
from metrics_api.inputs import GRACE
from metrics_api.settings import MetricsSettings
from metrics_stories import talk
from servers import DatabaseFor
from shenava.db.database import Database
from shenava.events import Event
from shenava.events.mentions import Author
from shenava.http import problems
from shenava.http.keys import ApiKey, ApiKeys, digest
from shenava.kafka.consumer import Inbound
from shenava.testing import builders as b

pytestmark = pytest.mark.servers

TEHRAN = timezone(timedelta(hours=3, minutes=30))
SPAN = {"brand": "nilgoon", "from": "2026-03-20", "to": "2026-03-29"}
KEYS = (
    ApiKey(name="reader", scopes=frozenset({"metrics:read"}), sha256=digest("reader")),
    ApiKey(name="writer", scopes=frozenset({"mentions:write"}), sha256=digest("writer")),
    ApiKey(name="agency", scopes=frozenset({"metrics:read"}), sha256=digest("agency"), brands=frozenset({"zarrin"})),
)


@pytest.fixture
async def database(database_for: DatabaseFor) -> AsyncIterator[Database]:
    async with Database(await database_for("metrics-api"), schema="metrics", service="tests") as opened:
        yield opened


@pytest.fixture
async def api(database: Database) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(database, ApiKeys(KEYS))
    problems.install(app)
    headers = {"Authorization": "Bearer reader"}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://metrics", headers=headers
    ) as client:
        yield client


async def project(database: Database, *events: Event) -> None:
    record: Any = None
    await Project(database)([Inbound(event, record) for event in events])


async def grace_passes(database: Database) -> None:
    """What was heard so far was heard before the grace."""
    async with database.transaction() as tx:
        await tx.driver.execute("UPDATE inbox SET seen_at = seen_at - $1::interval", GRACE + timedelta(minutes=1))


async def told(api: httpx.AsyncClient, path: str, **params: str) -> Any:
    answer = await api.get(f"/v1/metrics/{path}", params={**SPAN, **params})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_the_catalogue_lists_every_metric_with_its_formula(api: httpx.AsyncClient) -> None:
    listed = (await api.get("/v1/metrics")).json()["metrics"]
    assert [entry["name"] for entry in listed] == [metric.name for metric in METRICS]
    assert all(entry["formula"] and entry["version"] >= 1 and entry["unit"] for entry in listed)


async def test_a_number_comes_with_its_unit_formula_version_and_n(api: httpx.AsyncClient, database: Database) -> None:
    praise = b.classified("en", native_id="p-2", classification=b.classification("en", sentiment="positive"))
    await project(database, b.classified(), praise, b.classified("fa", native_id="p-3"))
    answer = await told(api, "reputation_score")
    assert (answer["id"], answer["formula_version"], answer["unit"]) == ("M1", 1, "points from −100 to 100")
    (point,) = answer["points"]
    assert (point["value"], point["n"], point["reason"]) == (-33.333333, 3, None)
    assert point["detail"]["languages"]["en"]["net"] == 100
    assert point["detail"]["models"] == {"judge@1": 3}


async def test_decimals_are_written_as_numbers_with_their_digits(api: httpx.AsyncClient, database: Database) -> None:
    praise = b.classified(native_id="p-2", classification=b.classification(sentiment="positive"))
    await project(database, b.classified(), praise, b.classified(native_id="p-3"))
    answer = await api.get("/v1/metrics/reputation_score", params=SPAN)
    assert '"value":-33.333333,' in answer.text


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
async def test_no_data_is_null_with_a_reason_and_never_zero(api: httpx.AsyncClient, metric: Any) -> None:
    for interval in ("none", "day"):
        for point in (await told(api, metric.name, interval=interval))["points"]:
            assert (point["value"], point["n"], point["reason"]) == (None, 0, "nothing_heard")


async def test_quiet_hours_are_zero_and_hours_before_the_first_mention_are_no_data(
    api: httpx.AsyncClient, database: Database
) -> None:
    await project(database, b.classified())
    hours = await told(
        api, "mentions", interval="hour", **{"from": "2026-03-21T07:00:00Z", "to": "2026-03-21T10:00:00Z"}
    )
    assert [(point["value"], point["reason"]) for point in hours["points"]] == [
        (None, "before_the_first_event"),
        (1, None),
        (0, None),
    ]
    later = await told(api, "mentions", **{"from": "2199-01-01", "to": "2199-01-02"})
    assert (later["points"][0]["value"], later["points"][0]["reason"]) == (None, "not_yet")


async def test_a_split_by_channel_adds_up_to_the_whole(api: httpx.AsyncClient, database: Database) -> None:
    await project(database, *talk(Random(1), 60))  # noqa: S311 - a reproducible story
    whole = (await told(api, "mentions"))["points"][0]["value"]
    split = (await told(api, "mentions", group_by="channel"))["points"]
    assert sum(point["value"] for point in split) == whole > 0
    alone = await told(api, "mentions", channel=split[0]["group"])
    assert alone["points"][0]["value"] == split[0]["value"]
    assert alone["filters"] == {"channel": split[0]["group"]}


async def test_the_days_of_tehran_begin_at_half_past_eight_in_the_evening_of_utc(
    api: httpx.AsyncClient, database: Database
) -> None:
    eve = b.classified(native_id="p-1", posted_at=b.BASE.replace(hour=20, minute=29))
    midnight = b.classified(native_id="p-2", posted_at=b.BASE.replace(hour=20, minute=30))
    await project(database, eve, midnight)
    span = {"from": "2026-03-21T00:00:00+03:30", "to": "2026-03-23T00:00:00+03:30", "interval": "day"}
    days = (await told(api, "mentions", **span))["points"]
    assert [(point["from"], point["value"]) for point in days] == [
        ("2026-03-20T20:30:00Z", 1),
        ("2026-03-21T20:30:00Z", 1),
    ]


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
async def test_the_drill_down_shows_everything_behind_a_number_once(
    api: httpx.AsyncClient, database: Database, metric: Any
) -> None:
    await project(database, *talk(Random(5), 60))  # noqa: S311 - a reproducible story
    await grace_passes(database)
    items, following = [], None
    while True:
        page = await told(api, f"{metric.name}/mentions", limit="7", **({"cursor": following} if following else {}))
        assert len(page["items"]) <= 7
        items += page["items"]
        following = page["next"]
        if following is None:
            break
    (point,) = (await told(api, metric.name))["points"]
    detail = point["detail"]
    expected = {
        "reputation_score": lambda: point["n"] + sum(detail["unscored"].values()),
        "triage_12h": lambda: sum(detail[name] for name in ("kept", "missed", "running", "void")),
        "resolution_24h": lambda: sum(detail[name] for name in ("kept", "missed", "running", "void")),
        "forgotten_issues": lambda: point["value"],
        "unrouted_issues": lambda: point["value"],
        "complaints_without_issue": lambda: point["value"],
    }.get(metric.name, lambda: point["n"])()
    assert len(items) == expected > 0
    assert len({item["key"] for item in items}) == len(items)
    assert [(item["at"], item["key"]) for item in items] == sorted((item["at"], item["key"]) for item in items)
    assert all(item["mention_id"] or item["issue_id"] for item in items)


async def test_an_issue_behind_a_number_names_its_rule_and_its_mention(
    api: httpx.AsyncClient, database: Database
) -> None:
    await project(database, b.issue_opened(), b.issue_routed())
    (item,) = (await told(api, "triage_12h/mentions", queue="customer-care"))["items"]
    assert (item["issue_id"], item["mention_id"]) == (b.ISSUE, b.mention().mention_id)
    assert (item["detail"]["rule_id"], item["detail"]["rulebook_version"]) == ("late-order", "r1")


async def test_a_complaint_in_no_issue_is_told_and_named_with_the_rule_that_passed_it(
    api: httpx.AsyncClient, database: Database
) -> None:
    spared, lost = b.classified(native_id="p-spared"), b.classified(native_id="p-lost")
    rival = b.classified(native_id="p-rival", author=Author(id="u-9", role="competitor"))
    passes = [b.passed(spared, rule_id="thanks"), b.passed(rival, rule_id="rivals")]
    await project(database, b.classified(), spared, lost, rival, *passes, b.issue_opened(), b.issue_routed())
    await grace_passes(database)
    (point,) = (await told(api, "complaints_without_issue"))["points"]
    assert (point["value"], point["n"]) == (2, 3)
    items = (await told(api, "complaints_without_issue/mentions"))["items"]
    assert {item["mention_id"]: (item["detail"]["place"], item["detail"]["passed_by"]) for item in items} == {
        spared.mention.mention_id: ("passed", "thanks"),
        lost.mention.mention_id: ("forgotten", None),
    }
    (proof,) = (await told(api, "forgotten_issues"))["points"]
    assert (proof["value"], proof["n"]) == (1, 4)
    nowhere = {"resolved": 0, "closed": 0, "on_its_way": 0, "forgotten": 1, "difference": 0}
    assert proof["detail"]["complaints"] == {"heard": 3, "open": 1, "passed": 1, **nowhere}
    assert proof["detail"]["mentions"] == {"heard": 4, "open": 1, "passed": 2, **nowhere}
    (item,) = (await told(api, "forgotten_issues/mentions"))["items"]
    assert (item["mention_id"], item["detail"]["place"]) == (lost.mention.mention_id, "forgotten")


async def test_a_mention_just_heard_is_on_its_way(api: httpx.AsyncClient, database: Database) -> None:
    await project(database, b.classified())
    (point,) = (await told(api, "complaints_without_issue"))["points"]
    assert (point["value"], point["detail"]["places"]["on_its_way"]) == (0, 1)
    (proof,) = (await told(api, "forgotten_issues"))["points"]
    assert (proof["value"], proof["detail"]["mentions"]["on_its_way"]) == (0, 1)


async def test_an_edit_whose_outcome_is_lost_is_missed_though_the_post_was_passed(
    api: httpx.AsyncClient, database: Database
) -> None:
    post = b.classified(classification=b.classification(intent="other"))
    edit = b.classified(change="edited", received_at=b.BASE + timedelta(hours=1))
    await project(database, b.passed(post), edit, post)
    await grace_passes(database)
    (point,) = (await told(api, "forgotten_issues"))["points"]
    assert (point["value"], point["detail"]["complaints"]["forgotten"]) == (1, 1)


@pytest.mark.parametrize(
    "story",
    [
        [b.issue_opened(), b.issue_acknowledged(sequence=3)],
        [b.issue_routed()],
        [b.issue_opened()],
    ],
    ids=["a gap", "the opening is missing", "nobody owns it"],
)
async def test_an_issue_the_books_cannot_account_for_is_forgotten_and_named(
    api: httpx.AsyncClient, database: Database, story: list[Event]
) -> None:
    await project(database, b.classified(), *story)
    (point,) = (await told(api, "forgotten_issues"))["points"]
    assert point["value"] == 1
    (item,) = (await told(api, "forgotten_issues/mentions"))["items"]
    assert item["issue_id"] == b.ISSUE


async def test_a_count_that_was_lost_shows_in_the_proof(api: httpx.AsyncClient, database: Database) -> None:
    await project(database, b.classified(), b.issue_opened(), b.issue_routed())
    async with database.transaction() as tx:
        await tx.driver.execute("UPDATE mention_days SET mentions = 2")
    (point,) = (await told(api, "forgotten_issues"))["points"]
    assert (point["value"], point["detail"]["complaints"]["difference"]) == (1, 1)


async def test_equal_answers_have_equal_tags_and_need_not_be_sent_again(
    api: httpx.AsyncClient, database: Database
) -> None:
    await project(database, b.classified())
    first = await api.get("/v1/metrics/mentions", params=SPAN)
    again = await api.get("/v1/metrics/mentions", params=SPAN, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    await project(database, b.classified(native_id="p-2"))
    changed = await api.get("/v1/metrics/mentions", params=SPAN, headers={"If-None-Match": first.headers["etag"]})
    assert changed.status_code == 200
    assert changed.headers["etag"] != first.headers["etag"]


@pytest.mark.parametrize(
    ("path", "params", "status", "pointer"),
    [
        ("unknown", {}, 404, None),
        ("mentions", {"brand": "Nil Goon"}, 422, "/query/brand"),
        ("mentions", {"from": "yesterday"}, 422, "/query/from"),
        ("mentions", {"from": "2026-13-01"}, 422, "/query/from"),
        ("mentions", {"from": "2026-03-21T00:00:00"}, 422, "/query/from"),
        ("mentions", {"from": "2026-03-29"}, 422, "/query/from"),
        ("mentions", {"to": "9999-12-31"}, 422, "/query/to"),
        ("mentions", {"from": "0001-01-01T00:00:00+03:30"}, 422, "/query/from"),
        ("mentions", {"interval": "week"}, 422, "/query/interval"),
        ("mentions", {"interval": "hour", "from": "2020-01-01"}, 422, "/query/interval"),
        ("mentions", {"interval": "day", "to": "2026-03-28T12:00:00Z"}, 422, "/query/to"),
        ("mentions", {"group_by": "author"}, 422, "/query/group_by"),
        ("mentions", {"group_by": "queue"}, 422, "/query/group_by"),
        ("mentions", {"channel": "fax"}, 422, "/query/channel"),
        ("mentions", {"language": "a\x00"}, 422, "/query/language"),
        ("mentions", {"model": "\x00"}, 422, "/query/model"),
        ("mentions", {"queue": "product"}, 422, "/query/queue"),
        ("mentions", {"groupby": "channel"}, 422, "/query/groupby"),
        ("mentions/mentions", {"limit": "0"}, 422, "/query/limit"),
        ("mentions/mentions", {"limit": "1001"}, 422, "/query/limit"),
        ("mentions/mentions", {"cursor": "not ours"}, 422, "/query/cursor"),
        ("mentions/mentions", {"cursor": "WzEsMl0"}, 422, "/query/cursor"),
        ("mentions/mentions", {"cursor": cursor((datetime(1, 1, 1, tzinfo=TEHRAN), "p"))}, 422, "/query/cursor"),
        ("mentions/mentions", {"cursor": cursor((b.BASE, "\x00"))}, 422, "/query/cursor"),
        ("mentions/mentions", {"interval": "day"}, 422, "/query/interval"),
        ("unknown/mentions", {}, 404, None),
    ],
)
async def test_a_bad_parameter_is_a_problem_that_says_which(
    api: httpx.AsyncClient, path: str, params: dict[str, str], status: int, pointer: str | None
) -> None:
    answer = await api.get(f"/v1/metrics/{path}", params={**SPAN, **params})
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["detail"]
    assert [error["pointer"] for error in problem.get("errors", [])] == ([pointer] if pointer else [])


@pytest.mark.parametrize(
    ("key", "status"), [(None, 401), ("stranger", 401), ("writer", 403), ("agency", 403), ("reader", 200)]
)
async def test_only_a_key_that_may_read_the_brand_gets_its_numbers(
    api: httpx.AsyncClient, key: str | None, status: int
) -> None:
    del api.headers["Authorization"]
    headers = {"X-API-Key": key} if key else {}
    for path in ("mentions", "mentions/mentions"):
        answer = await api.get(f"/v1/metrics/{path}", params=SPAN, headers=headers)
        assert answer.status_code == status, answer.text


async def test_the_key_is_asked_for_before_the_parameters_are_looked_at(api: httpx.AsyncClient) -> None:
    answer = await api.get("/v1/metrics/mentions?from=yesterday", headers={"Authorization": "Bearer stranger"})
    assert answer.status_code == 401


def shown(metric: str, brand: str) -> float | None:
    return REGISTRY.get_sample_value("shenava_metric_value", {"metric": metric, "brand": brand})


async def test_headlines_are_shown_for_the_busiest_brands_and_no_data_has_no_gauge(database: Database) -> None:
    async with database.transaction() as tx:
        now = tx.now
    told_now = [b.classified(brand="loud", native_id=f"p-{n}", posted_at=now, received_at=now) for n in range(2)]
    await project(database, *told_now, b.classified(brand="quiet", posted_at=now, received_at=now))
    headliner = Headliner(database, MetricsSettings(headline_brands=1))
    await headliner.refresh()
    assert (shown("mentions", "loud"), shown("reputation_score", "loud")) == (2, -100)
    assert shown("triage_12h", "loud") is None
    assert shown("mentions", "quiet") is None
    async with database.transaction() as tx:
        await tx.driver.execute("TRUNCATE mentions, mention_hours, mention_days")
    await headliner.refresh()
    assert shown("mentions", "loud") is None
