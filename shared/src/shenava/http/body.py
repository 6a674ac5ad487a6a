"""Reading a request's body up to a limit, without holding more of it than that."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.types import Receive

from shenava.http.problems import Problem


async def read_body(request: Request, limit: int) -> bytes:
    """The whole body of ``request``; raises as :func:`receive_body`."""
    return await receive_body(request.headers, request.receive, limit)


async def receive_body(headers: Mapping[str, str], receive: Receive, limit: int) -> bytes:
    """The whole body of the request with ``headers`` (names in lower case) whose parts come from ``receive``.

    Raises:
        Problem: 413 when it is longer than ``limit`` bytes; what lies beyond is not read. 415 when it is compressed.
            400 when the connection ends before it does.
    """
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise Problem(415, "Unsupported encoding", "send the body without Content-Encoding")
    declared = headers.get("content-length")
    if declared is not None and declared.isdecimal() and int(declared) > limit:
        raise _too_large(limit)
    chunks: list[bytes] = []
    size = 0
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Problem(400, "Incomplete body", "the connection ended before the body did")
        chunk: bytes = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise _too_large(limit)
        chunks.append(chunk)
        more = message.get("more_body", False)
    return b"".join(chunks)


def _too_large(limit: int) -> Problem:
    return Problem(413, "Body too large", f"a body may have {limit:,} bytes; send it in parts")
