"""Splits a text where its author turns to something else: into sentences, and into clauses within them. Pure."""

import re
from collections.abc import Sequence
from itertools import pairwise

Span = tuple[int, int]
"""First sign and the place behind the last."""

_CONTRAST = (
    r"ول[یيى]|اما|ل[یيى][کك]ن|ول[یيى][کك]ن|در[\s\u200c]?حال[یيى][\s\u200c]?[کك]ه|در[\s\u200c]?صورت[یيى][\s\u200c]?[کك]ه"
    r"|برع[کك]س|بر ع[کك]س|با ا[یيى]ن[\s\u200c]حال|بل[کك]ه|در عوض|عوضش|هر[\s\u200c]?چند|گر[\s\u200c]?چه"
    r"|but|while|whereas|however|although|though|unlike|on the other hand|vali|ama"
)
_STEP = r"نسبت به|than|compared (?:to|with)"
_BOUNDARY = re.compile(
    r"(?P<end>[.!?؟…]+(?=\s|$)|[؛;\n]+)"
    rf"|(?<![\w\u200c])(?P<contrast>{_CONTRAST})(?![\w\u200c])"
    rf"|(?P<step>[،,](?!\d)|(?<![\w\u200c])(?:{_STEP})(?![\w\u200c]))",
    re.IGNORECASE,
)
_WORD = re.compile(r"[\w\u200c]+")
_AND = re.compile(r"\s(?:و|and)\s", re.IGNORECASE)
_FEWEST = {"end": 2, "contrast": 2, "step": 3}
"""Words that stand for themselves behind each kind of boundary; fewer belong to their neighbour."""


def sentences(text: str) -> list[Span]:
    """The sentences of ``text``, each with the mark that ends it."""
    ends = [match.end() for match in _BOUNDARY.finditer(text) if match.lastgroup == "end"]
    places = [0, *ends, len(text)]
    return [(start, end) for start, end in pairwise(places) if text[start:end].strip()]


def clauses(text: str) -> list[Span]:
    """The clauses of ``text`` in their order; together they are the whole text.

    A connector begins its clause, a mark ends it. What is too short to say anything joins the clause behind it, or the
    one before if it is the last.
    """
    cuts: list[tuple[int, str]] = []
    for match in _BOUNDARY.finditer(text):
        kind = match.lastgroup or "end"
        opens = kind == "contrast" or (kind == "step" and match[0] not in "،,")
        cuts.append((match.start() if opens else match.end(), kind))
    found: list[Span] = []
    start = seen = words = 0
    for place, kind in cuts:
        words += len(_WORD.findall(text, seen, place))
        seen = place
        if words >= _FEWEST[kind]:
            found.append((start, place))
            start, words = place, 0
    if found and words + len(_WORD.findall(text, seen)) < _FEWEST["end"]:
        start = found.pop()[0]
    return [*found, (start, len(text))]


def apart(text: str, clause: Span, named: Sequence[Span]) -> list[Span]:
    """``clause``, split at an "and" between two of ``named`` that each have words of their own before it.

    "Nilgoon is great and Zarrin Kala never answers" are two clauses, "Nilgoon and Zarrin Kala never answer" is one.
    """
    found: list[Span] = []
    start = clause[0]
    for (_, before), (behind, _) in pairwise(named):
        match = _AND.search(text, before, behind)
        if match and text[before : match.start()].strip():
            found.append((start, match.start()))
            start = match.start()
    return [*found, (start, clause[1])]
