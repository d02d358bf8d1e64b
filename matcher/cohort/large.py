"""Good choices with a stated gap, for problems beyond what HiGHS settles in time.

Without quotas, flows find the most pairs, exchanges raise the worst-off, and weights on those who stay low
draw the next flow towards them (multiplicative weights: Arora, Hazan and Kale, Theory of Computing 8, 2012).
For any such weights, the weighted average that a flow reaches bounds the worst-off of every choice of as many
pairs. With quotas, HiGHS sees the most promising pairs only.
"""

from dataclasses import replace

import numpy as np

from matcher.cohort.config import SolverConfig
from matcher.cohort.evening import Evening, held_at
from matcher.cohort.flow import can_make, cheapest, most_pairs
from matcher.cohort.milp import Choice, choose
from matcher.cohort.network import Network, floors_of
from matcher.cohort.problem import Bool, Float64, Infeasible, Int64, Objective, Problem, Unsettled
from matcher.cohort.programme import Clock

_STEP = 8.0  # how fast weights move to those who are low, in spreads of the sums


def choose_by_flows(problem: Problem, net: Network, config: SolverConfig, clock: Clock) -> Choice:
    """A choice without quotas: of the most pairs, at the floor, and as fair as is found in time.

    Raises:
        Infeasible: so many pairs cannot be made with all minimums kept, whatever the floor.
        Unsettled: no choice of the most pairs was found that keeps the floor.
    """
    pairs = most_pairs(net)
    if not can_make(net, pairs):
        raise Infeasible("so many pairs cannot be made with all minimums kept")
    floors = floors_of(problem)
    is_fairest = problem.objective is Objective.FAIREST and bool(net.watched.any())
    offsets = np.zeros(len(floors)) if is_fairest else np.where(np.isfinite(floors), floors, 0.0)
    wanted = np.inf if is_fairest else 0.0
    chosen, bound, largest = _evened(net, pairs, offsets, wanted, config, clock)
    reached = Evening(net, chosen, offsets).worst
    if is_fairest:
        floors = np.maximum(floors, reached)
    better = _reoptimised(net, chosen, floors)
    edges = np.sort(np.concatenate([net.locked, net.edges[better]]))
    if (Evening(net, better, np.where(np.isfinite(floors), floors, 0.0)).sums < -net.slip)[net.watched].any():
        raise Unsettled("no choice of the most pairs was found that keeps the floor")
    short = bound - reached if is_fairest else 0.0
    gap = short if short > net.slip else max(0.0, largest - float(net.score[better].sum()))
    return Choice(edges, is_optimal=gap <= net.slip, gap=gap)


def _evened(
    net: Network, pairs: int, offsets: Float64, wanted: float, config: SolverConfig, clock: Clock
) -> tuple[Bool, float, float]:
    """The most even choice found, what no choice's worst-off exceeds, and the largest total of any."""
    watched = net.watched
    weight = watched / max(1, watched.sum())
    best, worst, largest = cheapest(net, pairs)[0], -np.inf, 0.0
    largest = float(net.score[best].sum())
    bound = _own_best(net, offsets)
    used = best
    for number in range(config.rounds):
        evening = Evening(net, used, offsets)
        if number:
            bound = min(bound, float(weight[watched] @ evening.sums[watched]))
        low = evening.sums.copy()
        evening.raise_worst(clock, 0.3, wanted)
        if evening.worst > worst:
            best, worst = evening.chosen, evening.worst
        if worst >= min(bound, wanted) - net.slip or clock.left() < 0.3 * config.seconds:
            break
        weight = _shifted(weight, low, watched)
        used = cheapest(replace(net, score=net.score * weight[net.demand] * watched.sum()), pairs)[0]
    return best, bound, largest


def _shifted(weight: Float64, sums: Float64, watched: Bool) -> Float64:
    """More weight for whoever is low; sums to 1 over the watched."""
    spread = float(np.ptp(sums[watched])) or 1.0
    moved = weight * np.exp(-_STEP * (sums - sums[watched].min()) / spread)
    moved = np.where(watched, moved + 1e-3 / watched.sum(), 0.0)
    return np.asarray(moved / moved.sum(), np.float64)


def _own_best(net: Network, offsets: Float64) -> float:
    """The least, among the watched, of what each could have if nobody else were there."""
    order = np.lexsort((-net.score, net.demand))
    demand, score = net.demand[order], net.score[order]
    rank = np.arange(len(demand)) - np.searchsorted(demand, np.arange(len(net.base)))[demand]
    counts = (rank < net.demands.least[demand]) | ((rank < net.demands.most[demand]) & (score > 0))
    sums = net.base - offsets
    np.add.at(sums, demand[counts], score[counts])
    return float(sums[net.watched].min(initial=np.inf))


def _reoptimised(net: Network, chosen: Bool, floors: Float64) -> Bool:
    """The best total that a flow finds without anybody falling under their floor as they now keep it."""
    sums = np.bincount(net.demand[chosen], net.score[chosen], minlength=len(net.base)) + net.base
    held, fixed = held_at(net, chosen, np.minimum(floors, sums))
    used, _ = cheapest(held, int(held.demands.least.sum()))
    better = np.zeros(len(net.edges), np.bool_)
    better[fixed] = True
    better[np.searchsorted(net.edges, held.edges[used])] = True
    return better


def choose_among_best(problem: Problem, net: Network, config: SolverConfig, clock: Clock) -> Choice:
    """A choice among the most promising pairs only; what the others could add is in the gap.

    Raises:
        Unsettled: no choice was found, which does not prove that there is none.
    """
    keep = promising(problem, config.exact_edges)
    try:
        choice = choose(replace(problem, barred=problem.barred | ~keep), config, clock)
    except Infeasible as reason:
        raise Unsettled("no choice was found among the most promising pairs") from reason
    pairs = most_pairs(net)
    if len(choice.edges) < pairs + len(net.locked) or problem.objective is Objective.FAIREST:
        return Choice(choice.edges, is_optimal=False, gap=np.inf)
    used, _ = cheapest(net.without_minimums(), pairs)
    best = float(net.score[used].sum() + problem.score[net.locked].sum())
    gap = max(0.0, best - float(problem.score[choice.edges].sum()))
    return Choice(choice.edges, is_optimal=gap <= net.slip, gap=gap)


def promising(problem: Problem, count: int) -> Bool:
    """About `count` edges, locked or high in the ranks of an end or a quota, bool (edges,)."""
    rank = np.minimum(_rank(problem.demand, problem.score), _rank(problem.supply, problem.score))
    for quota in problem.quotas:
        if quota.least:
            inside = _rank(problem.demand[quota.edges], problem.score[quota.edges])
            rank[quota.edges] = np.minimum(rank[quota.edges], inside)
    rank[problem.locked] = -1
    rank[problem.barred & ~problem.locked] = len(rank)
    last = np.partition(rank, min(count, len(rank) - 1))[min(count, len(rank) - 1)]
    return np.asarray(rank <= last, np.bool_)


def _rank(ends: Int64, score: Float64) -> Int64:
    """How many of its end's other edges have a higher score, (edges,)."""
    order = np.lexsort((-score, ends))
    rank = np.empty_like(order)
    sorted_ends = ends[order]
    rank[order] = np.arange(len(ends)) - np.searchsorted(sorted_ends, sorted_ends)
    return rank
