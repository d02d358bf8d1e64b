"""Who takes a break is neither recommended nor proposed to anybody new, and comes back by one click."""

from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from matcher.db import reading, unit_of_work
from matcher.models import Job, JobKind, Kind, MatchState, Profile, Programme, Startup, Waiting
from matcher.services.errors import NotAllowed
from matcher.services.pausing import set_capacity, set_paused
from matcher.services.plan import read_plan
from matcher.services.recommendations import read_list
from matcher.services.review import decide
from matcher.services.roster import load_facts
from matcher.services.succession import offer_place
from matcher.services.whynot import explain_pair
from tests.matcher.cohorts import Cohort
from tests.matcher.factories import add, draft
from tests.matcher.offers import fill, states_of
from tests.matcher.test_recommending import recommend


@pytest.fixture
def cohort(engine: Engine, programme: Programme, tmp_path: Path) -> Cohort:
    """M1 suits everybody best, M2 next; each takes two."""
    likeness = {"M1": {"S1": 0.6, "S2": 0.6}, "M2": {"S1": 0.5, "S2": 0.5}, "M3": {}}
    two = {"capacity": 2}
    return Cohort(engine, programme, tmp_path).fill(likeness, 3, {"M1": two, "M2": two})


def pause(cohort: Cohort, ref: str, *, paused: bool) -> None:
    with unit_of_work(cohort.engine) as session:
        profile = session.get_one(Profile, cohort.ids[ref])
        assert set_paused(session, cohort.programme, profile, paused=paused, actor="a@b.c")
        assert not set_paused(session, cohort.programme, profile, paused=paused, actor="a@b.c")


def listed(cohort: Cohort, startup: str) -> list[str]:
    recommend(cohort.engine, cohort.programme, cohort.folder)
    with reading(cohort.engine) as session:
        found = read_list(session, session.get_one(Profile, cohort.ids[startup]), Kind.MENTOR)
        return [item.profile.ref for item in found.items]


def test_a_paused_mentor_leaves_lists_and_comes_back(cohort: Cohort) -> None:
    before = listed(cohort, "S1")
    assert before[:2] == ["M1", "M2"]

    pause(cohort, "M1", paused=True)

    assert listed(cohort, "S1") == before[1:]
    with reading(cohort.engine) as session:
        s1, m1 = (session.get_one(Profile, cohort.ids[ref]) for ref in ("S1", "M1"))
        told = explain_pair(session, cohort.programme, s1, m1).excluded_by
        assert [str(each.reason.message) for each in told] == ["M1 takes nobody new for now."]
        assert session.scalars(select(Job.kind)).all().count(JobKind.RECOMMEND) == 1

    pause(cohort, "M1", paused=False)

    assert listed(cohort, "S1") == before


def test_a_paused_mentor_leaves_proposals_and_comes_back(cohort: Cohort) -> None:
    cohort.run()
    before = cohort.pairs()
    assert {"S1-M1", "S2-M1"} <= before

    pause(cohort, "M1", paused=True)
    cohort.run()

    assert not {pair for pair in cohort.pairs() if pair.endswith("M1")}
    assert {"S1-M2", "S2-M2"} <= cohort.pairs()
    with reading(cohort.engine) as session:
        plan = read_plan(session, cohort.programme, Kind.MENTOR)
        assert "M1" not in {profile.ref for profile in plan.idle}, "who takes nobody is not idle"

    pause(cohort, "M1", paused=False)
    cohort.run()

    assert cohort.pairs() == before


def test_a_break_takes_nobody_away_from_whom_there_is(cohort: Cohort) -> None:
    cohort.decide("S1", "M1", "approved")
    pause(cohort, "M1", paused=True)
    cohort.run()

    assert cohort.pairs(MatchState.APPROVED) == {"S1-M1"}
    assert "M1" in listed(cohort, "S1")
    assert "M1" not in listed(cohort, "S2")
    with pytest.raises(NotAllowed, match="takes nobody new for now"):
        cohort.decide("S2", "M1", "approved")


def test_nobody_who_waits_is_given_a_place_of_a_paused_mentor(engine: Engine, programme: Programme) -> None:
    people = fill(engine, programme)
    for paused, expected in ((True, {}), (False, {("S2", "M1"): "proposed"})):
        with unit_of_work(engine) as session:
            decide(session, programme, people["S1"], people["M2"], "approved", actor="a")
            m1 = session.get_one(Profile, people["M1"])
            set_paused(session, programme, m1, paused=paused, actor="a")
            if paused:
                session.add(
                    Waiting(programme_id=programme.id, startup_id=people["S2"], counterpart_kind="mentor")
                )
            offer_place(session, programme, people["M1"], actor="a")
            found = states_of(session, people)
            found.pop(("S1", "M2"))
            assert found == expected


def test_a_funding_partner_pauses_too_and_keeps_whom_it_has(engine: Engine, programme: Programme) -> None:
    with unit_of_work(engine) as session:
        people = add(session, programme, draft(Kind.STARTUP, "S1"), draft(Kind.FUNDER, "F1"))
        decide(session, programme, people["S1"], people["F1"], "approved", actor="a")
        funder = session.get_one(Profile, people["F1"])
        version = funder.version
        set_paused(session, programme, funder, paused=True, actor="a")
        facts = load_facts(session, programme, list(people.values()))[people["F1"]]
        assert facts.paused
        assert facts.accepted == {people["S1"]}
        assert funder.version == version, "a form that is open meanwhile is not out of date"


def test_capacity_is_bounded_and_no_start_up_has_one(engine: Engine, programme: Programme) -> None:
    with unit_of_work(engine) as session:
        people = add(session, programme, draft(Kind.STARTUP, "S1"), draft(Kind.MENTOR, "M1", capacity=1))
        mentor = session.get_one(Profile, people["M1"])
        assert set_capacity(session, programme, mentor, 3, actor="a")
        assert not set_capacity(session, programme, mentor, 3, actor="a")
        with pytest.raises(NotAllowed):
            set_capacity(session, programme, mentor, 1001, actor="a")
        with pytest.raises(NotAllowed):
            set_paused(session, programme, session.get_one(Startup, people["S1"]), paused=True, actor="a")
