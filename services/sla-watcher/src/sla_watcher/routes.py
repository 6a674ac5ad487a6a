"""The HTTP routes: what the clocks of one issue show, and all clocks together."""

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Path, Request, Response

from shenava.db.database import Database
from shenava.http.keys import ApiKeys
from shenava.http.openapi import API_KEY, problem_responses, reference
from shenava.http.problems import Problem
from sla_watcher import store
from sla_watcher.views import ClockSummary, IssueClocks, issue_clocks, summary

SCOPE = "sla:read"


def routes(database: Database, keys: ApiKeys, version: str) -> APIRouter:
    """The routes; ``version`` is that of the policies in force."""
    router = APIRouter(default_response_class=Response, tags=["clocks"])

    @router.get("/v1/clocks/summary", summary="All clocks together", **_described(ClockSummary, 401, 403, 503))
    async def clocks_summary(request: Request) -> Response:
        """How many clocks run, what falls due next, and what is overdue: the one true alarm."""
        key = keys.identify(request, SCOPE)
        if key.brands is not None:
            raise Problem(403, "Brand not allowed", "this counts all brands, and the key may speak for some only")
        async with database.transaction() as tx:
            pending = await store.pending(tx)
        return _json(summary(tx.now, pending.running, pending.oldest_due, pending.next_due, version))

    @router.get("/v1/clocks/{issue_id}", summary="One issue's clocks", **_described(IssueClocks, 401, 403, 404, 503))
    async def clocks_of_issue(request: Request, issue_id: Annotated[str, Path(max_length=64)]) -> Response:
        """Each clock of each round with both elapsed times and the levels of its ladder."""
        key = keys.identify(request, SCOPE)
        async with database.transaction() as tx:
            found = await store.load(tx, [issue_id])
        shown = issue_clocks(found[0], tx.now) if found else None
        if shown is None or (key.brands is not None and shown.brand not in key.brands):
            raise Problem(404, "Issue unknown", f"nothing was heard of an issue {issue_id!r}")
        return _json(shown)

    return router


def _json(answer: msgspec.Struct) -> Response:
    return Response(msgspec.json.encode(answer), media_type="application/json")


def _described(answer: type[msgspec.Struct], *refusals: int) -> dict[str, Any]:
    content = {"application/json": {"schema": reference(answer)}}
    return {
        "responses": {200: {"description": "As it stands now", "content": content}, **problem_responses(*refusals)},
        "openapi_extra": API_KEY,
    }
