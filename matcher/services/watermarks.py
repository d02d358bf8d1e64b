"""The watermark of a programme: counts the changes that its lists have to follow."""

from sqlalchemy import ColumnElement, update
from sqlalchemy.orm import Session

from matcher.models import Profile, Programme


def advance(session: Session, programme_id: int) -> int:
    """The programme's next watermark; the row's lock makes their order that of the commits."""
    return session.scalars(
        update(Programme)
        .where(Programme.id == programme_id)
        .values(watermark=Programme.watermark + 1)
        .returning(Programme.watermark)
        .execution_options(synchronize_session=False)
    ).one()


def mark_changed(session: Session, programme_id: int, which: ColumnElement[bool]) -> None:
    """Give the programme's profiles for which `which` holds its next watermark: lists must follow them."""
    watermark = advance(session, programme_id)
    session.execute(
        update(Profile)
        .where(which, Profile.programme_id == programme_id)
        .values(watermark=watermark, version=Profile.version, updated_at=Profile.updated_at)
        .execution_options(synchronize_session=False)
    )


def is_embedded() -> ColumnElement[bool]:
    """Whether a profile has been embedded; one that was not yet is marked when it is."""
    return Profile.watermark > 0
