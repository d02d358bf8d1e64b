"""Congestion: the market against a dense textbook solver, and what its lists promise."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching

from matcher.ranking.congestion import (
    CandidateGraph,
    CongestionConfig,
    Equilibrium,
    TwoSidedLists,
    equilibrium,
    price_edges,
    two_sided_lists,
)
from matcher.ranking.exposure import Lists, exposure, gini

EXACT = {"tolerance": 1e-11, "sweeps": 20_000}


def graph_of(pairs: dict[tuple[int, int], float], demand: list[float], supply: list[float]) -> CandidateGraph:
    ends = np.array(list(pairs), dtype=np.int64).reshape(-1, 2)
    score = np.array(list(pairs.values()), dtype=np.float64)
    return CandidateGraph(ends[:, 0], ends[:, 1], score, np.array(demand, float), np.array(supply, float))


def random_graph(seed: int, demand: int, supply: int, degree: int, popularity: float = 0.0) -> CandidateGraph:
    """Each start-up with its `degree` best mentors, some of whom everybody likes."""
    rng = np.random.default_rng(seed)
    likes = 0.4 + 0.08 * rng.normal(size=(demand, supply)) + popularity * rng.gumbel(size=supply)
    best = np.argsort(-likes, axis=1)[:, :degree]
    score = np.clip(np.take_along_axis(likes, best, axis=1), 0, 1).ravel()
    capacity = rng.integers(1, 4, supply).astype(float)
    return CandidateGraph(
        np.repeat(np.arange(demand), degree), best.ravel(), score, np.ones(demand), capacity
    )


def missed(graph: CandidateGraph, market: Equilibrium, temperature: float) -> tuple[np.ndarray, np.ndarray]:
    """Capacity less matches less singles, of each start-up and each mentor with candidate pairs."""
    found = []
    for node, price, capacity in (
        (graph.demand, market.demand_price, graph.demand_capacity),
        (graph.supply, market.supply_price, graph.supply_capacity),
    ):
        matched = np.bincount(node, market.matches, minlength=len(capacity))
        found.append((capacity - matched - np.exp(-price / temperature))[np.unique(node)])
    return found[0], found[1]


def textbook(graph: CandidateGraph, temperature: float) -> np.ndarray:
    """Mu of every pair by the textbook's fixed point, dense and in extended precision."""
    n, c = graph.demand_capacity.astype(np.longdouble), graph.supply_capacity.astype(np.longdouble)
    likes = np.zeros((len(n), len(c)), dtype=np.longdouble)
    likes[graph.demand, graph.supply] = np.exp(graph.score.astype(np.longdouble) / (2 * temperature))
    v = np.sqrt(c)
    for _ in range(20_000):
        s = likes @ v
        u = (np.sqrt(s * s + 4 * n) - s) / 2
        s = u @ likes
        before, v = v, (np.sqrt(s * s + 4 * c) - s) / 2
        if np.all(np.abs(v - before) <= 1e-14 * v):
            break
    return (u[:, None] * likes * v)[graph.demand, graph.supply]


def rows(lists: Lists) -> list[list[int]]:
    return [part.tolist() for part in np.split(lists.edges, lists.offsets[1:-1])]


def named(graph: CandidateGraph, lists: Lists) -> list[list[tuple[int, int]]]:
    return [[(int(graph.demand[e]), int(graph.supply[e])) for e in row] for row in rows(lists)]


def listed(graph: CandidateGraph, length: int = 5, **config: float) -> tuple[Equilibrium, TwoSidedLists]:
    settled = CongestionConfig(**config)
    market = equilibrium(graph, settled)
    return market, two_sided_lists(graph, market, settled, length)


def seen(graph: CandidateGraph, lists: TwoSidedLists) -> np.ndarray:
    return exposure(lists.demand, graph.supply, len(graph.supply_capacity))


def permuted(graph: CandidateGraph, order: np.ndarray) -> CandidateGraph:
    return replace(graph, demand=graph.demand[order], supply=graph.supply[order], score=graph.score[order])


def unpriced(graph: CandidateGraph, length: int) -> TwoSidedLists:
    free = Equilibrium(
        np.zeros(len(graph.demand_capacity)), np.zeros(len(graph.supply_capacity)), graph.score, 1, 0.0
    )
    return two_sided_lists(graph, free, CongestionConfig(spread=1), length)


@pytest.mark.parametrize("temperature", [0.02, 0.1, 1.0])
def test_matches_and_singles_fill_every_capacity_on_both_sides(temperature: float) -> None:
    graph = random_graph(1, 60, 40, 8)
    market = equilibrium(graph, CongestionConfig(temperature=temperature, **EXACT))
    for side in missed(graph, market, temperature):
        assert np.abs(side).max() < 1e-8
    gain = graph.score - market.demand_price[graph.demand] - market.supply_price[graph.supply]
    np.testing.assert_allclose(market.matches, np.exp(gain / (2 * temperature)), rtol=1e-10)
    assert market.residual < 1e-8
    assert market.sweeps < EXACT["sweeps"]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("temperature", [0.03, 0.2])
def test_it_agrees_with_the_dense_textbook_solver(seed: int, temperature: float) -> None:
    graph = random_graph(seed, 25, 12, 5, popularity=0.05)
    market = equilibrium(graph, CongestionConfig(temperature=temperature, **EXACT))
    np.testing.assert_allclose(market.matches, textbook(graph, temperature).astype(float), rtol=1e-7)


def test_a_market_of_strong_attraction_loses_no_digits() -> None:
    """Where s is 2e5, (sqrt(s**2 + 4n) - s) / 2 keeps about 6 digits of u; singles are 1e-22."""
    graph = graph_of({(0, 0): 1.0, (1, 0): 1.0, (2, 0): 1.0}, [1, 1, 1], [1])
    market = equilibrium(graph, CongestionConfig(temperature=0.01, **EXACT))
    np.testing.assert_allclose(market.matches, 1 / 3, rtol=1e-12)
    single = np.exp(-market.supply_price / 0.01)
    # u**2 = 2/3 of each start-up, so v = (1/3) / (A u) with A = exp(50)
    np.testing.assert_allclose(single, (1 / 3 / np.exp(50) / np.sqrt(2 / 3)) ** 2, rtol=1e-9)


@pytest.mark.parametrize("temperature", [0.001, 0.005])
@pytest.mark.parametrize("sweeps", [1, 2, 5, 17, 500])
def test_an_extreme_temperature_stays_finite_and_within_capacity(temperature: float, sweeps: int) -> None:
    rng = np.random.default_rng(3)
    plain = random_graph(3, 40, 30, 10)
    score = rng.choice([0.0, 0.5, 1.0], len(plain.score))
    graph = replace(plain, score=score)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        market = equilibrium(graph, CongestionConfig(temperature=temperature, sweeps=sweeps))
    assert np.isfinite(np.concatenate([market.demand_price, market.supply_price, market.matches])).all()
    for side in missed(graph, market, temperature):
        assert side.min() > -1e-9


def test_stopping_early_promises_nobody_more_than_they_have() -> None:
    graph = random_graph(4, 80, 20, 6, popularity=0.1)
    for sweeps in (1, 2, 3, 10):
        market = equilibrium(graph, CongestionConfig(temperature=0.01, sweeps=sweeps, tolerance=1e-12))
        gaps = missed(graph, market, 0.01)
        assert min(side.min() for side in gaps) > -1e-12
        assert market.sweeps == sweeps
        shares = [gaps[0], gaps[1] / graph.supply_capacity[np.unique(graph.supply)]]
        assert market.residual == pytest.approx(max(side.max() for side in shares), abs=1e-12)


@st.composite
def graphs(draw: st.DrawFn) -> CandidateGraph:
    demand, supply = draw(st.integers(1, 6)), draw(st.integers(1, 6))
    pair = st.tuples(st.integers(0, demand - 1), st.integers(0, supply - 1))
    tenths = st.integers(0, 10).map(lambda tenth: tenth / 10)
    pairs = draw(st.dictionaries(pair, tenths, max_size=20))
    capacity = st.sampled_from([0.5, 1.0, 2.0, 7.0])
    sizes = [draw(st.lists(capacity, min_size=n, max_size=n)) for n in (demand, supply)]
    return graph_of(pairs, *sizes)


@settings(max_examples=150)
@given(graph=graphs(), temperature=st.sampled_from([0.001, 0.02, 0.3]), sweeps=st.integers(1, 40))
def test_any_market_is_feasible_and_finite(graph: CandidateGraph, temperature: float, sweeps: int) -> None:
    market = equilibrium(graph, CongestionConfig(temperature=temperature, sweeps=sweeps))
    assert np.isfinite(np.concatenate([market.demand_price, market.supply_price])).all()
    assert (market.matches >= 0).all()
    for side in missed(graph, market, temperature):
        assert (side > -1e-9).all()


@pytest.mark.parametrize("length", [1, 2, 4])
@pytest.mark.parametrize("seed", range(25))
def test_as_many_mentors_are_seen_as_any_lists_could_show(seed: int, length: int) -> None:
    rng = np.random.default_rng(seed)
    chance = rng.dirichlet(np.full(30 * length, 0.7))  # some are everybody's candidates, some one's only
    degrees = rng.integers(1, 5 * length, 30)
    picks = [rng.choice(30 * length, size, replace=False, p=chance).tolist() for size in degrees]
    scores = {(d, s): rng.integers(1, 9) / 10 for d, row in enumerate(picks) for s in row}
    graph = graph_of(scores, [1] * 30, [1] * 30 * length)
    lists = unpriced(graph, length)
    assert lists.unseen == len(np.unique(graph.supply)) - np.count_nonzero(seen(graph, lists))
    could = np.zeros((30, 30 * length), dtype=bool)
    could[graph.demand, graph.supply] = True
    matching = maximum_bipartite_matching(csr_array(np.repeat(could, length, axis=0)), perm_type="column")
    assert np.count_nonzero(seen(graph, lists)) == np.count_nonzero(matching >= 0)
    for founder, row in enumerate(rows(lists.demand)):
        assert (graph.demand[row] == founder).all()
        assert len(set(row)) == len(row) == min(length, degrees[founder])
    mixed = rng.permutation(len(graph.score))
    other = permuted(graph, mixed)
    assert named(other, unpriced(other, length).demand) == named(graph, lists.demand)


def test_without_spread_lists_are_in_plain_score_order() -> None:
    graph = random_graph(5, 50, 20, 8, popularity=0.1)
    _, lists = listed(graph, 4, spread=0)
    for side, owner in ((lists.demand, graph.demand), (lists.supply, graph.supply)):
        for node, row in enumerate(rows(side)):
            assert graph.score[row].tolist() == sorted(graph.score[owner == node], reverse=True)[:4]
    assert lists.unseen == (seen(graph, lists)[np.unique(graph.supply)] == 0).sum() > 0


def test_at_full_spread_lists_are_in_the_order_of_expected_matches() -> None:
    graph = random_graph(6, 60, 12, 8, popularity=0.05)
    market, lists = listed(graph, 8, spread=1, **EXACT)
    plain = listed(graph, 8, spread=0)[1]
    assert rows(lists.demand) != rows(plain.demand)
    assert rows(lists.supply) != rows(plain.supply)
    for row in rows(lists.demand) + rows(lists.supply):
        expected = market.matches[row]
        assert (expected[1:] <= expected[:-1] * (1 + 1e-9)).all()


def test_equal_candidates_are_listed_by_score_and_then_by_number() -> None:
    pairs = {(0, 3): 0.5, (0, 1): 0.5, (0, 2): 0.75, (0, 0): 0.25}
    graph = graph_of(pairs, [1], [1, 1, 1, 1])
    assert named(graph, unpriced(graph, 4).demand) == [[(0, 2), (0, 1), (0, 3), (0, 0)]]
    # All four are worth 0.25 at these:
    dear = Equilibrium(np.zeros(1), np.array([0, 0.25, 0.5, 0.25]), np.zeros(4), 1, 0.0)
    lists = two_sided_lists(graph, dear, CongestionConfig(spread=1), 4)
    assert named(graph, lists.demand) == [[(0, 2), (0, 1), (0, 3), (0, 0)]]


@pytest.mark.parametrize("spread", [0.05, 0.5, 1.0])
def test_no_mentor_with_candidates_is_left_unseen(spread: float) -> None:
    graph = random_graph(7, 300, 100, 20, popularity=0.08)
    naive = seen(graph, listed(graph, 5, spread=0)[1])
    assert (naive[np.unique(graph.supply)] == 0).sum() > 10
    _, lists = listed(graph, 5, spread=spread)
    assert lists.unseen == 0
    assert seen(graph, lists)[np.unique(graph.supply)].min() > 0
    assert (np.diff(lists.demand.offsets) == 5).all()


def test_the_unseen_take_a_place_where_least_is_lost() -> None:
    pairs = {(0, 0): 0.9, (1, 0): 0.9, (2, 0): 0.9, (0, 1): 0.1, (1, 1): 0.5, (2, 1): 0.3}
    graph = graph_of(pairs, [1, 1, 1], [1, 1])
    assert named(graph, unpriced(graph, 1).demand) == [[(0, 0)], [(1, 1)], [(2, 0)]]


def test_among_the_last_places_the_most_seen_yields_and_the_list_stays_in_order() -> None:
    pairs = {(0, m): 0.9 - m / 10 for m in range(5)}
    pairs |= dict.fromkeys([(1, 0), (1, 1), (2, 0), (2, 1), (2, 2), (3, 0)], 0.9)
    graph = graph_of(pairs, [1] * 4, [1] * 5)
    # Mentor 4 alone is unseen; 0 to 3 are seen four times, thrice, twice and once; 0 is no last place.
    assert named(graph, unpriced(graph, 4).demand)[0] == [(0, 0), (0, 2), (0, 3), (0, 4)]


def test_a_popular_mentor_is_in_fewer_lists_and_exposure_is_more_even() -> None:
    graph = random_graph(8, 400, 80, 20, popularity=0.04)
    counts = {spread: seen(graph, listed(graph, 5, spread=spread)[1]) for spread in (0, 0.5, 1)}
    popular = int(counts[0].argmax())
    assert counts[1][popular] < counts[0.5][popular] < counts[0][popular]
    assert counts[1].max() < counts[0].max() / 2
    assert gini(counts[1]) < gini(counts[0.5]) < gini(counts[0])


def test_a_mentor_with_two_places_gets_about_twice_the_exposure_of_one() -> None:
    places = np.tile([1.0, 2.0], 50)
    graph = replace(random_graph(9, 2000, 100, 40), supply_capacity=places)
    market, lists = listed(graph, 5, spread=1)
    counts = seen(graph, lists)
    assert counts[places == 2].mean() / counts[places == 1].mean() == pytest.approx(2, abs=0.4)
    matched = np.bincount(graph.supply, market.matches)
    assert matched[places == 2].mean() / matched[places == 1].mean() == pytest.approx(2, abs=0.05)


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_the_edges_changes_nothing(seed: int) -> None:
    graph = random_graph(10, 60, 25, 8, popularity=0.05)
    mixed = np.random.default_rng(seed).permutation(len(graph.score))
    other = permuted(graph, mixed)
    (market, lists), (again, relisted) = listed(graph, 3), listed(other, 3)
    assert market.supply_price.tobytes() == again.supply_price.tobytes()
    assert market.matches[mixed].tobytes() == again.matches.tobytes()
    assert named(graph, lists.demand) == named(other, relisted.demand)
    assert named(graph, lists.supply) == named(other, relisted.supply)


def test_an_empty_graph_has_empty_lists() -> None:
    market, lists = listed(graph_of({}, [1, 1], [1, 1, 1]), spread=1)
    assert rows(lists.demand) == [[], []]
    assert rows(lists.supply) == [[], [], []]
    assert (lists.unseen, market.residual, market.sweeps) == (0, 0, 1)
    market, lists = listed(graph_of({}, [], []), spread=1)
    assert len(market.supply_price) == len(lists.demand.edges) == 0
    assert lists.demand.offsets.tolist() == [0]


def test_those_without_candidates_stay_single_and_change_nobody() -> None:
    pairs = {(0, 1): 0.7, (2, 1): 0.6, (2, 2): 0.4}
    crowd = graph_of(pairs, [1, 4, 1], [0, 2, 1])
    alone = graph_of({(0, 0): 0.7, (1, 0): 0.6, (1, 1): 0.4}, [1, 1], [2, 1])
    market, lists = listed(crowd, spread=1)
    np.testing.assert_array_equal(market.matches, listed(alone, spread=1)[0].matches)
    assert np.exp(-market.demand_price[1] / 0.02) == pytest.approx(4)
    assert np.isfinite(market.supply_price).all()
    assert rows(lists.demand)[1] == rows(lists.supply)[0] == []
    assert lists.unseen == 0


def test_a_changed_profile_is_placed_by_the_stored_prices_alone() -> None:
    graph = random_graph(11, 60, 20, 6, popularity=0.05)
    market, lists = listed(graph, 6, spread=0.5)
    mine = np.flatnonzero(graph.demand == 7)
    value = price_edges(graph.score[mine], market.supply_price[graph.supply[mine]], 0.5)
    assert mine[np.argsort(-value)].tolist() == rows(lists.demand)[7]


@pytest.mark.parametrize(
    ("pair", "score", "places", "says"),
    [
        ((0, 2), 0.5, 1, "supply must lie in"),
        ((-1, 0), 0.5, 1, "demand must lie in"),
        ((0, 0), 1.5, 1, "scores must lie in"),
        ((0, 0), np.nan, 1, "scores must lie in"),
        ((0, 0), 0.5, 0, "supply_capacity is 0"),
        ((0, 0), 0.5, -1, "supply_capacity must be finite"),
        ((0, 0), 0.5, np.inf, "supply_capacity must be finite"),
    ],
)
def test_a_graph_that_breaks_a_rule_is_refused(
    pair: tuple[int, int], score: float, places: float, says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        graph_of({pair: score}, [1], [places, 1])
    two = np.zeros(2, dtype=np.int64)
    with pytest.raises(ValueError, match="of one length"):
        CandidateGraph(two, two[:1], np.zeros(2), np.ones(1), np.ones(1))
    with pytest.raises(ValueError, match="twice"):
        CandidateGraph(two, two, np.zeros(2), np.ones(1), np.ones(1))


def test_a_list_of_nobody_and_settings_out_of_bounds_are_refused() -> None:
    graph = random_graph(12, 4, 3, 2)
    with pytest.raises(ValueError, match="shows nobody"):
        listed(graph, 0)
    for wrong in ({"spread": 1.1}, {"temperature": 0}, {"tolerance": 0}, {"sweeps": 0}):
        with pytest.raises(ValidationError):
            CongestionConfig(**wrong)
