"""Whoever changes what a whole programme's rules are about waits for whoever else does."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.models import Programme


def lock_programme(session: Session, programme: Programme) -> None:
    """Wait until no other transaction that called this is under way: the second sees what the first did."""
    session.execute(select(Programme.id).where(Programme.id == programme.id).with_for_update())
