"""The audit log: who did what to what, and what it was before."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from matcher.models.base import Base, utcnow


class AuditEvent(Base):
    """One step that somebody took. Rows are only ever added."""

    __tablename__ = "audit_event"
    __table_args__ = (
        Index(None, "programme_id", "id"),
        Index(None, "subject", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    programme_id: Mapped[int] = mapped_column(ForeignKey("programme.id", ondelete="CASCADE"))
    actor: Mapped[str]
    action: Mapped[str]
    subject: Mapped[str]
    """What it was done to: `profile:12`, `pair:12:34`, `upload:…`."""
    before: Mapped[dict[str, Any]] = mapped_column(default=dict)
    after: Mapped[dict[str, Any]] = mapped_column(default=dict)
    at: Mapped[datetime] = mapped_column(default=utcnow)
