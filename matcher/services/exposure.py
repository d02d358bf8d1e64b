"""How a programme's stored lists share out the attention of its mentors."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from matcher.models import Kind, Profile, Programme, Recommendation, RecommendationList


@dataclass(frozen=True, slots=True)
class MentorExposure:
    """On how many start-ups' lists the busiest mentor is, and how many eligible mentors are on none.

    Eligible is who may meet at least one start-up; who was never ranked is not counted.
    """

    busiest: int
    unseen: int


def mentor_exposure(session: Session, programme: Programme) -> MentorExposure | None:
    """As the lists are now; None while no eligible mentor is ranked."""
    shown = (
        select(Recommendation.candidate_id, func.count().label("lists"))
        .join(RecommendationList)
        .where(
            RecommendationList.programme_id == programme.id,
            RecommendationList.candidate_kind == Kind.MENTOR,
        )
        .group_by(Recommendation.candidate_id)
        .subquery()
    )
    eligible, busiest, seen = session.execute(
        select(func.count(), func.max(shown.c.lists), func.count(shown.c.lists))
        .select_from(RecommendationList)
        .join(Profile, Profile.id == RecommendationList.subject_id)
        .outerjoin(shown, shown.c.candidate_id == Profile.id)
        .where(
            RecommendationList.programme_id == programme.id,
            RecommendationList.eligible > 0,
            Profile.kind == Kind.MENTOR,
        )
    ).one()
    return MentorExposure(busiest or 0, eligible - seen) if eligible else None
