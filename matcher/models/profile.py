"""Profiles: what mentors, start-ups and funding partners say of themselves, apart from their texts."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ForeignKey, Index, Numeric, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from matcher.models.base import Base, utcnow
from matcher.models.entry import Entry
from matcher.models.kinds import Facet, Kind


class Profile(Base):
    """What all three kinds share. Empty lists and nulls mean 'not stated'."""

    __tablename__ = "profile"
    __table_args__ = (
        UniqueConstraint("programme_id", "kind", "ref"),
        Index(None, "programme_id", "kind", "name"),
        Index(None, "programme_id", "watermark"),
        {"sqlite_autoincrement": True},  # a deleted id must not come back: the index has it yet
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    programme_id: Mapped[int] = mapped_column(ForeignKey("programme.id", ondelete="CASCADE"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    kind: Mapped[str]
    ref: Mapped[str]
    name: Mapped[str]
    email: Mapped[str | None]
    country: Mapped[str | None]
    languages: Mapped[list[str]] = mapped_column(default=list)
    sectors: Mapped[list[str]] = mapped_column(default=list)
    notes: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """Columns of an imported sheet that no field matched, by header."""
    search_text: Mapped[str] = mapped_column(default="")
    """Name, ref and texts, folded: without case and accents in any script, which no database does alike."""
    watermark: Mapped[int] = mapped_column(default=0)
    """The programme's watermark when this profile's vectors last changed; 0: not yet embedded."""
    is_paused: Mapped[bool] = mapped_column(default=False)
    """Takes nobody new for now, whatever the capacity; what there is goes on."""
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    updated_at: Mapped[datetime] = mapped_column(default=utcnow, onupdate=utcnow)

    entries: Mapped[list[Entry]] = relationship(
        cascade="all, delete-orphan",
        order_by=(Entry.facet, Entry.position),
        foreign_keys=Entry.profile_id,
        lazy="raise",
    )

    # A stale form cannot overwrite what another manager saved meanwhile.
    __mapper_args__ = {
        "polymorphic_on": "kind",
        "version_id_col": version,
        "with_polymorphic": "*",  # pages list profiles of any kind; no query a row
    }

    def texts(self, facet: Facet) -> list[str]:
        """The profile's own words for one facet, in the order they were given."""
        return [entry.text for entry in self.entries if entry.facet == facet]


class Mentor(Profile):
    """A volunteer with expertise and a number of start-ups they can take."""

    __tablename__ = "mentor"
    __mapper_args__ = {"polymorphic_identity": Kind.MENTOR.value}

    id: Mapped[int] = mapped_column(ForeignKey("profile.id", ondelete="CASCADE"), primary_key=True)
    affiliation: Mapped[str | None]
    timezone: Mapped[str | None]
    stages: Mapped[list[str]] = mapped_column(default=list)
    markets: Mapped[list[str]] = mapped_column(default=list)
    capacity: Mapped[int | None]
    conflicts: Mapped[list[str]] = mapped_column(default=list)


class Startup(Profile):
    """A venture with needs, a pitch, and perhaps a round to raise."""

    __tablename__ = "startup"
    __mapper_args__ = {"polymorphic_identity": Kind.STARTUP.value}

    id: Mapped[int] = mapped_column(ForeignKey("profile.id", ondelete="CASCADE"), primary_key=True)
    city: Mapped[str | None]
    stage: Mapped[str | None]
    founded: Mapped[int | None]
    sdgs: Mapped[list[int]] = mapped_column(default=list)
    markets: Mapped[list[str]] = mapped_column(default=list)
    raising: Mapped[Decimal | None] = mapped_column(Numeric(18, 2))
    currency: Mapped[str | None]
    conflicts: Mapped[list[str]] = mapped_column(default=list)


class Funder(Profile):
    """A grant, angel network, fund, bank or accelerator with a thesis and a ticket size."""

    __tablename__ = "funder"
    __mapper_args__ = {"polymorphic_identity": Kind.FUNDER.value}

    id: Mapped[int] = mapped_column(ForeignKey("profile.id", ondelete="CASCADE"), primary_key=True)
    funder_kind: Mapped[str | None]
    stages: Mapped[list[str]] = mapped_column(default=list)
    countries: Mapped[list[str]] = mapped_column(default=list)
    ticket_min: Mapped[Decimal | None] = mapped_column(Numeric(18, 2))
    ticket_max: Mapped[Decimal | None] = mapped_column(Numeric(18, 2))
    currency: Mapped[str | None]
    capacity: Mapped[int | None]
    """How many introductions it takes."""


PROFILE_CLASSES: dict[Kind, type[Profile]] = {
    Kind.STARTUP: Startup,
    Kind.MENTOR: Mentor,
    Kind.FUNDER: Funder,
}
