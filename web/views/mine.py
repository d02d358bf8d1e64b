"""A participant's first page: what waits for them, whom they might meet, and where they stand."""

from flask import Blueprint, render_template
from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.models import Application, Programme, ProgrammeDate, utcnow
from matcher.services.asking import own_obstacle
from matcher.services.candidates import best
from matcher.services.completeness import hints
from matcher.services.drafts import open_draft
from matcher.services.inbox import DUE, OPEN, Stage, read_inbox
from matcher.services.pair_due import read_due
from web.own import Own, read_own
from web.views.profiles import CANDIDATES

blueprint = Blueprint("mine", __name__, url_prefix="/p/<slug>/mine/<id:mine>")

_DATES = 5


@blueprint.get("")
def show(slug: str, mine: int) -> str:
    """What waits for them, and where they stand."""
    with read_own(slug, mine, active=False) as own:
        dates = _dates(own.session, own.programme)
        if not own.is_active:
            application = own.session.get(Application, own.membership.id)
            return render_template("mine_new.html", own=own, dates=dates, application=application)
        return _page(own, dates)


def _page(own: Own, dates: list[ProgrammeDate]) -> str:
    lines = read_inbox(own.session, own.programme, own.profile)
    return render_template(
        "mine.html",
        own=own,
        programme=own.programme,
        due=[line for line in lines if line.stage in DUE],
        open=[line for line in lines if line.stage in OPEN - DUE],
        matches=[line for line in lines if line.stage is Stage.ACTIVE],
        together=read_due(own.session, own.programme, own.profile, utcnow()),
        dates=dates,
        hints=hints(open_draft(own.session, own.programme, own.membership)),
        sections=[
            (
                kind,
                best(own.session, own.profile, kind),
                own_obstacle(own.session, own.programme, own.profile, kind),
            )
            for kind in CANDIDATES[own.kind]
        ],
    )


def _dates(session: Session, programme: Programme) -> list[ProgrammeDate]:
    """The next days that the programme's people should know of."""
    return list(
        session.scalars(
            select(ProgrammeDate)
            .where(ProgrammeDate.programme_id == programme.id, ProgrammeDate.on >= utcnow().date())
            .order_by(ProgrammeDate.on, ProgrammeDate.id)
            .limit(_DATES)
        )
    )
