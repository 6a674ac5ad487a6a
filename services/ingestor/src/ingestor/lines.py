"""Reads the lines of NDJSON files, plain or compressed, and groups them into requests."""

import gzip
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO

import msgspec

from ingestor.splitting import BOM

STDIN = "-"
LONGEST = 1_000_000
"""Bytes of one line; what is longer is refused here, because the ingestor would refuse it too."""

_GROUP_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Line:
    """One line that holds something.

    Attributes:
        number: from 1.
        raw: its bytes; None when it is too long to be read.
        position: bytes of the file read so far, compressed ones where it is compressed.
    """

    source: str
    number: int
    raw: bytes | None
    position: int


@contextmanager
def opened(path: str) -> Iterator[tuple[BinaryIO | IO[bytes], BinaryIO]]:
    """The lines' stream and the stream whose position tells the progress; ``-`` is the standard input."""
    if path == STDIN:
        yield sys.stdin.buffer, sys.stdin.buffer
        return
    with Path(path).open("rb") as file:
        if path.endswith(".gz"):
            with gzip.open(file) as plain:
                yield plain, file  # type: ignore[misc]  # GzipFile reads bytes as any binary stream does
        else:
            yield file, file


def read_lines(path: str) -> Iterator[Line]:
    """The lines of the file, without the blank ones.

    Raises:
        OSError, EOFError: it cannot be read to its end; also where it is compressed and damaged.
    """
    with opened(path) as (stream, measured):
        number = 0
        while raw := stream.readline(LONGEST + 1):
            number += 1
            position = measured.tell() if measured.seekable() else 0
            if len(raw) > LONGEST and not raw.endswith(b"\n"):
                _skip_line(stream)
                yield Line(path, number, None, position)
            elif bare := raw.removeprefix(BOM).strip():
                yield Line(path, number, bare, position)


def _skip_line(stream: BinaryIO | IO[bytes]) -> None:
    while (part := stream.readline(LONGEST)) and not part.endswith(b"\n"):
        pass


def grouped(lines: Iterable[Line], size: int) -> Iterator[list[Line]]:
    """The lines in groups of at most ``size``, each small enough for one request, in their order."""
    group: list[Line] = []
    held = 0
    for line in lines:
        length = len(line.raw or b"")
        if group and (len(group) == size or held + length > _GROUP_BYTES):
            yield group
            group, held = [], 0
        group.append(line)
        held += length
    if group:
        yield group


def filled(raw: bytes, defaults: dict[str, str]) -> bytes:
    """``raw`` with ``defaults`` for the members it does not have; as it is where it is no JSON object."""
    if not defaults:
        return raw
    try:
        members = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return raw  # the ingestor will say what is wrong with it
    for name, value in defaults.items():
        members.setdefault(name, msgspec.Raw(msgspec.json.encode(value)))
    return msgspec.json.encode(members)
