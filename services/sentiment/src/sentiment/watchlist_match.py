"""Finds what of the watchlist a text names: whole words, with the endings of Persian and English. Pure.

All names are looked for in one walk over the text (Aho and Corasick 1975), so that ten thousand cost little more than
ten. The text is laid out as its words with one space between them, and each pattern begins with that space: a match can
only begin where a word does, and no text has more of them than its letters times the words of the longest name.
"""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from ahocorasick_rs import AhoCorasick

from sentiment.watchlist_file import EntityEntry, split
from sentiment.watchlist_suffixes import LONGEST, may_end
from sentiment.watchlist_words import Token, fold, handle, tokens

NEARBY = 5
"""Words on either side of a name within which a context of ``not`` is looked for."""

_SEAM = re.compile(r"\s{1,3}|\s?[\-_–'’&/+·]\s?|\.|")
"""What may stand between two words of one name."""


@dataclass(frozen=True, slots=True)
class Found:
    """A place where a text names an entity.

    Attributes:
        start: the first sign of the words in the text.
        end: behind their last sign, endings included.
    """

    entity: EntityEntry
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Pattern:
    """What one spelling stands for: the entity that it names, and entities for which it says that it is not they."""

    names: list[EntityEntry]
    longer: list[EntityEntry]
    contexts: list[EntityEntry]


@dataclass(frozen=True, slots=True)
class _Match:
    pattern: _Pattern
    first: int
    last: int
    letters: int

    @property
    def words(self) -> range:
        return range(self.first, self.last + 1)


class Matcher:
    """Looks for the entities of one brand."""

    def __init__(self, entities: Iterable[EntityEntry]) -> None:
        known: defaultdict[str, _Pattern] = defaultdict(lambda: _Pattern([], [], []))
        self._handles: dict[str, EntityEntry] = {}
        self._hashtags: dict[str, EntityEntry] = {}
        for entity in entities:
            _enter(entity, known)
            self._handles.update((handle(each), entity) for each in entity.handles)
            for tag in (*entity.written_names, *entity.hashtags):
                self._hashtags[fold(tag).replace("_", "")] = entity
        self._patterns = list(known.values())
        self._automaton = AhoCorasick([f" {spelling}" for spelling in known])

    def author(self, written: str) -> EntityEntry | None:
        """The entity that has the handle ``written``, with or without ``@``."""
        return self._handles.get(handle(written))

    def find(self, text: str) -> list[Found]:
        """Every place where ``text`` names something, in the order of the text; of names that overlap the longest."""
        found = tokens(text)
        named = [*self._marked(found), *self._named(text, found)]
        return sorted(named, key=lambda each: each.start)

    def _marked(self, found: Sequence[Token]) -> Iterator[Found]:
        for token in found:
            known = {"handle": self._handles, "hashtag": self._hashtags}.get(token.kind, {})
            entity = known.get(token.spelt)
            if entity:
                yield Found(entity, token.start, token.end)

    def _named(self, text: str, found: Sequence[Token]) -> Iterator[Found]:
        matches = list(self._matches(text, found))
        if not matches:
            return
        longer, near = _denials(matches)
        meant = [
            (match, entity)
            for match in matches
            for entity in match.pattern.names
            if not longer[entity.id].issuperset(match.words) and near[entity.id].isdisjoint(match.words)
        ]
        taken: set[int] = set()
        for match, entity in sorted(meant, key=lambda pair: (-pair[0].letters, pair[0].first)):
            if taken.isdisjoint(match.words):
                taken.update(match.words)
                yield Found(entity, found[match.first].start, found[match.last].end)

    def _matches(self, text: str, found: Sequence[Token]) -> Iterator[_Match]:
        spellings = [token.spelt if token.kind == "word" else "#" for token in found]
        starts, place = [], 1
        for spelling in spellings:
            starts.append(place)
            place += len(spelling) + 1
        laid = f" {' '.join(spellings)} "
        for index, start, end in self._automaton.find_matches_as_indexes(laid, overlapping=True):
            if not _ends_well(laid, start, end):
                continue
            first, last = bisect_right(starts, start + 1) - 1, bisect_right(starts, end - 1) - 1
            if all(_SEAM.fullmatch(text, found[at].end, found[at + 1].start) for at in range(first, last)):
                yield _Match(self._patterns[index], first, last, end - start)


def _enter(entity: EntityEntry, known: defaultdict[str, _Pattern]) -> None:
    spelt = ["".join(split(name)) for name in entity.written_names]
    for name in entity.written_names:
        for spelling in _variants(name):
            if entity not in known[spelling].names:
                known[spelling].names.append(entity)
    for name in entity.not_:
        whole = "".join(split(name))
        for spelling in _variants(name):
            pattern = known[spelling]
            (pattern.longer if any(each in whole for each in spelt) else pattern.contexts).append(entity)


def _variants(name: str) -> Iterator[str]:
    """``name`` with each of its words apart from or together with the next."""
    first, *others = split(name)
    for seams in product(("", " "), repeat=len(others)):
        yield first + "".join(seam + word for seam, word in zip(seams, others, strict=True))


def _ends_well(laid: str, start: int, end: int) -> bool:
    """Whether the word that a match ends in ends there too, or has no more than an ending behind it."""
    behind = laid.find(" ", end, end + LONGEST + 1)
    if behind == end:
        return True
    return behind > 0 and may_end(laid[start + 1 : end], laid[end:behind])


def _denials(matches: Iterable[_Match]) -> tuple[defaultdict[str, set[int]], defaultdict[str, set[int]]]:
    """By entity: the words that belong to something else, and those that stand near a context of something else."""
    longer: defaultdict[str, set[int]] = defaultdict(set)
    near: defaultdict[str, set[int]] = defaultdict(set)
    for match in matches:
        for entity in match.pattern.longer:
            longer[entity.id].update(match.words)
        for entity in match.pattern.contexts:
            near[entity.id].update(range(match.first - NEARBY, match.last + NEARBY + 1))
    return longer, near
