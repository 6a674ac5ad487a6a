"""A text as the watchlist reads it: its words in one spelling each, with where they stand in the original. Pure.

Every sign is spelt as the shared normal form spells it, in lower case and without marks, so that neither keyboard,
ZWNJ, tatweel, vowel signs nor accents make a difference. As this goes sign by sign, places are never lost.
"""

import re
import unicodedata
from functools import lru_cache
from typing import Literal, NamedTuple

from shenava.text import normalise

Kind = Literal["word", "handle", "hashtag"]

_PART = (
    "\u0300-\u036f\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed"
    "\u200b-\u200f\u00ad\u2060\ufeff\u202a-\u202e\u2066-\u2069"
)
"""What may stand inside a word and is not seen: marks, joiners, tatweel, signs of direction."""

_TOKEN = re.compile(
    r"(?P<address>(?:https?://|www\.)[^\s<>\"«»،؛؟]+)"
    r"|[@＠](?P<handle>\w+(?:[.\-]\w+)*)"
    rf"|[#＃](?P<hashtag>[\w{_PART}]+)"
    rf"|(?P<word>(?:[^\W_]++|[{_PART}]++)++)",
    re.IGNORECASE,
)
_LATIN_HANDLE = re.compile(r"[a-z0-9_]+(?:[.\-][a-z0-9_]+)*")
_STRETCHED = re.compile(r"([^\W\d_])\1{2,}")
_LONGEST_SPELLING = 4
"""Letters that one sign may stand for; longer ones are whole phrases, which nobody types to name a thing."""

_REMEMBERED = 24
"""Letters of the longest word whose spelling is remembered: most words of a text were met before."""


class _Spellings(dict[int, str]):
    """Sign to its spelling, worked out when it is first met."""

    def __missing__(self, point: int) -> str:
        parts = unicodedata.normalize("NFKD", normalise(chr(point)))
        plain = "".join(map(normalise, parts)).casefold()  # a hamza leaves an Arabic yeh behind
        spelt = "".join(sign for sign in plain if sign.isalnum() or sign == "_")
        self[point] = spelt if len(spelt) <= _LONGEST_SPELLING else ""
        return self[point]


_SPELLINGS = _Spellings()


class Token(NamedTuple):
    """A word, handle or hashtag.

    Attributes:
        spelt: folded; a handle without ``@``, a hashtag without ``#`` and without what joins its words.
        start: its first sign in the text.
        end: behind its last sign.
    """

    kind: Kind
    spelt: str
    start: int
    end: int


def fold(word: str) -> str:
    """``word`` in the one spelling; letters, digits and underscores only.

    A letter repeated three times or more counts once in the Arabic script, where none is doubled, and twice elsewhere.
    """
    return _known(word) if len(word) <= _REMEMBERED else _folded(word)


def _folded(word: str) -> str:
    spelt = word.translate(_SPELLINGS)
    return _STRETCHED.sub(_unstretched, spelt) if _STRETCHED.search(spelt) else spelt


_known = lru_cache(maxsize=32_768)(_folded)


def _unstretched(found: re.Match[str]) -> str:
    letter = found[1]
    return letter if "\u0600" <= letter <= "\u06ff" else letter * 2


def tokens(text: str) -> list[Token]:
    """The words, handles and hashtags of ``text`` in their order; addresses of pages and of mail are left out."""
    found: list[Token] = []
    for match in _TOKEN.finditer(text):
        kind, start, end = match.lastgroup, match.start(), match.end()
        if kind == "word":
            spelt = fold(match[0])
            if spelt:
                found.append(Token("word", spelt, start, end))
        elif kind == "handle":
            if found and found[-1].end == start:
                found.pop()  # the part of a mail address before its @
            else:
                found.append(Token("handle", handle(match["handle"]), start, end))
        elif kind == "hashtag":
            found.append(Token("hashtag", fold(match["hashtag"]).replace("_", ""), start, end))
    return found


def handle(written: str) -> str:
    """A handle in the one spelling, with dots and hyphens, without Persian letters that run on behind Latin ones."""
    plain = normalise(written.removeprefix("@")).casefold()
    latin = _LATIN_HANDLE.match(plain)
    return latin[0] if latin else plain
