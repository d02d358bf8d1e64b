"""Forms of Flask-Security's, where ours are stricter."""

from typing import Any, cast

from flask_security import ForgotPasswordForm
from flask_security.utils import get_message, hash_password
from flask_security.webauthn import WebAuthnSigninResponseForm


class ForgottenPassword(ForgotPasswordForm):
    """Asking for a new password. Every answer is the same, and takes as long."""

    def validate(self, **kwargs: Any) -> bool:
        """Whether a letter is written: to whoever has an account that a password may open."""
        if not super().validate(**kwargs):
            return False  # the view computes a hash then
        if cast(Any, self.user).is_sample:
            self.email.errors.append(get_message("USER_DOES_NOT_EXIST")[0])
            return False
        hash_password("as long as for nobody")
        return True


class PasskeyAnswer(WebAuthnSigninResponseForm):
    """What a browser says when it was asked for a passkey: any serves, alone or after a password."""

    @property
    def is_secondary(self) -> bool:
        """Never: all are registered as a first factor."""
        return False

    @is_secondary.setter
    def is_secondary(self, _: bool) -> None:
        """Not used."""
