"""Whole-cohort proposals: the rules they follow, the runs that made them, wishes, and who waits."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from matcher.models.base import Base, utcnow


class RulesVersion(Base):
    """A programme's rules as somebody saved them. Rows are only ever added; the highest version holds."""

    __tablename__ = "rules_version"
    __table_args__ = (UniqueConstraint("programme_id", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    programme_id: Mapped[int] = mapped_column(ForeignKey("programme.id", ondelete="CASCADE"))
    version: Mapped[int]
    data: Mapped[dict[str, Any]]
    saved_by: Mapped[str]
    saved_at: Mapped[datetime] = mapped_column(default=utcnow)


class Proposal(Base):
    """One run over a programme's start-ups and counterparts of one kind, and what it came to.

    The pairs themselves are matches. `problem` is what the solver was given, so that the run can be
    repeated and asked "what if", and `input_hash` is its SHA-256.
    """

    __tablename__ = "proposal"
    __table_args__ = (UniqueConstraint("programme_id", "counterpart_kind", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    programme_id: Mapped[int] = mapped_column(ForeignKey("programme.id", ondelete="CASCADE"))
    counterpart_kind: Mapped[str]
    number: Mapped[int]
    rules_version: Mapped[int]
    """0: the rules that hold until somebody saves some."""
    model: Mapped[str]
    revision: Mapped[str]
    watermark: Mapped[int]
    seed: Mapped[int]
    input_hash: Mapped[str]
    problem: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    objective: Mapped[str]
    solver: Mapped[str]
    is_optimal: Mapped[bool]
    """Whether no better choice from the candidates exists."""
    considered: Mapped[int] = mapped_column(default=0)
    """How many of each one's best were candidates; 0: everybody eligible was."""
    has_bonus: Mapped[bool] = mapped_column(default=False)
    """Whether preferences or wishes count in what was sought, beside the scores."""
    gap: Mapped[float]
    total: Mapped[float]
    worst_off: Mapped[float]
    pairs: Mapped[int]
    covered: Mapped[int]
    startups: Mapped[int]
    """How many start-ups there were to cover."""
    seconds: Mapped[float]
    unmatched: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    """Who of either side goes short: `profile_id`, `reason` and `remedies`, as messages."""
    relaxed: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    """Rules that could not be kept, as messages."""
    ways: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    """What would let everybody in, the cheapest first: `steps` to take together, as messages, and `cost`."""
    made_by: Mapped[str]
    made_at: Mapped[datetime] = mapped_column(default=utcnow)


class Wish(Base):
    """Whom somebody would like best, next best … on a programme's matching day."""

    __tablename__ = "wish"
    __table_args__ = (UniqueConstraint("subject_id", "candidate_id"), UniqueConstraint("subject_id", "rank"))

    id: Mapped[int] = mapped_column(primary_key=True)
    programme_id: Mapped[int] = mapped_column(ForeignKey("programme.id", ondelete="CASCADE"), index=True)
    subject_id: Mapped[int] = mapped_column(ForeignKey("profile.id", ondelete="CASCADE"))
    candidate_id: Mapped[int] = mapped_column(ForeignKey("profile.id", ondelete="CASCADE"))
    rank: Mapped[int]
    """1 is the dearest."""


class Waiting(Base):
    """A start-up that publishing left without what the rules promise; the next runs serve it first."""

    __tablename__ = "waiting"
    __table_args__ = (UniqueConstraint("startup_id", "counterpart_kind"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    programme_id: Mapped[int] = mapped_column(ForeignKey("programme.id", ondelete="CASCADE"), index=True)
    startup_id: Mapped[int] = mapped_column(ForeignKey("profile.id", ondelete="CASCADE"))
    counterpart_kind: Mapped[str]
    rounds: Mapped[int] = mapped_column(default=1)
    """How many publications it has waited through."""
    since: Mapped[datetime] = mapped_column(default=utcnow)
