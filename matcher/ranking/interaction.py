"""Late interaction: two profiles compared entry by entry, their best pairs averaged."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Float32 = npt.NDArray[np.float32]
Int64 = npt.NDArray[np.int64]


def late_interaction(cosines: Float32, groups: Sequence[Int64], best_pairs: int) -> Float32:
    """How near each profile's entries are to some queries: the mean of the best pairs.

    The mean over all pairs drowns a specialist's one fitting entry; the single best pair is noise's
    favourite. After ColBERT's MaxSim (Khattab & Zaharia, SIGIR 2020), with a mean of the best few.

    Args:
        cosines: (queries, entries).
        groups: for each profile, the columns of its entries; may be empty.
        best_pairs: how many (query, entry) pairs are averaged; fewer where there are fewer.

    Returns:
        float32 of shape (profiles,); NaN for a profile without entries, or without queries.
    """
    if len(cosines) == 0 or not groups:
        return np.full(len(groups), np.nan, dtype=np.float32)
    width = max(len(group) for group in groups)
    if width == 1 and len(cosines) == 1 and all(len(group) == 1 for group in groups):
        return cosines[0, np.concatenate(groups)]
    pairs = np.full((len(groups), len(cosines) * max(width, 1)), -np.inf, dtype=np.float32)
    for row, group in enumerate(groups):
        block = cosines[:, group].ravel()
        pairs[row, : len(block)] = block
    count = min(best_pairs, pairs.shape[1])
    best = np.partition(pairs, -count, axis=1)[:, -count:]
    found = np.isfinite(best)
    total = np.where(found, best, 0).sum(axis=1, dtype=np.float64)
    with np.errstate(invalid="ignore"):
        return (total / found.sum(axis=1)).astype(np.float32)


def ramp(cosine: npt.NDArray[np.float32], floor: float, ceiling: float) -> npt.NDArray[np.float64]:
    """Cosines as likeness in [0, 1]: 0 up to `floor`, 1 from `ceiling`, linear between; NaN stays."""
    return np.clip((cosine.astype(np.float64) - floor) / (ceiling - floor), 0.0, 1.0)
