"""Starting a programme, finding the others, and removing the sample."""

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from matcher.db import reading, unit_of_work
from matcher.services.errors import Conflict, NotAllowed
from matcher.services.memberships import PRESENT
from matcher.services.programmes import list_programmes, remove_sample, set_spread, start_programme
from matcher.wording import N_, Message
from web.accounts.identity import identity
from web.database import engine, read, write
from web.notices import tell
from web.permissions import actor

blueprint = Blueprint("programmes", __name__)


@blueprint.get("/programmes")
def index() -> str:
    """All that somebody takes part in, also if it is one; an administrator may enter the others too."""
    who = identity()
    parts = who.parts if who else ()
    entered = {part.programme.id for part in parts if part.state in PRESENT}
    with reading(engine()) as session:
        every = list_programmes(session) if who and who.is_admin else []
    others = [programme for programme in every if programme.id not in entered]
    return render_template("home.html", parts=parts, others=others)


@blueprint.get("/new")
def new() -> str:
    """An empty form."""
    return render_template("programme_new.html", name="", error=None)


@blueprint.post("/new")
def create() -> Response | tuple[str, int]:
    """Start the programme, or give the form back with what is wrong."""
    name = request.form.get("name", "")
    try:
        with unit_of_work(engine()) as session:
            slug = start_programme(session, name).slug
    except Conflict as error:
        return render_template("programme_new.html", name=name, error=error.message), 422
    return redirect(url_for("overview.programme", slug=slug), 303)


@blueprint.get("/p/<slug>/remove")
def confirm_removal(slug: str) -> str:
    """Ask first, and say what goes with it."""
    with read(slug) as (_, programme):
        return render_template("programme_remove.html", programme=programme)


@blueprint.post("/p/<slug>/remove")
def remove(slug: str) -> Response:
    """Remove the sample programme; any other stays."""
    with write(slug) as (session, programme):
        remove_sample(session, programme)
    tell("success", Message(N_("The sample programme was removed.")))
    return redirect(url_for("overview.home"), 303)


@blueprint.post("/p/<slug>/spread")
def spread(slug: str) -> Response:
    """Say whether lists favour the most similar mentors, or those whom few others are shown."""
    wanted = request.form.get("spread", type=float)
    if wanted is None:
        abort(400)
    try:
        with write(slug) as (session, programme):
            changed = set_spread(session, programme, wanted, actor())
    except NotAllowed as error:
        tell("error", error.message)
    else:
        done = N_("Saved. The lists are being put in their new order.") if changed else N_("Nothing changed.")
        tell("success", Message(done))
    return redirect(url_for("overview.programme", slug=slug), 303)
