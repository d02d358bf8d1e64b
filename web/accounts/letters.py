"""Letters of Flask-Security's, written as all letters are: in the transaction, sent by a worker."""

from typing import Any
from uuid import uuid4

from flask import current_app, render_template
from flask_babel import force_locale, gettext
from flask_security import MailUtil
from flask_security.mail_util import EmailValidateException

from matcher.db import unit_of_work
from matcher.profiles.cell import is_address
from matcher.services import mailing
from matcher.wording import N_
from web.i18n import LOCALES, locale_code

SUBJECTS = {
    "EMAIL_SUBJECT_PASSWORD_RESET": N_("A new password for Tandem"),
    "EMAIL_SUBJECT_PASSWORD_NOTICE": N_("Your Tandem password was changed"),
    "EMAIL_SUBJECT_PASSWORD_CHANGE_NOTICE": N_("Your Tandem password was changed"),
}
"""By Flask-Security's names."""
_SUBJECT_OF = {
    "security/email/reset_instructions": SUBJECTS["EMAIL_SUBJECT_PASSWORD_RESET"],
    "security/email/reset_notice": SUBJECTS["EMAIL_SUBJECT_PASSWORD_NOTICE"],
    "security/email/change_notice": SUBJECTS["EMAIL_SUBJECT_PASSWORD_CHANGE_NOTICE"],
}


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
        **context: Any,
    ) -> None:
        """Write it in its reader's language, for a worker to send."""
        address = recipient if isinstance(recipient, str) else recipient[-1]
        wanted = context["user"].language
        language = wanted if wanted in LOCALES else locale_code()
        with force_locale(language):
            subject, body = gettext(_SUBJECT_OF[template]), render_template(f"{template}.txt", **context)
        with unit_of_work(current_app.extensions["tandem_engine"]) as session:
            mailing.write_to(
                session,
                address,
                key=f"{mailing.ACCOUNT}{template}:{uuid4().hex}",
                language=language,
                subject=subject,
                body=body.strip() + "\n",
                link=context.get("reset_link", ""),
            )

    def normalize(self, email: str) -> str:
        """An address as accounts keep it; the rules of addresses are those of profiles."""
        address = email.strip().lower()
        if not is_address(address):
            raise EmailValidateException(gettext("This is not an e-mail address."))
        return address

    def validate(self, email: str) -> str:
        """The same: an account begins with a letter that came to its address, so nothing more is asked."""
        return self.normalize(email)
