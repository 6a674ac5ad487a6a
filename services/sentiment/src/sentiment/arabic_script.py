"""Tells Persian from its neighbours in the Arabic script: Arabic, Urdu, Central Kurdish, Pashto and others.

Keyboards mislead: Persian is often typed with Arabic yeh and kaf, and a general identifier then calls it Arabic.
So letters, words and word shapes are weighed together with what the identifier says of the text as it is and of the
text with Persian letters. The weights were fitted by logistic regression on Persian comments (as written, and with
Arabic letters) and Arabic tweets, then rounded and moved towards Persian for words that both languages share.
"""

import math
import re
from collections.abc import Mapping

from sentiment.lexicon import ARABIC, PERSIAN, PERSIAN_WITH_AL
from sentiment.neighbours import neighbour

Scores = Mapping[str, float]
"""Language to probability, as an identifier gives it."""

PERSIAN_LETTERS = str.maketrans("يىكة", "ییکه")

_WORD = re.compile("[\u0621-\u06ff]+(?:\u200c[\u0621-\u06ff]+)*")
_NEAR_PERSIAN = ("fa", "mzn", "glk", "lrc")
_NEAR_ARABIC = ("ar", "arz")
_KEYS = _NEAR_PERSIAN + _NEAR_ARABIC
_PREFIXES = ("ال", "وال", "بال", "لل")
_VERB = re.compile("ن?می\u200c?.{2,}")
# Letters of one language of the script; how many of them prove it.
_LETTERS = (
    ("sd", "ٻڀٺٽٿڃڄڇڊڌڍڏڙڦڪڳڱڻ", 1), ("ur", "ٹڈڑںےۓہھ", 1), ("ug", "ۇۈۋې", 2), ("ps", "ټډړږښڼۍځڅې", 1),
    ("ckb", "ۆێڕڵە", 2), ("ckb", "ۆێڕڵ", 1),
)  # fmt: skip


def tell(text: str, as_written: Scores, with_persian_letters: Scores) -> tuple[str, float]:
    """The language of ``text``, which is mostly in the Arabic script, and how sure that is (0.5 to 1).

    Args:
        text: without addresses and handles.
        as_written: what an identifier says of it.
        with_persian_letters: what the identifier says of ``text.translate(PERSIAN_LETTERS)``.
    """
    for language, letters, enough in _LETTERS:
        if sum(map(text.count, letters)) >= enough:
            return language, 0.9
    words = _WORD.findall(text)
    mapped = [word.translate(PERSIAN_LETTERS) for word in words]
    persian = sum(word in PERSIAN for word in mapped)
    near, own = neighbour(words)
    if own and own >= persian:
        return near, 0.9
    other, share = max(with_persian_letters.items(), key=lambda pair: pair[1], default=("und", 0.0))
    if other not in _KEYS and share >= 0.6 and not persian:
        return other, share
    certainty = 1 / (1 + math.exp(-_weigh(text, words, mapped, persian) - _hear(as_written, with_persian_letters)))
    return ("fa", certainty) if certainty >= 0.5 else ("ar", 1 - certainty)


def _weigh(text: str, words: list[str], mapped: list[str], persian: int) -> float:
    """Log odds of Persian against Arabic from letters and words, ``persian`` of which are common Persian ones."""
    article = sum(word.startswith(_PREFIXES) and len(word) > 4 and word not in PERSIAN_WITH_AL for word in mapped)
    return (
        4.0 * any(letter in text for letter in "پچژگ")
        + 3.6 * any(letter in text for letter in "کی")
        + 0.5 * ("\u200c" in text)
        + 2.6 * min(4, persian)
        + 1.5 * any(map(_VERB.match, mapped))
        - 2.0 * min(4, sum(word in ARABIC for word in words))
        - 3.4 * min(3, text.count("ة"))
        - 2.7 * min(3, text.count("أ") + text.count("إ"))
        - 1.0 * min(2, text.count("ى"))  # old Persian keyboards write it for yeh
        - 2.6 * min(3, article)
        - 1.0 * (not persian and not any(letter in text for letter in "پچژگکی"))
        - 0.3
    )


def _hear(as_written: Scores, with_persian_letters: Scores) -> float:
    """Log odds of Persian against Arabic from the identifier."""
    return 0.44 * _odds(as_written) + 0.34 * _odds(with_persian_letters)


def _odds(scores: Scores) -> float:
    near_persian = sum(scores.get(language, 0.0) for language in _NEAR_PERSIAN)
    near_arabic = sum(scores.get(language, 0.0) for language in _NEAR_ARABIC)
    return math.log((near_persian + 0.03) / (near_arabic + 0.03))
