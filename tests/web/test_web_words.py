"""All that Flask-Security can say with our settings is said in our words, which are translated."""

import pytest
from flask import Flask
from flask_security.core import _default_messages

from web.accounts.letters import SUBJECTS
from web.accounts.words import MESSAGES

UNREACHABLE = {
    "registering is by invitation, with forms of ours": (
        "CONFIRM_REGISTRATION EMAIL_CONFIRMED ALREADY_CONFIRMED INVALID_CONFIRMATION_TOKEN "
        "CONFIRMATION_REQUEST CONFIRMATION_EXPIRED EMAIL_ALREADY_ASSOCIATED IDENTITY_ALREADY_ASSOCIATED"
    ),
    "unified sign-in, sign-in by letter and by text message are off": (
        "GENERIC_US_SIGNIN IDENTITY_NOT_REGISTERED LOGIN_EXPIRED LOGIN_EMAIL_SENT INVALID_LOGIN_TOKEN "
        "PASSWORDLESS_LOGIN_SUCCESSFUL CODE_HAS_BEEN_SENT FAILED_TO_SEND_CODE PHONE_INVALID USE_CODE "
        "US_CURRENT_METHODS US_METHOD_NOT_AVAILABLE US_SETUP_EXPIRED US_SETUP_SUCCESSFUL US_SPECIFY_IDENTITY"
    ),
    "other sites' accounts are off": "OAUTH_HANDSHAKE_ERROR",
    "there are no names for users, nor tokens to renew": (
        "USERNAME_CHANGE USERNAME_INVALID_LENGTH USERNAME_DISALLOWED_CHARACTERS USERNAME_NOT_PROVIDED "
        "USERNAME_ALREADY_ASSOCIATED USERNAME_RECOVERY_REQUEST REFRESH_TOKEN_INVALID"
    ),
    "addresses are not changed": "CHANGE_EMAIL_EXPIRED CHANGE_EMAIL_CONFIRMED CHANGE_EMAIL_SENT",
    "passwords have no rules of composition, and are not sent to other sites": (
        "PASSWORD_TOO_SIMPLE PASSWORD_BREACHED PASSWORD_BREACHED_SITE_ERROR"
    ),
    "it describes a field that our templates do not print": "FORGOT_PASSWORD",
}


@pytest.mark.parametrize("name", sorted(_default_messages))
def test_all_that_flask_security_can_say_is_said_in_our_words(name: str) -> None:
    reasons = [why for why, names in UNREACHABLE.items() if name in names.split()]

    assert (name in MESSAGES) != bool(reasons)
    assert len(reasons) <= 1


def test_what_it_says_is_found_by_its_names(app: Flask) -> None:
    assert set(MESSAGES) <= set(_default_messages)
    assert {f"SECURITY_{name}" for name in SUBJECTS} <= set(app.config)
