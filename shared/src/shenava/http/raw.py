"""A route that FastAPI describes and does not serve, and what such a route reads and answers with."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

Endpoint = Callable[[Request], Awaitable[Response]]


class RawRoute(APIRoute):
    """Stands in the OpenAPI document as any other, and hands the request to its endpoint as it came.

    No dependency is resolved, no parameter is read and no answer is turned into JSON, which is most of what FastAPI
    costs. Failures reach the application's own handlers.
    """

    def __init__(self, path: str, endpoint: Endpoint, **described: Any) -> None:
        super().__init__(path, endpoint, **described)

        async def serve(scope: Scope, receive: Receive, send: Send) -> None:
            response = await endpoint(Request(scope, receive, send))
            await response(scope, receive, send)

        self.app = serve


class Shortcut:
    """Middleware that finds a raw route by one look at method and path, before all that leads to it otherwise.

    What it does not find it leaves to the application: other routes, templates, another root path, wrong methods.

    Args:
        routes: those of the application; the raw ones among them are found here.
    """

    def __init__(self, app: ASGIApp, routes: Iterable[BaseRoute]) -> None:
        self._app = app
        raw = [route for route in routes if isinstance(route, RawRoute) and not route.param_convertors]
        self._found = {(method, route.path): route for route in raw for method in route.methods or ()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        route = self._found.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        if route is None:
            await self._app(scope, receive, send)
            return
        scope["route"] = route
        request = Request(scope, receive, send)
        try:
            response = await route.endpoint(request)
        except Exception as error:  # whatever it is: the application's own handlers know it, or it goes on its way
            handler = _handler(scope["app"].exception_handlers, type(error))
            if handler is None:
                raise
            response = await handler(request, error)
        await response(scope, receive, send)


def _handler(handlers: Mapping[Any, Any], kind: type[Exception]) -> Callable[[Request, Exception], Any] | None:
    """The one that Starlette would choose; what no handler foresees is for the outermost middleware."""
    foreseen = (handlers.get(each) for each in kind.__mro__ if each is not Exception)
    return next((handler for handler in foreseen if handler is not None), None)


class JsonResponse(Response):
    """An answer whose ``body`` is JSON already."""

    def __init__(self, body: bytes, status_code: int = 200) -> None:
        # What Starlette's own constructor comes to for such an answer; it takes five times as long to find out.
        self.status_code = status_code
        self.body = body
        self.background = None
        self.raw_headers = [(b"content-length", b"%d" % len(body)), (b"content-type", b"application/json")]


def first_values(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """The headers of an ASGI scope by name (in lower case, as ASGI has it); of a repeated one the first counts.

    One pass over them costs what a single look into Starlette's own ``Headers`` does.
    """
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in reversed(list(headers))}
