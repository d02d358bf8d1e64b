"""What gaming a profile buys, on the sample programme and with the real encoder: no more than two places."""

import numpy as np
import pytest

from benchmarks.attacks import ATTACKS, CLAIMED_ELSEWHERE, UNDEFENDED, Arena, Pair
from benchmarks.cosines import sample_recommender
from matcher.embedding import Encoder

PAIRS = 8


@pytest.fixture(scope="module")
def arena(encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> Arena:
    return Arena(sample_recommender(tmp_path_factory.mktemp("attacks")), encoder)


@pytest.fixture(scope="module")
def pairs(arena: Arena) -> list[Pair]:
    return arena.pairs(PAIRS)


@pytest.mark.parametrize("name", [name for name in ATTACKS if name not in UNDEFENDED])
def test_an_attack_gains_no_more_than_two_places(arena: Arena, pairs: list[Pair], name: str) -> None:
    gains = arena.gains(ATTACKS[name], pairs)
    assert len(gains.aimed) == PAIRS
    assert np.median(gains.aimed) <= 2
    assert name in CLAIMED_ELSEWHERE or np.median(gains.others) <= 2


def test_saying_the_same_again_moves_nobody(arena: Arena, pairs: list[Pair]) -> None:
    """Or the others would be measured against something else than the product's lists."""
    gains = arena.gains(ATTACKS["no change"], pairs)
    assert {*gains.aimed, *gains.others} == {0}


def test_the_attackers_stand_in_the_middle_and_below(arena: Arena, pairs: list[Pair]) -> None:
    depths = [arena.order(p.startup).index(p.mentor.id) / len(arena.order(p.startup)) for p in pairs]
    assert min(depths) > 0.3
    assert max(depths) > 0.9
