"""A large pool is sifted by sketches, and nobody who belongs on a list is lost on the way."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.index import build_index, make_rows
from matcher.index.segment import SKETCHED_FROM
from matcher.models import Facet, Kind
from matcher.ranking.config import ScoringConfig
from matcher.ranking.facts import Facts
from matcher.ranking.fit import fit_many
from matcher.ranking.selection import Selection
from matcher.ranking.table import FactTable
from matcher.services.recommender import Recommender
from matcher.services.roster import Roster
from tests.matcher.strategies import facts

MENTORS = SKETCHED_FROM // 3 + 1
WIDTH = 256
LENGTH = 20
EXACTLY = ScoringConfig().model_copy(update={"rescored": MENTORS})
SECTORS = ("water", "energy", "health", "food")


@cache
def market() -> Recommender:
    """Mentors with three kinds of expertise each, about one of forty subjects, and a few start-ups."""
    random = np.random.default_rng(4)
    spread = np.exp(-np.arange(WIDTH) / 40)
    subjects = random.standard_normal((40, WIDTH)) * spread
    mentors = [_facts(n + 1, Kind.MENTOR) for n in range(MENTORS)]
    startups = [_facts(MENTORS + n + 1, Kind.STARTUP) for n in range(6)]
    people = [(one, Facet.EXPERTISE) for one in mentors] + [(one, Facet.NEED) for one in startups]
    about = np.repeat(random.integers(0, len(subjects), len(people)), 3)
    vectors = subjects[about] + random.standard_normal((len(about), WIDTH)) * spread
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    rows = [(3 * one.id + n, one.id, facet) for one, facet in people for n in range(3)]
    roster = Roster(
        {Kind.MENTOR: mentors, Kind.STARTUP: startups, Kind.FUNDER: []},
        {entry: f"text {entry}" for entry, *_ in rows},
    )
    return Recommender(
        roster, build_index(make_rows(rows), vectors.astype(np.float16)), ScoringConfig(), LENGTH
    )


def _facts(number: int, kind: Kind) -> Facts:
    return Facts(
        id=number, kind=kind, ref=f"R{number:05d}", name=f"N{number}", keys=frozenset(), languages=("en",),
        sectors=frozenset([SECTORS[number % 4], SECTORS[number % 3]]),
        places=number % 12 if kind is Kind.MENTOR else None,
    )  # fmt: skip


@pytest.mark.parametrize("config", [ScoringConfig(), ScoringConfig(sifted=1024, rescored=64)])
def test_the_best_of_a_large_pool_are_those_that_comparing_everyone_finds(config: ScoringConfig) -> None:
    recommender = market()
    startups = recommender.pools[Kind.STARTUP].table.facts
    recall = []
    for subject in startups:
        recommender.config = EXACTLY
        best = recommender.shortlist(subject, Kind.MENTOR, LENGTH)
        recommender.config = config
        found = recommender.shortlist(subject, Kind.MENTOR, LENGTH)
        recall.append(len(np.intersect1d(found.rows, best.rows)) / LENGTH)
        assert (
            found.eligible
            == best.eligible
            == sum(bool(one.places) for one in recommender.pools[Kind.MENTOR].table.facts)
        )
        assert all(recommender.pools[Kind.MENTOR].table.facts[row].places for row in found.rows)
        again = recommender.shortlist(subject, Kind.MENTOR, LENGTH)
        np.testing.assert_array_equal(again.rows, found.rows)
        np.testing.assert_array_equal(again.scores, found.scores)
    assert np.mean(recall) >= 0.995


def test_whose_floor_is_reached_is_found_far_down_the_list() -> None:
    recommender = market()
    recommender.config = ScoringConfig()
    subject = recommender.pools[Kind.STARTUP].table.facts[0]
    floors = np.full(MENTORS, np.inf)
    low = 1 + 12 * 300  # has a place, and nothing else in its favour
    floors[low] = 0.0
    assert low in recommender.shortlist(subject, Kind.MENTOR, LENGTH, floors).rows
    assert low not in recommender.shortlist(subject, Kind.MENTOR, LENGTH).rows


def test_a_listed_score_is_the_one_that_the_list_was_made_by() -> None:
    recommender = market()
    recommender.config = ScoringConfig()
    for subject in recommender.pools[Kind.STARTUP].table.facts:
        found = recommender.shortlist(subject, Kind.MENTOR, LENGTH)
        told = [item.score.total for item in recommender.describe(subject, Kind.MENTOR, found.rows)]
        np.testing.assert_allclose(told, found.scores, atol=1e-6)


@given(
    subject=facts(Kind.STARTUP, 1),
    others=st.lists(facts(Kind.MENTOR, 2), min_size=1, max_size=6),
    data=st.data(),
)
def test_the_fit_of_some_rows_is_that_of_the_whole_table(
    subject: Facts, others: list[Facts], data: st.DataObject
) -> None:
    table = FactTable(others)
    rows = np.array(data.draw(st.lists(st.integers(0, len(others) - 1), max_size=8)), dtype=np.int64)
    for kind in (Kind.MENTOR, Kind.FUNDER):
        whole, some = fit_many(subject, table, kind), fit_many(subject, Selection(table, rows), kind)
        for name, values in whole.items():
            np.testing.assert_array_equal(some[name], values[rows])
