"""The best pairs of a whole cohort at once, by the solver that its rules ask for."""

from dataclasses import replace

import numpy as np

from matcher.cohort.config import SolverConfig
from matcher.cohort.fairest import fairest_floor
from matcher.cohort.flow import can_make, cheapest, most_pairs
from matcher.cohort.large import choose_among_best, choose_by_flows
from matcher.cohort.milp import Choice, choose
from matcher.cohort.network import Network, floors_of, network
from matcher.cohort.problem import Float64, Infeasible, Int64, Objective, Problem, Quota, Solution
from matcher.cohort.programme import ABSOLUTE_GAP, Clock
from matcher.cohort.stable import stable
from matcher.cohort.validation import canonical_order, check

_COARSE = 1e-4
"""Share of a usual score that rounding may hide where a choice is called optimal."""


def solve(problem: Problem, config: SolverConfig | None = None) -> Solution:
    """The best choice of pairs that keeps all rules.

    First, locked pairs are made, barred ones are not, and limits, quotas and the floor are kept. Of such
    choices, those with the most pairs, whatever the scores' sign; of those, the best by the objective. Under
    `STABLE` the pairs are stable instead, however many. The same edges in any order give the same pairs,
    under one version of the solvers, unless the time limit ended the search.

    Raises:
        Infeasible: no choice keeps all rules.
        Unsettled: the time ended before a choice, or a proof that there is none, was found.
        CannotCombine: `STABLE` with rules that it cannot keep.
        ValueError: naming the first position that breaks what `Problem` asks.
    """
    check(problem)
    ordered, order = canonical(problem)
    solution = _solved(ordered, config or SolverConfig())
    return solution if order is None else replace(solution, edges=np.sort(order[solution.edges]))


def canonical(problem: Problem) -> tuple[Problem, Int64 | None]:
    """The same problem with its edges by demand, then supply, and their positions in the one given.

    None for the positions if nothing moves. ValueError if an edge is there twice.
    """
    order = canonical_order(problem.demand, problem.supply, len(problem.supplies.most))
    if order is None:
        return problem, None
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    ranks = (problem.demand_rank, problem.supply_rank)
    by_demand, by_supply = (None if each is None else each[order] for each in ranks)
    moved = replace(
        problem,
        demand=problem.demand[order],
        supply=problem.supply[order],
        score=problem.score[order],
        barred=problem.barred[order],
        locked=problem.locked[order],
        quotas=tuple(replace(quota, edges=np.sort(place[quota.edges])) for quota in problem.quotas),
        demand_rank=by_demand,
        supply_rank=by_supply,
    )
    return moved, order


def _solved(problem: Problem, config: SolverConfig) -> Solution:
    if problem.objective is Objective.STABLE:
        return _measured(problem, Choice(stable(problem), is_optimal=True, gap=0.0), "deferred acceptance")
    problem = replace(problem, quotas=tuple(quota for quota in problem.quotas if not _is_idle(quota)))
    net = network(problem)
    if is_flow(problem, net):
        return _by_flow(problem, net)
    clock = Clock(config.seconds)
    if len(net.edges) <= config.exact_edges:
        choice = choose(problem, config, clock, _largest(problem, net))
        unit = ABSOLUTE_GAP * float(np.abs(net.score).max(initial=0.0))
        if choice.is_optimal and _is_coarse(net.score, unit):
            choice = replace(choice, is_optimal=False, gap=unit)
        return _measured(problem, choice, "mixed-integer programme (HiGHS)")
    if problem.quotas:
        choice = choose_among_best(problem, net, config, clock)
        return _measured(problem, choice, "mixed-integer programme (HiGHS) over the most promising pairs")
    choice = choose_by_flows(problem, net, config, clock)
    return _measured(problem, choice, "weighted min-cost flows with exchanges")


def _largest(problem: Problem, net: Network) -> Int64 | None:
    """A choice with the most pairs, if a flow can tell: so there is an answer however short the time."""
    if problem.quotas or problem.floor is not None:
        return None
    used, _ = cheapest(net, most_pairs(net))
    return np.concatenate([net.locked, net.edges[used]])


def _is_idle(quota: Quota) -> bool:
    return quota.least <= 0 and (quota.most is None or quota.most >= len(quota.edges))


def is_flow(problem: Problem, net: Network) -> bool:
    """Whether a flow can carry the rules: counts of pairs it can, sums of several scores it cannot."""
    has_sums = problem.floor is not None or problem.objective is Objective.FAIREST
    return not problem.quotas and (net.is_single or not has_sums)


def _by_flow(problem: Problem, net: Network) -> Solution:
    floors, solver = floors_of(problem), "min-cost flow"
    if problem.floor is not None:
        net = net.floored(floors)
    is_fairest = problem.objective is Objective.FAIREST
    if not (is_fairest or net.demands.least.any() or net.supplies.least.any()):
        return _from_flow(problem, net, None, solver)
    pairs = most_pairs(net)
    if is_fairest:
        if not can_make(net, pairs):
            raise Infeasible("so many pairs cannot be made with all minimums kept")
        net = net.floored(np.maximum(floors, fairest_floor(net, pairs)))
        solver = "threshold bisection on maximum flow, then min-cost flow"
    return _from_flow(problem, net, pairs, solver)


def _from_flow(problem: Problem, net: Network, pairs: int | None, solver: str) -> Solution:
    used, resolution = cheapest(net, pairs)
    edges = np.sort(np.concatenate([net.locked, net.edges[used]]))
    is_fine = not _is_coarse(net.score, resolution)
    choice = Choice(edges, is_optimal=is_fine, gap=0.0 if is_fine else resolution * int(used.sum()))
    return replace(_measured(problem, choice, solver), resolution=resolution)


def _is_coarse(score: Float64, unit: float) -> bool:
    """Whether what is smaller than `unit`, which no solver sees, matters beside a usual score.

    It does only where scores differ by many powers of ten, and are not all multiples of the unit.
    """
    sizes = np.abs(score[score != 0])
    if not sizes.size or unit <= _COARSE * float(np.median(sizes)):
        return False
    units = score / unit
    return not np.allclose(units, np.rint(units), rtol=0, atol=1e-6)


def _measured(problem: Problem, choice: Choice, solver: str) -> Solution:
    demand, score = problem.demand[choice.edges], problem.score[choice.edges]
    sums = np.zeros(len(problem.demands.most))
    np.add.at(sums, demand, score)
    watched = sums if problem.spared is None else sums[~problem.spared]
    return Solution(
        edges=choice.edges,
        total=float(score.sum()),
        worst_off=float(watched.min()) if watched.size else 0.0,
        covered=len(np.unique(demand)),
        solver=solver,
        is_optimal=choice.is_optimal,
        gap=choice.gap,
    )
