"""Puts texts of like length together, so that little of a batch is padding."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

PADDING = 1
_SHUFFLED_TOGETHER = 6000
_ANSWERED_TOGETHER = 4096

Places = NDArray[np.int64]


def shuffled(lengths: NDArray[np.int64], *, tokens: int, most: int, seed: int) -> list[Places]:
    """Batches of places in random order, each of like lengths: at most ``tokens`` with padding and ``most`` texts."""
    chance = np.random.default_rng(seed)
    order = chance.permutation(len(lengths))
    batches: list[Places] = []
    for start in range(0, len(order), _SHUFFLED_TOGETHER):
        part = order[start : start + _SHUFFLED_TOGETHER]
        batches += split(part[np.argsort(lengths[part], kind="stable")], lengths, tokens=tokens, most=most)
    return [batches[place] for place in chance.permutation(len(batches))]


def in_order(lengths: NDArray[np.int64], *, tokens: int, most: int) -> list[Places]:
    """Batches by ascending length."""
    return list(split(np.argsort(lengths, kind="stable"), lengths, tokens=tokens, most=most))


def split(order: Places, lengths: NDArray[np.int64], *, tokens: int, most: int) -> Iterator[Places]:
    """``order``, which is ascending in length, cut where a batch is full."""
    start = 0
    for end in range(1, len(order) + 1):
        full = end == len(order) or end - start == most or (end - start + 1) * lengths[order[end]] > tokens
        if full:
            yield order[start:end]
            start = end


def padded(rows: Sequence[NDArray[np.int32]], places: Places) -> tuple[torch.Tensor, torch.Tensor]:
    """Token ids and the mask of what is real, one row for each of ``places``."""
    longest = max(len(rows[place]) for place in places)
    ids = torch.full((len(places), longest), PADDING, dtype=torch.long)
    mask = torch.zeros_like(ids)
    for row, place in enumerate(places):
        length = len(rows[place])
        ids[row, :length] = torch.from_numpy(rows[place].astype(np.int64))
        mask[row, :length] = 1
    return ids, mask


def collected(
    run: Callable[[torch.Tensor, torch.Tensor], Sequence[NDArray[np.float32]]], rows: Sequence[NDArray[np.int32]]
) -> list[NDArray[np.float32]]:
    """What ``run`` gives for ``rows``, asked in batches: one array per output, in the order of ``rows``."""
    found: list[NDArray[np.float32]] = []
    for batch in in_order(np.array([len(row) for row in rows]), tokens=_ANSWERED_TOGETHER, most=128):
        given = run(*padded(rows, batch))
        if not found:
            found = [np.zeros((len(rows), part.shape[1]), np.float32) for part in given]
        for whole, part in zip(found, given, strict=True):
            whole[batch] = part
    return found
