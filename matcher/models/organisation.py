"""Who runs programmes, the programmes, and the people in them."""

from datetime import date, datetime
from uuid import uuid4

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from matcher.models.base import Base, utcnow


class Organisation(Base):
    """An incubator, accelerator, hub or university: the tenant."""

    __tablename__ = "organisation"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=utcnow)


class Programme(Base):
    """One cohort of start-ups, mentors and funding partners. Every query is scoped to one."""

    __tablename__ = "programme"

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id", ondelete="CASCADE"))
    uid: Mapped[str] = mapped_column(unique=True, default=lambda: uuid4().hex)
    """Names its folders; unlike the id, no other database has a programme with it."""
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    is_sample: Mapped[bool] = mapped_column(default=False)
    spread: Mapped[float] = mapped_column(default=0.5)
    """Whom lists favour: 0 the most similar, 1 whoever few others are shown."""
    watermark: Mapped[int] = mapped_column(default=0)
    """Counts changes to the programme's vectors. Updating it locks the row, so its values follow
    commit order, which a sequence's would not on PostgreSQL."""
    open_to: Mapped[list[str]] = mapped_column(default=list)
    """Roles that people can apply for themselves, without an invitation."""
    routed: Mapped[bool] = mapped_column(default=False)
    """Whether requests to mentors go through a manager, as those to funding partners always do."""
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    created_at: Mapped[datetime] = mapped_column(default=utcnow)

    organisation: Mapped[Organisation] = relationship(lazy="raise")


class Person(Base):
    """Someone an organisation deals with; their roles are the profiles that name them."""

    __tablename__ = "person"
    __table_args__ = (UniqueConstraint("organisation_id", "email"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id", ondelete="CASCADE"))
    name: Mapped[str]
    email: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
