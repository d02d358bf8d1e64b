"""What is best, found in two other ways: by enumeration, and by a plain programme of scipy's.

Both count in whole thousandths, and neither shares a line with the solver.
"""

from itertools import combinations

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from matcher.cohort import Objective, Problem
from tests.matcher.cohort.instances import THOUSANDTHS

Best = tuple[int, int | None, int]
"""Pairs, the worst-off's sum (under `FAIREST`), total; both in thousandths."""
State = tuple[tuple[int, ...], tuple[int, ...]]


def by_enumeration(problem: Problem) -> Best | None:
    """The best of all choices, or None if there is none; each person's subsets in turn."""
    menus = [_menu(problem, person) for person in range(len(problem.demands.most))]
    found = _walk(problem, menus)
    if found is None:
        return None
    watched = [person for person in range(len(menus)) if not _is_spared(problem, person)]
    if problem.objective is not Objective.FAIREST or not watched:
        return found[0], None, found[1]
    levels = sorted({total for person in watched for _, total in menus[person]})
    low, high = 0, len(levels)
    while high - low > 1:
        middle = (low + high) // 2
        tried = _walk(problem, _above(problem, menus, levels[middle]))
        low, high = (middle, high) if tried and tried[0] == found[0] else (low, middle)
    best = _walk(problem, _above(problem, menus, levels[low]))
    assert best is not None
    return best[0], levels[low], best[1]


def _is_spared(problem: Problem, person: int) -> bool:
    return problem.spared is not None and bool(problem.spared[person])


def _menu(problem: Problem, person: int) -> list[tuple[tuple[int, ...], int]]:
    """Sets of edges that one person may have, each with its sum in thousandths."""
    own = [int(edge) for edge in np.flatnonzero(problem.demand == person)]
    must = {edge for edge in own if problem.locked[edge]}
    able = [edge for edge in own if not problem.barred[edge]]
    floor = -np.inf
    if problem.floor is not None and not _is_spared(problem, person):
        leeway = 0 if problem.leeway is None else problem.leeway[person]
        floor = round(problem.floor * THOUSANDTHS) - leeway * THOUSANDTHS - 1e-6
    menu = []
    for count in range(int(problem.demands.least[person]), int(problem.demands.most[person]) + 1):
        for edges in combinations(able, count):
            total = sum(round(problem.score[edge] * THOUSANDTHS) for edge in edges)
            if must <= set(edges) and total >= floor:
                menu.append((edges, total))
    return menu


def _above(problem: Problem, menus: list, level: int) -> list:
    return [
        menu if _is_spared(problem, person) else [choice for choice in menu if choice[1] >= level]
        for person, menu in enumerate(menus)
    ]


def _walk(problem: Problem, menus: list) -> tuple[int, int] | None:
    """Most pairs, then largest total, over all ways to choose one set from each menu."""
    groups = [set(quota.edges.tolist()) for quota in problem.quotas]
    best: dict[State, tuple[int, int]] = {((0,) * len(problem.supplies.most), (0,) * len(groups)): (0, 0)}
    for menu in menus:
        after: dict[State, tuple[int, int]] = {}
        for (loads, counts), (pairs, total) in best.items():
            for edges, worth in menu:
                new = list(loads)
                for edge in edges:
                    new[problem.supply[edge]] += 1
                if any(load > most for load, most in zip(new, problem.supplies.most, strict=True)):
                    continue
                inside = tuple(
                    count + len(group.intersection(edges))
                    for count, group in zip(counts, groups, strict=True)
                )
                state = tuple(new), inside
                after[state] = max(after.get(state, (-1, 0)), (pairs + len(edges), total + worth))
        best = after
    return max((value for state, value in best.items() if _is_final(problem, state)), default=None)


def _is_final(problem: Problem, state: State) -> bool:
    loads, counts = state
    return bool(np.all(np.array(loads) >= problem.supplies.least)) and all(
        quota.least <= count and (quota.most is None or count <= quota.most)
        for quota, count in zip(problem.quotas, counts, strict=True)
    )


def by_programme(problem: Problem) -> Best | None:
    """The same by three programmes, one after the other: pairs, worst-off, total."""
    edges = len(problem.demand)
    score = np.rint(problem.score * THOUSANDTHS)
    sums = _incidence(problem.demand, len(problem.demands.most), score)
    watched = np.array([not _is_spared(problem, person) for person in range(len(sums))], np.bool_)
    rules = _rules(problem)
    if problem.floor is not None:
        rules.append(LinearConstraint(sums[watched], round(problem.floor * THOUSANDTHS), np.inf))
    reach = np.abs(score).sum()
    bounds = Bounds(np.append(problem.locked, -reach), np.append(~problem.barred, reach).astype(float))

    def best(gain: np.ndarray) -> np.ndarray | None:
        asked = {"integrality": np.ones(edges + 1), "bounds": bounds, "options": {"mip_rel_gap": 0}}
        found = milp(-gain, constraints=rules, **asked)
        assert found.status in (0, 2), found.message
        return np.rint(found.x) if found.status == 0 else None

    count, level = np.append(np.ones(edges), 0), np.append(np.zeros(edges), 1)
    most = best(count)
    if most is None:
        return None
    pairs = round(count @ most)
    rules.append(LinearConstraint(count, pairs, pairs))
    worst = None
    if problem.objective is Objective.FAIREST and watched.any():
        rules.append(LinearConstraint(sums[watched] - level, 0, np.inf))
        worst = round(best(level)[-1])
        rules.append(LinearConstraint(sums[watched], worst, np.inf))
        rules.append(LinearConstraint(level, worst, worst))
    total = np.append(score, 0)
    return pairs, worst, round(total @ best(total))


def keeps(problem: Problem, edges: np.ndarray) -> bool:
    """Whether these pairs break none of the rules."""
    chosen = np.zeros(len(problem.demand) + 1)
    chosen[edges] = 1
    pairs = chosen[:-1].astype(bool)
    if (problem.locked & ~pairs).any() or (problem.barred & pairs).any():
        return False
    if problem.floor is not None:
        sums = _incidence(problem.demand, len(problem.demands.most), problem.score) @ chosen
        watched = [not _is_spared(problem, person) for person in range(len(sums))]
        if (sums[watched] < problem.floor - 1e-6).any():
            return False
    return all(
        (np.atleast_1d(rule.A @ chosen) >= rule.lb).all()
        and (np.atleast_1d(rule.A @ chosen) <= rule.ub).all()
        for rule in _rules(problem)
    )


def _incidence(ends: np.ndarray, people: int, value: np.ndarray | float) -> np.ndarray:
    """A row for each person, a column for each edge and one more."""
    matrix = np.zeros((people, len(ends) + 1))
    matrix[ends, np.arange(len(ends))] = value
    return matrix


def _rules(problem: Problem) -> list[LinearConstraint]:
    rules = []
    for ends, limits in ((problem.demand, problem.demands), (problem.supply, problem.supplies)):
        rules.append(LinearConstraint(_incidence(ends, len(limits.most), 1), limits.least, limits.most))
    for quota in problem.quotas:
        row = np.zeros(len(problem.demand) + 1)
        row[quota.edges] = 1
        rules.append(LinearConstraint(row, quota.least, np.inf if quota.most is None else quota.most))
    return rules
