"""Which of a model's labels means which sentiment."""

import re
from collections.abc import Mapping, Sequence
from typing import get_args

from shenava.events.mentions import Sentiment

SENTIMENTS: tuple[Sentiment, ...] = get_args(Sentiment)

_COMMON: Mapping[str, Sentiment] = {
    "negative": "negative", "neg": "negative", "very negative": "negative", "sad": "negative", "bad": "negative",
    "not recommended": "negative", "neutral": "neutral", "neu": "neutral", "mixed": "neutral", "no idea": "neutral",
    "positive": "positive", "pos": "positive", "very positive": "positive", "happy": "positive", "good": "positive",
    "recommended": "positive",
    "1 star": "negative", "2 stars": "negative", "3 stars": "neutral", "4 stars": "positive", "5 stars": "positive",
}  # fmt: skip


class UnusableModel(ValueError):  # noqa: N818 - named for what the model is
    """The model cannot serve as it is configured; the message says how to mend that."""


def meanings(labels: Sequence[str], label_map: Mapping[str, str] | None) -> tuple[Sentiment, ...]:
    """The sentiment of each of ``labels``, in their order.

    Args:
        labels: the model's own names, by index (its ``id2label``).
        label_map: label to sentiment, for labels whose names say nothing; wins over the common names.

    Raises:
        UnusableModel: a label means nothing known, a mapping names no sentiment, or all labels mean the same.
    """
    told = {_plain(label): meaning for label, meaning in (label_map or {}).items()}
    for label, meaning in told.items():
        if meaning not in SENTIMENTS:
            raise UnusableModel(f"label map: {label!r} means {meaning!r}; it must be one of {', '.join(SENTIMENTS)}")
    found: list[Sentiment] = []
    for label in labels:
        named = told.get(_plain(label)) or _COMMON.get(_plain(label))
        if named is None:
            raise UnusableModel(
                f"the model's label {label!r} says no sentiment (its labels: {', '.join(labels)}); "
                f'set a label map such as {{"{label}": "negative"}} that covers them all'
            )
        found.extend(sentiment for sentiment in SENTIMENTS if sentiment == named)
    if not {"negative", "positive"} <= set(found):
        raise UnusableModel(f"the labels {', '.join(labels)} must give at least a negative and a positive one")
    return tuple(found)


def _plain(label: str) -> str:
    return re.sub(r"[\s_-]+", " ", label).strip().lower()
