"""What a matched pair does together: meetings, sessions, goals and surveys; each side's private notes."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from matcher.models.base import Base, utcnow


class Side(StrEnum):
    """Which of the two."""

    STARTUP = "startup"
    COUNTERPART = "counterpart"


class OfPair:
    """Columns that say which pair a row belongs to: rows of one match, in one programme."""

    programme_id: Mapped[int] = mapped_column(ForeignKey("programme.id", ondelete="CASCADE"), index=True)
    startup_id: Mapped[int] = mapped_column(ForeignKey("profile.id", ondelete="CASCADE"), index=True)
    counterpart_id: Mapped[int] = mapped_column(ForeignKey("profile.id", ondelete="CASCADE"), index=True)


class MeetingState(StrEnum):
    """Proposed until the other side chooses a time."""

    PROPOSED = "proposed"
    AGREED = "agreed"
    CANCELLED = "cancelled"


class Meeting(OfPair, Base):
    """Times that the sides propose, and the one that was agreed."""

    __tablename__ = "meeting"
    __table_args__ = (
        CheckConstraint(f"state in ({', '.join(repr(s.value) for s in MeetingState)})", name="state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(unique=True, default=lambda: uuid4().hex)
    """Names it in calendars, so that a later file moves the entry instead of adding one."""
    sequence: Mapped[int] = mapped_column(default=0)
    proposed_by: Mapped[str]
    """Who did so last."""
    proposals: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """By side what can be chosen from: `times` (up to three, ISO 8601 in UTC), `minutes` and `place`."""
    minutes: Mapped[int]
    place: Mapped[str] = mapped_column(default="")
    """An address of a call, or of a room. Both are as agreed, or as last proposed while nothing is."""
    state: Mapped[str] = mapped_column(default=MeetingState.PROPOSED.value)
    starts_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=utcnow)


class SessionLog(OfPair, Base):
    """A session that took place, written by one side and confirmed by the other."""

    __tablename__ = "session_log"

    id: Mapped[int] = mapped_column(primary_key=True)
    held_on: Mapped[date]
    minutes: Mapped[int]
    topics: Mapped[str]
    next_steps: Mapped[str] = mapped_column(default="")
    written_by: Mapped[str]
    written_at: Mapped[datetime] = mapped_column(default=utcnow)
    confirmed_at: Mapped[datetime | None]
    objection: Mapped[str] = mapped_column(default="")
    """What the other side says was different."""


class Goal(OfPair, Base):
    """Something the pair wants to reach."""

    __tablename__ = "goal"
    __table_args__ = ({"sqlite_autoincrement": True},)  # a deleted id must not come back: notices have it yet

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]
    due: Mapped[date | None]
    done_on: Mapped[date | None]
    dropped: Mapped[bool] = mapped_column(default=False)
    set_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=utcnow)


class Occasion(StrEnum):
    """When a pulse survey is sent."""

    DAY_30 = "day-30"
    DAY_60 = "day-60"
    END = "end"


class Survey(OfPair, Base):
    """A few questions to one side. Managers see the figures; the comment only if it was written to them."""

    __tablename__ = "survey"
    __table_args__ = (UniqueConstraint("startup_id", "counterpart_id", "side", "occasion"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    side: Mapped[str]
    occasion: Mapped[str]
    asked_at: Mapped[datetime] = mapped_column(default=utcnow)
    answered_at: Mapped[datetime | None]
    helpful: Mapped[int | None]
    """1 (not at all) to 5 (very)."""
    progress: Mapped[int | None]
    """1 (stuck) to 5 (well ahead)."""
    goes_on: Mapped[bool | None]
    """Whether they want to go on."""
    comment: Mapped[str] = mapped_column(default="")
    """To the programme's managers."""


class PrivateNote(OfPair, Base):
    """What one side keeps for itself. No page of anybody else's reads it."""

    __tablename__ = "private_note"
    __table_args__ = (UniqueConstraint("startup_id", "counterpart_id", "side"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    side: Mapped[str]
    text: Mapped[str]
    updated_at: Mapped[datetime] = mapped_column(default=utcnow, onupdate=utcnow)


class ProgrammeDate(Base):
    """A day that a programme's people should know of."""

    __tablename__ = "programme_date"
    __table_args__ = (Index(None, "programme_id", "on"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    programme_id: Mapped[int] = mapped_column(ForeignKey("programme.id", ondelete="CASCADE"))
    on: Mapped[date]
    title: Mapped[str]
