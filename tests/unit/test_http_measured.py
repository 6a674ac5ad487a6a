"""Every HTTP request counts once, under the template of its route."""

import httpx
import pytest
from fastapi import APIRouter, FastAPI, Response
from prometheus_client import REGISTRY

from shenava.http import problems
from shenava.http.measured import UNMATCHED, Measured


def _count(route: str, method: str, status: int) -> float:
    labels = {"route": route, "method": method, "status": str(status)}
    return REGISTRY.get_sample_value("shenava_http_requests_total", labels) or 0


def _app() -> FastAPI:
    app = FastAPI()
    router = APIRouter(prefix="/measured")

    @router.get("/{name}")
    async def hello(name: str) -> Response:
        if name == "broken":
            raise RuntimeError(name)
        return Response(name)

    app.include_router(router)
    problems.install(app)
    app.add_middleware(Measured)
    return app


@pytest.mark.parametrize(
    ("method", "path", "route", "status"),
    [
        ("GET", "/measured/a", "/measured/{name}", 200),
        ("GET", "/measured/b", "/measured/{name}", 200),
        ("GET", "/measured/broken", "/measured/{name}", 500),
        ("GET", "/nobody/here/4711", UNMATCHED, 404),
        ("BREW", "/nobody/here/4711", UNMATCHED, 404),
    ],
)
async def test_a_request_counts_once_under_its_routes_template(method: str, path: str, route: str, status: int) -> None:
    label = "other" if method == "BREW" else method
    before = _count(route, label, status)
    transport = httpx.ASGITransport(_app(), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
        answer = await client.request(method, path)
    assert answer.status_code == status
    assert _count(route, label, status) == before + 1
    timed = REGISTRY.get_sample_value("shenava_http_request_seconds_count", {"route": route, "method": label})
    assert timed is not None
    assert timed >= 1
