"""Finds the words of harm in a text, however it was typed: any keyboard, half-spaces, hashtags, apostrophes. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sentiment.cleaning import clean
from sentiment.harm_words import FALSE_FRIENDS, WORDS, WordKind
from shenava.text import FOLDED_LETTERS, normalise

LONGEST = 4_000
"""Code points that are read; who is in danger says so by then."""

_FOLDED = str.maketrans(
    FOLDED_LETTERS
    | {"آ": "ا"}
    | dict.fromkeys("'’`´")
    | dict.fromkeys("_-‐‑–", " ")  # between the words of a hashtag or compound
)
_NUMBER = (
    "(?:[2-9]|[0-9]{2,4}|دو|سه|چهار|پنج|شش|شیش|هفت|هشت|نه|ده|بیست|سی|پنجاه|صد|هزار"
    "|two|three|four|five|six|seven|eight|nine|ten|twenty|hundred|thousand|a hundred|a thousand)"
)
# What the usual endings of a word leave it: plural, possession, object, "is"; plural and possession in English.
_ENDING = (
    "(?:ها(?:ی|یی|م|ت|ش|مون|تون|شون|یم|یت|یش)?|[یمتشوهن]|مو|تو|شو|ام|ات|اش|رو|را|ند|ید|ین|یم|ست|مون|تون|شون|مان|تان|شان"
    "|s|es)?"
)
_GAP = re.compile("[ \u200c]")


def folded(text: str) -> str:
    """``text`` in the form that words are compared in; addresses and handles say nothing."""
    plain = normalise(clean(text[:LONGEST], "fa"), LONGEST).casefold().translate(_FOLDED)
    return " ".join(plain.split())


@dataclass(frozen=True, slots=True)
class _Lexicon:
    """Phrases compiled into one pattern.

    Attributes:
        phrases: by their letters alone, the phrases as they are listed.
    """

    pattern: re.Pattern[str]
    phrases: Mapping[str, str]

    @classmethod
    def of(cls, phrases: Iterable[str]) -> "_Lexicon":
        listed = {phrase: _fold_phrase(phrase.removesuffix("*")) for phrase in phrases}
        counted = [stem for stem in listed.values() if "#" in stem]
        begun = [stem for phrase, stem in listed.items() if phrase.endswith("*") and stem not in counted]
        whole = [stem for phrase, stem in listed.items() if not phrase.endswith("*") and stem not in counted]
        # Plain alternatives of one group: the engine then looks at those only that begin with the right letter.
        groups = [(begun, r"\w*"), (whole, _ENDING), (counted, "")]
        pattern = "|".join(f"({_alternatives(stems)}){after}" for stems, after in groups if stems)
        letters = {_letters(stem): phrase.removesuffix("*") for phrase, stem in listed.items()}
        return cls(re.compile(rf"(?<!\w)(?:{pattern})(?!\w)"), letters)

    def named(self, text: str) -> str | None:
        """The phrase that ``text`` names first, as it is listed; one with a number as it is written."""
        found = self.pattern.search(text)
        if found is None:
            return None
        words = next(group for group in found.groups() if group is not None)
        return self.phrases.get(_letters(words), words.replace("\u200c", " "))


def words_of_harm(text: str) -> dict[WordKind, str]:
    """The kinds of harm that ``text`` speaks of, each with the first phrase that says so."""
    meant = _INNOCENT.pattern.sub(" · ", folded(text))
    found = {kind: lexicon.named(meant) for kind, lexicon in _KINDS.items()}
    return {kind: phrase for kind, phrase in found.items() if phrase is not None}


def _fold_phrase(phrase: str) -> str:
    return phrase.casefold().translate(_FOLDED)


def _letters(text: str) -> str:
    return _GAP.sub("", text)


def _alternatives(stems: Iterable[str]) -> str:
    # The longest first, so that the whole phrase is named and not its beginning.
    return "|".join(map(_written, sorted(stems, key=lambda stem: (-len(stem), stem))))


def _written(stem: str) -> str:
    gap = " " if stem.isascii() else "[ \u200c]?"  # "arash" is no "a rash"
    return gap.join(_NUMBER if word == "#" else re.escape(word) for word in stem.split())


_KINDS: Mapping[WordKind, _Lexicon] = {kind: _Lexicon.of(phrases) for kind, phrases in WORDS.items()}
_INNOCENT = _Lexicon.of(FALSE_FRIENDS)
