"""The worst-off first, where each has one pair at most: bisection over thresholds, each tried by a flow.

A bottleneck assignment by thresholds (Garfinkel, "An Improved Algorithm for the Bottleneck Assignment
Problem", Operations Research 19, 1971), with a largest flow in the place of a matching.
"""

import numpy as np

from matcher.cohort.flow import can_make
from matcher.cohort.network import Network


def fairest_floor(net: Network, pairs: int) -> float:
    """The largest sum that everybody watched can be brought to while `pairs` pairs are made.

    `net` must be single, and able to make `pairs`. Returns -inf if nobody is watched.
    """
    values = _thresholds(net)
    if not values.size:
        return -np.inf
    # The bound is what the hardest to place could have at best, and often it can be had.
    if _is_reached(net, values[-1], pairs):
        return float(values[-1])
    low, high = 0, len(values) - 1  # `low` can be reached, `high` cannot
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _is_reached(net, values[middle], pairs) else (low, middle)
    return float(values[low])


def _is_reached(net: Network, floor: float, pairs: int) -> bool:
    return can_make(net.floored(np.full(len(net.base), floor)), pairs)


def _thresholds(net: Network) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Sums that the worst-off could come to, ascending, none beyond what anyone could have at best."""
    if not net.watched.any():
        return np.empty(0)
    watched = net.watched[net.demand]
    sums = (net.base[net.demand] + net.score)[watched]
    bound = net.best[net.watched].min()
    reachable = np.concatenate([sums[sums <= bound], net.base[net.watched & (net.base <= bound)]])
    return np.unique(reachable)
