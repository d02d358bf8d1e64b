"""Proposals for a whole cohort at once. The only importer of OR-tools and HiGHS."""

from matcher.cohort.config import SolverConfig
from matcher.cohort.diagnosis import diagnose
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
from matcher.cohort.relaxing import cost, relax
from matcher.cohort.solving import solve
from matcher.cohort.whatif import force

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
    "cost",
    "diagnose",
    "force",
    "relax",
    "solve",
]
