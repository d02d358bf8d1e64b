"""Notices: what somebody finds on their pages, written in the transaction of what they tell of."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from matcher.models import (
    Account,
    JobKind,
    MailPace,
    Membership,
    MembershipState,
    Notice,
    Profile,
    Programme,
    Role,
    utcnow,
)
from matcher.services.errors import NotFound
from matcher.services.jobs import enqueue_once
from matcher.services.memberships import PRESENT
from matcher.wording import N_, Message

PER_PAGE = 20
KEPT = timedelta(days=365)
"""How long a notice that was read is kept."""


def notify(
    session: Session, profile: Profile, *, key: str, message: Message, path: str = "", mailed: bool = False
) -> None:
    """Tell the member whose profile this is; nobody, if it is nobody's.

    `key` names what happened, so that a repeated step tells it once. `path` leads to a page of theirs.
    `mailed` if a letter tells it as well.
    """
    if reader := reader_of(session, profile):
        _write(session, [reader], profile.programme_id, key, message, path, mailed=mailed)


def notify_accounts(
    session: Session,
    account_ids: Collection[int],
    programme: Programme,
    *,
    key: str,
    message: Message,
    path: str = "",
    mailed: bool = False,
) -> None:
    """Tell accounts, whether or not they have a profile yet."""
    accounts = session.scalars(select(Account).where(Account.id.in_(account_ids))).all()
    _write(session, accounts, programme.id, key, message, path, mailed=mailed)


def notify_managers(
    session: Session, programme: Programme, *, key: str, message: Message, path: str = "", but: str = ""
) -> None:
    """Tell the programme's managers, but not the one with the address `but`, whose doing it is.

    A programme without managers is run by the installation's administrators.
    """
    told = [account for account in _managers(session, programme) if account.email != but]
    _write(session, told, programme.id, key, message, path)


def notify_actor(
    session: Session, programme: Programme, actor: str, *, key: str, message: Message, path: str = ""
) -> None:
    """Tell whoever asked for some work that it is done; the managers, if that was no account."""
    accounts = session.scalars(select(Account).where(Account.email == actor)).all()
    _write(session, accounts or _managers(session, programme), programme.id, key, message, path)


def reader_of(session: Session, profile: Profile) -> Account | None:
    """The account that reads what is told to this profile."""
    return session.scalars(
        select(Account)
        .join(Membership, Membership.account_id == Account.id)
        .where(Membership.profile_id == profile.id, Membership.state.in_(PRESENT))
    ).first()


def own_path(session: Session, profile: Profile, tail: str = "") -> str:
    """Where a page of this profile's owner is, such as `/p/hub/mine/7/meetings`; empty if nobody owns it."""
    found = session.execute(
        select(Programme.slug, Membership.id)
        .join(Membership, Membership.programme_id == Programme.id)
        .where(Membership.profile_id == profile.id, Membership.state.in_(PRESENT))
    ).first()
    return "/".join(["/p", found[0], "mine", str(found[1]), *filter(None, [tail])]) if found else ""


def manager_path(programme: Programme, tail: str = "") -> str:
    """Where a page of the programme's managers is, such as `/p/hub/matches`."""
    return "/".join(["/p", programme.slug, *filter(None, [tail])])


@dataclass(frozen=True, slots=True)
class Line:
    """One notice, and what it is about."""

    id: int
    programme: Programme
    message: Message
    path: str
    created_at: datetime
    is_read: bool


@dataclass(frozen=True, slots=True)
class NoticePage:
    """Some of somebody's notices; `page` counts from 1."""

    items: Sequence[Line]
    total: int
    unread: int
    page: int
    pages: int


def list_notices(session: Session, account_id: int, page: int = 1) -> NoticePage:
    """An account's notices, the newest first."""
    total = session.scalar(select(func.count()).where(Notice.account_id == account_id)) or 0
    pages = max(1, ceil(total / PER_PAGE))
    page = min(max(1, page), pages)
    rows = session.execute(
        select(Notice, Programme)
        .join(Programme, Programme.id == Notice.programme_id)
        .where(Notice.account_id == account_id)
        .order_by(Notice.id.desc())
        .offset((page - 1) * PER_PAGE)
        .limit(PER_PAGE)
    ).all()
    items = [
        Line(
            notice.id, programme, Message.from_json(notice.message), notice.path, notice.created_at,
            notice.read_at is not None,
        )
        for notice, programme in rows
    ]  # fmt: skip
    return NoticePage(items, total, count_unread(session, account_id), page, pages)


def count_unread(session: Session, account_id: int) -> int:
    """How many notices an account has not opened."""
    mine = Notice.account_id == account_id, Notice.read_at.is_(None)
    return session.scalar(select(func.count()).where(*mine)) or 0


def mark_read(session: Session, account_id: int, notice_id: int) -> str:
    """Note that the account opened one of its notices; where that leads.

    Raises:
        NotFound: it has no such notice.
    """
    found = session.get(Notice, notice_id)
    if found is None or found.account_id != account_id:
        raise NotFound(Message(N_("This page does not exist, or is not yours.")))
    found.read_at = found.read_at or utcnow()
    return found.path


def mark_all_read(session: Session, account_id: int, upto: int) -> int:
    """Note that the account read all its notices up to the one with this id; how many were new."""
    mine = Notice.account_id == account_id, Notice.read_at.is_(None), Notice.id <= upto
    read = update(Notice).where(*mine).values(read_at=utcnow()).returning(Notice.id)
    return len(session.scalars(read.execution_options(synchronize_session=False)).all())


def forget_old(session: Session) -> int:
    """Remove notices that were read long ago; how many those were."""
    old = delete(Notice).where(Notice.read_at.is_not(None), Notice.created_at < utcnow() - KEPT)
    return len(session.scalars(old.returning(Notice.id).execution_options(synchronize_session=False)).all())


def is_local(path: str) -> bool:
    """Whether it leads to one of our pages, however a browser may read it."""
    return path.startswith("/") and not path.startswith("//") and path.isprintable() and "\\" not in path


def gets_mail(account: Account) -> bool:
    """Whether letters about notices go to this account: never to the sample's, whose people are invented."""
    return account.active and not account.is_sample and account.mail_pace != MailPace.NEVER


def _write(
    session: Session,
    accounts: Sequence[Account],
    programme_id: int,
    key: str,
    message: Message,
    path: str,
    *,
    mailed: bool = False,
) -> None:
    """Write it for each of them, unless it was written before. Of two transactions at once one does."""
    if path and not is_local(path):
        raise ValueError(f"{path!r} leads out of Tandem")
    now, said = utcnow(), message.to_json()
    rows = [
        {
            "account_id": account.id, "programme_id": programme_id, "path": path, "message": said,
            "key": f"{key}:{account.id}", "created_at": now,
            "mailed_at": now if mailed or not gets_mail(account) else None,
        }
        for account in accounts
    ]  # fmt: skip
    if not rows:
        return
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    session.flush()
    told = session.scalars(insert(Notice).on_conflict_do_nothing().returning(Notice.account_id), rows)
    new = set(told.all())
    hasty = [a for a in accounts if a.id in new and a.mail_pace == MailPace.AT_ONCE and gets_mail(a)]
    if hasty and not mailed:
        enqueue_once(session, programme_id, JobKind.DIGEST)


def _managers(session: Session, programme: Programme) -> Sequence[Account]:
    runs = select(Membership.account_id).where(
        Membership.programme_id == programme.id,
        Membership.role == Role.MANAGER,
        Membership.state == MembershipState.ACTIVE,
    )
    found = session.scalars(select(Account).where(Account.id.in_(runs)).order_by(Account.id)).all()
    return found or session.scalars(select(Account).where(Account.is_admin).order_by(Account.id)).all()
