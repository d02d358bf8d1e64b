"""Why no choice keeps all rules, and the least that would have to give."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from matcher.cohort.config import SolverConfig
from matcher.cohort.elastic import Place, Question, smallest
from matcher.cohort.elastic_flow import is_carried, smallest_by_flow
from matcher.cohort.large import promising
from matcher.cohort.network import network
from matcher.cohort.problem import (
    MINIMUMS,
    Diagnosis,
    Infeasible,
    Int64,
    Limits,
    Objective,
    Problem,
    Relaxation,
    Slack,
    Unsettled,
)
from matcher.cohort.programme import Clock
from matcher.cohort.relaxing import cost, relax
from matcher.cohort.solving import canonical
from matcher.cohort.stable import propose, refuse_rules
from matcher.cohort.validation import check

_SHORT = 0.5  # seconds with which no other set is begun
_OF_EDGES = (Slack.BARRED, Slack.LOCKED)
_OF_DEMAND = (Slack.DEMAND_LEAST, Slack.DEMAND_MOST, Slack.FLOOR)
Found = tuple[list[Relaxation], bool]


def diagnose(
    problem: Problem, config: SolverConfig | None = None, allowed: frozenset[Slack] = frozenset(Slack)
) -> Diagnosis:
    """The fewest relaxations, of kinds in `allowed`, under which `solve` finds a choice; none if it does now.

    The size of a set counts steps: a pair more or fewer at one person or quota, a barred or locked pair let
    in or go, a person under the floor. Between sets of one size, minimums give way before rules that need
    consent (`COST`). Under `STABLE`, people who are short of pairs in every stable choice have their minimum
    lowered to what they get; that stability could also be had otherwise is not looked into.

    Raises:
        Infeasible: no set of the kinds allowed will do. With `MINIMUMS`, only if locked pairs alone break
            maximums or bars.
        Unsettled: the time ended before any set was found.
        CannotCombine, ValueError: as `solve`.
    """
    check(problem)
    config = config or SolverConfig()
    ordered, order = canonical(problem)
    clock = Clock(config.seconds)
    if problem.objective is Objective.STABLE:
        diagnosis = _stable(ordered, config, allowed, clock)
    else:
        diagnosis = _diagnosed(ordered, config, allowed, clock)
    return diagnosis if order is None else _moved(diagnosis, order)


def _diagnosed(problem: Problem, config: SolverConfig, allowed: frozenset[Slack], clock: Clock) -> Diagnosis:
    found, is_smallest = _needed(Question(problem, allowed), config, clock)
    if not found:
        return Diagnosis((), is_smallest=is_smallest)
    sets = {_key(each): each for each in _others(problem, config, allowed, found, clock) if each}
    sets.pop(_key(found), None)
    ranked = sorted(sets.values(), key=lambda each: (cost(each), _key(each)))
    return Diagnosis(
        relaxations=tuple(found),
        alternatives=tuple(tuple(each) for each in ranked[: config.alternatives]),
        blocked=_blocked(problem, config, found, clock),
        is_smallest=is_smallest,
    )


def _needed(question: Question, config: SolverConfig, clock: Clock) -> Found:
    found = _smallest(question, config, clock)
    if found is None:
        raise Infeasible("no relaxation of the kinds allowed makes a choice possible")
    return found


def _smallest(question: Question, config: SolverConfig, clock: Clock) -> Found | None:
    """A smallest set of relaxations, by the solver that the rules ask for."""
    problem = question.problem
    if is_carried(problem):
        by_flow = smallest_by_flow(question)
        return None if by_flow is None else (by_flow, True)
    if len(problem.demand) <= config.exact_edges:
        return smallest(question, config, clock)
    # A set that suffices for some of the pairs does for all; only that it is a smallest is lost.
    keep = promising(problem, config.exact_edges)
    found = smallest(replace(question, ignored=~keep), config, clock)
    return None if found is None else (found[0], False)


def _others(
    problem: Problem, config: SolverConfig, allowed: frozenset[Slack], found: list[Relaxation], clock: Clock
) -> Iterator[list[Relaxation]]:
    """Sets of one kind each, and sets without the rules that those before made give way."""
    for slack in sorted(allowed):
        yield _tried(Question(problem, {slack}), config, clock)
    kept: frozenset[Place] = frozenset()
    for _ in range(config.alternatives):
        kept |= {(each.slack, each.position) for each in found}
        found = _tried(Question(problem, allowed, kept), config, clock)
        if not found:
            return
        yield found


def _tried(question: Question, config: SolverConfig, clock: Clock) -> list[Relaxation]:
    """A smallest set, or none: alternatives are worth no more time than is left."""
    try:
        found = _smallest(question, config, clock) if clock.left() > _SHORT else None
    except Unsettled:
        return []
    return found[0] if found else []


def _key(relaxations: list[Relaxation]) -> tuple[tuple[str, int, float], ...]:
    return tuple(sorted((each.slack.value, each.position, each.amount) for each in relaxations))


def _blocked(problem: Problem, config: SolverConfig, found: list[Relaxation], clock: Clock) -> Int64:
    """Who goes short if only minimums give way; if they cannot, whom the relaxations found are about."""
    short = _tried(Question(problem, MINIMUMS), config, clock)
    people = {each.position for each in short or found if each.slack in _OF_DEMAND}
    people |= {int(problem.demand[each.position]) for each in short or found if each.slack in _OF_EDGES}
    return np.array(sorted(people), dtype=np.int64)


def _stable(problem: Problem, config: SolverConfig, allowed: frozenset[Slack], clock: Clock) -> Diagnosis:
    refuse_rules(problem)
    nobody_must = Limits(np.zeros_like(problem.demands.least), problem.demands.most)
    free = replace(problem, demands=nobody_must)
    found, is_smallest = _needed(Question(free, allowed), config, clock)
    free = relax(free, found)
    net = network(free)
    ends = np.concatenate([net.demand[propose(free, net)], free.demand[net.locked]])
    short = problem.demands.least - np.bincount(ends, minlength=len(net.base))
    blocked = np.flatnonzero(short > 0)
    if blocked.size and Slack.DEMAND_LEAST not in allowed:
        raise Infeasible("minimums are not met in any stable choice, and they may not give way")
    lowered = [Relaxation(Slack.DEMAND_LEAST, int(at), float(short[at])) for at in blocked]
    return Diagnosis((*found, *lowered), blocked=blocked, is_smallest=is_smallest)


def _moved(diagnosis: Diagnosis, order: Int64) -> Diagnosis:
    """With positions of edges as they were given."""

    def moved(relaxations: tuple[Relaxation, ...]) -> tuple[Relaxation, ...]:
        return tuple(
            replace(each, position=int(order[each.position])) if each.slack in _OF_EDGES else each
            for each in relaxations
        )

    alternatives = tuple(moved(each) for each in diagnosis.alternatives)
    return replace(diagnosis, relaxations=moved(diagnosis.relaxations), alternatives=alternatives)
