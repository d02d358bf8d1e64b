"""Requests that wait for a manager: passed on to the other side, or refused with a reason."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from matcher.services import introductions
from matcher.services.errors import NotAllowed, NotFound, ServiceError
from matcher.services.inbox import read_routed
from matcher.wording import N_, Message
from web import pairing
from web.database import read, write
from web.notices import tell
from web.pairing import answer_link
from web.permissions import actor

blueprint = Blueprint("routed", __name__, url_prefix="/p/<slug>/requests")


@blueprint.get("")
def index(slug: str) -> str:
    """Who asks for whom, and why it would fit; the longest wait first."""
    return _page(slug)


@blueprint.post("/<id:number>/pass-on")
def pass_on(slug: str, number: int) -> Response:
    """Ask the other side now."""
    pairing.attempt(
        slug,
        lambda session, programme: introductions.pass_on(
            session, programme, number, actor=actor(), link=answer_link
        ),
        Message(N_("Passed on: the other side has 14 days to answer.")),
        can_undo=False,
    )
    return redirect(url_for(".index", slug=slug), 303)


@blueprint.post("/<id:number>/refuse")
def refuse(slug: str, number: int) -> Response | tuple[str, int]:
    """Do not pass it on, and tell whoever asked why."""
    note = request.form.get("note", "")
    try:
        with write(slug) as (session, programme):
            introductions.refuse(session, programme, number, note=note, actor=actor())
    except NotAllowed as error:
        return _page(slug, (number, note, error.message)), 422
    except NotFound:
        raise
    except ServiceError as error:
        tell("error", error.message)
    else:
        tell("success", Message(N_("Not passed on. Whoever asked is told why.")))
    return redirect(url_for(".index", slug=slug), 303)


def _page(slug: str, problem: tuple[int, str, Message] | None = None) -> str:
    with read(slug) as (session, programme):
        lines = read_routed(session, programme)
        return render_template(
            "routed.html", programme=programme, lines=lines, problem=problem, longest=introductions.LONGEST
        )
