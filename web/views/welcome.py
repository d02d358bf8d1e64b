"""The first run: whoever sits at the machine makes the administrator's account, once."""

from flask import Blueprint, abort, redirect, render_template, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from matcher.db import reading, unit_of_work
from matcher.services.administrators import has_administrator, make_first
from matcher.services.errors import Conflict
from matcher.services.invitations import read_address
from matcher.wording import N_, Message
from web.accounts.newcomer import Newcomer, let_in
from web.database import engine, settings
from web.i18n import locale_code
from web.notices import tell
from web.security import from_this_machine

blueprint = Blueprint("welcome", __name__, url_prefix="/welcome")

_DONE = N_("Tandem is set up: this is the administrator's account, and you are signed in.")


def is_first_run(session: Session) -> bool:
    """Whether the one who asks may make the administrator's account."""
    return not settings().url and from_this_machine() and not has_administrator(session)


@blueprint.get("")
def show() -> str:
    """The form."""
    _only_first()
    return render_template("welcome.html", form=Newcomer())


@blueprint.post("")
def make() -> Response | tuple[str, int]:
    """Make the account, or give the form back with what is wrong."""
    _only_first()
    form = Newcomer.posted()
    if not form.validate(with_email=True):
        return render_template("welcome.html", form=form), 422
    hashed = form.password_hash
    try:
        with unit_of_work(engine()) as session:
            account = make_first(
                session,
                email=read_address(form.email),
                name=form.name,
                password_hash=hashed,
                language=locale_code(),
            )
    except Conflict as error:
        form.errors["email"] = error.message
        return render_template("welcome.html", form=form), 422
    let_in(account.id)
    tell("success", Message(_DONE))
    return redirect(url_for("overview.home"), 303)


def _only_first() -> None:
    with reading(engine()) as session:
        if not is_first_run(session):
            abort(404)
