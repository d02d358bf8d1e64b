"""Entries: the separate things that a profile says, and the vectors of their texts."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from matcher.models.base import Base, utcnow


class Entry(Base):
    """One need, one kind of expertise, one pitch … A profile is not one blob."""

    __tablename__ = "entry"
    __table_args__ = (
        UniqueConstraint("profile_id", "facet", "position"),
        Index(None, "content_hash"),
        Index(None, "refers_to_id"),
        {"sqlite_autoincrement": True},  # a deleted id must not come back: the index has it yet
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    profile_id: Mapped[int] = mapped_column(ForeignKey("profile.id", ondelete="CASCADE"))
    facet: Mapped[str]
    position: Mapped[int]
    text: Mapped[str]
    """As its author wrote it."""
    redacted: Mapped[str]
    """What the encoder sees: without names, pronouns and places. Empty: nothing to embed."""
    content_hash: Mapped[str]
    """SHA-256 of `redacted`, in hex: the key of its vector."""
    refers_to_id: Mapped[int | None] = mapped_column(ForeignKey("profile.id", ondelete="SET NULL"))
    """The start-up that a portfolio entry names by its ref."""


@dataclass(frozen=True, slots=True)
class VectorSpace:
    """The space that vectors live in: those of two models, or revisions, must never be compared."""

    model: str
    revision: str
    dimensions: int


class Vector(Base):
    """The embedding of one text under one model: L2-normalised, float16, little-endian.

    Kept for each programme apart, although equal texts have equal vectors: it is personal data
    and must go when its programme goes.
    """

    __tablename__ = "vector"
    __table_args__ = (
        UniqueConstraint("programme_id", "content_hash", "model", "revision"),
        Index(None, "programme_id", "model", "id"),  # finds the newest
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    programme_id: Mapped[int] = mapped_column(ForeignKey("programme.id", ondelete="CASCADE"))
    content_hash: Mapped[str]
    model: Mapped[str]
    revision: Mapped[str]
    values: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
