"""A request's body is read up to its limit, and not a byte further."""

from collections.abc import AsyncIterator

import pytest
from starlette.requests import Request

from shenava.http.body import read_body
from shenava.http.problems import Problem


class Sender:
    """Sends a body in chunks and counts how many were taken; breaks off at the end if told to."""

    def __init__(self, chunks: list[bytes], *, breaks_off: bool = False) -> None:
        self.taken = 0
        self._messages = self._say(chunks, breaks_off=breaks_off)

    async def _say(self, chunks: list[bytes], *, breaks_off: bool) -> AsyncIterator[dict[str, object]]:
        for chunk in chunks:
            self.taken += 1
            yield {"type": "http.request", "body": chunk, "more_body": True}
        yield {"type": "http.disconnect"} if breaks_off else {"type": "http.request", "body": b"", "more_body": False}

    def request(self, **headers: str) -> Request:
        raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        return Request({"type": "http", "headers": raw}, receive=self._messages.__anext__)


async def test_a_body_is_read_whole_up_to_its_limit() -> None:
    assert await read_body(Sender([b"abc", b"", b"de"]).request(), 5) == b"abcde"
    assert await read_body(Sender([]).request(), 5) == b""


async def test_a_body_that_grows_beyond_its_limit_is_not_read_to_its_end() -> None:
    sender = Sender([b"abc"] * 1000)
    with pytest.raises(Problem) as told:
        await read_body(sender.request(), 5)

    assert (told.value.status, sender.taken) == (413, 2)


async def test_a_body_that_says_it_is_too_long_is_not_read_at_all() -> None:
    sender = Sender([b"abc"])
    with pytest.raises(Problem, match="413"):
        await read_body(sender.request(content_length="6"), 5)

    assert sender.taken == 0


@pytest.mark.parametrize("length", ["5", "-1", "many", "", "²"])
async def test_a_length_that_was_told_is_not_relied_upon(length: str) -> None:
    with pytest.raises(Problem, match="413"):
        await read_body(Sender([b"abcdef"]).request(content_length=length), 5)


@pytest.mark.parametrize("encoding", ["gzip", "br", "gzip, identity"])
async def test_a_compressed_body_is_refused(encoding: str) -> None:
    with pytest.raises(Problem, match="415"):
        await read_body(Sender([b"abc"]).request(content_encoding=encoding), 5)


@pytest.mark.parametrize("encoding", ["identity", "Identity"])
async def test_a_body_may_say_that_it_is_not_compressed(encoding: str) -> None:
    assert await read_body(Sender([b"abc"]).request(content_encoding=encoding), 5) == b"abc"


async def test_a_body_that_breaks_off_is_told() -> None:
    with pytest.raises(Problem, match="400"):
        await read_body(Sender([b"abc"], breaks_off=True).request(), 5)
