"""Mentors and funding partners whom a proposal leaves alone are told why, as start-ups are."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from matcher.db import unit_of_work
from matcher.models import Kind, Programme, Proposal, Waiting
from matcher.services import proposals
from matcher.services.cohort_report import read_report
from matcher.services.succession import carry_waiting
from tests.matcher.cohorts import Cohort

Values = Mapping[str, Mapping[str, Any]]


@pytest.fixture
def cohort(engine: Engine, programme: Programme, tmp_path: Path) -> Cohort:
    return Cohort(engine, programme, tmp_path)


def told(cohort: Cohort, run: Proposal) -> dict[str, str]:
    lines = cohort.read(lambda session: proposals.idle_counterparts(session, run))
    return {line.counterpart.ref: str(line.reason) for line in lines}


def test_who_loses_to_others_is_told_whom_they_have_and_what_they_lost_by(cohort: Cohort) -> None:
    values: Values = {"S1": {"languages": ("en",)}, "S2": {"languages": ("ar",)},
                      "M1": {"languages": ("en",)}, "M2": {"languages": ("en",)}}  # fmt: skip
    cohort.fill({"M1": {"S1": 0.7}, "M2": {"S1": 0.5}}, startups=2, values=values)
    run = cohort.run()
    assert list(cohort.unmatched(run)) == ["S2"]
    assert told(cohort, run) == {
        "M2": "those who could be taken have others, who fit better or whom the rules ask for: Somebody S1"
    }


def test_where_every_start_up_has_all_it_may_have_no_demand_is_left(cohort: Cohort) -> None:
    cohort.fill({"M1": {"S1": 0.7}, "M2": {}, "M3": {}}, startups=1, values={"M3": {"capacity": 0}})
    run = cohort.run()
    assert told(cohort, run) == {"M2": "no start-up is left: all have as many as they may have"}
    assert cohort.unmatched(run) == {}


def test_who_is_eligible_for_nobody_is_told_the_rules(cohort: Cohort) -> None:
    values: Values = {"S1": {"languages": ("en",)}, "M2": {"languages": ("ar",)}}
    cohort.fill({"M1": {}, "M2": {}}, startups=1, values=values)
    assert told(cohort, cohort.run()) == {
        "M2": "none of 1 start-ups is eligible: 1 because they share no working language"
    }


def test_who_is_barred_by_the_programme_s_rules_is_told_which(cohort: Cohort) -> None:
    values: Values = {"S1": {"country": "KE"}, "M1": {"timezone": "America/Lima"}}
    cohort.fill({"M1": {}, "M2": {}}, startups=2, values=values)
    cohort.rules(hours_apart=3)
    cohort.decide("S2", "M1", "rejected")
    assert told(cohort, cohort.run()) == {
        "M1": "none of 2 start-ups is eligible: 1 because a manager rejected the pair, "
        "1 because their time zones are too far apart"
    }


def test_of_many_start_ups_only_those_looked_at_are_spoken_of(cohort: Cohort) -> None:
    near: dict[str, dict[str, float]] = {f"M{n}": {} for n in range(60)}
    values = {f"S{n}": {"country": "KE"} for n in range(1, 61)}
    cohort.fill({**near, "Z99": {}}, startups=60, values={**values, "Z99": {"timezone": "America/Lima"}})
    cohort.rules(hours_apart=3)
    assert told(cohort, cohort.run()) == {
        "Z99": "none of the 50 best start-ups may be taken: their time zones are too far apart"
    }


def test_who_gets_fewer_than_promised_is_told_how_many(cohort: Cohort) -> None:
    values: Values = {"M1": {"capacity": 2}, "M2": {"capacity": 2}}
    cohort.fill({"M1": {}, "M2": {}}, startups=3, values=values)
    cohort.rules(startups_least=2)
    (reason,) = told(cohort, cohort.run()).values()
    assert reason == "1 of 2: no start-up is left: all have as many as they may have"


def test_where_there_are_no_start_ups_that_is_the_reason(cohort: Cohort) -> None:
    cohort.fill({"M1": {}}, startups=0)
    assert told(cohort, cohort.run()) == {"M1": "there are no start-ups"}


def test_counterparts_wait_on_no_list_and_stand_in_the_report(cohort: Cohort) -> None:
    cohort.fill({"M1": {"S1": 0.7}, "M2": {}}, startups=1)
    cohort.run()
    report = cohort.read(lambda session: read_report(session, cohort.programme, Kind.MENTOR))
    assert [profile.ref for profile, _ in report.idle] == ["M2"]
    assert report.left == []
    with unit_of_work(cohort.engine) as session:
        carry_waiting(session, session.get_one(Programme, cohort.programme.id), Kind.MENTOR)
        assert session.scalars(select(Waiting.startup_id)).all() == []
