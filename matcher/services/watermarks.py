"""The watermark of a programme: counts the changes that its lists have to follow."""

from sqlalchemy import update
from sqlalchemy.orm import Session

from matcher.models import Programme


def advance(session: Session, programme_id: int) -> int:
    """The programme's next watermark; the row's lock makes their order that of the commits."""
    return session.scalars(
        update(Programme)
        .where(Programme.id == programme_id)
        .values(watermark=Programme.watermark + 1)
        .returning(Programme.watermark)
        .execution_options(synchronize_session=False)
    ).one()
