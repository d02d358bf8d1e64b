"""What a password must be: long, and not one that everybody tries first (NIST SP 800-63B, ASVS 6.2)."""

import re
from functools import lru_cache
from typing import Any

from flask_babel import gettext
from flask_security import PasswordUtil
from zxcvbn.frequency_lists import FREQUENCY_LISTS  # type: ignore[import-untyped]

LENGTH = 12
LONGEST = 4096
_REST = 6
"""So much must be left of a password without the words that anybody would try for this account."""
_TELLING = 3
"""Shorter parts of a name are in too many words to say anything."""


class Passwords(PasswordUtil):
    """A length, in characters of any script, and a list of the common ones. No rules of composition.

    Flask-Security's own rule has an upper limit of 128, which phrases in some scripts reach.
    """

    def validate(
        self,
        password: str,
        is_register: bool,  # noqa: ARG002, FBT001 - the library's signature
        **fields: Any,
    ) -> tuple[list[str] | None, str]:
        """What is wrong with it, if anything, and the password as it is hashed.

        Fields are Flask-Security's `user`, or the `email` and `name` of an account in the making.
        """
        if len(password) > LONGEST:  # before anything is computed of it
            return [gettext("Use at most %(length)s characters.", length=LONGEST)], password
        normal: str = self.normalize(password)
        user = fields.get("user")
        email, name = (user.email, user.name) if user else (fields.get("email", ""), fields.get("name", ""))
        wrong = None
        if len(normal) < LENGTH:
            wrong = gettext("Use at least %(length)s characters: a few words are fine.", length=LENGTH)
        elif is_common(normal):
            wrong = gettext("Many people use this password, so it is tried first. Choose another.")
        elif is_telling(normal, email, name):
            wrong = gettext("This is little more than your name, your address or “Tandem”. Choose another.")
        return [wrong] if wrong else None, normal


def is_telling(password: str, email: str, name: str) -> bool:
    """Whether it is made of what anybody knows about the account."""
    words = {"tandem", *re.split(r"[\W_]+", f"{email} {name}".casefold())}
    rest = password.casefold().replace(email.casefold(), "") if email else password.casefold()
    for word in sorted(words, key=len, reverse=True):
        if len(word) >= _TELLING:
            rest = rest.replace(word, "")
    return len(re.sub(r"[\W_]", "", rest)) < _REST and rest != password.casefold()


def is_common(password: str) -> bool:
    """Whether it is on the list, or is one of them written several times, or one character only."""
    low = password.lower()
    repeated = (low[:size] for size in range(1, len(low) + 1) if low == low[:size] * (len(low) // size))
    return any(len(part) == 1 or part in _common() for part in repeated)


@lru_cache(maxsize=1)
def _common() -> frozenset[str]:
    return frozenset(FREQUENCY_LISTS["passwords"])
