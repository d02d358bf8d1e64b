"""What congestion control costs and gains on a made-up market: `python -m benchmarks.congestion`.

Start-ups and mentors are unit vectors of latent factors; a pair's score grows with their cosine and with the
mentor's popularity (a Gumbel draw: well-written, broad profiles are near to everybody). Each start-up's
candidates are its nearest mentors, as an index would yield them, so a naive list of ten is congested.
"""

import argparse
from time import perf_counter

import numpy as np
from threadpoolctl import threadpool_limits

from matcher.ranking.congestion import (
    CandidateGraph,
    CongestionConfig,
    Equilibrium,
    equilibrium,
    two_sided_lists,
)
from matcher.ranking.exposure import exposure, gini

FACTORS = 24
POPULARITY = 0.06  # beside cosines whose deviation is .2
PLACES = 2.0
LENGTH = 10
BLOCK = 1000


def unit_vectors(rng: np.random.Generator, count: int) -> np.ndarray:
    """Random directions, (count, FACTORS)."""
    vectors = rng.normal(size=(count, FACTORS))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def made_up_market(demand: int, supply: int, degree: int, seed: int) -> CandidateGraph:
    """Each start-up with its `degree` best mentors, who have `PLACES` places each."""
    rng = np.random.default_rng(seed)
    startups, mentors = unit_vectors(rng, demand), unit_vectors(rng, supply)
    popularity = POPULARITY * rng.gumbel(size=supply)
    ends, scores = [], []
    for start in range(0, demand, BLOCK):
        likeness = startups[start : start + BLOCK] @ mentors.T + popularity
        best = np.argpartition(-likeness, degree - 1, axis=1)[:, :degree]
        ends.append(best.ravel())
        scores.append(np.take_along_axis(likeness, best, axis=1).ravel())
    score = np.clip(0.2 + 0.6 * np.concatenate(scores), 0, 1)
    founders = np.repeat(np.arange(demand), degree)
    return CandidateGraph(founders, np.concatenate(ends), score, np.ones(demand), np.full(supply, PLACES))


def report(graph: CandidateGraph, market: Equilibrium, name: str, solving: float, spread: float) -> float:
    """Print one row of the table but its last figure; gives the mean score of the lists."""
    began = perf_counter()
    lists = two_sided_lists(graph, market, CongestionConfig(spread=spread), LENGTH)
    listing = perf_counter() - began
    counts = exposure(lists.demand, graph.supply, len(graph.supply_capacity))
    mean = float(graph.score[lists.demand.edges].mean())
    print(
        f"{name:<17}{solving:>9.2f}{listing:>9.2f}{counts.max():>9}{lists.unseen:>8}"
        f"{gini(counts):>7.3f}{mean:>12.3f}",
        end="",
    )
    return mean


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--demand", type=int, default=20_000)
    parser.add_argument("--supply", type=int, default=4_000)
    parser.add_argument("--degree", type=int, default=50)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--temperature", type=float, default=CongestionConfig().temperature)
    asked = parser.parse_args()
    with threadpool_limits(1):
        compare(made_up_market(asked.demand, asked.supply, asked.degree, asked.seed), asked.temperature)


def compare(graph: CandidateGraph, temperature: float) -> None:
    """Print what the market is, how its prices were solved, and a row for each spread."""
    began = perf_counter()
    market = equilibrium(graph, CongestionConfig(temperature=temperature))
    solving = perf_counter() - began
    startups, mentors = len(graph.demand_capacity), len(np.unique(graph.supply))
    deviation = graph.score.reshape(startups, -1).std(axis=1).mean()
    print(f"{startups} start-ups, {mentors} mentors, {graph.score.size} edges; lists of {LENGTH}")
    print(f"a start-up's scores deviate by {deviation:.3f}; temperature {temperature:g}; one core")
    print(f"prices: {market.sweeps} sweeps, residual {market.residual:.1e}\n")
    heads = f"{'busiest':>9}{'unseen':>8}{'Gini':>7}{'mean score':>12}{'ratio':>7}"
    print(f"{'':17}{'solve, s':>9}{'lists, s':>9}{heads}")
    naive = report(graph, market, "naive similarity", 0.0, 0.0)
    print(f"{1:>7.3f}")
    for spread in (0.5, 1.0):
        mean = report(graph, market, f"TU, spread {spread:g}", solving, spread)
        print(f"{mean / naive:>7.3f}")


if __name__ == "__main__":
    main()
