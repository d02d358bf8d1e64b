"""Whom founders, mentors and funding partners would like best, for programmes that hold a matching day."""

from collections.abc import Sequence

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from matcher.models import SIDES, Kind, Profile, Programme, Wish
from matcher.services import audit
from matcher.services.errors import NotAllowed, NotFound
from matcher.services.locking import lock_programme
from matcher.wording import N_, Message

MOST_WISHES = 10


def set_wishes(
    session: Session, programme: Programme, subject_id: int, candidate_ids: Sequence[int], *, actor: str
) -> None:
    """Replace what somebody wishes; the dearest comes first, and nobody at all takes it back.

    Raises:
        NotFound: the programme has no such profile.
        NotAllowed: too many, somebody twice, or two who cannot be a pair.
    """
    if len(candidate_ids) > MOST_WISHES:
        raise NotAllowed(Message(N_("At most %(count)s wishes."), {"count": MOST_WISHES}))
    if len(set(candidate_ids)) < len(candidate_ids):
        raise NotAllowed(Message(N_("Nobody can be wished for twice.")))
    lock_programme(session, programme)
    kinds = _kinds(session, programme, [subject_id, *candidate_ids])
    ours = kinds[subject_id] == Kind.STARTUP
    if any((kinds[candidate] == Kind.STARTUP) == ours for candidate in candidate_ids):
        raise NotAllowed(
            Message(N_("Start-ups wish for mentors and funding partners, and these for start-ups."))
        )
    before = list(
        session.scalars(select(Wish.candidate_id).where(Wish.subject_id == subject_id).order_by(Wish.rank))
    )
    session.execute(delete(Wish).where(Wish.subject_id == subject_id))
    session.add_all(
        Wish(programme_id=programme.id, subject_id=subject_id, candidate_id=candidate, rank=rank)
        for rank, candidate in enumerate(candidate_ids, start=1)
    )
    audit.record(
        session, programme.id, actor, "wishes.set", f"profile:{subject_id}",
        before={"wishes": before}, after={"wishes": list(candidate_ids)},
    )  # fmt: skip


def wishes_of(session: Session, programme: Programme, kind: Kind | None = None) -> dict[int, tuple[int, ...]]:
    """Whom each profile wishes for, the dearest first; who wishes for nobody is left out.

    With `kind`, wishes between start-ups and counterparts of this kind alone.
    """
    query = (
        select(Wish.subject_id, Wish.candidate_id)
        .where(Wish.programme_id == programme.id)
        .order_by(Wish.subject_id, Wish.rank)
    )
    if kind is not None:
        subject, candidate = SIDES
        query = (
            query.join(subject, subject.id == Wish.subject_id)
            .join(candidate, candidate.id == Wish.candidate_id)
            .where(or_(subject.kind == kind, candidate.kind == kind))
        )
    rows = session.execute(query)
    found: dict[int, tuple[int, ...]] = {}
    for wisher, wished in rows:
        found[wisher] = (*found.get(wisher, ()), wished)
    return found


def _kinds(session: Session, programme: Programme, ids: Sequence[int]) -> dict[int, str]:
    rows = session.execute(
        select(Profile.id, Profile.kind).where(Profile.programme_id == programme.id, Profile.id.in_(ids))
    )
    found = {profile_id: kind for profile_id, kind in rows}  # noqa: C416 - a Row is no pair to mypy
    if not found.keys() >= set(ids):
        raise NotFound(Message(N_("There is no such profile in this programme.")))
    return found
