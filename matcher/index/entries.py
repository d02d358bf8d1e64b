"""An index over entries: a large segment as it was published, and a small one of what changed since.

Indexes never change once made, so a reader holds one without a lock and cannot see it torn. A change makes a
new index that shares the large segment's memory with the old one.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import faiss
import numpy as np
import numpy.typing as npt

from matcher.index.segment import FACETS, ROW, Int8, Int64, Segment, Sketch, build_segment
from matcher.index.widening import Float16, Float32
from matcher.models.kinds import Facet

_NOBODY = -1
_BLOCK, _SKETCHES = 256, 8192
"""Vectors and sketches that are read at a time, so that they are still in the cache when multiplied."""


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
        base, changes = self.base.of(facet), self.changes.of(facet)
        return np.concatenate(
            [np.arange(base.start, base.stop), np.arange(changes.start, changes.stop) + len(self.base)]
        )

    def nearest(self, queries: Float32, facet: Facet, count: int) -> tuple[Int64, float]:
        """The `count` entries of a facet that are nearest to each query, and maybe more of them.

        What changed since publishing is always among them, and so is a facet of few entries, whole.

        Returns:
            Places among those of `facet`, int64, in no order, void ones too; and the cosine that hardly any
            other entry reaches, or -inf if there is no other.
        """
        base, changes = self.base.of(facet), self.changes.of(facet)
        published = base.stop - base.start
        places = np.arange(published + changes.stop - changes.start)
        if facet not in self.base.scans:
            return places, -np.inf
        found, reach = self.base.scans[facet].nearest(queries, count)
        return np.concatenate([found, places[published:]]), reach

    def cosines(self, queries: Float32, positions: Int64) -> Float32:
        """Exact cosines of `queries`, (q, dimensions), with the vectors at `positions`: (q, len(positions)).

        They lie entry by entry in memory, as late interaction reads them.
        """

        def read(positions: Int64, found: Float32) -> None:
            found[...] = self.vectors(positions)

        return _by_blocks(read, queries, positions, _BLOCK)

    def sketch(self, queries: Float32) -> Float32:
        """Queries as `rough_cosines` takes them."""
        return self._drawn.of_queries(queries)

    def rough_cosines(self, sketches: Float32, positions: Int64, *, fine: bool) -> Float32:
        """Cosines of sketched queries with coarse or fine sketches, laid out as those of `cosines`."""
        drawn = self._drawn
        split = drawn.coarse.shape[1]
        found = self._products(sketches[:, :split], drawn.coarse, positions, slice(0, split))
        if fine:
            found += self._products(sketches[:, split:], drawn.rest, positions, slice(split, None))
        return found

    def _products(self, queries: Float32, values: Int8, positions: Int64, which: slice) -> Float32:
        """Inner products with the components `which` of sketches, of which `base` has `values`."""

        room = np.empty((min(len(positions), _SKETCHES), values.shape[1]), dtype=np.int8)

        def read(positions: Int64, found: Float32) -> None:
            changed = positions >= len(self.base)
            if not changed.any():
                found[...] = _rows(values, positions, room[: len(positions)])
                return
            found[~changed] = values[positions[~changed]]
            found[changed] = self._changed_sketches[positions[changed] - len(self.base), which]

        return _by_blocks(read, queries, positions, _SKETCHES)

    @property
    def _drawn(self) -> Sketch:
        """The sketch of `base`.

        Raises:
            ValueError: the index is small enough to be compared exactly, and has none.
        """
        if self.base.sketch is None:
            raise ValueError(f"an index of {len(self)} entries has no sketch")
        return self.base.sketch

    @cached_property
    def _changed_sketches(self) -> Float32:
        return self._drawn.of_vectors(self.changes.vectors(slice(None)))

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
            np.concatenate([self.changes.matrix[keep], vectors.astype(np.float16)]),
        )
        return EntryIndex(self.base, changes, self.gone | frozenset(stale))

    def compact(self) -> "EntryIndex":
        """The same entries in one segment, to be published."""
        alive = np.flatnonzero(self.rows["profile_id"] != _NOBODY)
        vectors = np.concatenate([self.base.matrix, self.changes.matrix])[alive]
        return build_index(self.rows[alive], vectors)


def build_index(rows: npt.NDArray[np.void], vectors: Float16 | Float32) -> EntryIndex:
    """Index `vectors`, shape (n, dimensions) and L2-normalised, described by `rows`."""
    base = build_segment(rows, vectors)
    return EntryIndex(base, build_segment(rows[:0], vectors[:0]))


def _by_blocks(
    read: Callable[[Int64, Float32], None], queries: Float32, positions: Int64, size: int
) -> Float32:
    """The products of `queries` with what `read` writes for `size` positions at a time into the same room.

    New room for each block would be taken from the system and given back, which takes longer than the rest.
    """
    found = np.empty((len(positions), len(queries)), dtype=np.float32)
    room = np.empty((min(len(positions), size), queries.shape[1]), dtype=np.float32)
    for start in range(0, len(positions), size):
        block = positions[start : start + size]
        values = room[: len(block)]
        read(block, values)
        np.matmul(values, queries.T, out=found[start : start + size])
    return found.T


def _rows(values: Int8, positions: Int64, room: Int8) -> Int8:
    """`values[positions]`: in `room`, or where they are if the positions follow each other."""
    first, last = (int(positions[0]), int(positions[-1])) if len(positions) else (0, -1)
    if last - first == len(positions) - 1 and (np.diff(positions) == 1).all():
        return values[first : last + 1]
    return values.take(positions, axis=0, out=room, mode="clip")  # any other mode copies `room` first


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
