"""Closing accounts at the same moment: somebody is left to run what has to be run."""

from sqlalchemy import Engine, func, select

from matcher.db import reading, unit_of_work
from matcher.models import Account, Membership, Programme, Role
from matcher.services import accounts, admitting
from matcher.services.errors import NotAllowed
from tests.matcher.factories import at_once
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


def test_a_button_pressed_twice_closes_an_account_once(engine: Engine) -> None:
    with unit_of_work(engine) as session:
        mine = add_account(session, MANAGERS[0]).id

    def close(_: int) -> None:
        with unit_of_work(engine) as session:
            accounts.close(session, mine)

    assert at_once(2, close) == [None, None]
