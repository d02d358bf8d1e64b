"""Approving and rejecting pairs, and taking it back."""

import re

from flask import Blueprint, abort, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from matcher.models import AuditEvent, Kind, Programme
from matcher.services.errors import NotFound, ServiceError
from matcher.services.profiles import get_profile
from matcher.services.review import Decision
from matcher.services.review import decide as decide_pair
from matcher.services.steps import find, pairs_of
from matcher.services.steps import undo as undo_decision
from matcher.wording import N_, Message
from web.converters import read_id
from web.database import write
from web.notices import tell
from web.pairing import DONE, read_seen
from web.permissions import actor

blueprint = Blueprint("decisions", __name__)

_BUTTONS: dict[str, Decision] = {"approve": "approved", "reject": "rejected"}


@blueprint.post("/p/<slug>/<kind:kind>/<id:profile_id>/decide")
def decide(slug: str, kind: Kind, profile_id: int) -> Response:
    """Approve or reject the pair of this profile and the candidate whose button was pressed."""
    state, candidate_id, seen = _pressed()
    startup_id, counterpart_id = (
        (profile_id, candidate_id) if kind is Kind.STARTUP else (candidate_id, profile_id)
    )
    try:
        with write(slug) as (session, programme):
            get_profile(session, programme, kind, profile_id)
            event = decide_pair(
                session, programme, startup_id, counterpart_id, state, actor=actor(), seen=seen
            )
    except NotFound:
        raise
    except ServiceError as error:
        tell("error", error.message, about=candidate_id)
    else:
        tell("success", Message(DONE[state]), undo=event.id, about=candidate_id)
    back = url_for("profiles.show", slug=slug, kind=kind, profile_id=profile_id)
    return redirect(f"{back}#c{candidate_id}", 303)


@blueprint.post("/p/<slug>/decisions/<id:event_id>/undo")
def undo(slug: str, event_id: int) -> Response:
    """Put a pair back to what it was before a decision."""
    back = _back(slug)
    about = _card(back)
    try:
        with write(slug) as (session, programme):
            event = undo_decision(session, programme, event_id, actor=actor())
            back = _restored(session, programme, event, back)
    except NotFound:
        raise
    except ServiceError as error:
        tell("error", error.message, about=about)
    else:
        tell("success", Message(N_("The decision was taken back.")), about=about)
    return redirect(back, 303)


def _restored(session: Session, programme: Programme, event: AuditEvent, back: str) -> str:
    """Where to go on: from the page of a pair that an undone move or swap had made, to its start-up's now."""
    page, _, number = back.partition("?")[0].partition("#")[0].rpartition("/")
    startup = page.rpartition("/")[2]
    if not re.search(r"/cohort/(mentors|funders)/\d+$", page) or not number.isdigit():
        return back
    changed = pairs_of(session, event.id)
    there = {pair for pair in find(session, programme, changed) if str(pair[0]) == startup}
    gone = [pair for pair in changed if pair == (int(startup), int(number)) and pair not in there]
    return f"{page}/{min(there)[1]}" if gone and there else back


def _pressed() -> tuple[Decision, int, str]:
    """The decision, the candidate, and the state in which the manager saw the pair; "" for none."""
    for button, state in _BUTTONS.items():
        if button in request.form:
            key, seen = read_seen(request.form[button])
            try:
                return state, read_id(key), seen
            except ValueError:
                return abort(404)
    return abort(400)


def _back(slug: str) -> str:
    """The page of this programme that the undo button stood on; no address with a line break in it."""
    wanted = request.form.get("back", "")
    inside = url_for("overview.programme", slug=slug) + "/"
    is_ours = wanted.startswith(inside) and wanted.isprintable()
    return wanted if is_ours else url_for("logbook.index", slug=slug)


def _card(address: str) -> int | str | None:
    """Whose card an address leads to: a pair's (`#p12-34`) or a candidate's (`#c12`)."""
    anchor = address.rpartition("#")[2]
    if re.fullmatch(r"p\d+-\d+", anchor):
        return anchor[1:]
    return int(anchor[1:]) if re.fullmatch(r"c\d{1,10}", anchor) else None
