"""Proposals for a whole cohort at once. The only importer of OR-tools and HiGHS."""

from matcher.cohort.config import SolverConfig
from matcher.cohort.problem import (
    MINIMUMS,
    CannotCombine,
    Diagnosis,
    Infeasible,
    Limits,
    Objective,
    Problem,
    Quota,
    Relaxation,
    Slack,
    Solution,
    Unsettled,
)
from matcher.cohort.solving import solve

__all__ = [
    "MINIMUMS",
    "CannotCombine",
    "Diagnosis",
    "Infeasible",
    "Limits",
    "Objective",
    "Problem",
    "Quota",
    "Relaxation",
    "Slack",
    "Solution",
    "SolverConfig",
    "Unsettled",
    "solve",
]
