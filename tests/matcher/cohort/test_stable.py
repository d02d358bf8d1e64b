"""Stable choices: no two who would rather have each other, by a checker of its own."""

from dataclasses import replace

import numpy as np
import pytest

from matcher.cohort import (
    MINIMUMS,
    CannotCombine,
    Infeasible,
    Limits,
    Objective,
    Problem,
    Slack,
    diagnose,
    force,
    relax,
    solve,
)
from tests.matcher.cohort.instances import problem, random_problem, shuffled


def ranked(rng: np.random.Generator, given: Problem) -> Problem:
    """With strict ranks on both sides, and only rules that stability can keep."""
    demands, supplies = Limits(0 * given.demands.least, given.demands.most), given.supplies
    return replace(
        given,
        demands=demands,
        supplies=Limits(0 * supplies.least, supplies.most),
        quotas=(),
        floor=None,
        objective=Objective.STABLE,
        demand_rank=rng.permutation(len(given.demand)),
        supply_rank=rng.permutation(len(given.demand)),
    )


def blocking(given: Problem, edges: np.ndarray) -> list[int]:
    """Pairs that are not made, though each end has room or would give up a pair that is not locked."""
    made = set(edges.tolist())

    def would(ends: np.ndarray, most: np.ndarray, rank: np.ndarray, edge: int) -> bool:
        own = [each for each in made if ends[each] == ends[edge]]
        worse = [each for each in own if rank[each] > rank[edge] and not given.locked[each]]
        return bool(worse) or len(own) < most[ends[edge]]

    return [
        edge
        for edge in range(len(given.demand))
        if edge not in made
        and not given.barred[edge]
        and would(given.demand, given.demands.most, given.demand_rank, edge)
        and would(given.supply, given.supplies.most, given.supply_rank, edge)
    ]


@pytest.mark.parametrize("seed", range(6))
def test_nobody_would_leave_a_pair_for_another_who_would_too(seed: int) -> None:
    rng = np.random.default_rng([5, seed])
    solved = 0
    while solved < 180:
        given = ranked(rng, random_problem(rng, 8, 30))
        try:
            found = solve(given)
        except Infeasible:
            assert given.locked.any()
            continue
        solved += 1
        made = np.zeros(len(given.demand), np.bool_)
        made[found.edges] = True
        assert made[given.locked].all()
        assert not made[given.barred].any()
        for ends, limits in ((given.demand, given.demands), (given.supply, given.supplies)):
            assert np.all(np.bincount(ends[made], minlength=len(limits.most)) <= limits.most)
        assert blocking(given, found.edges) == []
        moved, order = shuffled(given, rng)
        assert np.array_equal(found.edges, np.sort(order[solve(moved).edges]))


def test_the_demand_side_has_the_best_it_can_have_in_any_stable_choice() -> None:
    pairs = {(0, 0): 0.0, (0, 1): 0.0, (1, 0): 0.0, (1, 1): 0.0}
    ranks = {"demand_rank": np.array([0, 1, 1, 0]), "supply_rank": np.array([1, 0, 0, 1])}
    found = solve(problem(pairs, [1, 1], [1, 1], objective=Objective.STABLE, **ranks))
    assert found.edges.tolist() == [0, 3]
    assert found.solver == "deferred acceptance"


STABLE = {
    "objective": Objective.STABLE,
    "demand_rank": np.array([0, 0]),
    "supply_rank": np.array([0, 1]),
}
TWO_FOR_ONE = {(0, 0): 0.5, (1, 0): 0.9}


def test_an_unmet_minimum_is_infeasible_and_lowering_it_is_the_remedy() -> None:
    given = problem(TWO_FOR_ONE, [1, 1], [1], least=[0, 1], **STABLE)
    with pytest.raises(Infeasible):
        solve(given)
    found = diagnose(given, allowed=MINIMUMS)
    assert [(each.slack, each.position) for each in found.relaxations] == [(Slack.DEMAND_LEAST, 1)]
    assert found.blocked.tolist() == [1]
    assert solve(relax(given, found.relaxations)).edges.tolist() == [0]


def test_a_forced_pair_is_made_although_the_ranks_are_against_it() -> None:
    given = problem(TWO_FOR_ONE, [1, 1], [1], **STABLE)
    assert solve(given).edges.tolist() == [0]
    assert force(given, 1).edges.tolist() == [1]


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ({"load": [1]}, "supplies.least"),
        ({"floor": 0.1}, "floor"),
        ({"quotas": [([(0, 0)], 1)]}, "quotas"),
        ({"load": [1], "floor": 0.1}, "supplies.least, floor"),
    ],
)
def test_rules_that_cannot_be_combined_with_stability_are_named(rules: dict, said: str) -> None:
    given = problem(TWO_FOR_ONE, [1, 1], [1], **rules, **STABLE)
    for ask in (solve, diagnose):
        with pytest.raises(CannotCombine, match=f"stable cannot be combined with {said}"):
            ask(given)
