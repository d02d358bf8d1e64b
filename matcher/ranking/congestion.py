"""Congestion: lists ranked for expected matches, so that sought-after mentors do not drown in founders.

Matching with transferable utility (Choo & Siow, J. Political Economy 2006) by stable iterative proportional
fitting (IPFP), as Tomita, Togashi, Hashizume & Ohsaka rank with it ("Fast and Examination-agnostic
Reciprocal Recommendation in Matching Markets", RecSys 2023), here on a sparse candidate graph.
"""

from dataclasses import dataclass

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from matcher.ranking.exposure import Float64, Int64, Lists, best_lists, exposure, rank_edges, show_unseen

_EXACT_EVERY = 16  # sweeps; the cheap ones between lose track of edges that underflow


class CongestionConfig(BaseModel):
    """How far lists trade likeness for spread, and how exactly the prices are solved.

    `temperature` is the beta of the model: a score gap of twice this multiplies expected matches by e.
    From a quarter to a half of the scores' deviation within a start-up's list spread best for the score
    they cost on the made-up market of `python -m benchmarks.congestion`, whose deviation is .04. Far below,
    prices settle slowly; far above, they follow capacity and degree alone and cost score for nothing.
    """

    model_config = ConfigDict(frozen=True)

    spread: float = Field(0.5, ge=0, le=1, description="0: most similar first; 1: best spread")
    temperature: float = Field(0.02, ge=0.001, le=1, description="in units of score")
    tolerance: float = Field(1e-4, ge=1e-12, le=0.1, description="share of a capacity that may stay unplaced")
    sweeps: int = Field(200, ge=1, le=100_000, description="most updates of all prices")


@dataclass(frozen=True, slots=True)
class CandidateGraph:
    """Who could meet whom. Demand are the start-ups, supply the mentors; both count from 0.

    Attributes:
        demand, supply: int64 (edges,), the two ends of each candidate pair, in any order, none twice.
        score: float64 (edges,), the pair's joint utility, in [0, 1].
        demand_capacity: float64 (start-ups,), what each counts for: 1 as a rule.
        supply_capacity: float64 (mentors,), the places each has left. Only who has no edges may have 0.

    Raises:
        ValueError: naming the rule above that the arrays break.
    """

    demand: Int64
    supply: Int64
    score: Float64
    demand_capacity: Float64
    supply_capacity: Float64

    def __post_init__(self) -> None:
        if not (self.demand.shape == self.supply.shape == self.score.shape == (self.score.size,)):
            raise ValueError("demand, supply and score must be one-dimensional and of one length")
        _check_ends("demand", self.demand, self.demand_capacity)
        _check_ends("supply", self.supply, self.supply_capacity)
        if not np.all((self.score >= 0) & (self.score <= 1)):
            raise ValueError("scores must lie in [0, 1]")
        pairs = np.sort(self.demand * len(self.supply_capacity) + self.supply)
        if np.any(pairs[1:] == pairs[:-1]):
            raise ValueError("a pair appears twice")


def _check_ends(name: str, ends: Int64, capacity: Float64) -> None:
    if ends.size and (ends.min() < 0 or ends.max() >= len(capacity)):
        raise ValueError(f"{name} must lie in [0, {len(capacity)})")
    if not np.all(np.isfinite(capacity) & (capacity >= 0)):
        raise ValueError(f"{name}_capacity must be finite and not negative")
    if not np.all(capacity[ends] > 0):
        raise ValueError(f"{name}_capacity is 0 for somebody who has candidate pairs")


@dataclass(frozen=True, slots=True)
class Equilibrium:
    """Prices at which expected matches fill the capacities, or leave people single of their own accord.

    Expected matches are mu = exp((score - demand_price - supply_price) / (2 * temperature)), and
    exp(-price / temperature) of a capacity stays unmatched; both add up to the capacity.

    Attributes:
        demand_price, supply_price: float64, of each node, in units of score; below 0 for the unsought.
        matches: float64 (edges,), mu of each edge. Never more than a capacity, even if not yet settled.
        sweeps: updates of all prices that it took.
        residual: the largest share of a capacity that is neither matched nor single.
    """

    demand_price: Float64
    supply_price: Float64
    matches: Float64
    sweeps: int
    residual: float


@dataclass(frozen=True, slots=True)
class _Side:
    """One side of the market. Its unknowns are log u, with u**2 the part of a capacity that stays single."""

    node: Int64
    capacity: Float64

    def matched(self, matches: Float64) -> Float64:
        """Sum of the matches of each node."""
        return np.bincount(self.node, matches, minlength=len(self.capacity)).astype(np.float64, copy=False)

    def factor(self, matches: Float64, log_u: Float64 | float) -> Float64:
        """What each u must be multiplied by for u**2 and the node's matches to fill its capacity n.

        With s the sum of matches for a u of 1, the new u is the root 2n / (s + sqrt(s**2 + 4n)): the textbook
        form (sqrt(s**2 + 4n) - s) / 2 subtracts two nearly equal numbers where s is large.
        """
        matched = self.matched(matches)
        root = matched + np.hypot(matched, 2 * np.sqrt(self.capacity) * np.exp(log_u))
        factor: Float64 = 2 * self.capacity / root
        return factor

    def solve(self, utility: Float64) -> Float64:
        """Log u anew, from each edge's utility plus the other side's log.

        Temperatures from .001 and scores up to 1 keep utilities up to 500, and so logs above -500 and a
        little: neither `exp` leaves the range of a double, and `hypot` squares nothing.
        """
        log_u: Float64 = np.log(self.factor(np.exp(utility), 0.0))
        return log_u

    def residual(self, matches: Float64, log_u: Float64) -> float:
        """The largest share of a capacity by which matches and singles miss it."""
        missed = np.abs(self.matched(matches) + np.exp(2 * log_u) - self.capacity)
        return float((missed / self.capacity).max(initial=0))


def equilibrium(graph: CandidateGraph, config: CongestionConfig) -> Equilibrium:
    """Solve the market for its prices: alternately fill one side's capacities and then the other's.

    The result does not depend on the order of the edges. A node without edges has the price at which
    nobody meets it (of a capacity of 1 if it has none). One sweep takes time and memory linear in the edges.
    """
    order = np.lexsort((graph.supply, graph.demand))
    demand = _Side(graph.demand[order], _positive(graph.demand_capacity))
    supply = _Side(graph.supply[order], _positive(graph.supply_capacity))
    utility = graph.score[order] / (2 * config.temperature)
    log_u, log_v, sweeps = _fit(demand, supply, utility, config)
    fitted = np.exp(utility + log_u[demand.node] + log_v[supply.node])
    matches = np.empty_like(fitted)
    matches[order] = fitted
    residual = max(demand.residual(fitted, log_u), supply.residual(fitted, log_v))
    unit = -2 * config.temperature
    return Equilibrium(unit * log_u, unit * log_v, matches, sweeps, residual)


def _positive(capacity: Float64) -> Float64:
    return np.where(capacity > 0, capacity, 1.0)


def _fit(
    demand: _Side, supply: _Side, utility: Float64, config: CongestionConfig
) -> tuple[Float64, Float64, int]:
    # From the highest v there can be, v only falls and u only rises: whenever the sweeps end, nobody is
    # promised more than they have.
    log_u, log_v, matches = np.empty(0), np.log(supply.capacity) / 2, utility
    for sweep in range(config.sweeps):
        if sweep % _EXACT_EVERY == 0:
            log_u = demand.solve(utility + log_v[supply.node])
            log_v = supply.solve(utility + log_u[demand.node])
            matches = np.exp(utility + log_u[demand.node] + log_v[supply.node])
        else:
            for side, log_price in ((demand, log_u), (supply, log_v)):
                factor = side.factor(matches, log_price)
                log_price += np.log(factor)
                matches *= factor[side.node]
        # The supply side has just been filled; what the demand side misses is what is left to do.
        if demand.residual(matches, log_u) <= config.tolerance:
            return log_u, log_v, sweep + 1
    return log_u, log_v, config.sweeps


def price_edges(score: Float64, price: Float64, spread: float) -> Float64:
    """What lists are ordered by, most first: at spread 0 the score, at 1 the order of expected matches.

    A list's owner pays one price along the whole list, so only the others' prices tell. With the prices
    of the last equilibrium this places one changed profile without solving anew.

    Args:
        score: float64 (edges,), in [0, 1].
        price: float64 (edges,), of whom each edge leads to, as `Equilibrium` has it.
        spread: in [0, 1].
    """
    return score - spread * price


def price_newcomer(score: Float64, price: Float64, capacity: float, config: CongestionConfig) -> float:
    """The price of somebody who joins a market in which the others keep theirs, in units of score.

    Args:
        score: float64 (edges,), in [0, 1], of the newcomer's candidate pairs; may be empty.
        price: float64 (edges,), of whom each leads to.
        capacity: the newcomer's, above 0.
    """
    newcomer = _Side(np.zeros(len(score), dtype=np.int64), np.array([capacity]))
    log_u = newcomer.solve((score - price) / (2 * config.temperature))
    return float(-2 * config.temperature * log_u[0])


@dataclass(frozen=True, slots=True)
class TwoSidedLists:
    """Lists for both sides, and how many mentors with candidate pairs no start-up's list had a place for."""

    demand: Lists
    supply: Lists
    unseen: int


def two_sided_lists(
    graph: CandidateGraph, market: Equilibrium, config: CongestionConfig, length: int
) -> TwoSidedLists:
    """At most `length` (1 or more) candidates for each start-up and each mentor, in order.

    Ties go by score, then by number. If `config.spread` is above 0, every mentor with candidate pairs is
    in some start-up's list, or as many as can be at all (`show_unseen`); `unseen` counts the others.
    """
    if length < 1:
        raise ValueError(f"a list of {length} shows nobody")
    value = price_edges(graph.score, market.supply_price[graph.supply], config.spread)
    ranked = rank_edges(graph.demand, graph.supply, graph.score, value)
    for_demand = best_lists(ranked, graph.demand, len(graph.demand_capacity), length)
    if config.spread > 0:
        for_demand = show_unseen(for_demand, ranked, graph.demand, graph.supply, value)
    value = price_edges(graph.score, market.demand_price[graph.demand], config.spread)
    ranked = rank_edges(graph.supply, graph.demand, graph.score, value)
    for_supply = best_lists(ranked, graph.supply, len(graph.supply_capacity), length)
    seen = int(np.count_nonzero(exposure(for_demand, graph.supply, len(graph.supply_capacity))))
    return TwoSidedLists(for_demand, for_supply, len(np.unique(graph.supply)) - seen)
