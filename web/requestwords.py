"""Requests in words, for whoever asked and whoever is asked."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from flask import Flask
from flask_babel import gettext

from matcher.services.inbox import DUE, Stage
from matcher.wording import N_
from web.zones import day

_STAGES: Mapping[Stage, str] = {
    Stage.ANSWER: N_("Waits for your answer"),
    Stage.REPLY: N_("Waits for your reply"),
    Stage.ASKED_BACK: N_("You asked back"),
    Stage.WAITING: N_("Waits for their answer"),
    Stage.ROUTED: N_("With your programme manager"),
    Stage.ACTIVE: N_("Accepted by both"),
    Stage.DECLINED: N_("You declined"),
    Stage.NOT_ACCEPTED: N_("Not accepted"),
    Stage.UNANSWERED: N_("Not answered in time"),
    Stage.REFUSED: N_("Not passed on"),
    Stage.WITHDRAWN: N_("You withdrew it"),
    Stage.FILLED: N_("No longer open"),
    Stage.LEFT: N_("No longer open"),
    Stage.CLOSED: N_("No longer open"),
    Stage.ENDED: N_("Ended"),
}


def stage_name(stage: Stage) -> str:
    """Where a request stands."""
    return str(gettext(_STAGES[stage]))


def _style(stage: Stage) -> str:
    """The look of its badge."""
    if stage in DUE:
        return "offered"
    return "active" if stage is Stage.ACTIVE else "ended" if stage not in _RUNNING else ""


_RUNNING = frozenset({Stage.WAITING, Stage.ROUTED})


def last_day(until: datetime) -> str:
    """The last whole day, wherever its reader's clock stands: offers close at an hour of the next."""
    return day((until - timedelta(days=1)).date())


def init(app: Flask) -> None:
    """Give them to the templates."""
    app.jinja_env.filters.update(stage_name=stage_name, stage_style=_style, last_day=last_day)
