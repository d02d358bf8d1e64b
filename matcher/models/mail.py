"""Mail that is to be sent: written in the transaction that causes it, sent afterwards."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from matcher.models.base import Base, utcnow


class Mail(Base):
    """One letter to one person."""

    __tablename__ = "mail"
    __table_args__ = (
        Index("ix_mail_unsent", "programme_id", sqlite_where=text("sent_at IS NULL"),
              postgresql_where=text("sent_at IS NULL")),
        Index(None, "programme_id", "id"),
        Index(None, "recipient_id"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    programme_id: Mapped[int | None] = mapped_column(ForeignKey("programme.id", ondelete="CASCADE"))
    """None: it is about an account, and no manager's to read."""
    recipient_id: Mapped[int | None] = mapped_column(ForeignKey("profile.id", ondelete="CASCADE"))
    """None: it goes to an account or to somebody invited, at `address`."""
    address: Mapped[str]
    """Where its reader was when it was written or last tried; empty if nowhere."""
    language: Mapped[str]
    subject: Mapped[str]
    body: Mapped[str]
    link: Mapped[str]
    """The address at which its reader answers; later letters about the same give it again."""
    unsubscribe: Mapped[str] = mapped_column(default="", server_default="")
    """The address that ends letters of its sort; empty if they ask for an answer."""
    key: Mapped[str] = mapped_column(unique=True)
    """What it is about, so that a repeated step does not write it twice."""
    written_at: Mapped[datetime] = mapped_column(default=utcnow)
    sent_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    claimed_until: Mapped[datetime | None]
    """Until when one sender is at it."""
    error: Mapped[str] = mapped_column(default="")
    """Why the last attempt to send it failed."""
