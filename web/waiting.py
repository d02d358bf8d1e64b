"""A page that gives a worker a moment to answer before it is shown."""

from collections.abc import Callable
from time import monotonic, sleep

from flask import current_app
from sqlalchemy.orm import Session

from matcher.models import Programme
from web.database import read

_PAUSE_SECONDS = 0.05


def wait(slug: str, is_answered: Callable[[Session, Programme], bool]) -> None:
    """Wait until it is, or for as long as a reader does not mind.

    Each look is a transaction of its own: none is held while waiting.
    """
    until = monotonic() + current_app.config["PATIENCE_SECONDS"]
    while True:
        with read(slug) as (session, programme):
            if is_answered(session, programme):
                return
        if monotonic() >= until:
            return
        sleep(_PAUSE_SECONDS)
