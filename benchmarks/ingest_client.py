"""The client of the ingest benchmark: as little of it as can be, so that the server's cost is what shows."""

import asyncio
import re
from collections.abc import Sequence
from typing import cast

_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)


class WrongAnswer(Exception):  # noqa: N818 - named for what happened
    """Nothing that is measured from here on would mean anything."""


async def ask(port: int, connections: int, requests: Sequence[bytes], status: int, each: int) -> None:
    """Send ``each`` requests over each of ``connections``, one after another, taking ``requests`` in turn.

    Raises:
        WrongAnswer: one has another status, or there is none.
    """
    loop = asyncio.get_running_loop()
    asking = [_Asking(requests, len(requests) * i // connections, status, each) for i in range(connections)]
    for one in asking:
        await loop.create_connection(lambda one=one: one, "127.0.0.1", port)  # type: ignore[misc]  # of the loop, now
    try:
        for one in asking:
            one.go_on()
        await asyncio.gather(*(one.ended for one in asking))
    finally:
        for one in asking:
            one.close()


class _Asking(asyncio.Protocol):
    """One connection: the next request leaves when the answer to the last has come whole."""

    def __init__(self, requests: Sequence[bytes], first: int, status: int, times: int) -> None:
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._requests = requests
        self._next = first
        self._last = first + times
        self._expected = b"HTTP/1.1 %d " % status
        self._received = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.ended.done():
            self.ended.set_exception(WrongAnswer(f"the server closed a connection: {exc!r}"))

    def data_received(self, data: bytes) -> None:
        self._received += data
        head = self._received.find(b"\r\n\r\n")
        if head < 0:
            return
        length = _LENGTH.search(self._received, 0, head)
        if not self._received.startswith(self._expected) or length is None:
            self.ended.set_exception(WrongAnswer(f"expected {self._expected!r}, got {self._received[:300]!r}"))
        elif len(self._received) >= head + 4 + int(length[1]):
            self._received = b""
            self.go_on()

    def go_on(self) -> None:
        """Send the next request, if there is one more to send."""
        if self._next == self._last:
            self.ended.set_result(None)
        else:
            self._transport.write(self._requests[self._next % len(self._requests)])
            self._next += 1

    def close(self) -> None:
        self._transport.close()
