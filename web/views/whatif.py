"""“What if they were paired?”: asked of the worker that has the solver, and answered on a page that waits."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, abort, redirect, render_template, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from matcher.models import Kind, Profile, Programme
from matcher.services import jobs
from matcher.services.errors import NotFound, ServiceError
from matcher.services.profiles import find_by_id, get_profile
from matcher.services.proposals import read_what_if, request_what_if
from matcher.services.steps import Pair, obstacle
from web.database import read, write
from web.notices import tell
from web.permissions import actor
from web.refresh import refreshing
from web.waiting import wait

blueprint = Blueprint("whatif", __name__, url_prefix="/p/<slug>/cohort/<counterpart:kind>")

_AGAIN_SECONDS = 2


@dataclass(frozen=True)
class Sides:
    """A pair by its profiles."""

    startup: Profile
    counterpart: Profile


@blueprint.post("/<id:startup_id>/<id:counterpart_id>/what-if")
def ask(slug: str, kind: Kind, startup_id: int, counterpart_id: int) -> Response:
    """Ask the worker."""
    try:
        with write(slug) as (session, programme):
            job = request_what_if(session, programme, kind, startup_id, counterpart_id, actor=actor())
    except NotFound:
        raise
    except ServiceError as error:
        tell("error", error.message)
        ours, theirs = startup_id, counterpart_id
        return redirect(
            url_for("pairs.show", slug=slug, kind=kind, startup_id=ours, counterpart_id=theirs), 303
        )
    return redirect(url_for(".show", slug=slug, kind=kind, job_id=job.id), 303)


@blueprint.get("/what-if/<id:job_id>")
def show(slug: str, kind: Kind, job_id: int) -> Response | str:
    """The answer, or that it is being worked out."""
    wait(slug, lambda session, programme: read_what_if(session, programme, job_id) is not None)
    with read(slug) as (session, programme):
        found = read_what_if(session, programme, job_id)
        asked = jobs.get_job(session, programme, job_id).payload
        if asked["kind"] != kind:
            abort(404)
        page = render_template(
            "what_if.html",
            programme=programme,
            kind=kind,
            startup=get_profile(session, programme, Kind.STARTUP, asked["startup"]),
            counterpart=get_profile(session, programme, kind, asked["counterpart"]),
            found=found,
            obstacle=obstacle(session, programme, (asked["startup"], asked["counterpart"]))
            if found
            else None,
            lost=_named(session, programme, found.lost if found else []),
            gained=_named(session, programme, found.gained if found else []),
        )
    return page if found else refreshing(page, _AGAIN_SECONDS)


def _named(session: Session, programme: Programme, pairs: Sequence[Pair]) -> list[Sides]:
    """The pairs by name; who is gone meanwhile is left out."""
    found = find_by_id(session, programme, {number for pair in pairs for number in pair})
    return [Sides(found[ours], found[theirs]) for ours, theirs in pairs if ours in found and theirs in found]
