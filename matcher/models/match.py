"""A start-up and a mentor or funding partner together, from the first proposal to the end."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from matcher.models.base import Base, utcnow


class MatchState(StrEnum):
    """Where a pair stands. No row: nobody has said anything about it yet."""

    PROPOSED = "proposed"
    """A run put them together; the next run may part them again."""
    LOCKED = "locked"
    """A manager wants them together: runs keep them, but they are not approved yet."""
    APPROVED = "approved"
    REJECTED = "rejected"
    """A manager does not want them together: no run proposes them."""
    OFFERED = "offered"
    """Published: both sides were told, and at least one has not answered."""
    ACTIVE = "active"
    """Both sides accepted."""
    DECLINED = "declined"
    EXPIRED = "expired"
    """A side did not answer in time."""
    WITHDRAWN = "withdrawn"
    """Taken back by a manager, or because one side left the programme."""
    ENDED = "ended"


HELD = frozenset({MatchState.LOCKED, MatchState.APPROVED, MatchState.OFFERED, MatchState.ACTIVE})
"""States in which a pair takes a place of the mentor's."""

FAILED = frozenset({MatchState.DECLINED, MatchState.EXPIRED, MatchState.WITHDRAWN, MatchState.ENDED})
"""States of a pair that was offered and is no more; nobody should be offered the same again by a run."""


class Match(Base):
    """One pair. Only `matcher.services.steps` writes its row, with the log that it follows from."""

    __tablename__ = "match"
    __table_args__ = (
        UniqueConstraint("startup_id", "counterpart_id"),
        CheckConstraint(f"state in ({', '.join(repr(s.value) for s in MatchState)})", name="state"),
        Index(None, "programme_id", "state"),
        Index(None, "counterpart_id", "state"),
        Index(None, "startup_token"),
        Index(None, "counterpart_token"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    programme_id: Mapped[int] = mapped_column(ForeignKey("programme.id", ondelete="CASCADE"))
    startup_id: Mapped[int] = mapped_column(ForeignKey("profile.id", ondelete="CASCADE"))
    counterpart_id: Mapped[int] = mapped_column(ForeignKey("profile.id", ondelete="CASCADE"))
    state: Mapped[str]
    score: Mapped[float | None]
    """As it was when the pair was proposed; None if a manager chose it from nowhere."""
    band: Mapped[str | None]
    reasons: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    note: Mapped[str] = mapped_column(default="")
    """Why it was rejected or declined, in the words of whoever did. Managers alone read it."""
    startup_answer: Mapped[bool | None]
    counterpart_answer: Mapped[bool | None]
    startup_token: Mapped[str | None]
    counterpart_token: Mapped[str | None]
    """SHA-256, in hex, of the secret in the address at which a side answers."""
    offered_at: Mapped[datetime | None]
    reminders: Mapped[int] = mapped_column(default=0)
    """How many were sent."""
    decided_by: Mapped[str]
    decided_at: Mapped[datetime] = mapped_column(default=utcnow)


class MatchChange(Base):
    """What one step did to one pair: the images before and after it. Folding the latter gives the matches."""

    __tablename__ = "match_change"
    __table_args__ = (Index(None, "startup_id", "counterpart_id", "event_id"),)

    event_id: Mapped[int] = mapped_column(ForeignKey("audit_event.id", ondelete="CASCADE"), primary_key=True)
    startup_id: Mapped[int] = mapped_column(ForeignKey("profile.id", ondelete="CASCADE"), primary_key=True)
    counterpart_id: Mapped[int] = mapped_column(
        ForeignKey("profile.id", ondelete="CASCADE"), primary_key=True
    )
    before: Mapped[dict[str, Any]] = mapped_column(default=dict)
    after: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """Columns of the match that say something, by name; empty: no row."""
