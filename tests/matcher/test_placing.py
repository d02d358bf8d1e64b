"""A newcomer's price, and who makes room for them on a full list."""

import numpy as np
import pytest

from matcher.ranking.congestion import CandidateGraph, CongestionConfig, equilibrium, price_newcomer
from matcher.ranking.placing import Place, place_newcomer


def test_the_newcomers_price_is_that_of_the_equilibrium() -> None:
    """Whoever joins at the others' equilibrium prices gets the price that the whole market gives them."""
    rng = np.random.default_rng(3)
    demand, supply = (axis.ravel() for axis in np.indices((30, 8)))
    graph = CandidateGraph(demand, supply, rng.random(240), np.ones(30), np.full(8, 2.0))
    config = CongestionConfig(temperature=0.1, tolerance=1e-10, sweeps=5_000)
    market = equilibrium(graph, config)
    mine = supply == 5
    price = price_newcomer(graph.score[mine], market.demand_price[demand[mine]], 2.0, config)
    assert price == pytest.approx(market.supply_price[5], abs=1e-6)


@pytest.mark.parametrize(
    ("seen", "newcomer", "expected"),
    [
        ((True, True, True, True), 0.45, [4, 3, 2, 9]),  # the last one leaves
        ((True, True, True, True), 0.05, [4, 3, 2, 1]),  # the newcomer is the last
        ((True, True, True, False), 0.55, [4, 3, 9, 1]),  # the last one is seen nowhere else
        ((True, False, False, False), 0.05, [4, 3, 2, 1]),
        ((True, True, False, False), 0.45, [4, 3, 2, 1]),  # nobody may leave but the newcomer
    ],
)
def test_who_leaves_a_full_list(seen: tuple[bool, ...], newcomer: float, expected: list[int]) -> None:
    scores = {4: 0.9, 3: 0.8, 2: 0.5, 1: 0.4}
    places = [Place(c, s, 0.0, e) for (c, s), e in zip(scores.items(), seen, strict=True)]
    ordered, _ = place_newcomer(places, Place(9, newcomer, 0.0), 0.5, 4)
    assert [place.candidate for place in ordered] == expected
