"""A block of vectors that never changes once made: half-precision, in FAISS, with a sketch for large ones."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import faiss
import numpy as np
import numpy.typing as npt

from matcher.models.kinds import Facet

Float16 = npt.NDArray[np.float16]
Float32 = npt.NDArray[np.float32]
Int64 = npt.NDArray[np.int64]

ROW = np.dtype([("entry_id", np.int64), ("profile_id", np.int64), ("facet", np.int8)])
"""What each vector belongs to; `facet` is the position in `FACETS`."""

FACETS: tuple[Facet, ...] = tuple(Facet)

SKETCHED_FROM = 20_000
"""Vectors from which a scan of them all in full width takes longer than people should wait."""
SKETCH_DIMENSIONS = 64
_SAMPLE = 50_000


@dataclass(frozen=True)
class Sketch:
    """Vectors in their principal components: a scan of them all finds who is worth comparing exactly.

    Attributes:
        components: float32 of shape (SKETCH_DIMENSIONS, d), orthonormal.
        values: float32 of shape (n, SKETCH_DIMENSIONS).
    """

    components: Float32
    values: Float32

    def project(self, vectors: Float32) -> Float32:
        """Full vectors, (n, d), as sketches, (n, SKETCH_DIMENSIONS)."""
        return np.asarray(vectors @ self.components.T, dtype=np.float32)


@dataclass(frozen=True)
class Segment:
    """Vectors of entries, in the order of facet, profile and entry, and what they belong to.

    Attributes:
        rows: dtype `ROW`, shape (n,).
        flat: `faiss.IndexScalarQuantizer` (half precision, inner product) over n L2-normalised vectors.
        sketch: of all the vectors, if there are `SKETCHED_FROM` of them.
    """

    rows: npt.NDArray[np.void]
    flat: Any
    sketch: Sketch | None

    def __post_init__(self) -> None:
        if len(self.rows) != self.flat.ntotal:
            raise ValueError(f"{len(self.rows)} rows do not describe {self.flat.ntotal} vectors")

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def dimensions(self) -> int:
        """The width of a vector."""
        return int(self.flat.d)

    @cached_property
    def bounds(self) -> Int64:
        """Where the entries of each facet begin, in the order of `FACETS`, and where the last ones end."""
        facets = np.ascontiguousarray(self.rows["facet"])
        return np.searchsorted(facets, np.arange(len(FACETS) + 1)).astype(np.int64)

    def vectors(self, positions: Int64 | slice) -> Float32:
        """The vectors at `positions`, float32."""
        return self.matrix()[positions].astype(np.float32)

    def matrix(self) -> Float16:
        """The index's own memory as an array of shape (n, dimensions), without a copy."""
        if len(self) == 0:
            return np.empty((0, self.dimensions), dtype=np.float16)
        codes = faiss.rev_swig_ptr(self.flat.codes.data(), len(self) * self.dimensions * 2)
        return np.asarray(codes).view(np.float16).reshape(len(self), self.dimensions)


def build_segment(rows: npt.NDArray[np.void], vectors: Float16 | Float32) -> Segment:
    """Index `vectors`, shape (n, dimensions) and L2-normalised, described by `rows`; puts both in order."""
    if len(rows) != len(vectors):
        raise ValueError(f"{len(rows)} rows do not describe {len(vectors)} vectors")
    order = np.lexsort((rows["entry_id"], rows["profile_id"], rows["facet"]))
    flat = faiss.IndexScalarQuantizer(
        vectors.shape[1], faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
    )
    for start in range(0, len(order), _SAMPLE):  # in blocks: FAISS takes float32, twice what is kept
        block = vectors[order[start : start + _SAMPLE]]
        flat.add(np.ascontiguousarray(block, dtype=np.float32))
    segment = Segment(rows[order], flat, None)
    if len(segment) < SKETCHED_FROM:
        return segment
    return Segment(segment.rows, flat, _draw(segment))


def _draw(segment: Segment) -> Sketch:
    """Principal components of a regular sample, uncentred: inner products are what must be kept."""
    sample = segment.vectors(slice(None, None, max(1, len(segment) // _SAMPLE)))
    _, directions = np.linalg.eigh(sample.T @ sample)
    components = np.ascontiguousarray(directions[:, ::-1][:, :SKETCH_DIMENSIONS].T, dtype=np.float32)
    values = np.empty((len(segment), len(components)), dtype=np.float32)
    for start in range(0, len(segment), _SAMPLE):
        stop = min(start + _SAMPLE, len(segment))
        values[start:stop] = segment.vectors(slice(start, stop)) @ components.T
    return Sketch(components, values)
