"""From a cohort's arrays to its pairs: solved as the rules have it, or as far as they can be kept."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from matcher.cohort import (
    MINIMUMS,
    CannotCombine,
    Infeasible,
    Limits,
    Objective,
    Problem,
    Quota,
    Relaxation,
    Slack,
    Solution,
    SolverConfig,
    Unsettled,
    diagnose,
    relax,
    solve,
)
from matcher.ranking.interaction import Int64
from matcher.services.cohort_blob import Bar, CohortArrays
from matcher.wording import N_, Message, Refusal

_WAITED = 1_000.0
"""What a round of waiting is worth where not all can be covered: more than a chain of lesser pairs costs."""


@dataclass(frozen=True, slots=True)
class Settled:
    """The pairs, the problem as it was solved in the end, and what was given up for it.

    `relaxed` counts in the arrays' terms; `dropped` names rules that the objective knows nothing of.
    """

    solution: Solution
    problem: Problem
    relaxed: tuple[Relaxation, ...] = ()
    dropped: tuple[str, ...] = ()


def to_problem(arrays: CohortArrays) -> Problem:
    """The arrays as the solver takes them, preferences and wishes added to the scores."""
    starts = np.cumsum(arrays.quota_counts)[:-1]
    parts: list[Any] = np.split(arrays.quota_edges, starts) if len(arrays.quota_counts) else []
    ranks = [
        None if not len(each) else each.astype(np.int64) for each in (arrays.demand_rank, arrays.supply_rank)
    ]
    return Problem(
        demand=arrays.demand,
        supply=arrays.supply.astype(np.int64),
        score=arrays.score.astype(np.float64) + arrays.bonus,
        demands=_limits(arrays.demand_least, arrays.demand_most),
        supplies=_limits(arrays.supply_least, arrays.supply_most),
        barred=arrays.bar != Bar.FREE,
        locked=arrays.locked,
        quotas=tuple(
            Quota(part.astype(np.int64), int(least))
            for part, least in zip(parts, arrays.quota_least, strict=True)
        ),
        floor=float(arrays.floor[0]) if len(arrays.floor) else None,
        objective=Objective(arrays.objective),
        demand_rank=ranks[0],
        supply_rank=ranks[1],
    )


def settle(arrays: CohortArrays, seed: int) -> Settled:
    """The best pairs that keep all rules; if none do, the best with as few minimums as possible given up.

    Everybody who can have somebody is given somebody before anyone is given a second. Where not all can,
    those who waited longest come first.

    Raises:
        Refusal: no answer was found in time.
    """
    config = SolverConfig(seed=seed)
    try:
        return _settled(to_problem(arrays), arrays.waiting.astype(np.float64), config)
    except Unsettled as error:
        message = N_("No proposal was found in %(seconds)d seconds. Try fewer quotas, or no floor.")
        raise Refusal(Message(message, {"seconds": round(config.seconds)})) from error


def _settled(problem: Problem, waiting: np.ndarray, config: SolverConfig) -> Settled:
    problem, dropped = combinable(problem, waiting)
    if problem.objective is Objective.STABLE:
        return replace(_lowered(problem, config), dropped=dropped)
    wanted = _with_least(problem, _wanted(problem))
    wanted = replace(wanted, spared=_spared(wanted))
    try:
        return Settled(solve(wanted, config), wanted)
    except Infeasible:
        pass
    if not (problem.supplies.least.any() or problem.quotas or problem.floor is not None):
        return _reported(problem, _covering(wanted, waiting, config), (), config)
    given = diagnose(wanted, _without_alternatives(config), MINIMUMS).relaxations
    others = tuple(each for each in given if each.slack is not Slack.DEMAND_LEAST)
    try:  # which of the start-ups go without is for their waiting to say, not for the diagnosis
        return _reported(problem, _covering(relax(wanted, others), waiting, config), others, config)
    except Infeasible:
        covering = relax(wanted, given)
        return _reported(problem, replace(covering, spared=_spared(covering)), others, config)


def _without_alternatives(config: SolverConfig) -> SolverConfig:
    """The same, without other sets of relaxations: only one is needed."""
    return config.model_copy(update={"alternatives": 0})


def combinable(problem: Problem, waiting: np.ndarray) -> tuple[Problem, tuple[str, ...]]:
    """Without the rules that stability cannot be bent to, which are named."""
    if problem.objective is not Objective.STABLE:
        return problem, ()
    plain = replace(
        problem,
        supplies=_limits(np.zeros_like(problem.supplies.least), problem.supplies.most),
        quotas=(),
        floor=None,
    )
    rules = {"startups_least": problem.supplies.least.any(), "quotas": problem.quotas,
             "floor": problem.floor is not None, "waiting": waiting.any()}  # fmt: skip
    return plain, tuple(name for name, is_set in rules.items() if is_set)


def _lowered(problem: Problem, config: SolverConfig) -> Settled:
    """A stable choice, with the minimums lowered of those who are short in all of them."""
    try:
        return Settled(solve(problem, config), problem)
    except Infeasible:
        given = diagnose(problem, _without_alternatives(config), MINIMUMS).relaxations
        problem = relax(problem, given)
        return Settled(solve(problem, config), problem, given)
    except CannotCombine as error:  # pragma: no cover - `combinable` took those rules out
        raise AssertionError(error.rules) from error


def _wanted(problem: Problem) -> Int64:
    """What each should have at least: what is promised, or else somebody, if there is anybody."""
    has = np.bincount(problem.demand[~problem.barred], minlength=len(problem.demands.most))
    somebody = np.minimum(has, np.minimum(1, problem.demands.most))
    return np.maximum(problem.demands.least, somebody)


def _covering(problem: Problem, waiting: np.ndarray, config: SolverConfig) -> Problem:
    """The problem with the minimums of those lowered who go short when the longest-waiting come first."""
    least = problem.demands.least
    met = np.zeros_like(least)
    for pairs in range(1, int(least.max(initial=0)) + 1):  # nobody gets a second before all have a first
        most = np.maximum(np.minimum(least, pairs), _held(problem))
        first = replace(
            problem,
            score=problem.score + _WAITED * waiting[problem.demand] if waiting.size else problem.score,
            demands=_limits(met, most),
            floor=None,
            objective=Objective.TOTAL,
        )
        chosen = solve(first, config).edges
        met = np.minimum(np.bincount(problem.demand[chosen], minlength=len(least)), np.minimum(least, pairs))
    covering = _with_least(problem, met)
    return replace(covering, spared=_spared(covering))


def _reported(
    problem: Problem, covering: Problem, others: tuple[Relaxation, ...], config: SolverConfig
) -> Settled:
    """Solved, with each start-up told of whose promised minimum was lowered."""
    missing = problem.demands.least - covering.demands.least
    lowered = [
        Relaxation(Slack.DEMAND_LEAST, int(at), float(missing[at])) for at in np.flatnonzero(missing > 0)
    ]
    return Settled(solve(covering, config), covering, (*others, *lowered))


def _spared(problem: Problem) -> np.ndarray:
    """Who is known to get nobody: fairness looks at the others."""
    return np.asarray(problem.demands.least == 0)


def _held(problem: Problem) -> Int64:
    return np.bincount(problem.demand[problem.locked], minlength=len(problem.demands.most)).astype(np.int64)


def _with_least(problem: Problem, least: Int64) -> Problem:
    return replace(problem, demands=_limits(least, problem.demands.most))


def _limits(least: np.ndarray, most: np.ndarray) -> Limits:
    return Limits(least.astype(np.int64), most.astype(np.int64))
