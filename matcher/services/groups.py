"""Whom the groups of quotas have: columns to make them by, members, and quotas that nobody fits."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.models import Kind, Profile, Programme, Startup
from matcher.profiles.text import fold
from matcher.services.presence import has_left
from matcher.services.rules import Group, QuotaRule
from matcher.wording import N_, Message

_LOOKED_AT = 500
"""Profiles whose columns are offered: the rows of a sheet all have the same."""
_MOST_HEADERS = 60

_NO_STARTUP = N_("No start-up of this programme fits, so this quota asks for nothing yet.")
_NO_COUNTERPART = N_("No mentor fits, so this quota cannot be kept yet.")
_FEW = N_("It asks for %(least)s, but only this many mentors fit: %(count)s.")
_MORE_THAN_MOST = N_("It asks for %(least)s, but no start-up may have more mentors than this: %(most)s.")


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
    """Whether the profile states one of the group's values: what `cohort_limits.members` asks of facts."""
    return bool({fold(value) for value in group.values} & ({fold(v) for v in _stated(group, profile)} - {""}))


def quota_warnings(
    session: Session, programme: Programme, quotas: Sequence[QuotaRule], mentors_most: int
) -> list[list[Message]]:
    """For each quota what is to be said because too few, or nobody, is in its groups."""
    if not quotas:
        return []
    startups, mentors = (_profiles(session, programme, kind) for kind in (Kind.STARTUP, Kind.MENTOR))
    return [_warnings(quota, startups, mentors, mentors_most) for quota in quotas]


def _warnings(
    quota: QuotaRule, startups: list[Profile], mentors: list[Profile], mentors_most: int
) -> list[Message]:
    fitting = sum(is_member(quota.counterparts, profile) for profile in mentors)
    found = []
    if not any(is_member(quota.startups, profile) for profile in startups):
        found.append(Message(_NO_STARTUP))
    if not fitting:
        found.append(Message(_NO_COUNTERPART))
    elif quota.each and fitting < quota.least:
        found.append(Message(_FEW, {"least": str(quota.least), "count": str(fitting)}))
    if quota.each and quota.least > mentors_most:
        found.append(Message(_MORE_THAN_MOST, {"least": str(quota.least), "most": str(mentors_most)}))
    return found


def _profiles(session: Session, programme: Programme, kind: Kind) -> list[Profile]:
    query = select(Profile).where(Profile.programme_id == programme.id, Profile.kind == kind, ~has_left())
    return list(session.scalars(query))


def _stated(group: Group, profile: Profile) -> list[str]:
    if group.attribute == "note":
        header = fold(group.header)
        return [str(value) for name, value in profile.notes.items() if fold(name) == header]
    if group.attribute == "stage":
        return [profile.stage or ""] if isinstance(profile, Startup) else list(getattr(profile, "stages", []))
    if group.attribute == "country":
        return [profile.country or ""]
    return {"sector": profile.sectors, "language": profile.languages, "ref": [profile.ref]}[group.attribute]
