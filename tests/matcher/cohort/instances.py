"""Random whole-cohort problems of every kind, and short ways to write one down."""

from dataclasses import replace

import numpy as np

from matcher.cohort import Limits, Objective, Problem, Quota

THOUSANDTHS = 1000
"""Scores are whole thousandths, so that oracles can add them exactly."""


def problem(pairs: dict[tuple[int, int], float], wants: list[int], places: list[int], **rules) -> Problem:
    """`wants`, `places` are maximums, `least`, `load` minimums; pairs `barred`, `locked`, by their ends."""
    ends = list(pairs)
    at = {end: position for position, end in enumerate(ends)}
    flags = {}
    for name in ("barred", "locked"):
        flags[name] = np.zeros(len(ends), np.bool_)
        flags[name][[at[end] for end in rules.pop(name, ())]] = True
    least, load = rules.pop("least", [0] * len(wants)), rules.pop("load", [0] * len(places))
    quotas = tuple(
        Quota(np.array([at[end] for end in group], np.int64), *bounds)
        for group, *bounds in rules.pop("quotas", ())
    )
    array = np.array(ends, dtype=np.int64).reshape(-1, 2)
    return Problem(
        array[:, 0],
        array[:, 1],
        np.array(list(pairs.values()), np.float64),
        Limits(np.array(least, np.int64), np.array(wants, np.int64)),
        Limits(np.array(load, np.int64), np.array(places, np.int64)),
        quotas=quotas,
        **flags,
        **rules,
    )


def random_problem(rng: np.random.Generator, largest: int, edges: int) -> Problem:
    """Up to `largest` a side and about `edges` pairs, in any order, with rules of all kinds or none."""
    demands, supplies = (int(size) for size in rng.integers(1, largest + 1, 2))
    density = min(1.0, edges * rng.uniform(0.3, 1) / (demands * supplies))
    demand, supply = np.nonzero(rng.random((demands, supplies)) < density)
    order = rng.permutation(len(demand))
    score = _scores(rng, len(order)) / THOUSANDTHS
    barred = (rng.random(len(order)) < 0.15) & (rng.random() < 0.5)
    return Problem(
        demand[order],
        supply[order],
        score,
        _limits(rng, demands, 2 if rng.random() < 0.5 else 4),
        _limits(rng, supplies, 4),
        barred,
        (rng.random(len(order)) < 0.06) & ~barred & (rng.random() < 0.4),
        _quotas(rng, len(order)) if rng.random() < 0.25 else (),
        float(rng.integers(-500, 600)) / THOUSANDTHS if rng.random() < 0.2 else None,
        Objective.FAIREST if rng.random() < 0.5 else Objective.TOTAL,
        rng.random(demands) < 0.3 if rng.random() < 0.3 else None,
    )


def _scores(rng: np.random.Generator, count: int) -> np.ndarray:
    """Of both signs, or positive, or with many ties."""
    low, high, step = [(-900, 900, 1), (0, 1000, 1), (-3, 4, THOUSANDTHS)][rng.integers(3)]
    return rng.integers(low, high, count) * step


def _limits(rng: np.random.Generator, people: int, under: int) -> Limits:
    most = rng.integers(0, under, people)
    if rng.random() < 0.6:
        most = np.maximum(most, 1)
    has_least = (rng.random(people) < 0.2) & (rng.random() < 0.4)
    return Limits(np.where(has_least, np.minimum(most, 1), 0), most)


def _quotas(rng: np.random.Generator, edges: int) -> tuple[Quota, ...]:
    found = []
    for _ in range(int(rng.integers(1, 3)) if edges else 0):
        group = rng.choice(edges, size=int(rng.integers(1, edges + 1)), replace=False)
        least = int(rng.integers(0, 3))
        found.append(Quota(group, least, None if rng.random() < 0.5 else least + int(rng.integers(0, 3))))
    return tuple(found)


def shuffled(given: Problem, rng: np.random.Generator) -> tuple[Problem, np.ndarray]:
    """The same problem with its edges in another order, and where each now was."""
    order = rng.permutation(len(given.demand))
    place = np.argsort(order)
    ranks = {
        name: getattr(given, name)[order]
        for name in ("demand_rank", "supply_rank")
        if getattr(given, name) is not None
    }
    moved = replace(
        given,
        demand=given.demand[order],
        supply=given.supply[order],
        score=given.score[order],
        barred=given.barred[order],
        locked=given.locked[order],
        quotas=tuple(replace(quota, edges=place[quota.edges]) for quota in given.quotas),
        **ranks,
    )
    return moved, order
