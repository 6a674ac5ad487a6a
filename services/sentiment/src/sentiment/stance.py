"""How the author feels about each thing that is named: from the clauses that name it. Pure.

Most texts have one clause or name one thing throughout; then the text's own sentiment is the stance and nothing more is
asked. Otherwise the model reads the clauses of an entity beside the text, and comparisons are settled by rule.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from sentiment.classifier import Prediction
from sentiment.clauses import Span, apart, clauses
from sentiment.comparisons import compared
from sentiment.watchlist_match import Found
from shenava.events.mentions import Entity, Sentiment
from shenava.text import cut

MOST_ENTITIES = 32
"""An event carries no more; the first in the text are kept."""
MOST_ROWS = 4
"""Readings beside the text's own; of what a text names in yet more clauses the stance is left unsaid."""
_LONGEST_NAME = 512


@dataclass(frozen=True, slots=True)
class Named:
    """An entity that a text names.

    Attributes:
        found: where it is first named.
        rule: the stance, if a comparison settles it.
        row: which of the rows tells the stance; none where the whole text does.
        untold: it would need one row too many.
    """

    found: Found
    rule: Sentiment | None = None
    row: int | None = None
    untold: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """What of the watchlist a text names, and what else the model must read to say how the author feels about it."""

    text: str
    named: tuple[Named, ...] = ()
    rows: tuple[str, ...] = ()


def read(text: str, found: Sequence[Found]) -> Reading:
    """How to find the stances in ``text``, which names what was ``found`` in it, in its order."""
    if not found:
        return Reading(text)
    rules = compared(text, found)
    by_entity: dict[str, list[Found]] = {}
    for each in found:
        by_entity.setdefault(each.entity.id, []).append(each)
    parts = _parts(text, found)
    rows: dict[str, int] = {}
    named: list[Named] = []
    for entity, places in list(by_entity.items())[:MOST_ENTITIES]:
        if entity in rules:
            named.append(Named(places[0], rule=rules[entity]))
            continue
        own = _own(text, parts, places)
        if own is None or own in rows or len(rows) < MOST_ROWS:
            row = None if own is None else rows.setdefault(own, len(rows))
            named.append(Named(places[0], row=row))
        else:
            named.append(Named(places[0], untold=True))
    return Reading(text, tuple(named), tuple(rows))


def entities(reading: Reading, said: Sequence[Prediction]) -> tuple[Entity, ...]:
    """The entities of ``reading``.

    Args:
        reading: of the text.
        said: what the model said of the text and then of the rows of ``reading``; nothing where it was not asked.
    """
    return tuple(_entity(reading.text, each, said) for each in reading.named)


def _entity(text: str, named: Named, said: Sequence[Prediction]) -> Entity:
    stance, confidence = None, None
    if said and named.rule:
        stance = named.rule
    elif said and not named.untold:
        spoken = said[0 if named.row is None else named.row + 1]
        stance, confidence = spoken.sentiment, spoken.confidence
    return Entity(
        id=named.found.entity.id,
        kind=named.found.entity.kind,
        named=cut(text[named.found.start : named.found.end], _LONGEST_NAME),
        stance=stance,
        confidence=confidence,
    )


def _parts(text: str, found: Sequence[Found]) -> list[Span]:
    """The clauses of ``text``, split further where one names two things and says something of each."""
    parts: list[Span] = []
    place = 0
    for start, end in clauses(text):
        here: list[Found] = []
        while place < len(found) and found[place].start < end:
            here.append(found[place])
            place += 1
        turns = [(one, other) for one, other in pairwise(here) if one.entity.id != other.entity.id]
        spans = [(each.start, each.end) for pair in turns for each in pair]
        parts += apart(text, (start, end), spans) if turns else [(start, end)]
    return parts


def _own(text: str, parts: Sequence[Span], places: Sequence[Found]) -> str | None:
    """The clauses that name what is at ``places``; none if that is the whole text."""
    named = {bisect_right(parts, place.start, key=lambda part: part[0]) - 1 for place in places}
    if len(named) == len(parts):
        return None
    return " ".join(text[slice(*parts[index])].strip() for index in sorted(named))
