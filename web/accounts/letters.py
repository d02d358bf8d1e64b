"""Letters of Flask-Security's, written as all letters are: in the transaction, sent by a worker."""

from typing import Any
from uuid import uuid4

from flask import current_app
from flask_security import MailUtil

from matcher.db import unit_of_work
from matcher.services import mailing
from web.i18n import locale_code


class AccountLetters(MailUtil):
    """Writes to an account's address. No programme's managers can read it."""

    def send_mail(
        self,
        template: str,
        subject: str,
        recipient: str | tuple[str, str],
        sender: str | tuple[str, str],  # noqa: ARG002 - every letter has the one that is set
        body: str | None,
        html: str | None,  # noqa: ARG002 - letters are plain text
        **context: Any,  # noqa: ARG002 - the body is made of it already
    ) -> None:
        """Write it, for a worker to send."""
        address = recipient if isinstance(recipient, str) else recipient[-1]
        with unit_of_work(current_app.extensions["tandem_engine"]) as session:
            mailing.write_to(
                session,
                address,
                key=f"account:{template}:{uuid4().hex}",
                language=locale_code(),
                subject=str(subject),
                body=body or "",
            )
