"""A TCP proxy that stands between a service and a server and breaks their connections on purpose.

It can refuse, swallow, cut, delay and throttle while connections are open, and cut at the very moment at which a client
says something: with ``COMMIT`` either nothing has happened, or all has and nobody knows.
"""

import asyncio
import re
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Self, TypeVar

from shenava.dev.fault_link import Armed, Conditions, Connection, Direction, Hearing
from shenava.dev.pacing import AT_ONCE, Pace
from shenava.dev.postgres_said import Said
from shenava.dev.processes import free_port

_TAIL_BYTES = 256

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Traffic:
    """What went through a proxy since its start.

    Attributes:
        connections: how many were accepted.
        open: how many of them are still there.
        cut: how many ended by our hand.
        to_server: bytes passed.
        to_client: bytes passed.
    """

    connections: int
    open: int
    cut: int
    to_server: int
    to_client: int


class Bytes:
    """Hears a protocol that we know nothing of; what is looked for may be up to 256 bytes long."""

    def __init__(self) -> None:
        self._tail = b""

    def __call__(self, data: bytes) -> Sequence[Said]:
        """All that was said of late; what was new comes last."""
        text, fresh = self._tail + data, len(self._tail)
        self._tail = text[-_TAIL_BYTES:]
        return [Said(text, fresh)]


class FaultProxy:
    """Passes bytes to ``server`` until it is told otherwise; an async context manager.

    It lives on the loop that it was started on; its methods may be awaited on any.

    Args:
        server: host and port.
        port: where it listens on 127.0.0.1; a free one is chosen if not given.
        hearing: makes what reads a client's bytes for :meth:`cut_when`; ``Statements`` for PostgreSQL.
        seed: of the jitter.
    """

    def __init__(
        self,
        server: tuple[str, int],
        *,
        port: int | None = None,
        hearing: Callable[[], Hearing] = Bytes,
        seed: int = 0,
    ) -> None:
        self.port = port or free_port()
        self._server = server
        self._hearing = hearing
        self._rng = Random(seed)  # noqa: S311 - delays that can be repeated, no secret
        self._conditions = Conditions()
        self._connections: dict[Connection, asyncio.Task[None]] = {}
        self._accepted = 0
        self._listening: asyncio.Server | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def traffic(self) -> Traffic:
        """What went through by now."""
        there = self._conditions
        return Traffic(
            connections=self._accepted,
            open=len(self._connections),
            cut=there.cuts,
            to_server=there.passed["to_server"],
            to_client=there.passed["to_client"],
        )

    async def start(self) -> None:
        """Listen; from now on the proxy belongs to the running loop."""
        self._loop = asyncio.get_running_loop()
        await self._listen()

    async def stop(self) -> None:
        """Cut everything and listen no more."""
        await self._there(self._stop())

    async def heal(self, *, silent: bool = False) -> None:
        """Pass everything again, at once; nothing is armed any more.

        Connections that have lost bytes cannot go on. They are cut, as by a host that has come back and knows nothing
        of them; with ``silent`` the server's side alone is, and its client is never told.
        """
        await self._there(self._heal(silent=silent))

    async def refuse(self) -> None:
        """Listen no more and cut what is open: who connects is refused."""
        await self._there(self._refuse())

    async def black_hole(self) -> None:
        """Accept, and swallow what is said in both directions; closing is swallowed too."""
        await self._there(self._swallow())

    async def cut(self) -> int:
        """Cut the connections that are open now, by RST; returns how many."""
        return await self._there(self._cut())

    async def slow(self, *, to_server: Pace = AT_ONCE, to_client: Pace = AT_ONCE) -> None:
        """Pass bytes as slowly as said."""
        self._conditions.paces = {"to_server": to_server, "to_client": to_client}

    async def cut_after(self, count: int, direction: Direction) -> Armed:
        """Have the connection cut that carries the ``count``-th byte from now on; the byte itself arrives."""
        self._conditions.armed = Armed(direction, left=count)
        return self._conditions.armed

    async def cut_when(self, pattern: str, *, before: bool) -> Armed:
        """Have the connection cut on which a client next says ``pattern``, a regular expression in which . is any byte.

        With ``Statements`` it is looked for in the statement that is run, after the others of its transaction:
        ``INSERT INTO mentions.*COMMIT`` is the end of a transaction that wrote mentions.

        Args:
            pattern: what to wait for.
            before: True cuts before the server has got it; False cuts once the server answers, and drops the answer.
        """
        self._conditions.armed = Armed(pattern=re.compile(pattern.encode(), re.DOTALL | re.IGNORECASE), before=before)
        return self._conditions.armed

    async def happened(self, armed: Armed) -> None:
        """Until the armed cut has been made."""

        async def wait() -> None:
            await armed.happened.wait()

        await self._there(wait())

    async def _there(self, work: Coroutine[Any, Any, T]) -> T:
        """Have ``work`` done on the proxy's own loop."""
        loop = self._loop
        if loop is None:
            work.close()
            raise RuntimeError("the proxy has not been started: await its start() first")
        if loop is asyncio.get_running_loop():
            return await work
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, loop))

    async def _listen(self) -> None:
        if self._listening is None:
            self._listening = await asyncio.start_server(self._accept, "127.0.0.1", self.port, backlog=1024)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(self._conditions, self._hearing(), self._rng)
        self._accepted += 1
        task = asyncio.create_task(connection.run((reader, writer), self._server))
        self._connections[connection] = task
        task.add_done_callback(lambda _: self._connections.pop(connection))

    async def _heal(self, *, silent: bool) -> None:
        self._conditions.swallowing = False
        self._conditions.paces = {}
        self._conditions.armed = None
        for connection in [each for each in self._connections if each.lost]:
            self._end(connection, server_only=silent)
        await self._listen()

    async def _refuse(self) -> None:
        if self._listening is not None:
            self._listening.close()
            self._listening = None
        await self._cut()

    async def _swallow(self) -> None:
        self._conditions.swallowing = True
        await self._listen()

    async def _cut(self) -> int:
        connections = list(self._connections)
        for connection in connections:
            self._end(connection)
        return len(connections)

    def _end(self, connection: Connection, *, server_only: bool = False) -> None:
        connection.cut(server_only=server_only)
        self._conditions.cuts += 1
        if not server_only:
            self._connections[connection].cancel()

    async def _stop(self) -> None:
        tasks = list(self._connections.values())
        await self._refuse()
        await asyncio.gather(*tasks, return_exceptions=True)
