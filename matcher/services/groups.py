"""Whom the groups of quotas have: columns to make them by, members, and quotas that nobody fits."""

from collections.abc import Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.models import Kind, Mentor, Profile, Programme, Startup
from matcher.profiles.text import key
from matcher.services.rules import Group, QuotaRule
from matcher.wording import N_, Message

_LOOKED_AT = 500
"""Profiles whose columns are offered: the rows of a sheet all have the same."""
_MOST_HEADERS = 60
_COUNTERPARTS = (Kind.MENTOR, Kind.FUNDER)

_NO_STARTUP = N_("No start-up of this programme fits, so this quota asks for nothing yet.")
_NO_COUNTERPART = N_("No mentor and no funding partner fits, so this quota cannot be kept yet.")
_FEW = N_("It asks for %(least)s, but only this many mentors or funding partners fit: %(count)s.")


def headers(session: Session, programme: Programme) -> list[str]:
    """Columns of the imported sheets that no field matched, as they were headed."""
    notes = session.scalars(
        select(Profile.notes)
        .where(Profile.programme_id == programme.id)
        .order_by(Profile.id.desc())
        .limit(_LOOKED_AT)
    )
    return sorted({header for note in notes for header in note})[:_MOST_HEADERS]


def is_member(group: Group, profile: Profile) -> bool:
    """Whether the profile states one of the group's values."""
    stated = {key(value) for value in _stated(group, profile)}
    return any(key(value) in stated for value in group.values)


def quota_warnings(
    session: Session, programme: Programme, quotas: Sequence[QuotaRule]
) -> list[list[Message]]:
    """For each quota what is to be said because too few, or nobody, is in its groups."""
    if not quotas:
        return []
    startups = _profiles(session, programme, [Kind.STARTUP])
    others = _profiles(session, programme, _COUNTERPARTS)
    return [_warnings(quota, startups, others) for quota in quotas]


def _warnings(quota: QuotaRule, startups: list[Profile], others: list[Profile]) -> list[Message]:
    fitting = sum(is_member(quota.counterparts, profile) for profile in others)
    found = []
    if not any(is_member(quota.startups, profile) for profile in startups):
        found.append(Message(_NO_STARTUP))
    if not fitting:
        found.append(Message(_NO_COUNTERPART))
    elif quota.each and fitting < quota.least:
        found.append(Message(_FEW, {"least": str(quota.least), "count": str(fitting)}))
    return found


def _profiles(session: Session, programme: Programme, kinds: Iterable[Kind]) -> list[Profile]:
    query = select(Profile).where(Profile.programme_id == programme.id, Profile.kind.in_(list(kinds)))
    return list(session.scalars(query))


def _stated(group: Group, profile: Profile) -> list[str]:
    if group.attribute == "note":
        value = profile.notes.get(group.header)
        return [] if value is None else [str(value)]
    if group.attribute == "stage":
        return [profile.stage or ""] if isinstance(profile, Startup) else list(getattr(profile, "stages", []))
    if group.attribute == "country":
        return _countries(profile)
    return {"sector": profile.sectors, "language": profile.languages, "ref": [profile.ref]}[group.attribute]


def _countries(profile: Profile) -> list[str]:
    own = [profile.country] if profile.country else []
    return own if isinstance(profile, Startup | Mentor) else [*own, *getattr(profile, "countries", [])]
