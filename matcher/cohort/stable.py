"""Pairs that no two would leave for each other: deferred acceptance.

Gale and Shapley, "College Admissions and the Stability of Marriage", 1962, in the many-to-many form with
responsive preferences (Roth, "Stability and Polarization of Interests in Job Matching", Econometrica 52,
1984). The demand side proposes, so each of it has the best it can have in any stable outcome. Ties of ranks
are broken by position. How many pairs each has is the same in every stable outcome (Roth, "On the Allocation
of Residents to Rural Hospitals", Econometrica 54, 1986): a minimum unmet here cannot be met at all.
"""

from heapq import heappush, heappushpop

import numpy as np

from matcher.cohort.network import Network, network
from matcher.cohort.problem import CannotCombine, Infeasible, Int64, Objective, Problem


def stable(problem: Problem) -> Int64:
    """Positions of the pairs, ascending, of a problem in canonical order.

    Raises:
        CannotCombine: the problem has rules that stability knows nothing of.
        Infeasible: locked pairs break limits, or somebody's minimum is not met.
    """
    refuse_rules(problem)
    net = network(problem)
    chosen = propose(problem, net)
    made = np.bincount(net.demand[chosen], minlength=len(net.base))
    if (made < net.demands.least).any():
        raise Infeasible("a minimum is not met in any stable choice")
    return np.sort(np.concatenate([net.locked, net.edges[chosen]]))


def refuse_rules(problem: Problem) -> None:
    """Raise CannotCombine if the problem has a rule that a stable choice cannot be bent to."""
    rules = {
        "supplies.least": bool(problem.supplies.least.any()),
        "quotas": bool(problem.quotas),
        "floor": problem.floor is not None,
    }
    if any(rules.values()):
        raise CannotCombine(Objective.STABLE, tuple(name for name, is_set in rules.items() if is_set))


def propose(problem: Problem, net: Network) -> Int64:
    """Positions among the free pairs, int64, ascending."""
    if problem.demand_rank is None or problem.supply_rank is None:
        raise ValueError("both sides' ranks are needed")
    order = np.lexsort((net.supply, problem.demand_rank[net.edges], net.demand))
    ends = np.searchsorted(net.demand[order], np.arange(len(net.base) + 1))
    wishes, upcoming, last = order.tolist(), ends[:-1].tolist(), ends[1:].tolist()
    supply, demand = net.supply.tolist(), net.demand.tolist()
    rank, most = problem.supply_rank[net.edges].tolist(), net.supplies.most.tolist()
    held: list[list[tuple[int, int, int]]] = [[] for _ in most]  # the worst on top: ranks are negated
    waiting = np.repeat(np.arange(len(net.base)), net.demands.most).tolist()
    while waiting:
        person = waiting.pop()
        if upcoming[person] == last[person]:
            continue
        edge = wishes[upcoming[person]]
        upcoming[person] += 1
        offer, taker = (-rank[edge], -person, edge), supply[edge]
        if len(held[taker]) < most[taker]:
            heappush(held[taker], offer)
        else:
            refused = heappushpop(held[taker], offer) if most[taker] else offer
            waiting.append(demand[refused[2]])
    return np.array(sorted(edge for offers in held for _, _, edge in offers), dtype=np.int64)
