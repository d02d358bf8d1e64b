"""Whoever changes what a whole programme's rules are about waits for whoever else does."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.models import Programme


def lock_programme(session: Session, programme: Programme) -> None:
    """Wait until no other transaction that called this is under way: the second sees what the first did.

    It comes before any change of a row that others change under this lock. Rows that only name the programme
    do not wait for it, or whoever has one that we need and then asks for a job would wait for us.
    """
    own = select(Programme.id).where(Programme.id == programme.id)
    session.execute(own.with_for_update(key_share=True))  # PostgreSQL's NO KEY UPDATE
