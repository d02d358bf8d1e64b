"""Whose pages these are: a member's own part in a programme, and nobody else's."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast

from flask import abort, g
from sqlalchemy.orm import Session

from matcher.db import unit_of_work
from matcher.models import KIND_OF_ROLE, Kind, Membership, MembershipState, Profile, Programme, Role
from matcher.services.memberships import get_own
from matcher.services.people import is_due, touch
from web.accounts.identity import Identity, identity
from web.database import engine, read, write


@dataclass(frozen=True, slots=True)
class Here:
    """Whose pages these are, as plain values: the navigation outlives the session."""

    id: int
    role: str
    state: str
    profile_id: int | None


@dataclass(frozen=True, slots=True)
class Own:
    """A member's part, in an open transaction."""

    session: Session
    programme: Programme
    membership: Membership
    who: Identity

    @property
    def role(self) -> Role:
        """What they are."""
        return Role(self.membership.role)

    @property
    def kind(self) -> Kind:
        """What their profile is; a manager has none, and no such pages."""
        return KIND_OF_ROLE[self.role]

    @property
    def profile(self) -> Profile:
        """Their profile, or 404 while nobody has let them in."""
        found = self.membership.profile_id and self.session.get(Profile, self.membership.profile_id)
        return found or abort(404)

    @property
    def is_active(self) -> bool:
        """Whether they were let in."""
        return self.membership.state == MembershipState.ACTIVE and self.membership.profile_id is not None


@contextmanager
def read_own(slug: str, mine: int, *roles: Role, active: bool = True) -> Iterator[Own]:
    """A transaction that cannot write, and the part that it is about.

    404 unless it is theirs, in one of these roles (any, if none is named), and they were let in; those
    who were not yet may open what has `active` false.
    """
    with read(slug) as (session, programme):
        own = _enter(session, programme, mine, roles, active=active)
        if is_due(own.membership):  # a page that reads cannot write itself, so this is noted beside it
            with unit_of_work(engine()) as writing:
                touch(writing, own.membership.id)
        yield own


@contextmanager
def write_own(slug: str, mine: int, *roles: Role, active: bool = True) -> Iterator[Own]:
    """The same, in a transaction that is committed when the block ends."""
    with write(slug) as (session, programme):
        own = _enter(session, programme, mine, roles, active=active)
        due = is_due(own.membership)
        yield own
        # Last: a step waits for the programme first, and a manager's step, which has it, for this row.
        if due:
            touch(session, own.membership.id)


def _enter(
    session: Session, programme: Programme, mine: int, roles: tuple[Role, ...], *, active: bool
) -> Own:
    who = cast(Identity, identity())
    own = Own(session, programme, get_own(session, programme, who.account_id, mine), who)
    if own.role is Role.MANAGER or (roles and own.role not in roles) or (active and not own.is_active):
        abort(404)
    part = own.membership
    g.own = Here(part.id, part.role, part.state, part.profile_id)  # the navigation shows where they are
    return own
