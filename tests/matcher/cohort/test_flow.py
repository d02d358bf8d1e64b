"""Whole-cohort pairs: against brute force on small cohorts, and what must hold on all."""

from functools import cache
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.sparse import csr_array

from matcher.cohort import Limits, Problem, Solution, solve

Pairs = dict[tuple[int, int], int]
Most = list[int]
THOUSANDTHS = 1000
LARGE = 10**9  # a limit that nobody reaches


def assign(demand, supply, score, wanted: int | Most, capacity: int | Most) -> Solution:
    limits = []
    for ends, most in ((demand, wanted), (supply, capacity)):
        each = [most] * (int(ends.max(initial=-1)) + 1) if isinstance(most, int) else most
        limits.append(Limits(np.zeros(len(each), np.int64), np.array(each, dtype=np.int64)))
    none = np.zeros(len(demand), np.bool_)
    return solve(Problem(demand, supply, score, *limits, barred=none, locked=none))


def best(pairs: Pairs, wanted: int | Most, capacity: int | Most) -> Solution:
    """Scores are in thousandths, so that a sum of them can be compared exactly."""
    ends = np.array(list(pairs), dtype=np.int64).reshape(-1, 2)
    score = np.array(list(pairs.values()), dtype=np.float64) / THOUSANDTHS
    return assign(ends[:, 0], ends[:, 1], score, wanted, capacity)


def chosen(pairs: Pairs, found: Solution) -> list[tuple[int, int]]:
    return sorted(list(pairs)[position] for position in found.edges)


def brute_force(pairs: Pairs, wanted: Most, capacity: Most) -> tuple[int, int]:
    """Most pairs, and the largest total of so many, by trying every choice of each founder in turn."""

    @cache
    def rest(founder: int, places: tuple[int, ...]) -> tuple[int, int]:
        if founder == len(wanted):
            return 0, 0
        allowed = [mentor for mentor in range(len(capacity)) if (founder, mentor) in pairs and places[mentor]]
        found = []
        for count in range(min(wanted[founder], len(allowed)) + 1):
            for mentors in combinations(allowed, count):
                left = tuple(place - (mentor in mentors) for mentor, place in enumerate(places))
                made, total = rest(founder + 1, left)
                found.append((made + count, total + sum(pairs[founder, mentor] for mentor in mentors)))
        return max(found)

    return rest(0, tuple(capacity))


@st.composite
def cohorts(draw: st.DrawFn) -> tuple[Pairs, Most, Most]:
    """At most 5 x 5, with any pairs forbidden, people without places, and many ties."""
    wanted = draw(st.lists(st.integers(0, 3), min_size=1, max_size=5))
    capacity = draw(st.lists(st.integers(0, 3), min_size=1, max_size=5))
    every = [(founder, mentor) for founder in range(len(wanted)) for mentor in range(len(capacity))]
    allowed = draw(st.permutations(draw(st.lists(st.sampled_from(every), unique=True))))
    scores = draw(st.sampled_from([st.integers(-3, 3), st.integers(-900_000, 900_000), st.integers(0, 999)]))
    return {pair: draw(scores) for pair in allowed}, wanted, capacity


@settings(max_examples=300, deadline=None)
@given(cohorts())
def test_no_choice_has_more_pairs_nor_as_many_and_a_larger_total(
    cohort: tuple[Pairs, Most, Most],
) -> None:
    pairs, wanted, capacity = cohort
    found = best(pairs, wanted, capacity)
    assert (len(found.edges), round(found.total * THOUSANDTHS)) == brute_force(pairs, wanted, capacity)
    assert found.is_optimal


@settings(max_examples=100, deadline=None)
@given(cohorts())
def test_every_pair_is_allowed_and_made_once_and_no_limit_is_passed(
    cohort: tuple[Pairs, Most, Most],
) -> None:
    pairs, wanted, capacity = cohort
    found = best(pairs, wanted, capacity)
    made = chosen(pairs, found)
    assert len(set(made)) == len(made)
    for side, limits in enumerate((wanted, capacity)):
        counts = np.bincount([pair[side] for pair in made], minlength=len(limits))
        assert np.all(counts <= limits)
    assert found.covered == len({founder for founder, _ in made})
    assert found.total == pytest.approx(sum(pairs[pair] for pair in made) / THOUSANDTHS, abs=1e-9)


@settings(max_examples=100, deadline=None)
@given(cohorts(), st.randoms(use_true_random=False))
def test_the_order_of_the_edges_changes_nothing(cohort: tuple[Pairs, Most, Most], random) -> None:
    pairs, wanted, capacity = cohort
    order = list(pairs)
    random.shuffle(order)
    shuffled = {pair: pairs[pair] for pair in order}
    one, other = best(pairs, wanted, capacity), best(shuffled, wanted, capacity)
    assert chosen(pairs, one) == chosen(shuffled, other)
    assert one.total == other.total


@pytest.mark.parametrize("scale", [1e-30, 1e-3, 1.0, 1e9, 1e60])
@pytest.mark.parametrize("shift", [-2.0, 0.0, 5.0])
def test_scores_of_any_size_and_sign_come_within_the_resolution(scale: float, shift: float) -> None:
    draws = np.random.default_rng(5).normal(shift, 1, size=(5, 5))
    pairs = {(int(f), int(m)): 0 for f, m in np.ndindex(5, 5)}
    ends = np.array(list(pairs), dtype=np.int64)
    found = assign(ends[:, 0], ends[:, 1], scale * draws.ravel(), wanted=2, capacity=2)
    exact = {pair: round(draws[pair] * 10**12) for pair in pairs}
    made, total = brute_force(exact, [2] * 5, [2] * 5)
    assert len(found.edges) == made == 10
    assert found.resolution <= 1e-8 * scale * np.ptp(draws)
    assert found.total == pytest.approx(scale * total / 10**12, abs=found.resolution * made)


def test_many_pairs_of_negative_score_beat_few_of_positive() -> None:
    pairs = {(0, 0): 900_000, (0, 1): -900_000, (1, 0): -900_000}
    found = best(pairs, 1, 1)
    assert chosen(pairs, found) == [(0, 1), (1, 0)]
    assert found.total == -1800.0


def test_in_the_trap_of_two_by_two_both_are_paired_though_one_pair_is_forbidden() -> None:
    pairs = {(0, 0): 500, (0, 1): 500, (1, 0): 500}  # taking (0, 0) would leave founder 1 alone
    found = best(pairs, 1, 1)
    assert chosen(pairs, found) == [(0, 1), (1, 0)]
    assert found.covered == 2


def test_each_one_has_a_limit_of_their_own() -> None:
    pairs = {(founder, mentor): 10 * founder + mentor for founder in range(3) for mentor in range(3)}
    found = best(pairs, [0, 1, 2], [0, 2, LARGE])
    assert chosen(pairs, found) == [(1, 2), (2, 1), (2, 2)]
    assert found.covered == 2


def test_one_number_is_a_limit_for_all() -> None:
    pairs = {(founder, mentor): founder * mentor for founder in range(4) for mentor in range(4)}
    each = best(pairs, [2] * 4, [3] * 4)
    assert chosen(pairs, best(pairs, 2, 3)) == chosen(pairs, each)
    assert len(each.edges) == 8


def test_nobody_can_be_paired_where_no_pair_is_allowed() -> None:
    for wanted, capacity in ((1, 1), ([2, 2], [1]), ([], [])):
        found = best({}, wanted, capacity)
        assert (len(found.edges), found.total, found.covered) == (0, 0.0, 0)
        assert found.edges.dtype == np.int64


def test_people_without_pairs_are_left_alone() -> None:
    pairs = {(1, 3): 700}
    found = best(pairs, [1, 1, 1], [1, 1, 1, 1, 1])
    assert chosen(pairs, found) == [(1, 3)]
    assert found.covered == 1


def test_equal_scores_have_no_resolution() -> None:
    found = best({(0, 0): 400, (1, 1): 400}, 1, 1)
    assert (found.total, found.resolution) == (0.8, 0.0)


def test_a_larger_cohort_has_the_size_and_total_of_a_linear_programme() -> None:
    rng = np.random.default_rng(3)
    founders, mentors = np.nonzero(rng.random((60, 30)) < 0.2)
    score, wanted, capacity = rng.normal(size=len(founders)), rng.integers(0, 4, 60), rng.integers(0, 6, 30)
    found = assign(founders, mentors, score, wanted=wanted, capacity=capacity)
    each = np.arange(len(founders))
    rows = np.concatenate([founders, 60 + mentors])
    sides = csr_array((np.ones(len(rows)), (rows, np.concatenate([each, each]))))
    limits = {"A_ub": sides, "b_ub": np.concatenate([wanted, capacity]), "bounds": (0, 1)}
    most = linprog(-np.ones(len(founders)), **limits)
    best = linprog(-score, A_eq=np.ones((1, len(founders))), b_eq=[-most.fun], **limits)
    assert len(found.edges) == round(-most.fun)
    assert found.total == pytest.approx(-best.fun, abs=1e-6)
