"""Coming in: what accepting an invitation makes, and asking for one where a programme opens its doors."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from matcher.models import (
    Account,
    Invitation,
    Membership,
    MembershipState,
    Profile,
    Programme,
    Role,
    utcnow,
)
from matcher.services import applications, audit, invitations, people_letters
from matcher.services.errors import Conflict, NotAllowed, NotFound
from matcher.services.invitations import Link
from matcher.services.leaving import pause
from matcher.services.locking import lock_programme
from matcher.services.memberships import PRESENT
from matcher.wording import N_, Message

OPEN_ROLES = (Role.FOUNDER, Role.MENTOR, Role.FUNDER)
"""What people can ask to be. Nobody makes themselves a manager."""
ASK_AGAIN = timedelta(hours=1)
"""How long after one letter from the open door another may go to the same address."""


@dataclass(frozen=True, slots=True)
class Joined:
    """Who came in, and as what; an administrator has no membership."""

    account: Account
    membership: Membership | None


def accept(
    session: Session,
    secret: str,
    *,
    account_id: int | None = None,
    name: str = "",
    password_hash: str | None = None,
    language: str | None = None,
) -> Joined:
    """Use an invitation up, and let its reader in.

    Whoever is signed in joins with their account; anybody else gets a new one. The link was sent to the
    address, so it proves that the address is theirs; it does not open an account that is there already.

    Raises:
        NotFound: there is no such invitation.
        NotAllowed: it works no more, or is for somebody else.
        Conflict: the address has an account, which must be signed in to.
    """
    if (programme := invitations.find(session, secret).programme) is not None:
        lock_programme(session, programme)  # before the invitation, as whoever invites does
    taken = invitations.take(session, secret)
    if account_id is None:
        account = _make_account(session, taken, name, password_hash, language)
    else:
        account = session.get_one(Account, account_id)
        if account.email != taken.email or account.is_sample:
            raise NotAllowed(Message(N_("This invitation is for somebody else.")))
    if taken.programme_id is None:
        account.is_admin = True
        session.flush()
        return Joined(account, None)
    membership = _join(session, session.get_one(Programme, taken.programme_id), taken, account)
    audit.record(
        session, taken.programme_id, account.email, "person.joined", f"membership:{membership.id}",
        after={"person": f"{account.name} <{account.email}>", "role": taken.role},
    )  # fmt: skip
    return Joined(account, membership)


def apply(
    session: Session,
    programme: Programme,
    *,
    email: str,
    role: Role,
    name: str,
    language: str,
    link: Link,
    sign_in: str,
) -> None:
    """Write to somebody who asks to be let in. Nothing tells whoever asked what was written, or whether.

    One letter an hour to an address: whoever types somebody else's must not flood them.

    Raises:
        NotAllowed: the address is none.
        NotFound: the programme does not open its doors to this role.
    """
    if role not in open_roles(programme):
        raise NotFound(Message(N_("There is no programme at this address.")))
    address = invitations.read_address(email)
    if not address:
        raise NotAllowed(Message(N_("This is not an e-mail address.")))
    lock_programme(session, programme)
    now = utcnow()
    if invitations.asked_lately(session, programme, address, now - ASK_AGAIN):
        return
    if invitations.takes_part(session, programme, address, role):
        people_letters.send(
            session, address, key=f"joined:{programme.id}:{address}:{now:%Y-%m-%d}", language=language,
            letter=people_letters.joined_before(programme), link=sign_in, programme_id=programme.id,
        )  # fmt: skip
        return
    invitations.invite(
        session, programme, email=address, role=role, name=name, language=language, actor=address,
        link=link, needs_approval=True,
    )  # fmt: skip


def open_roles(programme: Programme) -> Sequence[Role]:
    """What people can ask to be in it."""
    return [role for role in OPEN_ROLES if role in programme.open_to]


def open_programmes(session: Session) -> list[Programme]:
    """Programmes that open their doors to somebody, by name."""
    every = session.scalars(select(Programme).order_by(Programme.name))
    return [programme for programme in every if open_roles(programme)]


def make_account(
    session: Session, *, email: str, name: str, password_hash: str, language: str | None
) -> Account:
    """A new account for an address that has none.

    Raises:
        Conflict: it has one.
    """
    account = Account(
        email=email, name=name, password=password_hash, language=language, fs_uniquifier=uuid4().hex
    )
    try:
        with session.begin_nested():
            session.add(account)
            session.flush()
    except IntegrityError as error:  # made meanwhile, by another invitation to the same address
        raise Conflict(
            Message(N_("There is an account with this address already. Sign in with it."))
        ) from error
    return account


def _make_account(
    session: Session, taken: Invitation, name: str, password_hash: str | None, language: str | None
) -> Account:
    if not password_hash:
        raise NotAllowed(Message(N_("Choose a password.")))
    return make_account(
        session,
        email=taken.email,
        name=invitations.read_name(name) or taken.name or taken.email.partition("@")[0],
        password_hash=password_hash,
        language=language or taken.language,
    )


def _join(session: Session, programme: Programme, taken: Invitation, account: Account) -> Membership:
    """The membership that the invitation makes, or brings back."""
    role = Role(str(taken.role))
    profile_id = _free_profile(session, taken, account)
    found = session.scalars(
        select(Membership).where(
            Membership.programme_id == taken.programme_id,
            Membership.account_id == account.id,
            Membership.role == role,
        )
    ).first()
    if found is None:
        found = Membership(
            programme_id=taken.programme_id, account_id=account.id, role=role.value, reason="",
            needs_approval=taken.needs_approval, state=MembershipState.APPLYING.value,
        )  # fmt: skip
        session.add(found)
    elif found.state == MembershipState.ACTIVE and (found.profile_id or role is Role.MANAGER):
        return found
    elif found.state not in PRESENT:
        found.state, found.reason = MembershipState.APPLYING.value, ""
        found.needs_approval = taken.needs_approval
        applications.come_back(session, programme, found, actor=account.email)
    found.needs_approval = found.needs_approval and taken.needs_approval
    found.profile_id = profile_id or found.profile_id
    session.flush()
    if role is Role.MANAGER or (found.profile_id and not found.needs_approval):
        found.state = MembershipState.ACTIVE.value
        _wake(session, programme, found.profile_id, account.email)
    elif not found.needs_approval and applications.has_sent(session, found):
        applications.admit(session, programme, found, actor=account.email)
    session.flush()
    return found


def _free_profile(session: Session, taken: Invitation, account: Account) -> int | None:
    """The profile that the invitation brings, unless somebody has it meanwhile."""
    if taken.profile_id is None:
        return None
    stated = invitations.read_address(session.get_one(Profile, taken.profile_id).email or "")
    if stated not in {"", taken.email}:  # a manager put the address right: whoever has the old one is another
        raise NotAllowed(Message(N_("This invitation works no more.")))
    holder = session.scalars(select(Membership).where(Membership.profile_id == taken.profile_id)).first()
    if holder and (holder.account_id, holder.role) != (account.id, taken.role):
        raise NotAllowed(
            Message(N_("Somebody else signs in for this profile already. Ask whoever runs the programme."))
        )
    return taken.profile_id


def _wake(session: Session, programme: Programme, profile_id: int | None, actor: str) -> None:
    """Whoever comes back takes part again."""
    profile = session.get(Profile, profile_id) if profile_id else None
    if profile is not None:
        pause(session, programme, profile, paused=False, actor=actor)


def roles_of(texts: Collection[str]) -> list[str]:
    """Those of the roles that can be opened, in their order."""
    return [role.value for role in OPEN_ROLES if role.value in texts]
