"""Flask-Security, set up as Tandem uses it."""

import base64
import hashlib
from datetime import timedelta
from typing import Any, cast

from flask import Flask, redirect, request
from flask_login import LoginManager, user_logged_out
from flask_security import Security, user_authenticated
from sqlalchemy import Engine
from werkzeug.wrappers import Response

from config.catalogues import FOLDER
from config.settings import Settings
from web.accounts.identity import begin_sign_in, end_sign_in, identity
from web.accounts.letters import AccountLetters
from web.accounts.passwords import LENGTH, Passwords
from web.accounts.store import AccountStore, User
from web.accounts.words import MESSAGES

SCRIPTED = frozenset({"security.wan_register", "security.wan_signin", "security.wan_verify"})
"""Pages that may run a script of ours: no browser has passkeys without."""


def init(app: Flask, settings: Settings) -> None:
    """Sign people in, and note where."""
    key = str(app.config["SECRET_KEY"])
    app.config.update({f"SECURITY_{name}": value for name, value in _options(key, settings).items()})
    app.config.update({f"SECURITY_MSG_{name}": message for name, message in MESSAGES.items()})
    store = AccountStore(cast(Engine, app.extensions["tandem_engine"]))
    Security(app, store, mail_util_cls=AccountLetters, password_util_cls=Passwords)
    # Tokens in addresses and headers are another way in, which nothing of ours uses.
    cast(LoginManager, app.login_manager).request_loader(lambda _: None)  # type: ignore[attr-defined]
    app.before_request(_stay_signed_in)
    user_authenticated.connect(_signed_in, app)
    user_logged_out.connect(_signed_out, app)


def _options(key: str, settings: Settings) -> dict[str, Any]:
    return {
        "PASSWORD_HASH": "argon2",
        "PASSWORD_SCHEMES": ["argon2"],
        "PASSWORD_SALT": _derived(key, "password"),
        "PASSWORD_LENGTH_MIN": LENGTH,
        "PASSWORD_NORMALIZE_FORM": "NFKC",
        "RETURN_GENERIC_RESPONSES": True,
        "RECOVERABLE": True,
        "CHANGEABLE": True,
        "RESET_PASSWORD_WITHIN": timedelta(hours=2),
        "SEND_PASSWORD_RESET_NOTICE_EMAIL": True,
        "EMAIL_HTML": False,
        "TWO_FACTOR": True,
        "TWO_FACTOR_ENABLED_METHODS": ["authenticator"],
        "TWO_FACTOR_RESCUE_EMAIL": False,
        "TWO_FACTOR_ALWAYS_VALIDATE": True,
        "TOTP_SECRETS": {"1": _derived(key, "totp")},
        "TOTP_ISSUER": "Tandem",
        "MULTI_FACTOR_RECOVERY_CODES": True,
        "MULTI_FACTOR_RECOVERY_CODES_N": 8,
        "MULTI_FACTOR_RECOVERY_CODES_KEYS": [_derived(key, "recovery codes")],
        "WEBAUTHN": True,
        "WAN_RP_NAME": "Tandem",
        "WAN_ALLOW_USER_HINTS": False,  # they would tell a stranger which accounts have passkeys
        "I18N_DOMAIN": "messages",
        "I18N_DIRNAME": str(FOLDER),
        "POST_LOGIN_VIEW": "/",
        "POST_LOGOUT_VIEW": "/",
        "POST_CHANGE_VIEW": "/account",
        "TWO_FACTOR_POST_SETUP_VIEW": "/account",
        "WAN_POST_REGISTER_VIEW": "/account",
        "LOGIN_URL": "/sign-in",
        "LOGOUT_URL": "/sign-out",
        "RESET_URL": "/password/forgotten",
        "CHANGE_URL": "/password",
        "VERIFY_URL": "/sign-in/again",
        "TWO_FACTOR_SETUP_URL": "/account/codes",
        "TWO_FACTOR_TOKEN_VALIDATION_URL": "/sign-in/code",
        "TWO_FACTOR_RESCUE_URL": "/sign-in/rescue",
        "TWO_FACTOR_SELECT_URL": "/sign-in/way",
        "MULTI_FACTOR_RECOVERY_CODES_URL": "/account/recovery-codes",
        "MULTI_FACTOR_RECOVERY_URL": "/sign-in/recovery-code",
        "WAN_REGISTER_URL": "/account/passkeys",
        "WAN_SIGNIN_URL": "/sign-in/passkey",
        "WAN_DELETE_URL": "/account/passkeys/remove",
        "WAN_VERIFY_URL": "/sign-in/again/passkey",
        "STATIC_FOLDER_URL": "/static/security",
        "FRESHNESS": timedelta(hours=1),
        "FRESHNESS_GRACE_PERIOD": timedelta(minutes=10),
        "EMAIL_SENDER": settings.mail_from,
    }


def _derived(key: str, purpose: str) -> str:
    """A key of its own for each purpose, so that one that leaks is not all of them."""
    return base64.urlsafe_b64encode(hashlib.sha256(f"tandem:{purpose}:{key}".encode()).digest()).decode()


def _stay_signed_in() -> Response | None:
    """Opening the page for a code signs out whoever is signed in already: no address may do that."""
    is_code = request.endpoint == "security.two_factor_token_validation" and request.method != "POST"
    return redirect("/", 303) if is_code and identity() else None


def _signed_in(_: Flask, user: User, **__: Any) -> None:
    begin_sign_in(user.id, request.user_agent.string)


def _signed_out(_: Flask, **__: Any) -> None:
    end_sign_in()
