"""A block of vectors that never changes once made: half-precision, in FAISS, with a sketch for large ones."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import faiss
import numpy as np
import numpy.typing as npt

from matcher.index.scan import Scan, build_scan
from matcher.index.widening import Float16, Float32, widen
from matcher.models.kinds import Facet

Int8 = npt.NDArray[np.int8]
Int64 = npt.NDArray[np.int64]

ROW = np.dtype([("entry_id", np.int64), ("profile_id", np.int64), ("facet", np.int8)])
"""What each vector belongs to; `facet` is the position in `FACETS`."""

FACETS: tuple[Facet, ...] = tuple(Facet)

SKETCHED_FROM = 20_000
"""Vectors from which a scan of them all in full width takes longer than people should wait."""
COARSE, FINE = 64, 192
"""Principal components in a coarse sketch, to scan everybody, and in a fine one, for the best of those."""
_SAMPLE = 50_000
_LARGEST = np.float32(127)


@dataclass(frozen=True)
class Sketch:
    """Vectors in their principal components: a scan of them all finds who is worth comparing exactly.

    A byte a component, as memory and not arithmetic limits a scan: the error is small beside what the
    components left out hold.

    Attributes:
        components: float32 of shape (c, d), orthonormal; c is `FINE`, or d if that is less.
        steps: float32 of shape (c,), what 1 stands for in each component.
        coarse: int8 of shape (n, `COARSE`), the first components.
        rest: int8 of shape (n, c - `COARSE`), the others.
    """

    components: Float32
    steps: Float32
    coarse: Int8
    rest: Int8

    def of_vectors(self, vectors: Float32) -> Float32:
        """Full vectors, (n, d), as sketches, (n, c), that are not rounded."""
        return np.asarray(vectors @ self.components.T / self.steps, dtype=np.float32)

    def of_queries(self, queries: Float32) -> Float32:
        """Full vectors, (q, d), as what has their cosines for inner products with sketches, (q, c)."""
        return np.asarray(queries @ self.components.T * self.steps, dtype=np.float32)


@dataclass(frozen=True)
class Segment:
    """Vectors of entries, in the order of facet, profile and entry, and what they belong to.

    Attributes:
        rows: dtype `ROW`, shape (n,).
        flat: `faiss.IndexScalarQuantizer` (half precision, inner product) over n L2-normalised vectors.
        sketch: of all the vectors, if there are `SKETCHED_FROM` of them.
        scans: of the facets that have as many entries.
    """

    rows: npt.NDArray[np.void]
    flat: Any
    sketch: Sketch | None = None
    scans: Mapping[Facet, Scan] = field(default_factory=dict)

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

    def of(self, facet: Facet) -> slice:
        """Where the entries of one facet are."""
        first, last = self.bounds[FACETS.index(facet) :][:2].tolist()
        return slice(first, last)

    def vectors(self, positions: Int64 | slice) -> Float32:
        """The vectors at `positions`, float32."""
        return widen(self.matrix[positions])

    @cached_property
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
    segment = Segment(rows[order], flat)
    return segment if len(segment) < SKETCHED_FROM else _draw(segment)


def _draw(segment: Segment) -> Segment:
    """The same with its sketch and scans.

    Principal components are those of a regular sample, uncentred: inner products are what must be kept.
    """
    sample = segment.vectors(slice(None, None, max(1, len(segment) // _SAMPLE)))
    _, directions = np.linalg.eigh(sample.T @ sample)
    components = np.ascontiguousarray(directions[:, ::-1][:, :FINE].T, dtype=np.float32)
    sketched = np.empty((len(segment), len(components)), dtype=np.float32)
    for start in range(0, len(segment), _SAMPLE):
        block = slice(start, start + _SAMPLE)
        np.matmul(segment.vectors(block), components.T, out=sketched[block])
    large = {facet: at for facet in FACETS if (at := segment.of(facet)).stop - at.start >= SKETCHED_FROM}
    scans = {facet: build_scan(components, sketched[at], segment.matrix[at]) for facet, at in large.items()}
    steps = np.maximum(np.abs(sketched).max(axis=0), np.finfo(np.float32).tiny) / _LARGEST
    values = np.rint(sketched / steps).astype(np.int8)
    coarse, rest = (np.ascontiguousarray(part) for part in np.split(values, [COARSE], axis=1))
    return Segment(segment.rows, segment.flat, Sketch(components, steps, coarse, rest), scans)
