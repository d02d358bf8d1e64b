"""What is said of how good a proposal is, is no more than was proven."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from matcher.db import unit_of_work
from matcher.models import Kind, Programme, Waiting
from matcher.services import proposals
from tests.matcher.cohorts import Cohort


@pytest.fixture
def cohort(engine: Engine, programme: Programme, tmp_path: Path) -> Cohort:
    return Cohort(engine, programme, tmp_path)


def test_where_all_who_are_eligible_were_candidates_the_best_is_the_best(cohort: Cohort) -> None:
    cohort.fill({"M1": {"S1": 0.7}, "M2": {}}, startups=60)
    run = cohort.run()
    assert (run.considered, run.has_bonus) == (0, False)
    assert str(proposals.verdict(run)) == "Proven to be the best possible"


def test_the_best_of_shortlists_is_called_that(cohort: Cohort) -> None:
    cohort.fill({f"M{n}": {} for n in range(1, 53)}, startups=52)
    run = cohort.run()
    assert str(proposals.verdict(run)) == (
        "Among the candidates considered, the best 50 of each: Proven to be the best possible"
    )


def test_wishes_that_count_are_named(cohort: Cohort) -> None:
    cohort.fill({"M1": {"S1": 0.7}, "M2": {}}, startups=2)
    cohort.wish("S2", "M1")
    run = cohort.run()
    assert str(proposals.verdict(run)) == ("Counting preferences and wishes: Proven to be the best possible")
    cohort.rules(wishes=0.0)
    assert str(proposals.verdict(cohort.run())) == "Proven to be the best possible"


def test_stable_pairs_do_not_serve_first_who_waited_and_the_run_says_so(cohort: Cohort) -> None:
    cohort.fill({"M1": {"S1": 0.7, "S2": 0.5}}, startups=2)
    cohort.rules(objective="stable")
    unkept = "stable pairs cannot serve those first who have waited"
    assert unkept not in map(str, proposals.relaxed_rules(cohort.run()))
    with unit_of_work(cohort.engine) as session:
        session.add(
            Waiting(
                programme_id=cohort.programme.id,
                startup_id=cohort.ids["S2"],
                counterpart_kind=Kind.MENTOR.value,
                rounds=2,
            )
        )
    assert unkept in map(str, proposals.relaxed_rules(cohort.run()))
