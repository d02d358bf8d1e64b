"""Where rules could not be kept, or somebody has nobody: the least that would let everybody in.

A way is a set of steps. It is offered only if the problem with all of them taken was solved.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from time import perf_counter
from typing import Any

import numpy as np

from matcher.cohort import (
    CannotCombine,
    Infeasible,
    Limits,
    Objective,
    Problem,
    Relaxation,
    Slack,
    SolverConfig,
    Unsettled,
    cost,
    diagnose,
    solve,
)
from matcher.models import Kind
from matcher.services.cohort_blob import Bar, CohortArrays
from matcher.services.cohort_easing import Step, applied, can_be_taken, gentler, step, steps_of
from matcher.services.cohort_problem import build
from matcher.services.cohort_settling import combinable, to_problem
from matcher.services.cohort_words import Outcome
from matcher.wording import N_, Message

_SECONDS = 5.0
"""For one diagnosis, and for trying one way."""
_ALL_SECONDS = 20.0
"""After which no other way is tried."""
_MOST = 5
"""How many ways are worth reading."""
_EVERYBODY = frozenset(Slack) - {Slack.DEMAND_LEAST}
"""What may give way: not that somebody is let in, which is what is sought."""
_AS_THEY_ARE = _EVERYBODY - {Slack.BARRED, Slack.LOCKED}
"""The same, where decisions about pairs stand."""
Cost = tuple[int, int]
Way = tuple[Cost, list[Step]]


def ways_of(outcome: Outcome, dropped: Sequence[str], seed: int) -> list[dict[str, Any]]:
    """Other rules and decisions under which all rules would be kept and nobody left out who could have
    somebody, the cheapest first, as `Proposal.ways` keeps them; none if that is so already."""
    config = SolverConfig(seed=seed, seconds=_SECONDS, alternatives=_MOST)
    until = perf_counter() + _ALL_SECONDS
    found: dict[str, Way] = {}
    for price, first in _beginnings(outcome, dropped):
        for way in _led_to(outcome, price, first, config, until):
            found.setdefault(repr([each["action"] for each in way[1]]), way)
    ranked = sorted(found.values(), key=lambda way: way[0])
    return [{"steps": steps, "cost": price[0]} for price, steps in ranked[:_MOST]]


def _beginnings(outcome: Outcome, dropped: Sequence[str]) -> Iterator[Way]:
    """Rules to change first, and what that costs: none, a lower promise, another objective."""
    yield (0, 0), []
    rules = outcome.decisions.rules
    if outcome.candidates.kind is Kind.MENTOR and rules.mentors_least > 1:
        short = np.flatnonzero(outcome.counts < outcome.arrays.demand_least)
        count = max(1, int(outcome.counts[short].min(initial=rules.mentors_least)))
        if count < rules.mentors_least:
            lowered = [Relaxation(Slack.DEMAND_LEAST, row, float(rules.mentors_least - count))
                       for row in short.tolist()]  # fmt: skip
            message = Message(N_("promise %(count)d mentors to each start-up instead"), {"count": count})
            yield cost(lowered), [step(message, kind="rule", rule="mentors_least", value=count)]
    if dropped:
        message = Message(N_("seek the best total instead of stable pairs"))
        yield (1, 0), [step(message, kind="rule", rule="objective", value=Objective.TOTAL.value)]


def _led_to(
    outcome: Outcome, price: Cost, first: list[Step], config: SolverConfig, until: float
) -> Iterator[Way]:
    """Ways that begin with these steps and were tried."""
    decisions = applied(outcome.decisions, first)
    start = replace(outcome, decisions=decisions, arrays=build(outcome.candidates, decisions))
    for relaxations in _relaxations(start, config):
        steps = [*first, *steps_of(start, relaxations)]
        dearer = cost(relaxations)
        if steps and perf_counter() < until and _is_enough(outcome, steps, config):
            yield (price[0] + dearer[0], price[1] + dearer[1]), _eased(outcome, steps, config, until)


def _eased(outcome: Outcome, steps: list[Step], config: SolverConfig, until: float) -> list[Step]:
    """The steps, each in the least measure that is enough beside the others."""
    for at, one in enumerate(steps):
        others = gentler(outcome, one)
        low, high = 0, len(others)  # whatever is enough, more is as well
        while low < high and perf_counter() < until:
            middle = (low + high) // 2
            if _is_enough(outcome, [*steps[:at], others[middle], *steps[at + 1 :]], config):
                high = middle
            else:
                low = middle + 1
        steps = [*steps[:at], *others[high : high + 1], *steps[at + (high < len(others)) :]]
    return steps


def _relaxations(start: Outcome, config: SolverConfig) -> list[tuple[Relaxation, ...]]:
    """What would have to give, as far as a manager can make it; an empty set if nothing has to."""
    problem = replace(_whole(start.arrays), objective=Objective.TOTAL)
    for allowed in (_EVERYBODY, _AS_THEY_ARE):
        try:
            found = diagnose(problem, config, allowed)
        except (Infeasible, Unsettled):
            continue
        ways = [found.relaxations, *found.alternatives]
        ways = [way for way in ways if all(can_be_taken(start, each) for each in way)]
        if ways:
            return ways
    return []


def _whole(arrays: CohortArrays) -> Problem:
    """The problem in which everybody has what is promised, or somebody, as far as anybody is eligible."""
    problem = to_problem(arrays)
    eligible = arrays.bar != Bar.INELIGIBLE
    has = np.bincount(problem.demand[eligible], minlength=len(problem.demands.most))
    is_there = problem.demands.most > 0
    least = np.minimum(np.where(is_there, np.maximum(problem.demands.least, 1), problem.demands.least), has)
    return replace(problem, demands=Limits(least, problem.demands.most), spared=least == 0)


def _is_enough(outcome: Outcome, steps: Sequence[Step], config: SolverConfig) -> bool:
    """Whether the next run would keep all rules if these steps were taken."""
    try:
        decisions = applied(outcome.decisions, steps)
        problem = _whole(build(outcome.candidates, decisions))
        if problem.objective is not Objective.STABLE:
            problem = replace(problem, objective=Objective.TOTAL)
        elif combinable(problem, np.zeros(0))[1]:
            return False
        solve(problem, config)
    except (CannotCombine, Infeasible, Unsettled, ValueError):
        return False
    return True
