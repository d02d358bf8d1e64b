"""Who takes part in which programme as what, and how they came to."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from matcher.models.base import Base, utcnow
from matcher.models.kinds import Kind


class Role(StrEnum):
    """What somebody is in a programme."""

    FOUNDER = "founder"
    MENTOR = "mentor"
    FUNDER = "funder"
    MANAGER = "manager"


KIND_OF_ROLE: dict[Role, Kind] = {
    Role.FOUNDER: Kind.STARTUP,
    Role.MENTOR: Kind.MENTOR,
    Role.FUNDER: Kind.FUNDER,
}
"""The kind of profile that a role has; a manager has none."""


class MembershipState(StrEnum):
    """How far somebody is let in."""

    APPLYING = "applying"
    """Came by the open door or by invitation, and has not sent a profile yet, or waits for a manager."""
    ACTIVE = "active"
    LEFT = "left"
    REFUSED = "refused"


class Membership(Base):
    """One account's part in one programme. Participants have a profile once a manager let them in."""

    __tablename__ = "membership"
    __table_args__ = (
        UniqueConstraint("programme_id", "account_id", "role"),
        UniqueConstraint("profile_id"),
        Index(None, "account_id"),
        CheckConstraint(f"role in ({', '.join(repr(r.value) for r in Role)})", name="role"),
        CheckConstraint(f"state in ({', '.join(repr(s.value) for s in MembershipState)})", name="state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    programme_id: Mapped[int] = mapped_column(ForeignKey("programme.id", ondelete="CASCADE"))
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    role: Mapped[str]
    profile_id: Mapped[int | None] = mapped_column(ForeignKey("profile.id", ondelete="SET NULL"))
    state: Mapped[str]
    needs_approval: Mapped[bool] = mapped_column(default=True)
    """Whether a manager looks before the profile enters the programme; not for those a manager invited."""
    reason: Mapped[str] = mapped_column(default="")
    """Why it was refused, in the manager's words, which the person reads."""
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    seen_at: Mapped[datetime | None]
    """When they last opened one of their pages, to within an hour: who has gone quiet."""


class Invitation(Base):
    """A letter with a link that makes an account and a membership. It works once."""

    __tablename__ = "invitation"
    __table_args__ = (
        Index(None, "programme_id", "id"),
        {"sqlite_autoincrement": True},  # a deleted id must not come back: letters have it yet
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    programme_id: Mapped[int | None] = mapped_column(ForeignKey("programme.id", ondelete="CASCADE"))
    """None: it makes an administrator of the installation."""
    email: Mapped[str]
    name: Mapped[str] = mapped_column(default="")
    role: Mapped[str | None]
    profile_id: Mapped[int | None] = mapped_column(ForeignKey("profile.id", ondelete="CASCADE"))
    """The profile that is theirs already, if a manager entered or imported it."""
    language: Mapped[str]
    token: Mapped[str] = mapped_column(unique=True)
    """SHA-256, in hex, of the 256-bit secret in the link."""
    needs_approval: Mapped[bool] = mapped_column(default=False)
    """Asked for by the person themselves, at the open door."""
    invited_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class Application(Base):
    """A profile in the making: what a member has answered so far, a page at a time."""

    __tablename__ = "application"

    membership_id: Mapped[int] = mapped_column(
        ForeignKey("membership.id", ondelete="CASCADE"), primary_key=True
    )
    answers: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """By form field: text, list of texts, or null for “I don't know yet”."""
    steps: Mapped[list[str]] = mapped_column(default=list)
    """Pages that were answered, by name."""
    profile_version: Mapped[int | None]
    """The version of their profile that the answers started from, if there was one."""
    version: Mapped[int] = mapped_column(default=1)
    updated_at: Mapped[datetime] = mapped_column(default=utcnow, onupdate=utcnow)
    sent_at: Mapped[datetime | None]
    """When it was sent. Whoever has a profile and changes answers has something to send again: None."""

    __mapper_args__ = {"version_id_col": version}


class Question(Base):
    """Something that a programme asks beside what Tandem asks. Answers stand among a profile's notes."""

    __tablename__ = "question"
    __table_args__ = (Index(None, "programme_id", "kind", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    programme_id: Mapped[int] = mapped_column(ForeignKey("programme.id", ondelete="CASCADE"))
    kind: Mapped[str]
    text: Mapped[str]
    hint: Mapped[str] = mapped_column(default="")
    position: Mapped[int]


class Equality(Base):
    """What somebody chose to say for the programme's equality figures. No query joins it with a score."""

    __tablename__ = "equality"
    __table_args__ = (UniqueConstraint("programme_id", "account_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    programme_id: Mapped[int] = mapped_column(ForeignKey("programme.id", ondelete="CASCADE"))
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    answers: Mapped[dict[str, Any]] = mapped_column(default=dict)
    updated_at: Mapped[datetime] = mapped_column(default=utcnow, onupdate=utcnow)
