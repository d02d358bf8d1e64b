"""Infeasible problems: what the diagnosis says would do does, and nothing smaller would."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from matcher.cohort import (
    MINIMUMS,
    Infeasible,
    Limits,
    Problem,
    Relaxation,
    Slack,
    SolverConfig,
    diagnose,
    relax,
    solve,
)
from tests.matcher.cohort.instances import problem, random_problem, shuffled
from tests.matcher.cohort.oracles import by_enumeration, keeps

ALL = {(founder, mentor): 0.1 * founder + 0.2 * mentor + 0.2 for founder in range(3) for mentor in range(3)}
ONE = {(0, 0): 0.5, (1, 0): 0.6, (2, 0): 0.7}  # three founders, one mentor
APART = {(0, 0): 0.5, (1, 1): 0.6}
BARRED_APART = problem(APART, [1] * 2, [1] * 2, least=[0, 1], load=[0, 1], barred=[(1, 1)])

KINDS: dict[str, tuple[Problem, int]] = {
    "more founders than places": (problem(ONE, [1] * 3, [2], least=[1] * 3), 1),
    "a founder whom nobody fits": (problem(APART, [1] * 3, [1] * 2, least=[1] * 3), 1),
    "a founder whose only pair is barred": (
        problem(APART, [1] * 2, [1] * 2, least=[1] * 2, barred=[(1, 1)]),
        1,
    ),
    "a minimum over the number of mentors": (problem(ALL, [4] * 3, [3] * 3, least=[4, 0, 0]), 1),
    "a minimum over the maximum": (problem(ALL, [1] * 3, [3] * 3, least=[2, 0, 0]), 1),
    "a mentor's minimum that no founder is left for": (problem(ALL, [1] * 3, [3] * 3, load=[2] * 3), 3),
    "a mentor's minimum whom no pair is left": (
        problem(APART, [1] * 2, [1] * 2, load=[1] * 2, barred=[(0, 0)]),
        1,
    ),
    "a mentor's minimum over their capacity": (problem(ONE, [1] * 3, [1], load=[2]), 1),
    "locks over a mentor's capacity": (problem(ONE, [1] * 3, [1], locked=[(0, 0), (1, 0)]), 1),
    "locks over a founder's maximum": (problem(ALL, [1] * 3, [3] * 3, locked=[(0, 0), (0, 1), (0, 2)]), 2),
    "a lock on a barred pair": (problem(APART, [1] * 2, [1] * 2, locked=[(0, 0)], barred=[(0, 0)]), 1),
    "a lock that takes another's only place": (
        problem(ONE, [1] * 3, [1], locked=[(0, 0)], least=[0, 1, 0]),
        1,
    ),
    "a quota with too few pairs": (problem(APART, [1] * 2, [1] * 2, quotas=[([(0, 0)], 2)]), 1),
    "a quota whose pairs are barred": (
        problem(ALL, [1] * 3, [3] * 3, quotas=[([(0, 0), (0, 1)], 1)], barred=[(0, 0), (0, 1)]),
        1,
    ),
    "a quota's maximum under what is locked": (
        problem(ALL, [1] * 3, [3] * 3, quotas=[([(0, 0), (1, 1)], 0, 1)], locked=[(0, 0), (1, 1)]),
        1,
    ),
    "a quota's minimum over its maximum": (problem(ALL, [1] * 3, [3] * 3, quotas=[(list(ALL), 3, 2)]), 1),
    "two quotas that want the same place": (
        problem(ONE, [1] * 3, [1], quotas=[([(0, 0)], 1), ([(1, 0)], 1)]),
        1,
    ),
    "a quota's maximum against everybody's minimum": (
        problem(ALL, [1] * 3, [3] * 3, least=[1] * 3, quotas=[(list(ALL), 0, 1)]),
        2,
    ),
    "a floor that no single pair reaches": (problem(ALL, [1] * 3, [3] * 3, floor=0.7), 1),
    "a floor that only some can have": (problem(ONE, [1] * 3, [2], floor=0.1), 1),
    "a floor over sums of several pairs": (problem(ALL, [2] * 3, [2] * 3, floor=1.05), 1),
    "a lock that keeps somebody under the floor": (
        problem(ALL, [1] * 3, [1] * 3, floor=0.25, locked=[(0, 0)]),
        1,
    ),
    "a founder who must have two and can have none": (problem(APART, [2] * 3, [2] * 2, least=[0, 0, 2]), 2),
    "a bar that leaves two minimums unmet": (BARRED_APART, 1),
    "a bar that leaves two minimums unmet, and a floor": (replace(BARRED_APART, floor=-1.0), 1),
    "several rules at once": (
        problem(ONE, [1] * 3, [1], least=[1] * 3, locked=[(0, 0)], quotas=[([(1, 0), (2, 0)], 1)]),
        2,
    ),
}


def steps(relaxations: tuple[Relaxation, ...]) -> int:
    return sum(1 if each.slack is Slack.FLOOR else round(each.amount) for each in relaxations)


def atoms(given: Problem) -> Iterator[tuple[Relaxation, ...]]:
    """Each single step; a floor gives way altogether, and minimums as often as they count."""
    sides = (
        (given.demands, given.demand, Slack.DEMAND_LEAST, Slack.DEMAND_MOST),
        (given.supplies, given.supply, Slack.SUPPLY_LEAST, Slack.SUPPLY_MOST),
    )
    for limits, ends, least, most in sides:
        for person in range(len(limits.most)):
            yield from [(Relaxation(least, person),)] * int(limits.least[person])
            yield from [(Relaxation(most, person),)] * int((ends == person).sum())
    for slack, flags in ((Slack.BARRED, given.barred), (Slack.LOCKED, given.locked)):
        yield from ((Relaxation(slack, int(edge)),) for edge in np.flatnonzero(flags))
    for number, quota in enumerate(given.quotas):
        yield from [(Relaxation(Slack.QUOTA_LEAST, number),)] * quota.least
        if quota.most is not None:
            yield from [(Relaxation(Slack.QUOTA_MOST, number),)] * len(quota.edges)
    if given.floor is not None:
        yield from ((Relaxation(Slack.FLOOR, person, 100.0),) for person in range(len(given.demands.most)))


def smaller_suffices(given: Problem, size: int) -> bool:
    """Whether any set of fewer steps makes a choice possible, tried one by one."""
    every = [one for (one,) in atoms(given)]
    tried = set()
    for count in range(size):
        for chosen in combinations(every, count):
            if chosen not in tried:
                tried.add(chosen)
                if by_enumeration(relax(given, chosen)) is not None:
                    return True
    return False


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_becomes_feasible_by_the_smallest_set(kind: str) -> None:
    given, size = KINDS[kind]
    with pytest.raises(Infeasible):
        solve(given)
    found = diagnose(given)
    assert steps(found.relaxations) == size
    assert found.is_smallest
    assert not smaller_suffices(given, size)
    for relaxations in (found.relaxations, *found.alternatives):
        assert solve(relax(given, relaxations)).is_optimal
    sizes = [steps(each) for each in (found.relaxations, *found.alternatives)]
    assert sizes == sorted(sizes)


@pytest.mark.parametrize("kind", KINDS)
def test_minimums_alone_suffice_unless_locks_break_a_maximum_or_a_bar(kind: str) -> None:
    given, _ = KINDS[kind]
    if not locks_fit(given):
        with pytest.raises(Infeasible):
            diagnose(given, allowed=MINIMUMS)
        return
    found = diagnose(given, allowed=MINIMUMS)
    assert {each.slack for each in found.relaxations} <= MINIMUMS
    assert solve(relax(given, found.relaxations)).is_optimal


def locks_fit(given: Problem) -> bool:
    sides = ((given.demand, given.demands), (given.supply, given.supplies))
    return (
        not (given.locked & given.barred).any()
        and all(
            np.all(np.bincount(ends[given.locked], minlength=len(limits.most)) <= limits.most)
            for ends, limits in sides
        )
        and all(quota.most is None or given.locked[quota.edges].sum() <= quota.most for quota in given.quotas)
    )


def test_random_infeasible_problems_become_feasible_and_by_no_smaller_set() -> None:
    rng = np.random.default_rng(6)
    seen = 0
    while seen < 60:
        given = harder(random_problem(rng, 4, 8), rng)
        found = diagnose(given, SolverConfig(alternatives=2))
        assert bool(found.relaxations) == (by_enumeration(given) is None), given
        if not found.relaxations:
            continue
        seen += 1
        for relaxations in (found.relaxations, *found.alternatives):
            solve(relax(given, relaxations))
        if steps(found.relaxations) <= 2:
            assert not smaller_suffices(given, steps(found.relaxations)), given


def harder(given: Problem, rng: np.random.Generator) -> Problem:
    """With more locks, and minimums of two."""
    least = np.where(rng.random(len(given.demands.most)) < 0.3, 2, given.demands.least)
    locked = given.locked | (rng.random(len(given.locked)) < 0.1)
    return replace(given, demands=Limits(least, given.demands.most), locked=locked)


def test_a_problem_that_has_a_choice_needs_nothing() -> None:
    assert diagnose(problem(ALL, [1] * 3, [1] * 3, least=[1] * 3)).relaxations == ()


def test_alternatives_name_other_people_and_other_kinds() -> None:
    found = diagnose(problem(ONE, [1] * 3, [2], least=[1] * 3))
    assert found.relaxations == (Relaxation(Slack.DEMAND_LEAST, found.blocked[0]),)
    others = {(each.slack, each.position) for (each,) in found.alternatives}
    assert (Slack.SUPPLY_MOST, 0) in others
    assert len(others & {(Slack.DEMAND_LEAST, founder) for founder in range(3)}) == 2


def test_who_goes_short_is_named() -> None:
    found = diagnose(problem(APART, [1] * 3, [1] * 2, least=[1] * 3))
    assert found.blocked.tolist() == [2]


def test_only_kinds_that_are_allowed_give_way() -> None:
    given = problem(ONE, [1] * 3, [2], least=[1] * 3)
    found = diagnose(given, allowed=frozenset({Slack.SUPPLY_MOST}))
    assert found.relaxations == (Relaxation(Slack.SUPPLY_MOST, 0),)
    with pytest.raises(Infeasible):
        diagnose(given, allowed=frozenset({Slack.QUOTA_LEAST}))


def test_the_floor_gives_way_by_what_is_missing() -> None:
    given = problem(ONE, [1] * 3, [3], floor=0.65)
    found = diagnose(given, allowed=frozenset({Slack.FLOOR}))
    missing = {each.position: each.amount for each in found.relaxations}
    assert missing == pytest.approx({0: 0.15, 1: 0.05})


def test_positions_are_those_of_the_edges_as_given() -> None:
    rng = np.random.default_rng(7)
    given, _ = KINDS["a founder whose only pair is barred"]
    allowed = frozenset({Slack.BARRED})
    for _ in range(5):
        moved, order = shuffled(given, rng)
        (only,) = diagnose(moved, allowed=allowed).relaxations
        assert order[only.position] == 1


def test_a_cohort_too_large_for_exact_methods_still_gets_a_set_that_suffices() -> None:
    rng = np.random.default_rng(9)
    few = SolverConfig(exact_edges=20)
    needed = 0
    for _ in range(20):
        given = harder(random_problem(rng, 8, 60), rng)
        if given.floor is None and not given.quotas:
            continue
        found = diagnose(given, few)
        relaxed = relax(given, found.relaxations)
        assert keeps(relaxed, solve(relaxed).edges)
        needed += bool(found.relaxations) and not found.is_smallest
    assert needed, "some have no choice as they are, and are too large to look at all of"


@pytest.mark.parametrize(
    "wrong",
    [
        Relaxation(Slack.DEMAND_LEAST, 3),
        Relaxation(Slack.SUPPLY_MOST, -1),
        Relaxation(Slack.BARRED, 9),
        Relaxation(Slack.QUOTA_LEAST, 0),
        Relaxation(Slack.FLOOR, 0, -1.0),
    ],
)
def test_a_relaxation_of_nothing_is_refused(wrong: Relaxation) -> None:
    with pytest.raises(ValueError, match=wrong.slack.value):
        relax(problem(ALL, [1] * 3, [1] * 3), [wrong])
