"""Alembic migrations, and how to bring a database up to date with them."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the database to a revision, as a rule the newest, in one transaction."""
    with engine.begin() as connection:
        command.upgrade(_settings(connection), revision)


def downgrade(engine: Engine, revision: str) -> None:
    """Take the database back to an earlier revision, in one transaction."""
    with engine.begin() as connection:
        command.downgrade(_settings(connection), revision)


def _settings(connection: Connection) -> Config:
    settings = Config(str(Path(__file__).parent.parent / "alembic.ini"))
    settings.attributes["connection"] = connection
    return settings
