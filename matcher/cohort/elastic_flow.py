"""The smallest set of relaxations where flow carries the rules: exact at any size.

A circulation of least cost (Ahuja, Magnanti and Orlin, "Network Flows", 1993, 6.7): every minimum is a flow
that must be, and each rule that may give way is an arc that undoes it, or adds to it, at a step's price.
"""

from dataclasses import dataclass, field

import numpy as np
from ortools.graph.python.min_cost_flow import SimpleMinCostFlow

from matcher.cohort.elastic import Question
from matcher.cohort.problem import Int64, Limits, Problem, Relaxation, Slack
from matcher.cohort.relaxing import COST

_DEAREST = max(COST.values())


def is_carried(problem: Problem) -> bool:
    """Whether a circulation holds all rules: no sums, no groups, nothing that contradicts itself."""
    contradicts = (problem.locked & problem.barred).any() or any(
        (side.least > side.most).any() for side in (problem.demands, problem.supplies)
    )
    return problem.floor is None and not problem.quotas and not contradicts


@dataclass(slots=True)
class _Arcs:
    """Arcs as they are added, and what flow on them means."""

    step: int
    nodes: int
    tail: list[Int64] = field(default_factory=list)
    head: list[Int64] = field(default_factory=list)
    room: list[Int64] = field(default_factory=list)
    price: list[Int64] = field(default_factory=list)
    meaning: list[tuple[Slack, Int64, int]] = field(default_factory=list)
    count: int = 0

    def add(self, tail: Int64, head: Int64, room: Int64, price: int = 0) -> None:
        self.tail.append(tail)
        self.head.append(head)
        self.room.append(room)
        self.price.append(np.full(len(tail), price))
        self.count += len(tail)

    def give(self, slack: Slack, positions: Int64, tail: Int64, head: Int64, room: Int64) -> None:
        """Arcs on which each unit is a step of the rule at one position."""
        self.meaning.append((slack, positions, self.count))
        self.add(tail, head, room, self.step + COST[slack])


def smallest_by_flow(question: Question) -> list[Relaxation] | None:
    """A smallest, then cheapest set; None if no set will do. Only for `is_carried`."""
    problem = question.problem
    demands, supplies = len(problem.demands.most), len(problem.supplies.most)
    source, sink = demands + supplies, demands + supplies + 1
    most_steps = int(problem.demands.least.sum() + problem.supplies.least.sum() + problem.locked.sum())
    # Costs must leave the solver's potentials room; see `flow.costs`.
    step = min(_DEAREST * (most_steps + 1), 2**61 // (demands + supplies + 6) ** 2)
    arcs = _Arcs(step, demands + supplies + 2)
    needs = np.zeros(arcs.nodes, np.int64)
    _add_pairs(question, arcs, needs)
    degree = np.bincount(problem.demand, minlength=demands), np.bincount(problem.supply, minlength=supplies)
    at = np.arange(demands)
    kinds = Slack.DEMAND_LEAST, Slack.DEMAND_MOST
    _add_side(question, arcs, needs, kinds, problem.demands, degree[0], (np.full(demands, source), at))
    at = demands + np.arange(supplies)
    kinds = Slack.SUPPLY_LEAST, Slack.SUPPLY_MOST
    _add_side(question, arcs, needs, kinds, problem.supplies, degree[1], (at, np.full(supplies, sink)))
    arcs.add(np.array([sink]), np.array([source]), np.array([len(problem.demand) + most_steps]))
    used = _circulation(arcs, needs)
    return None if used is None else _read(arcs, used)


def _add_pairs(question: Question, arcs: _Arcs, needs: Int64) -> None:
    problem = question.problem
    tail, head = problem.demand, problem.supply + len(problem.demands.most)
    free = np.flatnonzero(~(problem.barred | problem.locked))
    arcs.add(tail[free], head[free], np.ones(len(free), np.int64))
    locked = np.flatnonzero(problem.locked)
    np.add.at(needs, tail[locked], -1)
    np.add.at(needs, head[locked], 1)
    may_go = question.may(Slack.LOCKED, locked)
    arcs.give(Slack.LOCKED, may_go, head[may_go], tail[may_go], np.ones(len(may_go), np.int64))
    may_come = question.may(Slack.BARRED, np.flatnonzero(problem.barred))
    arcs.give(Slack.BARRED, may_come, tail[may_come], head[may_come], np.ones(len(may_come), np.int64))


def _add_side(
    question: Question,
    arcs: _Arcs,
    needs: Int64,
    kinds: tuple[Slack, Slack],
    limits: Limits,
    degree: Int64,
    ends: tuple[Int64, Int64],
) -> None:
    """Arcs between each of one side and the source or sink: what must flow, may flow, and may give way."""
    tail, head = ends
    np.add.at(needs, tail, -limits.least)
    np.add.at(needs, head, limits.least)
    arcs.add(tail, head, np.minimum(limits.most - limits.least, degree))
    low = question.may(kinds[0], np.flatnonzero(limits.least))
    arcs.give(kinds[0], low, head[low], tail[low], limits.least[low])
    high = question.may(kinds[1], np.flatnonzero(limits.most < degree))
    arcs.give(kinds[1], high, tail[high], head[high], degree[high])


def _circulation(arcs: _Arcs, needs: Int64) -> Int64 | None:
    flow = SimpleMinCostFlow()
    numbers = flow.add_arcs_with_capacity_and_unit_cost(
        np.concatenate(arcs.tail).astype(np.int32),
        np.concatenate(arcs.head).astype(np.int32),
        np.concatenate(arcs.room),
        np.concatenate(arcs.price),
    )
    flow.set_nodes_supplies(np.arange(arcs.nodes, dtype=np.int32), needs)
    status = flow.solve()
    if status == SimpleMinCostFlow.INFEASIBLE:
        return None
    if status != SimpleMinCostFlow.OPTIMAL:
        raise RuntimeError(f"the min-cost flow ended as {status.name}")
    used: Int64 = flow.flows(numbers)
    return used


def _read(arcs: _Arcs, used: Int64) -> list[Relaxation]:
    found = []
    for slack, positions, first in arcs.meaning:
        amounts = used[first : first + len(positions)]
        found += [
            Relaxation(slack, int(positions[at]), float(amounts[at])) for at in np.flatnonzero(amounts > 0)
        ]
    return found
