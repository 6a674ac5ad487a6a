"""Trains the letter groups by which the service tells Persian in Latin letters, English and the rest apart.

A logistic regression over hashed letter groups, see :mod:`sentiment.ngrams`. Texts: the train half of ours, and public
tweets in English, German, French, Spanish, Italian, Portuguese and romanised Hindi (``sentiment_train_dev.parquet``).
Persian is rewritten in the other spellings in use, since people spell it as they like. Run it as

    python -m sentiment_training.romanised --data DATA

which prints what five-fold cross-validation on our texts says, then writes the weights into the service.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, NamedTuple

import numpy as np
import pyarrow.parquet
import typer
from scipy.sparse import csr_matrix  # type: ignore[import-untyped, unused-ignore]  # of the training environment only
from sklearn.linear_model import LogisticRegression  # type: ignore[import-not-found, unused-ignore]  # likewise

from sentiment.ngrams import BUCKETS, CLASSES, WEIGHTS, places, words_of
from sentiment.spoken import spoken
from sentiment_training.corpus import TEXTS

_FOLDS = 5
_TWEETS = 6000
"""Of one language at most."""

_LATIN = re.compile(r"[a-z]")
_VOWEL_INSIDE = re.compile(r"(?<=[a-z])[aeiou]+(?=[a-z])")


class Text(NamedTuple):
    """One text, the place of its class in :data:`sentiment.ngrams.CLASSES`, and what it weighs."""

    text: str
    kind: int
    weight: float


def ours() -> list[Text]:
    """The train half of our texts, as far as they are in Latin letters."""
    paths = sorted((TEXTS / "train").glob("*.ndjson"))
    rows = [json.loads(line) for path in paths for line in path.read_text("utf-8").splitlines()]
    return [
        Text(spoken(row["text"]), kind, 2.0 if kind == CLASSES.index("en") else 4.0)
        for row in rows
        if row["lang"] not in {"fa", "und"} and _is_latin(row["text"])
        for kind in (_kind(row["lang"]),)
    ]


def tweets(folder: Path) -> list[Text]:
    """Public tweets that are no Persian."""
    left = Counter(dict.fromkeys(("en", "de", "fr", "es", "it", "pt", "hi"), _TWEETS))
    found = []
    for row in pyarrow.parquet.read_table(folder / "sentiment_train_dev.parquet").to_pylist():
        if row["split"] == "train" and left[row["lang"]] > 0 and _is_latin(row["text"]):
            left[row["lang"]] -= 1
            found.append(Text(spoken(row["text"]), _kind(row["lang"]), 0.4))
    return found


def _kind(language: str) -> int:
    return CLASSES.index(language if language in CLASSES else "other")


def _is_latin(text: str) -> bool:
    return len(_LATIN.findall(text.lower())) > sum(map(str.isalpha, text)) / 2


def _replaced(*pairs: tuple[str, str]) -> Callable[[str], str]:
    def spell(text: str) -> str:
        for old, new in pairs:
            text = text.replace(old, new)
        return text

    return spell


SPELLINGS: Sequence[Callable[[str], str]] = (
    _replaced(("kh", "x"), ("gh", "q"), ("oo", "u"), ("ee", "i")),
    _replaced(("q", "gh"), ("x", "kh"), ("u", "oo")),
    _replaced(("ch", "tsh"), ("sh", "ch"), ("tsh", "ch"), ("oo", "ou"), ("u", "ou"), ("j", "dj")),
    _replaced(("oo", "u"), ("aa", "a"), ("a", "aa")),
    lambda text: _VOWEL_INSIDE.sub("", text),
)


def respelt(texts: Sequence[Text]) -> list[Text]:
    """The Persian of ``texts`` in other spellings."""
    return [
        Text(text, kind, weight / 4)
        for before, kind, weight in texts
        if CLASSES[kind] == "fa-Latn"
        for text in dict.fromkeys(spell(before.lower()) for spell in SPELLINGS)
        if text != before.lower()
    ]


def matrix(texts: Sequence[Text]) -> csr_matrix:
    """One row for each text: square roots of counts, of length 1."""
    counts = [places(words_of(text.text)) for text in texts]
    ends = np.cumsum([0, *map(len, counts)])
    values = np.sqrt(np.concatenate([np.fromiter(each.values(), np.float32) for each in counts]))
    norms = np.repeat([max(sum(each.values()), 1) ** 0.5 for each in counts], np.diff(ends))
    columns = np.concatenate([np.fromiter(each, np.int64) for each in counts])
    return csr_matrix((values / norms, columns, ends), shape=(len(texts), BUCKETS))


def learn(texts: Sequence[Text]) -> LogisticRegression:
    """The regression, each text weighed as it says."""
    model = LogisticRegression(C=20.0, max_iter=300)
    return model.fit(matrix(texts), [each.kind for each in texts], [each.weight for each in texts])


def crossed(own: Sequence[Text], public: Sequence[Text]) -> list[list[float]]:
    """Shares of the classes for each of ``own``, by a model that saw neither it nor its other spellings."""
    found: list[list[float]] = [[] for _ in own]
    for fold in range(_FOLDS):
        inside = [each for place, each in enumerate(own) if place % _FOLDS != fold]
        outside = list(range(fold, len(own), _FOLDS))
        model = learn([*inside, *respelt(inside), *public])
        for place, row in zip(outside, model.predict_proba(matrix([own[at] for at in outside])), strict=True):
            found[place] = row.tolist()
    return found


def write(model: LogisticRegression, path: Path) -> None:
    """The weights in 8 bits and their scale."""
    scale = np.float32(np.abs(model.coef_).max() / 127)
    weights = np.round(model.coef_ / scale).astype(np.int8)
    np.savez_compressed(path, weights=weights, scale=scale, bias=model.intercept_.astype(np.float32))


def main(data: Annotated[Path, typer.Option(help="folder with the public sets")], into: Path = WEIGHTS) -> None:
    """Measure by cross-validation, then learn from all texts and write the weights."""
    own, public = ours(), tweets(data)
    told = np.argmax(crossed(own, public), axis=1)
    for (truth, answer), count in sorted(Counter(zip((each.kind for each in own), told.tolist(), strict=True)).items()):
        typer.echo(f"{CLASSES[truth]:8} told as {CLASSES[answer]:8} {count}")
    write(learn([*own, *respelt(own), *public]), into)


if __name__ == "__main__":
    typer.run(main)
