"""Messages to groups of a programme: written, looked at as their readers will get them, then sent."""

from secrets import token_hex

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from matcher.models import Programme, utcnow
from matcher.services import announcing
from matcher.services.announcing import Draft
from matcher.services.audiences import Group
from matcher.services.errors import Conflict, NotFound
from matcher.wording import N_, Message
from web.database import read, write
from web.i18n import locale_code
from web.notices import tell
from web.permissions import actor

blueprint = Blueprint("announcements", __name__, url_prefix="/p/<slug>/messages")

_LABELS = {"group": N_("To"), "subject": N_("Subject"), "body": N_("Message")}
_KEY_CHARS = 32


@blueprint.get("")
def index(slug: str) -> str:
    """What was sent, and a form to write the next."""
    wanted = request.args.get("group", "")
    with read(slug) as (session, programme):
        return _compose(session, programme, Draft.of(wanted if wanted in set(Group) else "", "", ""))


@blueprint.post("/preview")
def preview(slug: str) -> str | tuple[str, int]:
    """The letter as it will be, and who gets it; or the form again, to change it or to mend it."""
    draft = _draft()
    with read(slug) as (session, programme):
        if "change" in request.form:
            return _compose(session, programme, draft)
        if draft.problems():
            return _compose(session, programme, draft, wrong=True), 422
        return _preview(session, programme, draft, token_hex(_KEY_CHARS // 2))


@blueprint.post("")
def send(slug: str) -> Response | str | tuple[str, int]:
    """Send it, if it still goes to whom the preview showed. Pressed twice it sends once."""
    draft, key = _draft(), request.form.get("key", "")
    if len(key) != _KEY_CHARS or not key.isalnum() or not key.isascii():
        abort(400)
    if draft.problems():
        with read(slug) as (session, programme):
            return _compose(session, programme, draft, wrong=True), 422
    try:
        with write(slug) as (session, programme):
            sent = announcing.send(
                session, programme, draft, key=key, seen=request.form.get("seen", ""), actor=actor(),
                language=locale_code(), now=utcnow(),
            )  # fmt: skip
            told = Message(N_("Sent. People who get the letter: %(count)s."), {"count": sent.readers})
    except (Conflict, NotFound) as error:
        tell("error", error.message)
        with read(slug) as (session, programme):
            return _preview(session, programme, draft, key), 409
    tell("success", told)
    return redirect(url_for(".index", slug=slug), 303)


def _draft() -> Draft:
    return Draft.of(*(request.form.get(name, "") for name in ("group", "subject", "body")))


def _compose(session: Session, programme: Programme, draft: Draft, *, wrong: bool = False) -> str:
    page = max(1, request.args.get("page", 1, type=int))
    problems = draft.problems() if wrong else {}
    return render_template(
        "announcements.html",
        programme=programme,
        draft=draft,
        problems=problems,
        summary=[(name, gettext(_LABELS[name]), problems[name]) for name in _LABELS if name in problems],
        groups=list(Group),
        sent=announcing.list_sent(session, programme, page),
        limits=(announcing.SUBJECT_CHARS, announcing.BODY_CHARS),
    )


def _preview(session: Session, programme: Programme, draft: Draft, key: str) -> str:
    found = announcing.preview(session, programme, draft, locale_code(), utcnow())
    return render_template("announcement_preview.html", programme=programme, found=found, key=key)
