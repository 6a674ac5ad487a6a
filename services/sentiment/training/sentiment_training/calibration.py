"""Finds the temperature by which logits are divided so that a probability says how often it is right.

Temperature scaling: Guo, Pleiss, Sun and Weinberger 2017, arXiv:1706.04599.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sentiment_training.corpus import Example

TRIED = np.arange(0.5, 3.01, 0.05)


def temperature(examples: Sequence[Example], logits: NDArray[np.float32]) -> float:
    """The one of :data:`TRIED` under which ``examples`` are likeliest; sets without neutral compare two logits."""
    labels = np.array([one.sentiment for one in examples])
    binary = np.array([one.binary for one in examples])
    return round(float(min(TRIED, key=lambda tried: surprise(logits / tried, labels, binary))), 2)


def surprise(logits: NDArray[np.float32], labels: NDArray[np.int64], binary: NDArray[np.bool_]) -> float:
    """Mean negative log likelihood of ``labels``."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    powers = np.exp(shifted.astype(np.float64))
    whole = np.where(binary, powers[:, 0] + powers[:, 2], powers.sum(axis=1))
    chosen = powers[np.arange(len(labels)), labels] / whole
    return float(-np.log(chosen + 1e-9).mean())
