"""Forms that are sent twice at the same moment."""

from datetime import timedelta

from sqlalchemy import Engine, select, update

from matcher.db import reading, unit_of_work
from matcher.models import Equality, Programme, SignIn, utcnow
from matcher.services import equality, sign_ins
from tests.matcher.factories import at_once
from tests.web.people import add_account


def test_equality_answers_that_are_sent_twice_are_kept_once(engine: Engine, programme: Programme) -> None:
    with unit_of_work(engine) as session:
        mine = add_account(session, "amina@example.org").id

    def save(_: int) -> None:
        with unit_of_work(engine) as session:
            equality.save_answers(session, session.get_one(Programme, programme.id), mine, {"place": "rural"})

    assert at_once(4, save) == [None] * 4
    with reading(engine) as session:
        assert session.scalars(select(Equality.answers)).all() == [{"place": "rural"}]


def test_a_browser_that_is_signed_out_while_its_page_is_noted_is_signed_out(engine: Engine) -> None:
    with unit_of_work(engine) as session:
        mine = add_account(session, "amina@example.org").id
        for _ in range(8):
            sign_ins.begin(session, mine, "Firefox")
        session.execute(update(SignIn).values(seen_at=utcnow() - timedelta(hours=1)))
        own = session.scalars(select(SignIn.id)).all()

    def work(number: int) -> None:
        for sign_in in own:
            with unit_of_work(engine) as session:
                if number:
                    sign_ins.touch(session, sign_in)
                else:
                    sign_ins.end(session, mine, sign_in)

    assert at_once(4, work) == [None] * 4
