"""A problem's rules as rows of a programme."""

from dataclasses import dataclass

import numpy as np

from matcher.cohort.config import SolverConfig
from matcher.cohort.network import TOLERANCE, floors_of
from matcher.cohort.problem import Float64, Infeasible, Int64, Problem
from matcher.cohort.programme import Clock, Programme


@dataclass(frozen=True, slots=True)
class Search:
    """A problem as a programme with a column for each edge that is not barred.

    Attributes:
        edges: int64 (columns,), positions of the edges.
        score: float64 (columns,), divided by `scale`, the largest in magnitude.
        watched: int64, the demand side but the spared.
        programme: its rows are limits, quotas and floors.
    """

    problem: Problem
    config: SolverConfig
    clock: Clock
    edges: Int64
    score: Float64
    scale: float
    watched: Int64
    programme: Programme

    def chosen(self, point: Float64) -> Int64:
        """Positions of the edges of a whole point."""
        return self.edges[np.rint(point[: len(self.edges)]) > 0]

    def sums(self, point: Float64) -> Float64:
        """What each watched person comes to at a whole point, scaled."""
        taken = np.rint(point[: len(self.edges)]) > 0
        people = len(self.problem.demands.most)
        sums = np.bincount(self.problem.demand[self.edges[taken]], self.score[taken], minlength=people)
        return np.asarray(sums[self.watched], np.float64)


def search_for(problem: Problem, config: SolverConfig, clock: Clock) -> Search:
    """The programme of a problem, whose gain is the number of pairs.

    Raises:
        Infeasible: a minimum exceeds a maximum, or a locked pair is barred.
    """
    if (problem.locked & problem.barred).any():
        raise Infeasible("a locked pair is barred")
    edges = np.flatnonzero(~problem.barred)
    count = len(edges)
    scale = float(np.abs(problem.score[edges]).max(initial=0.0)) or 1.0
    people = len(problem.demands.most)
    watched = np.arange(people) if problem.spared is None else np.flatnonzero(~problem.spared)
    locked = problem.locked[edges].astype(np.float64)
    programme = Programme(np.ones(count), locked, np.ones(count), np.ones(count, np.bool_))
    search = Search(problem, config, clock, edges, problem.score[edges] / scale, scale, watched, programme)
    _add_limits(search)
    _add_quotas(search)
    floors = floors_of(problem)
    bounded = np.flatnonzero(np.isfinite(floors))
    add_floors(search, programme, bounded, floors[bounded] / scale)
    return search


def _add_limits(search: Search) -> None:
    problem, columns = search.problem, np.arange(len(search.edges))
    for ends, limits in ((problem.demand, problem.demands), (problem.supply, problem.supplies)):
        if (limits.least > limits.most).any():
            raise Infeasible("a minimum exceeds a maximum")
        bounds = limits.least.astype(np.float64), limits.most.astype(np.float64)
        search.programme.add_rows(ends[search.edges], columns, np.ones(len(columns)), *bounds)


def _add_quotas(search: Search) -> None:
    place = np.full(len(search.problem.demand), -1)
    place[search.edges] = np.arange(len(search.edges))
    for quota in search.problem.quotas:
        most = np.inf if quota.most is None else quota.most
        if quota.least > most:
            raise Infeasible("a quota's minimum exceeds its maximum")
        columns = place[quota.edges]
        columns = columns[columns >= 0]
        search.programme.add_row(columns, np.ones(len(columns)), float(quota.least), float(most))


def add_floors(search: Search, programme: Programme, people: Int64, floors: Float64) -> None:
    """Rows that hold sums of people to scaled floors; less a column beyond the edges, if there is one."""
    place = np.full(len(search.problem.demands.most), -1)
    place[people] = np.arange(len(people))
    row = place[search.problem.demand[search.edges]]
    column = np.flatnonzero(row >= 0)
    row, value = row[column], search.score[column]
    beyond = len(search.edges)
    if len(programme.gain) > beyond:
        row = np.concatenate([row, np.arange(len(people))])
        column = np.concatenate([column, np.full(len(people), beyond)])
        value = np.concatenate([value, np.full(len(people), -1.0)])
    programme.add_rows(row, column, value, floors - TOLERANCE, np.full(len(people), np.inf))
