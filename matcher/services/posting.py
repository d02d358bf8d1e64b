"""Sending letters: through a mail server, or into a folder where a demo can read them."""

import smtplib
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from sqlalchemy import Engine

from config.settings import Settings
from matcher.db import reading, unit_of_work
from matcher.models import Mail
from matcher.services import mailing

_SECONDS = 20


class Postbox(Protocol):
    """Takes letters. Sending one twice must do no harm, as a kill may come between sending and noting it."""

    def send(self, mail_id: int, letter: EmailMessage) -> None:
        """Send a letter, or raise OSError or smtplib.SMTPException."""


class Folder:
    """A file for each letter, named by its id."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def send(self, mail_id: int, letter: EmailMessage) -> None:
        """Write the letter, whole or not at all."""
        self.path.mkdir(parents=True, exist_ok=True)
        target = self.path / f"{mail_id:06d}.eml"
        draft = target.with_suffix(".tmp")
        draft.write_bytes(letter.as_bytes(policy=SMTP))
        draft.replace(target)


class Server:
    """A mail server, by its URL: smtp://, smtp+starttls:// or smtps://, with user and password."""

    def __init__(self, url: str) -> None:
        self.url = urlsplit(url)

    def send(self, mail_id: int, letter: EmailMessage) -> None:  # noqa: ARG002 - the letter carries it
        """Hand the letter over in a connection of its own."""
        with self._connect() as server:
            if self.url.scheme.endswith("starttls"):
                server.starttls()
            if self.url.username:
                server.login(unquote(self.url.username), unquote(self.url.password or ""))
            server.send_message(letter)

    def _connect(self) -> smtplib.SMTP:
        kind = smtplib.SMTP_SSL if self.url.scheme == "smtps" else smtplib.SMTP
        return kind(self.url.hostname or "localhost", self.url.port or 0, timeout=_SECONDS)


def postbox(settings: Settings) -> Postbox:
    """The mail server that is set, or the folder beside the data."""
    return Server(settings.smtp_url) if settings.smtp_url else Folder(settings.outbox)


def deliver(engine: Engine, programme_id: int, box: Postbox, sender: str) -> int:
    """Send what waits; how many letters that was. One that cannot be sent waits for the next delivery.

    Raises:
        OSError, smtplib.SMTPException: none of those tried could be sent; the job is tried again.
    """
    with reading(engine) as session:
        waiting = mailing.unsent(session, programme_id)
    sent, failure = 0, None
    for mail in waiting:
        try:
            box.send(mail.id, make_letter(mail, sender))
            error = ""
            sent += 1
        except (OSError, smtplib.SMTPException) as problem:
            error, failure = f"{type(problem).__name__}: {problem}", problem
        with unit_of_work(engine) as session:
            mailing.mark_sent(session, mail.id, error)
    if failure is not None and not sent:
        raise failure
    return sent


def make_letter(mail: Mail, sender: str) -> EmailMessage:
    """The message, with one id however often it is sent. Headers cannot be broken out of."""
    letter = EmailMessage(policy=SMTP)
    letter["Subject"] = " ".join(mail.subject.split())
    letter["From"] = sender
    letter["To"] = "".join(mail.address.split())
    letter["Date"] = format_datetime(mail.written_at)
    letter["Message-ID"] = f"<{mail.key.replace(':', '.')}@tandem.invalid>"
    letter["Content-Language"] = mail.language
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content(mail.body)
    return letter
