"""Ending letters about notices with the address that each of them has, without signing in.

Its secret names the account. Mail programs press the button by themselves (RFC 8058), with no form of
ours before it: so `record` takes what has no token, and can only lower how often somebody is written to.
"""

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from config.keys import derived
from matcher.db import reading, unit_of_work
from matcher.models import MailPace
from matcher.services import paces
from matcher.services.errors import NotFound
from web.database import engine
from web.security import csrf

blueprint = Blueprint("unsubscribe", __name__, url_prefix="/unsubscribe/<secret>")
csrf.exempt("web.views.unsubscribe.record")

_RAISED = (MailPace.DAILY, MailPace.AT_ONCE)
_PAGE = "unsubscribe.html"


@blueprint.get("")
def show(secret: str) -> str | tuple[str, int]:
    """One button. Looking changes nothing: mail programs open addresses by themselves."""
    try:
        with reading(engine()) as session:
            pace = paces.read(session, key(), secret).mail_pace
    except NotFound:
        return _unknown()
    return render_template(_PAGE, pace=pace, before=_before(request.args.get("before", "")))


@blueprint.post("")
def record(secret: str) -> Response | str | tuple[str, int]:
    """No more letters, or once a day instead of at once."""
    wanted = MailPace.DAILY if request.form.get("pace") == MailPace.DAILY else MailPace.NEVER
    try:
        with unit_of_work(engine()) as session:
            account = paces.read(session, key(), secret)
            before = paces.lower(session, account, wanted)
            pace = account.mail_pace
    except NotFound:
        return _unknown()
    if "List-Unsubscribe" in request.form:  # a mail program, which must not be sent elsewhere
        return render_template(_PAGE, pace=pace, before=before)
    changed = before if before != pace else None
    return redirect(url_for(".show", secret=secret, before=changed), 303)


@blueprint.post("/undo")
def undo(secret: str) -> Response | tuple[str, int]:
    """As it was before."""
    try:
        with unit_of_work(engine()) as session:
            account = paces.read(session, key(), secret)
            paces.choose(session, account.id, _before(request.form.get("before", "")))
    except NotFound:
        return _unknown()
    return redirect(url_for(".show", secret=secret), 303)


def key() -> str:
    """What signs these addresses, here and in the worker that writes the letters."""
    return derived(str(current_app.config["SECRET_KEY"]), paces.PURPOSE)


def _before(text: str) -> MailPace:
    return MailPace(text) if text in _RAISED else MailPace.DAILY


def _unknown() -> tuple[str, int]:
    return render_template("unsubscribe_unknown.html"), 404
