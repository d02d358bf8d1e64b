"""Choices under all rules: against two oracles, and what must hold whatever the problem."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.sparse import coo_array, vstack

from matcher.cohort import Infeasible, Limits, Objective, Problem, Solution, SolverConfig, Unsettled, solve
from tests.matcher.cohort.instances import THOUSANDTHS, problem, random_problem, shuffled
from tests.matcher.cohort.oracles import Best, by_enumeration, by_programme

BATCHES = 10


def answer(given: Problem) -> Best | None:
    """As the oracles put it, once it is seen that the choice keeps every rule."""
    try:
        found = solve(given)
    except Infeasible:
        return None
    assert found.is_optimal
    assert found.gap == 0
    check_rules(given, found)
    has_worst = given.objective is Objective.FAIREST and (given.spared is None or not given.spared.all())
    worst = round(found.worst_off * THOUSANDTHS) if has_worst else None
    return len(found.edges), worst, round(found.total * THOUSANDTHS)


def check_rules(given: Problem, found: Solution) -> None:
    made = np.zeros(len(given.demand), np.bool_)
    made[found.edges] = True
    assert np.all(np.diff(found.edges) > 0)
    assert made[given.locked].all()
    assert not made[given.barred].any()
    for ends, limits in ((given.demand, given.demands), (given.supply, given.supplies)):
        counts = np.bincount(ends[made], minlength=len(limits.most))
        assert np.all((limits.least <= counts) & (counts <= limits.most))
    for quota in given.quotas:
        assert quota.least <= made[quota.edges].sum()
        assert quota.most is None or made[quota.edges].sum() <= quota.most
    sums = np.zeros(len(given.demands.most))
    np.add.at(sums, given.demand[made], given.score[made])
    watched = sums if given.spared is None else sums[~given.spared]
    assert found.worst_off == pytest.approx(watched.min() if watched.size else 0, abs=1e-9)
    assert given.floor is None or watched.min(initial=np.inf) >= given.floor - 1e-6
    assert found.covered == len(np.unique(given.demand[made]))
    assert found.total == pytest.approx(given.score[made].sum(), abs=1e-9)


@pytest.mark.parametrize("seed", range(BATCHES))
def test_no_choice_of_all_that_can_be_enumerated_is_better(seed: int) -> None:
    rng = np.random.default_rng([1, seed])
    for _ in range(180):
        given = random_problem(rng, 7, 14)
        assert answer(given) == by_enumeration(given), given


@pytest.mark.parametrize("seed", range(BATCHES))
def test_a_plain_programme_finds_nothing_better_in_larger_cohorts(seed: int) -> None:
    rng = np.random.default_rng([2, seed])
    for largest in (10, 20, 60):
        for _ in range(12):
            given = random_problem(rng, largest, 4 * largest)
            assert answer(given) == by_programme(given), given


def test_the_two_oracles_agree() -> None:
    rng = np.random.default_rng(3)
    for _ in range(60):
        given = random_problem(rng, 5, 10)
        assert by_enumeration(given) == by_programme(given), given


@pytest.mark.parametrize("objective", [Objective.TOTAL, Objective.FAIREST])
def test_in_the_trap_of_two_by_two_both_are_paired_though_one_pair_is_barred(objective: Objective) -> None:
    pairs = {(0, 0): 0.5, (0, 1): 0.5, (1, 0): 0.5, (1, 1): 0.5}
    found = solve(problem(pairs, [1, 1], [1, 1], barred=[(1, 1)], objective=objective))
    assert found.edges.tolist() == [1, 2]
    assert found.covered == 2


def test_coverage_comes_before_scores_of_any_sign() -> None:
    pairs = {(0, 0): 900.0, (0, 1): -900.0, (1, 0): -900.0}
    for objective in (Objective.TOTAL, Objective.FAIREST):
        found = solve(problem(pairs, [1, 1], [1, 1], objective=objective))
        assert found.edges.tolist() == [1, 2]
        assert found.worst_off == -900.0


@pytest.mark.parametrize("objective", [Objective.TOTAL, Objective.FAIREST])
@pytest.mark.parametrize("most", [1, 2])
def test_scores_too_small_beside_others_to_be_told_apart_leave_a_gap(objective: Objective, most: int) -> None:
    pairs = {(0, 0): 1e12, (1, 1): 1.0, (1, 2): 2.0, (2, 1): 0.3, (2, 2): 0.4}
    found = solve(problem(pairs, [most, most, 1], [1, 1, 1], objective=objective))
    missing = 1e12 + 2.3 - found.total
    assert not found.is_optimal
    assert missing <= found.gap < 1e6

    exact = {pair: float(round(score)) for pair, score in pairs.items() if score >= 1 and pair != (0, 0)}
    found = solve(problem({**exact, (0, 0): 1e9}, [1, 1], [1, 1, 1]))
    assert (found.is_optimal, found.total) == (True, 1e9 + 2)


def test_the_worst_off_comes_before_the_total() -> None:
    pairs = {(0, 0): 0.9, (0, 1): 0.4, (1, 0): 0.5, (1, 1): 0.1}
    assert solve(problem(pairs, [1, 1], [1, 1])).total == pytest.approx(1.0)
    fair = solve(problem(pairs, [1, 1], [1, 1], objective=Objective.FAIREST))
    assert (fair.worst_off, fair.total) == pytest.approx((0.4, 0.9))


def test_the_sum_counts_and_not_the_single_pair() -> None:
    pairs = {(0, 0): 0.9, (0, 1): 0.1, (0, 2): 0.5, (1, 0): 0.6, (1, 1): 0.5, (1, 2): 0.5}
    found = solve(problem(pairs, [2, 2], [1, 2, 1], objective=Objective.FAIREST))
    assert found.worst_off == pytest.approx(1.0)


def test_whoever_is_spared_does_not_hold_the_others_back() -> None:
    pairs = {(0, 0): 0.9, (0, 1): 0.4, (1, 0): 0.5}
    given = problem(pairs, [1, 1, 1], [1, 1], objective=Objective.FAIREST)
    assert solve(given).worst_off == 0
    spared = np.array([False, False, True])
    assert solve(replace(given, spared=spared)).worst_off == pytest.approx(0.4)


@pytest.mark.parametrize("seed", range(4))
def test_the_order_of_the_edges_changes_no_pair(seed: int) -> None:
    rng = np.random.default_rng([4, seed])
    for _ in range(40):
        given = random_problem(rng, 8, 30)
        moved, order = shuffled(given, rng)
        try:
            one = solve(given).edges
        except Infeasible:
            with pytest.raises(Infeasible):
                solve(moved)
            continue
        assert np.array_equal(one, np.sort(order[solve(moved).edges]))
        assert np.array_equal(one, solve(given).edges)


@pytest.mark.parametrize("places", [2, 4])
def test_the_fairest_of_a_dense_cohort_has_the_bound_of_the_relaxation(places: int) -> None:
    given = dense(40, 60, 3, places, seed=5)
    found = solve(given)
    assert found.is_optimal
    assert found.worst_off <= relaxed_bound(given) + 1e-6
    assert found.worst_off == pytest.approx(relaxed_bound(given), abs=2e-3)
    assert "HiGHS" in found.solver


@pytest.mark.parametrize("places", [2, 4])
def test_a_cohort_too_large_for_exact_methods_gets_a_choice_and_an_honest_gap(places: int) -> None:
    given = dense(40, 60, 3, places, seed=5)
    best, quick = solve(given), solve(given, SolverConfig(exact_edges=1))
    check_rules(given, quick)
    assert len(quick.edges) == len(best.edges)
    assert quick.worst_off == pytest.approx(best.worst_off, rel=0.02)
    assert quick.gap + 1e-6 >= max(best.worst_off - quick.worst_off, 0)
    if best.worst_off - quick.worst_off < 1e-9:
        assert quick.gap + 1e-6 >= best.total - quick.total


def test_random_cohorts_taken_as_too_large_keep_all_rules_and_never_claim_too_much() -> None:
    rng = np.random.default_rng(8)
    made = 0
    for _ in range(150):
        given = random_problem(rng, 7, 25)
        found = answer_of_large(given)
        if found is None:
            continue
        made += 1
        check_rules(given, found)
        pairs, worst, total = by_programme(given)
        assert len(found.edges) == pairs or found.gap == np.inf
        short = (worst or 0) / THOUSANDTHS - (found.worst_off if worst is not None else 0)
        assert found.gap + 1e-6 >= short
        if short < 1e-9 and len(found.edges) == pairs:
            assert found.gap + 1e-6 >= total / THOUSANDTHS - found.total
        assert not found.is_optimal or (short < 1e-6 and found.total * THOUSANDTHS > total - 0.5)
    assert made > 60


def answer_of_large(given: Problem) -> Solution | None:
    try:
        return solve(given, SolverConfig(exact_edges=1 if not given.quotas else 12, seconds=5))
    except (Infeasible, Unsettled):
        return None


def test_when_the_time_is_over_the_gap_is_stated() -> None:
    given = dense(60, 90, 3, 2, seed=6)
    found = solve(given, SolverConfig(seconds=0.05))
    check_rules(given, found)
    assert not found.is_optimal
    assert found.gap > 0


def test_the_solver_is_named_by_what_the_rules_ask_for() -> None:
    pairs = {(0, 0): 0.5, (0, 1): 0.4}
    group = [((0, 0), (0, 1))]
    names = {
        "min-cost flow": {"wants": [2]},
        "threshold bisection": {"wants": [1], "objective": Objective.FAIREST},
        "mixed-integer": {"wants": [2], "quotas": [(*group, 1, 1)]},
    }
    for name, rules in names.items():
        given = problem(pairs, rules.pop("wants"), [1, 1], **rules)
        assert solve(given).solver.startswith(name)


def dense(demands: int, supplies: int, pairs: int, places: int, seed: int) -> Problem:
    """Every pair has a score, by a mentor's popularity and a start-up's difficulty."""
    rng = np.random.default_rng(seed)
    score = 0.6 * rng.beta(3, 3, (demands, supplies)) + 0.3 * rng.beta(2, 4, supplies)
    score -= 0.3 * rng.beta(2, 5, (demands, 1))
    demand, supply = (ends.ravel() for ends in np.indices(score.shape))
    none = np.zeros(score.size, np.bool_)
    limits = Limits.of(demands, most=pairs), Limits.of(supplies, most=places)
    return Problem(demand, supply, score.ravel(), *limits, none, none, objective=Objective.FAIREST)


def relaxed_bound(given: Problem) -> float:
    """The worst-off's best if pairs could be made in part, by scipy."""
    each, people = np.arange(len(given.demand)), len(given.demands.most)
    shape = len(each) + 1
    by_demand = coo_array((np.ones(len(each)), (given.demand, each)), (people, shape))
    by_supply = coo_array((np.ones(len(each)), (given.supply, each)), (len(given.supplies.most), shape))
    sums = coo_array((given.score, (given.demand, each)), (people, shape)).tolil()
    sums[:, -1] = -1
    rows = vstack([by_demand, by_supply, -sums])
    most = np.concatenate([given.demands.most, given.supplies.most, np.zeros(people)])
    count = np.append(np.ones(len(each)), 0)[None]
    bounds = [(0, 1)] * len(each) + [(None, None)]
    pairs = min(given.demands.most.sum(), given.supplies.most.sum())
    found = linprog(np.append(np.zeros(len(each)), -1), rows, most, count, [pairs], bounds)
    return -found.fun
