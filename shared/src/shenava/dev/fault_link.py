"""One connection through the fault proxy: two directions of bytes, each of which passes, waits, is swallowed or cut."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from re import Pattern
from typing import Literal

from shenava.dev.pacing import AT_ONCE, Pace, Timetable
from shenava.dev.postgres_said import Said

Direction = Literal["to_server", "to_client"]
Hearing = Callable[[bytes], Sequence[Said]]
"""Told all that one client says, from its first byte on; answers with what has been said completely."""

_WAITING_CHUNKS = 32
_NO_LINGER = struct.pack("ii", 1, 0)  # a socket that is closed so sends RST and forgets what is unsent


@dataclass(slots=True)
class Armed:
    """A cut that waits for its moment; it happens once.

    Attributes:
        left: bytes of ``direction`` that still pass, or None when ``pattern`` decides.
        pattern: what the client must say.
        before: cut before the server has got that, else when its answer comes, which does not pass.
    """

    direction: Direction = "to_server"
    left: int | None = None
    pattern: Pattern[bytes] | None = None
    before: bool = True
    happened: asyncio.Event = field(default_factory=asyncio.Event)

    def matches(self, said: Sequence[Said]) -> bool:
        """Whether the client has just said it."""
        pattern = self.pattern
        return pattern is not None and any(
            found.end() > one.fresh for one in said for found in pattern.finditer(one.text)
        )


@dataclass(slots=True)
class Conditions:
    """What a link does to its connections now.

    Attributes:
        swallowing: nothing passes, nobody is told.
        paces: how slowly bytes pass.
        armed: the cut that waits for its moment.
        passed: bytes that have passed.
        cuts: connections that were cut.
    """

    swallowing: bool = False
    paces: dict[Direction, Pace] = field(default_factory=dict)
    armed: Armed | None = None
    passed: dict[Direction, int] = field(default_factory=lambda: {"to_server": 0, "to_client": 0})
    cuts: int = 0


class Connection:
    """A client's connection and the one made to the server for it.

    Attributes:
        lost: it has lost bytes, so it can never go on: what comes is swallowed.
    """

    def __init__(self, conditions: Conditions, hearing: Hearing, rng: Random) -> None:
        self._conditions = conditions
        self._hearing = hearing
        self._rng = rng
        self._sides: dict[Direction, asyncio.StreamWriter] = {}
        self._awaits_answer: Armed | None = None
        self.lost = False

    async def run(
        self, client: tuple[asyncio.StreamReader, asyncio.StreamWriter], server_address: tuple[str, int]
    ) -> None:
        """Until both sides have closed, or it was cut."""
        reader, self._sides["to_client"] = client
        try:
            if self._conditions.swallowing:
                self.lost = True
                await _swallow(reader)
            else:
                await self._join(reader, server_address)
        except* (OSError, _Cut):
            self.cut()
        finally:
            self._close()

    async def _join(self, client: asyncio.StreamReader, server_address: tuple[str, int]) -> None:
        server, self._sides["to_server"] = await asyncio.open_connection(*server_address)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._direction("to_server", client))
            group.create_task(self._direction("to_client", server))

    def cut(self, *, server_only: bool = False) -> None:
        """End it by RST on both sides, or on the server's alone."""
        for direction in ("to_server",) if server_only else tuple(self._sides):
            if (writer := self._sides.pop(direction, None)) is not None:
                with contextlib.suppress(OSError):  # it is closed already
                    told: socket.socket = writer.get_extra_info("socket")
                    told.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
                writer.transport.abort()

    def _close(self) -> None:
        """End what is open still in order: what was sent arrives."""
        while self._sides:
            self._sides.popitem()[1].close()

    async def _direction(self, direction: Direction, source: asyncio.StreamReader) -> None:
        waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(_WAITING_CHUNKS)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._take(direction, source, waiting))
            group.create_task(self._give(direction, waiting))

    async def _take(
        self, direction: Direction, source: asyncio.StreamReader, waiting: asyncio.Queue[tuple[float, bytes]]
    ) -> None:
        timetable, clock = Timetable(), asyncio.get_running_loop().time
        data = b"-"
        while data:
            pace = self._conditions.paces.get(direction, AT_ONCE)
            try:
                data = await source.read(pace.chunk)
            except ConnectionError:
                if not self._swallows():
                    raise
                data = b""
            leaves = timetable.leaves(pace, now=clock(), size=len(data), chance=self._rng.random())
            await waiting.put((leaves, data))

    async def _give(self, direction: Direction, waiting: asyncio.Queue[tuple[float, bytes]]) -> None:
        clock = asyncio.get_running_loop().time
        data = b"-"
        while data:
            leaves, data = await waiting.get()
            if leaves > clock():
                await asyncio.sleep(leaves - clock())
            if not self._swallows():
                await self._pass(direction, data)
        if self._swallows():
            await asyncio.Event().wait()  # nobody is told that this side has closed

    async def _pass(self, direction: Direction, data: bytes) -> None:
        armed = self._conditions.armed
        said = self._hearing(data) if direction == "to_server" else ()
        if direction == "to_client" and self._awaits_answer is not None:
            self._fire(self._awaits_answer)
        if armed is not None and armed.matches(said):
            self._conditions.armed = None
            if armed.before:
                self._fire(armed)
            self._awaits_answer = armed
        allowed = len(data)
        if armed is not None and armed.left is not None and armed.direction == direction:
            allowed = min(allowed, armed.left)
            armed.left -= allowed
        await self._write(direction, data[:allowed], ended=not data)
        if armed is not None and armed.left == 0 and armed.direction == direction:
            self._conditions.armed = None
            self._fire(armed, gently_to=direction)

    async def _write(self, direction: Direction, data: bytes, *, ended: bool) -> None:
        writer = self._sides.get(direction)
        if writer is None:
            raise _Cut
        if ended:
            if writer.can_write_eof():
                writer.write_eof()
            return
        writer.write(data)
        self._conditions.passed[direction] += len(data)
        await writer.drain()

    def _fire(self, armed: Armed, gently_to: Direction | None = None) -> None:
        """Cut now; the side ``gently_to`` gets all that was sent to it first."""
        if gently_to is not None:
            self._sides.pop(gently_to).close()
        self.cut()
        self._conditions.cuts += 1
        armed.happened.set()
        raise _Cut

    def _swallows(self) -> bool:
        """Whether what comes now is lost; once it was, it stays so."""
        self.lost = self.lost or self._conditions.swallowing
        return self.lost


class _Cut(Exception):  # noqa: N818 - named for what happened
    """The connection was cut; its tasks end."""


async def _swallow(reader: asyncio.StreamReader) -> None:
    with contextlib.suppress(ConnectionError):
        while await reader.read(65_536):
            pass
