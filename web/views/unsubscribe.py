"""Ending letters about notices with the address that each of them has, without signing in.

Its secret names the account. Mail programs press the button by themselves (RFC 8058), with no form of
ours before it: so `record` takes what has no token, and can only lower how often somebody is written to.
"""

from contextlib import nullcontext

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from flask_babel import force_locale
from werkzeug.wrappers import Response

from config.keys import derived
from matcher.db import reading, unit_of_work
from matcher.models import Account, MailPace
from matcher.services import paces
from matcher.services.errors import NotFound
from web.database import engine
from web.i18n import LOCALES
from web.security import csrf

blueprint = Blueprint("unsubscribe", __name__, url_prefix="/unsubscribe/<secret>")
csrf.exempt("web.views.unsubscribe.record")

_RAISED = (MailPace.DAILY, MailPace.AT_ONCE)


@blueprint.get("")
def show(secret: str) -> str | tuple[str, int]:
    """One button. Looking changes nothing: mail programs open addresses by themselves."""
    try:
        with reading(engine()) as session:
            account = paces.read(session, _key(), secret)
    except NotFound:
        return _unknown()
    return _page(account, _before(request.args.get("before", "")))


@blueprint.post("")
def record(secret: str) -> Response | str | tuple[str, int]:
    """No more letters, or once a day instead of at once."""
    wanted = MailPace.DAILY if request.form.get("pace") == MailPace.DAILY else MailPace.NEVER
    try:
        with unit_of_work(engine()) as session:
            account = paces.read(session, _key(), secret)
            before = paces.lower(session, account, wanted)
    except NotFound:
        return _unknown()
    if "List-Unsubscribe" in request.form:  # a mail program, which must not be sent elsewhere
        return _page(account, before)
    changed = before if before != account.mail_pace else None
    return redirect(url_for(".show", secret=secret, before=changed, lang=_lang()), 303)


@blueprint.post("/undo")
def undo(secret: str) -> Response | tuple[str, int]:
    """As it was before."""
    try:
        with unit_of_work(engine()) as session:
            account = paces.read(session, _key(), secret)
            paces.choose(session, account.id, _before(request.form.get("before", "")))
    except NotFound:
        return _unknown()
    return redirect(url_for(".show", secret=secret, lang=_lang()), 303)


def _page(account: Account, before: MailPace) -> str:
    """In the language of the letter, unless another is asked for."""
    language = _lang() or account.language
    with force_locale(language) if language in LOCALES else nullcontext():
        return render_template("unsubscribe.html", pace=account.mail_pace, before=before)


def _lang() -> str | None:
    wanted = request.args.get("lang")
    return wanted if wanted in LOCALES else None


def _key() -> str:
    """What signs these addresses, here and in the worker that writes the letters."""
    return derived(str(current_app.config["SECRET_KEY"]), paces.PURPOSE)


def _before(text: str) -> MailPace:
    return MailPace(text) if text in _RAISED else MailPace.DAILY


def _unknown() -> tuple[str, int]:
    return render_template("unsubscribe_unknown.html"), 404
