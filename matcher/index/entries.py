"""A FAISS index over entries: exact inner product, with filters that come before the search.

Indexes never change once made, so a reader holds one without a lock and cannot see it torn.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import faiss
import numpy as np
import numpy.typing as npt

from matcher.models.kinds import Facet

Float32 = npt.NDArray[np.float32]
Int64 = npt.NDArray[np.int64]
Bool = npt.NDArray[np.bool_]

ROW = np.dtype([("entry_id", np.int64), ("profile_id", np.int64), ("facet", np.int8)])
"""What each vector belongs to; `facet` is the position in `FACETS`."""

FACETS: tuple[Facet, ...] = tuple(Facet)


def make_rows(rows: Sequence[tuple[int, int, Facet]]) -> npt.NDArray[np.void]:
    """Rows of dtype `ROW` from (entry id, profile id, facet) triples."""
    return np.array([(entry, profile, FACETS.index(facet)) for entry, profile, facet in rows], dtype=ROW)


@dataclass(frozen=True)
class EntryIndex:
    """Vectors of entries and what they belong to. `len(index)` counts the vectors.

    Attributes:
        rows: dtype `ROW`, shape (n,), in the order of the vectors.
        flat: `faiss.IndexFlatIP` over n L2-normalised float32 vectors.
    """

    rows: npt.NDArray[np.void]
    flat: Any

    def __post_init__(self) -> None:
        if len(self.rows) != self.flat.ntotal:
            raise ValueError(f"{len(self.rows)} rows do not describe {self.flat.ntotal} vectors")

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def dimensions(self) -> int:
        """The width of a vector."""
        return int(self.flat.d)

    def vectors(self, positions: Int64) -> Float32:
        """The vectors at `positions`, float32 of shape (len(positions), dimensions)."""
        return np.asarray(self._matrix()[positions], dtype=np.float32)

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
        bitmap = np.zeros((len(self) + 7) // 8, dtype=np.uint8)
        np.bitwise_or.at(bitmap, allowed // 8, (1 << (allowed % 8)).astype(np.uint8))
        selector = faiss.IDSelectorBitmap(len(self), faiss.swig_ptr(bitmap))
        parameters = faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]  # made by SWIG
        cosines, positions = self.flat.search(queries, limit, params=parameters)
        return cosines, positions

    def replace(self, stale: Collection[int], rows: npt.NDArray[np.void], vectors: Float32) -> "EntryIndex":
        """This index without the entries of the `stale` profiles, and with new ones behind the rest."""
        keep = ~np.isin(self.rows["profile_id"], np.fromiter(stale, dtype=np.int64))
        return build_index(
            np.concatenate([self.rows[keep], rows]), np.concatenate([self._matrix()[keep], vectors])
        )

    def _matrix(self) -> Float32:
        """The index's own memory as an array, without a copy."""
        if len(self) == 0:
            return np.empty((0, self.dimensions), dtype=np.float32)
        flat = faiss.rev_swig_ptr(self.flat.get_xb(), len(self) * self.dimensions)
        return np.asarray(flat).reshape(len(self), self.dimensions)


def build_index(rows: npt.NDArray[np.void], vectors: Float32) -> EntryIndex:
    """Index `vectors`, float32 of shape (n, dimensions) and L2-normalised, described by `rows`."""
    flat = faiss.IndexFlatIP(vectors.shape[1])
    flat.add(np.ascontiguousarray(vectors, dtype=np.float32))
    return EntryIndex(rows, flat)


def use_one_thread() -> None:
    """Keep FAISS off OpenMP in this process: its thread pool does not survive a fork."""
    faiss.omp_set_num_threads(1)
