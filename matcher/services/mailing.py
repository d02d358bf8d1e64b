"""Letters: written in the transaction that causes them, each in its reader's language."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, case, delete, func, or_, select, update
from sqlalchemy.orm import Session

from matcher.models import JobKind, Kind, Mail, Profile, Programme, utcnow
from matcher.profiles.cell import is_address
from matcher.profiles.speech import LANGUAGES, say_in
from matcher.services.jobs import enqueue_once
from matcher.wording import Message

MOST_ATTEMPTS = 5
KEPT = timedelta(days=14)
"""How old a letter may be when it is sent: nothing that asks for an answer is open for longer."""
TOO_OLD = "too old"
"""What stands for the error of a letter that could not be sent for so long."""
DEAD_LINK = "dead link"
"""The same where what its link opens was accepted, revoked or too old first."""
_LEFT_OUT = "…"
ACCOUNT = "account:"
"""What the keys of letters about an account begin with."""
_CLAIM = timedelta(minutes=2)
"""How long a sender may take over one letter before another may try."""


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
    """Write a letter and ask for its delivery; None if `key` was written before.

    To somebody without an address it waits until there is one, but not for ever (`drop_old`).
    """
    if session.scalar(select(Mail.id).where(Mail.key == key)):
        return None
    language = language_of(recipient)
    told = [say_in(language, paragraph) for paragraph in paragraphs]
    mail = Mail(
        programme_id=recipient.programme_id,
        recipient_id=recipient.id,
        address=recipient.email or "",
        language=language,
        subject=" ".join(say_in(language, subject).split()),
        body="\n\n".join([*told, link] if link else told) + "\n",
        link=link,
        key=key,
    )
    session.add(mail)
    session.flush()
    if recipient.email:
        _request(session, recipient.programme_id)
    return mail


def write_to(
    session: Session,
    address: str,
    *,
    key: str,
    language: str,
    subject: str,
    body: str,
    link: str = "",
    unsubscribe: str = "",
    programme_id: int | None = None,
) -> Mail | None:
    """Write a letter to somebody who is no profile: an account, or whoever is invited.

    None if `key` was written before. Without a programme no manager can read it.
    """
    if session.scalar(select(Mail.id).where(Mail.key == key)):
        return None
    mail = Mail(
        programme_id=programme_id,
        address=address,
        language=language,
        subject=" ".join(subject.split()),
        body=body,
        link=link,
        unsubscribe=unsubscribe,
        key=key,
    )
    session.add(mail)
    session.flush()
    _request(session, programme_id)
    return mail


def write_all(session: Session, programme_id: int, mails: Sequence[Mail]) -> None:
    """Write many letters of a programme at once. Their keys are the caller's to keep apart."""
    for mail in mails:
        mail.subject, mail.link = " ".join(mail.subject.split()), ""
    session.add_all(mails)
    session.flush()
    _request(session, programme_id)


def list_mail(
    session: Session, programme: Programme, limit: int = 50, before: int | None = None
) -> list[Mail]:
    """A programme's letters, the latest first; those older than the letter `before`."""
    query = select(Mail).where(Mail.programme_id == programme.id).order_by(Mail.id.desc()).limit(limit)
    return list(session.scalars(query.where(Mail.id < before) if before else query))


def count_waiting(session: Session, programme_id: int) -> int:
    """How many letters could be sent now."""
    query = select(func.count()).select_from(Mail).outerjoin(Profile, Profile.id == Mail.recipient_id)
    return session.scalar(query.where(_sent_with(programme_id), *_waits())) or 0


def claim(session: Session, programme_id: int) -> Mail | None:
    """Take the oldest letter that waits, addressed to where its reader is now; None if there is none.

    One UPDATE decides, so of two senders at once one gets it.
    """
    found = session.execute(
        select(Mail.id, case((Mail.recipient_id.is_(None), Mail.address), else_=Profile.email))
        .outerjoin(Profile, Profile.id == Mail.recipient_id)
        .where(_sent_with(programme_id), *_waits())
        .order_by(Mail.id)
        .limit(1)
    ).first()
    if found is None:
        return None
    mail_id, address = found
    if not is_address(address):
        settle(session, mail_id, f"{address!r} is no address", for_good=True)
        return claim(session, programme_id)
    taken = session.scalars(
        update(Mail)
        .where(Mail.id == mail_id, _is_free())
        .values(claimed_until=utcnow() + _CLAIM, address=address, attempts=Mail.attempts + 1)
        .returning(Mail)
        .execution_options(synchronize_session=False, populate_existing=True)
    ).first()
    return taken or claim(session, programme_id)


def drop_old(session: Session, programme_id: int, now: datetime) -> int:
    """Give up letters that nobody could send until they were too old, for want of an address or a server.

    How many those were. They stay to be read by managers, who see why.
    """
    old = (
        update(Mail)
        .where(
            _sent_with(programme_id),
            Mail.sent_at.is_(None),
            Mail.attempts < MOST_ATTEMPTS,
            Mail.written_at < now - KEPT,
            _is_free(),
        )
        .values(attempts=MOST_ATTEMPTS, error=TOO_OLD)
        .returning(Mail.id)
    )
    return len(session.scalars(old.execution_options(synchronize_session=False)).all())


def erase_profile(session: Session, profile: Profile) -> None:
    """Remove the letters to somebody who is no more, and their address from those that told others of it."""
    _erase(session, Mail.recipient_id == profile.id)
    if profile.email:
        for mail in session.scalars(_telling_of(profile)):
            mail.body = mail.body.replace(profile.email, _LEFT_OUT)
        session.flush()


def erase_address(session: Session, address: str) -> None:
    """Remove the letters to the address of an account that is no more; those to profiles stay."""
    _erase(session, Mail.recipient_id.is_(None) & (func.lower(Mail.address) == address.lower()))


def _erase(session: Session, which: ColumnElement[bool]) -> None:
    session.execute(delete(Mail).where(which).execution_options(synchronize_session=False))


def _telling_of(profile: Profile) -> Select[Mail]:
    """The letters that told the other sides of somebody's matches how to reach them."""
    pair = f"%:{profile.id}:%:counterpart" if profile.kind == Kind.STARTUP else f"%:{profile.id}:startup"
    accepted = Mail.key.like("match.accepted:%") & Mail.key.like(pair)
    return select(Mail).where(Mail.programme_id == profile.programme_id, accepted)


def settle(session: Session, mail_id: int, error: str = "", *, for_good: bool = False) -> None:
    """Note that a letter is on its way, or why it is not, and whether it is given up.

    The link in one about an account is a key, and its reader has it now.
    """
    if not error:
        is_key = Mail.key.startswith(ACCOUNT)
        values = {
            "sent_at": utcnow(),
            "error": "",
            "body": case((is_key, _without_link()), else_=Mail.body),
            "link": case((is_key, ""), else_=Mail.link),
        }
    elif for_good:
        values = {"attempts": MOST_ATTEMPTS, "error": error[:500]}
    else:  # not at once again: the next delivery tries
        values = {"claimed_until": utcnow() + _CLAIM, "error": error[:500]}
    session.execute(
        update(Mail).where(Mail.id == mail_id).values(**values).execution_options(synchronize_session=False)
    )


def forget_links(session: Session, keys: Select[str] | Sequence[str]) -> int:
    """Take the addresses out of these letters, as they open nothing any more; how many letters that was.

    One that was not sent stays so.
    """
    unsent = Mail.sent_at.is_(None)
    dead = (
        update(Mail)
        .where(Mail.key.in_(keys), Mail.link != "")
        .values(
            body=_without_link(),
            link="",
            attempts=case((unsent, MOST_ATTEMPTS), else_=Mail.attempts),
            error=case((unsent, DEAD_LINK), else_=Mail.error),
        )
    )
    return len(session.execute(dead.returning(Mail.id).execution_options(synchronize_session=False)).all())


def request_late(session: Session, before: datetime) -> int:
    """Ask again to send letters that have waited since before then; in how many programmes."""
    late = session.scalars(
        select(Mail.programme_id)
        .outerjoin(Profile, Profile.id == Mail.recipient_id)
        .where(Mail.written_at < before, *_waits())
        .distinct()
    ).all()
    for programme_id in late:
        _request(session, programme_id)
    return len(late)


def _without_link() -> ColumnElement[str]:
    return func.replace(Mail.body, Mail.link, _LEFT_OUT)


def _request(session: Session, programme_id: int | None) -> None:
    """Ask for delivery. Letters of no programme go with those of the first: every job belongs to one."""
    host = programme_id or session.scalar(select(func.min(Programme.id)))
    if host is not None:
        enqueue_once(session, host, JobKind.DELIVER)


def _sent_with(programme_id: int) -> ColumnElement[bool]:
    return or_(Mail.programme_id == programme_id, Mail.programme_id.is_(None))


def _waits() -> tuple[ColumnElement[bool], ...]:
    """Letters that somebody should send, of a query that knows their readers."""
    has_address = or_(Mail.recipient_id.is_(None), Profile.email.is_not(None))
    return Mail.sent_at.is_(None), Mail.attempts < MOST_ATTEMPTS, _is_free(), has_address


def _is_free() -> ColumnElement[bool]:
    """Whether nobody is at it."""
    return or_(Mail.claimed_until.is_(None), Mail.claimed_until < utcnow())
