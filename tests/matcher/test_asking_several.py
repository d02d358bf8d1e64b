"""Several asked at once for one place: whoever accepts first has it, and the others are told."""

from collections import Counter

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from matcher.db import reading, unit_of_work
from matcher.models import Kind, Profile, Programme, Waiting
from matcher.services import answers, closing, introductions, publishing
from matcher.services.candidates import Choice, best, browse
from matcher.services.errors import CapacityReached, Conflict, NotAllowed
from matcher.services.inbox import count_routed
from matcher.services.review import decide
from matcher.services.rules import CohortRules, save_rules
from matcher.services.steps import image_of, replay
from tests.matcher.asking import People, ask, letters_to, stages
from tests.matcher.factories import add, at_once, draft
from tests.matcher.offers import fill, publish_pairs, secrets_of, states_of
from tests.matcher.readers import add_reader, told_to

MENTORS = ("M1", "M2", "M4", "M5", "M6", "M7")
"""Mentors with an address and one place each."""


@pytest.fixture
def people(engine: Engine, programme: Programme) -> People:
    fill(engine, programme)
    with unit_of_work(engine) as session:
        return add(
            session,
            programme,
            *(
                draft(Kind.MENTOR, ref, email=f"{ref.lower()}@example.org", capacity=1)
                for ref in MENTORS
                if ref not in {"M1", "M2"}
            ),
        )


def accept(session: Session, programme: Programme, people: People, ours: str, theirs: str) -> None:
    pair = people[ours], people[theirs]
    answers.answer_for(session, programme, pair, "counterpart", accepted=True, actor=theirs)


def rules(session: Session, programme: Programme, mentors_most: int, seen: int = 0) -> None:
    save_rules(session, programme, CohortRules(mentors_most=mentors_most), seen=seen, actor="m")


def test_five_mentors_are_asked_at_once_for_one_place_and_no_sixth(
    session: Session, programme: Programme, people: People
) -> None:
    for ref in MENTORS[:5]:
        ask(session, programme, people, "S1", ref)
    with pytest.raises(NotAllowed, match="5 of your requests are open"):
        ask(session, programme, people, "S1", "M7")
    assert Counter(states_of(session, people).values()) == {"offered": 5}


def test_whoever_accepts_first_has_the_place_and_the_others_are_told(
    session: Session, programme: Programme, people: People
) -> None:
    founder = add_reader(session, programme, "f@example.org", profile_id=people["S1"])
    for ref in ("M1", "M2", "M4"):
        ask(session, programme, people, "S1", ref)
    secrets = secrets_of(session)
    answers.answer(session, secrets["m2@example.org"], accepted=True)
    assert states_of(session, people) == {
        ("S1", "M1"): "withdrawn", ("S1", "M2"): "active", ("S1", "M4"): "withdrawn",
    }  # fmt: skip
    for ref in ("m1", "m4"):
        assert "found somebody meanwhile" in letters_to(session, f"{ref}@example.org")[-1]
        with pytest.raises(NotAllowed, match="no longer open"):
            answers.answer(session, secrets[f"{ref}@example.org"], accepted=True)
    assert any("Somebody M4" in told and "closed for you" in told for told in told_to(session, founder))
    assert sorted(stages(session, programme, people, "S1")) == ["active", "filled", "filled"]
    assert stages(session, programme, people, "M4") == ["closed"]
    assert {p: i["state"] for p, i in replay(session, programme).items()} == {
        (people[ours], people[theirs]): state for (ours, theirs), state in states_of(session, people).items()
    }


def test_who_was_asked_too_many_is_given_on_to_whoever_waits(
    session: Session, programme: Programme, people: People
) -> None:
    session.add(Waiting(programme_id=programme.id, startup_id=people["S2"], counterpart_kind="mentor"))
    for ref in ("M1", "M4"):
        ask(session, programme, people, "S1", ref)
    accept(session, programme, people, "S1", "M4")
    assert states_of(session, people)["S2", "M1"] == "proposed"


def test_what_was_closed_for_a_founder_may_be_asked_again_when_the_match_is_over(
    session: Session, programme: Programme, people: People
) -> None:
    for ref in ("M1", "M2"):
        ask(session, programme, people, "S1", ref)
    accept(session, programme, people, "S1", "M2")
    with pytest.raises(NotAllowed, match="as many mentors as this programme gives"):
        ask(session, programme, people, "S1", "M4")
    publishing.end_match(session, programme, (people["S1"], people["M2"]), actor="m")
    founder = session.get_one(Profile, people["S1"])
    listed = browse(session, programme, founder, Kind.MENTOR, Choice())
    assert [item.profile.ref for item in listed.items] == ["M1"], "whom they had is not suggested again"
    assert [item.profile.ref for item in best(session, founder, Kind.MENTOR)] == ["M1"]
    named = browse(session, programme, founder, Kind.MENTOR, Choice(query="ada"))
    assert [item.profile.ref for item in named.items] == ["M1"]
    ask(session, programme, people, "S1", "M1")
    assert states_of(session, people)["S1", "M1"] == "offered"
    assert stages(session, programme, people, "M1") == ["answer"], "nothing is left of the first time"


def test_with_two_places_the_first_acceptance_leaves_the_others_open_and_the_second_closes_them(
    session: Session, programme: Programme, people: People
) -> None:
    rules(session, programme, 2)
    for ref in ("M1", "M2", "M4"):
        ask(session, programme, people, "S1", ref)
    accept(session, programme, people, "S1", "M1")
    assert Counter(states_of(session, people).values()) == {"active": 1, "offered": 2}
    accept(session, programme, people, "S1", "M2")
    assert Counter(states_of(session, people).values()) == {"active": 2, "withdrawn": 1}


def test_requests_to_funding_partners_are_not_closed_by_a_mentor_s_yes(
    session: Session, programme: Programme, people: People
) -> None:
    ask(session, programme, people, "S1", "F1")
    ask(session, programme, people, "S1", "M1")
    accept(session, programme, people, "S1", "M1")
    assert count_routed(session, programme) == (1, 0)


def test_what_waits_for_a_manager_is_closed_with_the_rest(
    session: Session, programme: Programme, people: People
) -> None:
    ask(session, programme, people, "S1", "M1")
    programme = session.get_one(Programme, programme.id)
    programme.routed = True
    ask(session, programme, people, "S1", "M2")
    accept(session, programme, people, "S1", "M1")
    assert count_routed(session, programme) == (0, 0)
    assert sorted(stages(session, programme, people, "S1")) == ["active", "filled"]
    assert stages(session, programme, people, "M2") == []
    assert letters_to(session, "m2@example.org") == [], "who was never asked is not told"


def test_managers_leave_a_place_for_whoever_accepts(
    session: Session, programme: Programme, people: People
) -> None:
    for ref in ("M1", "M2"):
        ask(session, programme, people, "S1", ref)
    with pytest.raises(CapacityReached, match="has asked for somebody and waits"):
        decide(session, programme, people["S1"], people["M4"], "approved", actor="m")
    rules(session, programme, 2)
    publish_pairs(session, programme, people, ("S1", "M4"))
    accept(session, programme, people, "S1", "M1")
    assert states_of(session, people)["S1", "M2"] == "withdrawn"


def test_what_managers_offered_themselves_does_not_come_back_to_be_passed_on(
    session: Session, programme: Programme, people: People
) -> None:
    programme = session.get_one(Programme, programme.id)
    programme.routed = True
    request = ask(session, programme, people, "S1", "M1")
    publish_pairs(session, programme, people, ("S1", "M1"))
    answers.answer(session, secrets_of(session)["m1@example.org"], accepted=False)
    assert count_routed(session, programme) == (0, 0)
    assert stages(session, programme, people, "S1") == ["closed"]
    with pytest.raises(Conflict):
        introductions.pass_on(session, programme, request.id, actor="m", link=str)
    with pytest.raises(NotAllowed, match="did not come about"):
        ask(session, programme, people, "S1", "M1")


def test_a_mentor_is_never_asked_for_more_than_they_take(
    session: Session, programme: Programme, people: People
) -> None:
    ask(session, programme, people, "S1", "M1")
    with pytest.raises(NotAllowed, match="no place left at present"):
        ask(session, programme, people, "S2", "M1")


def test_fewer_places_by_new_rules_close_what_cannot_come_about(
    session: Session, programme: Programme, people: People
) -> None:
    rules(session, programme, 2)
    for ref in ("M1", "M2"):
        ask(session, programme, people, "S1", ref)
    ask(session, programme, people, "S2", "M4")
    accept(session, programme, people, "S1", "M1")
    rules(session, programme, 1, seen=1)
    with pytest.raises(NotAllowed, match="no place left"):
        accept(session, programme, people, "S1", "M2")
    closing.close_surplus(session, programme)
    assert states_of(session, people) == {
        ("S1", "M1"): "active", ("S1", "M2"): "withdrawn", ("S2", "M4"): "offered",
    }  # fmt: skip


def test_who_accept_at_the_same_moment_share_no_place(
    engine: Engine, programme: Programme, people: People
) -> None:
    with unit_of_work(engine) as session:
        for ref in MENTORS[:5]:
            ask(session, programme, people, "S1", ref)
        secrets = secrets_of(session)

    def work(number: int) -> str:
        with unit_of_work(engine) as session:
            answers.answer(session, secrets[f"{MENTORS[number].lower()}@example.org"], accepted=True)
            return "accepted"

    outcome = at_once(5, work)
    assert Counter(type(result) for result in outcome) == {str: 1, NotAllowed: 4}
    with reading(engine) as session:
        assert Counter(states_of(session, people).values()) == {"active": 1, "withdrawn": 4}
        images = replay(session, session.get_one(Programme, programme.id))
        match = publishing.get_match(session, programme, next(iter(images)))
        assert image_of(match) == images[match.startup_id, match.counterpart_id]
