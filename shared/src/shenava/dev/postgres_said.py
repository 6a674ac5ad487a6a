"""What a client says to PostgreSQL, read from its bytes on the wire. Pure.

Source: "Message Formats" in PostgreSQL's manual, protocol 3. Only the messages are read that name or run a statement:
Query, Parse, Bind, Execute.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

_START_UP = 3
_END = re.compile(rb"\s*(COMMIT|ROLLBACK|END|ABORT)\b", re.IGNORECASE)
_BEGIN = re.compile(rb"\s*(BEGIN|START)\b", re.IGNORECASE)


class Said(NamedTuple):
    """A statement that was sent to be run, after all the others of its transaction.

    Attributes:
        text: the statements of the transaction so far, a line each, this one last.
        fresh: where in ``text`` this one begins.
    """

    text: bytes
    fresh: int


class Statements:
    """One connection, heard from its first byte on."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._started = False
        self._prepared: dict[bytes, bytes] = {}
        self._bound: dict[bytes, bytes] = {}
        self._transaction: list[bytes] = []

    def __call__(self, data: bytes) -> Sequence[Said]:
        """The statements whose sending is complete with ``data``."""
        self._buffer += data
        said: list[Said] = []
        while (message := self._next()) is not None:
            statement = self._run(*message)
            if statement is not None:
                said.append(self._in_its_transaction(statement))
        return said

    def _next(self) -> tuple[bytes, bytes] | None:
        """Kind and content of the next complete message; the first ones of a connection have no kind."""
        head = 1 if self._started else 0
        if len(self._buffer) < head + 4:
            return None
        size = head + int.from_bytes(self._buffer[head : head + 4], "big")
        if len(self._buffer) < size:
            return None
        kind, content = bytes(self._buffer[:head]), bytes(self._buffer[head + 4 : size])
        del self._buffer[:size]
        if not self._started:
            self._started = int.from_bytes(content[:2], "big") == _START_UP  # else it asks for encryption
        return kind, content

    def _run(self, kind: bytes, content: bytes) -> bytes | None:
        """The statement that the message runs, if it runs one."""
        first, _, rest = content.partition(b"\0")
        match kind:
            case b"Q":
                return first
            case b"P":
                self._prepared[first] = rest.partition(b"\0")[0]
            case b"B":
                self._bound[first] = self._prepared.get(rest.partition(b"\0")[0], b"")
            case b"E":
                return self._bound.get(first, b"")
        return None

    def _in_its_transaction(self, statement: bytes) -> Said:
        if _BEGIN.match(statement):
            self._transaction = []
        self._transaction.append(statement)
        text = b"\n".join(self._transaction)
        if _END.match(statement) or not _BEGIN.match(self._transaction[0]):
            self._transaction = []
        return Said(text, len(text) - len(statement))
