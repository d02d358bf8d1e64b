"""What happened, for whoever is signed in: in all their programmes, the newest first."""

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from matcher.db import reading, unit_of_work
from matcher.services import notices
from matcher.services.announcing import read_received
from matcher.services.errors import NotFound
from matcher.wording import N_, Message
from web.accounts.identity import Identity, identity
from web.converters import read_id
from web.database import engine
from web.notices import tell

blueprint = Blueprint("notices", __name__, url_prefix="/notices")


@blueprint.before_request
def _with_second_factor() -> Response | None:
    """Notices name people, whom managers see only once their account is safe."""
    return redirect(url_for("account.show", needed=1), 303) if _who().needs_second_factor else None


@blueprint.get("")
def index() -> str:
    """A page of notices. Looking at them marks none as read: opening one does."""
    page = max(1, request.args.get("page", 1, type=int))
    with reading(engine()) as session:
        found = notices.list_notices(session, _who().account_id, page)
        latest = max((line.id for line in found.items), default=0)
        return render_template("notices.html", found=found, latest=latest)


@blueprint.post("/<id:notice_id>")
def open(notice_id: int) -> Response:  # noqa: A001 - it is what the button does
    """Mark one as read, and go where it leads."""
    try:
        with unit_of_work(engine()) as session:
            path = notices.mark_read(session, _who().account_id, notice_id)
    except NotFound:
        abort(404)
    return redirect(path if notices.is_local(path) else url_for(".index"), 303)


@blueprint.post("/read")
def read_all() -> Response:
    """Mark as read all that the page could show; what came since then stays unread."""
    upto = request.form.get("upto", 0, type=read_id)
    with unit_of_work(engine()) as session:
        count = notices.mark_all_read(session, _who().account_id, upto)
    if count:
        tell("success", Message(N_("All these notices are marked as read.")))
    return redirect(url_for(".index"), 303)


@blueprint.get("/messages/<id:announcement_id>")
def message(announcement_id: int) -> str:
    """A manager's message that was sent to whoever is signed in."""
    with reading(engine()) as session:
        try:
            sent, programme = read_received(session, _who().account_id, announcement_id)
        except NotFound:
            abort(404)
        return render_template("notice_message.html", sent=sent, programme=programme)


def _who() -> Identity:
    who = identity()
    assert who is not None  # noqa: S101 - the table of permissions says so
    return who
