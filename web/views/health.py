"""Is it up? For supervisors and monitors."""

from flask import Blueprint
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from matcher.db import reading
from web.database import engine

blueprint = Blueprint("health", __name__)


@blueprint.get("/health")
def health() -> tuple[dict[str, str], int]:
    """200 while the database answers, 503 when it doesn't."""
    try:
        with reading(engine()) as session:
            session.execute(text("select 1"))
    except SQLAlchemyError:
        return {"status": "unavailable", "database": "unreachable"}, 503
    return {"status": "ok", "database": "ok"}, 200
