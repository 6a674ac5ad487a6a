"""A raw route is described, matched, measured and failed as any other; only FastAPI's own reading is left out."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI, HTTPException, Request, Response
from prometheus_client import REGISTRY
from starlette.datastructures import Headers

from shenava.http import problems
from shenava.http.measured import Measured
from shenava.http.problems import Problem
from shenava.http.raw import RawRoute, Shortcut, first_values


@pytest.fixture(params=[False, True], ids=["by the router", "by the shortcut"])
async def client(request: pytest.FixtureRequest) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    if request.param:
        app.add_middleware(Shortcut, routes=app.routes)

    async def echo(request: Request) -> Response:
        """Say it again."""
        body = await request.body()
        if body == b"problem":
            raise Problem(409, "Refused", "on purpose")
        if body == b"gone":
            raise HTTPException(410)
        if body == b"broken":
            raise RuntimeError("unforeseen")
        return Response(body, status_code=202)

    for path in ("/raw", "/raw/{place}"):
        app.router.add_api_route(path, echo, methods=["POST"], summary="Echo", route_class_override=RawRoute)
    problems.install(app)
    app.add_middleware(Measured)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
        yield client


@pytest.mark.parametrize(("path", "route"), [("/raw", "/raw"), ("/raw/1", "/raw/{place}")])
@pytest.mark.parametrize(("body", "status"), [("سلام", 202), ("problem", 409), ("gone", 410), ("broken", 500)])
async def test_a_raw_route_answers_fails_and_counts_as_any_other(
    client: httpx.AsyncClient, path: str, route: str, body: str, status: int
) -> None:
    labels = {"route": route, "method": "POST", "status": str(status)}
    before = REGISTRY.get_sample_value("shenava_http_requests_total", labels) or 0
    answer = await client.post(path, content=body.encode())

    assert answer.status_code == status
    assert answer.text == body if status == 202 else answer.json()["status"] == status
    assert REGISTRY.get_sample_value("shenava_http_requests_total", labels) == before + 1


async def test_another_method_is_405_and_the_document_describes_the_route(client: httpx.AsyncClient) -> None:
    assert [(await client.get(path)).status_code for path in ("/raw", "/raw/1", "/elsewhere")] == [405, 405, 404]
    described = (await client.get("/openapi.json")).json()["paths"]["/raw/{place}"]["post"]

    assert (described["summary"], described["description"]) == ("Echo", "Say it again.")


def test_of_a_repeated_header_the_first_counts_as_with_starlette() -> None:
    raw = [(b"authorization", b"Bearer one"), (b"x", "é".encode("latin-1")), (b"authorization", b"Bearer two")]

    assert first_values(raw) == {name: Headers(raw=raw)[name] for name in ("authorization", "x")}
    assert first_values(raw)["authorization"] == "Bearer one"
