"""Where people and support tools work on issues: a command is one transaction, its answer the issue as it is now."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple, TypeVar
from urllib.parse import urlencode

import msgspec
import structlog
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from router import idempotency, issue_reading, store
from router.answers import IssuePage
from router.commands import NAMES, Command, Reopen
from router.endpoints import Endpoints
from router.idempotency import Answer, Claim
from router.issue import Issue
from router.issue_reading import Wanted
from router.lifecycle import Changed, Conflict, apply
from router.recording import Happened, record
from shenava.db.database import Database, Transaction
from shenava.events.issues import Queue
from shenava.http.body import read_body
from shenava.http.keys import ApiKey, ApiKeys
from shenava.http.problems import Problem

log = structlog.get_logger(__name__)

I = TypeVar("I", bound=Issue)  # noqa: E741 - reads as "issue"

READ, WRITE = "issues:read", "issues:write"
MAX_BODY = 16_384
JSON = "application/json"


class Order(NamedTuple):
    """One command as it was sent."""

    issue_id: str
    command: Command
    by: ApiKey
    if_match: str | None
    claim: Claim | None


class IssueDesk:
    """Takes commands and questions over HTTP.

    Args:
        owners: gives who is accountable for each queue now.
        idempotency_ttl: how long an Idempotency-Key is remembered.
    """

    def __init__(
        self,
        database: Database,
        owners: Callable[[], Mapping[Queue, str]],
        endpoints: Endpoints,
        keys: ApiKeys,
        idempotency_ttl: timedelta,
    ) -> None:
        self._database = database
        self._owners = owners
        self._endpoints = endpoints
        self._keys = keys
        self._ttl = idempotency_ttl

    async def take(self, request: Request, issue_id: str, kind: type[Command]) -> Response:
        """Carry out the command in ``request``; ``kind`` says which it is.

        Raises:
            Problem: nothing was done; the message says why.
        """
        key = self._keys.identify(request, WRITE)
        body = await read_body(request, MAX_BODY)
        command = _parsed(kind, body)
        header = request.headers.get("idempotency-key")
        claim = None if header is None else Claim.of(key.name, header, request.url.path, body)
        order = Order(issue_id, command, key, request.headers.get("if-match"), claim)
        async with self._database.transaction() as tx:
            before = await idempotency.answered(tx, claim, self._ttl) if claim else None
            answer = before or await self._done(tx, order)
        headers = {"ETag": answer.etag} | ({"Idempotency-Replayed": "true"} if before else {})
        return Response(answer.body, media_type=JSON, headers=headers)

    async def read(self, request: Request, issue_id: str) -> Response:
        """One issue with its history and its mentions.

        Raises:
            Problem: 404 when there is no such issue, or the key is not for its brand.
        """
        key = self._keys.identify(request, READ)
        async with self._database.transaction() as tx:
            found = await issue_reading.detail(tx, issue_id)
        issue = _visible(found, key, issue_id)
        return Response(msgspec.json.encode(issue), media_type=JSON, headers={"ETag": _etag(issue)})

    async def page(self, request: Request, wanted: Wanted, limit: int, cursor: str | None) -> Response:
        """A page of issues, with a link to the next one."""
        key = self._keys.identify(request, READ)
        async with self._database.transaction() as tx:
            found = await issue_reading.page(tx, replace(wanted, brands=key.brands), limit, cursor)
        return Response(msgspec.json.encode(found), media_type=JSON, headers=_links(request, found))

    async def forget_keys(self) -> None:
        """Remove the idempotency keys that have expired."""
        async with self._database.transaction() as tx:
            await idempotency.forget(tx, self._ttl)

    async def _done(self, tx: Transaction, order: Order) -> Answer:
        locked = await store.lock_issues(tx, [order.issue_id])
        issue = _visible(locked.get(order.issue_id), order.by, order.issue_id)
        _check_version(issue, order.if_match)
        _check_time(order.command, tx.now)
        routed = await store.last_routed(tx, issue.id)
        match apply(issue, order.command, routed=routed, owners=self._owners(), by=order.by.name, now=tx.now):
            case Conflict(detail, allowed):
                raise Problem(409, "Not possible in this state", detail, allowed=allowed, state=issue.state)
            case Changed(changed, events, handover):
                await record(tx, [Happened(changed, events, handover)], self._endpoints)
                log.info("issue_changed", issue=issue.id, command=NAMES[type(order.command)], by=order.by.name)
                issue = changed
        answer = Answer(_etag(issue), msgspec.json.encode(issue))
        if order.claim is not None:
            await idempotency.keep(tx, order.claim, answer)
        return answer


def _parsed(kind: type[Command], body: bytes) -> Command:
    try:
        return kind.model_validate_json(body or b"{}")
    except ValidationError as error:
        raise RequestValidationError([{**e, "loc": ("body", *e["loc"])} for e in error.errors()]) from None


def _visible(issue: I | None, key: ApiKey, issue_id: str) -> I:
    if issue is None or (key.brands is not None and issue.brand not in key.brands):
        raise Problem(404, "No such issue", f"there is no issue {issue_id} that this API key may see")
    return issue


def _etag(issue: Issue) -> str:
    return f'"{issue.sequence}"'


def _check_version(issue: Issue, if_match: str | None) -> None:
    """RFC 9110 section 13.1.1; a weak tag never matches."""
    if if_match is None or if_match.strip() == "*":
        return
    if _etag(issue) not in {tag.strip() for tag in if_match.split(",")}:
        detail = f"the issue is at {_etag(issue)} now; read it again and decide anew"
        raise Problem(412, "Changed meanwhile", detail, headers={"ETag": _etag(issue)})


def _check_time(command: Command, now: datetime) -> None:
    if isinstance(command, Reopen) and command.complaint_at is not None and command.complaint_at > now:
        detail = f"lies in the future; it is {now.isoformat()} now"
        errors = [{"pointer": "/body/complaint_at", "detail": detail, "reason": "future"}]
        raise Problem(422, "Invalid content", f"/body/complaint_at: {detail}", errors=errors)


def _links(request: Request, page: IssuePage) -> dict[str, str]:
    """RFC 8288; relative to the request, so that it holds behind any proxy."""
    if page.next_cursor is None:
        return {}
    query = urlencode({**request.query_params, "cursor": page.next_cursor})
    return {"Link": f'<{request.url.path}?{query}>; rel="next"'}
