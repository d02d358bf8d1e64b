"""Late interaction: two profiles compared entry by entry, their best pairs averaged."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Float32 = npt.NDArray[np.float32]
Int64 = npt.NDArray[np.int64]

_ABSENT = -1
_NARROW = 64
USUAL_PAIRS = 9
"""Three needs by three kinds of expertise: what people state as a rule."""


def pad_groups(sizes: Sequence[int]) -> Int64:
    """Columns of consecutive groups as one matrix, (groups, widest group), short ones padded with -1."""
    ends = np.cumsum(sizes, dtype=np.int64)
    starts = ends - np.asarray(sizes, dtype=np.int64)
    columns = starts[:, None] + np.arange(max(sizes, default=0), dtype=np.int64)[None, :]
    return np.where(columns < ends[:, None], columns, _ABSENT)


def late_interaction(
    cosines: Float32, groups: Int64, best_pairs: int, best_share: float, breadth: float
) -> Float32:
    """How near each profile's entries are to some queries, by their best pairs.

    The mean over all pairs drowns a specialist's one fitting entry, and the single best pair alone is
    what noise likes best; so the best pair is blended with the mean of the best few. After ColBERT's
    MaxSim (Khattab & Zaharia, SIGIR 2020).

    The best of many pairs is high by chance, by about the logarithm of their number, so that a mentor could
    buy rank with an entry for every sector: pairs beyond `USUAL_PAIRS` cost that much again.

    Args:
        cosines: (queries, entries).
        groups: (profiles, width), the columns of each profile's entries as `pad_groups` gives them.
        best_pairs: how many (query, entry) pairs are averaged; fewer where there are fewer.
        best_share: the weight of the single best pair; the mean of the best few has the rest.
        breadth: what each e-fold of a profile's pairs beyond `USUAL_PAIRS` takes from its nearness.

    Returns:
        float32 of shape (profiles,); NaN for a profile without entries, and for all without queries.
    """
    profiles = len(groups)
    if cosines.size == 0 or groups.size == 0:
        return np.full(profiles, np.nan, dtype=np.float32)
    best = _highest(_pairs(cosines, groups), best_pairs)
    blend = best_share * _stated(best[0]) + (1 - best_share) * _mean(best)
    if groups.shape[1] * len(cosines) > USUAL_PAIRS:
        counted = (groups != _ABSENT).sum(axis=1) * len(cosines)
        blend -= breadth * np.log(np.maximum(counted, USUAL_PAIRS) / USUAL_PAIRS)
    near: Float32 = blend.astype(np.float32)
    return near


def _pairs(cosines: Float32, groups: Int64) -> Float32:
    """Each profile's cosines, (profiles, width * queries); -inf where it has no entry."""
    profiles, width = groups.shape
    by_entry = np.ascontiguousarray(cosines.T)
    if groups.size == len(by_entry) and (groups.ravel() == np.arange(groups.size)).all():
        return by_entry.reshape(profiles, -1)  # as they lie: no copy
    pairs = by_entry.take(groups.ravel(), axis=0)
    absent = groups.ravel() == _ABSENT
    if absent.any():
        pairs[absent] = -np.inf
    return pairs.reshape(profiles, width * len(cosines))


def _highest(pairs: Float32, count: int) -> Float32:
    """The `count` highest of each row, or all, best first: (count, rows).

    A few columns are sorted in one by one, each in a pass over contiguous memory: rows of nine numbers are
    too short for what `np.partition` does for each.
    """
    if pairs.shape[1] > _NARROW:
        pairs = np.partition(pairs, -count, axis=1)[:, -count:]
    best: list[Float32] = []
    for column in np.ascontiguousarray(pairs.T):
        left = column
        for place, found in enumerate(best):
            best[place] = np.maximum(found, left)
            if place + 1 < count:  # what is lower than the last place is of no use
                left = np.minimum(found, left)
        if len(best) < count:
            best.append(left)
    return np.stack(best)


def _stated(best: Float32) -> Float32:
    """NaN for profiles without entries."""
    return np.where(np.isfinite(best), best, np.float32(np.nan))


def _mean(best: Float32) -> npt.NDArray[np.float64]:
    """The mean of each profile's best pairs, of as many as it has."""
    if np.isfinite(best[-1]).all():
        return np.asarray(best.mean(axis=0, dtype=np.float64))
    found = np.isfinite(best)
    total = np.where(found, best, 0).sum(axis=0, dtype=np.float64)
    return np.asarray(total / np.maximum(found.sum(axis=0), 1))


def ramp(cosine: Float32, floor: float, ceiling: float) -> npt.NDArray[np.float64]:
    """Cosines as likeness in [0, 1]: 0 up to `floor`, 1 from `ceiling`, linear between; NaN stays."""
    return np.clip((cosine.astype(np.float64) - floor) / (ceiling - floor), 0.0, 1.0)


def ramp_one(cosine: float, floor: float, ceiling: float) -> float:
    """The same of one cosine, without an array around it."""
    return min(max((cosine - floor) / (ceiling - floor), 0.0), 1.0)
