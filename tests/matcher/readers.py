"""Accounts that read what is told to profiles."""

from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.models import Account, Membership, Notice, Programme, Role
from matcher.wording import Message


def add_reader(
    session: Session,
    programme: Programme,
    email: str,
    role: Role = Role.FOUNDER,
    profile_id: int | None = None,
    **fields: object,
) -> int:
    """An account that takes part in the programme; its id."""
    account = Account(email=email, fs_uniquifier=uuid4().hex, name=email.split("@")[0].title(), **fields)
    session.add(account)
    session.flush()
    session.add(
        Membership(
            programme_id=programme.id, account_id=account.id, role=role.value, profile_id=profile_id,
            state="active", needs_approval=False,
        )
    )  # fmt: skip
    session.flush()
    return account.id


def told_to(session: Session, account_id: int) -> list[str]:
    """What an account's notices say, the oldest first."""
    rows = session.scalars(select(Notice).where(Notice.account_id == account_id).order_by(Notice.id))
    return [str(Message.from_json(notice.message)) for notice in rows]
