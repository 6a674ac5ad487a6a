"""Cuts the 250,000 pieces of the multilingual tokenizer down to those that our languages use.

The pieces of a text are chosen by their probabilities, so leaving out rare ones only splits rare words further.
"""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer
from wordfreq import top_n_list, word_frequency

SPECIAL = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")
SPACE = "▁"
WORD_LISTS = {
    "fa": (60_000, 2.0), "en": (40_000, 1.0), "ar": (25_000, 0.5), "de": (15_000, 0.5), "fr": (15_000, 0.5),
    "es": (15_000, 0.5), "it": (12_000, 0.5), "pt": (12_000, 0.5), "hi": (12_000, 0.5), "tr": (12_000, 0.5),
    "ur": (6_000, 0.5), "ru": (8_000, 0.5), "nl": (4_000, 0.5), "id": (4_000, 0.5),
}  # fmt: skip
"""Language to how many of its commonest words count, and how much a word weighs beside one in the training texts."""
_CHUNK = 4000


def tokenizer(shape: Path, pieces: Sequence[tuple[str, float]], keep: Sequence[int] | None = None) -> Tokenizer:
    """A tokenizer with the ``pieces`` whose places are in ``keep`` (all if none), otherwise built as ``shape`` says.

    Args:
        shape: a ``tokenizer.json`` of the same family; its vocabulary is replaced.
        pieces: (text, log probability) by id of the whole vocabulary.
        keep: ids to keep, ascending; the special pieces must be among them.
    """
    told: dict[str, Any] = json.loads(shape.read_bytes())
    chosen = list(pieces) if keep is None else [pieces[place] for place in keep]
    texts = [text for text, _ in chosen]
    told["model"] |= {"vocab": chosen, "unk_id": texts.index("<unk>")}
    for added in told["added_tokens"]:
        added["id"] = texts.index(added["content"])
    told |= {"truncation": None, "padding": None}
    return Tokenizer.from_str(json.dumps(told, ensure_ascii=False))


def counted(whole: Tokenizer, texts: Sequence[str]) -> Counter[int]:
    """How often each piece occurs in ``texts``."""
    found: Counter[int] = Counter()
    for start in range(0, len(texts), _CHUNK):
        for encoding in whole.encode_batch(list(texts[start : start + _CHUNK]), add_special_tokens=False):
            found.update(encoding.ids)
    return found


def chosen(
    whole: Tokenizer, pieces: Sequence[tuple[str, float]], texts: Iterable[tuple[str, str]], size: int
) -> list[int]:
    """The ids of the ``size`` pieces to keep, ascending.

    First the special ones and single signs that occur, then what Persian texts use at all and others twice, then
    the rest by how often the texts and the word lists use it.

    Args:
        whole: the tokenizer with every piece.
        pieces: its vocabulary.
        texts: (language, text) of everything that is trained on.
        size: how many.
    """
    by_language: dict[str, list[str]] = {}
    for language, text in texts:
        by_language.setdefault(language, []).append(text)
    total: Counter[int] = Counter()
    used: set[int] = set()
    for language, written in by_language.items():
        found = counted(whole, written)
        total.update(found)
        used |= {piece for piece, times in found.items() if times >= (1 if language.startswith("fa") else 2)}
    weight: dict[int, float] = dict(total)
    for language, (words, share) in WORD_LISTS.items():
        _weigh_words(whole, language, words, share, weight)
    names = [text for text, _ in pieces]
    always = {names.index(special) for special in SPECIAL}
    always |= {piece for piece in weight if len(names[piece].replace(SPACE, "")) <= 1}
    order = sorted(weight.keys() - always, key=lambda piece: (piece not in used, -weight[piece], piece))
    return sorted(always | set(order[: size - len(always)]))


def _weigh_words(whole: Tokenizer, language: str, words: int, share: float, weight: dict[int, float]) -> None:
    common = top_n_list(language, words)
    for word, encoding in zip(common, whole.encode_batch(common, add_special_tokens=False), strict=True):
        for piece in encoding.ids:
            weight[piece] = weight.get(piece, 0.0) + share * 1e6 * word_frequency(word, language)
