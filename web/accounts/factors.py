"""What somebody shows beside a password: codes from an app, recovery codes, passkeys."""

from typing import Any

from flask_security import MfRecoveryCodesUtil, Totp, WebauthnUtil
from flask_security.webauthn import WebAuthnTfPlugin, has_webauthn
from passlib.exc import UsedTokenError  # type: ignore[import-untyped]
from sqlalchemy import or_, update
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from matcher.db import unit_of_work
from matcher.models import Account
from web.database import engine


class Codes(Totp):
    """Codes from an app, each of which works once (ASVS 6.5.1)."""

    def set_last_counter(self, user: Any, tmatch: Any) -> None:
        """Note which code was used; of two requests at once with the same, one gets in."""
        unused = or_(Account.totp_counter.is_(None), Account.totp_counter < tmatch.counter)
        with unit_of_work(engine()) as session:
            used = update(Account).where(Account.id == user.id, unused).values(totp_counter=tmatch.counter)
            if not session.execute(used.returning(Account.id)).all():
                raise UsedTokenError


class RecoveryCodes(MfRecoveryCodesUtil):
    """Recovery codes, however they are typed from paper."""

    def check_recovery_code(self, user: Any, code: str) -> bool:
        """Whether it is one of theirs."""
        return bool(super().check_recovery_code(user, _tidied(code)))

    def delete_recovery_code(self, user: Any, code: str) -> bool:
        """Spend it."""
        return bool(super().delete_recovery_code(user, _tidied(code)))


def _tidied(code: str) -> str:
    plain = "".join(c for c in code.lower() if c.isalnum())
    return "-".join(plain[at : at + 4] for at in range(0, len(plain), 4))


class Passkeys(WebauthnUtil):
    """Passkeys that are two factors at once: the device, and the finger, face or PIN that unlocks it."""

    def authenticator_selection(
        self,
        user: Any,  # noqa: ARG002 - the library's signature
        usage: str,  # noqa: ARG002
    ) -> AuthenticatorSelectionCriteria:
        """Any kind of device that can do that, and finds the key without being told whose it is."""
        return AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        )

    def user_verification(
        self,
        user: Any,  # noqa: ARG002 - the library's signature
        usage: list[str],  # noqa: ARG002
    ) -> UserVerificationRequirement:
        """The device must be unlocked each time."""
        return UserVerificationRequirement.REQUIRED


class SecondFactorByPasskey(WebAuthnTfPlugin):
    """Every passkey serves both ways: alone, or after a password, which then is not enough any more."""

    def get_setup_methods(self, user: Any) -> list[tuple[str, str]]:
        """The one way, if they have a passkey."""
        return [("webauthn", "passkey")] if has_webauthn(user, "first") else []
