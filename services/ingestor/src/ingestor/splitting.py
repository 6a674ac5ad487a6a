"""Cuts a body into its items, so that a broken one takes none of the others with it."""

import re
from collections.abc import Iterator

import msgspec

from shenava.errors import Invalid

BOM = b"\xef\xbb\xbf"
_WHITE = b" \t\r\n"
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"?|[\[\]{},]', re.DOTALL)
# Reading this many brackets and commas takes about 0.1 s; a thousand mentions have a tenth of them.
_MAX_TOKENS = 200_000


def lines(body: bytes) -> Iterator[tuple[int, bytes]]:
    """The lines that hold something, with their numbers from 1."""
    for number, line in enumerate(body.split(b"\n"), start=1):
        if bare := line.removeprefix(BOM).strip(_WHITE):
            yield number, bare


def elements(body: bytes, limit: int) -> list[bytes]:
    """The elements of the JSON array ``body``, each as its own text; at most ``limit`` and one more.

    Where the array as a whole is no valid JSON, its brackets and commas are followed, so that only the elements that
    are broken stay unreadable.

    Raises:
        Invalid: it is too broken to be cut in reasonable time.
    """
    try:
        return [bytes(raw) for raw in msgspec.json.decode(body, type=list[msgspec.Raw])]
    except (msgspec.DecodeError, RecursionError):
        return _cut(body, limit)


def _cut(body: bytes, limit: int) -> list[bytes]:
    found: list[bytes] = []
    depth = start = 0
    for seen, token in enumerate(_TOKEN.finditer(body)):
        if seen == _MAX_TOKENS:
            raise Invalid("malformed_json", "the array is broken, and too tangled to be cut; send one object a line")
        mark = token[0][:1]
        if mark in (b"[", b"{"):
            depth += 1
            if depth == 1:
                start = token.end()
        elif mark in (b"]", b"}"):
            depth -= 1
        if (mark == b"," and depth == 1) or depth == 0:
            found.append(body[start : token.start()].strip(_WHITE))
            start = token.end()
        if depth == 0 or len(found) > limit:
            break
    rest = body[start:].strip(_WHITE)
    if not rest or len(found) > limit:
        return found
    # Of an array that does not end, the empty element is the place where its end is missing.
    return [*found, rest, b""] if depth else [*found, rest]
