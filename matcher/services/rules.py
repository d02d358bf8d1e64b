"""A programme's rules for whole-cohort proposals: data, versioned, with bounds."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.models import Programme, RulesVersion
from matcher.services import audit
from matcher.services.errors import Conflict
from matcher.services.locking import lock_programme
from matcher.wording import N_, Message

_Share = Field(0.0, ge=0, le=0.5)


class Group(BaseModel):
    """Profiles that have one of these values. `note` is a column of the imported sheet, named by `header`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    attribute: Literal["country", "stage", "sector", "language", "ref", "note"]
    values: tuple[str, ...] = Field(min_length=1, max_length=200)
    header: str = Field("", max_length=200)


class QuotaRule(BaseModel):
    """Start-ups of one group get pairs with counterparts of another: each of them, or together."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=200)
    startups: Group
    counterparts: Group
    least: int = Field(1, ge=1, le=10_000)
    each: bool = True


class CohortRules(BaseModel):
    """What a proposal must keep and what it seeks. The defaults suit a small mentoring programme."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mentors_least: int = Field(1, ge=0, le=10, description="mentors that each start-up is promised")
    mentors_most: int = Field(1, ge=1, le=10, description="mentors that a start-up may have")
    startups_least: int = Field(0, ge=0, le=10, description="start-ups that each mentor is promised")
    startups_most: int = Field(3, ge=1, le=50, description="places of a mentor who states no number")
    funders_most: int = Field(3, ge=1, le=10, description="funding partners on a start-up's shortlist")
    introductions_most: int | None = Field(5, ge=1, le=1_000, description="introductions to one partner")
    language: Literal["unless-unstated", "required"] = "unless-unstated"
    hours_apart: int | None = Field(None, ge=0, le=12, description="most hours between time zones")
    prefer_sector: float = _Share
    prefer_timezone: float = _Share
    wishes: float = Field(0.2, ge=0, le=0.5, description="score that a first wish of either side adds")
    repeat_failed: bool = Field(False, description="whether a pair that failed may be proposed again")  # noqa: FBT003
    quotas: tuple[QuotaRule, ...] = Field((), max_length=20)
    floor: float | None = Field(None, ge=0, le=10, description="least summed score of each start-up")
    objective: Literal["total", "fairest", "stable"] = "total"

    @model_validator(mode="after")
    def _least_is_no_more_than_most(self) -> "CohortRules":
        if self.mentors_least > self.mentors_most:
            raise ValueError("mentors_least must not be more than mentors_most")
        return self


def current_rules(session: Session, programme: Programme) -> tuple[int, CohortRules]:
    """The version that holds, 0 until one is saved, and what it says."""
    found = session.scalars(
        select(RulesVersion)
        .where(RulesVersion.programme_id == programme.id)
        .order_by(RulesVersion.version.desc())
        .limit(1)
    ).first()
    return (found.version, CohortRules.model_validate(found.data)) if found else (0, CohortRules())


def get_rules(session: Session, programme: Programme, version: int) -> CohortRules:
    """What a version said; the defaults for 0 and for one that is not there."""
    data = session.scalar(
        select(RulesVersion.data).where(
            RulesVersion.programme_id == programme.id, RulesVersion.version == version
        )
    )
    return CohortRules.model_validate(data) if data else CohortRules()


def save_rules(
    session: Session, programme: Programme, rules: CohortRules, *, seen: int, actor: str
) -> RulesVersion:
    """Add a version, which holds from now on.

    Raises:
        Conflict: somebody saved another version since the `seen` one.
    """
    lock_programme(session, programme)
    version, before = current_rules(session, programme)
    if version != seen:
        raise Conflict(Message(N_("Somebody else changed the rules meanwhile. Look at theirs first.")))
    saved = RulesVersion(
        programme_id=programme.id, version=version + 1, data=rules.model_dump(mode="json"), saved_by=actor
    )
    session.add(saved)
    audit.record(
        session, programme.id, actor, "rules.saved", f"programme:{programme.id}",
        before=_changed(before, rules), after=_changed(rules, before),
    )  # fmt: skip
    return saved


def list_versions(session: Session, programme: Programme) -> list[RulesVersion]:
    """All versions, the latest first."""
    return list(
        session.scalars(
            select(RulesVersion)
            .where(RulesVersion.programme_id == programme.id)
            .order_by(RulesVersion.version.desc())
        )
    )


def _changed(rules: CohortRules, other: CohortRules) -> dict[str, Any]:
    """The fields in which `rules` differs."""
    ours, theirs = rules.model_dump(mode="json"), other.model_dump(mode="json")
    return {name: value for name, value in ours.items() if value != theirs[name]}
