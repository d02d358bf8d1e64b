"""Whom a participant keeps in mind, in order. It works by buttons alone."""

from typing import get_args

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from matcher.services.asking import own_obstacle
from matcher.services.errors import NotAllowed
from matcher.services.inbox import read_inbox
from matcher.services.shortlists import MOST, Step, change, read_shortlist
from matcher.wording import N_, Message
from web.converters import read_id
from web.notices import tell
from web.own import read_own, write_own
from web.views.profiles import CANDIDATES

blueprint = Blueprint("shortlist", __name__, url_prefix="/p/<slug>/mine/<id:mine>/shortlist")

_DONE = {
    "keep": N_("Kept on your shortlist."),
    "remove": N_("Removed from your shortlist."),
    "up": N_("Moved up."),
    "down": N_("Moved down."),
}
_STEPS = frozenset(get_args(Step))


@blueprint.get("")
def show(slug: str, mine: int) -> str:
    """Whom they keep, the dearest first, and where each stands."""
    with read_own(slug, mine) as own:
        lists = read_shortlist(own.session, own.profile)
        lines = read_inbox(own.session, own.programme, own.profile)
        return render_template(
            "shortlist.html",
            own=own,
            most=MOST,
            sections=[
                (kind, lists.get(kind, []), own_obstacle(own.session, own.programme, own.profile, kind))
                for kind in CANDIDATES[own.kind]
            ],
            lines={line.other.id: line for line in reversed(lines)},
        )


@blueprint.post("")
def update(slug: str, mine: int) -> Response:
    """Keep, remove or move one, and go on where the button was."""
    step, _, number = request.form.get("step", "").partition(":")
    if step not in _STEPS:
        abort(400)
    try:
        other = read_id(number)
    except ValueError:
        abort(404)
    with write_own(slug, mine) as own:
        try:
            changed = change(own.session, own.programme, own.profile, step, other)  # type: ignore[arg-type]
        except NotAllowed as error:
            tell("error", error.message)
        else:
            tell("success", Message(_DONE[step] if changed else N_("Nothing changed.")))
    return redirect(_back(slug, mine), 303)


def _back(slug: str, mine: int) -> str:
    """The page of theirs that the button stood on."""
    wanted = request.form.get("back", "")
    inside = url_for("mine.show", slug=slug, mine=mine) + "/"
    if wanted.startswith(inside) and wanted.isprintable():
        return wanted
    return url_for("shortlist.show", slug=slug, mine=mine)
