"""Closing one's own account: what goes, what stays, and the last word."""

from typing import cast

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from flask_login import current_user  # type: ignore[import-untyped]
from flask_security import auth_required, logout_user
from werkzeug.wrappers import Response

from matcher.db import reading, unit_of_work
from matcher.services.accounts import close as close_account
from matcher.services.accounts import get_account, obstacle
from matcher.services.errors import NotAllowed
from matcher.wording import N_, Message
from web.accounts.identity import Identity, forget_identity, identity
from web.database import engine
from web.notices import tell

blueprint = Blueprint("closing", __name__, url_prefix="/account/close")

_WRONG_PASSWORD = N_("The password is wrong.")
_WRONG_ADDRESS = N_("That is not the address of this account.")
_CLOSED = N_("Your account is closed.")


@blueprint.get("")
def confirm() -> str:
    """Say what is removed and what stays, or why it cannot be done now."""
    return _page()


@blueprint.post("")
@auth_required("session", within=60, grace=10)  # without a password there is only an address to write
def close() -> Response | tuple[str, int]:
    """Remove the account, if it is really its owner who asks."""
    who = cast(Identity, identity())
    if error := _doubt(who):
        return _page(error), 422
    try:
        with unit_of_work(engine()) as session:
            close_account(session, who.account_id)
    except NotAllowed:
        return _page(), 409
    logout_user()
    forget_identity()
    tell("success", Message(_CLOSED))
    return redirect(url_for("overview.home"), 303)


def _doubt(who: Identity) -> Message | None:
    if current_user.password:
        given = current_app.extensions["security"].password_util.normalize(request.form.get("password", ""))
        right = current_user.verify_and_update_password(given)
        return None if right else Message(_WRONG_PASSWORD)
    right = request.form.get("address", "").strip().lower() == who.email
    return None if right else Message(_WRONG_ADDRESS)


def _page(error: Message | None = None) -> str:
    who = cast(Identity, identity())
    with reading(engine()) as session:
        problem = obstacle(session, who.account_id)
        has_password = get_account(session, who.account_id).password is not None
    return render_template(
        "account_close.html", who=who, problem=problem, has_password=has_password, error=error
    )
