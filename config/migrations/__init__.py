"""Alembic migrations, and how to bring a database up to date with them."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine


def upgrade(engine: Engine) -> None:
    """Bring the database to the newest revision, in one transaction."""
    settings = Config(str(Path(__file__).parent.parent / "alembic.ini"))
    with engine.begin() as connection:
        settings.attributes["connection"] = connection
        command.upgrade(settings, "head")
