"""Flask-Security, set up as Tandem uses it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast

from flask import Flask, abort, render_template, request, session
from flask_login import LoginManager, user_logged_out  # type: ignore[import-untyped]
from flask_security import Security, auth_required, password_changed, password_reset, user_authenticated
from sqlalchemy import Engine
from wtforms import Form  # type: ignore[import-untyped]

from config.catalogues import FOLDER
from config.keys import derived
from config.settings import Settings
from matcher.models import utcnow
from web.accounts import limits, second_step
from web.accounts.factors import Codes, Passkeys, RecoveryCodes, SecondFactorByPasskey
from web.accounts.forms import ForgottenPassword, PasskeyAnswer
from web.accounts.identity import begin_sign_in, end_other_sign_ins, end_sign_in
from web.accounts.letters import SUBJECTS, AccountLetters
from web.accounts.passwords import LENGTH, Passwords
from web.accounts.store import AccountStore, User
from web.accounts.words import MESSAGES

SCRIPTED = frozenset({"security.wan_register", "security.wan_signin", "security.wan_verify"})
"""Pages that may run a script of ours: no browser has passkeys without."""


_ADDRESSES = {
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
}
"""Where its pages are, by its names for them."""
_FRESH = timedelta(hours=1)
"""How long after signing in somebody may change how they sign in."""
_GRACE = timedelta(minutes=10)


def init(app: Flask, settings: Settings) -> None:
    """Sign people in, and note where."""
    key = str(app.config["SECRET_KEY"])
    app.config.update({f"SECURITY_{name}": value for name, value in _options(key, settings).items()})
    app.config.update({f"SECURITY_MSG_{name}": message for name, message in MESSAGES.items()})
    store = AccountStore(cast(Engine, app.extensions["tandem_engine"]))
    security = Security(
        app,
        store,
        mail_util_cls=AccountLetters,
        password_util_cls=Passwords,
        totp_cls=Codes,
        mf_recovery_codes_util_cls=RecoveryCodes,
        webauthn_util_cls=Passkeys,
        forgot_password_form=ForgottenPassword,
        wan_signin_response_form=PasskeyAnswer,
        render_template=cast(Callable[..., str], _page),
    )
    security.two_factor_plugins.register_tf_impl(app, "webauthn", SecondFactorByPasskey)
    security.reauthn_handler(second_step.ask_once_more)
    _close_side_doors(app, security)
    limits.init(app, settings.redis_url)
    second_step.init(app)
    user_authenticated.connect(_signed_in, app)
    user_logged_out.connect(_signed_out, app)
    password_changed.connect(_password_changed, app)
    password_reset.connect(_password_reset, app)


def _close_side_doors(app: Flask, security: Security) -> None:
    """Ways in that Flask-Security has and nothing of ours uses."""
    # Tokens in addresses and headers.
    cast(LoginManager, app.login_manager).request_loader(lambda _: None)  # type: ignore[attr-defined]
    # JSON: the limits read forms.
    security.want_json(lambda _: False)
    app.before_request(_forms_only)
    # A letter to nobody, for those who lost their app.
    app.view_functions["security.two_factor_rescue"] = lambda: abort(404)
    # What a browser brings back here names no account: somebody else's passkey or app could be put into one
    # that was left alone, without its password. Our pages finish codes elsewhere.
    app.view_functions["security.two_factor_setup_validate"] = lambda token: abort(404)  # noqa: ARG005
    fresh = auth_required("session", within=lambda: _FRESH, grace=lambda: _GRACE)
    added = "security.wan_register_response"
    app.view_functions[added] = fresh(app.view_functions[added])


def _forms_only() -> None:
    if request.blueprint == "security" and request.is_json:
        abort(415)


def _page(name: str, **context: Any) -> str | tuple[str, int]:
    """A page of Flask-Security's; 422 if a form comes back with what is wrong, as everywhere else."""
    wrong = any(isinstance(it, Form) and it.errors for it in context.values())
    page = render_template(name, **context)
    return (page, 422) if wrong and request.method == "POST" else page


def _options(key: str, settings: Settings) -> dict[str, Any]:
    return {
        "API_ENABLED_METHODS": ["session"],
        "PASSWORD_HASH": "argon2",
        "PASSWORD_SCHEMES": ["argon2"],
        # OWASP's for argon2id; more memory would be that of a small machine, with eight threads at once.
        "PASSWORD_HASH_PASSLIB_OPTIONS": {
            "argon2__time_cost": 2,
            "argon2__memory_cost": 19 * 1024,
            "argon2__parallelism": 1,
        },
        "PASSWORD_SALT": derived(key, "password"),
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
        "TWO_FACTOR_AUTHENTICATOR_VALIDITY": 30,  # seconds a clock may be wrong, either way
        "TOTP_SECRETS": {"1": derived(key, "totp")},
        "TOTP_ISSUER": "Tandem",
        "MULTI_FACTOR_RECOVERY_CODES": True,
        "MULTI_FACTOR_RECOVERY_CODES_N": 8,
        "MULTI_FACTOR_RECOVERY_CODES_KEYS": [derived(key, "recovery codes")],
        "WEBAUTHN": True,
        "WAN_RP_NAME": "Tandem",
        "WAN_ALLOW_USER_HINTS": False,  # they would tell a stranger which accounts have passkeys
        "WAN_NAME_ALLOWED_CHARS": ["L", "M", "N", "P", "S", "Zs"],
        "WAN_SIGNIN_WITHIN": timedelta(minutes=5),
        "INPUT_NORMALIZE_FORM": "NFC",
        "I18N_DOMAIN": "messages",
        "I18N_DIRNAME": str(FOLDER),
        "POST_LOGIN_VIEW": "/",
        "POST_LOGOUT_VIEW": "/",
        "POST_CHANGE_VIEW": "/account",
        "TWO_FACTOR_POST_SETUP_VIEW": "/account/protected",
        "WAN_POST_REGISTER_VIEW": "/account/protected",
        **_ADDRESSES,
        "FRESHNESS": _FRESH,
        "FRESHNESS_GRACE_PERIOD": _GRACE,
        "DATETIME_FACTORY": utcnow,
        "EMAIL_SENDER": settings.mail_from,
        **SUBJECTS,
    }


def _signed_in(_: Flask, user: User, **__: Any) -> None:
    # What somebody may have put into the browser before is of no use to them afterwards.
    session.pop("csrf_token", None)
    begin_sign_in(user.id, request.user_agent.string)
    second_step.tell_of_spent_code(user)


def _signed_out(_: Flask, **__: Any) -> None:
    end_sign_in()


def _password_changed(_: Flask, user: User, **__: Any) -> None:
    end_other_sign_ins(user.id)


def _password_reset(_: Flask, user: User, **__: Any) -> None:
    end_other_sign_ins(user.id)
