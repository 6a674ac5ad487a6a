"""Reading a request's body up to a limit, without holding more of it than that."""

from starlette.requests import ClientDisconnect, Request

from shenava.http.problems import Problem


async def read_body(request: Request, limit: int) -> bytes:
    """The whole body.

    Raises:
        Problem: 413 when it is longer than ``limit`` bytes; what lies beyond is not read. 415 when it is compressed.
    """
    if request.headers.get("content-encoding", "identity") != "identity":
        raise Problem(415, "Unsupported encoding", "send the body without Content-Encoding")
    declared = request.headers.get("content-length")
    if declared is not None and declared.isdecimal() and int(declared) > limit:
        raise _too_large(limit)
    chunks: list[bytes] = []
    size = 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > limit:
                raise _too_large(limit)
            chunks.append(chunk)
    except ClientDisconnect as error:
        raise Problem(400, "Incomplete body", "the connection ended before the body did") from error
    return b"".join(chunks)


def _too_large(limit: int) -> Problem:
    return Problem(413, "Body too large", f"a body may have {limit:,} bytes; send it in parts")
