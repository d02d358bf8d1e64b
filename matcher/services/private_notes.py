"""What one side keeps for itself. Its own page alone reads it: no export, no letter, no manager."""

from sqlalchemy import delete, or_
from sqlalchemy.orm import Session

from matcher.models import PrivateNote, Programme, Side
from matcher.services.relationships import (
    Invalid,
    Relationship,
    change_as,
    columns_of,
    read_text,
    rows_of,
)
from matcher.services.steps import Pair
from matcher.wording import Message

TEXT = 10_000


def read_note(session: Session, us: Relationship) -> str:
    """What whoever looks has noted for themselves."""
    found = _find(session, us)
    return found.text if found else ""


def keep_note(session: Session, programme: Programme, pair: Pair, side: Side, *, text: str) -> None:
    """Keep this instead of what one had noted; an empty text keeps nothing. It may be done after the end.

    Raises:
        NotFound: the programme has no such match.
        Invalid: it is too long: `note`.
    """
    us = change_as(session, programme, pair, side, even_ended=True)
    problems: dict[str, Message] = {}
    text = read_text(problems, "note", text, TEXT)
    if problems:
        raise Invalid(problems)
    found = _find(session, us)
    if found is None and text:
        session.add(PrivateNote(**columns_of(us), side=side.value, text=text))
    elif found is not None and text:
        found.text = text
    elif found is not None:
        session.delete(found)
    session.flush()


def erase_all(session: Session, profile_id: int) -> None:
    """Remove all that somebody kept who is no more: nobody else may read it."""
    mine = or_(
        (PrivateNote.startup_id == profile_id) & (PrivateNote.side == Side.STARTUP),
        (PrivateNote.counterpart_id == profile_id) & (PrivateNote.side == Side.COUNTERPART),
    )
    session.execute(delete(PrivateNote).where(mine).execution_options(synchronize_session=False))


def _find(session: Session, us: Relationship) -> PrivateNote | None:
    return session.scalars(rows_of(PrivateNote, us).where(PrivateNote.side == us.side)).first()
