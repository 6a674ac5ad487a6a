"""A server below HTTP: does with each connection whatever a test says, however rude."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ssl import SSLContext

Behaviour = Callable[["Connection"], Awaitable[None]]


@dataclass
class Connection:
    """One request that has been read, and the way to answer it."""

    request: bytes
    writer: asyncio.StreamWriter

    async def write(self, data: bytes) -> None:
        """Send ``data``; raises ConnectionError when the peer is gone."""
        self.writer.write(data)
        await self.writer.drain()

    def reset(self) -> None:
        """Cut the connection without a goodbye."""
        self.writer.transport.abort()


@dataclass
class RawServer:
    """What was asked of it.

    Attributes:
        gone: set when a peer has left before the behaviour ended.
    """

    port: int = 0
    connections: int = 0
    requests: list[bytes] = field(default_factory=list)
    gone: asyncio.Event = field(default_factory=asyncio.Event)


def answer(status: int, *fields: str, body: bytes = b"") -> Behaviour:
    """The polite behaviour: answers every request alike."""
    head = "\r\n".join([f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}", *fields, "", ""])

    async def behave(connection: Connection) -> None:
        await connection.write(head.encode() + body)

    return behave


@asynccontextmanager
async def raw_server(behaviour: Behaviour, tls: SSLContext | None = None) -> AsyncIterator[RawServer]:
    """Serve ``behaviour``, once for each request, on a free port of this machine."""
    seen = RawServer()
    running: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            running.add(task)
        seen.connections += 1
        try:
            while request := await _request(reader):
                seen.requests.append(request)
                await behaviour(Connection(request, writer))
        except (ConnectionError, asyncio.IncompleteReadError):
            seen.gone.set()
        except asyncio.CancelledError:
            # The test is over; asyncio's own callback of a connection stumbles over a cancelled task.
            return
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    seen.port = server.sockets[0].getsockname()[1]
    try:
        yield seen
    finally:
        server.close()
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def _request(reader: asyncio.StreamReader) -> bytes:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return b""
    fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:-2])
    return head + await reader.readexactly(int(fields.get(b"content-length", b"0")))
