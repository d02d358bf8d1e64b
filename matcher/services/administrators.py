"""Who runs the installation, and making the first of them."""

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from matcher.models import Account
from matcher.services.errors import Conflict
from matcher.services.joining import make_account
from matcher.wording import N_, Message

_SET_UP = N_("Tandem is set up already. Sign in.")


def has_administrator(session: Session) -> bool:
    """Whether anybody runs this installation yet."""
    found = select(Account.id).where(Account.is_admin, ~Account.is_sample).limit(1)
    return session.scalar(found) is not None


def make_first(
    session: Session, *, email: str, name: str, password_hash: str, language: str | None
) -> Account:
    """The account of whoever sets Tandem up. Of two at once one does: the database has one mark for them.

    Raises:
        Conflict: there is an administrator, or an account with this address.
    """
    if has_administrator(session):
        raise Conflict(Message(_SET_UP))
    account = make_account(session, email=email, name=name, password_hash=password_hash, language=language)
    account.is_admin = account.is_first = True
    try:
        session.flush()
    except IntegrityError as error:
        raise Conflict(Message(_SET_UP)) from error
    return account
