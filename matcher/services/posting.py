"""Sending letters: through a mail server, or into a folder where a demo can read them."""

import smtplib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from email.headerregistry import BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8, Policy
from email.utils import format_datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from sqlalchemy import Engine

from config.settings import Settings
from matcher.db import unit_of_work
from matcher.models import Mail, utcnow
from matcher.services import mailing

Send = Callable[[int, EmailMessage], None]
"""Sends the letter with this id. Twice must do no harm: a kill may come between sending and noting it."""

_SECONDS = 20
_FOR_GOOD = 500
"""From which SMTP code on another attempt would only repeat the refusal."""


class _OneLine(UnstructuredHeader, BaseHeader):
    """A header that stays as it is: folded, an address that is longer than a line would be encoded."""

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"


_HEADERS = HeaderRegistry()
_HEADERS.map_to_type("list-unsubscribe", _OneLine)
_POLICY = SMTP.clone(header_factory=_HEADERS)


class Postbox(Protocol):
    """Where letters go."""

    def open(self) -> AbstractContextManager[Send]:
        """A connection for any number of letters, or OSError."""


class Folder:
    """A file for each letter, named by its id."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def open(self) -> Iterator[Send]:
        """Make the folder."""
        self.path.mkdir(parents=True, exist_ok=True)
        yield self._write

    def _write(self, mail_id: int, letter: EmailMessage) -> None:
        """Write the letter, whole or not at all."""
        target = self.path / f"{mail_id:06d}.eml"
        draft = target.with_suffix(".tmp")
        draft.write_bytes(letter.as_bytes(policy=SMTPUTF8))
        draft.replace(target)


class Server:
    """A mail server, by its URL: smtp://, smtp+starttls:// or smtps://, with user and password."""

    def __init__(self, url: str) -> None:
        self.url = urlsplit(url)

    @contextmanager
    def open(self) -> Iterator[Send]:
        """Connect, and log in if the URL says how."""
        kind = smtplib.SMTP_SSL if self.url.scheme == "smtps" else smtplib.SMTP
        with kind(self.url.hostname or "localhost", self.url.port or 0, timeout=_SECONDS) as server:
            if self.url.scheme.endswith("starttls"):
                server.starttls()
            if self.url.username:
                server.login(unquote(self.url.username), unquote(self.url.password or ""))
            yield lambda _, letter: _discard(server.send_message(letter))


def postbox(settings: Settings) -> Postbox:
    """The mail server that is set, or the folder beside the data."""
    return Server(settings.smtp_url) if settings.smtp_url else Folder(settings.outbox)


def deliver(
    engine: Engine, programme_id: int, box: Postbox, sender: str, progress: Callable[[int, int], None]
) -> int:
    """Send what waits, over one connection; how many letters that was. `progress` gets (tried, in all).

    A letter that is refused is noted, and the others go on. One that has waited for too long is given up.

    Raises:
        OSError, smtplib.SMTPServerDisconnected: the server cannot be reached; the rest waits.
    """
    sent = tried = 0
    with unit_of_work(engine) as session:
        mailing.drop_old(session, programme_id, utcnow())
        waiting = mailing.count_waiting(session, programme_id)
    if not waiting:
        return 0
    with box.open() as send:
        while True:
            with unit_of_work(engine) as session:
                mail = mailing.claim(session, programme_id)
            if mail is None:
                return sent
            error, for_good = _try(send, mail, sender)
            with unit_of_work(engine) as session:
                mailing.settle(session, mail.id, error, for_good=for_good)
            sent += not error
            tried += 1
            progress(tried, max(tried, waiting))


def _try(send: Send, mail: Mail, sender: str) -> tuple[str, bool]:
    """Why the letter could not be sent, or nothing; and whether trying again is of no use."""
    try:
        send(mail.id, make_letter(mail, sender))
    except smtplib.SMTPServerDisconnected:
        raise
    except smtplib.SMTPRecipientsRefused as refused:
        codes = [code for code, _ in refused.recipients.values()]
        return f"SMTPRecipientsRefused: {codes}", all(code >= _FOR_GOOD for code in codes)
    except smtplib.SMTPResponseException as refused:
        return f"{type(refused).__name__}: {refused.smtp_code}", refused.smtp_code >= _FOR_GOOD
    except smtplib.SMTPException as problem:
        return type(problem).__name__, True
    return "", False


def make_letter(mail: Mail, sender: str) -> EmailMessage:
    """The message, with one id however often it is sent. Headers cannot be broken out of."""
    letter = EmailMessage(policy=_POLICY)
    letter["Subject"] = " ".join(mail.subject.split())
    letter["From"] = sender
    letter["To"] = "".join(mail.address.split())
    letter["Date"] = format_datetime(mail.written_at)
    letter["Message-ID"] = f"<{mail.key.replace(':', '.')}@tandem.invalid>"
    letter["Content-Language"] = mail.language
    letter["Auto-Submitted"] = "auto-generated"
    if mail.unsubscribe:
        address = "".join(mail.unsubscribe.split())
        letter["List-Unsubscribe"] = f"<{address}>"
        if address.startswith("https:"):  # RFC 8058 has mail programs press the button over HTTPS only
            letter["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    letter.set_content(mail.body)
    return letter


def _discard(_: object) -> None:
    """A function that returns nothing."""
