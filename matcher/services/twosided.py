"""Two-sided lists of a whole programme: attention shared out, and no eligible mentor unseen."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from matcher.models.kinds import Kind
from matcher.ranking.congestion import CandidateGraph, CongestionConfig, equilibrium, two_sided_lists
from matcher.ranking.exposure import Lists
from matcher.ranking.facts import Facts, Float64
from matcher.ranking.interaction import Int64
from matcher.services.pools import Pool
from matcher.services.recommender import RankedList, Recommender, Shortlist

UNSTATED_CAPACITY = 3.0
"""Places of a mentor who names no number: what the sample programme's mentors offer as a rule."""


@dataclass(frozen=True, slots=True)
class _Side:
    """One side's shortlists, their edges in list order, and what each subject costs the others."""

    found: list[Shortlist]
    lists: Lists
    price: Float64


def rank_programme(
    recommender: Recommender, spread: float, progress: Callable[[int, int], None]
) -> Iterator[RankedList]:
    """Every list of the programme. `progress` gets (lists shortlisted or made, twice the lists in all).

    `spread` is the programme's.
    """
    total, done = 2 * recommender.list_count(), 0
    for kind in (Kind.MENTOR, Kind.FUNDER):
        shortlists: list[list[Shortlist]] = [[], []]
        for side, pool in enumerate((recommender.pools[Kind.STARTUP], recommender.pools[kind])):
            for facts in pool.table.facts:
                found = recommender.shortlist(facts, kind, recommender.shortlist_length)
                shortlists[side].append(found)
                done += 1
                progress(done, total)
        yield from _make_lists(recommender, shortlists, kind, market_spread(spread, kind))
        done += len(shortlists[0]) + len(shortlists[1])


def market_spread(spread: float, kind: Kind) -> float:
    """How far a programme's spread goes: funding partners have no places to run out of."""
    return spread if kind is Kind.MENTOR else 0.0


def capacity_of(facts: Facts) -> float:
    """What a profile counts for in the sharing out of attention."""
    if facts.kind is Kind.STARTUP:
        return 1.0
    if facts.places is None:
        return UNSTATED_CAPACITY
    return max(1.0, facts.places)  # a full one still has the pairs that were approved


def _make_lists(
    recommender: Recommender, shortlists: list[list[Shortlist]], kind: Kind, spread: float
) -> Iterator[RankedList]:
    graph = _graph(shortlists, recommender.pools[kind])
    config = CongestionConfig(spread=spread)
    market = equilibrium(graph, config)
    ordered = two_sided_lists(graph, market, config, recommender.length)
    sides = (
        _Side(shortlists[0], ordered.demand, market.demand_price),
        _Side(shortlists[1], ordered.supply, market.supply_price),
    )
    for side, others in zip(sides, (graph.supply, graph.demand), strict=True):
        for row, found in enumerate(side.found):
            edges = side.lists.edges[side.lists.offsets[row] : side.lists.offsets[row + 1]]
            yield recommender.make_list(found, others[edges], float(side.price[row]))


def _graph(shortlists: list[list[Shortlist]], counterparts: Pool) -> CandidateGraph:
    demand, supply, scores = merge(*shortlists)
    return CandidateGraph(
        demand,
        supply,
        np.clip(scores, 0.0, 1.0),
        np.ones(len(shortlists[0])),
        np.array([capacity_of(facts) for facts in counterparts.table.facts]),
    )


def merge(startups: list[Shortlist], others: list[Shortlist]) -> tuple[Int64, Int64, Float64]:
    """Who is on whose shortlist, from either side, by rows: start-up, counterpart, score; none twice."""
    demand = np.concatenate([_owners(startups), _candidates(others)])
    supply = np.concatenate([_candidates(startups), _owners(others)])
    scores = np.concatenate([found.scores for side in (startups, others) for found in side] or [np.empty(0)])
    _, first = np.unique(demand * max(1, len(others)) + supply, return_index=True)
    return demand[first], supply[first], scores[first]


def _owners(found: Sequence[Shortlist]) -> Int64:
    return np.repeat(np.arange(len(found)), [len(one.rows) for one in found]).astype(np.int64)


def _candidates(found: Sequence[Shortlist]) -> Int64:
    return np.concatenate([one.rows for one in found] or [np.empty(0, dtype=np.int64)])
