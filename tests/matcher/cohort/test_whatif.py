"""A pair insisted on."""

import numpy as np
import pytest

from matcher.cohort import force, solve
from tests.matcher.cohort.instances import problem

PAIRS = {(0, 0): 0.9, (0, 1): 0.3, (1, 0): 0.8, (1, 1): 0.1}


def test_a_forced_pair_is_made_and_the_others_are_the_best_around_it() -> None:
    given = problem(PAIRS, [1, 1], [1, 1])
    before, after = solve(given), force(given, 0)
    assert before.edges.tolist() == [1, 2]
    assert after.edges.tolist() == [0, 3]
    assert after.total - before.total == pytest.approx(-0.1)
    assert np.setdiff1d(before.edges, after.edges).tolist() == [1, 2]


def test_even_a_barred_pair_can_be_forced() -> None:
    given = problem(PAIRS, [1, 1], [1, 1], barred=[(1, 1)])
    assert 3 in force(given, 3).edges


def test_coverage_may_fall_by_what_is_forced() -> None:
    given = problem({(0, 0): 0.9, (0, 1): 0.3, (1, 0): 0.8}, [1, 1], [1, 1])
    assert solve(given).covered == 2
    assert force(given, 0).covered == 1


def test_a_pair_for_which_locks_leave_no_room_cannot_be_forced() -> None:
    assert force(problem(PAIRS, [1, 1], [1, 1], locked=[(0, 0)]), 1) is None


def test_there_must_be_such_an_edge() -> None:
    with pytest.raises(ValueError, match="no edge 4"):
        force(problem(PAIRS, [1, 1], [1, 1]), 4)
