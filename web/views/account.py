"""Somebody's own account: how they sign in, and where they are signed in."""

from flask import Blueprint, render_template, request

from matcher.db import reading
from matcher.services.sign_ins import list_sign_ins
from web.accounts.identity import identity
from web.database import engine

blueprint = Blueprint("account", __name__, url_prefix="/account")


@blueprint.get("")
def show() -> str:
    """What there is to set, and what is missing if a second factor is needed."""
    who = identity()
    assert who is not None  # noqa: S101 - the table of permissions says so
    with reading(engine()) as session:
        places = list_sign_ins(session, who.account_id)
    return render_template("account.html", who=who, places=places, needed=request.args.get("needed"))
