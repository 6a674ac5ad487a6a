"""Errors as RFC 9457 problem details: one shape for every failure of every route."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import orjson
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from shenava.errors import Invalid, Transient

log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 2


class Problem(Exception):  # noqa: N818 - the standard's own word
    """An expected failure of a request.

    Args:
        status: the HTTP status.
        title: the same for every occurrence of this kind of problem.
        detail: this occurrence: what, where, and how to mend it.
        extra: extension members, e.g. ``errors`` with a ``pointer`` and a ``detail`` each.
    """

    def __init__(
        self,
        status: int,
        title: str,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(f"{status} {title}: {detail}")
        self.status = status
        self.title = title
        self.detail = detail
        self.headers = dict(headers or {})
        self.extra = extra

    def body(self, instance: str) -> dict[str, Any]:
        """The members of the problem details object."""
        return {
            "type": "about:blank",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "instance": instance,
            **self.extra,
        }


def unavailable(detail: str) -> Problem:
    """503 with Retry-After: nothing was taken, send the same again."""
    return Problem(503, "Temporarily unavailable", detail, headers={"Retry-After": str(RETRY_AFTER_SECONDS)})


def invalid(error: Invalid, status: int = 422) -> Problem:
    """The problem of an ``Invalid``, naming the JSON pointer."""
    errors = [{"pointer": error.pointer or "", "detail": error.detail, "reason": error.reason}]
    return Problem(status, "Invalid content", error.detail, errors=errors)


def response(problem: Problem, instance: str) -> Response:
    """The answer that carries ``problem``."""
    return Response(
        orjson.dumps(problem.body(instance)),
        status_code=problem.status,
        media_type=MEDIA_TYPE,
        headers=problem.headers,
    )


def install(app: FastAPI) -> None:
    """Answer every failure of ``app`` with problem details."""

    @app.exception_handler(Problem)
    async def _problem(request: Request, error: Problem) -> Response:
        return response(error, request.url.path)

    @app.exception_handler(Invalid)
    async def _invalid(request: Request, error: Invalid) -> Response:
        return response(invalid(error), request.url.path)

    @app.exception_handler(Transient)
    async def _transient(request: Request, error: Transient) -> Response:
        log.warning("request_refused_for_now", path=request.url.path, reason=str(error)[:300])
        return response(unavailable("a server this service needs is away; try again"), request.url.path)

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        title = HTTPStatus(error.status_code).phrase
        return response(Problem(error.status_code, title, str(error.detail), headers=error.headers), request.url.path)

    @app.exception_handler(RequestValidationError)
    async def _validation(request: Request, error: RequestValidationError) -> Response:
        errors = [_one(e) for e in error.errors()]
        detail = "; ".join(f"{e['pointer']}: {e['detail']}" for e in errors)
        return response(Problem(422, "Invalid content", detail, errors=errors), request.url.path)

    @app.exception_handler(Exception)
    async def _unexpected(request: Request, error: Exception) -> Response:
        log.error("request_failed", path=request.url.path, exc_info=error)
        return response(Problem(500, "Internal error", "this was logged; nothing more is known here"), request.url.path)


def _one(error: Mapping[str, Any]) -> dict[str, str]:
    place: Sequence[Any] = error.get("loc", ())
    pointer = "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in place)
    return {"pointer": pointer, "detail": str(error.get("msg", "")), "reason": str(error.get("type", ""))}
