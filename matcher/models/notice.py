"""What somebody is told on their pages, and in the digest unless they read it there before."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from matcher.models.base import Base, utcnow


class Notice(Base):
    """One thing that happened, for one account."""

    __tablename__ = "notice"
    __table_args__ = (
        Index(None, "account_id", "id"),
        Index(None, "mailed_at", "created_at"),
        {"sqlite_autoincrement": True},  # a deleted id must not come back: letters have it yet
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    programme_id: Mapped[int] = mapped_column(ForeignKey("programme.id", ondelete="CASCADE"), index=True)
    message: Mapped[dict[str, Any]]
    """A `Message`: said in the reader's language when it is read."""
    path: Mapped[str] = mapped_column(default="")
    """Where it leads, without the host."""
    key: Mapped[str] = mapped_column(unique=True)
    """What it is about, so that a repeated step does not tell it twice."""
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    read_at: Mapped[datetime | None]
    mailed_at: Mapped[datetime | None]
    """When a letter told it, or when it was clear that none should."""


class Announcement(Base):
    """A manager's message to a group of people of a programme."""

    __tablename__ = "announcement"
    __table_args__ = (Index(None, "programme_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    programme_id: Mapped[int] = mapped_column(ForeignKey("programme.id", ondelete="CASCADE"))
    group: Mapped[str]
    """Whom it was for, by name."""
    subject: Mapped[str]
    body: Mapped[str]
    readers: Mapped[int]
    key: Mapped[str] = mapped_column(unique=True)
    """Made with its preview, so that pressing twice sends once."""
    sent_by: Mapped[str]
    sent_at: Mapped[datetime] = mapped_column(default=utcnow)
