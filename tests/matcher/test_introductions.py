"""Asking for somebody: who may, what becomes of it, what each side is told, and that places hold out."""

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from matcher.db import reading, unit_of_work
from matcher.models import Introduction, Kind, Mail, Mentor, Profile, Programme, Startup, Waiting, utcnow
from matcher.services import answers, clarifying, followup, introductions, publishing
from matcher.services.errors import CapacityReached, Conflict, NotAllowed, NotFound
from matcher.services.inbox import Stage, count_routed, read_inbox, read_routed
from matcher.services.publishing import Side
from matcher.services.review import decide
from matcher.services.rules import CohortRules, save_rules
from matcher.services.steps import image_of, replay
from tests.matcher.asking import People, ask, letters_to, stages
from tests.matcher.factories import add, at_once, draft, make_programme
from tests.matcher.offers import fill, publish_pairs, secrets_of, states_of


@pytest.fixture
def people(engine: Engine, programme: Programme) -> People:
    return fill(engine, programme)


def test_a_mentor_is_asked_at_once_and_one_yes_makes_the_match(
    session: Session, programme: Programme, people: People
) -> None:
    ask(session, programme, people, "S2", "M1", message="We need\u202e tariffs.\nCould you help?")
    assert states_of(session, people) == {("S2", "M1"): "offered"}
    (letter,) = letters_to(session, "m1@example.org")
    assert "We need tariffs.\nCould you help?" in letter
    assert letters_to(session, "s2@example.org") == []
    assert stages(session, programme, people, "S2") == ["waiting"]
    assert stages(session, programme, people, "M1") == ["answer"]
    answers.answer(session, secrets_of(session)["m1@example.org"], accepted=True)
    assert states_of(session, people) == {("S2", "M1"): "active"}
    (line,) = read_inbox(session, programme, session.get_one(Profile, people["S2"]))
    assert (line.stage, line.email) == (Stage.ACTIVE, "m1@example.org")
    assert {p: i["state"] for p, i in replay(session, programme).items()} == {
        (people["S2"], people["M1"]): "active"
    }


@pytest.mark.parametrize(("theirs", "by"), [("F1", "startup"), ("F1", "counterpart"), ("M1", "startup")])
def test_what_is_routed_waits_for_a_manager_and_takes_no_place(
    session: Session, programme: Programme, people: People, theirs: str, by: Side
) -> None:
    programme = session.get_one(Programme, programme.id)
    programme.routed = theirs == "M1"
    request = ask(session, programme, people, "S1", theirs, by)
    asker, asked = ("S1", theirs) if by == "startup" else (theirs, "S1")
    assert states_of(session, people) == {}
    assert not session.scalars(select(Mail)).all()
    assert stages(session, programme, people, asker) == ["routed"]
    assert stages(session, programme, people, asked) == []
    introductions.pass_on(session, programme, request.id, actor="m", link=str)
    assert states_of(session, people) == {("S1", theirs): "offered"}
    assert stages(session, programme, people, asked) == ["answer"]
    assert stages(session, programme, people, asker) == ["waiting"]
    with pytest.raises(Conflict):
        introductions.refuse(session, programme, request.id, note="Too late.", actor="m")


def test_a_refusal_is_explained_to_whoever_asked_and_to_nobody_else(
    session: Session, programme: Programme, people: People
) -> None:
    request = ask(session, programme, people, "S1", "F1")
    with pytest.raises(NotAllowed):
        introductions.refuse(session, programme, request.id, note=" ", actor="m")
    introductions.refuse(session, programme, request.id, note="They fund later stages.", actor="m")
    assert stages(session, programme, people, "S1") == ["refused"]
    assert stages(session, programme, people, "F1") == []
    assert "They fund later stages." in letters_to(session, "s1@example.org")[0]
    assert letters_to(session, "f1@example.org") == []
    with pytest.raises(NotAllowed, match="did not pass on"):
        ask(session, programme, people, "S1", "F1")


def test_who_cannot_be_asked_and_why(session: Session, programme: Programme, people: People) -> None:
    publish_pairs(session, programme, people, ("S1", "M1"))
    with pytest.raises(NotAllowed, match="asked already"):
        ask(session, programme, people, "S1", "M1")
    with pytest.raises(NotAllowed, match="no place left at present") as full:
        ask(session, programme, people, "S2", "M1")
    assert "1" not in str(full.value), "numbers of places are the managers'"
    with pytest.raises(NotAllowed, match="as many mentors as this programme gives to a start-up"):
        ask(session, programme, people, "S1", "M2")
    session.get_one(Mentor, people["M2"]).is_paused = True
    session.flush()
    with pytest.raises(NotAllowed, match="takes nobody new"):
        ask(session, programme, people, "S2", "M2")
    session.get_one(Mentor, people["M2"]).is_paused = False
    session.get_one(Mentor, people["M2"]).conflicts = ["S2"]
    session.flush()
    with pytest.raises(NotAllowed, match="cannot put you together") as conflict:
        ask(session, programme, people, "S2", "M2")
    assert "conflict" not in str(conflict.value), "the mentor told the managers, not the start-up"
    session.get_one(Mentor, people["M3"]).languages = ["ru"]
    session.get_one(Startup, people["S2"]).languages = ["es"]
    session.flush()
    with pytest.raises(NotAllowed, match="share no working language"):
        ask(session, programme, people, "S2", "M3")
    session.get_one(Startup, people["S2"]).is_paused = True
    session.flush()
    with pytest.raises(NotAllowed, match="You have paused"):
        ask(session, programme, people, "S2", "F1")
    assert not session.scalars(select(Introduction)).all()


def test_what_managers_rejected_or_what_failed_is_not_asked_again_and_no_note_is_told(
    session: Session, programme: Programme, people: People
) -> None:
    decide(session, programme, people["S2"], people["M2"], "rejected", actor="m", note="He is rude.")
    with pytest.raises(NotAllowed, match="see no match") as refused:
        ask(session, programme, people, "S2", "M2")
    assert "rude" not in str(refused.value)
    ask(session, programme, people, "S2", "M1")
    answers.answer(session, secrets_of(session)["m1@example.org"], accepted=False, note="Not them.")
    with pytest.raises(NotAllowed, match="did not come about"):
        ask(session, programme, people, "S2", "M1")


def test_the_programme_s_own_rules_bind_requests_too(
    session: Session, programme: Programme, people: People
) -> None:
    save_rules(session, programme, CohortRules(hours_apart=2), seen=0, actor="m")
    session.get_one(Startup, people["S2"]).country = "PE"
    session.get_one(Mentor, people["M1"]).timezone = "Asia/Shanghai"
    session.flush()
    with pytest.raises(NotAllowed, match="too far apart"):
        ask(session, programme, people, "S2", "M1")


@pytest.mark.parametrize("message", ["", "  \u200b ", "…", "x" * 601])
def test_a_message_says_something_and_is_short(
    session: Session, programme: Programme, people: People, message: str
) -> None:
    with pytest.raises(NotAllowed):
        ask(session, programme, people, "S2", "M1", message=message)


def test_strangers_mentors_and_other_programmes_ask_nothing(
    session: Session, programme: Programme, people: People
) -> None:
    with pytest.raises(NotAllowed, match="not the other way round"):
        ask(session, programme, people, "S2", "M1", "counterpart")
    elsewhere = make_programme(session)
    with pytest.raises(NotFound):
        ask(session, elsewhere, people, "S2", "M1")
    with pytest.raises(NotFound):
        ask(session, programme, people, "M1", "M2")
    request = ask(session, programme, people, "S2", "M1")
    for other in ("S1", "M2", "M1"):
        with pytest.raises(NotFound):
            introductions.withdraw(session, programme, request.id, people[other])
    with pytest.raises(NotFound):
        clarifying.ask_back(session, programme, request.id, people["S2"], question="Who am I?")
    with pytest.raises(NotFound):
        introductions.pass_on(session, elsewhere, request.id, actor="m", link=str)


def test_five_requests_are_open_at_most_and_a_withdrawn_one_makes_room(
    session: Session, programme: Programme, people: People
) -> None:
    refs = [f"F{n}" for n in range(2, 8)]
    people |= add(session, programme, *(draft(Kind.FUNDER, ref) for ref in refs))
    requests = [ask(session, programme, people, "S1", ref) for ref in refs[:5]]
    with pytest.raises(NotAllowed, match="5 of your requests are open"):
        ask(session, programme, people, "S1", refs[5])
    introductions.withdraw(session, programme, requests[0].id, people["S1"])
    ask(session, programme, people, "S1", refs[5])


def test_a_request_taken_back_is_no_longer_open_to_the_other_side_and_may_be_made_once_more(
    session: Session, programme: Programme, people: People
) -> None:
    request = ask(session, programme, people, "S2", "M1")
    introductions.withdraw(session, programme, request.id, people["S2"])
    assert states_of(session, people)["S2", "M1"] == "withdrawn"
    assert "no longer open" in letters_to(session, "m1@example.org")[-1]
    assert letters_to(session, "s2@example.org") == [], "who withdraws need not be told"
    assert stages(session, programme, people, "S2") == ["withdrawn"]
    again = ask(session, programme, people, "S2", "M1")
    assert stages(session, programme, people, "S2") == ["waiting", "withdrawn"]
    introductions.withdraw(session, programme, again.id, people["S2"])
    with pytest.raises(NotAllowed, match="twice"):
        ask(session, programme, people, "S2", "M1")
    with pytest.raises(NotAllowed, match="no longer open"):
        introductions.withdraw(session, programme, again.id, people["S2"])


def test_an_answered_request_is_not_withdrawn(session: Session, programme: Programme, people: People) -> None:
    request = ask(session, programme, people, "S2", "M1")
    answers.answer(session, secrets_of(session)["m1@example.org"], accepted=True)
    with pytest.raises(NotAllowed):
        introductions.withdraw(session, programme, request.id, people["S2"])


def test_one_question_and_one_reply_before_the_answer(
    session: Session, programme: Programme, people: People
) -> None:
    request = ask(session, programme, people, "S2", "M1")
    with pytest.raises(NotAllowed, match="no question"):
        clarifying.reply(session, programme, request.id, people["S2"], text="Hello?")
    clarifying.ask_back(session, programme, request.id, people["M1"], question="How many villages?")
    assert "How many villages?" in letters_to(session, "s2@example.org")[0]
    assert stages(session, programme, people, "S2") == ["reply"]
    assert stages(session, programme, people, "M1") == ["asked-back"]
    followup.follow_up(session, programme, utcnow() + timedelta(days=5.1))
    assert len(letters_to(session, "m1@example.org")) == 1, "it is not the mentor who is waited for"
    assert "How many villages?" in letters_to(session, "s2@example.org")[1]
    clarifying.reply(session, programme, request.id, people["S2"], text="Forty.")
    replied = session.scalars(select(Mail).order_by(Mail.id.desc())).first()
    assert replied is not None
    assert ("Forty." in replied.body, replied.address) == (True, "m1@example.org")
    assert answers.find_offer(session, replied.link.rpartition("/")[2]).side == "counterpart"
    with pytest.raises(NotAllowed, match="asked back once"):
        clarifying.ask_back(session, programme, request.id, people["M1"], question="And where?")


def test_silence_is_reminded_of_closed_and_followed_by_the_next_best(
    session: Session, programme: Programme, people: People
) -> None:
    session.add(Waiting(programme_id=programme.id, startup_id=people["S1"], counterpart_kind="mentor"))
    ask(session, programme, people, "S1", "M1")
    assert not session.scalars(select(Waiting)).all(), "whoever is being asked for waits no longer"
    start = utcnow()
    for day in (5.1, 10.1):
        followup.follow_up(session, programme, start + timedelta(days=day))
    assert len(letters_to(session, "m1@example.org")) == 3
    assert secrets_of(session)["m1@example.org"], "reminders give the address again"
    assert letters_to(session, "s1@example.org") == []
    followup.follow_up(session, programme, start + timedelta(days=14.1))
    assert states_of(session, people) == {("S1", "M1"): "expired", ("S1", "M2"): "proposed"}
    assert stages(session, programme, people, "S1") == ["unanswered"]
    assert stages(session, programme, people, "M1") == ["closed"]
    (told,) = letters_to(session, "s1@example.org")
    assert "Ben" in told, "the next best is named"


def test_a_refused_start_up_is_told_kindly_and_of_the_next_best_and_no_reason(
    session: Session, programme: Programme, people: People
) -> None:
    ask(session, programme, people, "S1", "M1")
    pair = people["S1"], people["M1"]
    answers.answer_for(
        session, programme, pair, "counterpart", accepted=False, note="Not serious.", actor="M1"
    )
    (told,) = letters_to(session, "s1@example.org")
    assert "Ben" in told
    assert "Not serious." not in told
    assert stages(session, programme, people, "S1") == ["not-accepted"]
    assert stages(session, programme, people, "M1") == ["declined"]


def test_a_later_offer_by_managers_is_not_the_old_request(
    session: Session, programme: Programme, people: People
) -> None:
    ask(session, programme, people, "S2", "M1")
    answers.answer(session, secrets_of(session)["m1@example.org"], accepted=False)
    publish_pairs(session, programme, people, ("S2", "M1"))
    assert stages(session, programme, people, "M1") == ["answer"]
    assert stages(session, programme, people, "S2") == ["answer", "closed"]


def test_passing_on_checks_places_as_approving_does(
    session: Session, programme: Programme, people: People
) -> None:
    programme = session.get_one(Programme, programme.id)
    programme.routed = True
    request = ask(session, programme, people, "S2", "M1")
    publish_pairs(session, programme, people, ("S1", "M1"))
    with pytest.raises(CapacityReached):
        introductions.pass_on(session, programme, request.id, actor="m", link=str)
    assert states_of(session, people) == {("S1", "M1"): "offered"}


def test_requests_left_too_long_stand_out_and_those_published_meanwhile_do_not_wait(
    session: Session, programme: Programme, people: People
) -> None:
    request = ask(session, programme, people, "S1", "F1")
    ask(session, programme, people, "S2", "F1")
    request.created_at = utcnow() - timedelta(days=15)
    session.flush()
    assert count_routed(session, programme) == (2, 1)
    assert [(line.startup.ref, line.is_late) for line in read_routed(session, programme)] == [
        ("S1", True), ("S2", False),
    ]  # fmt: skip
    decide(session, programme, people["S1"], people["F1"], "approved", actor="a")
    publishing.publish(session, programme, Kind.FUNDER, actor="a", link=str)
    assert count_routed(session, programme) == (1, 0)
    assert stages(session, programme, people, "S1") == ["answer"]


def test_an_approved_pair_that_is_asked_for_keeps_what_is_known_of_it(
    session: Session, programme: Programme, people: People
) -> None:
    decide(session, programme, people["S1"], people["M1"], "approved", actor="m")
    ask(session, programme, people, "S1", "M1")
    match = publishing.get_match(session, programme, (people["S1"], people["M1"]))
    assert (match.state, match.score, match.band) == ("offered", 0.9, "good")
    assert replay(session, programme)[people["S1"], people["M1"]] == image_of(match)


def test_twenty_at_once_get_a_mentor_s_last_place_once(
    engine: Engine, programme: Programme, people: People
) -> None:
    refs = [f"X{n}" for n in range(20)]
    with unit_of_work(engine) as session:
        found = people | add(session, programme, *(draft(Kind.STARTUP, ref) for ref in refs))

    def work(number: int) -> str:
        with unit_of_work(engine) as session:
            return ask(session, session.get_one(Programme, programme.id), found, refs[number], "M1").state

    outcome = at_once(20, work)
    assert Counter(type(result) for result in outcome) == {str: 1, NotAllowed: 19}
    with reading(engine) as session:
        assert list(states_of(session, found).values()) == ["offered"]
        assert len(letters_to(session, "m1@example.org")) == 1
