"""Keeping what the ranking recommended."""

from collections.abc import Collection, Iterable

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from matcher.models import Profile, Programme, Recommendation, RecommendationList, VectorSpace, utcnow
from matcher.services.recommendations import dump_reasons
from matcher.services.recommender import RankedCandidate, RankedList


def store_lists(
    session: Session,
    programme: Programme,
    lists: Iterable[RankedList],
    *,
    space: VectorSpace,
    watermark: int,
) -> None:
    """Replace the stored lists of these subjects, unless a later state was already ranked.

    Profiles that were deleted meanwhile are left out.
    """
    ranked = {(found.subject.id, found.candidate_kind.value): found for found in lists}
    known = set(session.scalars(select(Profile.id).where(Profile.programme_id == programme.id)))
    later = _make_room(session, ranked, watermark)
    items = []
    for key, found in ranked.items():
        if key in later or found.subject.id not in known:
            continue
        header = RecommendationList(
            programme_id=programme.id,
            subject_id=found.subject.id,
            candidate_kind=found.candidate_kind.value,
            considered=found.considered,
            eligible=found.eligible,
            exclusions=found.exclusions,
            price=found.price,
            model=space.model,
            revision=space.revision,
            watermark=watermark,
            computed_at=utcnow(),
        )
        session.add(header)
        session.flush()
        present = [item for item in found.items if item.facts.id in known]
        items += [_row(header.id, position, item) for position, item in enumerate(present, start=1)]
    if items:
        session.execute(insert(Recommendation), items)


def _make_room(session: Session, keys: Collection[tuple[int, str]], watermark: int) -> set[tuple[int, str]]:
    """Delete the lists of these subjects and kinds up to `watermark`; which are later and stay."""
    stored = session.scalars(
        select(RecommendationList).where(RecommendationList.subject_id.in_({subject for subject, _ in keys}))
    ).all()
    ours = [found for found in stored if (found.subject_id, found.candidate_kind) in keys]
    stale = [found.id for found in ours if found.watermark <= watermark]
    session.execute(delete(RecommendationList).where(RecommendationList.id.in_(stale)))
    return {(found.subject_id, found.candidate_kind) for found in ours if found.watermark > watermark}


def _row(list_id: int, position: int, item: RankedCandidate) -> dict[str, object]:
    return {
        "list_id": list_id,
        "candidate_id": item.facts.id,
        "rank": position,
        "score": item.score.total,
        "band": item.band,
        "parts": dict(item.score.parts),
        "reasons": dump_reasons(item.reasons),
    }
