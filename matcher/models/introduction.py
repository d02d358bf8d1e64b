"""One side asking to be put together with the other."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from matcher.models.base import Base, utcnow


class IntroductionState(StrEnum):
    """How far it came. Once it is offered, its match says how it goes on."""

    ROUTED = "routed"
    """A manager has to pass it on."""
    OFFERED = "offered"
    """The match exists, and the other side has been asked."""
    REFUSED = "refused"
    """A manager did not pass it on."""
    WITHDRAWN = "withdrawn"
    """Whoever asked took it back."""
    FILLED = "filled"
    """Closed for the start-up that asked: it has whom it may have."""
    LEFT = "left"
    """A side left the programme before a manager decided."""
    OVERTAKEN = "overtaken"
    """Managers offered the pair to both sides instead: its match says all there is."""


class Introduction(Base):
    """A founder's request to a mentor or funding partner, or a funding partner's interest in a start-up."""

    __tablename__ = "introduction"
    __table_args__ = (
        Index(None, "programme_id", "state"),
        Index(None, "startup_id"),
        Index(None, "counterpart_id"),
        CheckConstraint("asked_by in ('startup', 'counterpart')", name="asked_by"),
        CheckConstraint(f"state in ({', '.join(repr(s.value) for s in IntroductionState)})", name="state"),
        {"sqlite_autoincrement": True},  # a deleted id must not come back: letters and notices have it yet
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    programme_id: Mapped[int] = mapped_column(ForeignKey("programme.id", ondelete="CASCADE"))
    startup_id: Mapped[int] = mapped_column(ForeignKey("profile.id", ondelete="CASCADE"))
    counterpart_id: Mapped[int] = mapped_column(ForeignKey("profile.id", ondelete="CASCADE"))
    asked_by: Mapped[str]
    """The side: `startup` or `counterpart`."""
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    message: Mapped[str] = mapped_column(default="")
    """What they wrote to the other side."""
    question: Mapped[str] = mapped_column(default="")
    """What the other side wants to know before it answers."""
    reply: Mapped[str] = mapped_column(default="")
    state: Mapped[str]
    note: Mapped[str] = mapped_column(default="")
    """Why a manager refused it; whoever asked reads it."""
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    decided_at: Mapped[datetime | None]
