"""A route that FastAPI describes and does not serve."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.types import Receive, Scope, Send

Endpoint = Callable[[Request], Awaitable[Response]]


class RawRoute(APIRoute):
    """Stands in the OpenAPI document as any other, and hands the request to its endpoint as it came.

    No dependency is resolved, no parameter is read and no answer is turned into JSON, which is most of what FastAPI
    costs. Failures reach the application's own handlers. Add it to the application itself: what an included router
    does for its routes costs as much again.
    """

    def __init__(self, path: str, endpoint: Endpoint, **described: Any) -> None:
        super().__init__(path, endpoint, **described)

        async def serve(scope: Scope, receive: Receive, send: Send) -> None:
            response = await endpoint(Request(scope, receive, send))
            await response(scope, receive, send)

        self.app = serve


def first_values(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """The headers of an ASGI scope by name (in lower case, as ASGI has it); of a repeated one the first counts.

    One pass over them costs what a single look into Starlette's own ``Headers`` does.
    """
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in reversed(list(headers))}
