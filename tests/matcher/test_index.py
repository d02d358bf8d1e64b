"""Search is exact, filters hold, and indexes never change once made."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.index import EntryIndex, build_index, make_rows
from matcher.index.segment import SKETCHED_FROM
from matcher.index.widening import Float32, widen
from matcher.models import Facet

WIDTH = 16


def make_index(entries: int = 200, per_profile: int = 4, seed: int = 0) -> EntryIndex:
    """An index of random unit vectors; profile p has the entries 4p … 4p+3, needs and expertise in turn."""
    facets = (Facet.NEED, Facet.EXPERTISE)
    rows = make_rows([(n, n // per_profile, facets[n % 2]) for n in range(entries)])
    return build_index(rows, unit(entries, seed))


def said(index: EntryIndex, *entries: int) -> np.ndarray:
    """Where these entries are in an index."""
    return np.array([np.flatnonzero(index.rows["entry_id"] == entry)[0] for entry in entries])


def half(vectors: np.ndarray) -> np.ndarray:
    """Vectors as they are kept: in half precision."""
    return vectors.astype(np.float16).astype(np.float32)


def unit(count: int, seed: int) -> np.ndarray:
    vectors = np.random.default_rng(seed).standard_normal((count, WIDTH)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@given(
    seed=st.integers(0, 1000),
    allowed=st.sets(st.integers(0, 199), max_size=200),
    limit=st.integers(1, 250),
)
def test_search_agrees_with_numpy(seed: int, allowed: set[int], limit: int) -> None:
    index, queries = make_index(), unit(3, seed + 1)
    positions = np.array(sorted(allowed), dtype=np.int64)

    cosines, found = index.search(queries, positions, limit)

    vectors = half(unit(200, 0))[index.rows["entry_id"]]
    expected = queries @ vectors[positions].T
    assert found.shape == (3, min(limit, len(allowed)))
    for row in range(3):
        assert set(found[row]) <= allowed
        assert len(set(found[row])) == len(found[row])
        np.testing.assert_allclose(cosines[row], np.sort(expected[row])[::-1][: found.shape[1]], atol=1e-6)
        np.testing.assert_allclose(queries[row] @ vectors[found[row]].T, cosines[row], atol=1e-6)


def test_a_search_among_nobody_finds_nothing() -> None:
    cosines, found = make_index().search(unit(2, 1), np.empty(0, np.int64), 5)
    assert cosines.shape == found.shape == (2, 0)


def test_a_search_for_nothing_finds_nothing() -> None:
    _, found = make_index().search(unit(0, 1), np.arange(5), 5)
    assert found.shape == (0, 0)


def test_one_allowed_entry_among_many_is_found() -> None:
    _, found = make_index(5000).search(unit(1, 7), np.array([4711]), 10)
    assert found.tolist() == [[4711]]


def test_positions_are_those_of_the_profiles_and_facet_asked_for() -> None:
    index = make_index()
    assert index.rows["entry_id"][index.positions({1, 3}, Facet.NEED)].tolist() == [4, 6, 12, 14]


def test_positions_of_nobody_are_none() -> None:
    assert make_index().positions(set(), Facet.NEED).tolist() == []


def test_vectors_come_back_as_they_went_in() -> None:
    index = make_index()
    np.testing.assert_array_equal(index.vectors(said(index, 7, 3)), half(unit(200, 0)[[7, 3]]))


def test_an_empty_index_can_be_searched_and_added_to() -> None:
    empty = build_index(make_rows([]), unit(0, 0))
    assert (len(empty), empty.dimensions) == (0, WIDTH)
    grown = empty.replace({1}, make_rows([(1, 1, Facet.NEED)]), unit(1, 5))
    assert grown.search(unit(1, 5), np.array([0]), 3)[1].tolist() == [[0]]


def test_replacing_removes_what_is_stale_and_adds_what_is_new() -> None:
    index, fresh = make_index(), unit(2, 9)
    rows = make_rows([(900, 1, Facet.NEED), (901, 77, Facet.PITCH)])

    changed = index.replace({1, 77}, rows, fresh)

    for one in (changed, changed.compact()):
        alive = one.rows["profile_id"] != -1
        assert set(one.rows["entry_id"][alive]) == set(range(200)) - {4, 5, 6, 7} | {900, 901}
        needs = one.rows[one.facet(Facet.NEED)]
        assert {900, 0, 2, 8} <= set(needs["entry_id"][needs["profile_id"] != -1])
        np.testing.assert_array_equal(one.vectors(one.positions({77}, Facet.PITCH)), half(fresh[1:]))
        np.testing.assert_array_equal(
            one.vectors(one.positions({2}, Facet.NEED)), half(unit(200, 0)[[8, 10]])
        )
    assert len(changed.compact()) == 200 - 4 + 2


def test_changes_are_searched_with_the_rest() -> None:
    index = make_index().replace({1}, make_rows([(900, 1, Facet.NEED)]), unit(1, 9))
    cosines, found = index.search(unit(1, 9), np.arange(len(index)), 3)
    assert index.rows["entry_id"][found[0, 0]] == 900
    assert cosines[0].tolist() == sorted(cosines[0].tolist(), reverse=True)


def large() -> EntryIndex:
    return build_index(make_rows([(n, n, Facet.NEED) for n in range(SKETCHED_FROM)]), unit(SKETCHED_FROM, 3))


@pytest.mark.parametrize("fine", [False, True])
@pytest.mark.parametrize("stale", [set(), {7}, {7, 8, 40_000}])
def test_rough_cosines_are_nearly_those_of_the_vectors(stale: set[int], fine: bool) -> None:
    index = large()
    if stale:
        index = index.replace(stale, make_rows([(99_999, 7, Facet.NEED), (8, 1, Facet.PITCH)]), unit(2, 8))
    needs = index.facet(Facet.NEED)
    rough = index.rough_cosines(index.sketch(unit(2, 4)), needs, fine=fine)
    exact = unit(2, 4) @ index.vectors(needs).T
    # Sixteen dimensions all fit into the sketch: what is lost are 16 roundings of up to 1/254.
    np.testing.assert_allclose(rough, exact, atol=0.015)
    assert np.abs(rough - exact).mean() < 0.002
    some = np.random.default_rng(6).permutation(needs)[:500]  # neither in order nor beside each other
    of_some = index.rough_cosines(index.sketch(unit(2, 4)), some, fine=fine)
    np.testing.assert_allclose(of_some, rough[:, np.searchsorted(needs, some)], atol=1e-6)


def test_fine_sketches_are_nearer_than_coarse_ones() -> None:
    vectors = textlike(SKETCHED_FROM, 2)
    index = build_index(make_rows([(n, n, Facet.NEED) for n in range(SKETCHED_FROM)]), vectors)
    queries, positions = vectors[:3], np.arange(SKETCHED_FROM)
    exact = index.cosines(queries, positions)
    coarse, fine = (
        np.abs(index.rough_cosines(index.sketch(queries), positions, fine=fine) - exact).mean()
        for fine in (False, True)
    )
    assert fine < 0.2 * coarse < 0.01


def textlike(count: int, seed: int) -> Float32:
    """Unit vectors with the spread of texts': a few directions hold most, and none nothing."""
    spread = np.exp(-np.arange(256) / 60)
    vectors = (np.random.default_rng(seed).standard_normal((count, 256)) * spread).astype(np.float32)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def test_a_scan_finds_the_nearest_and_how_near_the_others_are() -> None:
    index = build_index(
        make_rows([(n, n, Facet.PITCH if n < 50 else Facet.NEED) for n in range(SKETCHED_FROM + 50)]),
        textlike(SKETCHED_FROM + 50, 2),
    )
    needs = index.facet(Facet.NEED)
    queries = textlike(3, 5)
    exact = index.cosines(queries, needs)
    places, reach = index.nearest(queries, Facet.NEED, 1024)
    assert 1024 <= len(np.unique(places)) <= 3 * 1024
    best = np.argsort(-exact, axis=1)[:, :50]
    assert np.isin(best, places).mean() >= 0.99
    others = np.delete(exact, np.unique(places), axis=1)
    assert (others > reach).mean() < 1e-3
    assert reach < np.median(np.sort(exact, axis=1)[:, -20]), "or nobody could be left out"


def test_stock_texts_do_not_make_a_scan_sure_of_itself() -> None:
    """What most say in the same words has codes of its own, and would be all that the error is seen in."""
    vectors = textlike(SKETCHED_FROM, 3)
    stock = np.random.default_rng(4).random(SKETCHED_FROM) < 0.6
    vectors[stock] = textlike(3, 6)[np.arange(stock.sum()) % 3]
    index = build_index(make_rows([(n, n, Facet.NEED) for n in range(SKETCHED_FROM)]), vectors)
    queries = textlike(10, 5)
    exact = index.cosines(queries, index.facet(Facet.NEED))
    for query, cosines in zip(queries, exact, strict=True):
        places, reach = index.nearest(query[None], Facet.NEED, 1024)
        assert (np.delete(cosines, places) > reach).sum() < 100


def test_a_scan_takes_in_what_changed_and_small_facets_whole() -> None:
    index = large().replace({7}, make_rows([(99_999, 7, Facet.NEED), (8, 1, Facet.PITCH)]), -unit(2, 4))
    places, _ = index.nearest(unit(2, 4), Facet.NEED, 512)
    assert index.rows["entry_id"][index.facet(Facet.NEED)[places]].max() == 99_999
    places, reach = index.nearest(unit(2, 4), Facet.PITCH, 512)
    assert (places.tolist(), reach) == ([0], -np.inf)
    assert len(large().nearest(unit(2, 4), Facet.THESIS, 512)[0]) == 0


@pytest.mark.parametrize("stale", [set(), {7}])
def test_cosines_of_many_are_those_of_the_vectors(stale: set[int]) -> None:
    index = large().replace(stale, make_rows([(99_999, 7, Facet.NEED)] if stale else []), unit(len(stale), 8))
    positions = np.random.default_rng(1).permutation(index.facet(Facet.NEED))[:5000]
    exact = unit(2, 4) @ index.vectors(positions).T
    np.testing.assert_allclose(index.cosines(unit(2, 4), positions), exact, atol=1e-6)


def test_cosines_with_nobody_are_none() -> None:
    assert large().cosines(unit(2, 4), np.empty(0, np.int64)).shape == (2, 0)


def test_widening_halves_changes_none_of_them() -> None:
    halves = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    finite = halves[np.isfinite(halves)].reshape(-1, 2)
    wide = widen(finite)
    assert wide.dtype == np.float32
    np.testing.assert_array_equal(wide.view(np.uint32), finite.astype(np.float32).view(np.uint32))


def test_a_small_index_is_compared_exactly_or_not_at_all() -> None:
    with pytest.raises(ValueError, match="no sketch"):
        make_index().sketch(unit(1, 1))


def test_replacing_leaves_the_old_index_as_it_was() -> None:
    index = make_index()
    index.replace({1}, make_rows([]), unit(0, 0))
    assert len(index) == 200
    np.testing.assert_array_equal(index.vectors(said(index, *range(200))), half(unit(200, 0)))


def test_rows_must_describe_every_vector() -> None:
    with pytest.raises(ValueError, match="1 rows do not describe 2 vectors"):
        build_index(make_rows([(1, 1, Facet.NEED)]), unit(2, 0))


FORKING = """
import os, sys
import numpy as np
from matcher.index import build_index, make_rows, use_one_thread
from matcher.models import Facet
vectors = np.random.default_rng(0).standard_normal((4000, 64)).astype(np.float32)
index = build_index(make_rows([(n, n, Facet.NEED) for n in range(4000)]), vectors)
index.search(vectors[:500], np.arange(4000), 10)
child = os.fork()
if child == 0:
    use_one_thread()
    _, found = index.search(vectors[:500], np.arange(4000), 10)
    os._exit(0 if found.shape == (500, 10) else 1)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_a_child_forked_after_its_parent_searched_can_search_too() -> None:
    done = subprocess.run([sys.executable, "-c", FORKING], timeout=60, check=False)
    assert done.returncode == 0
