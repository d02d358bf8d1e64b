"""Between a password and being in, and asked for it once more: ways on where Flask-Security has none."""

from typing import Any

from flask import Flask, redirect, request, session, url_for
from flask_security.tf_plugin import tf_clean_session
from flask_security.twofactor import is_tf_setup
from flask_security.utils import do_flash, get_message
from werkzeug.wrappers import Response

from matcher.db import reading
from matcher.services.accounts import get_account
from matcher.wording import N_, Message
from web.accounts.identity import identity
from web.accounts.store import AccountStore, User
from web.database import engine
from web.notices import tell

_CODE = "security.two_factor_token_validation"
_RECOVERY = "security.mf_recovery"
_STEPS = frozenset({_CODE, _RECOVERY, "security.tf_select", "security.wan_signin"})
_SENT_FROM = {
    "security.wan_delete": "security.wan_register",
    "security.wan_register_response": "security.wan_register",
}
"""The page of a form that is sent to an address of its own."""
_SPENT = N_(
    "You used up a recovery code (%(left)s left). If your phone or passkey is gone, set up another in "
    "your account now."
)


def init(app: Flask) -> None:
    """Look at every request for such a page."""
    app.before_request(_stay_signed_in)
    app.before_request(_begin_again)
    app.before_request(_recover_before_choosing)


def ask_once_more(*_: Any) -> Response:
    """Ask for the password before something secret is changed, and lead back to a page that can be opened."""
    do_flash(*get_message("REAUTHENTICATION_REQUIRED"))
    page = _SENT_FROM.get(request.endpoint or "")
    back = url_for(page) if page else request.full_path.rstrip("?")
    return redirect(url_for("security.verify", next=back))


def tell_of_spent_code(user: User) -> None:
    """Say to somebody who has just come in by a recovery code what they have left, and what to do now."""
    if request.endpoint != _RECOVERY:
        return
    with reading(engine()) as opened:
        left = len(get_account(opened, user.id).mf_recovery_codes or ())
    tell("info", Message(_SPENT, {"left": left}))


def _stay_signed_in() -> Response | None:
    """Flask-Security signs out whoever opens the page for a code, or sends one twice, if none is awaited."""
    if request.endpoint != _CODE or not identity() or session.get("tf_state") == "validating_profile":
        return None
    return redirect(url_for("account.protected") if request.method == "POST" else "/", 303)


def _begin_again() -> Response | None:
    """A second step that was taken off meanwhile, here or by whoever helps, can be taken no more."""
    if request.endpoint not in _STEPS or "tf_user_id" not in session or identity():
        return None
    user = AccountStore(engine()).find_user(fs_uniquifier=session["tf_user_id"])
    if user and (is_tf_setup(user) or (user.webauthn and request.endpoint != _CODE)):
        return None
    tf_clean_session()  # type: ignore[no-untyped-call]
    return redirect(url_for("security.login"), 303)


def _recover_before_choosing() -> None:
    """Whoever has an app and a passkey, and neither at hand, need not choose one to use a recovery code."""
    if request.endpoint == _RECOVERY and session.get("tf_select"):
        session.setdefault("tf_state", "ready")
