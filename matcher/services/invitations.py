"""Invitations: who is asked in as what, at an address that works once, for a week, for one person."""

import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, String, Update, cast, func, select, update
from sqlalchemy.orm import Session

from matcher.models import (
    KIND_OF_ROLE,
    Account,
    Invitation,
    Membership,
    Profile,
    Programme,
    Role,
    utcnow,
)
from matcher.profiles.cell import is_address
from matcher.profiles.speech import LANGUAGES
from matcher.profiles.text import clean
from matcher.services import audit, mailing, people_letters
from matcher.services.errors import Conflict, NotAllowed, NotFound
from matcher.services.locking import lock_programme
from matcher.services.memberships import PRESENT
from matcher.services.sign_ins import digest
from matcher.wording import N_, Message

VALID = timedelta(days=7)
NAME = 120
"""What a name may measure."""
EMAIL = 254
_LETTER = "invitation:"
"""What the key of an invitation's letter begins with."""
Link = Callable[[str], str]
"""From the secret to the address at which it is accepted."""


class InvitationState(StrEnum):
    """What has become of an invitation."""

    OPEN = "open"
    USED = "used"
    REVOKED = "revoked"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Invited:
    """An invitation as whoever holds its link sees it."""

    invitation: Invitation
    programme: Programme | None
    state: InvitationState
    has_account: bool


def state_of(invitation: Invitation, now: datetime | None = None) -> InvitationState:
    """Whether it can be accepted, or why not."""
    if invitation.used_at:
        return InvitationState.USED
    if invitation.revoked_at:
        return InvitationState.REVOKED
    return InvitationState.OPEN if invitation.expires_at > (now or utcnow()) else InvitationState.EXPIRED


def read_address(text: str) -> str:
    """An e-mail address as it is stored, or "" if it is none."""
    address = clean(text).lower()
    return address if len(address) <= EMAIL and is_address(address) else ""


def read_name(text: str) -> str:
    """A name as it is stored: one line, not too long."""
    return " ".join(clean(text).split())[:NAME]


def invite(
    session: Session,
    programme: Programme | None,
    *,
    email: str,
    role: Role | None,
    actor: str,
    link: Link,
    name: str = "",
    language: str = "en",
    profile_id: int | None = None,
    needs_approval: bool = False,
) -> Invitation:
    """Write to somebody with a link that lets them in as this; one to the same that was open works no more.

    Without a programme it makes an administrator of the installation.

    Raises:
        NotAllowed: the address is none, or the person takes part as this already.
        NotFound: the profile is not of this programme and kind.
    """
    address = read_address(email)
    if not address:
        raise NotAllowed(Message(N_("This is not an e-mail address.")))
    if programme is not None:
        assert role is not None  # noqa: S101 - what somebody is invited as within a programme
        lock_programme(session, programme)
        _check(session, programme, address, role, profile_id)
    revoke_open(session, programme, address, role, asked_for=needs_approval)
    secret = secrets.token_urlsafe(32)
    made = Invitation(
        programme_id=programme.id if programme else None,
        email=address,
        name=read_name(name),
        role=role.value if role else None,
        profile_id=profile_id,
        language=language if language in LANGUAGES else "en",
        token=digest(secret),
        needs_approval=needs_approval,
        invited_by=actor,
        expires_at=utcnow() + VALID,
    )
    session.add(made)
    session.flush()
    people_letters.send(
        session,
        address,
        key=_LETTER + str(made.id),
        language=made.language,
        letter=people_letters.invited(programme, made),
        link=link(secret),
        programme_id=made.programme_id,
    )
    if programme is not None:
        audit.record(
            session, programme.id, actor, "person.invited", f"invitation:{made.id}",
            after={"person": _who(made), "role": made.role},
        )  # fmt: skip
    return made


def find(session: Session, secret: str) -> Invited:
    """What a link is to.

    Raises:
        NotFound: nothing of ours.
    """
    found = session.scalars(select(Invitation).where(Invitation.token == digest(secret))).first()
    if found is None:
        raise NotFound(Message(N_("There is no such invitation. Look for a later letter.")))
    programme = session.get(Programme, found.programme_id) if found.programme_id else None
    return Invited(found, programme, state_of(found), _account(session, found.email) is not None)


def take(session: Session, secret: str) -> Invitation:
    """Use an invitation up. One UPDATE decides, so of two at once one gets it.

    Raises:
        NotFound: there is no such.
        NotAllowed: it was used or revoked, or is too old.
    """
    now = utcnow()
    taken = session.scalars(
        update(Invitation)
        .where(Invitation.token == digest(secret), *_is_open(now))
        .values(used_at=now)
        .returning(Invitation)
        .execution_options(synchronize_session=False, populate_existing=True)
    ).first()
    if taken is None:
        find(session, secret)
        raise NotAllowed(Message(N_("This invitation works no more.")))
    _forget_links(session, [taken.id])
    return taken


def revoke(session: Session, programme: Programme, invitation_id: int, actor: str) -> Invitation:
    """Make an open invitation's link dead.

    Raises:
        NotFound: the programme has no such.
        NotAllowed: it is not open.
    """
    lock_programme(session, programme)
    found = get_invitation(session, programme, invitation_id)
    if state_of(found) is not InvitationState.OPEN:
        raise NotAllowed(Message(N_("This invitation works no more anyway.")))
    found.revoked_at = utcnow()
    _forget_links(session, [found.id])
    audit.record(
        session, programme.id, actor, "person.uninvited", f"invitation:{found.id}",
        before={"person": _who(found), "role": found.role},
    )  # fmt: skip
    return found


def revoke_open(
    session: Session, programme: Programme | None, address: str, role: Role | None, *, asked_for: bool = False
) -> None:
    """Make the links of open invitations to the same dead.

    With `asked_for` only those of the open door: what anybody can ask for must not undo what a manager sent.
    """
    same = update(Invitation).where(
        Invitation.programme_id.is_not_distinct_from(programme.id if programme else None),
        Invitation.role.is_not_distinct_from(role.value if role else None),
        Invitation.email == address,
    )
    _revoke(session, same.where(Invitation.needs_approval) if asked_for else same)


def revoke_all(session: Session, address: str) -> None:
    """Make all open links that were sent to an address dead."""
    _revoke(session, update(Invitation).where(Invitation.email == address))


def forget_expired(session: Session) -> int:
    """Take the links out of letters whose week is over; how many letters that was."""
    keys = select(_LETTER + cast(Invitation.id, String)).where(Invitation.expires_at <= utcnow())
    return mailing.forget_links(session, keys)


def resend(session: Session, programme: Programme, invitation_id: int, actor: str, link: Link) -> Invitation:
    """Invite the same person to the same once more; the link they had works no more.

    Raises:
        NotFound: the programme has no such invitation.
        NotAllowed: it was accepted, or they take part by another way.
    """
    lock_programme(session, programme)
    found = get_invitation(session, programme, invitation_id)
    if found.used_at:
        raise NotAllowed(Message(N_("%(name)s has accepted already."), {"name": found.name or found.email}))
    return invite(
        session, programme, email=found.email, role=Role(str(found.role)), name=found.name,
        language=found.language, profile_id=found.profile_id, needs_approval=found.needs_approval,
        actor=actor, link=link,
    )  # fmt: skip


def get_invitation(session: Session, programme: Programme, invitation_id: int) -> Invitation:
    """One of the programme's invitations.

    Raises:
        NotFound: there is none.
    """
    found = session.get(Invitation, invitation_id, populate_existing=True)
    if found is None or found.programme_id != programme.id:
        raise NotFound(Message(N_("There is no such invitation. Look for a later letter.")))
    return found


def list_invitations(session: Session, programme: Programme, limit: int, offset: int) -> Sequence[Invitation]:
    """Those that nobody has accepted, the latest of each address and role, the latest first."""
    query = _latest_unused(programme).order_by(Invitation.id.desc())
    return session.scalars(query.limit(limit).offset(offset)).all()


def count_invitations(session: Session, programme: Programme) -> int:
    """How many of those there are."""
    found = select(func.count()).select_from(_latest_unused(programme).subquery())
    return session.scalar(found) or 0


def asked_lately(session: Session, programme: Programme, address: str, since: datetime) -> bool:
    """Whether somebody asked at the open door for a letter to this address since then."""
    return bool(
        session.scalar(
            select(Invitation.id)
            .where(
                Invitation.programme_id == programme.id,
                Invitation.email == address,
                Invitation.needs_approval,
                Invitation.created_at > since,
            )
            .limit(1)
        )
    )


def takes_part(session: Session, programme: Programme, address: str, role: Role) -> Membership | None:
    """The present membership of the account with this address, if there is one in this role."""
    return session.scalars(
        select(Membership)
        .join(Account, Account.id == Membership.account_id)
        .where(
            Membership.programme_id == programme.id,
            Membership.role == role,
            Membership.state.in_(PRESENT),
            Account.email == address,
        )
    ).first()


def _check(session: Session, programme: Programme, address: str, role: Role, profile_id: int | None) -> None:
    """What forbids to invite them."""
    there = takes_part(session, programme, address, role)
    if there and (there.profile_id or profile_id is None):
        raise Conflict(Message(N_("%(email)s takes part as this already."), {"email": address}))
    if profile_id is None:
        return
    profile = session.get(Profile, profile_id)
    if profile is None or profile.programme_id != programme.id or profile.kind != KIND_OF_ROLE.get(role):
        raise NotFound(Message(N_("There is no such profile in this programme.")))


def _revoke(session: Session, which: Update) -> None:
    now = utcnow()
    dead = which.where(*_is_open(now)).values(revoked_at=now).returning(Invitation.id)
    _forget_links(session, session.scalars(dead).all())


def _forget_links(session: Session, ids: Iterable[int]) -> None:
    mailing.forget_links(session, [_LETTER + str(number) for number in ids])


def _is_open(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return Invitation.used_at.is_(None), Invitation.revoked_at.is_(None), Invitation.expires_at > now


def _latest_unused(programme: Programme) -> Select[Invitation]:
    """Of each address and role the latest invitation, unless it was used."""
    latest = (
        select(func.max(Invitation.id))
        .where(Invitation.programme_id == programme.id)
        .group_by(Invitation.email, Invitation.role)
    )
    return select(Invitation).where(Invitation.id.in_(latest), Invitation.used_at.is_(None))


def _account(session: Session, address: str) -> Account | None:
    return session.scalars(select(Account).where(Account.email == address)).first()


def _who(invitation: Invitation) -> str:
    return f"{invitation.name} <{invitation.email}>" if invitation.name else invitation.email
