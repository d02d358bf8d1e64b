"""Letters: written in the transaction that causes them, each in its reader's language."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from matcher.models import JobKind, Mail, Profile, Programme, utcnow
from matcher.profiles.speech import LANGUAGES, say_in
from matcher.services.jobs import enqueue_once
from matcher.wording import Message


def language_of(profile: Profile) -> str:
    """The first of a profile's languages that Tandem speaks."""
    return next((code for code in profile.languages if code in LANGUAGES), "en")


def write(
    session: Session,
    recipient: Profile,
    key: str,
    subject: Message,
    paragraphs: Sequence[Message],
    link: str = "",
) -> Mail | None:
    """Write a letter and ask for its delivery; None if there is no address, or `key` was written before."""
    if not recipient.email or session.scalar(select(Mail.id).where(Mail.key == key)):
        return None
    language = language_of(recipient)
    told = [say_in(language, paragraph) for paragraph in paragraphs]
    mail = Mail(
        programme_id=recipient.programme_id,
        recipient_id=recipient.id,
        address=recipient.email,
        language=language,
        subject=" ".join(say_in(language, subject).split()),
        body="\n\n".join([*told, link] if link else told) + "\n",
        link=link,
        key=key,
    )
    session.add(mail)
    session.flush()
    enqueue_once(session, recipient.programme_id, JobKind.DELIVER)
    return mail


def list_mail(
    session: Session, programme: Programme, limit: int = 50, before: int | None = None
) -> list[Mail]:
    """A programme's letters, the latest first; those older than the letter `before`."""
    query = select(Mail).where(Mail.programme_id == programme.id).order_by(Mail.id.desc()).limit(limit)
    return list(session.scalars(query.where(Mail.id < before) if before else query))


def unsent(session: Session, programme_id: int) -> list[Mail]:
    """Letters that wait to be sent, the oldest first."""
    return list(
        session.scalars(
            select(Mail).where(Mail.programme_id == programme_id, Mail.sent_at.is_(None)).order_by(Mail.id)
        )
    )


def request_late(session: Session, before: datetime) -> int:
    """Ask again to send letters that have waited since before then; in how many programmes."""
    late = session.scalars(
        select(Mail.programme_id).where(Mail.sent_at.is_(None), Mail.written_at < before).distinct()
    ).all()
    for programme_id in late:
        enqueue_once(session, programme_id, JobKind.DELIVER)
    return len(late)


def mark_sent(session: Session, mail_id: int, error: str = "") -> None:
    """Remember that a letter is on its way, or why it is not."""
    values = {"error": error[:500]} if error else {"sent_at": utcnow(), "error": ""}
    session.execute(update(Mail).where(Mail.id == mail_id).values(**values))
