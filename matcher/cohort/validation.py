"""Arrays that make no problem are refused, with the first position that breaks a rule."""

import numpy as np

from matcher.cohort.problem import Bool, Float64, Int64, Limits, Objective, Problem, Quota

_MOST_PEOPLE = 2**31 - 6  # OR-tools numbers nodes in 32 bits, and flows need a few of their own
_MOST_SCORE = 1e100


def check(problem: Problem) -> None:
    """Raise ValueError, naming the first position that breaks what `Problem` asks of its arrays."""
    demand, supply, score = problem.demand, problem.supply, problem.score
    if not (demand.ndim == 1 and demand.shape == supply.shape == score.shape):
        raise ValueError("demand, supply and score must be one-dimensional and of one length")
    _check_side("demand", demand, "demands", problem.demands)
    _check_side("supply", supply, "supplies", problem.supplies)
    people = len(problem.demands.most) + len(problem.supplies.most)
    if people > _MOST_PEOPLE:
        raise ValueError(f"{people} people are more than {_MOST_PEOPLE}")
    _refuse("score", score, ~(np.abs(score) < _MOST_SCORE), f"a number under {_MOST_SCORE:g} in magnitude")
    _check_flags("barred", problem.barred, len(demand))
    _check_flags("locked", problem.locked, len(demand))
    for number, quota in enumerate(problem.quotas):
        _check_quota(f"quotas[{number}]", quota, len(demand))
    _check_fairness(problem)
    if problem.objective is Objective.STABLE:
        _check_ranks("demand_rank", problem.demand_rank, len(demand))
        _check_ranks("supply_rank", problem.supply_rank, len(demand))


def canonical_order(demand: Int64, supply: Int64, suppliers: int) -> Int64 | None:
    """Positions by demand, then supply, so that ties break alike in any order; None if already so.

    Raises:
        ValueError: an edge is there twice.
    """
    key = demand * suppliers + supply
    if np.all(key[1:] > key[:-1]):
        return None
    order: Int64 = np.argsort(key, kind="stable")
    twins = np.flatnonzero(key[order[1:]] == key[order[:-1]])
    if twins.size:
        later = int(order[twins + 1].min())
        raise ValueError(f"edge {later}, ({demand[later]}, {supply[later]}), is there already")
    return order


def _refuse(name: str, values: Int64 | Float64, bad: Bool, rule: str) -> None:
    if bad.any():
        first = int(bad.argmax())
        raise ValueError(f"{name}[{first}] is {values[first]}; it must be {rule}")


def _check_side(name: str, ends: Int64, limit_name: str, limits: Limits) -> None:
    if any(array.dtype.kind != "i" for array in (ends, limits.least, limits.most)):
        raise ValueError(f"{name} and {limit_name} must be whole numbers")
    if not limits.least.ndim == limits.most.ndim == 1 or limits.least.shape != limits.most.shape:
        raise ValueError(f"{limit_name}.least and .most must be one-dimensional and of one length")
    _refuse(name, ends, ends < 0, "0 or more")
    _refuse(f"{limit_name}.least", limits.least, limits.least < 0, "0 or more")
    _refuse(f"{limit_name}.most", limits.most, limits.most < 0, "0 or more")
    people = len(limits.most)
    _refuse(name, ends, ends >= people, f"under {people}, the length of {limit_name}")


def _check_flags(name: str, flags: Bool, length: int) -> None:
    if flags.dtype != np.bool_ or flags.shape != (length,):
        raise ValueError(f"{name} must be bool, of one length with {length} values")


def _check_quota(name: str, quota: Quota, edges: int) -> None:
    if quota.edges.dtype.kind != "i" or quota.edges.ndim != 1:
        raise ValueError(f"{name}.edges must be whole numbers, one-dimensional")
    outside = (quota.edges < 0) | (quota.edges >= edges)
    _refuse(f"{name}.edges", quota.edges, outside, f"0 or more and under {edges}, the number of edges")
    if len(np.unique(quota.edges)) < len(quota.edges):
        raise ValueError(f"{name}.edges has an edge twice")
    if quota.least < 0 or (quota.most is not None and quota.most < 0):
        raise ValueError(f"{name} is {quota.least} to {quota.most}; both must be 0 or more")


def _check_fairness(problem: Problem) -> None:
    people = len(problem.demands.most)
    if problem.floor is not None and not abs(problem.floor) < _MOST_SCORE:
        raise ValueError(f"floor is {problem.floor}; it must be a number under {_MOST_SCORE:g} in magnitude")
    if problem.spared is not None:
        _check_flags("spared", problem.spared, people)
    if problem.leeway is not None:
        if problem.leeway.shape != (people,):
            raise ValueError(f"leeway must be one-dimensional, with {people} values")
        _refuse("leeway", problem.leeway, ~(problem.leeway >= 0), "0 or more")


def _check_ranks(name: str, ranks: Int64 | None, edges: int) -> None:
    if ranks is None or ranks.shape != (edges,) or ranks.dtype.kind != "i":
        raise ValueError(f"{name} must be whole numbers, one for each edge, for the objective 'stable'")
