"""A raw route is described, matched, measured and failed as any other; only FastAPI's own reading is left out."""

import httpx
import pytest
from fastapi import FastAPI, Request, Response
from prometheus_client import REGISTRY
from starlette.datastructures import Headers

from shenava.http import problems
from shenava.http.measured import Measured
from shenava.http.problems import Problem
from shenava.http.raw import RawRoute, first_values


def _client() -> httpx.AsyncClient:
    app = FastAPI()

    async def echo(request: Request) -> Response:
        """Say it again."""
        body = await request.body()
        if body == b"problem":
            raise Problem(409, "Refused", "on purpose")
        if body == b"broken":
            raise RuntimeError("unforeseen")
        return Response(body, status_code=202)

    app.router.add_api_route("/raw/{place}", echo, methods=["POST"], summary="Echo", route_class_override=RawRoute)
    problems.install(app)
    app.add_middleware(Measured)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://service")


@pytest.mark.parametrize(("body", "status"), [("سلام", 202), ("problem", 409), ("broken", 500)])
async def test_a_raw_route_answers_fails_and_counts_as_any_other(body: str, status: int) -> None:
    labels = {"route": "/raw/{place}", "method": "POST", "status": str(status)}
    before = REGISTRY.get_sample_value("shenava_http_requests_total", labels) or 0
    async with _client() as client:
        answer = await client.post("/raw/1", content=body.encode())

    assert answer.status_code == status
    assert answer.text == body if status == 202 else answer.json()["status"] == status
    assert REGISTRY.get_sample_value("shenava_http_requests_total", labels) == before + 1


async def test_another_method_is_405_and_the_document_describes_the_route() -> None:
    async with _client() as client:
        assert (await client.get("/raw/1")).status_code == 405
        described = (await client.get("/openapi.json")).json()["paths"]["/raw/{place}"]["post"]

    assert (described["summary"], described["description"]) == ("Echo", "Say it again.")


def test_of_a_repeated_header_the_first_counts_as_with_starlette() -> None:
    raw = [(b"authorization", b"Bearer one"), (b"x", "é".encode("latin-1")), (b"authorization", b"Bearer two")]

    assert first_values(raw) == {name: Headers(raw=raw)[name] for name in ("authorization", "x")}
    assert first_values(raw)["authorization"] == "Bearer one"
