"""Whoever left counts in no figure any more, and what waited for a manager is closed."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from matcher.db import unit_of_work
from matcher.models import (
    Introduction,
    Job,
    JobKind,
    Kind,
    Membership,
    MembershipState,
    Profile,
    Programme,
    RecommendationList,
    Role,
    Startup,
    utcnow,
)
from matcher.services import introductions, leaving, programmes, publishing
from matcher.services.audiences import Group, read_group
from matcher.services.cohort_report import read_report
from matcher.services.groups import quota_warnings
from matcher.services.inbox import count_routed, read_inbox
from matcher.services.left_out import everybody_left
from matcher.services.plan import read_plan
from matcher.services.profiles import remove_profile
from matcher.services.publishing import Side
from matcher.services.review import decide
from matcher.services.rules import Group as RuleGroup
from matcher.services.rules import QuotaRule
from matcher.services.wish_overview import read_sides
from matcher.services.wishes import set_wishes
from tests.matcher.cohorts import Cohort
from tests.matcher.factories import add, draft
from tests.matcher.readers import add_reader, told_to

People = dict[str, int]


@pytest.fixture
def people(session: Session, programme: Programme) -> People:
    return add(
        session,
        programme,
        draft(Kind.STARTUP, "S1", "Stays", sectors=("health",), country="KE", email="s1@example.org"),
        draft(Kind.STARTUP, "S2", "Goes", sectors=("health",), country="KE", email="s2@example.org"),
        draft(Kind.MENTOR, "M1", "Mentor", sectors=("health",), country="KE", capacity=2),
        draft(Kind.MENTOR, "M2", "Mentor two", sectors=("health",), country="KE", capacity=3),
        draft(Kind.FUNDER, "F1", "Fund", email="f1@example.org"),
    )


@pytest.fixture
def leave(session: Session, programme: Programme, people: People) -> Callable[[str], None]:
    def go(ref: str) -> None:
        leaving.leave(session, programme, session.get_one(Profile, people[ref]), actor="m")

    return go


@pytest.fixture
def cohort(engine: Engine, programme: Programme, tmp_path: Path) -> Cohort:
    return Cohort(engine, programme, tmp_path)


def remove(session: Session, programme: Programme, people: People, ref: str, role: Role) -> None:
    """As an account that is removed by a manager."""
    add_reader(session, programme, f"{ref}@example.org", role, people[ref])
    leaving.leave(session, programme, session.get_one(Profile, people[ref]), actor="m")
    part = session.scalars(select(Membership).where(Membership.profile_id == people[ref])).one()
    part.state = MembershipState.LEFT.value
    session.flush()


def test_a_start_up_that_left_is_not_told_to_have_nobody(
    session: Session, programme: Programme, people: People, leave: Callable[[str], None]
) -> None:
    leave("S2")

    named = {line.profile.ref for line in everybody_left(session, programme, Kind.MENTOR)}
    assert "S1" in named
    assert "S2" not in named


def test_a_start_up_that_left_is_in_no_figure(
    session: Session, programme: Programme, people: People, leave: Callable[[str], None]
) -> None:
    decide(session, programme, people["S1"], people["M1"], "approved", actor="m")
    set_wishes(session, programme, people["S2"], [people["M1"]], actor="m")
    for ref in ("S1", "S2"):
        session.add(
            RecommendationList(
                programme_id=programme.id, subject_id=people[ref], candidate_kind=Kind.MENTOR.value,
                considered=1, eligible=0, model="m", revision="r", watermark=1,
            )
        )  # fmt: skip
    session.flush()
    leave("S2")

    plan = read_plan(session, programme, Kind.MENTOR)
    assert (plan.startups, plan.now.covered, plan.uncovered) == (1, 1, [])
    report = read_report(session, programme, Kind.MENTOR)
    assert [(line.startups, line.covered) for line in report.sectors] == [(1, 1)]
    assert [(line.startups, line.covered) for line in report.regions] == [(1, 1)]
    assert (report.left, report.left_count, report.left_uncovered) == ([], 0, 0)
    seen = programmes.overview(session, programme)
    assert (seen.counts[Kind.STARTUP], seen.matched[Kind.MENTOR]) == (1, 0)
    assert [profile.ref for profile in seen.without[Kind.MENTOR]] == ["S1"]
    assert [line.startups for line in seen.demand] == [1]
    startups, mentors, _ = read_sides(session, programme)
    assert (startups.people, startups.wished, startups.silent_count) == (1, 0, 1)
    assert mentors.unwanted_count == 2, "nobody who is here wishes for them"
    assert [person.name for person in read_group(session, programme, Group.FOUNDERS, utcnow())] == ["Stays"]
    quota = QuotaRule(
        name="Theirs", each=True, least=1, startups=RuleGroup(attribute="ref", values=("S2",)),
        counterparts=RuleGroup(attribute="ref", values=("M1",)),
    )  # fmt: skip
    (warnings,) = quota_warnings(session, programme, [quota], 1)
    assert ["No start-up of this programme fits" in str(warning) for warning in warnings] == [True]


def test_a_mentor_who_left_has_no_places_and_is_not_listed(
    session: Session, programme: Programme, people: People
) -> None:
    decide(session, programme, people["S1"], people["M1"], "approved", actor="m")
    remove(session, programme, people, "M2", Role.MENTOR)

    plan = read_plan(session, programme, Kind.MENTOR)
    assert [place.profile.ref for place in plan.places] == ["M1"]
    report = read_report(session, programme, Kind.MENTOR)
    assert (report.places, report.taken, report.free, report.counterparts) == (2, 1, 1, 1)
    assert [line.places for line in report.sectors] == [2]
    assert programmes.overview(session, programme).counts[Kind.MENTOR] == 1
    assert [person.name for person in read_group(session, programme, Group.MENTORS, utcnow())] == ["Mentor"]


def test_a_mentor_on_a_break_is_listed_and_offers_what_is_taken(
    session: Session, programme: Programme, people: People
) -> None:
    decide(session, programme, people["S1"], people["M1"], "approved", actor="m")
    for ref in ("M1", "M2"):
        mentor = session.get_one(Profile, people[ref])
        mentor.is_paused, mentor.email = True, f"{ref}@example.org"
    session.flush()

    report = read_report(session, programme, Kind.MENTOR)
    assert (report.places, report.taken, report.free, report.counterparts) == (1, 1, 0, 2)
    assert [place.left for place in report.loads] == [0, 0]


def test_no_run_counts_or_promises_anything_to_who_left(cohort: Cohort) -> None:
    cohort.fill({"M1": {"S1": 0.9}, "M2": {"S2": 0.9}}, 2, {"S2": {"country": "KE"}})
    quota = QuotaRule(
        name="Kenya", each=True, least=1, startups=RuleGroup(attribute="country", values=("KE",)),
        counterparts=RuleGroup(attribute="ref", values=("M1", "M2")),
    )  # fmt: skip
    cohort.rules(mentors_least=1, quotas=(quota,))
    with unit_of_work(cohort.engine) as session:
        programme = session.get_one(Programme, cohort.programme.id)
        leaving.leave(session, programme, session.get_one(Profile, cohort.ids["S2"]), actor="m")
    run = cohort.run()
    assert (run.startups, run.covered, run.relaxed) == (1, 1, [])
    assert cohort.unmatched(run) == {}


def test_lists_follow_a_start_up_that_leaves(engine: Engine, cohort: Cohort) -> None:
    cohort.fill({"M1": {"S1": 0.9}}, 1)
    with unit_of_work(engine) as session:
        for job in session.scalars(select(Job)):
            session.delete(job)
    with unit_of_work(engine) as session:
        programme = session.get_one(Programme, cohort.programme.id)
        before = session.get_one(Startup, cohort.ids["S1"]).watermark
        leaving.leave(session, programme, session.get_one(Profile, cohort.ids["S1"]), actor="m")
        session.expire_all()
        assert session.get_one(Startup, cohort.ids["S1"]).watermark > before
        assert [job.kind for job in session.scalars(select(Job))] == [JobKind.RECOMMEND]


@pytest.mark.parametrize(("asker", "asked", "by"), [("F1", "S2", "counterpart"), ("S2", "F1", "startup")])
@pytest.mark.parametrize("leaver", ["S2", "F1"])
def test_requests_of_and_for_who_left_leave_the_manager_s_queue(
    session: Session,
    programme: Programme,
    people: People,
    asker: str,
    asked: str,
    by: Side,
    leaver: str,
) -> None:
    reader = add_reader(session, programme, "reader@example.org", profile_id=people[asker])
    request = introductions.ask(
        session, programme, (people["S2"], people["F1"]), by, message="Shall we talk?", account_id=None,
        link=str,
    )  # fmt: skip
    assert count_routed(session, programme) == (1, 0)
    leaving.leave(session, programme, session.get_one(Profile, people[leaver]), actor="m")

    assert count_routed(session, programme) == (0, 0)
    assert session.get_one(Introduction, request.id).state == "left"
    stages = {
        ref: [line.stage.value for line in read_inbox(session, programme, session.get_one(Profile, number))]
        for ref, number in people.items()
    }
    assert (stages[asker], stages[asked]) == (["left"], [])
    told = [text for text in told_to(session, reader) if "takes no part in the programme any more" in text]
    assert len(told) == (leaver == asked), "who leaves knows, and who was asked for never did"


def test_who_asked_for_somebody_whose_profile_is_removed_is_told(
    session: Session, programme: Programme, people: People
) -> None:
    reader = add_reader(session, programme, "reader@example.org", profile_id=people["S1"])
    introductions.ask(
        session, programme, (people["S1"], people["F1"]), "startup", message="Shall we talk?",
        account_id=None, link=str,
    )  # fmt: skip
    remove_profile(session, programme, Kind.FUNDER, people["F1"], actor="m")
    assert "Fund takes no part in the programme any more, so your request was closed." in told_to(
        session, reader
    )


def test_requests_for_a_mentor_whom_a_manager_takes_out_are_closed_too(
    session: Session, programme: Programme, people: People
) -> None:
    programme = session.get_one(Programme, programme.id)
    programme.routed = True
    introductions.ask(
        session, programme, (people["S1"], people["M2"]), "startup", message="Shall we talk?",
        account_id=None, link=str,
    )  # fmt: skip
    decide(session, programme, people["S2"], people["M2"], "approved", actor="m")
    publishing.withdraw_mentor(session, programme, people["M2"], actor="m")
    assert count_routed(session, programme) == (0, 0)
