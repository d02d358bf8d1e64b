"""A programme's profiles as the facts that the ranking works on."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel.core import get_global
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from matcher.models import HELD, Entry, Facet, Funder, Kind, Match, Mentor, Profile, Programme, Startup
from matcher.profiles.text import fold
from matcher.ranking.facts import Facts

_PROFILES_AT_ONCE = 1_000


@dataclass(frozen=True)
class Roster:
    """Facts by kind, and each entry's text by its id, for the reasons."""

    facts: dict[Kind, list[Facts]]
    texts: dict[int, str]


def load_roster(session: Session, programme: Programme, since: int = -1) -> Roster:
    """The facts of the profiles whose watermark is past `since`, as a rule of all, in order of their refs."""
    profiles = session.scalars(
        select(Profile)
        .options(selectinload(Profile.entries))
        .where(Profile.programme_id == programme.id, Profile.watermark > since)
        .order_by(Profile.ref)
        .execution_options(yield_per=_PROFILES_AT_ONCE)
    )
    accepted = _accepted(session, programme)
    facts: dict[Kind, list[Facts]] = {kind: [] for kind in Kind}
    texts = {}
    for block in profiles.partitions():
        quoted = portfolio_texts(session, [entry for profile in block for entry in profile.entries])
        for profile in block:
            facts[Kind(profile.kind)].append(facts_of(profile, accepted.get(profile.id, frozenset())))
            for entry in profile.entries:
                texts[entry.id] = quoted.get(entry.refers_to_id or 0, entry.text)
    return Roster(facts, texts)


def portfolio_texts(session: Session, entries: Collection[Entry]) -> dict[int, str]:
    """What is quoted where a portfolio names a start-up by its ref: its pitch, or else its name."""
    named = {entry.refers_to_id for entry in entries if entry.refers_to_id is not None}
    if not named:
        return {}
    startups = session.scalars(
        select(Profile).options(selectinload(Profile.entries)).where(Profile.id.in_(named))
    )
    return {s.id: next(iter(s.texts(Facet.PITCH)), s.name) for s in startups}


def facts_of(profile: Profile, accepted: frozenset[int] = frozenset()) -> Facts:
    """The facts of one profile; `accepted` has the ids of the start-ups that hold a place of it."""
    common = Facts(
        id=profile.id,
        kind=Kind(profile.kind),
        ref=profile.ref,
        name=profile.name,
        languages=tuple(profile.languages),
        sectors=frozenset(profile.sectors),
        country=profile.country,
        accepted=accepted,
        paused=profile.is_paused,
    )
    if isinstance(profile, Mentor):
        return replace(
            common,
            keys=_keys([profile.ref, profile.name, profile.affiliation, profile.email]),
            conflicts=_keys(profile.conflicts),
            identities=_keys([profile.affiliation, profile.email]),
            stages=frozenset(profile.stages),
            markets=frozenset(profile.markets),
            places=None if profile.capacity is None else profile.capacity - len(accepted),
            utc_offsets=_offsets(profile.timezone, profile.country),
        )
    if isinstance(profile, Startup):
        return replace(
            common,
            keys=_keys([profile.ref, profile.name, profile.email]),
            conflicts=_keys(profile.conflicts),
            identities=_keys([profile.name, profile.email]),
            stages=frozenset([profile.stage] if profile.stage else []),
            markets=frozenset(profile.markets),
            utc_offsets=_offsets(None, profile.country),
            raising=None if profile.raising is None else float(profile.raising),
            currency=profile.currency,
        )
    assert isinstance(profile, Funder)  # noqa: S101 - the last of the three kinds
    return replace(
        common,
        keys=_keys([profile.ref, profile.name, profile.email]),
        identities=_keys([profile.name, profile.email]),
        stages=frozenset(profile.stages),
        markets=frozenset(profile.countries),
        ticket=(_number(profile.ticket_min), _number(profile.ticket_max)),
        currency=profile.currency,
        backs=frozenset(e.refers_to_id for e in profile.entries if e.refers_to_id is not None),
    )


def _accepted(session: Session, programme: Programme) -> dict[int, frozenset[int]]:
    """Start-ups that hold a place, by counterpart."""
    rows = session.execute(
        select(Match.counterpart_id, Match.startup_id).where(
            Match.programme_id == programme.id, Match.state.in_(HELD)
        )
    )
    found: dict[int, frozenset[int]] = {}
    for counterpart_id, startup_id in rows:
        found[counterpart_id] = found.get(counterpart_id, frozenset()) | {startup_id}
    return found


def _keys(names: Iterable[str | None]) -> frozenset[str]:
    """Names made comparable."""
    return frozenset(key for name in names if name and (key := fold(name)))


def _number(value: object) -> float | None:
    return None if value is None else float(str(value))


@lru_cache(maxsize=1024)
def _offsets(timezone: str | None, country: str | None) -> tuple[float, ...]:
    """Hours from UTC of a time zone, or else of each zone that a country has, in January."""
    zones = [timezone] if timezone else get_global("territory_zones").get(country or "", [])
    offsets = (ZoneInfo(zone).utcoffset(datetime(2026, 1, 15)) for zone in zones)  # noqa: DTZ001
    return tuple(sorted({offset / timedelta(hours=1) for offset in offsets if offset is not None}))


def load_facts(session: Session, programme: Programme, profile_ids: Collection[int]) -> dict[int, Facts]:
    """The facts of these profiles of the programme, by id; another programme's are left out."""
    profiles = session.scalars(
        select(Profile)
        .options(selectinload(Profile.entries))
        .where(Profile.programme_id == programme.id, Profile.id.in_(profile_ids))
    ).all()
    accepted = _accepted(session, programme)
    return {profile.id: facts_of(profile, accepted.get(profile.id, frozenset())) for profile in profiles}
