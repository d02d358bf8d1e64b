"""Alembic's entry point: runs migrations over a connection that the caller hands in, or its URL."""

from typing import Any, Literal

from alembic import context
from sqlalchemy import Connection, create_engine

from config.settings import get_settings
from matcher.models import Base
from matcher.models.base import UtcDateTime


def _render_type(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Write our own types as what they are in the database: migrations outlive the models."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
        render_item=_render_type,
    )
    with context.begin_transaction():
        context.run_migrations()


connection = context.config.attributes.get("connection")
if connection is None:
    with create_engine(get_settings().sqlalchemy_url).connect() as opened:
        _run(opened)
else:
    _run(connection)
