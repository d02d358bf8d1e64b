"""How many pairs somebody may have: what they state, or else what the programme's rules say."""

from sqlalchemy import case, select
from sqlalchemy.orm import Session

from matcher.models import Funder, Kind, Mentor, Profile, Programme
from matcher.services.rules import CohortRules
from matcher.wording import N_, Message

Place = tuple[int, Kind]
"""Whose place, and for whom: a start-up has places for mentors, and others for funding partners."""

_AS_MANY_AS_ALLOWED = {
    (Kind.STARTUP, Kind.MENTOR): N_(
        "%(name)s has as many mentors as the rules allow already (%(count)d). "
        "Undo another approval, or change the rules."
    ),
    (Kind.STARTUP, Kind.FUNDER): N_(
        "%(name)s has as many funding partners as the rules allow already (%(count)d). "
        "Undo another approval, or change the rules."
    ),
    (Kind.MENTOR, Kind.STARTUP): N_(
        "%(name)s has as many start-ups as the rules allow already (%(count)d). "
        "Undo another approval, or change the rules."
    ),
    (Kind.FUNDER, Kind.STARTUP): N_(
        "%(name)s has as many introductions as the rules allow already (%(count)d). "
        "Undo another approval, or change the rules."
    ),
}


def places_of(profile: Profile, rules: CohortRules, towards: Kind = Kind.STARTUP) -> int | None:
    """Places of a mentor or funding partner; of a start-up, those for counterparts of the kind `towards`.

    None: any number.
    """
    if profile.kind == Kind.STARTUP:
        return startup_places(rules, towards)
    return places_stated(Kind(profile.kind), stated_by(profile), rules)


def startup_places(rules: CohortRules, towards: Kind) -> int:
    """How many counterparts of a kind one start-up may have."""
    return rules.mentors_most if towards is Kind.MENTOR else rules.funders_most


def places_stated(kind: Kind, stated: int | None, rules: CohortRules) -> int | None:
    """Places of a mentor or funding partner who states this number, or none."""
    if stated is not None:
        return stated
    return rules.startups_most if kind is Kind.MENTOR else rules.introductions_most


def stated_by(profile: Profile) -> int | None:
    """The number of places that somebody states."""
    return profile.capacity if isinstance(profile, Mentor | Funder) else None


def no_place(profile: Profile, most: int, towards: Kind) -> Message:
    """That somebody has all they may have, and what to do about it."""
    if stated_by(profile) is not None:
        template = N_(
            "%(name)s has no place left (%(capacity)d in all). Unlock or reject another of their pairs first."
        )
        return Message(template, {"name": profile.name, "capacity": most})
    template = _AS_MANY_AS_ALLOWED[Kind(profile.kind), towards]
    return Message(template, {"name": profile.name, "count": most})


def stated_numbers(session: Session, programme: Programme, kind: Kind) -> dict[int, int | None]:
    """What every mentor or funding partner states, by id; none for who takes nobody new for now."""
    model: type[Mentor | Funder] = Mentor if kind is Kind.MENTOR else Funder
    number = case((model.is_paused, 0), else_=model.capacity)
    rows = session.execute(select(model.id, number).where(model.programme_id == programme.id))
    return {profile_id: number for profile_id, number in rows}  # noqa: C416 - a Row is no pair to mypy
