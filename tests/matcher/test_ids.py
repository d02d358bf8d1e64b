"""What a letter, a notice or a link names by its number is never somebody or something else's later."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from matcher.models import Account, Invitation, JobKind, Kind, Mail, MailPace, Notice, Programme, Role, utcnow
from matcher.services import accounts, digests, introductions, jobs, notices, paces
from matcher.services.errors import NotFound
from matcher.services.profiles import remove_profile
from matcher.wording import N_, Message
from tests.matcher.factories import add, draft, make_programme
from tests.matcher.guests import invite, post
from tests.matcher.offers import fill
from tests.web.people import add_account, add_member

__all__ = ["invite", "post"]


def test_who_is_invited_after_an_invited_profile_was_removed_gets_a_letter(
    session: Session, programme: Programme, invite: Callable[..., Invitation]
) -> None:
    mine = add(session, programme, draft(Kind.MENTOR, "M1", email="ada@example.org"))["M1"]
    invite("ada@example.org", Role.MENTOR, profile_id=mine)
    remove_profile(session, programme, Kind.MENTOR, mine, actor="m")
    assert not session.scalars(select(Invitation)).all()
    invite("ben@example.org")

    assert session.scalars(select(Mail.address).order_by(Mail.id)).all() == [
        "ada@example.org",
        "ben@example.org",
    ]


def test_a_request_after_one_that_went_with_its_profile_is_told_to_the_managers(
    session: Session, engine: Engine, programme: Programme
) -> None:
    people = fill(engine, programme)
    add_member(session, programme.slug, Role.MANAGER)
    here = session.get_one(Programme, programme.id)
    here.routed = True
    for ref in ("S1", "S2"):
        introductions.ask(
            session, here, (people[ref], people["M1"]), "startup", message="Hello.", account_id=None, link=str
        )  # fmt: skip
        if ref == "S1":
            remove_profile(session, here, Kind.STARTUP, people[ref], actor="m")

    assert session.scalar(select(func.count()).select_from(Notice)) == 2


def test_a_link_in_a_letter_to_an_account_that_is_closed_is_nobodys(session: Session) -> None:
    gone = add_account(session, "gone@example.org")
    secret = paces.sign("key", gone.id)
    accounts.close(session, gone.id)
    session.flush()
    add_account(session, "new@example.org")

    with pytest.raises(NotFound):
        paces.read(session, "key", secret)
    assert session.scalars(select(Account.email)).all() == ["new@example.org"]


def test_a_notice_after_one_that_went_with_its_programme_is_mailed(
    session: Session, programme: Programme
) -> None:
    reader = add_account(session, "ada@example.org", mail_pace=MailPace.AT_ONCE)
    links = paces.Links("https://tandem.example.org", "k" * 40)
    other = make_programme(session)
    for where in (other, programme):
        message = Message(N_("You take part now."))
        notices.notify_accounts(session, [reader.id], where, key=f"told:{where.id}", message=message)
        assert digests.write_due(session, reader.id, utcnow(), links) == 1
        if where is other:
            session.delete(other)
            session.flush()


def test_a_message_about_a_job_that_is_gone_starts_no_other_job(
    session: Session, programme: Programme
) -> None:
    """The broker's messages name a job and are sent to the task of its kind."""
    searched = jobs.enqueue(session, programme.id, JobKind.SEARCH)
    session.delete(searched)
    session.flush()
    jobs.enqueue(session, programme.id, JobKind.IMPORT)

    assert jobs.claim(session, searched.id, "worker") is None
