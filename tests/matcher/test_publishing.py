"""Offers: both sides are told once, answer once, and nobody is left at a dead end."""

import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from sqlalchemy import Engine, delete, select
from sqlalchemy.orm import Session

from matcher.db import reading, unit_of_work
from matcher.models import (
    Job,
    JobKind,
    Kind,
    Mail,
    Match,
    Mentor,
    Profile,
    Programme,
    Recommendation,
    RecommendationList,
    Waiting,
    utcnow,
)
from matcher.services import answers, followup, mailing, posting, publishing
from matcher.services.errors import NotAllowed, NotFound, ServiceError
from matcher.services.profiles import remove_profile
from matcher.services.review import decide
from matcher.services.steps import replay, undo
from tests.matcher.factories import add, at_once, draft, make_programme

LATER = timedelta(seconds=1)


@pytest.fixture
def people(engine: Engine, programme: Programme) -> dict[str, int]:
    with unit_of_work(engine) as session:
        found = add(
            session,
            programme,
            draft(Kind.STARTUP, "S1", "Umeme", email="s1@example.org", languages=("fr", "en")),
            draft(Kind.STARTUP, "S2", "Soko", email="s2@example.org"),
            draft(Kind.MENTOR, "M1", "Ada", email="m1@example.org", capacity=1),
            draft(Kind.MENTOR, "M2", "Ben", email="m2@example.org", capacity=1),
            draft(Kind.MENTOR, "M3", "No address", capacity=1),
            draft(Kind.FUNDER, "F1", "Fund", email="f1@example.org"),
        )
        _list(session, programme, found, "S1", "M1", "M2")
        _list(session, programme, found, "S2", "M1")
    return found


def _list(session: Session, programme: Programme, people: dict[str, int], ours: str, *theirs: str) -> None:
    ranked = RecommendationList(
        programme_id=programme.id, subject_id=people[ours], candidate_kind=Kind.MENTOR.value,
        considered=2, eligible=2, model="test", revision="1", watermark=1,
    )  # fmt: skip
    session.add(ranked)
    session.flush()
    for rank, ref in enumerate(theirs, start=1):
        session.add(
            Recommendation(
                list_id=ranked.id, candidate_id=people[ref], rank=rank, score=1 - rank / 10, band="good",
                parts={}, reasons=[],
            )
        )  # fmt: skip
    session.flush()


def _publish(session: Session, programme: Programme, people: dict[str, int], *pairs: tuple[str, str]) -> None:
    for ours, theirs in pairs:
        decide(session, programme, people[ours], people[theirs], "approved", actor="a")
    publishing.publish(session, programme, Kind.MENTOR, actor="a", link=lambda s: f"http://x/answer/{s}")


def _secrets(session: Session) -> dict[str, str]:
    """The secret in each person's latest letter that has one."""
    return {
        m.address: m.link.rpartition("/")[2]
        for m in session.scalars(select(Mail).order_by(Mail.id))
        if m.link
    }


def _states(session: Session, people: dict[str, int]) -> dict[tuple[str, str], str]:
    refs = {number: ref for ref, number in people.items()}
    return {(refs[m.startup_id], refs[m.counterpart_id]): m.state for m in session.scalars(select(Match))}


def test_both_sides_are_written_to_in_their_own_language(
    session: Session, programme: Programme, people: dict[str, int]
) -> None:
    _publish(session, programme, people, ("S1", "M1"))
    letters = {mail.address: mail for mail in session.scalars(select(Mail))}
    assert letters.keys() == {"s1@example.org", "m1@example.org"}
    assert letters["s1@example.org"].language == "fr"
    assert "Ada" in letters["s1@example.org"].body
    assert "Ada" not in letters["s1@example.org"].subject
    assert _states(session, people) == {("S1", "M1"): "offered"}
    assert session.scalars(select(Job).where(Job.kind == JobKind.DELIVER)).all()


def test_secrets_are_long_differ_and_are_not_kept_with_the_match(
    session: Session, programme: Programme, people: dict[str, int]
) -> None:
    _publish(session, programme, people, ("S1", "M1"))
    secrets = _secrets(session)
    assert len(set(secrets.values())) == 2
    assert all(len(secret) >= 43 for secret in secrets.values())
    match = session.scalars(select(Match)).one()
    assert not {match.startup_token, match.counterpart_token} & set(secrets.values())
    with pytest.raises(NotFound):
        answers.find_offer(session, match.startup_token or "")


def test_nothing_is_published_twice(session: Session, programme: Programme, people: dict[str, int]) -> None:
    _publish(session, programme, people, ("S1", "M1"))
    with pytest.raises(NotFound, match="nothing to publish"):
        _publish(session, programme, people)


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
    _publish(session, programme, people, ("S1", "M1"))
    secret = _secrets(session)
    answers.answer(session, secret["m1@example.org"], accepted=True)
    before = answers.find_offer(session, secret["s1@example.org"])
    assert (before.other.name, before.email, before.answer, before.other_answer) == ("Ada", None, None, True)
    answers.answer(session, secret["s1@example.org"], accepted=True)
    assert answers.find_offer(session, secret["s1@example.org"]).email == "m1@example.org"
    assert _states(session, people) == {("S1", "M1"): "active"}
    told = [mail.body for mail in session.scalars(select(Mail)) if not mail.link]
    assert sum("m1@example.org" in body for body in told) == 1
    assert sum("s1@example.org" in body for body in told) == 1


def test_a_refusal_frees_the_place_and_proposes_the_next_best(
    session: Session, programme: Programme, people: dict[str, int]
) -> None:
    _publish(session, programme, people, ("S1", "M1"))
    answers.answer(session, _secrets(session)["m1@example.org"], accepted=False, note="No time")
    assert _states(session, people) == {("S1", "M1"): "declined", ("S1", "M2"): "proposed"}
    decide(session, programme, people["S2"], people["M1"], "approved", actor="a")
    bodies = [mail.body for mail in session.scalars(select(Mail))]
    assert not any("No time" in body for body in bodies)


def test_whoever_has_no_next_best_waits(
    session: Session, programme: Programme, people: dict[str, int]
) -> None:
    _publish(session, programme, people, ("S2", "M1"))
    answers.answer(session, _secrets(session)["m1@example.org"], accepted=False)
    waiting = session.scalars(select(Waiting)).one()
    assert (waiting.startup_id, waiting.rounds) == (people["S2"], 1)
    _publish(session, programme, people, ("S2", "M2"))
    assert not session.scalars(select(Waiting)).all()


def test_an_answer_given_twice_counts_once_and_an_acceptance_can_become_a_refusal(
    session: Session, programme: Programme, people: dict[str, int]
) -> None:
    _publish(session, programme, people, ("S1", "M1"))
    secret = _secrets(session)["s1@example.org"]
    assert answers.answer(session, secret, accepted=True) is not None
    assert answers.answer(session, secret, accepted=True) is None
    assert answers.answer(session, secret, accepted=False) is not None
    with pytest.raises(NotAllowed, match="no longer open"):
        answers.answer(session, secret, accepted=True)


def test_both_sides_at_once_make_one_match(
    engine: Engine, programme: Programme, people: dict[str, int]
) -> None:
    with unit_of_work(engine) as session:
        _publish(session, programme, people, ("S1", "M1"))
        secrets = sorted(_secrets(session).values())

    def work(number: int) -> bool:
        with unit_of_work(engine) as session:
            return answers.answer(session, secrets[number % 2], accepted=True) is not None

    assert Counter(at_once(8, work)) == {True: 2, False: 6}
    with reading(engine) as session:
        assert _states(session, people) == {("S1", "M1"): "active"}


def test_silence_is_reminded_of_on_days_five_and_ten_and_ends_on_day_fourteen(
    session: Session, programme: Programme, people: dict[str, int]
) -> None:
    _publish(session, programme, people, ("S1", "M1"))
    start = utcnow()
    answers.answer(session, _secrets(session)["s1@example.org"], accepted=True)
    written = []
    for day in (4.9, 5.1, 5.2, 10.1, 13.9):
        followup.follow_up(session, programme, start + timedelta(days=day))
        letters = [m for m in session.scalars(select(Mail)) if m.key.startswith("match.reminded")]
        written.append([m.address for m in letters])
    once = ["m1@example.org"]
    assert written == [[], once, once, once * 2, once * 2]
    assert _secrets(session)["m1@example.org"]  # the reminder gives the same address again
    assert answers.find_offer(session, _secrets(session)["m1@example.org"]).side == "counterpart"
    assert list(followup.due_programmes(session, start + timedelta(days=13.9))) == []
    assert list(followup.due_programmes(session, start + timedelta(days=14.1))) == [programme.id]
    followup.follow_up(session, programme, start + timedelta(days=14.1))
    assert _states(session, people) == {("S1", "M1"): "expired", ("S1", "M2"): "proposed"}
    with pytest.raises(NotAllowed):
        answers.answer(session, _secrets(session)["m1@example.org"], accepted=True)


def test_a_mentor_who_leaves_is_offered_to_nobody_and_start_ups_get_the_next_best(
    session: Session, programme: Programme, people: dict[str, int]
) -> None:
    _publish(session, programme, people, ("S1", "M1"))
    publishing.withdraw_mentor(session, programme, people["M1"], actor="a")
    assert _states(session, people) == {("S1", "M1"): "withdrawn", ("S1", "M2"): "proposed"}
    assert session.get_one(Mentor, people["M1"]).capacity == 0
    with pytest.raises(NotAllowed, match="no pair"):
        publishing.withdraw_mentor(session, programme, people["M1"], actor="a")


def test_withdrawing_a_mentor_of_whom_nobody_was_told_can_be_undone(
    session: Session, programme: Programme, people: dict[str, int]
) -> None:
    decide(session, programme, people["S2"], people["M1"], "approved", actor="a")
    event = publishing.withdraw_mentor(session, programme, people["M1"], actor="a")
    assert _states(session, people) == {}
    undo(session, programme, event.id, actor="a")
    assert _states(session, people) == {("S2", "M1"): "approved"}
    assert session.get_one(Mentor, people["M1"]).capacity == 1


def test_an_offer_is_withdrawn_and_a_match_ended_and_nothing_else(
    session: Session, programme: Programme, people: dict[str, int]
) -> None:
    _publish(session, programme, people, ("S1", "M1"))
    pair = people["S1"], people["M1"]
    with pytest.raises(NotAllowed):
        publishing.end_match(session, programme, pair, actor="a")
    for secret in _secrets(session).values():
        answers.answer(session, secret, accepted=True)
    with pytest.raises(NotAllowed):
        publishing.withdraw_offer(session, programme, pair, actor="a")
    publishing.end_match(session, programme, pair, actor="a", note="Done")
    assert _states(session, people) == {("S1", "M1"): "ended"}
    assert {p: i["state"] for p, i in replay(session, programme).items()} == {pair: "ended"}


def test_another_programme_can_publish_answer_or_end_nothing(
    session: Session, programme: Programme, people: dict[str, int]
) -> None:
    _publish(session, programme, people, ("S1", "M1"))
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


def test_letters_become_files_that_are_written_once(
    engine: Engine, programme: Programme, people: dict[str, int], tmp_path: Path
) -> None:
    with unit_of_work(engine) as session:
        _publish(session, programme, people, ("S1", "M1"))
    box = posting.Folder(tmp_path / "mail")
    assert posting.deliver(engine, programme.id, box, "hub@example.org") == 2
    assert posting.deliver(engine, programme.id, box, "hub@example.org") == 0
    files = sorted((tmp_path / "mail").iterdir())
    letters = [message_from_bytes(file.read_bytes(), policy=default) for file in files]
    assert [letter["To"] for letter in letters] == ["s1@example.org", "m1@example.org"]
    assert len({letter["Message-ID"] for letter in letters}) == 2
    assert re.search(r"http://x/answer/\S{43}", letters[1].get_content())


def test_no_name_or_address_breaks_out_of_a_header(
    session: Session, programme: Programme, people: dict[str, int]
) -> None:
    mail = Mail(
        id=1, key="k:1", address="a@example.org\r\nBcc: all@example.org", language="en",
        subject="Hello\r\nBcc: all@example.org", body="Text", link="", written_at=utcnow(),
    )  # fmt: skip
    letter = posting.make_letter(mail, "hub@example.org")
    assert letter["Bcc"] is None
    assert b"\nBcc:" not in letter.as_bytes()


def test_a_server_that_refuses_leaves_the_letters_waiting(
    engine: Engine, programme: Programme, people: dict[str, int]
) -> None:
    with unit_of_work(engine) as session:
        _publish(session, programme, people, ("S1", "M1"))
    with pytest.raises(OSError):  # noqa: PT011 - refused connections differ between systems
        posting.deliver(engine, programme.id, posting.Server("smtp://127.0.0.1:1"), "hub@example.org")
    with reading(engine) as session:
        waiting = session.scalars(select(Mail).where(Mail.sent_at.is_(None))).all()
        assert len(waiting) == 2
        assert all(mail.error for mail in waiting)


def test_letters_that_wait_too_long_are_asked_for_again(
    engine: Engine, programme: Programme, people: dict[str, int]
) -> None:
    with unit_of_work(engine) as session:
        _publish(session, programme, people, ("S1", "M1"))
        session.execute(delete(Job))
        assert mailing.request_late(session, utcnow() - timedelta(minutes=10)) == 0
        assert mailing.request_late(session, utcnow() + LATER) == 1
        assert [job.kind for job in session.scalars(select(Job))] == [JobKind.DELIVER]


@pytest.mark.parametrize(
    ("kind", "ref", "other"), [(Kind.MENTOR, "M1", "Umeme"), (Kind.STARTUP, "S1", "Ada")]
)
def test_nobody_is_removed_whom_the_other_side_was_told_of(
    session: Session, programme: Programme, people: dict[str, int], kind: Kind, ref: str, other: str
) -> None:
    _publish(session, programme, people, ("S1", "M1"))
    with pytest.raises(NotAllowed, match=f"with {other}. Withdraw the offer"):
        remove_profile(session, programme, kind, people[ref], actor="a")
    publishing.withdraw_offer(session, programme, (people["S1"], people["M1"]), actor="a")
    remove_profile(session, programme, kind, people[ref], actor="a")
    assert session.get(Profile, people[ref]) is None


def test_pairs_that_only_managers_know_of_go_with_a_profile(
    session: Session, programme: Programme, people: dict[str, int]
) -> None:
    decide(session, programme, people["S1"], people["M1"], "approved", actor="a")
    remove_profile(session, programme, Kind.MENTOR, people["M1"], actor="a")
    assert _states(session, people) == {}


def test_a_profile_that_is_being_offered_meanwhile_is_not_removed(
    engine: Engine, programme: Programme, people: dict[str, int]
) -> None:
    def remove() -> None:
        with unit_of_work(engine) as other:
            remove_profile(other, programme, Kind.MENTOR, people["M1"], actor="a")

    with unit_of_work(engine) as session:
        decide(session, programme, people["S1"], people["M1"], "approved", actor="a")
    with ThreadPoolExecutor(1) as pool:
        with unit_of_work(engine) as session:
            _publish(session, programme, people)
            removed = pool.submit(remove)
            wait([removed], timeout=0.5)  # it waits for us; whenever it starts, it must see the offer
        with pytest.raises(NotAllowed):
            removed.result()
