"""Every failure of every route is told as RFC 9457 problem details: what, where and how to mend it, and no more."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from shenava.errors import Invalid, Transient
from shenava.http import problems
from shenava.http.problems import Problem


class Wanted(BaseModel):
    """A body with a constraint."""

    age: int = Field(ge=0)


FAILURES: dict[str, Exception] = {
    "problem": Problem(409, "Gone on", "somebody was faster", headers={"ETag": '"7"'}, current=7),
    "invalid": Invalid("odd", "nothing can be made of it", pointer="/mention/text"),
    "transient": Transient("postgresql is away: password=hush at 10.0.0.7"),
    "http": HTTPException(418, "a teapot", headers={"X-Tea": "green"}),
    "bug": ZeroDivisionError("secret detail"),
}


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    problems.install(app)

    @app.get("/fail/{how}")
    async def fail(how: str) -> None:
        raise FAILURES[how]

    @app.post("/wanted")
    async def wanted(wanted: Wanted) -> int:
        return wanted.age

    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


async def _ask(client: httpx.AsyncClient, method: str, path: str, **how: Any) -> tuple[httpx.Response, dict[str, Any]]:
    response = await client.request(method, path, **how)
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert (body["type"], body["status"], body["instance"]) == ("about:blank", response.status_code, path)
    return response, body


async def test_an_expected_failure_is_told_with_its_headers_and_members(client: httpx.AsyncClient) -> None:
    response, body = await _ask(client, "GET", "/fail/problem")

    assert (response.status_code, response.headers["etag"]) == (409, '"7"')
    assert (body["title"], body["detail"], body["current"]) == ("Gone on", "somebody was faster", 7)


async def test_invalid_content_is_told_with_its_pointer(client: httpx.AsyncClient) -> None:
    response, body = await _ask(client, "GET", "/fail/invalid")

    assert response.status_code == 422
    assert body["errors"] == [{"pointer": "/mention/text", "detail": "nothing can be made of it", "reason": "odd"}]


async def test_what_may_succeed_later_says_when_to_come_back_and_nothing_of_our_servers(
    client: httpx.AsyncClient,
) -> None:
    response, _ = await _ask(client, "GET", "/fail/transient")

    assert (response.status_code, response.headers["retry-after"]) == (503, "2")
    assert "hush" not in response.text
    assert "10.0.0.7" not in response.text


async def test_an_http_error_keeps_its_headers(client: httpx.AsyncClient) -> None:
    response, body = await _ask(client, "GET", "/fail/http")

    assert (response.status_code, response.headers["x-tea"], body["detail"]) == (418, "green", "a teapot")


async def test_a_bug_is_a_500_that_tells_nothing(client: httpx.AsyncClient) -> None:
    response, body = await _ask(client, "GET", "/fail/bug")

    assert (response.status_code, body["title"]) == (500, "Internal error")
    assert "secret" not in response.text


@pytest.mark.parametrize(
    ("content", "pointer"),
    [(b'{"age": -1}', "/body/age"), (b'{"age": "old"}', "/body/age"), (b"{}", "/body/age"), (b"{", "/body/1")],
    ids=["too small", "no number", "missing", "no JSON"],
)
async def test_a_body_that_breaks_its_model_is_told_field_by_field(
    client: httpx.AsyncClient, content: bytes, pointer: str
) -> None:
    response, body = await _ask(
        client, "POST", "/wanted", content=content, headers={"content-type": "application/json"}
    )

    assert response.status_code == 422
    assert [error["pointer"] for error in body["errors"]] == [pointer]


async def test_routes_and_methods_that_are_not_there_are_problems_too(client: httpx.AsyncClient) -> None:
    nowhere, _ = await _ask(client, "GET", "/nowhere")
    wrong, _ = await _ask(client, "DELETE", "/wanted")

    assert (nowhere.status_code, wrong.status_code, wrong.headers["allow"]) == (404, 405, "POST")


def test_a_pointer_is_escaped_as_rfc_6901_says() -> None:
    assert problems._one({"loc": ("body", "a/b", "c~d", 0), "msg": "m", "type": "t"})["pointer"] == "/body/a~1b/c~0d/0"
