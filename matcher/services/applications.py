"""Profiles that people write themselves: a draft, page by page, until it is sent and they are let in."""

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.models import Account, Application, Membership, MembershipState, Profile, Programme, utcnow
from matcher.profiles.fields import Field
from matcher.profiles.form import read_form
from matcher.profiles.pages import ANSWER_CHARS, OWN, Page
from matcher.profiles.text import clean
from matcher.services import audit
from matcher.services.drafts import Answer, Draft, as_text, is_stated, kind_of, notes_of, open_draft
from matcher.services.errors import Conflict, NotAllowed, ServiceError
from matcher.services.leaving import pause
from matcher.services.locking import lock_programme
from matcher.services.memberships import PRESENT
from matcher.services.notices import manager_path, notify, notify_managers, own_path
from matcher.services.profiles import draft_of, get_profile, next_ref, save_draft
from matcher.wording import N_, Message

_WAITS = N_("%(name)s has sent a profile and waits to be let in.")
_OPEN = N_("Answer this, or choose “I don't know yet”.")
_STALE = N_("You changed this in another window meanwhile. Look at it and save again.")
_CHANGED = N_("Somebody else changed your profile meanwhile. Look at both versions and send again.")


class Sent(StrEnum):
    """What sending led to."""

    SAVED = "saved"
    """They take part already: their profile says it from now on."""
    WAITING = "waiting"
    """A manager looks at it first."""
    ADMITTED = "admitted"


class Unreadable(ServiceError):
    """Some fields cannot be read; `problems` says what would be right, by field."""

    def __init__(self, problems: Mapping[str, Message]) -> None:
        self.problems = dict(problems)
        super().__init__(next(iter(self.problems.values())))


def save_step(
    session: Session,
    programme: Programme,
    membership: Membership,
    name: str,
    answers: Mapping[str, Answer] | None,
    stamp: str,
    *,
    later: bool = False,
) -> Draft:
    """Keep the answers of one page; None: they do not know yet. With `later` it may stay open.

    Raises:
        NotFound: there is no such page.
        Conflict: the draft is no longer at `stamp`.
        Unreadable: something is wrong with some of the page's fields.
    """
    session.refresh(membership, with_for_update=True)
    draft = open_draft(session, programme, membership)
    page = draft.page(name)
    if draft.stamp != stamp:
        raise Conflict(Message(_STALE))
    if answers is None and page.needed:
        raise Unreadable({page.fields[0].name: Message(_OPEN)})
    new = {field.name: _cleaned(answers, field) for field in page.fields}
    changed = replace(draft, answers={**draft.answers, **new})
    if problems := _problems(changed, page, new, later=later or answers is None):
        raise Unreadable(problems)
    is_answered = answers is None or page.optional or any(map(is_stated, new.values()))
    steps = draft.steps | {name} if is_answered else draft.steps - {name}
    _write(session, membership, changed, steps)
    return open_draft(session, programme, membership)


def send(
    session: Session,
    programme: Programme,
    membership: Membership,
    *,
    actor: str,
    profile_version: int | None = None,
) -> Sent:
    """Send what was answered. `profile_version` is the one that they have seen beside their own.

    Raises:
        NotAllowed: pages are open, or they do not take part.
        Unreadable: an answer can no longer be read.
        Conflict: their profile says something else since they began to change it.
    """
    lock_programme(session, programme)
    session.refresh(membership, with_for_update=True)
    if membership.state not in PRESENT:
        raise NotAllowed(Message(N_("You do not take part in this programme any more.")))
    draft = open_draft(session, programme, membership)
    if draft.is_in and draft.profile is not None:
        if draft.is_unsent:
            seen = draft.profile_version if profile_version is None else profile_version
            if seen != draft.profile.version:
                raise Conflict(Message(_CHANGED))
            _save(session, programme, membership, draft, actor)
        return Sent.SAVED
    if draft.following is not None:
        raise NotAllowed(Message(N_("Some pages are not answered yet. Answer them first.")))
    is_new = draft.sent_at is None
    if membership.state == MembershipState.ACTIVE:  # a manager removed the profile: a manager looks again
        is_new = True
        membership.state, membership.needs_approval = MembershipState.APPLYING.value, True
    if not membership.needs_approval:
        admit(session, programme, membership, actor=actor)
        return Sent.ADMITTED
    if problems := draft.read().problems:
        raise Unreadable(problems)
    row = _write(session, membership, draft, draft.steps)
    if is_new:
        tell_managers(session, programme, membership, actor=actor)
    row.sent_at = row.updated_at = utcnow()
    session.flush()
    return Sent.WAITING


def tell_managers(session: Session, programme: Programme, membership: Membership, *, actor: str) -> None:
    """Somebody waits to be let in from now on."""
    event = audit.record(session, programme.id, actor, "application.sent", f"membership:{membership.id}")
    notify_managers(
        session, programme, key=f"application.sent:{event.id}",
        message=Message(
            N_("%(name)s wants to take part, and waits for you."),
            {"name": session.get_one(Account, membership.account_id).name},
        ),
        path=manager_path(programme, f"people/{membership.id}"),
    )  # fmt: skip


def has_sent(session: Session, membership: Membership) -> bool:
    """Whether they have sent a profile, which a manager has not let in yet."""
    row = session.get(Application, membership.id)
    return row is not None and row.sent_at is not None and membership.state == MembershipState.APPLYING


def come_back(session: Session, programme: Programme, membership: Membership, *, actor: str) -> None:
    """Somebody applies again: with the profile that they have, or else once they have sent theirs anew."""
    if membership.profile_id is not None and membership.needs_approval:
        draft = open_draft(session, programme, membership, anew=True)
        _write(session, membership, draft, draft.steps).sent_at = utcnow()
        tell_managers(session, programme, membership, actor=actor)
    elif row := session.get(Application, membership.id):
        row.sent_at = None


def admit(session: Session, programme: Programme, membership: Membership, *, actor: str) -> Profile:
    """Let somebody in with the profile that they wrote. Who is in already stays as they are.

    A profile with their address that nobody has an account for becomes theirs, and says what they wrote.

    Raises:
        NotFound: the membership is none of a participant of this programme.
        NotAllowed: they left, or have not even given a name yet.
    """
    lock_programme(session, programme)
    session.refresh(membership, with_for_update=True)
    draft = open_draft(session, programme, membership)
    if membership.state == MembershipState.ACTIVE and draft.profile is not None:
        return draft.profile
    if membership.state == MembershipState.LEFT:
        raise NotAllowed(Message(N_("They have left the programme. Invite them again.")))
    if draft.read().problems:
        raise NotAllowed(Message(N_("They have not written enough yet. At least a name is needed.")))
    if draft.profile is None:
        draft = replace(draft, profile=unclaimed(session, programme, membership))
    profile = _save(session, programme, membership, draft, actor)
    pause(session, programme, profile, paused=False, actor=actor)  # who left before was taken out
    membership.profile_id = profile.id
    membership.state, membership.reason = MembershipState.ACTIVE.value, ""
    session.flush()
    event = audit.record(
        session,
        programme.id,
        actor,
        "membership.admitted",
        f"membership:{membership.id}",
        after={"ref": profile.ref, "role": membership.role},
    )
    notify(
        session, profile, key=f"membership.admitted:{event.id}", message=Message(N_("You take part now.")),
        path=own_path(session, profile), mailed=True,  # by the manager's letter
    )  # fmt: skip
    return profile


def unclaimed(session: Session, programme: Programme, membership: Membership) -> Profile | None:
    """The one profile, of a sheet say, that has somebody's address while nobody has an account for it."""
    kind, address = kind_of(programme, membership), session.get_one(Account, membership.account_id).email
    found = session.scalars(
        select(Profile.id)
        .outerjoin(Membership, Membership.profile_id == Profile.id)
        .where(
            Profile.programme_id == programme.id,
            Profile.kind == kind,
            Profile.email == address,
            Membership.id.is_(None),
        )
    ).all()
    return get_profile(session, programme, kind, found[0]) if len(found) == 1 else None


def refuse(
    session: Session, programme: Programme, membership: Membership, reason: str, *, actor: str
) -> None:
    """Do not let somebody in, and say why, in words that they read.

    Raises:
        NotFound: the membership is none of a participant of this programme.
        NotAllowed: they take part already, or left.
    """
    lock_programme(session, programme)
    session.refresh(membership, with_for_update=True)
    kind_of(programme, membership)
    if membership.state not in {MembershipState.APPLYING, MembershipState.REFUSED}:
        raise NotAllowed(Message(N_("Only somebody who waits to be let in can be refused.")))
    reason = clean(reason)[:2000]
    if (membership.state, membership.reason) == (MembershipState.REFUSED, reason):
        return
    membership.state, membership.reason = MembershipState.REFUSED.value, reason
    session.flush()
    audit.record(
        session,
        programme.id,
        actor,
        "membership.refused",
        f"membership:{membership.id}",
        after={"reason": reason},
    )


def carry(session: Session, membership: Membership, profile: Profile, name: str, value: Answer) -> None:
    """Follow a change of one field that its owner made elsewhere, so that it does not look foreign."""
    row = session.get(Application, membership.id)
    if row is not None and row.sent_at is None:
        row.answers = {**row.answers, name: value}
        row.profile_version = profile.version
        session.flush()


def _save(
    session: Session, programme: Programme, membership: Membership, draft: Draft, actor: str
) -> Profile:
    """Make the draft their profile."""
    kept = draft_of(draft.profile) if draft.profile else {}
    ref = draft.profile.ref if draft.profile else next_ref(session, programme, draft.kind)
    email = kept.get("email") or session.get_one(Account, membership.account_id).email
    said = draft.texts()
    # What began without the profile takes nothing away by leaving it out.
    if draft.profile_version is None:
        said = {name: text for name, text in said.items() if text.strip()}
    found = read_form(draft.kind, {**kept, **said, "ref": ref, "email": email})
    if found.draft is None:
        raise Unreadable(found.problems)
    profile = save_draft(
        session,
        programme,
        replace(found.draft, notes=notes_of(draft)),
        actor=actor,
        profile_id=draft.profile.id if draft.profile else None,
        version=draft.profile.version if draft.profile else None,
    )
    row = session.get(Application, membership.id)
    if row is not None:
        row.sent_at = row.updated_at = utcnow()
        row.profile_version = profile.version
    session.flush()
    return profile


def _cleaned(answers: Mapping[str, Answer] | None, field: Field) -> Answer:
    if answers is None:
        return None
    answer = answers.get(field.name, "")
    if isinstance(answer, list):
        return [text for each in answer if (text := clean(each))]
    return clean(answer or "")


def _problems(draft: Draft, page: Page, new: Mapping[str, Answer], *, later: bool) -> dict[str, Message]:
    """What is wrong with the page's own fields."""
    found = draft.read().problems
    problems = {field.name: found[field.name] for field in page.fields if field.name in found}
    for name, answer in new.items():
        if name.startswith(OWN) and len(as_text(answer)) > ANSWER_CHARS:
            problems[name] = Message(N_("Use at most %(limit)d characters."), {"limit": ANSWER_CHARS})
    is_empty = not any(map(is_stated, new.values()))
    if later and is_empty:
        return {}
    if is_empty and not page.optional:
        problems.setdefault(page.fields[0].name, Message(_OPEN))
    return problems


def _write(session: Session, membership: Membership, draft: Draft, steps: frozenset[str]) -> Application:
    row = session.get(Application, membership.id)
    if row is None:
        row = Application(membership_id=membership.id)
        session.add(row)
    row.answers, row.steps = dict(draft.answers), sorted(steps)
    row.profile_version = draft.profile_version
    row.updated_at = utcnow()
    if membership.state == MembershipState.ACTIVE:
        row.sent_at = None
    session.flush()
    return row
