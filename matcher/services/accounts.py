"""What somebody sets about their own account, and how it ends."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, delete, func, or_, select
from sqlalchemy.orm import Session, aliased

from matcher.models import (
    Account,
    Invitation,
    Membership,
    MembershipState,
    Passkey,
    Profile,
    Programme,
    Role,
    Wish,
)
from matcher.profiles.text import clean
from matcher.services import audit, invitations, mailing, private_notes, sign_ins
from matcher.services.errors import NotAllowed, NotFound
from matcher.services.leaving import leave
from matcher.wording import N_, Message

_LONGEST_NAME = 120
_NAMELESS = N_("Write your name, as others should read it.")
_LONG = N_("A name may have up to %(length)s characters.")
_SAMPLE = N_("An account of the sample programme stays as it is.")
_ALONE = N_(
    "You are the only manager of %(programmes)s. Invite another manager first, who can go on without you."
)
_LAST_ADMIN = N_(
    "Nobody else runs this installation. Make somebody an administrator first, who can go on without you."
)


def get_account(session: Session, account_id: int) -> Account:
    """The account; whoever asks is signed in to it."""
    return session.get_one(Account, account_id)


def set_preferences(
    session: Session, account_id: int, name: str, language: str | None, timezone: str | None
) -> None:
    """Say how somebody is called, and in which language and time zone they read.

    Raises:
        NotAllowed: that is no name.
    """
    name = " ".join(clean(name).split())
    if not name:
        raise NotAllowed(Message(_NAMELESS))
    if len(name) > _LONGEST_NAME:
        raise NotAllowed(Message(_LONG, {"length": _LONGEST_NAME}))
    account = get_account(session, account_id)
    account.name, account.language, account.timezone = name, language, timezone


def take_second_factor_off(session: Session, email: str) -> Account:
    """Let a password be enough again for whoever lost all else, and sign the account out everywhere.

    Raises:
        NotFound: there is no such account.
    """
    address = email.strip().lower()
    account = session.scalars(select(Account).where(Account.email == address, ~Account.is_sample)).first()
    if account is None:
        raise NotFound(Message(N_("There is no account with the address %(email)s."), {"email": address}))
    account.tf_primary_method = account.tf_totp_secret = account.mf_recovery_codes = None
    session.execute(delete(Passkey).where(Passkey.user_id == account.id))
    sign_ins.end_all(session, account.id)
    return account


def managed_alone(session: Session, account_id: int) -> Sequence[Programme]:
    """The programmes that would be left without a manager."""
    other = aliased(Membership)
    others = select(other.id).where(
        other.programme_id == Membership.programme_id, *_manages(other), other.account_id != account_id
    )
    return session.scalars(
        select(Programme)
        .join(Membership, Membership.programme_id == Programme.id)
        .where(Membership.account_id == account_id, *_manages(Membership), ~others.exists())
        .order_by(Programme.name)
    ).all()


def obstacle(session: Session, account_id: int) -> Message | None:
    """Why an account cannot be closed now; None if it can."""
    account = get_account(session, account_id)
    if account.is_sample:
        return Message(_SAMPLE)
    if account.is_admin and session.scalar(select(func.count()).where(Account.is_admin)) == 1:
        return Message(_LAST_ADMIN)
    if alone := managed_alone(session, account_id):
        return Message(_ALONE, {"programmes": [programme.name for programme in alone]})
    return None


def close(session: Session, account_id: int) -> None:
    """Remove an account with all that only it needs; what others work with stays, without its address.

    Profiles stay with their programmes, whose log and outcomes are about them, but take part no more: pairs
    end as if somebody left, and the other sides are told. Each programme's log says why.

    Raises:
        NotAllowed: a programme, or the installation, would have nobody to run it.
    """
    _wait_for_others(session, account_id)
    account = session.get(Account, account_id, populate_existing=True)
    if account is None:
        return  # in another window, meanwhile
    if problem := obstacle(session, account_id):
        raise NotAllowed(problem)
    parts = select(Membership).where(Membership.account_id == account_id).order_by(Membership.programme_id)
    for membership in session.scalars(parts).all():
        _leave(session, account, membership)
    invitations.revoke_all(session, account.email)
    used = Invitation.email == account.email, Invitation.used_at.is_not(None)
    session.execute(delete(Invitation).where(*used))
    mailing.erase_address(session, account.email)
    session.delete(account)  # passkeys, sign-ins, memberships and equality answers go with it


def _wait_for_others(session: Session, account_id: int) -> None:
    """Of two who go at once, the second sees that the first is gone: nothing is left without anybody."""
    part = Membership.account_id == account_id
    theirs = select(Programme.id).where(Programme.id.in_(select(Membership.programme_id).where(part)))
    session.execute(theirs.order_by(Programme.id).with_for_update(key_share=True))
    people = select(Account.id).where(or_(Account.id == account_id, Account.is_admin))
    session.execute(people.order_by(Account.id).with_for_update())


def _leave(session: Session, account: Account, membership: Membership) -> None:
    profile = session.get(Profile, membership.profile_id) if membership.profile_id else None
    subject = f"profile:{profile.id}" if profile else f"programme:{membership.programme_id}"
    after = {"role": membership.role}
    if profile is not None:
        programme = session.get_one(Programme, membership.programme_id)
        leave(session, programme, profile, actor=account.email)
        mailing.erase_profile(session, profile)
        private_notes.erase_all(session, profile.id)
        session.execute(delete(Wish).where(Wish.subject_id == profile.id))
        profile.email = None
    audit.record(session, membership.programme_id, account.email, "account.closed", subject, after=after)


def _manages(membership: type[Membership]) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return membership.role == Role.MANAGER, membership.state == MembershipState.ACTIVE
