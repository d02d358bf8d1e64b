"""The two ways a view meets the database: to read one programme, or to change it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from flask import current_app, g
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from config.settings import Settings
from matcher.db import reading, unit_of_work
from matcher.models import Programme
from matcher.services.programmes import get_programme
from web.i18n import programme_name


def engine() -> Engine:
    """The application's engine."""
    return cast(Engine, current_app.extensions["tandem_engine"])


def settings() -> Settings:
    """The settings that the application was made with."""
    return cast(Settings, current_app.extensions["tandem_settings"])


@contextmanager
def read(slug: str) -> Iterator[tuple[Session, Programme]]:
    """A transaction that cannot write, and the programme it is about."""
    with reading(engine()) as session:
        yield session, _enter(session, slug)


@contextmanager
def write(slug: str) -> Iterator[tuple[Session, Programme]]:
    """A transaction that is committed when the block ends, and the programme it is about."""
    with unit_of_work(engine()) as session:
        yield session, _enter(session, slug)


def _enter(session: Session, slug: str) -> Programme:
    programme = get_programme(session, slug)
    # The navigation outlives the session, so it gets plain values.
    g.programme_slug, g.programme_name = programme.slug, programme_name(programme)
    return programme
