"""Keeping what the ranking recommended."""

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from matcher.models import (
    Profile,
    Programme,
    Ranking,
    Recommendation,
    RecommendationList,
    VectorSpace,
    utcnow,
)
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
    named = {found.subject.id for found in ranked.values()}
    named |= {item.facts.id for found in ranked.values() for item in found.items}
    known = set(
        session.scalars(select(Profile.id).where(Profile.programme_id == programme.id, Profile.id.in_(named)))
    )
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
            floor=found.floor,
            model=space.model,
            revision=space.revision,
            watermark=watermark,
            computed_at=utcnow(),
        )
        session.add(header)
        session.flush()
        present = [item for item in found.items if item.facts.id in known]
        items += [
            {"list_id": header.id, "rank": rank, **columns(item)}
            for rank, item in enumerate(present, start=1)
        ]
    if items:
        session.execute(insert(Recommendation), items)


def columns(item: RankedCandidate) -> dict[str, Any]:
    """What is kept of a candidate, apart from the list and the rank."""
    return {
        "candidate_id": item.facts.id,
        "score": item.score.total,
        "band": item.band,
        "parts": dict(item.score.parts),
        "reasons": dump_reasons(item.reasons),
    }


def record_ranking(
    session: Session, programme_id: int, *, space: VectorSpace, spread: float, length: int, watermark: int
) -> None:
    """Remember how the whole programme was ranked, and up to which of its changes."""
    session.merge(
        Ranking(
            programme_id=programme_id, model=space.model, revision=space.revision,
            spread=spread, length=length, watermark=watermark, worked_in=0,
        )
    )  # fmt: skip


def record_changes(session: Session, programme_id: int, *, watermark: int, count: int) -> None:
    """Remember that so many changed profiles, all up to `watermark`, were worked in since."""
    session.execute(
        update(Ranking)
        .where(Ranking.programme_id == programme_id, Ranking.watermark <= watermark)
        .values(watermark=watermark, worked_in=Ranking.worked_in + count)
        .execution_options(synchronize_session=False)
    )


def _make_room(session: Session, keys: Collection[tuple[int, str]], watermark: int) -> set[tuple[int, str]]:
    """Delete the lists of these subjects and kinds up to `watermark`; which are later and stay."""
    stored = session.scalars(
        select(RecommendationList).where(RecommendationList.subject_id.in_({subject for subject, _ in keys}))
    ).all()
    ours = [found for found in stored if (found.subject_id, found.candidate_kind) in keys]
    stale = [found.id for found in ours if found.watermark <= watermark]
    session.execute(delete(RecommendationList).where(RecommendationList.id.in_(stale)))
    return {(found.subject_id, found.candidate_kind) for found in ours if found.watermark > watermark}
