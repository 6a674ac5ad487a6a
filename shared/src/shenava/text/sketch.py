"""Finds copies: texts that say the same in nearly the same words, forwarded, retold or signed anew.

A sketch is what one-permutation hashing keeps of a text's groups of words; the share of equal parts of two sketches
estimates how many of the groups are common to both texts (Jaccard). Sketches are stored and compared for weeks, so how
they are made must never follow a library's releases: a changed rule would make every stored sketch useless.

Sources: Broder 1997, "On the resemblance and containment of documents"; Li, Owen and Zhang 2012, arXiv:1208.1259 (one
permutation); Shrivastava and Li 2014, arXiv:1406.4784 (borrowing for empty parts).
"""

import re
import struct
from hashlib import blake2b

from shenava.text.normalise import FOLDED_LETTERS, normalise

PARTS = 32
BANDS = 8
_ROWS = PARTS // BANDS
COPY = 0.55
"""Least resemblance of a copy."""
FEWEST_WORDS = 7
"""Fewer words are the same by chance: whole crowds write «خیلی ممنون، عالی بود» and nobody has copied."""
_TOGETHER = 2
_LONGEST = 4_000

_NO_WORDS = re.compile(r"(?:https?://|www\.)\S+|\S+@\S+|@\w[\w.]*")
_WORD = re.compile(r"[^\W_]+")
_FOLDED = str.maketrans(FOLDED_LETTERS | {"آ": "ا", "\u200c": None})
_SHARED_AGAIN = frozenset({"rt", "fwd", "forwarded", "repost", "via"})

Sketch = tuple[int, ...]
""":data:`PARTS` numbers of 32 bits."""


def sketch(text: str) -> Sketch | None:
    """The sketch of ``text``; none if it has too few words to be a copy.

    Addresses, handles, emoji and punctuation do not count, nor how the words are typed: keyboards, half-spaces,
    digits, capitals.
    """
    words = _words(text)
    if len(words) < FEWEST_WORDS:
        return None
    least: list[int | None] = [None] * PARTS
    for group in {" ".join(words[start : start + _TOGETHER]) for start in range(len(words) - _TOGETHER + 1)}:
        part, number = struct.unpack("<II", blake2b(group.encode(), digest_size=8).digest())
        held = least[part % PARTS]
        if held is None or number < held:
            least[part % PARTS] = number
    return _filled(least)


def bands(found: Sketch) -> tuple[int, ...]:
    """:data:`BANDS` signed 64-bit keys: two sketches of a copy have one in common nearly always, others seldom."""
    return tuple(
        struct.unpack("<q", blake2b(struct.pack(f"<{_ROWS}I", *rows), digest_size=8, salt=bytes([band])).digest())[0]
        for band in range(BANDS)
        for rows in [found[band * _ROWS : (band + 1) * _ROWS]]
    )


def resemblance(one: Sketch, other: Sketch) -> float:
    """The estimated share of common groups of words, 0 to 1."""
    return sum(a == b for a, b in zip(one, other, strict=True)) / PARTS


def _words(text: str) -> list[str]:
    plain = normalise(_NO_WORDS.sub(" ", text[:_LONGEST]), _LONGEST).casefold().translate(_FOLDED)
    return [word for word in _WORD.findall(plain) if word not in _SHARED_AGAIN]


def _filled(least: list[int | None]) -> Sketch:
    """Each empty part takes what the next filled one holds, moved by the way to it so that chance borrowing differs."""
    filled = []
    for place in range(PARTS):
        way = next(way for way in range(PARTS) if least[(place + way) % PARTS] is not None)
        filled.append(((least[(place + way) % PARTS] or 0) + way * 0x9E3779B1) % 2**32)
    return tuple(filled)
