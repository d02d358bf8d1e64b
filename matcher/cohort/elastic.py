"""The smallest set of relaxations, as an elastic programme.

Every rule that may give way has a slack, and the fewest steps of slack are sought (Chinneck and Dravnieks,
"Locating Minimal Infeasible Constraint Sets in Linear Programs", ORSA J. Computing 3, 1991; here over whole
numbers, so that the set is a smallest one and not only irreducible). Between sets of one size, the cheaper.
"""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

import numpy as np

from matcher.cohort.config import SolverConfig
from matcher.cohort.network import floors_of
from matcher.cohort.problem import Bool, Float64, Int64, Limits, Problem, Relaxation, Slack, Unsettled
from matcher.cohort.programme import Clock, Programme, Verdict
from matcher.cohort.relaxing import COST

Place = tuple[Slack, int]
"""One rule of one kind: its slack and position."""


@dataclass(frozen=True, slots=True)
class Question:
    """What may give way: rules of kinds in `allowed`, but those `kept`; `ignored` edges are never made."""

    problem: Problem
    allowed: AbstractSet[Slack]
    kept: frozenset[Place] = frozenset()
    ignored: Bool | None = None

    def may(self, slack: Slack, positions: Int64) -> Int64:
        """Those of the positions whose rule may give way."""
        if slack not in self.allowed:
            return positions[:0]
        fixed = [position for kind, position in self.kept if kind is slack]
        return positions[~np.isin(positions, fixed)]


@dataclass(slots=True)
class _Columns:
    """Columns as they are added: the edges first, then slacks."""

    upper: list[Float64] = field(default_factory=list)
    price: list[Float64] = field(default_factory=list)
    tie: list[Float64] = field(default_factory=list)
    whole: list[bool] = field(default_factory=list)
    slacks: list[tuple[Slack, Int64, Int64]] = field(default_factory=list)
    count: int = 0

    def add(self, upper: Float64, price: Float64, tie: Float64, *, whole: bool = True) -> Int64:
        """Numbers of new columns from 0 to `upper`, with their steps and what they cost between equals."""
        self.upper.append(upper)
        self.price.append(price)
        self.tie.append(tie)
        self.whole.extend([whole] * len(upper))
        self.count += len(upper)
        return np.arange(self.count - len(upper), self.count)

    def add_slacks(self, slack: Slack, positions: Int64, upper: Float64) -> Int64:
        """Columns that each count the steps by which one rule gives way."""
        one = np.ones(len(positions))
        columns = self.add(upper, one, one * COST[slack])
        self.slacks.append((slack, positions, columns))
        return columns


@dataclass(slots=True)
class _Rows:
    """Rows as they are added, before the number of columns is known."""

    parts: list[tuple[Int64, Int64, Float64, Float64, Float64]] = field(default_factory=list)

    def add(self, row: Int64, column: Int64, value: Float64, least: Float64, most: Float64) -> None:
        self.parts.append((row, column, value, least, most))


def smallest(question: Question, config: SolverConfig, clock: Clock) -> tuple[list[Relaxation], bool] | None:
    """A smallest, then cheapest set, and whether that is proven; None if no set will do.

    Raises:
        Unsettled: the time ended before any was found.
    """
    columns, rows = _Columns(), _Rows()
    edges = _add_edges(question, columns)
    if edges is None:
        return None
    _add_sides(question, columns, rows, edges)
    _add_quotas(question, columns, rows, edges)
    _add_floors(question, columns, rows, edges)
    programme = _programme(columns, rows)
    programme.lower[: len(edges)] = question.problem.locked[edges] & ~_may_go(question)[edges]
    price, tie = np.concatenate(columns.price), np.concatenate(columns.tie)
    programme.gain = -price
    first = programme.solve(config, clock.left(0.6))
    if first.verdict is Verdict.INFEASIBLE:
        return None
    if first.point is None:
        raise Unsettled("the time ended before a set of relaxations was found")
    fewest = float(np.rint(first.point) @ price)
    every = np.arange(columns.count)
    programme.add_row(every, price, -np.inf, fewest + 0.5)
    programme.gain = -tie
    second = programme.improve(first.point, config, clock.left())
    point = first.point if second.point is None else second.point
    return _read(question, columns, edges, point), first.verdict is Verdict.OPTIMAL


def _programme(columns: _Columns, rows: _Rows) -> Programme:
    upper = np.concatenate(columns.upper)
    whole = np.array(columns.whole, np.bool_)
    programme = Programme(np.zeros(columns.count), np.zeros(columns.count), upper, whole)
    for part in rows.parts:
        programme.add_rows(*part)
    return programme


def _may_go(question: Question) -> Bool:
    """Locked pairs that may be let go, bool (edges,)."""
    flags = np.zeros(len(question.problem.demand), np.bool_)
    flags[question.may(Slack.LOCKED, np.flatnonzero(question.problem.locked))] = True
    return flags


def _add_edges(question: Question, columns: _Columns) -> Int64 | None:
    """Edges that a set of relaxations could make, as columns; None if a locked pair can never be.

    A barred pair costs a step if it is made, a locked one if it is not: that is, made, it saves one.
    """
    problem = question.problem
    may_come = np.zeros(len(problem.demand), np.bool_)
    may_come[question.may(Slack.BARRED, np.flatnonzero(problem.barred))] = True
    may_go = _may_go(question)
    usable = ~problem.barred | may_come
    if question.ignored is not None:
        usable &= ~question.ignored
    if (problem.locked & ~usable & ~may_go).any():
        return None
    edges = np.flatnonzero(usable)
    barred, locked = problem.barred[edges].astype(np.float64), may_go[edges].astype(np.float64)
    tie = barred * COST[Slack.BARRED] - locked * COST[Slack.LOCKED]
    columns.add(np.ones(len(edges)), barred - locked, tie)
    return edges


def _add_sides(question: Question, columns: _Columns, rows: _Rows, edges: Int64) -> None:
    problem = question.problem
    kinds = (Slack.DEMAND_LEAST, Slack.DEMAND_MOST), (Slack.SUPPLY_LEAST, Slack.SUPPLY_MOST)
    sides = (problem.demand, problem.demands), (problem.supply, problem.supplies)
    for (ends, limits), (least, most) in zip(sides, kinds, strict=True):
        each = np.arange(len(limits.most))
        _add_counts(columns, rows, ends[edges], limits, (least, question.may(least, each)), +1)
        _add_counts(columns, rows, ends[edges], limits, (most, question.may(most, each)), -1)


def _add_counts(
    columns: _Columns,
    rows: _Rows,
    ends: Int64,
    limits: Limits,
    slack: tuple[Slack, Int64],
    sign: int,
) -> None:
    """Minimums (`sign` +1) or maximums (-1) of one side, with slacks at the positions that may give way."""
    kind, positions = slack
    upper = limits.least if sign > 0 else np.bincount(ends, minlength=len(limits.most))
    extra = columns.add_slacks(kind, positions, upper[positions].astype(np.float64))
    bounds = (limits.least, np.inf) if sign > 0 else (-np.inf, limits.most)
    least, most = (np.broadcast_to(each, limits.most.shape).astype(np.float64) for each in bounds)
    row = np.concatenate([ends, positions])
    column = np.concatenate([np.arange(len(ends)), extra])
    value = np.concatenate([np.ones(len(ends)), np.full(len(positions), float(sign))])
    rows.add(row, column, value, least, most)


def _add_quotas(question: Question, columns: _Columns, rows: _Rows, edges: Int64) -> None:
    place = np.full(len(question.problem.demand), -1)
    place[edges] = np.arange(len(edges))
    for number, quota in enumerate(question.problem.quotas):
        inside = place[quota.edges]
        inside = inside[inside >= 0]
        most = len(inside) if quota.most is None else quota.most
        limits = Limits(np.array([quota.least]), np.array([most]))
        here = np.array([number])
        for kind, sign in ((Slack.QUOTA_LEAST, +1), (Slack.QUOTA_MOST, -1)):
            extra = columns.add_slacks(
                kind,
                question.may(kind, here),
                np.full(len(question.may(kind, here)), max(quota.least, len(inside)), float),
            )
            column = np.concatenate([inside, extra])
            value = np.concatenate([np.ones(len(inside)), np.full(len(extra), float(sign))])
            bounds = (limits.least, np.array([np.inf])) if sign > 0 else (np.array([-np.inf]), limits.most)
            rows.add(np.zeros_like(column), column, value, *(each.astype(np.float64) for each in bounds))


def _add_floors(question: Question, columns: _Columns, rows: _Rows, edges: Int64) -> None:
    """Sums of scores, each with a slack in units of score and a switch that counts the person as a step."""
    problem = question.problem
    floors = floors_of(problem)
    people = np.flatnonzero(np.isfinite(floors))
    scale = max(float(np.abs(problem.score).max(initial=0.0)), abs(problem.floor or 0.0)) or 1.0
    score, floors = problem.score / scale, floors / scale
    lowest = np.bincount(problem.demand[edges], np.minimum(score[edges], 0), minlength=len(floors))
    giving = question.may(Slack.FLOOR, people)
    reach = np.maximum(floors - lowest, 0)[giving]
    missing = columns.add(
        reach, np.zeros(len(giving)), 0.5 * np.ones(len(giving)) / (reach.sum() + 1), whole=False
    )
    switch = columns.add_slacks(Slack.FLOOR, giving, np.ones(len(giving)))
    place = np.full(len(floors), -1)
    place[people] = np.arange(len(people))
    row = place[problem.demand[edges]]
    column = np.flatnonzero(row >= 0)
    rows.add(
        np.concatenate([row[column], place[giving]]),
        np.concatenate([column, missing]),
        np.concatenate([score[edges][column], np.ones(len(giving))]),
        floors[people],
        np.full(len(people), np.inf),
    )
    each = np.arange(len(giving))
    links = np.concatenate([np.ones(len(giving)), -reach])
    none = np.full(len(giving), -np.inf), np.zeros(len(giving))
    rows.add(np.tile(each, 2), np.concatenate([missing, switch]), links, *none)


def _read(question: Question, columns: _Columns, edges: Int64, point: Float64) -> list[Relaxation]:
    """Relaxations of a whole point, those of edges too."""
    problem, may_go = question.problem, _may_go(question)
    made = np.zeros(len(problem.demand), np.bool_)
    made[edges] = np.rint(point[: len(edges)]) > 0
    found = [Relaxation(Slack.BARRED, int(at)) for at in np.flatnonzero(made & problem.barred)]
    found += [Relaxation(Slack.LOCKED, int(at)) for at in np.flatnonzero(may_go & ~made)]
    sums = np.bincount(problem.demand[made], problem.score[made], minlength=len(problem.demands.most))
    short = floors_of(problem) - sums
    for slack, positions, numbers in columns.slacks:
        amounts = np.rint(point[numbers])
        for at in np.flatnonzero(amounts > 0):
            position = int(positions[at])
            amount = float(short[position]) if slack is Slack.FLOOR else float(amounts[at])
            if amount > 0:
                found.append(Relaxation(slack, position, amount))
    return found
