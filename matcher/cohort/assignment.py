"""The best pairs of a whole cohort at once: as many as the rules allow, and of those the best.

A transportation problem, solved exactly by cost-scaling min-cost flow (Goldberg, "An Efficient Implementation
of a Scaling Minimum-Cost Flow Algorithm", J. Algorithms 22, 1997) as OR-tools implements it. The solver finds
the largest flow before it looks at any cost, and only then the cheapest flow of that size; so coverage comes
first by construction, whatever the scores' sign. A bonus a pair would do the same only by eating the integers
that tell scores apart.
"""

from dataclasses import dataclass
from math import ceil, log10

import numpy as np
import numpy.typing as npt
from ortools.graph.python.min_cost_flow import SimpleMinCostFlow

Int64 = npt.NDArray[np.int64]
Float64 = npt.NDArray[np.float64]

_MOST_LEVELS = 10**9  # nine digits are more than a score means; finer costs take longer
_MOST_NODES = 2**31 - 4  # OR-tools numbers them in 32 bits and adds a source and a sink
_MOST_SCORE = 1e100


@dataclass(frozen=True, slots=True)
class Assignment:
    """The pairs chosen, and what they come to.

    Attributes:
        edges: int64 (pairs,), positions of the chosen edges, ascending.
        total: the sum of their scores.
        covered: how many of the demand side have a pair at least.
        solver: what solved it.
        status: "optimal": no other choice has more pairs, or as many and a total larger by more than
            `resolution` a pair.
        resolution: the unit to which scores were rounded, in units of score; 0 if all are equal.
    """

    edges: Int64
    total: float
    covered: int
    solver: str
    status: str
    resolution: float


def assign(
    demand: Int64,
    supply: Int64,
    score: Float64,
    *,
    wanted: int | Int64 = 1,
    capacity: int | Int64 = 1,
) -> Assignment:
    """As many of the allowed pairs as fit, and among such choices one with the largest total score.

    Both sides count from 0. A pair that is no edge is never made. The same edges in any order give the
    same pairs, under one version of OR-tools. Scores are rounded to a power of ten, between a 1e-8th and a
    1e-9th of their range (a 1e-7th and a 1e-8th among 120 000 people); decimals of so many digits are exact.

    Args:
        demand, supply: int64 (edges,), the two ends of each allowed pair, none twice.
        score: float64 (edges,), any sign, under 1e100 in magnitude.
        wanted: pairs that each of the demand side may have: one number, or int64 (demand side,).
        capacity: pairs that each of the supply side may have: one number, or int64 (supply side,).

    Raises:
        ValueError: naming the first position that breaks a rule above.
        RuntimeError: OR-tools did not find an optimum, which no input is known to cause.
    """
    if not (demand.ndim == 1 and demand.shape == supply.shape == score.shape):
        raise ValueError("demand, supply and score must be one-dimensional and of one length")
    wants = _places("demand", demand, "wanted", wanted)
    places = _places("supply", supply, "capacity", capacity)
    if len(wants) + len(places) > _MOST_NODES:
        raise ValueError(f"{len(wants)} + {len(places)} people are more than {_MOST_NODES}")
    _refuse("score", score, ~(np.abs(score) < _MOST_SCORE), f"a number under {_MOST_SCORE:g} in magnitude")
    order = _canonical_order(demand, supply, len(places))
    if order is not None:
        demand, supply, score = demand[order], supply[order], score[order]
    cost, resolution = _costs(score, len(wants) + len(places))
    chosen = np.flatnonzero(_cheapest_flow(demand, supply, cost, wants, places))
    return Assignment(
        edges=np.sort(chosen if order is None else order[chosen]),
        total=float(score[chosen].sum()),
        covered=len(np.unique(demand[chosen])),
        solver="min-cost flow",
        status="optimal",
        resolution=resolution,
    )


def _refuse(name: str, values: Int64 | Float64, bad: npt.NDArray[np.bool_], rule: str) -> None:
    if bad.any():
        first = int(bad.argmax())
        raise ValueError(f"{name}[{first}] is {values[first]}; it must be {rule}")


def _places(name: str, ends: Int64, limit_name: str, limit: int | Int64) -> Int64:
    """The limit of each node of one side, (nodes,), no more than its edges could use."""
    limits = np.asarray(limit)
    if ends.dtype.kind != "i" or limits.dtype.kind != "i":
        raise ValueError(f"{name} and {limit_name} must be whole numbers")
    _refuse(name, ends, ends < 0, "0 or more")
    if limits.ndim == 0:
        limits = np.full(int(ends.max(initial=-1)) + 1, limits)
        _refuse(limit_name, limits, limits < 0, "0 or more")
    else:
        _refuse(limit_name, limits, limits < 0, "0 or more")
        _refuse(name, ends, ends >= len(limits), f"under {len(limits)}, the length of {limit_name}")
    usable: Int64 = np.minimum(limits, len(ends)).astype(np.int64)
    return usable


def _canonical_order(demand: Int64, supply: Int64, suppliers: int) -> Int64 | None:
    """Positions by demand, then supply, so that ties break alike in any order; None if already so."""
    key = demand * suppliers + supply
    if np.all(key[1:] > key[:-1]):
        return None
    order: Int64 = np.argsort(key, kind="stable")
    twins = np.flatnonzero(key[order[1:]] == key[order[:-1]])
    if twins.size:
        later = int(order[twins + 1].min())
        raise ValueError(f"edge {later}, ({demand[later]}, {supply[later]}), is there already")
    return order


def _costs(score: Float64, people: int) -> tuple[Int64, float]:
    """Scores as costs, 0 for the best, and the power of ten that a cost of 1 stands for.

    Potentials sink by less than nodes x nodes x the largest cost while the solver scales, and must fit in
    63 bits; hence fewer levels among very many people.
    """
    top = score.max(initial=-np.inf)
    span = float(top - score.min(initial=np.inf)) if score.size else 0.0
    if span == 0:
        return np.zeros(len(score), dtype=np.int64), 0.0
    levels = max(1, min(_MOST_LEVELS, 2**62 // (people + 4) ** 2))
    digits = min(300, -ceil(log10(span) - log10(levels)))
    below = top - score
    # Powers of ten are exact only as whole numbers, so never by multiplying with a negative one.
    scaled = below * 10.0**digits if digits >= 0 else below / 10.0**-digits
    return np.rint(scaled).astype(np.int64), 10.0**-digits


def _cheapest_flow(
    demand: Int64, supply: Int64, cost: Int64, wants: Int64, places: Int64
) -> npt.NDArray[np.int64]:
    """1 for each edge in the cheapest of the largest flows, 0 for the others; edges as they came."""
    if not demand.size:
        return np.empty(0, dtype=np.int64)
    flow = SimpleMinCostFlow()
    arcs = flow.add_arcs_with_capacity_and_unit_cost(
        demand.astype(np.int32),
        (supply + len(wants)).astype(np.int32),
        np.ones(len(demand), dtype=np.int64),
        cost,
    )
    nodes = np.arange(len(wants) + len(places), dtype=np.int32)
    flow.set_nodes_supplies(nodes, np.concatenate([wants, -places]))
    status = flow.solve_max_flow_with_min_cost()
    if status != SimpleMinCostFlow.OPTIMAL:
        raise RuntimeError(f"the min-cost flow ended as {status.name}")
    used: npt.NDArray[np.int64] = flow.flows(arcs)
    return used
