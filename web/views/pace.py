"""How often somebody is told by e-mail what their pages tell them anyway."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from matcher.db import reading, unit_of_work
from matcher.models import Account, MailPace
from matcher.services import paces
from matcher.wording import N_, Message
from web.accounts.identity import identity
from web.database import engine
from web.notices import tell

blueprint = Blueprint("pace", __name__, url_prefix="/account/mail")


@blueprint.get("")
def show() -> str:
    """Three ways, and which is chosen."""
    with reading(engine()) as session:
        account = session.get_one(Account, _account_id())
        return render_template("pace.html", pace=account.mail_pace, email=account.email, missing=False)


@blueprint.post("")
def update() -> Response | tuple[str, int]:
    """Keep the choice."""
    wanted = request.form.get("pace", "")
    with unit_of_work(engine()) as session:
        account = session.get_one(Account, _account_id())
        if wanted not in set(MailPace):
            page = render_template("pace.html", pace=account.mail_pace, email=account.email, missing=True)
            return page, 422
        paces.choose(session, account.id, MailPace(wanted))
    tell("success", Message(N_("Your choice is saved.")))
    return redirect(url_for(".show"), 303)


def _account_id() -> int:
    who = identity()
    assert who is not None  # noqa: S101 - the table of permissions says so
    return who.account_id
