"""Telling somebody something on their pages. Stands in until notices are kept."""

from sqlalchemy.orm import Session

from matcher.models import Profile
from matcher.wording import Message


def notify(session: Session, profile: Profile, *, key: str, message: Message, path: str) -> None:
    """Tell whoever a profile is of, once for each `key`; `path` leads to what it is about."""
