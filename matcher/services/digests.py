"""Letters about notices: one quiet digest a day, or each at once, as their reader chose.

A notice is marked as mailed in the transaction of its letter, so whatever is killed in between tells
nothing twice and forgets nothing.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import structlog
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from matcher.db import unit_of_work
from matcher.models import (
    Account,
    JobKind,
    Mail,
    MailPace,
    Membership,
    Notice,
    Profile,
    Programme,
    utcnow,
)
from matcher.profiles.speech import LANGUAGES, catalogue, say_in
from matcher.profiles.text import clean
from matcher.services import mailing
from matcher.services.jobs import enqueue_once
from matcher.services.notices import gets_mail
from matcher.services.paces import Links
from matcher.wording import N_, Message

log = structlog.get_logger(__name__)

HOUR = 7
"""When a digest is written, by its reader's clock."""
LONGEST = 30
"""Notices that a digest tells; of more it gives the number."""


def request_due(session: Session, now: datetime) -> bool:
    """Ask for a worker to write the letters that are due, if there are any."""
    host = session.scalar(select(func.min(Programme.id)))
    if host is None or not due_accounts(session, now):
        return False
    enqueue_once(session, host, JobKind.DIGEST)
    return True


def due_accounts(session: Session, now: datetime) -> Sequence[int]:
    """Ids of the accounts that a letter is to be written to."""
    rows = session.execute(
        select(Account, func.min(Notice.created_at))
        .join(Notice, Notice.account_id == Account.id)
        .where(*_UNTOLD, Account.active, Account.is_sample.is_(False), Account.mail_pace != MailPace.NEVER)
        .group_by(Account.id)
        .order_by(Account.id)
    ).all()
    return [account.id for account, since in rows if _is_due(account, since, now)]


def write_all(engine: Engine, now: datetime, links: Links, progress: Callable[[int, int], None]) -> int:
    """Write the letters that are due, each reader's in a transaction of its own; how many.

    One that cannot be written stops nobody else's: it is logged by its account's number, as an error may
    quote what people wrote, and tried again the next time.
    """
    written = 0
    with unit_of_work(engine) as session:
        due = due_accounts(session, now)
    for number, account_id in enumerate(due, start=1):
        try:
            with unit_of_work(engine) as session:
                written += write_due(session, account_id, now, links)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one, the others get theirs
            log.error("digest.failed", account_id=account_id, cause=type(error).__name__)
        progress(number, len(due))
    return written


def write_due(session: Session, account_id: int, now: datetime, links: Links) -> int:
    """Write what is due to one account now; how many letters. Of two workers at once one does."""
    account = session.get(Account, account_id, with_for_update=True, populate_existing=True)
    if account is None or not gets_mail(account):
        return 0
    waiting = session.scalars(
        select(Notice)
        .where(Notice.account_id == account_id, *_UNTOLD)
        .order_by(Notice.programme_id, Notice.id)
    ).all()
    since = min((notice.created_at for notice in waiting), default=None)
    if since is None or not _is_due(account, since, now):
        return 0
    if account.mail_pace == MailPace.AT_ONCE:
        return sum(_write(session, account, [one], f"notice:{one.id}", links) for one in waiting)
    return _write(session, account, waiting, f"digest:{account.id}:{_morning(account, now):%Y-%m-%d}", links)


_UNTOLD = (Notice.read_at.is_(None), Notice.mailed_at.is_(None))


def _is_due(account: Account, since: datetime, now: datetime) -> bool:
    """Whether what waits since then is to be told now: at once, or on the morning after."""
    return account.mail_pace == MailPace.AT_ONCE or since < _morning(account, now)


def _morning(account: Account, now: datetime) -> datetime:
    """The last time that a digest was due, by its reader's clock."""
    try:
        zone = ZoneInfo(account.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        zone = ZoneInfo("UTC")
    morning = now.astimezone(zone).replace(hour=HOUR, minute=0, second=0, microsecond=0)
    return morning if morning <= now else morning - timedelta(days=1)


def _write(session: Session, account: Account, notices: Sequence[Notice], key: str, links: Links) -> int:
    """One letter; 0 if it was written before, which another time zone can make of a day."""
    if session.scalar(select(Mail.id).where(Mail.key == key)):
        return 0
    language = _language(session, account)
    at_once = account.mail_pace == MailPace.AT_ONCE
    mailing.write_to(
        session,
        account.email,
        key=key,
        language=language,
        subject=_subject(language, 1 if at_once else len(notices)),
        body=_body(session, account, notices, language, links),
        unsubscribe=links.unsubscribe(account.id),
    )
    now = utcnow()
    for notice in notices:
        notice.mailed_at = now
    session.flush()
    return 1


def _subject(language: str, number: int) -> str:
    """How many things, and nothing of what they are."""
    words = catalogue(language).ngettext(
        "Tandem: %(num)d new thing for you", "Tandem: %(num)d new things for you", number
    )
    return words % {"num": number}


def _body(session: Session, account: Account, notices: Sequence[Notice], language: str, links: Links) -> str:
    parts = [say_in(language, Message(N_("Hello %(name)s,"), {"name": _one_line(account.name)}))]
    for programme_id, group in groupby(notices[:LONGEST], lambda notice: notice.programme_id):
        programme = session.get_one(Programme, programme_id)
        name = say_in(language, Message(N_("Sample programme"))) if programme.is_sample else programme.name
        parts.append("\n".join([_one_line(name), *(_item(notice, language, links) for notice in group)]))
    if more := len(notices) - LONGEST:
        words = catalogue(language).ngettext("and %(num)d more", "and %(num)d more", max(more, 0))
        parts += [f"{words % {'num': more}}\n  {links.page('/notices')}"] if more > 0 else []
    parts.append("-- \n" + "\n".join(_footer(account, language, links)))
    return "\n\n".join(parts) + "\n"


def _item(notice: Notice, language: str, links: Links) -> str:
    told = _one_line(say_in(language, Message.from_json(notice.message)))
    return f"* {told}\n  {links.page(notice.path or '/notices')}"


def _footer(account: Account, language: str, links: Links) -> list[str]:
    rhythm = {
        MailPace.DAILY: N_("You get this letter once a day at most, and only if there is something new."),
        MailPace.AT_ONCE: N_("You asked to be told at once."),
    }
    return [
        say_in(language, Message(rhythm[MailPace(account.mail_pace)])),
        say_in(language, Message(N_("Change how often: %(link)s"), {"link": links.page("/account/mail")})),
        say_in(language, Message(N_("No more of these letters: %(link)s"),
                                 {"link": links.unsubscribe(account.id)})),
    ]  # fmt: skip


def _language(session: Session, account: Account) -> str:
    """The account's, or else the first of its profiles' that Tandem speaks."""
    if account.language in LANGUAGES:
        return str(account.language)
    profile = session.scalars(
        select(Profile)
        .join(Membership, Membership.profile_id == Profile.id)
        .where(Membership.account_id == account.id)
        .order_by(Membership.id)
    ).first()
    return mailing.language_of(profile) if profile else "en"


def _one_line(text: str) -> str:
    """Without breaks and without characters that turn what follows around."""
    return " ".join(clean(text).split())
