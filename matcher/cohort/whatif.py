"""What would become of the cohort if a manager insisted on a pair."""

from dataclasses import replace

from matcher.cohort.config import SolverConfig
from matcher.cohort.problem import Infeasible, Problem, Solution
from matcher.cohort.solving import solve


def force(problem: Problem, edge: int, config: SolverConfig | None = None) -> Solution | None:
    """The best choice with one pair made, even a barred one, and the others around it.

    Compared with the choice before, it says what "why not X with Y" asks: what total, worst-off and coverage
    would become, and which pairs would have to go. Locked pairs stay.

    Args:
        edge: the position of the pair among the problem's edges.

    Returns:
        The choice, or None if the other rules leave no room for the pair.

    Raises:
        ValueError: there is no such edge, or as `solve`.
        Unsettled, CannotCombine: as `solve`.
    """
    if not 0 <= edge < len(problem.demand):
        raise ValueError(f"there is no edge {edge}; there are {len(problem.demand)}")
    barred, locked = problem.barred.copy(), problem.locked.copy()
    barred[edge], locked[edge] = False, True
    try:
        return solve(replace(problem, barred=barred, locked=locked), config)
    except Infeasible:
        return None
