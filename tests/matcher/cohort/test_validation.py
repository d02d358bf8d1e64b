"""Arrays that make no problem."""

from dataclasses import replace

import numpy as np
import pytest

from matcher.cohort import Limits, Objective, Problem, Quota, SolverConfig, diagnose, solve

GOOD = Problem(
    np.array([0, 1, 1]),
    np.array([0, 0, 1]),
    np.array([0.1, 0.2, 0.3]),
    Limits.of(2),
    Limits.of(2),
    np.zeros(3, np.bool_),
    np.zeros(3, np.bool_),
)


def limits(least: list[float], most: list[float]) -> Limits:
    return Limits(np.array(least), np.array(most))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"score": np.array([0.5, np.nan, 0.5])}, r"score\[1\] is nan"),
        ({"score": np.array([0.5, 0.5, -np.inf])}, r"score\[2\] is -inf"),
        ({"score": np.array([1e100, 0.5, 0.5])}, r"score\[0\]"),
        ({"score": np.array([0.5, 0.5])}, "one length"),
        ({"demand": np.array([0, -1, 1])}, r"demand\[1\] is -1"),
        ({"demand": np.array([0.0, 1.0, 1.0])}, "whole numbers"),
        ({"supply": np.array([0, 1, -7])}, r"supply\[2\] is -7"),
        ({"supply": np.array([0, 0, 0])}, r"edge 2, \(1, 0\), is there already"),
        ({"demands": Limits.of(1)}, r"demand\[1\] is 1; it must be under 1"),
        ({"demands": limits([0, 0], [1, -1])}, r"demands.most\[1\] is -1"),
        ({"demands": limits([0, -2], [1, 1])}, r"demands.least\[1\] is -2"),
        ({"demands": limits([0, 0], [1.0, 1.0])}, "whole numbers"),
        ({"demands": limits([0], [1, 1])}, "one length"),
        ({"supplies": limits([0, 0], [1, -2])}, r"supplies.most\[1\] is -2"),
        ({"supplies": Limits.of(1)}, r"supply\[2\] is 1; it must be under 1"),
        ({"barred": np.zeros(2, np.bool_)}, "barred must be bool"),
        ({"locked": np.zeros(3, np.int64)}, "locked must be bool"),
        ({"quotas": (Quota(np.array([0, 3])),)}, r"quotas\[0\].edges\[1\] is 3"),
        ({"quotas": (Quota(np.array([0])), Quota(np.array([1, 1])))}, r"quotas\[1\].edges has an edge twice"),
        ({"quotas": (Quota(np.array([0]), -1),)}, r"quotas\[0\] is -1 to None"),
        ({"floor": np.nan}, "floor is nan"),
        ({"spared": np.zeros(3, np.bool_)}, "spared must be bool"),
        ({"leeway": np.array([0.0, -1.0])}, r"leeway\[1\] is -1"),
        ({"objective": Objective.STABLE}, "demand_rank must be whole numbers"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(changed: dict, said: str) -> None:
    for ask in (solve, diagnose):
        with pytest.raises(ValueError, match=said):
            ask(replace(GOOD, **changed))


def test_a_configuration_has_bounds() -> None:
    for wrong in ({"seconds": 0}, {"exact_edges": 0}, {"alternatives": -1}):
        with pytest.raises(ValueError, match="greater than"):
            SolverConfig(**wrong)
