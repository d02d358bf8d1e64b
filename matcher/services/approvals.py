"""Managers' decisions about pairs: approve, reject, undo."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, aliased

from matcher.models import Approval, AuditEvent, JobKind, Kind, Mentor, Profile, Programme, utcnow
from matcher.ranking.eligibility import RULE_MESSAGES, Rule, exclusions
from matcher.ranking.table import FactTable
from matcher.services import audit, jobs
from matcher.services.errors import CapacityReached, Conflict, NotAllowed, NotFound
from matcher.services.roster import facts_of
from matcher.services.watermarks import is_embedded, mark_changed
from matcher.wording import N_, Message

State = Literal["approved", "rejected"]


@dataclass(frozen=True, slots=True)
class DecidedPair:
    """A pair that was decided about, and the event that undoing it names."""

    startup: Profile
    counterpart: Profile
    state: str
    decided_at: datetime
    event_id: int


def decide(
    session: Session,
    programme: Programme,
    startup_id: int,
    counterpart_id: int,
    state: State,
    *,
    actor: str,
) -> AuditEvent:
    """Approve or reject a pair.

    Raises:
        NotFound: the programme has no such start-up and counterpart.
        CapacityReached: the mentor has no place left to approve.
        NotAllowed: a rule of eligibility excludes the pair.
    """
    startup, counterpart = _pair(session, programme, startup_id, counterpart_id)
    before = _find(session, startup_id, counterpart_id)
    if state == "approved" and (before is None or before.state != "approved"):
        _check(session, startup, counterpart)
    event = audit.record(
        session,
        programme.id,
        actor,
        f"pair.{state}",
        _subject(startup_id, counterpart_id),
        before={"state": before.state if before else None},
        after={"state": state},
    )
    _write(session, programme, startup_id, counterpart_id, state, actor)
    return event


def undo(session: Session, programme: Programme, event_id: int, *, actor: str) -> AuditEvent:
    """Take back a decision: the pair is again what it was before that event.

    Raises:
        NotFound: the programme has no such event.
        Conflict: the pair was decided about again since then.
        CapacityReached, NotAllowed: what it was before is no longer possible.
    """
    event = session.get(AuditEvent, event_id)
    if event is None or event.programme_id != programme.id or not event.subject.startswith("pair:"):
        raise NotFound(Message(N_("There is no such decision in this programme.")))
    _, startup_id, counterpart_id = event.subject.split(":")
    startup, counterpart = _pair(session, programme, int(startup_id), int(counterpart_id))
    latest = session.scalar(
        select(func.max(AuditEvent.id)).where(
            AuditEvent.programme_id == programme.id, AuditEvent.subject == event.subject
        )
    )
    if latest != event_id:
        raise Conflict(Message(N_("Somebody decided about this pair again meanwhile.")))
    if event.before["state"] == "approved" != event.after["state"]:
        _check(session, startup, counterpart)
    _write(session, programme, startup.id, counterpart.id, event.before["state"], actor)
    return audit.record(
        session, programme.id, actor, "pair.undone", event.subject,
        before={"state": event.after["state"]}, after={"state": event.before["state"]},
    )  # fmt: skip


def list_decided(session: Session, programme: Programme) -> Sequence[DecidedPair]:
    """The decided pairs, the latest first."""
    startup, counterpart = aliased(Profile, flat=True), aliased(Profile, flat=True)
    rows = session.execute(
        select(Approval, startup, counterpart)
        .join(startup, startup.id == Approval.startup_id)
        .join(counterpart, counterpart.id == Approval.counterpart_id)
        .where(Approval.programme_id == programme.id)
        .order_by(Approval.decided_at.desc(), Approval.id.desc())
    ).all()
    events = _latest_events(session, programme)
    return [
        DecidedPair(ours, theirs, approval.state, approval.decided_at, events[_subject(ours.id, theirs.id)])
        for approval, ours, theirs in rows
    ]


def counterparts_of(startup_id: int) -> Select[int]:
    """Ids of those approved for a start-up: without it, they have a place more."""
    return select(Approval.counterpart_id).where(Approval.startup_id == startup_id)


def _latest_events(session: Session, programme: Programme) -> dict[str, int]:
    rows = session.execute(
        select(AuditEvent.subject, func.max(AuditEvent.id))
        .where(AuditEvent.programme_id == programme.id, AuditEvent.subject.startswith("pair:"))
        .group_by(AuditEvent.subject)
    )
    return {subject: event_id for subject, event_id in rows}  # noqa: C416 - a Row is no pair to mypy


def _pair(
    session: Session, programme: Programme, startup_id: int, counterpart_id: int
) -> tuple[Profile, Profile]:
    """Both profiles, locked: of two managers at once, the second sees what the first decided."""
    found = {
        profile.id: profile
        for profile in session.scalars(
            select(Profile)
            .where(Profile.id.in_([startup_id, counterpart_id]), Profile.programme_id == programme.id)
            .order_by(Profile.id)
            .with_for_update(of=Profile.__table__)
        )
    }
    startup, counterpart = found.get(startup_id), found.get(counterpart_id)
    if (
        startup is None
        or counterpart is None
        or startup.kind != Kind.STARTUP
        or counterpart.kind == Kind.STARTUP
    ):
        raise NotFound(Message(N_("There is no such pair in this programme.")))
    return startup, counterpart


def _find(session: Session, startup_id: int, counterpart_id: int) -> Approval | None:
    return session.scalars(
        select(Approval).where(Approval.startup_id == startup_id, Approval.counterpart_id == counterpart_id)
    ).first()


def _check(session: Session, startup: Profile, counterpart: Profile) -> None:
    """Refuse what would break eligibility or capacity as of now, whatever the list showed."""
    for profile in (startup, counterpart):
        session.refresh(profile, ["entries"])
    taken = session.scalar(
        select(func.count()).where(Approval.counterpart_id == counterpart.id, Approval.state == "approved")
    )
    if (
        isinstance(counterpart, Mentor)
        and counterpart.capacity is not None
        and (taken or 0) >= counterpart.capacity
    ):
        raise CapacityReached(
            Message(
                N_("%(name)s has no place left (%(capacity)d in all). Undo another approval first."),
                {"name": counterpart.name, "capacity": counterpart.capacity},
            )
        )
    other = FactTable([facts_of(counterpart)])
    for rule, excluded in exclusions(facts_of(startup), other, Kind(counterpart.kind)).items():
        if excluded[0] and rule is not Rule.CAPACITY:
            raise NotAllowed(
                Message(N_("This pair cannot be approved: %(rule)s."), {"rule": RULE_MESSAGES[rule]})
            )


def _write(
    session: Session,
    programme: Programme,
    startup_id: int,
    counterpart_id: int,
    state: str | None,
    actor: str,
) -> None:
    """Make the pair's state what is said, and have the lists follow."""
    approval = _find(session, startup_id, counterpart_id)
    if state is None:
        if approval is not None:
            session.delete(approval)
    elif approval is None:
        session.add(
            Approval(
                programme_id=programme.id,
                startup_id=startup_id,
                counterpart_id=counterpart_id,
                state=state,
                decided_by=actor,
            )
        )
    else:
        approval.state, approval.decided_by, approval.decided_at = state, actor, utcnow()
    session.flush()
    mark_changed(session, programme.id, is_embedded() & (Profile.id == counterpart_id))
    jobs.enqueue_once(session, programme.id, JobKind.RECOMMEND)


def _subject(startup_id: int, counterpart_id: int) -> str:
    return f"pair:{startup_id}:{counterpart_id}"
