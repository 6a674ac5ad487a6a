"""The texts to learn from: public ones that the caller has on disk, and those of ../texts, which are ours.

Public sets come as two Parquet files (columns split, text, label, lang, source; see ../README.md for what they hold):
``sentiment_train_dev.parquet`` with labels 0, 1, 2 and ``intent_train.parquet`` with names of intents. Ours were split
by a hash of the text before anything was learnt from them; what is in ``held-out`` is only ever measured with.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any, Literal

import pyarrow.parquet

from sentiment.cleaning import clean
from sentiment_training.network import INTENTS, SENTIMENTS

TEXTS = Path(__file__).parents[1] / "texts"
BINARY = frozenset({"snappfood", "digikala"})
"""Sets that know no neutral: only the negative and the positive logit are compared for them."""

Split = Literal["train", "dev"]
OURS = "ours"
OURS_COUNT = 3
"""How often each of our texts is read in one epoch: they are few, and the only ones for some of what is learnt."""
_ASKS = re.compile("[?؟]")
_WISHES = re.compile("کاش|لطفا|پیشنهاد")
_PRODUCT_REVIEWS = frozenset({"snappfood", "digikala", "digikala3", "deepsentipers", "sentipersian"})
_EXAMPLE = re.compile(r"\S*example\S*")
"""The addresses that we wrote, which nobody else writes."""
_FEW = {
    ("bitext", "complaint"): 900, ("bitext", "other"): 900, ("bitext", "question"): 1400,
    ("clinc", "question"): 1500, ("clinc", "other"): 1800,
}  # fmt: skip
"""How many are taken of what is plentiful and alike: filled templates, questions to a voice assistant."""


@dataclass(frozen=True, slots=True)
class Example:
    """One text and what is known of it; an unknown label is none.

    Attributes:
        text: cleaned as the service cleans it.
        sentiment: place in :data:`SENTIMENTS`.
        intent: place in :data:`INTENTS`.
    """

    text: str
    language: str
    source: str
    split: Split
    sentiment: int | None = None
    intent: int | None = None

    @property
    def binary(self) -> bool:
        """Whether neutral was no possible label."""
        return self.source in BINARY


def public(folder: Path, *, seed: int = 0) -> list[Example]:
    """The public sets in ``folder``, the plentiful ones thinned, some sentiment texts with an intent of their own."""
    felt = [
        Example(clean(row["text"], row["lang"]), row["lang"], row["source"], row["split"], sentiment=int(row["label"]))
        for row in _rows(folder / "sentiment_train_dev.parquet")
    ]
    meant = [
        Example(clean(row["text"], row["lang"]), row["lang"], row["source"], "train", intent=_intent(row["label"]))
        for row in _thinned(_rows(folder / "intent_train.parquet"), _chance(seed))
    ]
    return _with_likely_intents(felt, _chance(seed + 1)) + meant


def ours(folder: Path = TEXTS) -> list[Example]:
    """Our own texts with what each file says of them."""
    return [
        _own(row, path)
        for path in sorted(folder.glob("*/*.ndjson"))
        for row in map(json.loads, path.read_text("utf-8").splitlines())
        if "sentiment" in row
    ]


def _own(row: dict[str, Any], path: Path) -> Example:
    return Example(
        _EXAMPLE.sub("http", clean(row["text"], row["lang"])),
        row["lang"],
        f"{OURS}/{'hard' if path.stem == 'sentiment-hard' else 'intents'}",
        "train" if path.parent.name == "train" else "dev",
        sentiment=SENTIMENTS.index(row["sentiment"]),
        intent=INTENTS.index(row["intent"]),
    )


def held_out(folder: Path) -> Iterator[tuple[str, dict[str, object]]]:
    """The held-out texts of the public sets as `sentiment evaluate` reads them, each after the name of its set."""
    for row in _rows(folder / "sentiment_train_dev.parquet"):
        if row["split"] == "dev":
            sentiment = SENTIMENTS[int(row["label"])]
            binary = row["source"] in BINARY
            yield row["source"], {"text": row["text"], "lang": row["lang"], "sentiment": sentiment, "binary": binary}


def split(examples: Iterable[Example]) -> tuple[list[Example], list[Example]]:
    """What is learnt from, with our texts repeated, and what is held out; none of the first occurs in the second."""
    train: list[Example] = []
    dev: list[Example] = []
    for example in examples:
        (train if example.split == "train" else dev).append(example)
    kept = {_letters(example.text) for example in dev}
    train = [example for example in train if _letters(example.text) not in kept]
    again = [example for example in train if example.source.startswith(OURS)]
    return train + again * (OURS_COUNT - 1), dev


def weights(labels: Sequence[int | None], groups: Sequence[str]) -> list[float]:
    """What each text weighs: 1/sqrt(share of its label inside its group), scaled to a mean of 1 in each group.

    0 where there is no label.
    """
    inside = Counter(groups[place] for place, label in enumerate(labels) if label is not None)
    alike = Counter((groups[place], label) for place, label in enumerate(labels) if label is not None)
    raw = {key: (inside[key[0]] / count) ** 0.5 for key, count in alike.items()}
    mean = {name: sum(raw[key] * alike[key] for key in raw if key[0] == name) / inside[name] for name in inside}
    return [
        0.0 if label is None else raw[groups[place], label] / mean[groups[place]] for place, label in enumerate(labels)
    ]


def _rows(path: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pyarrow.parquet.read_table(path).to_pylist()
    return rows


def _chance(seed: int) -> Random:
    return Random(seed)  # noqa: S311 - a choice that can be repeated, no secret


def _intent(label: str) -> int | None:
    return INTENTS.index(label) if label in INTENTS else None


def _thinned(rows: list[dict[str, Any]], chance: Random) -> Iterator[dict[str, Any]]:
    chance.shuffle(rows)
    taken: Counter[tuple[str, str]] = Counter()
    for row in rows:
        kind = (row["source"], row["label"])
        taken[kind] += 1
        if taken[kind] <= _FEW.get(kind, len(rows)):
            yield row


def _with_likely_intents(examples: list[Example], chance: Random) -> list[Example]:
    """Some texts that were labelled for sentiment alone, with the intent that their kind nearly always has."""
    order = list(range(len(examples)))
    chance.shuffle(order)
    left = Counter({"praise": 4300, "complaint": 2500, "question": 1500, "other": 3500})
    found = list(examples)
    for place in order:
        likely = _likely_intent(examples[place])
        if likely and left[likely]:
            left[likely] -= 1
            found[place] = replace(examples[place], intent=INTENTS.index(likely))
    return found


def _likely_intent(example: Example) -> str | None:
    if example.split != "train" or example.source == "massive_neutral" or example.sentiment is None:
        return None
    asks, wishes = _ASKS.search(example.text), _WISHES.search(example.text)
    match SENTIMENTS[example.sentiment]:
        case "neutral" if asks:
            return "question" if example.text.rstrip().endswith(("?", "؟")) else None
        case "neutral":
            return None if wishes else "other"
        case _ if asks or wishes:
            return None
        case "positive":
            return "praise"
        case _:
            return "complaint" if example.source in _PRODUCT_REVIEWS and "پول" not in example.text else None


def _letters(text: str) -> str:
    return re.sub(r"\W+", "", text.lower())
