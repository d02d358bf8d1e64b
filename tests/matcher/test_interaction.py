"""Late interaction, against the plainest way to say what it is."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from matcher.ranking.interaction import late_interaction, pad_groups, ramp, ramp_one

SIZES = st.lists(st.integers(0, 4), max_size=6)


def naive(cosines: np.ndarray, sizes: list[int], best: int, share: float) -> list[float]:
    blends, at = [], 0
    for size in sizes:
        pairs = sorted((float(c) for row in cosines for c in row[at : at + size]), reverse=True)[:best]
        blend = share * pairs[0] + (1 - share) * sum(pairs) / len(pairs) if pairs else math.nan
        blends.append(blend)
        at += size
    return blends


@given(data=st.data(), sizes=SIZES, queries=st.integers(0, 4), best=st.integers(1, 6), share=st.floats(0, 1))
def test_it_blends_the_best_pair_with_the_mean_of_the_best_few(
    data: st.DataObject, sizes: list[int], queries: int, best: int, share: float
) -> None:
    cosine = st.floats(-1, 1, width=32)
    cosines = data.draw(hnp.arrays(np.float32, (queries, sum(sizes)), elements=cosine))
    found = late_interaction(cosines, pad_groups(sizes), best, share, 0.0)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, naive(cosines, sizes, best, share), atol=1e-6)


@given(SIZES)
def test_padding_names_every_column_once_and_in_order(sizes: list[int]) -> None:
    groups = pad_groups(sizes)
    assert groups[groups >= 0].tolist() == list(range(sum(sizes)))
    assert [(row >= 0).sum() for row in groups] == sizes


def test_one_fitting_entry_of_a_specialist_is_not_drowned() -> None:
    cosines = np.array([[0.9, 0.1, 0.1, 0.1, 0.5]], dtype=np.float32)
    specialist, generalist = late_interaction(cosines, pad_groups([4, 1]), 3, 0.5, 0.0)
    assert specialist == pytest.approx((0.9 + (0.9 + 0.1 + 0.1) / 3) / 2)
    assert generalist == pytest.approx(0.5)
    assert specialist > generalist


@pytest.mark.parametrize(
    ("cosine", "likeness"),
    [(-1, 0), (0.2, 0), (0.3, 0.25), (0.4, 0.5), (0.6, 1), (1, 1), (math.nan, math.nan)],
)
def test_a_ramp_rises_from_its_floor_to_its_ceiling(cosine: float, likeness: float) -> None:
    found = ramp(np.array([cosine], dtype=np.float32), 0.2, 0.6)
    np.testing.assert_allclose(found, [likeness], atol=1e-6)
    np.testing.assert_array_equal(ramp_one(float(np.float32(cosine)), 0.2, 0.6), found[0])


def test_pairs_beyond_the_usual_nine_cost_by_the_logarithm_of_their_number() -> None:
    cosines = np.full((3, 24 + 3), 0.5, dtype=np.float32)
    many, few = late_interaction(cosines, pad_groups([24, 3]), 3, 0.5, 0.05)
    assert few == pytest.approx(0.5)
    assert many == pytest.approx(0.5 - 0.05 * np.log(8))
