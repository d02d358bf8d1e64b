"""Groups of a programme's people to write to, each person once."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from matcher.models import (
    Account,
    Kind,
    Match,
    MatchState,
    Membership,
    MembershipState,
    Profile,
    Programme,
    Role,
)
from matcher.profiles.cell import is_address
from matcher.services.presence import has_left

QUIET_AFTER = timedelta(days=14)
_IS_SIDE = or_(Match.startup_id == Profile.id, Match.counterpart_id == Profile.id)


class Group(StrEnum):
    """Whom a message is for."""

    ALL = "all"
    FOUNDERS = "founders"
    MENTORS = "mentors"
    FUNDERS = "funders"
    MANAGERS = "managers"
    UNMATCHED = "unmatched"
    """Neither matched nor offered anybody."""
    UNANSWERED = "unanswered"
    """An offer waits for their answer."""
    QUIET = "quiet"
    """Have an account, and did not open their pages for a fortnight."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in a group; without an address no letter reaches them."""

    name: str
    address: str
    account_id: int | None
    profile_id: int | None
    is_profiles_address: bool
    """Whether it is what the profile states, so that a letter can follow it."""


def read_group(session: Session, programme: Programme, group: Group, now: datetime) -> Sequence[Person]:
    """The people of a group by name: each address once, then those who have none."""
    found = _managers(session, programme) if group is Group.MANAGERS else (
        _members(session, programme, _CONDITIONS[group](now))
    )  # fmt: skip
    return _once(found)


def _members(session: Session, programme: Programme, condition: ColumnElement[bool]) -> Iterable[Person]:
    """People with a profile who are let in, with or without an account."""
    rows = session.execute(
        select(Profile.id, Profile.name, Profile.email, Account.id, Account.email, Account.is_sample)
        .outerjoin(Membership, Membership.profile_id == Profile.id)
        .outerjoin(Account, Account.id == Membership.account_id)
        .where(
            Profile.programme_id == programme.id,
            or_(Membership.id.is_(None), Membership.state == MembershipState.ACTIVE),
            ~has_left(),
            condition,
        )
        .order_by(Profile.name, Profile.id)
    )
    for profile_id, name, stated, account_id, email, is_sample in rows:
        address = stated if is_sample or not email else email
        is_stated = (stated or "").lower() == (address or "").lower()
        yield Person(name, address or "", account_id, profile_id, is_stated)


def _managers(session: Session, programme: Programme) -> Iterable[Person]:
    rows = session.execute(
        select(Account.id, Account.name, Account.email, Account.is_sample)
        .join(Membership, Membership.account_id == Account.id)
        .where(
            Membership.programme_id == programme.id,
            Membership.role == Role.MANAGER,
            Membership.state == MembershipState.ACTIVE,
        )
        .order_by(Account.name, Account.id)
    )
    for account_id, name, email, is_sample in rows:
        yield Person(name, "" if is_sample else email, account_id, None, is_profiles_address=False)


def _once(people: Iterable[Person]) -> Sequence[Person]:
    """Each address once, however many profiles state it: as the account's, if it is one's."""
    reached: dict[str, Person] = {}
    unreached: list[Person] = []
    for person in people:
        if is_address(person.address):
            known = reached.setdefault(person.address.lower(), person)
            if known.account_id is None:
                reached[person.address.lower()] = person
        else:
            unreached.append(person)
    return [*reached.values(), *unreached]


def _unmatched(_: datetime) -> ColumnElement[bool]:
    told = Match.state.in_([MatchState.OFFERED, MatchState.ACTIVE])
    return ~select(Match.id).where(_IS_SIDE, told).exists()


def _unanswered(_: datetime) -> ColumnElement[bool]:
    mine = or_(
        and_(Match.startup_id == Profile.id, Match.startup_answer.is_(None)),
        and_(Match.counterpart_id == Profile.id, Match.counterpart_answer.is_(None)),
    )
    return select(Match.id).where(mine, Match.state == MatchState.OFFERED).exists()


def _quiet(now: datetime) -> ColumnElement[bool]:
    since = now - QUIET_AFTER
    never = and_(Membership.seen_at.is_(None), Membership.created_at < since)
    return and_(Membership.id.is_not(None), or_(Membership.seen_at < since, never))


_CONDITIONS: dict[Group, Callable[[datetime], ColumnElement[bool]]] = {
    Group.ALL: lambda _: Profile.id.is_not(None),
    Group.FOUNDERS: lambda _: Profile.kind == Kind.STARTUP,
    Group.MENTORS: lambda _: Profile.kind == Kind.MENTOR,
    Group.FUNDERS: lambda _: Profile.kind == Kind.FUNDER,
    Group.UNMATCHED: _unmatched,
    Group.UNANSWERED: _unanswered,
    Group.QUIET: _quiet,
}
