"""Exact choices by network flow, for rules that a flow can carry.

A transportation problem, solved by cost-scaling min-cost flow (Goldberg, "An Efficient Implementation of a
Scaling Minimum-Cost Flow Algorithm", J. Algorithms 22, 1997) as OR-tools implements it. Coverage comes before
any score by construction: the number of pairs is found first and then held. A bonus a pair would do the same
only by eating the integers that tell scores apart.

Minimums never cost a pair: augmenting a flow that keeps them takes nothing from anybody, so some largest flow
keeps them if any flow does (Ford and Fulkerson, "Flows in Networks", 1962, II.2; for matchings: Mendelsohn
and Dulmage, 1958). They become supplies of nodes by the classic reduction (Ahuja, Magnanti and Orlin,
"Network Flows", 1993, 6.7).
"""

from math import ceil, log10

import numpy as np
from ortools.graph.python.max_flow import SimpleMaxFlow
from ortools.graph.python.min_cost_flow import SimpleMinCostFlow

from matcher.cohort.network import Network
from matcher.cohort.problem import Bool, Float64, Infeasible, Int64

_MOST_LEVELS = 10**9  # nine digits are more than a score means; finer costs take longer


def costs(score: Float64, people: int) -> tuple[Int64, float]:
    """Scores as costs, 0 for the best, and the power of ten that they were rounded to.

    Scores are rounded to between a 1e-8th and a 1e-9th of their range (a 1e-7th and a 1e-8th among 120 000
    people); decimals of so many digits are exact. Potentials sink by less than nodes x nodes x the largest
    cost while the solver scales, and must fit in 63 bits; hence fewer levels among very many people.
    """
    top = score.max(initial=-np.inf)
    span = float(top - score.min(initial=np.inf)) if score.size else 0.0
    if span == 0:
        return np.zeros(len(score), dtype=np.int64), 0.0
    levels = max(1, min(_MOST_LEVELS, 2**62 // (people + 6) ** 2))
    digits = min(300, -ceil(log10(span) - log10(levels)))
    below = top - score
    # Powers of ten are exact only as whole numbers, so never by multiplying with a negative one.
    scaled = below * 10.0**digits if digits >= 0 else below / 10.0**-digits
    cost = np.rint(scaled).astype(np.int64)
    common = max(1, int(np.gcd.reduce(cost)))  # smaller costs are solved sooner
    return cost // common, 10.0**-digits


def most_pairs(net: Network) -> int:
    """How many free pairs can be made at most, whatever the minimums."""
    demands, supplies = len(net.demands.most), len(net.supplies.most)
    source, sink = demands + supplies, demands + supplies + 1
    tails = (net.demand, np.full(demands, source), demands + np.arange(supplies))
    heads = (net.supply + demands, np.arange(demands), np.full(supplies, sink))
    return _largest(
        tails, heads, (np.ones(len(net.demand)), net.demands.most, net.supplies.most), source, sink
    )


def can_make(net: Network, pairs: int) -> bool:
    """Whether `pairs` free pairs can be made so that all minimums are kept."""
    if _is_short(net, pairs):
        return False
    if _minimums_follow(net, pairs):
        return most_pairs(net) == pairs
    tails, heads, places, supply = _balanced(net, pairs)
    source = len(supply)
    giving, taking = np.flatnonzero(supply > 0), np.flatnonzero(supply < 0)
    tails = np.concatenate([tails, np.full(len(giving), source), taking])
    heads = np.concatenate([heads, giving, np.full(len(taking), source + 1)])
    places = np.concatenate([places, supply[giving], -supply[taking]])
    wanted = int(supply[giving].sum())
    return _largest((tails,), (heads,), (places,), source, source + 1) == wanted


def cheapest(net: Network, pairs: int | None = None) -> tuple[Bool, float]:
    """Free pairs of the largest total among choices of `pairs` (the most, if None), and the resolution.

    Returns:
        bool (free,), and the unit to which scores were rounded.

    Raises:
        Infeasible: so many pairs cannot be made with all minimums kept.
    """
    people = len(net.demands.most) + len(net.supplies.most)
    cost, resolution = costs(net.score, people)
    if pairs is not None and _is_short(net, pairs):
        raise Infeasible("minimums ask for more pairs than there are")
    if pairs is None or _minimums_follow(net, pairs):
        return _largest_cheapest(net, cost, pairs), resolution
    tails, heads, places, supply = _balanced(net, pairs)
    used = _solve(tails, heads, places, np.pad(cost, (0, len(tails) - len(cost))), supply, exact=True)
    return used[: len(cost)] > 0, resolution


def _largest_cheapest(net: Network, cost: Int64, pairs: int | None) -> Bool:
    """bool (free,), the cheapest of the largest flows; Infeasible if it has not `pairs`."""
    supply = np.concatenate([net.demands.most, -net.supplies.most])
    heads = net.supply + len(net.demands.most)
    used = _solve(net.demand, heads, np.ones(len(heads), np.int64), cost, supply, exact=False) > 0
    if pairs is not None and used.sum() != pairs:
        raise Infeasible("so many pairs cannot be made")
    return used


def _is_short(net: Network, pairs: int) -> bool:
    """Whether minimums alone already rule `pairs` out, with no need of a flow."""
    sides = (net.demands, net.supplies)
    return any((side.least > side.most).any() or side.least.sum() > pairs for side in sides)


def _minimums_follow(net: Network, pairs: int) -> bool:
    """Whether a flow of so many pairs keeps all minimums, because all who have one are full anyway."""
    if net.supplies.least.any():
        return False
    return not net.demands.least.any() or pairs == int(net.demands.most.sum())


def _balanced(net: Network, pairs: int) -> tuple[Int64, Int64, Int64, Int64]:
    """Arcs and supplies whose feasible flows are the choices of exactly `pairs` with all minimums kept.

    Returns:
        Tail, head and capacity of each arc, int64 (arcs,), the free pairs first; supply of each node.
    """
    demands, supplies = len(net.demands.most), len(net.supplies.most)
    source, sink = demands + supplies, demands + supplies + 1
    tails = np.concatenate([net.demand, np.full(demands, source), demands + np.arange(supplies)])
    heads = np.concatenate([net.supply + demands, np.arange(demands), np.full(supplies, sink)])
    rest = (net.demands.most - net.demands.least, net.supplies.most - net.supplies.least)
    places = np.concatenate([np.ones(len(net.demand), np.int64), *rest])
    ends = [pairs - net.demands.least.sum(), net.supplies.least.sum() - pairs]
    return tails, heads, places, np.concatenate([net.demands.least, -net.supplies.least, ends])


def _largest(
    tails: tuple[Int64, ...],
    heads: tuple[Int64, ...],
    places: tuple[Int64 | Float64, ...],
    source: int,
    sink: int,
) -> int:
    """The value of a largest flow."""
    flow = SimpleMaxFlow()
    flow.add_arcs_with_capacity(
        np.concatenate(tails).astype(np.int32),
        np.concatenate(heads).astype(np.int32),
        np.concatenate(places).astype(np.int64),
    )
    status = flow.solve(source, sink)
    if status != SimpleMaxFlow.OPTIMAL:
        raise RuntimeError(f"the maximum flow ended as {status.name}")
    return int(flow.optimal_flow())


def _solve(tails: Int64, heads: Int64, places: Int64, cost: Int64, supply: Int64, *, exact: bool) -> Int64:
    """Flow of each arc: of all supplies if `exact`, else as much as fits; then the cheapest.

    Raises:
        Infeasible: not all supplies can flow, and must.
        RuntimeError: OR-tools found no optimum for another reason, which no input is known to cause.
    """
    if not tails.size:
        return np.empty(0, np.int64)
    flow = SimpleMinCostFlow()
    arcs = flow.add_arcs_with_capacity_and_unit_cost(
        tails.astype(np.int32), heads.astype(np.int32), places, cost
    )
    flow.set_nodes_supplies(np.arange(len(supply), dtype=np.int32), supply)
    status = flow.solve() if exact else flow.solve_max_flow_with_min_cost()
    if exact and status == SimpleMinCostFlow.INFEASIBLE:
        raise Infeasible("so many pairs cannot be made with all minimums kept")
    if status != SimpleMinCostFlow.OPTIMAL:
        raise RuntimeError(f"the min-cost flow ended as {status.name}")
    used: Int64 = flow.flows(arcs)
    return used
