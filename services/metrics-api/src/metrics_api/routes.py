"""The HTTP routes: the catalogue, a metric's answer, and what stands behind it."""

import hashlib
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response

from metrics_api import bodies, drilldown
from metrics_api.asking import answered, as_of
from metrics_api.catalogue import BY_NAME, Metric
from metrics_api.queries import EvidenceQuery, MetricQuery
from shenava.db.database import Database
from shenava.http.keys import ApiKey, ApiKeys
from shenava.http.openapi import API_KEY, problem_responses, reference
from shenava.http.problems import Problem

SCOPE = "metrics:read"


class Numbers:
    """Answers requests for numbers from ``database``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def answer(self, metric: Metric, query: MetricQuery) -> bodies.Answer:
        """The metric over a span of time."""
        async with self._database.transaction() as tx:
            question = query.asked(metric, tx.now)
            points = await answered(tx, question)
        return bodies.answer(question, points, as_of(tx.now))

    async def evidence(self, metric: Metric, query: EvidenceQuery) -> bodies.Evidence:
        """A page of what stands behind the metric."""
        after = drilldown.mark_of(query.cursor) if query.cursor else None
        async with self._database.transaction() as tx:
            question = query.asked(metric, tx.now)
            page = await drilldown.page(tx, question, after=after, most=query.limit, as_of=as_of(tx.now))
        return bodies.evidence(question, page)


def routes(numbers: Numbers, keys: ApiKeys) -> APIRouter:
    """The routes of the service, for whom ``keys`` lets in."""
    router = APIRouter(default_response_class=Response, tags=["metrics"])

    def identify(request: Request) -> ApiKey:
        return keys.identify(request, SCOPE)

    # A dependency, so that the key is asked for before the parameters are looked at.
    caller = Depends(identify)

    @router.get("/v1/metrics", summary="List the metrics", dependencies=[caller], **_described(bodies.Catalogue))
    async def list_metrics(request: Request) -> Response:
        """Every metric that is served now, with its formula, unit and dimensions."""
        return _answer(request, bodies.catalogue())

    @router.get("/v1/metrics/{name}", summary="Answer with a metric", **_described(bodies.Answer, 404, 422))
    async def answer_metric(
        request: Request, name: str, query: Annotated[MetricQuery, Query()], key: Annotated[ApiKey, caller]
    ) -> Response:
        """The number over a span of time, in buckets and groups. Where there is no data it is null, never 0."""
        return _answer(request, await numbers.answer(_admit(key, name, query.brand), query))

    @router.get(
        "/v1/metrics/{name}/mentions", summary="Show what a number is made of", **_described(bodies.Evidence, 404, 422)
    )
    async def show_evidence(
        request: Request, name: str, query: Annotated[EvidenceQuery, Query()], key: Annotated[ApiKey, caller]
    ) -> Response:
        """The ids of the mentions and issues behind the number with the same filters, page by page."""
        return _answer(request, await numbers.evidence(_admit(key, name, query.brand), query))

    return router


def _admit(key: ApiKey, name: str, brand: str) -> Metric:
    """The metric, where ``key`` may read the brand's.

    Raises:
        Problem: 403 for the brand, 404 for the name.
    """
    if key.brands is not None and brand not in key.brands:
        raise Problem(403, "Brand not allowed", f"key {key.name!r} may read {', '.join(sorted(key.brands))} only")
    if name not in BY_NAME:
        raise Problem(404, "No such metric", f"no metric is called {name[:64]!r}; there are {', '.join(BY_NAME)}")
    return BY_NAME[name]


def _answer(request: Request, body: msgspec.Struct) -> Response:
    """The body with its ETag, or 304 when the caller has it already."""
    content = bodies.encoded(body)
    tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    known = [each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")]
    if tag in known or "*" in known:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type="application/json", headers=headers)


def _described(body: type[msgspec.Struct], *problems: int) -> dict[str, Any]:
    """How a route reads in the OpenAPI document."""
    content = {"application/json": {"schema": reference(body)}}
    answers = {200: {"description": "The answer", "content": content}, 304: {"description": "Not modified"}}
    return {"responses": {**answers, **problem_responses(401, 403, *problems, 503)}, "openapi_extra": API_KEY}
