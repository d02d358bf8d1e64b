"""A fast scan of one facet's entries: which are nearest to a query, and how near hardly any other is."""

from dataclasses import dataclass
from typing import Any

import faiss
import numpy as np
import numpy.typing as npt

from matcher.index.widening import Float16, Float32, widen

Int64 = npt.NDArray[np.int64]

_BITS = 4
"""Of a code: a table of sixteen products fits into a register, which is what makes the scan fast."""
_COMPONENTS_PER_CODE = 3
_TRAINED_ON, _ADDED_AT_ONCE = 30_000, 50_000
_ASKED, _COMPARED = 256, 8192
_SAME = 0.999
"""The cosine of one text in half precision with itself, at least."""


@dataclass(frozen=True)
class Scan:
    """Entries as product-quantised codes, all of which FAISS reads for each query.

    Product quantisation after Jégou, Douze and Schmid (PAMI 2011), its tables kept in registers as by André,
    Kermarrec and Le Scouarnec (Quick ADC, ICMR 2017). It finds whom to compare; no score is made of it.

    Attributes:
        codes: `faiss.IndexPreTransform` that takes full vectors, (n, d), by inner product.
        error: by how much it tells the cosine of a near entry too low, in the median.
    """

    codes: Any
    error: float

    def nearest(self, queries: Float32, count: int) -> tuple[Int64, float]:
        """The `count` nearest entries to each query, and the cosine that hardly any other reaches.

        Args:
            queries: (q, d), L2-normalised.
            count: at most all entries are found.

        Returns:
            Places in the facet, int64 of shape (q * count,), in no order; and the cosine.
        """
        cosines, found = self.codes.search(queries, min(count, self.codes.ntotal))
        return found.ravel(), float(cosines[:, -1].max()) + self.error


def build_scan(components: Float32, sketched: Float32, vectors: Float16) -> Scan:
    """Quantise a facet.

    Args:
        components: principal components, (c, d), orthonormal.
        sketched: the entries in these components, (n, c).
        vectors: the entries in full width, (n, d).
    """
    width = len(components) - len(components) % _COMPONENTS_PER_CODE
    rotation = _rotation(width)
    codes = faiss.IndexPQFastScan(width, width // _COMPONENTS_PER_CODE, _BITS, faiss.METRIC_INNER_PRODUCT)
    codes.train(sketched[:: -(-len(sketched) // _TRAINED_ON), :width] @ rotation.T)
    for start in range(0, len(sketched), _ADDED_AT_ONCE):  # or all would be there a second time
        codes.add(sketched[start : start + _ADDED_AT_ONCE, :width] @ rotation.T)
    transform = faiss.LinearTransform(components.shape[1], width)
    faiss.copy_array_to_vector((rotation @ components[:width]).ravel(), transform.A)
    transform.is_trained = True
    return Scan(faiss.IndexPreTransform(transform, codes), _error(codes, transform, vectors))


def _rotation(width: int) -> Float32:
    """Spreads what the first components hold over all codes, which have as many bits each."""
    turned, _ = np.linalg.qr(np.random.default_rng(0).standard_normal((width, width)))
    return turned.astype(np.float32)


def _error(codes: Any, transform: Any, vectors: Float16) -> float:
    """By how much the cosine of an entry and the nearest of a sample is told too low: the median of many.

    Copies are left out: what many say in the same words has codes of its own, and is told exactly.
    """
    asked = np.arange(0, len(vectors), -(-len(vectors) // _ASKED))
    others = np.arange(1, len(vectors), -(-len(vectors) // _COMPARED))
    queries = widen(vectors[asked])
    told = transform.apply(queries) @ np.stack([codes.reconstruct(int(one)) for one in others]).T
    cosines = queries @ widen(vectors[others]).T
    cosines[cosines > _SAME] = -1
    nearest = cosines.argmax(axis=1)[:, None]
    return float(np.median(np.take_along_axis(cosines - told, nearest, 1)))
