"""Issues in pages: each once, the newest first, whatever happens to them meanwhile."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from router_world import OTHER_BRAND, RouterWorld, router_world, said
from servers import DatabaseFor
from shenava.events.mentions import Author

pytestmark = pytest.mark.servers


@pytest.fixture
async def router(database_for: DatabaseFor, tmp_path: Path) -> AsyncIterator[RouterWorld]:
    async with router_world(await database_for("router"), tmp_path) as made:
        yield made


@pytest.fixture
async def client(router: RouterWorld) -> AsyncIterator[httpx.AsyncClient]:
    async with router.http() as made:
        yield made


async def open_many(router: RouterWorld, count: int) -> None:
    for start in range(0, count, 20):
        kinds = ("complaint", "suggestion")
        await router.take(
            *(
                said(f"p-{n}", kinds[n % 2], author=Author(id=f"a-{n}"), conversation=f"t-{n}")
                for n in range(start, min(start + 20, count))
            )
        )


async def pages(client: httpx.AsyncClient, **query: Any) -> list[list[dict[str, Any]]]:
    """All pages, by the link that each gives to the next."""
    found = []
    response = await client.get("/v1/issues", params=query)
    while True:
        assert response.status_code == 200, response.text
        found.append(response.json()["items"])
        link = response.headers.get("link")
        if link is None:
            assert "next_cursor" not in response.json() or response.json()["next_cursor"] is None
            return found
        assert link.endswith('>; rel="next"')
        response = await client.get(link[1:].partition(">")[0])


async def test_pages_hold_every_issue_once_the_newest_first(router: RouterWorld, client: httpx.AsyncClient) -> None:
    await open_many(router, 53)
    found = await pages(client, limit=10)
    assert [len(page) for page in found] == [10, 10, 10, 10, 10, 3]
    everything = [issue for page in found for issue in page]
    assert {issue["id"] for issue in everything} == set(await router.issue_ids())
    times = [issue["opened_at"] for issue in everything]
    assert times == sorted(times, reverse=True)


async def test_pages_miss_none_and_show_none_twice_while_issues_come_and_change(
    router: RouterWorld, client: httpx.AsyncClient
) -> None:
    await open_many(router, 30)
    before = set(await router.issue_ids())
    first = (await client.get("/v1/issues", params={"limit": 12})).json()
    await router.take(said("late", author=Author(id="late"), conversation="late"))
    for shown in first["items"][:3]:
        await client.post(f"/v1/issues/{shown['id']}/resolve")
    rest = await pages(client, limit=12, cursor=first["next_cursor"])
    shown_ids = [issue["id"] for page in (first["items"], *rest) for issue in page]
    assert len(shown_ids) == len(set(shown_ids))
    assert set(shown_ids) == before


async def test_issues_are_listed_by_queue_state_severity_and_brand(
    router: RouterWorld, client: httpx.AsyncClient
) -> None:
    await open_many(router, 10)
    await router.take(said("p-99", brand="other"))
    (wish, *_), *_ = await pages(client, queue="product")
    await client.post(f"/v1/issues/{wish['id']}/acknowledge")

    async def count(**query: str) -> int:
        return sum(len(page) for page in await pages(client, limit=3, **query))

    assert await count() == 11
    assert await count(queue="product") == 5
    assert await count(queue="product", state="acknowledged") == 1
    assert await count(severity="low", brand="nilgoon") == 5
    assert await count(brand="other") == 1
    async with router.http(OTHER_BRAND) as agency:
        assert [issue["brand"] for page in await pages(agency) for issue in page] == ["other"]


@pytest.mark.parametrize(
    "query",
    [
        {"cursor": "nonsense"}, {"cursor": "W10"}, {"cursor": "ی"}, {"cursor": "WyIyMDI2LTAxLTAxVDAwOjAwOjAwIiwiYSJd"},
        {"limit": "0"}, {"limit": "201"}, {"queue": "legal"}, {"state": "gone"}, {"brand": "A\x00"},
    ],
)  # fmt: skip
async def test_a_question_that_makes_no_sense_is_refused(client: httpx.AsyncClient, query: dict[str, str]) -> None:
    refused = await client.get("/v1/issues", params=query)
    assert (refused.status_code, refused.headers["content-type"]) == (422, "application/problem+json")
