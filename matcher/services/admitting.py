"""What managers do about people: let them in or not, make them managers, remove them."""

from uuid import uuid4

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from matcher.models import AuditEvent, Membership, MembershipState, Programme, Role
from matcher.profiles.text import clean
from matcher.services import applications, audit, invitations, people_letters
from matcher.services.errors import NotAllowed
from matcher.services.leaving import leave
from matcher.services.letters import Letter
from matcher.services.locking import lock_programme
from matcher.services.mailing import language_of
from matcher.services.memberships import PRESENT
from matcher.services.people import Person, get_person, manager_part
from matcher.wording import N_, Message

REASON = 1_000
"""What a refusal's reason may measure."""


def approve(
    session: Session, programme: Programme, membership_id: int, *, actor: str, sign_in: str
) -> Person:
    """Let somebody in who waits, and tell them.

    Raises:
        NotFound: the programme has no such person.
        NotAllowed: they do not wait.
    """
    lock_programme(session, programme)
    person = _waiting(session, programme, membership_id)
    applications.admit(session, programme, person.membership, actor=actor)
    _write(
        session,
        programme,
        person,
        "admitted",
        people_letters.admitted(programme, person.account.name),
        sign_in,
    )
    return person


def refuse(session: Session, programme: Programme, membership_id: int, reason: str, *, actor: str) -> Person:
    """Do not let somebody in who waits, and tell them why.

    Raises:
        NotFound: the programme has no such person.
        NotAllowed: they do not wait, or no reason is given.
    """
    lock_programme(session, programme)
    person = _waiting(session, programme, membership_id)
    said = clean(reason)[:REASON]
    if not said:
        raise NotAllowed(Message(N_("Say why, so that they know where they stand.")))
    applications.refuse(session, programme, person.membership, said, actor=actor)
    _shut(session, programme, person)
    _write(
        session, programme, person, "refused", people_letters.refused(programme, person.account.name, said)
    )
    return person


def remove(session: Session, programme: Programme, membership_id: int, *, actor: str) -> Person:
    """Somebody takes part no more: their pairs go, their profile stays on record, and they are told.

    Raises:
        NotFound: the programme has no such person.
        NotAllowed: they take no part, or nobody would be left to run the programme.
    """
    lock_programme(session, programme)
    person = get_person(session, programme, membership_id)
    if refusal := why_not_removed(session, programme, person):
        raise NotAllowed(refusal)
    if person.profile is not None:
        leave(session, programme, person.profile, actor=actor)
    person.membership.state = MembershipState.LEFT.value
    _shut(session, programme, person)
    _record(session, programme, actor, "person.removed", person)
    _write(session, programme, person, "removed", people_letters.removed(programme, person.account.name))
    return person


def why_not_removed(session: Session, programme: Programme, person: Person) -> Message | None:
    """What forbids to remove somebody, if anything does."""
    if person.membership.state not in PRESENT:
        return Message(N_("%(name)s takes no part in the programme."), {"name": person.account.name})
    managers = session.scalar(
        select(func.count()).where(
            Membership.programme_id == programme.id,
            Membership.role == Role.MANAGER,
            Membership.state == MembershipState.ACTIVE,
        )
    )
    if person.membership.role == Role.MANAGER and (managers or 0) < 2:
        return Message(
            N_("%(name)s is the only one who runs the programme. Invite another manager first."),
            {"name": person.account.name},
        )
    return None


def make_manager(
    session: Session, programme: Programme, membership_id: int, *, actor: str, sign_in: str
) -> Person:
    """Somebody who takes part runs the programme, too. What they were they stay.

    Raises:
        NotFound: the programme has no such person.
        NotAllowed: they take no part yet, or run it already.
    """
    lock_programme(session, programme)
    person = get_person(session, programme, membership_id)
    if person.membership.state != MembershipState.ACTIVE:
        raise NotAllowed(
            Message(N_("%(name)s takes no part in the programme."), {"name": person.account.name})
        )
    found = manager_part(session, programme, person.account)
    if found is not None and found.state == MembershipState.ACTIVE:
        raise NotAllowed(Message(N_("%(name)s runs the programme already."), {"name": person.account.name}))
    if found is None:
        found = Membership(
            programme_id=programme.id, account_id=person.account.id, role=Role.MANAGER.value,
            state=MembershipState.ACTIVE.value, needs_approval=False, reason="",
        )  # fmt: skip
        session.add(found)
    found.state = MembershipState.ACTIVE.value
    session.flush()
    _record(session, programme, actor, "person.promoted", person)
    _write(
        session,
        programme,
        person,
        "promoted",
        people_letters.promoted(programme, person.account.name),
        sign_in,
    )
    return person


def _waiting(session: Session, programme: Programme, membership_id: int) -> Person:
    person = get_person(session, programme, membership_id)
    has_sent = person.sent_at or person.profile
    if person.membership.state != MembershipState.APPLYING or not has_sent:
        raise NotAllowed(
            Message(N_("%(name)s does not wait to be let in any more."), {"name": person.account.name})
        )
    return person


def _shut(session: Session, programme: Programme, person: Person) -> None:
    """A letter that they did not need any more, as they came in by another, does not let them in again."""
    role = Role(person.membership.role)
    invitations.revoke_open(session, programme, person.account.email, role)


def _record(session: Session, programme: Programme, actor: str, action: str, person: Person) -> AuditEvent:
    who = f"{person.account.name} <{person.account.email}>"
    return audit.record(
        session, programme.id, actor, action, f"membership:{person.membership.id}",
        after={"person": who, "role": person.membership.role},
    )  # fmt: skip


def _write(
    session: Session,
    programme: Programme,
    person: Person,
    about: str,
    letter: Letter,
    link: str = "",
) -> None:
    """Write to somebody's account, in their language."""
    theirs = language_of(person.profile) if person.profile else "en"
    people_letters.send(
        session, person.account.email, key=f"person.{about}:{person.membership.id}:{uuid4().hex}",
        language=person.account.language or theirs, letter=letter, link=link, programme_id=programme.id,
    )  # fmt: skip
