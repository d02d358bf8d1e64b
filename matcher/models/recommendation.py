"""What the ranking recommended."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from matcher.models.base import Base, utcnow


class Ranking(Base):
    """How a programme's lists were last made as a whole, and what was worked into them since."""

    __tablename__ = "ranking"

    programme_id: Mapped[int] = mapped_column(
        ForeignKey("programme.id", ondelete="CASCADE"), primary_key=True
    )
    model: Mapped[str]
    revision: Mapped[str]
    spread: Mapped[float]
    length: Mapped[int]
    """The most candidates on a list."""
    watermark: Mapped[int]
    """The programme's watermark up to which lists follow its changes."""
    worked_in: Mapped[int] = mapped_column(default=0)
    """Changed profiles that were worked in one by one since the whole was ranked."""


class RecommendationList(Base):
    """One profile's ranked list of one kind of candidate, and how it came about."""

    __tablename__ = "recommendation_list"
    __table_args__ = (
        UniqueConstraint("subject_id", "candidate_kind"),
        Index(
            "ix_recommendation_list_stale",
            "programme_id",
            sqlite_where=text("stale"),
            postgresql_where=text("stale"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    programme_id: Mapped[int] = mapped_column(ForeignKey("programme.id", ondelete="CASCADE"), index=True)
    subject_id: Mapped[int] = mapped_column(ForeignKey("profile.id", ondelete="CASCADE"))
    candidate_kind: Mapped[str]
    considered: Mapped[int]
    eligible: Mapped[int]
    exclusions: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """How many candidates each rule of eligibility excluded."""
    price: Mapped[float] = mapped_column(default=0.0)
    """How much in demand the subject is, in units of score: what its place on others' lists costs."""
    floor: Mapped[float] = mapped_column(default=0.0)
    """The score from which somebody new belongs on the subject's shortlist."""
    stale: Mapped[bool] = mapped_column(default=False)
    """Whether somebody left it whose place another may deserve; it is ranked anew."""
    model: Mapped[str]
    revision: Mapped[str]
    watermark: Mapped[int]
    computed_at: Mapped[datetime] = mapped_column(default=utcnow)

    items: Mapped[list["Recommendation"]] = relationship(
        cascade="all, delete-orphan", order_by="Recommendation.rank", lazy="raise", passive_deletes=True
    )


class Recommendation(Base):
    """One candidate in a list, with the parts of its score and the reasons."""

    __tablename__ = "recommendation"
    __table_args__ = (UniqueConstraint("list_id", "candidate_id"), Index(None, "candidate_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    list_id: Mapped[int] = mapped_column(ForeignKey("recommendation_list.id", ondelete="CASCADE"))
    candidate_id: Mapped[int] = mapped_column(ForeignKey("profile.id", ondelete="CASCADE"))
    rank: Mapped[int]
    score: Mapped[float]
    band: Mapped[str]
    parts: Mapped[dict[str, Any]]
    """The share of each part in the score; the shares add up to it."""
    reasons: Mapped[list[dict[str, Any]]]
