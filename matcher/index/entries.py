"""An index over entries: a large segment as it was published, and a small one of what changed since.

Indexes never change once made, so a reader holds one without a lock and cannot see it torn. A change makes a
new index that shares the large segment's memory with the old one.
"""

from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property

import faiss
import numpy as np
import numpy.typing as npt

from matcher.index.segment import FACETS, ROW, Float16, Float32, Int64, Segment, build_segment
from matcher.models.kinds import Facet

_NOBODY = -1
_WORTH_THREADS = 50_000


def make_rows(rows: Sequence[tuple[int, int, Facet]]) -> npt.NDArray[np.void]:
    """Rows of dtype `ROW` from (entry id, profile id, facet) triples."""
    return np.array([(entry, profile, FACETS.index(facet)) for entry, profile, facet in rows], dtype=ROW)


@dataclass(frozen=True)
class EntryIndex:
    """Vectors of entries and what they belong to. Positions count through `base`, then `changes`.

    Attributes:
        base: the segment that was published.
        changes: the entries of profiles that changed since.
        gone: ids of the profiles whose entries in `base` are void.
    """

    base: Segment
    changes: Segment
    gone: frozenset[int] = field(default_factory=frozenset)

    def __len__(self) -> int:
        return len(self.base) + len(self.changes)

    @property
    def dimensions(self) -> int:
        """The width of a vector."""
        return self.base.dimensions

    @cached_property
    def rows(self) -> npt.NDArray[np.void]:
        """What each position belongs to, dtype `ROW`; void ones belong to the profile -1."""
        if not self.gone and not len(self.changes):
            return self.base.rows
        rows = np.concatenate([self.base.rows, self.changes.rows])
        void = np.isin(self.base.rows["profile_id"], list(self.gone))
        rows["profile_id"][: len(self.base)][void] = _NOBODY
        return rows

    def vectors(self, positions: Int64) -> Float32:
        """The vectors at `positions`, float32 of shape (len(positions), dimensions)."""
        positions = np.asarray(positions, dtype=np.int64)
        if not len(self.changes):
            return self.base.vectors(positions)
        changed = positions >= len(self.base)
        found = np.empty((len(positions), self.dimensions), dtype=np.float32)
        found[~changed] = self.base.vectors(positions[~changed])
        found[changed] = self.changes.vectors(positions[changed] - len(self.base))
        return found

    def facet(self, facet: Facet) -> Int64:
        """Where the entries of one facet are: those of `base`, void ones too, then those of `changes`."""
        wanted = FACETS.index(facet)
        first, last = self.base.bounds[wanted : wanted + 2]
        begin, end = self.changes.bounds[wanted : wanted + 2] + len(self.base)
        return np.concatenate([np.arange(first, last), np.arange(begin, end)])

    def rough_cosines(self, queries: Float32, facet: Facet) -> Float32:
        """Cosines of sketches, (queries, entries of the facet in the order of `facet`), by one scan.

        Raises:
            ValueError: the index is small enough to be compared exactly, and has no sketch.
        """
        sketch = self.base.sketch
        if sketch is None:
            raise ValueError(f"an index of {len(self)} entries has no sketch")
        short = sketch.project(queries)
        wanted = FACETS.index(facet)
        first, last = self.base.bounds[wanted : wanted + 2]
        cosines = _scan(short, sketch.values[first:last])
        begin, end = self.changes.bounds[wanted : wanted + 2]
        if begin == end:
            return cosines
        changed = sketch.project(self.changes.vectors(slice(begin, end)))
        return np.concatenate([cosines, short @ changed.T], axis=1)

    def positions(self, profile_ids: Collection[int], facet: Facet) -> Int64:
        """Where the entries of one facet of some profiles are, in index order."""
        wanted = np.isin(self.rows["profile_id"], np.fromiter(profile_ids, dtype=np.int64))
        return np.flatnonzero(wanted & (self.rows["facet"] == FACETS.index(facet)))

    def search(self, queries: Float32, allowed: Int64, limit: int) -> tuple[Float32, Int64]:
        """The `limit` nearest of the `allowed` positions to each query, exactly.

        Args:
            queries: (q, dimensions), L2-normalised.
            allowed: positions that may be returned; the filter holds before the search, so a tight
                one loses no recall.

        Returns:
            Cosines, float32, and positions, int64, both (q, min(limit, len(allowed))), best first.
        """
        limit = min(limit, len(allowed))
        if limit == 0 or len(queries) == 0:
            empty = (len(queries), 0)
            return np.empty(empty, np.float32), np.empty(empty, np.int64)
        split = len(self.base)
        found = [
            _search(self.base, queries, allowed[allowed < split], limit, 0),
            _search(self.changes, queries, allowed[allowed >= split] - split, limit, split),
        ]
        cosines = np.concatenate([part for part, _ in found], axis=1)
        positions = np.concatenate([part for _, part in found], axis=1)
        order = np.argsort(-cosines, axis=1, kind="stable")[:, :limit]
        return np.take_along_axis(cosines, order, 1), np.take_along_axis(positions, order, 1)

    def replace(
        self, stale: Collection[int], rows: npt.NDArray[np.void], vectors: Float16 | Float32
    ) -> "EntryIndex":
        """This index without the entries of the `stale` profiles, and with new ones beside the rest."""
        keep = ~np.isin(self.changes.rows["profile_id"], list(stale))
        changes = build_segment(
            np.concatenate([self.changes.rows[keep], rows]),
            np.concatenate([self.changes.matrix()[keep], vectors.astype(np.float16)]),
        )
        return EntryIndex(self.base, changes, self.gone | frozenset(stale))

    def compact(self) -> "EntryIndex":
        """The same entries in one segment, to be published."""
        alive = np.flatnonzero(self.rows["profile_id"] != _NOBODY)
        vectors = np.concatenate([self.base.matrix(), self.changes.matrix()])[alive]
        return build_index(self.rows[alive], vectors)


def build_index(rows: npt.NDArray[np.void], vectors: Float16 | Float32) -> EntryIndex:
    """Index `vectors`, shape (n, dimensions) and L2-normalised, described by `rows`."""
    base = build_segment(rows, vectors)
    return EntryIndex(base, build_segment(rows[:0], vectors[:0]))


def _scan(queries: Float32, values: Float32) -> Float32:
    """`queries @ values.T`, entry by entry in memory, as late interaction reads it.

    Two threads read half of the values each: memory, not arithmetic, is the limit.
    """
    cosines = np.empty((len(values), len(queries)), dtype=np.float32)
    half = len(values) // 2 if len(values) > _WORTH_THREADS else 0
    with ThreadPoolExecutor(1) as pool:
        earlier = pool.submit(np.matmul, values[:half], queries.T, out=cosines[:half])
        np.matmul(values[half:], queries.T, out=cosines[half:])
        earlier.result()
    return cosines.T


def _search(
    segment: Segment, queries: Float32, allowed: Int64, limit: int, offset: int
) -> tuple[Float32, Int64]:
    """The nearest of a segment's `allowed` positions to each query, counted from `offset`."""
    limit = min(limit, len(allowed))
    if not limit:
        return np.empty((len(queries), 0), np.float32), np.empty((len(queries), 0), np.int64)
    bitmap = np.zeros((len(segment) + 7) // 8, dtype=np.uint8)
    np.bitwise_or.at(bitmap, allowed // 8, (1 << (allowed % 8)).astype(np.uint8))
    selector = faiss.IDSelectorBitmap(len(segment), faiss.swig_ptr(bitmap))
    parameters = faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]  # made by SWIG
    cosines, positions = segment.flat.search(queries, limit, params=parameters)
    return cosines, positions + offset


def use_one_thread() -> None:
    """Keep FAISS off OpenMP in this process: its thread pool does not survive a fork."""
    faiss.omp_set_num_threads(1)
