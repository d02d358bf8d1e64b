"""Asking for somebody, and what each side then reads."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.models import Introduction, Mail, Profile, Programme
from matcher.services import introductions
from matcher.services.inbox import read_inbox
from matcher.services.publishing import Side

People = dict[str, int]


def ask(
    session: Session,
    programme: Programme,
    people: People,
    ours: str,
    theirs: str,
    by: Side = "startup",
    message: str = "Could you help us?",
) -> Introduction:
    """A request of one side for the other, whose letter has a link to answer by."""
    return introductions.ask(
        session, programme, (people[ours], people[theirs]), by,
        message=message, account_id=None, link=lambda secret: f"http://x/answer/{secret}",
    )  # fmt: skip


def stages(session: Session, programme: Programme, people: People, ref: str) -> list[str]:
    """Where somebody's requests stand, as their page has them."""
    profile = session.get_one(Profile, people[ref])
    return [line.stage.value for line in read_inbox(session, programme, profile)]


def letters_to(session: Session, address: str) -> list[str]:
    """The letters to an address, the first first."""
    query = select(Mail.body).where(Mail.address == address).order_by(Mail.id)
    return list(session.scalars(query))
