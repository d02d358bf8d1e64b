"""What a password must be: long, and not one that everybody tries first (NIST SP 800-63B, ASVS 6.2)."""

from functools import lru_cache
from typing import Any

from flask_babel import gettext
from flask_security import PasswordUtil
from zxcvbn.frequency_lists import FREQUENCY_LISTS  # type: ignore[import-untyped]

LENGTH = 12


class Passwords(PasswordUtil):
    """Flask-Security's rules for the length, and a list of the common ones. No rules of composition."""

    def validate(
        self,
        password: str,
        is_register: bool,  # noqa: FBT001 - the library's signature
        **fields: Any,
    ) -> tuple[list[str] | None, str]:
        """What is wrong with it, if anything, and the password as it is hashed."""
        wrong, normal = super().validate(password, is_register, **fields)
        if not wrong and is_common(normal):
            wrong = [gettext("Many people use this password, so it is tried first. Choose another.")]
        return wrong, normal


def is_common(password: str) -> bool:
    """Whether it is on the list, or is one of them written several times, or one character only."""
    low = password.lower()
    repeated = (low[:size] for size in range(1, len(low) + 1) if low == low[:size] * (len(low) // size))
    return any(len(part) == 1 or part in _common() for part in repeated)


@lru_cache(maxsize=1)
def _common() -> frozenset[str]:
    return frozenset(FREQUENCY_LISTS["passwords"])
