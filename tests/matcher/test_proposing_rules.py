"""Each rule of a programme in its proposals: languages, hours apart, preferences, wishes, quotas, floors."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from matcher.db import reading
from matcher.models import Programme, Proposal
from matcher.services import proposals
from matcher.wording import Message
from tests.matcher.cohorts import Cohort
from tests.matcher.test_proposing import TWO


@pytest.fixture
def cohort(engine: Engine, programme: Programme, tmp_path: Path) -> Cohort:
    return Cohort(engine, programme, tmp_path)


def test_a_required_language_must_be_stated_and_shared(cohort: Cohort) -> None:
    values: Mapping[str, Mapping[str, Any]] = {
        "S1": {"languages": ("en", "sw")}, "S2": {},
        "M1": {}, "M2": {"languages": ("sw",)}, "M3": {"languages": ("en",)},
    }  # fmt: skip
    cohort.fill({"M1": {"S1": 0.7, "S2": 0.7}, "M2": {}, "M3": {}}, startups=2, values=values)
    cohort.run()
    assert "S1-M1" in cohort.pairs() or "S2-M1" in cohort.pairs()
    cohort.rules(language="required", startups_least=0)
    run = cohort.run()
    assert cohort.pairs() in ({"S1-M2"}, {"S1-M3"})
    assert cohort.unmatched(run) == {
        "S2": "none of 3 mentors is eligible: 3 because they do not both state a language that they share"
    }
    remedies = [str(remedy) for line in run.unmatched for remedy in map(Message.from_json, line["remedies"])]
    assert remedies == ["let pairs through in which a side states no language"]


def test_time_zones_too_far_apart_are_barred_but_unknown_ones_are_not(cohort: Cohort) -> None:
    values: Mapping[str, Mapping[str, Any]] = {
        "S1": {"country": "KE"}, "M1": {"timezone": "America/Lima"}, "M2": {"timezone": "Europe/Paris"},
    }  # fmt: skip
    near = {"M1": {"S1": 0.7}, "M2": {"S1": 0.6}, "M3": {"S1": 0.5}}
    cohort.fill(near, startups=1, values=values)
    cohort.run()
    assert cohort.pairs() == {"S1-M1"}
    for hours, expected in ((2, {"S1-M2"}), (1, {"S1-M3"}), (8, {"S1-M1"})):
        cohort.rules(hours_apart=hours)
        cohort.run()
        assert cohort.pairs() == expected


def test_preferences_and_wishes_shape_the_choice_but_not_the_score(cohort: Cohort) -> None:
    values = {"S1": {"sectors": ("energy",)}, "M2": {"sectors": ("energy",)}}
    cohort.fill({"M1": {"S1": 0.7}, "M2": {"S1": 0.5}, "M3": {"S1": 0.45}}, startups=1, values=values)
    cohort.wish("S1", "M3")
    cohort.rules(wishes=0.0)
    plain = cohort.run()
    assert cohort.pairs() == {"S1-M1"}
    cohort.rules(wishes=0.0, prefer_sector=0.5)
    liked = cohort.run()
    assert cohort.pairs() == {"S1-M2"}
    assert liked.total < plain.total + 0.5
    cohort.rules(wishes=0.5)
    wished = cohort.run()
    assert cohort.pairs() == {"S1-M3"}
    assert wished.total < plain.total
    with reading(cohort.engine) as session:
        scores = proposals.scores_of(session.get_one(Proposal, wished.id))
    assert scores[cohort.ids["S1"], cohort.ids["M3"]] == pytest.approx(wished.total, abs=1e-6)


def test_a_quota_gives_each_of_a_group_somebody_of_another(cohort: Cohort) -> None:
    values = {
        "M3": {"country": "KE"},
        "M4": {"country": "KE"},
        "S1": {"stage": "idea"},
        "S2": {"stage": "idea"},
    }
    near = {"M1": {"S1": 0.7}, "M2": {"S2": 0.7}, "M3": {}, "M4": {}}
    cohort.fill(near, startups=2, values=values)
    cohort.run()
    assert cohort.pairs() == {"S1-M1", "S2-M2"}
    quota = {"name": "Local", "startups": {"attribute": "stage", "values": ("idea",)},
             "counterparts": {"attribute": "country", "values": ("ke",)}}  # fmt: skip
    cohort.rules(quotas=[quota])
    run = cohort.run()
    assert cohort.pairs() in ({"S1-M3", "S2-M4"}, {"S1-M4", "S2-M3"})
    assert run.relaxed == []
    cohort.rules(quotas=[{**quota, "each": False}])
    cohort.run()
    assert len(cohort.pairs() & {"S1-M3", "S1-M4", "S2-M3", "S2-M4"}) == 1


def test_a_quota_that_cannot_be_met_is_told_and_everybody_still_has_somebody(cohort: Cohort) -> None:
    cohort.fill(TWO, startups=2, values={"M1": {"country": "KE"}})
    quota = {"name": "Local", "startups": {"attribute": "ref", "values": ("S1", "S2")},
             "counterparts": {"attribute": "country", "values": ("KE",)}}  # fmt: skip
    cohort.rules(quotas=[quota])
    run = cohort.run()
    assert run.covered == 2
    (told,) = [str(Message.from_json(line)) for line in run.relaxed]
    (left,) = {"S1", "S2"} - {pair[:2] for pair in cohort.pairs() if pair.endswith("M1")}
    assert told == f"the quota “Local” is missed by 1 pairs: Somebody {left}"


def test_mentors_are_promised_start_ups_as_far_as_there_are_any(cohort: Cohort) -> None:
    near = {"M1": {"S1": 0.7, "S2": 0.7}, "M2": {}}
    cohort.fill(near, startups=2, values={"M1": {"capacity": 2}})
    cohort.run()
    assert cohort.pairs() == {"S1-M1", "S2-M1"}
    cohort.rules(startups_least=1)
    run = cohort.run()
    assert len({pair[-2:] for pair in cohort.pairs()}) == 2
    assert run.relaxed == []
    cohort.rules(startups_least=2)
    told = [str(Message.from_json(line)) for line in cohort.run().relaxed]
    assert len(told) == 1
    assert "fewer start-ups than promised" in told[0]


def test_a_floor_that_cannot_be_reached_is_told_and_pairs_are_made_all_the_same(cohort: Cohort) -> None:
    cohort.fill(TWO, startups=2)
    cohort.rules(floor=5.0)
    run = cohort.run()
    assert run.covered == 2
    assert [str(Message.from_json(line)) for line in run.relaxed] == [
        "2 start-ups stay under the least summed score of 5.00: Somebody S1, Somebody S2"
    ]


def test_a_floor_that_can_be_reached_comes_before_the_total(cohort: Cohort) -> None:
    near = {"M1": {"S1": 0.74, "S2": 0.5}, "M2": {"S1": 0.55, "S2": 0.31}}
    cohort.fill(near, startups=2)
    cohort.run()
    assert cohort.pairs() == {"S1-M1", "S2-M2"}
    cohort.rules(floor=0.4)
    run = cohort.run()
    assert (cohort.pairs(), run.relaxed) == ({"S1-M2", "S2-M1"}, [])
