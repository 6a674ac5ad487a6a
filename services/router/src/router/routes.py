"""The routes of the issue desk and how the OpenAPI document tells of them."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from router.answers import IssueDetail, IssuePage
from router.commands import ROUTES, Command
from router.desk import JSON, IssueDesk
from router.issue import Issue, State
from router.issue_reading import MOST, Wanted
from shenava.events.issues import Queue
from shenava.events.mentions import Severity
from shenava.http.openapi import API_KEY, problem_responses, reference

IssueId = Annotated[str, Path(pattern="^[0-9a-f-]{36}$", description="From `IssueRouted`, a webhook, or the list")]
BrandFilter = Annotated[str | None, Query(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")]
Limit = Annotated[int, Query(ge=1, le=MOST)]
Cursor = Annotated[str | None, Query(max_length=512, description="`next_cursor` of the page before")]

_ETAG = {"ETag": {"schema": {"type": "string"}, "description": "The version, for `If-Match`"}}
_LINK = {"Link": {"schema": {"type": "string"}, "description": 'The next page, `rel="next"` (RFC 8288)'}}
_HEADERS = [
    {
        "name": "If-Match",
        "in": "header",
        "required": False,
        "schema": {"type": "string"},
        "description": "The ETag that the decision was based on; 412 when the issue has changed since",
    },
    {
        "name": "Idempotency-Key",
        "in": "header",
        "required": False,
        "schema": {"type": "string", "minLength": 1, "maxLength": 255},
        "description": "The same key with the same body is answered again and not done again, for 24 hours by default",
    },
]
_SUMMARIES = {
    "acknowledge": "Say that a human has replied",
    "move-private": "Move to a private channel",
    "pause": "Let the resolution clock rest",
    "resume": "Let the resolution clock run again",
    "reassign": "Give to another queue or owner",
    "resolve": "Settle",
    "reopen": "Begin the next round",
    "close": "End a resolved issue for good",
}


def routes(desk: IssueDesk) -> APIRouter:
    """The routes of ``desk``."""
    router = APIRouter(default_response_class=Response, tags=["issues"])

    @router.get(
        "/v1/issues",
        summary="List issues",
        operation_id="list_issues",
        **_question(IssuePage, _LINK, 401, 403, 422, 503),
    )
    async def list_issues(
        request: Request,
        *,
        queue: Queue | None = None,
        state: State | None = None,
        severity: Severity | None = None,
        brand: BrandFilter = None,
        limit: Limit = 50,
        cursor: Cursor = None,
    ) -> Response:
        """The newest first. Pages that follow each other miss none and show none twice."""
        return await desk.page(request, Wanted(queue, state, severity, brand), limit, cursor)

    @router.get(
        "/v1/issues/{issue_id}",
        summary="Read an issue",
        operation_id="read_issue",
        **_question(IssueDetail, _ETAG, 401, 403, 404, 422, 503),
    )
    async def read_issue(request: Request, issue_id: IssueId) -> Response:
        """Why it went where it is, what has happened to it, and what was said."""
        return await desk.read(request, issue_id)

    for name, kind in ROUTES.items():
        _add_command(router, desk, name, kind)
    return router


def _add_command(router: APIRouter, desk: IssueDesk, name: str, kind: type[Command]) -> None:
    @router.post(
        f"/v1/issues/{{issue_id}}/{name}",
        summary=_SUMMARIES[name],
        description=f"{kind.__doc__} Doing it again changes nothing and is answered alike.",
        operation_id=name.replace("-", "_"),
        responses=_answers(Issue, _ETAG, 400, 401, 403, 404, 409, 412, 413, 415, 422, 503),
        openapi_extra={
            **API_KEY,
            "parameters": _HEADERS,
            "requestBody": {"content": {JSON: {"schema": kind.model_json_schema()}}},
        },
    )
    async def command(request: Request, issue_id: IssueId) -> Response:
        return await desk.take(request, issue_id, kind)


def _question(answer: type[Issue | IssuePage], headers: dict[str, Any], *problems: int) -> dict[str, Any]:
    return {"responses": _answers(answer, headers, *problems), "openapi_extra": API_KEY}


def _answers(answer: type[Issue | IssuePage], headers: dict[str, Any], *problems: int) -> dict[int | str, Any]:
    content = {JSON: {"schema": reference(answer)}}
    return {
        200: {"description": "As it is now", "content": content, "headers": headers},
        **problem_responses(*problems),
    }
