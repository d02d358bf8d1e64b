"""Exact choices by HiGHS, for rules that no flow carries: quotas, and sums of several scores.

The worst-off's best is sought by its linear relaxation first, whose value is then tried as a floor under
everybody. "Maximise t" itself has a flat objective, over which branch and bound crawls; it is only asked if
that floor cannot be had.
"""

from dataclasses import dataclass

import numpy as np

from matcher.cohort.config import SolverConfig
from matcher.cohort.network import TOLERANCE
from matcher.cohort.problem import Float64, Infeasible, Int64, Objective, Problem, Unsettled
from matcher.cohort.programme import Clock, Outcome, Programme, Verdict
from matcher.cohort.search import Search, add_floors, search_for


@dataclass(frozen=True, slots=True)
class Choice:
    """Edges chosen, ascending positions; whether nothing better exists, and how far under the best else."""

    edges: Int64
    is_optimal: bool
    gap: float


def choose(problem: Problem, config: SolverConfig, clock: Clock, largest: Int64 | None = None) -> Choice:
    """The best choice under all rules of a problem in canonical order, `STABLE` apart.

    Args:
        largest: positions of a choice with the most pairs that keeps all rules, if one is known.

    Raises:
        Infeasible: proven that no choice keeps all rules.
        Unsettled: the time ended before there was any.
    """
    search = search_for(problem, config, clock)
    if largest is None:
        first = search.programme.solve(config, clock.left(0.5))
        start, is_largest = _point(first), first.verdict is Verdict.OPTIMAL
    else:
        start, is_largest = np.isin(search.edges, largest).astype(np.float64), True
    columns = np.arange(len(search.edges))
    pairs = float(np.rint(start).sum())
    search.programme.add_row(columns, np.ones(len(columns)), pairs, np.inf)
    search.programme.gain = search.score
    is_fairest = problem.objective is Objective.FAIREST and search.watched.size > 0
    choice = _fairest(search, start) if is_fairest else _best_total(search, start)
    return choice if is_largest else Choice(choice.edges, is_optimal=False, gap=np.inf)


def _point(outcome: Outcome) -> Float64:
    if outcome.verdict is Verdict.INFEASIBLE:
        raise Infeasible("no choice keeps all rules")
    if outcome.point is None:
        raise Unsettled("the time ended before a choice was found")
    return outcome.point


def _best_total(search: Search, start: Float64) -> Choice:
    """The largest total, from `start`, which is kept if nothing better is found in time."""
    outcome = search.programme.improve(start, search.config, search.clock.left())
    point = outcome.point
    if point is None:
        raise RuntimeError("HiGHS calls a programme infeasible that has a point")
    if outcome.verdict is Verdict.OPTIMAL:
        return Choice(search.chosen(point), is_optimal=True, gap=0.0)
    gap = max(0.0, outcome.bound - float(search.score @ np.rint(point)))
    return Choice(search.chosen(point), is_optimal=False, gap=gap * search.scale)


def _fairest(search: Search, start: Float64) -> Choice:
    """The largest worst-off, then the largest total at it; `start` has the most pairs."""
    even = _with_worst_off(search, np.inf)
    bound = even.solve(search.config, search.clock.left(0.5), relaxed=True).bound
    outcome = _at_floor(search, bound)
    if outcome.verdict is Verdict.OPTIMAL and outcome.point is not None:
        return Choice(search.chosen(outcome.point), is_optimal=True, gap=0.0)
    point, is_proven = outcome.point, outcome.point is not None
    if point is None:
        point, bound, is_proven = _most_even(search, start, bound)
    reached = float(search.sums(point).min())
    _hold(search, reached)
    choice = _best_total(search, point)
    if is_proven:
        return choice
    return Choice(choice.edges, is_optimal=False, gap=max(0.0, bound - reached) * search.scale)


def _hold(search: Search, floor: float) -> None:
    """Add the rows that keep everybody watched at `floor`."""
    add_floors(search, search.programme, search.watched, np.full(len(search.watched), floor))


def _with_worst_off(search: Search, bound: float) -> Programme:
    """ "Maximise t", in a column of its own that is under every watched sum and `bound`."""
    programme = search.programme.with_column(np.zeros(len(search.edges)), bound)
    add_floors(search, programme, search.watched, np.zeros(len(search.watched)))
    return programme


def _at_floor(search: Search, floor: float) -> Outcome:
    """The best total at which everybody watched has `floor`, as far as the time suffices."""
    if not np.isfinite(floor):
        return Outcome(Verdict.STOPPED, None, -np.inf, np.inf)
    _hold(search, floor)
    outcome = search.programme.solve(search.config, search.clock.left(0.4))
    search.programme.drop_rows()
    return outcome


def _most_even(search: Search, start: Float64, bound: float) -> tuple[Float64, float, bool]:
    """The whole point of the best worst-off that is found, what none exceeds, and whether it is proven."""
    programme = _with_worst_off(search, bound + TOLERANCE)
    begin = np.append(np.rint(start), search.sums(start).min())
    outcome = programme.improve(begin, search.config, search.clock.left(0.6))
    point = start if outcome.point is None else outcome.point[:-1]
    return point, min(bound, outcome.bound), outcome.verdict is Verdict.OPTIMAL
