"""The people of a programme as its managers see them: who waits, who is in, who has gone quiet."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from sqlalchemy import ColumnElement, Row, Select, and_, case, func, or_, select, update
from sqlalchemy.orm import Session

from matcher.models import (
    SIDES,
    Account,
    Application,
    Membership,
    MembershipState,
    Profile,
    Programme,
    Role,
    utcnow,
)
from matcher.services.errors import NotFound
from matcher.wording import N_, Message

PER_PAGE = 50
QUIET = timedelta(days=14)
_TOUCH_AFTER = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Person:
    """One member of a programme."""

    membership: Membership
    account: Account
    profile: Profile | None
    sent_at: datetime | None
    """When they last sent their profile."""
    is_quiet: bool


@dataclass(frozen=True, slots=True)
class People:
    """One page of them; `page` counts from 1."""

    items: Sequence[Person]
    total: int
    page: int
    pages: int


@dataclass(frozen=True, slots=True)
class Counts:
    """How many there are of each, for the tabs and filters."""

    waiting: int
    unsent: int
    quiet: int
    members: dict[Role, int]


def list_waiting(session: Session, programme: Programme, limit: int = 4 * PER_PAGE) -> list[Person]:
    """Those who wait for a manager, the longest first."""
    query = _people(programme).where(_waits()).order_by(Application.sent_at, Membership.id).limit(limit)
    return [_person(row) for row in session.execute(query)]


def list_unsent(session: Session, programme: Programme, limit: int = PER_PAGE) -> list[Person]:
    """Those who came in and have not sent their profile, the latest first."""
    query = _people(programme).where(_is_unsent()).order_by(Membership.id.desc()).limit(limit)
    return [_person(row) for row in session.execute(query)]


def list_members(
    session: Session,
    programme: Programme,
    role: Role | None = None,
    *,
    quiet: bool = False,
    page: int = 1,
) -> People:
    """Those who take part, by name; perhaps only those of a role, or who have gone quiet."""
    own = [Membership.state == MembershipState.ACTIVE]
    if role:
        own.append(Membership.role == role)
    if quiet:
        own.append(_is_quiet())
    total = session.scalar(select(func.count()).select_from(_people(programme).where(*own).subquery())) or 0
    pages = max(1, ceil(total / PER_PAGE))
    page = min(max(1, page), pages)
    query = _people(programme).where(*own).order_by(Account.name, Membership.id)
    rows = session.execute(query.limit(PER_PAGE).offset((page - 1) * PER_PAGE))
    return People([_person(row) for row in rows], total, page, pages)


def count_people(session: Session, programme: Programme) -> Counts:
    """How many there are of each."""
    everybody = (
        select(Membership.role, func.count(), func.sum(case((_is_quiet(), 1), else_=0)))
        .where(Membership.programme_id == programme.id, Membership.state == MembershipState.ACTIVE)
        .group_by(Membership.role)
    )
    rows = session.execute(everybody).all()
    members = {Role(role): count for role, count, _ in rows}
    return Counts(
        waiting=_count(session, programme, _waits()),
        unsent=_count(session, programme, _is_unsent()),
        quiet=sum(quiet for _, _, quiet in rows),
        members={role: members.get(role, 0) for role in Role},
    )


def get_person(session: Session, programme: Programme, membership_id: int) -> Person:
    """One member, whatever their state.

    Raises:
        NotFound: the programme has no such.
    """
    row = session.execute(_people(programme).where(Membership.id == membership_id)).first()
    if row is None:
        raise NotFound(Message(N_("There is no such person in this programme.")))
    return _person(row)


def runs(session: Session, programme: Programme, person: Person) -> bool:
    """Whether somebody is among the managers already."""
    found = manager_part(session, programme, person.account)
    return found is not None and found.state == MembershipState.ACTIVE


def manager_part(session: Session, programme: Programme, account: Account) -> Membership | None:
    """Somebody's part as a manager, whatever its state."""
    return session.scalars(
        select(Membership).where(
            Membership.programme_id == programme.id,
            Membership.account_id == account.id,
            Membership.role == Role.MANAGER,
        )
    ).first()


def is_due(membership: Membership) -> bool:
    """Whether it is time to note that somebody opened one of their pages."""
    return membership.seen_at is None or membership.seen_at < utcnow() - _TOUCH_AFTER


def touch(session: Session, membership_id: int) -> None:
    """Note that somebody opened one of their pages."""
    session.execute(
        update(Membership)
        .where(Membership.id == membership_id)
        .values(seen_at=utcnow())
        .execution_options(synchronize_session=False)
    )


def _people(programme: Programme) -> Select[Membership, Account, Profile, datetime | None, bool]:
    profile, _ = SIDES
    return (
        select(Membership, Account, profile, Application.sent_at, _is_quiet())
        .join(Account, Account.id == Membership.account_id)
        .outerjoin(profile, profile.id == Membership.profile_id)
        .outerjoin(Application, Application.membership_id == Membership.id)
        .where(Membership.programme_id == programme.id)
    )


def _person(row: Row[Membership, Account, Profile, datetime | None, bool]) -> Person:
    membership, account, profile, sent_at, quiet = row
    return Person(membership, account, profile, sent_at, bool(quiet))


def _waits() -> ColumnElement[bool]:
    """Who was not invited by a manager, and has sent a profile, or had one before and comes back."""
    sent = or_(Application.sent_at.is_not(None), Membership.profile_id.is_not(None))
    return and_(Membership.state == MembershipState.APPLYING, Membership.needs_approval, sent)


def _is_unsent() -> ColumnElement[bool]:
    return and_(Membership.state == MembershipState.APPLYING, ~_waits())


def _is_quiet() -> ColumnElement[bool]:
    """Participants who have not opened a page for a fortnight; managers have no page that would tell."""
    return and_(
        Membership.role != Role.MANAGER,
        Membership.state == MembershipState.ACTIVE,
        func.coalesce(Membership.seen_at, Membership.created_at) < utcnow() - QUIET,
    )


def _count(session: Session, programme: Programme, which: ColumnElement[bool]) -> int:
    return (
        session.scalar(
            select(func.count())
            .select_from(Membership)
            .outerjoin(Application, Application.membership_id == Membership.id)
            .where(Membership.programme_id == programme.id, which)
        )
        or 0
    )
