"""Closing accounts at the same moment: somebody is left to run what has to be run."""

from sqlalchemy import Engine, func, select

from matcher.db import reading, unit_of_work
from matcher.models import (
    Account,
    Invitation,
    Mail,
    Membership,
    PrivateNote,
    Programme,
    Role,
    Side,
    Wish,
    utcnow,
)
from matcher.services import accounts, admitting, answers, mailing, private_notes
from matcher.services.errors import NotAllowed
from matcher.services.wishes import set_wishes
from tests.matcher.factories import at_once
from tests.matcher.offers import fill, publish_pairs, secrets_of
from tests.matcher.readers import add_reader
from tests.web.people import add_account, add_member

MANAGERS = ("a@example.org", "b@example.org")


def _managers(engine: Engine, programme: Programme) -> list[Membership]:
    with unit_of_work(engine) as session:
        return [add_member(session, programme.slug, Role.MANAGER, email=email) for email in MANAGERS]


def test_of_two_managers_who_close_their_accounts_at_once_one_stays(
    engine: Engine, programme: Programme
) -> None:
    parts = _managers(engine, programme)

    def close(number: int) -> None:
        with unit_of_work(engine) as session:
            accounts.close(session, parts[number].account_id)

    results = at_once(2, close)

    assert sorted(type(result).__name__ for result in results) == ["NoneType", "NotAllowed"]
    with reading(engine) as session:
        assert session.scalar(select(func.count()).select_from(Membership)) == 1


def test_a_manager_is_not_removed_while_the_other_closes_their_account(
    engine: Engine, programme: Programme
) -> None:
    parts = _managers(engine, programme)

    def go(number: int) -> None:
        with unit_of_work(engine) as session:
            if number:
                accounts.close(session, parts[0].account_id)
            else:
                here = session.get_one(Programme, programme.id)
                admitting.remove(session, here, parts[1].id, actor=MANAGERS[0])

    results = at_once(2, go)

    assert sorted(type(result).__name__ for result in results) == ["NoneType", "NotAllowed"]
    with reading(engine) as session:
        assert session.scalars(select(Membership.state)).all().count("active") == 1


def test_of_two_administrators_who_close_their_accounts_at_once_one_stays(engine: Engine) -> None:
    with unit_of_work(engine) as session:
        people = [add_account(session, email, is_admin=True).id for email in MANAGERS]

    def close(number: int) -> None:
        with unit_of_work(engine) as session:
            accounts.close(session, people[number])

    results = at_once(2, close)

    assert sum(isinstance(result, NotAllowed) for result in results) == 1
    with reading(engine) as session:
        assert session.scalar(select(func.count()).where(Account.is_admin)) == 1


def test_what_was_theirs_alone_goes_with_whoever_closes_their_account(
    engine: Engine, programme: Programme
) -> None:
    people = fill(engine, programme)
    with unit_of_work(engine) as session:
        founder = add_reader(session, programme, "s1@example.org", Role.FOUNDER, people["S1"])
        add_reader(session, programme, "s2@example.org", Role.FOUNDER, people["S2"])
        publish_pairs(session, programme, people, ("S1", "M1"), ("S2", "M2"))
        secrets = secrets_of(session)
        for ref in ("s1", "m1", "s2", "m2"):
            answers.answer(session, secrets[f"{ref}@example.org"], accepted=True)
        for side in Side:
            pair = people["S1"], people["M1"]
            private_notes.keep_note(session, programme, pair, side, text=f"Of the {side}.")
        for ref, other in (("S1", "M3"), ("M1", "S1")):
            set_wishes(session, programme, people[ref], [people[other]], actor="a")
        mailing.write_to(
            session, "S1@example.org", key="person.x", language="en", subject="S", body="B",
            programme_id=programme.id,
        )  # fmt: skip
        session.add(
            Invitation(
                programme_id=programme.id, email="s1@example.org", role="founder", language="en",
                token="t", invited_by="m", expires_at=utcnow(), used_at=utcnow(),
            )
        )  # fmt: skip
    with unit_of_work(engine) as session:
        accounts.close(session, founder)

    with reading(engine) as session:
        letters = session.scalars(select(Mail)).all()
        assert {letter.address for letter in letters} == {
            "m1@example.org", "s2@example.org", "m2@example.org",
        }  # fmt: skip
        told = {letter.address: letter.body for letter in letters if letter.key.startswith("match.accepted:")}
        assert "You can reach Umeme at …." in told["m1@example.org"]
        assert "You can reach Soko at s2@example.org." in told["m2@example.org"]
        assert not session.scalars(select(Invitation)).all()
        assert session.scalars(select(PrivateNote.text)).all() == ["Of the counterpart."]
        assert session.scalars(select(Wish.subject_id)).all() == [people["M1"]]


def test_a_button_pressed_twice_closes_an_account_once(engine: Engine) -> None:
    with unit_of_work(engine) as session:
        mine = add_account(session, MANAGERS[0]).id

    def close(_: int) -> None:
        with unit_of_work(engine) as session:
            accounts.close(session, mine)

    assert at_once(2, close) == [None, None]
