"""Tells Persian in Latin letters and English from other languages by groups of two to four letters.

The general identifier does not know the first, and mistakes much slang for other languages. The weights are learnt by
``sentiment_training.romanised``, which reads texts through :func:`places` too.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

WEIGHTS = Path(__file__).with_name("ngrams.npz")
CLASSES = ("fa-Latn", "en", "other")
BUCKETS = 1 << 15

_LONGEST = 24
"""Letters of a word that are read; longer ones are noise or an attack."""

_WORD = re.compile(r"[^\W\d_]+")
_LENGTHENED = re.compile(r"([^\W\d_])\1{2,}")
# The marks of transcribed Persian. Others stay: they are what tells Turkish, Kurdish or German.
_MARKS = str.maketrans("âāáàéèšžčīūḵẕ", "aaaaeeszciukz")


def words_of(text: str) -> list[str]:
    """The words of ``text`` in small letters, without the marks of transcribed Persian and drawn-out letters."""
    folded = unicodedata.normalize("NFC", text).lower().translate(_MARKS)
    return [word.replace("tch", "ch") for word in _WORD.findall(_LENGTHENED.sub(r"\1", folded))]


def places(words: Iterable[str]) -> Counter[int]:
    """How often each bucket of letter groups occurs in ``words``, as :func:`words_of` gives them."""
    found: Counter[int] = Counter()
    for word in words:
        bounded = f"<{word[:_LONGEST]}>"
        found.update(
            crc32(bounded[start : start + size].encode()) % BUCKETS
            for size in (2, 3, 4)
            for start in range(len(bounded) - size + 1)
        )
        found[crc32(bounded.encode()) % BUCKETS] += 1
    return found


def shares(words: Iterable[str]) -> dict[str, float]:
    """How likely a text of ``words``, in Latin letters, is in each of :data:`CLASSES`; they add up to 1."""
    counts = places(words)
    weights, bias = _learnt()
    values = np.sqrt(np.fromiter(counts.values(), np.float32, len(counts)))
    norm = float(np.linalg.norm(values)) or 1.0
    scores = weights[:, np.fromiter(counts, np.intp, len(counts))] @ (values / norm) + bias
    odds = np.exp(scores - scores.max())
    return dict(zip(CLASSES, (odds / odds.sum()).tolist(), strict=True))


@cache
def _learnt() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    with np.load(WEIGHTS) as stored:
        return stored["weights"].astype(np.float32) * stored["scale"], stored["bias"]
