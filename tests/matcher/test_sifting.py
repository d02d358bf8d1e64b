"""A large pool is sifted by sketches, and nobody who belongs on a list is lost on the way."""

from dataclasses import replace
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
from matcher.services.cohort_candidates import Focus, _shortlist
from matcher.services.comparing import Width
from matcher.services.recommender import Recommender
from matcher.services.roster import Roster
from matcher.services.sifting import scan
from tests.matcher.strategies import facts

MENTORS = SKETCHED_FROM // 3 + 1
WIDTH = 256
LENGTH = 20
EMPTY: dict[Kind, list[Facts]] = {kind: [] for kind in Kind}
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


SIFTED = ScoringConfig(sifted=1024, rescored=64)
SCANNED = ScoringConfig(scanned_from=64, scanned=1024, rescored=64)


@pytest.mark.parametrize("config", [ScoringConfig(), SIFTED, SCANNED])
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


@pytest.mark.parametrize("config", [ScoringConfig(), SIFTED, SCANNED])
def test_a_long_list_has_as_many_as_are_asked_for(config: ScoringConfig) -> None:
    recommender = market()
    subject = recommender.pools[Kind.STARTUP].table.facts[1]
    recommender.config = config
    for count in (700, MENTORS):
        found = recommender.shortlist(subject, Kind.MENTOR, count)
        assert len(found.rows) == min(count, found.eligible)


def test_a_scan_that_finds_nobody_who_is_eligible_is_followed_by_a_look_at_all_others() -> None:
    recommender = market()
    subject = recommender.pools[Kind.STARTUP].table.facts[0]
    pool = recommender.pools[Kind.MENTOR]
    questions = recommender._questions(subject, Kind.MENTOR)
    near = scan(pool, questions, Kind.MENTOR, SCANNED).near
    facts = [replace(one, places=0 if near[row] else one.places) for row, one in enumerate(pool.table.facts)]
    crowded = recommender.replaced(Roster({**EMPTY, Kind.MENTOR: facts}, {}), set(), recommender.index)
    lists = []
    for config in (EXACTLY, SCANNED):
        crowded.config = config
        lists.append(crowded.recommend(subject, Kind.MENTOR))
    exact, found = ([item.facts.id for item in one.items] for one in lists)
    assert len(found) == LENGTH
    assert not near[[pool.table.row_of[one] for one in found]].any()
    assert len(set(exact) & set(found)) >= LENGTH - 1


def test_who_is_not_near_can_reach_no_more_than_a_scan_says() -> None:
    recommender = market()
    pool = recommender.pools[Kind.MENTOR]
    rows = np.arange(MENTORS)
    above = []
    for subject in recommender.pools[Kind.STARTUP].table.facts:
        questions = recommender._questions(subject, Kind.MENTOR)
        found = scan(pool, questions, Kind.MENTOR, SCANNED)
        assert 0 < found.near.sum() < MENTORS / 2
        totals = recommender._compare(subject, Kind.MENTOR, questions, rows).score(Width.FULL).totals
        above.append((totals > found.reach[found.answers])[~found.near].mean())
        highest = totals[~found.near].max()
        assert not len(found.doubtful(rows, float(found.reach.max()) + 1e-6))
        assert set(np.flatnonzero(~found.near & (totals >= highest))) <= set(found.doubtful(rows, highest))
    assert max(above) <= 1e-3


def test_a_mentor_who_changed_is_near_to_everyone() -> None:
    recommender = market()
    mentor, subject = (recommender.pools[kind].table.facts[0] for kind in (Kind.MENTOR, Kind.STARTUP))
    far = -recommender.index.vectors(recommender.entries(subject, Facet.NEED))[:1]
    index = recommender.index.replace({mentor.id}, make_rows([(1, mentor.id, Facet.EXPERTISE)]), far)
    changed = recommender.replaced(Roster({**EMPTY, Kind.MENTOR: [mentor]}, {}), set(), index)
    pool = changed.pools[Kind.MENTOR]
    found = scan(pool, changed._questions(subject, Kind.MENTOR), Kind.MENTOR, SCANNED)
    assert found.near[pool.table.row_of[mentor.id]]


def test_whose_floor_is_reached_is_found_far_down_the_list() -> None:
    recommender = market()
    recommender.config = ScoringConfig()
    subject = recommender.pools[Kind.STARTUP].table.facts[0]
    floors = np.full(MENTORS, np.inf)
    low = 1 + 12 * 300  # has a place, and nothing else in its favour
    floors[low] = 0.0
    assert low in recommender.shortlist(subject, Kind.MENTOR, LENGTH, floors=floors).rows
    assert low not in recommender.shortlist(subject, Kind.MENTOR, LENGTH).rows


def test_whom_a_proposal_must_think_of_is_found_far_down_the_list() -> None:
    recommender = market()
    recommender.config = ScoringConfig()
    subject = recommender.pools[Kind.STARTUP].table.facts[0]
    mentors = recommender.pools[Kind.MENTOR].table
    low = 1 + 12 * 300
    group = np.arange(MENTORS) % 700 == 1  # ten, nearly all of whom have a place
    focus = Focus({subject.id: frozenset([mentors.facts[low].id])}, ((np.ones(6, dtype=np.bool_), group),))
    found = _shortlist(recommender, Kind.MENTOR, subject, 0, focus)
    usual = recommender.shortlist(subject, Kind.MENTOR, recommender.shortlist_length)
    np.testing.assert_array_equal(found.rows[: len(usual.rows)], usual.rows)
    named = {low, *(row for row in np.flatnonzero(group).tolist() if mentors.facts[row].places)}
    assert len(named) > 5
    assert set(found.rows.tolist()) == {*usual.rows.tolist(), *named}
    assert len(found.rows) == len(set(found.rows.tolist())) == len(found.scores)


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
