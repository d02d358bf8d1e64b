"""Inviting many at once: a list of addresses, or everybody whose profile was imported. All, or nobody."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from matcher.models import (
    KIND_OF_ROLE,
    Account,
    Invitation,
    Kind,
    Membership,
    Profile,
    Programme,
    Role,
    utcnow,
)
from matcher.services.errors import ServiceError
from matcher.services.invitations import Link, invite, read_address, read_name
from matcher.services.locking import lock_programme
from matcher.services.mailing import language_of
from matcher.services.memberships import PRESENT
from matcher.wording import N_, Message

MOST = 200
"""How many a list may name."""
AT_ONCE = 200
"""How many owners of profiles are invited by one press; the rest by the next."""
_ADDRESS = re.compile(r"[^\s<>,;\"“”]+@[^\s<>,;\"“”]+")
_MARKS = " \t<>,;\"'“”"


@dataclass(frozen=True, slots=True)
class Line:
    """Somebody to invite, and the line of the list that names them."""

    number: int
    email: str
    name: str


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong with a line; 0: with the list."""

    number: int
    message: Message


@dataclass(frozen=True, slots=True)
class Uninvited:
    """Owners of profiles of one kind.

    `ready` have an address and have not been asked; the others have none, were asked or are in, or
    share the address of one who is ready, and an address stands for one person.
    """

    ready: Sequence[Profile]
    without_address: int
    others: int


def read_lines(text: str) -> tuple[list[Line], list[Mistake]]:
    """The people that a list names, one a line, as “Name <address>” or as pasted from a sheet."""
    lines: list[Line] = []
    mistakes: list[Mistake] = []
    seen: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        found = _ADDRESS.findall(line)
        address = read_address(found[0]) if len(found) == 1 else ""
        if not address:
            mistakes.append(
                Mistake(number, Message(N_("write one e-mail address, such as amina@example.org")))
            )
        elif address in seen:
            told = Message(N_("this is the same address as in line %(line)s"), {"line": seen[address]})
            mistakes.append(Mistake(number, told))
        else:
            seen[address] = number
            name = line.replace(found[0], " ").strip(_MARKS)
            lines.append(Line(number, address, read_name(name)))
    if len(lines) > MOST:
        told = Message(
            N_("A list may have %(most)s people at most. Send the rest afterwards."), {"most": MOST}
        )
        mistakes = [Mistake(0, told)]
    if not lines and not mistakes:
        mistakes = [Mistake(0, Message(N_("Write at least one e-mail address.")))]
    return lines, mistakes


def invite_lines(
    session: Session,
    programme: Programme,
    lines: Sequence[Line],
    *,
    role: Role,
    language: str,
    actor: str,
    link: Link,
) -> list[Mistake]:
    """Invite them all. What forbids some comes back, and the caller must not commit then."""
    mistakes = []
    for line in lines:
        try:
            invite(
                session, programme, email=line.email, role=role, name=line.name, language=language,
                actor=actor, link=link,
            )  # fmt: skip
        except ServiceError as error:
            mistakes.append(Mistake(line.number, error.message))
    return mistakes


def uninvited(session: Session, programme: Programme, kind: Kind) -> Uninvited:
    """Whose profiles of this kind are here, and who of them can be invited."""
    role = role_of(kind)
    own = (
        select(Profile)
        .outerjoin(Membership, Membership.profile_id == Profile.id)
        .where(Profile.programme_id == programme.id, Profile.kind == kind, Membership.id.is_(None))
        .order_by(Profile.name, Profile.id)
    )
    total = session.scalar(
        select(func.count()).where(Profile.programme_id == programme.id, Profile.kind == kind)
    )
    asked = _asked(session, programme, role)
    ready: dict[str, Profile] = {}
    without = 0
    for profile in session.scalars(own):
        address = read_address(profile.email or "")
        if not address:
            without += 1
        elif address not in asked:
            ready.setdefault(address, profile)
    return Uninvited(list(ready.values()), without, (total or 0) - without - len(ready))


def invite_owners(
    session: Session, programme: Programme, kind: Kind, *, actor: str, link: Link
) -> tuple[int, int]:
    """Invite the first of those whose profiles of this kind are here; how many, and how many are left.

    Each is written to in their own language, and finds their profile as it is.
    """
    lock_programme(session, programme)
    ready = uninvited(session, programme, kind).ready
    for profile in ready[:AT_ONCE]:
        invite(
            session, programme, email=profile.email or "", role=role_of(kind), name=profile.name,
            language=language_of(profile), profile_id=profile.id, actor=actor, link=link,
        )  # fmt: skip
    return len(ready[:AT_ONCE]), len(ready[AT_ONCE:])


def role_of(kind: Kind) -> Role:
    """What somebody with a profile of this kind is."""
    return next(role for role, theirs in KIND_OF_ROLE.items() if theirs is kind)


def _asked(session: Session, programme: Programme, role: Role) -> set[str]:
    """Addresses of those who take part in this role, or have an open invitation to."""
    present = (
        select(Account.email)
        .join(Membership, Membership.account_id == Account.id)
        .where(
            Membership.programme_id == programme.id,
            Membership.role == role,
            Membership.state.in_(PRESENT),
            Membership.profile_id.is_not(None),
        )
    )
    invited = select(Invitation.email).where(
        Invitation.programme_id == programme.id,
        Invitation.role == role,
        Invitation.used_at.is_(None),
        Invitation.revoked_at.is_(None),
        Invitation.expires_at > utcnow(),
    )
    return {*session.scalars(present), *session.scalars(invited)}
