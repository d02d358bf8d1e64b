"""Offers: both sides are told once, answer once, and know how to reach each other afterwards."""

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from matcher.db import reading, unit_of_work
from matcher.models import (
    Job,
    JobKind,
    Kind,
    Mail,
    Match,
    Mentor,
    Programme,
    Waiting,
    utcnow,
)
from matcher.services import answers, followup, publishing
from matcher.services.errors import CapacityReached, NotAllowed, NotFound, ServiceError
from matcher.services.review import decide
from matcher.services.steps import replay, undo
from tests.matcher.factories import at_once, make_programme
from tests.matcher.offers import fill, publish_pairs, secrets_of, states_of


@pytest.fixture
def people(engine: Engine, programme: Programme) -> dict[str, int]:
    return fill(engine, programme)


def test_both_sides_are_written_to_in_their_own_language(
    session: Session, programme: Programme, people: dict[str, int]
) -> None:
    publish_pairs(session, programme, people, ("S1", "M1"))
    letters = {mail.address: mail for mail in session.scalars(select(Mail))}
    assert letters.keys() == {"s1@example.org", "m1@example.org"}
    assert letters["s1@example.org"].language == "fr"
    assert "Ada" in letters["s1@example.org"].body
    assert "Ada" not in letters["s1@example.org"].subject
    assert states_of(session, people) == {("S1", "M1"): "offered"}
    assert session.scalars(select(Job).where(Job.kind == JobKind.DELIVER)).all()


def test_secrets_are_long_differ_and_are_not_kept_with_the_match(
    session: Session, programme: Programme, people: dict[str, int]
) -> None:
    publish_pairs(session, programme, people, ("S1", "M1"))
    secrets = secrets_of(session)
    assert len(set(secrets.values())) == 2
    assert all(len(secret) >= 43 for secret in secrets.values())
    match = session.scalars(select(Match)).one()
    assert not {match.startup_token, match.counterpart_token} & set(secrets.values())
    with pytest.raises(NotFound):
        answers.find_offer(session, match.startup_token or "")


def test_nothing_is_published_twice(session: Session, programme: Programme, people: dict[str, int]) -> None:
    publish_pairs(session, programme, people, ("S1", "M1"))
    with pytest.raises(NotFound, match="nothing to publish"):
        publish_pairs(session, programme, people)


def test_publishing_and_answers_are_not_undone(
    session: Session, programme: Programme, people: dict[str, int]
) -> None:
    event = decide(session, programme, people["S1"], people["M1"], "approved", actor="a")
    published = publishing.publish(session, programme, Kind.MENTOR, actor="a", link=str)
    for number in (event.id, published.id):
        with pytest.raises(ServiceError):
            undo(session, programme, number, actor="a")
    with pytest.raises(NotAllowed, match="Withdraw the offer first"):
        decide(session, programme, people["S1"], people["M1"], "rejected", actor="a")


def test_contact_details_are_there_once_both_accepted_and_not_before(
    session: Session, programme: Programme, people: dict[str, int]
) -> None:
    publish_pairs(session, programme, people, ("S1", "M1"))
    secret = secrets_of(session)
    answers.answer(session, secret["m1@example.org"], accepted=True)
    before = answers.find_offer(session, secret["s1@example.org"])
    assert (before.other.name, before.email, before.answer, before.other_answer) == ("Ada", None, None, True)
    answers.answer(session, secret["s1@example.org"], accepted=True)
    assert answers.find_offer(session, secret["s1@example.org"]).email == "m1@example.org"
    assert states_of(session, people) == {("S1", "M1"): "active"}
    told = [mail.body for mail in session.scalars(select(Mail)) if not mail.link]
    assert sum("m1@example.org" in body for body in told) == 1
    assert sum("s1@example.org" in body for body in told) == 1


def test_a_refusal_frees_the_place_and_proposes_the_next_best(
    session: Session, programme: Programme, people: dict[str, int]
) -> None:
    publish_pairs(session, programme, people, ("S1", "M1"))
    answers.answer(session, secrets_of(session)["m1@example.org"], accepted=False, note="No time")
    assert states_of(session, people) == {("S1", "M1"): "declined", ("S1", "M2"): "proposed"}
    decide(session, programme, people["S2"], people["M1"], "approved", actor="a")
    bodies = [mail.body for mail in session.scalars(select(Mail))]
    assert not any("No time" in body for body in bodies)


def test_whoever_has_no_next_best_waits(
    session: Session, programme: Programme, people: dict[str, int]
) -> None:
    publish_pairs(session, programme, people, ("S2", "M1"))
    answers.answer(session, secrets_of(session)["m1@example.org"], accepted=False)
    waiting = session.scalars(select(Waiting)).one()
    assert (waiting.startup_id, waiting.rounds) == (people["S2"], 1)
    publish_pairs(session, programme, people, ("S2", "M2"))
    assert not session.scalars(select(Waiting)).all()


def test_an_answer_given_twice_counts_once_and_an_acceptance_can_become_a_refusal(
    session: Session, programme: Programme, people: dict[str, int]
) -> None:
    publish_pairs(session, programme, people, ("S1", "M1"))
    secret = secrets_of(session)["s1@example.org"]
    assert answers.answer(session, secret, accepted=True) is not None
    assert answers.answer(session, secret, accepted=True) is None
    assert answers.answer(session, secret, accepted=False) is not None
    with pytest.raises(NotAllowed, match="no longer open"):
        answers.answer(session, secret, accepted=True)


def test_both_sides_at_once_make_one_match(
    engine: Engine, programme: Programme, people: dict[str, int]
) -> None:
    with unit_of_work(engine) as session:
        publish_pairs(session, programme, people, ("S1", "M1"))
        secrets = sorted(secrets_of(session).values())

    def work(number: int) -> bool:
        with unit_of_work(engine) as session:
            return answers.answer(session, secrets[number % 2], accepted=True) is not None

    assert Counter(at_once(8, work)) == {True: 2, False: 6}
    with reading(engine) as session:
        assert states_of(session, people) == {("S1", "M1"): "active"}


def test_silence_is_reminded_of_on_days_five_and_ten_and_ends_on_day_fourteen(
    session: Session, programme: Programme, people: dict[str, int]
) -> None:
    publish_pairs(session, programme, people, ("S1", "M1"))
    start = utcnow()
    answers.answer(session, secrets_of(session)["s1@example.org"], accepted=True)
    written = []
    for day in (4.9, 5.1, 5.2, 10.1, 13.9):
        followup.follow_up(session, programme, start + timedelta(days=day))
        letters = [m for m in session.scalars(select(Mail)) if m.key.startswith("match.reminded")]
        written.append([m.address for m in letters])
    once = ["m1@example.org"]
    assert written == [[], once, once, once * 2, once * 2]
    assert secrets_of(session)["m1@example.org"]  # the reminder gives the same address again
    assert answers.find_offer(session, secrets_of(session)["m1@example.org"]).side == "counterpart"
    assert list(followup.due_programmes(session, start + timedelta(days=13.9))) == []
    assert list(followup.due_programmes(session, start + timedelta(days=14.1))) == [programme.id]
    followup.follow_up(session, programme, start + timedelta(days=14.1))
    assert states_of(session, people) == {("S1", "M1"): "expired", ("S1", "M2"): "proposed"}
    with pytest.raises(NotAllowed):
        answers.answer(session, secrets_of(session)["m1@example.org"], accepted=True)


def test_a_mentor_who_leaves_is_offered_to_nobody_and_start_ups_get_the_next_best(
    session: Session, programme: Programme, people: dict[str, int]
) -> None:
    publish_pairs(session, programme, people, ("S1", "M1"))
    publishing.withdraw_mentor(session, programme, people["M1"], actor="a")
    assert states_of(session, people) == {("S1", "M1"): "withdrawn", ("S1", "M2"): "proposed"}
    assert session.get_one(Mentor, people["M1"]).capacity == 0
    with pytest.raises(NotAllowed, match="no pair"):
        publishing.withdraw_mentor(session, programme, people["M1"], actor="a")


def test_withdrawing_a_mentor_of_whom_nobody_was_told_can_be_undone(
    session: Session, programme: Programme, people: dict[str, int]
) -> None:
    decide(session, programme, people["S2"], people["M1"], "approved", actor="a")
    event = publishing.withdraw_mentor(session, programme, people["M1"], actor="a")
    assert states_of(session, people) == {}
    undo(session, programme, event.id, actor="a")
    assert states_of(session, people) == {("S2", "M1"): "approved"}
    assert session.get_one(Mentor, people["M1"]).capacity == 1


def test_an_offer_is_withdrawn_and_a_match_ended_and_nothing_else(
    session: Session, programme: Programme, people: dict[str, int]
) -> None:
    publish_pairs(session, programme, people, ("S1", "M1"))
    pair = people["S1"], people["M1"]
    with pytest.raises(NotAllowed):
        publishing.end_match(session, programme, pair, actor="a")
    for secret in secrets_of(session).values():
        answers.answer(session, secret, accepted=True)
    with pytest.raises(NotAllowed):
        publishing.withdraw_offer(session, programme, pair, actor="a")
    publishing.end_match(session, programme, pair, actor="a", note="Done")
    assert states_of(session, people) == {("S1", "M1"): "ended", ("S1", "M2"): "proposed"}
    replayed = {p: i["state"] for p, i in replay(session, programme).items()}
    assert replayed == {pair: "ended", (people["S1"], people["M2"]): "proposed"}


def test_another_programme_can_publish_answer_or_end_nothing(
    session: Session, programme: Programme, people: dict[str, int]
) -> None:
    publish_pairs(session, programme, people, ("S1", "M1"))
    other = make_programme(session)
    pair = people["S1"], people["M1"]
    with pytest.raises(NotFound):
        publishing.publish(session, other, Kind.MENTOR, actor="a", link=str)
    with pytest.raises(NotFound):
        answers.answer_for(session, other, pair, "startup", accepted=True, actor="a")
    with pytest.raises(NotFound):
        publishing.withdraw_offer(session, other, pair, actor="a")
    with pytest.raises(NotFound):
        publishing.withdraw_mentor(session, other, people["M1"], actor="a")


def test_a_pair_that_may_not_be_any_more_is_not_published(
    session: Session, programme: Programme, people: dict[str, int]
) -> None:
    decide(session, programme, people["S1"], people["M1"], "approved", actor="a")
    mentor = session.get_one(Mentor, people["M1"])
    mentor.conflicts = ["S1"]
    session.flush()
    with pytest.raises(NotAllowed, match="conflict of interest"):
        publish_pairs(session, programme, people)
    mentor.conflicts, mentor.capacity = [], 0
    session.flush()
    with pytest.raises(CapacityReached, match="no place left"):
        publish_pairs(session, programme, people)
    assert not session.scalars(select(Mail)).all()


def test_a_match_that_ends_is_told_to_both_and_no_search_is_promised_to_who_leaves(
    session: Session, programme: Programme, people: dict[str, int]
) -> None:
    publish_pairs(session, programme, people, ("S1", "M1"), ("S2", "M2"))
    secrets = secrets_of(session)
    for address in ("s1@example.org", "m1@example.org"):
        answers.answer(session, secrets[address], accepted=True)
    publishing.withdraw_mentor(session, programme, people["M1"], actor="a")
    publishing.withdraw_mentor(session, programme, people["M2"], actor="a")
    told = {
        mail.address: mail.body
        for mail in session.scalars(select(Mail).where(Mail.key.startswith("mentor.withdrawn")))
    }
    assert told.keys() == {"s1@example.org", "m1@example.org", "s2@example.org"}
    assert "has ended" in told["m1@example.org"]
    assert "looking for somebody else" in told["s2@example.org"]


def test_letters_of_the_sample_name_it_in_their_readers_language(
    session: Session, programme: Programme, people: dict[str, int]
) -> None:
    session.get_one(Programme, programme.id).is_sample = True
    programme.is_sample = True
    publish_pairs(session, programme, people, ("S1", "M1"))
    subjects = {mail.address: mail.subject for mail in session.scalars(select(Mail))}
    assert subjects["m1@example.org"].startswith("Sample programme:")
    assert subjects["s1@example.org"].startswith("Programme d’exemple")
