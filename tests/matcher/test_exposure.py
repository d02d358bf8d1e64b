"""How evenly attention is shared, as a number, and what a price weighs."""

import numpy as np
import pytest

from matcher.ranking.congestion import price_edges
from matcher.ranking.exposure import gini


@pytest.mark.parametrize(
    ("counts", "expected"), [([], 0), ([0, 0], 0), ([3, 3, 3], 0), ([0, 0, 0, 8], 0.75), ([3, 1], 0.25)]
)
def test_the_gini_coefficient_says_how_uneven_counts_are(counts: list[int], expected: float) -> None:
    assert gini(counts) == pytest.approx(expected)


def test_a_price_weighs_as_the_spread_says() -> None:
    score, price = np.array([0.75, 0.5]), np.array([0.5, -0.25])
    for spread, value in {0: [0.75, 0.5], 0.5: [0.5, 0.625], 1: [0.25, 0.75]}.items():
        assert price_edges(score, price, spread).tolist() == value
