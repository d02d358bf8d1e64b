"""Work to be done, as rows: the broker carries their ids, this table the truth."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from matcher.models.base import Base, utcnow


class JobKind(StrEnum):
    """What a worker can be asked to do."""

    IMPORT = "import"
    EMBED = "embed"
    RECOMMEND = "recommend"
    SEARCH = "search"
    PROPOSE = "propose"
    WHAT_IF = "what-if"
    DELIVER = "deliver"
    FOLLOW_UP = "follow-up"
    DIGEST = "digest"


class JobState(StrEnum):
    """Queued until a worker claims it; then running until it is done or has failed for good."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Job(Base):
    """One piece of work, written in the transaction that makes it necessary."""

    __tablename__ = "job"
    __table_args__ = (
        Index(None, "state", "published_at"),
        Index(None, "programme_id", "kind", "state"),
        {"sqlite_autoincrement": True},  # a deleted id must not come back: the broker has it yet
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    programme_id: Mapped[int] = mapped_column(ForeignKey("programme.id", ondelete="CASCADE"))
    kind: Mapped[str]
    payload: Mapped[dict[str, Any]] = mapped_column(default=dict)
    state: Mapped[str] = mapped_column(default=JobState.QUEUED.value)
    attempts: Mapped[int] = mapped_column(default=0)
    published_at: Mapped[datetime | None]
    claimed_by: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    result: Mapped[dict[str, Any]] = mapped_column(default=dict)
    error: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """A `Message`, when the work failed."""
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    finished_at: Mapped[datetime | None]


class Upload(Base):
    """A sheet that somebody uploaded, from its preview to the end of its import."""

    __tablename__ = "upload"

    id: Mapped[str] = mapped_column(primary_key=True)
    """Random, because it names the stored file."""
    programme_id: Mapped[int] = mapped_column(ForeignKey("programme.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str]
    filename: Mapped[str]
    overrides: Mapped[dict[str, Any]] = mapped_column(default=dict)
    skip_bad_rows: Mapped[bool] = mapped_column(default=False)
    job_id: Mapped[int | None] = mapped_column(ForeignKey("job.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
