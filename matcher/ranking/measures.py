"""How good a ranking is, against labels: pure functions on scores, one value for each query.

Means are taken by whoever reports, because an interval needs the values that a mean was made of. Among
equal scores the earlier offer ranks first throughout, so that a figure can be repeated.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]

RESAMPLES = 1_000
_SEED = 20261123


def hit(scores: Float32, wanted: int) -> float:
    """1 if the best of `scores`, (offers,), is the one `wanted`; else 0. The mean is P@1."""
    return float(int(scores.argmax()) == wanted)


def reciprocal_rank(scores: Float32, relevant: Int64) -> float:
    """1 / rank of the first of the `relevant` offers, which must not be empty. The mean is MRR."""
    best = relevant[np.lexsort((relevant, -scores[relevant]))[0]]
    ahead = np.count_nonzero(scores > scores[best]) + np.count_nonzero(scores[:best] == scores[best])
    return 1 / (1 + ahead)


def ndcg(scores: Float32, grades: Int64, depth: int = 10) -> float:
    """Discounted gain of the first `depth` offers over the best that any order could gain.

    The gain is 2^grade - 1, the discount 1 / log2(rank + 1). Without a grade above 0 nothing can be
    gained, and the value is NaN.
    """
    gains = np.exp2(grades) - 1
    discounts = 1 / np.log2(np.arange(2, min(depth, len(gains)) + 2))
    order = np.argsort(-scores, kind="stable")[:depth]
    ideal = float(np.sort(gains)[::-1][:depth] @ discounts)
    return float(gains[order] @ discounts) / ideal if ideal else float("nan")


def over_language(scores: Float32) -> tuple[Float64, Float64]:
    """Whether the same subject in another language outranks other subjects in the same one.

    Args:
        scores: (languages, subjects, languages, subjects): of the need on a subject in a language
            (first two) for the offer on a subject in a language. At least two of each.

    Returns:
        Two arrays of shape (languages, languages, subjects), NaN where both languages are one: for the need
        in the first language whose answer is in the second, the share of the offers on other
        subjects in its own language that the answer outranks; and 1 where it outranks them all, else 0. A tie
        is a failure.
    """
    languages, subjects = scores.shape[:2]
    share = np.full((languages, languages, subjects), np.nan)
    strict = share.copy()
    others = ~np.eye(subjects, dtype=bool)
    for ours in range(languages):
        rivals = scores[ours, :, ours, :][others].reshape(subjects, subjects - 1)
        for theirs in range(languages):
            if theirs != ours:
                answer = scores[ours, :, theirs, :].diagonal()
                outranked = answer[:, None] > rivals
                share[ours, theirs] = outranked.mean(axis=1)
                strict[ours, theirs] = outranked.all(axis=1)
    return share, strict


def mean_of(strata: Sequence[Float64]) -> float:
    """The mean of the strata's means: each set weighs the same, whatever its size."""
    return float(np.mean([stratum.mean() for stratum in strata]))


def interval(strata: Sequence[Float64], resamples: int = RESAMPLES, seed: int = _SEED) -> tuple[float, float]:
    """Percentile bootstrap interval of 95 % for `mean_of(strata)`, seeded.

    Args:
        strata: one array of values for each set; its queries are resampled within it. Values that belong to
            one query, such as both ways of a translation, must have been averaged: they are no two draws.
        resamples: how many.
        seed: of the draws.
    """
    rng = np.random.default_rng(seed)
    means = np.zeros(resamples)
    for stratum in strata:
        for number in range(resamples):
            means[number] += stratum[rng.integers(len(stratum), size=len(stratum))].mean()
    low, high = np.quantile(means / len(strata), [0.025, 0.975])
    return float(low), float(high)
