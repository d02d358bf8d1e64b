"""Whose clock says what: each person's time zone, and local times as people type them."""

import re
from collections.abc import Collection
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.models import Account, Membership, Mentor
from matcher.profiles.text import clean, digits

NOWHERE = ZoneInfo("UTC")
"""The zone of those who have not said theirs."""

_YEAR_FIRST = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?")
_DAY_FIRST = re.compile(r"(\d{1,2})\s*[-/.]\s*(\d{1,2})\s*[-/.]\s*(\d{4})")
_CLOCK = re.compile(r"(\d{1,2})(?:\s*[:.h时ч]\s*(\d{2}))?(?::\d{2})?\s*(am|pm|a\.m\.|p\.m\.)?", re.IGNORECASE)
_MONTHS, _NOON = 12, 12


def zones_of(session: Session, profile_ids: Collection[int]) -> dict[int, ZoneInfo]:
    """Each one's zone: the account's, or else the one in a mentor's profile, or else UTC."""
    found = dict.fromkeys(profile_ids, NOWHERE)
    stated = session.execute(select(Mentor.id, Mentor.timezone).where(Mentor.id.in_(profile_ids))).all()
    own = session.execute(
        select(Membership.profile_id, Account.timezone)
        .join(Account, Account.id == Membership.account_id)
        .where(Membership.profile_id.in_(profile_ids))
    ).all()
    for profile_id, name in (*stated, *own):
        if profile_id is not None and (zone := _zone(name)):
            found[profile_id] = zone
    return found


def instant_of(local: datetime, zone: ZoneInfo) -> datetime | None:
    """The instant at which clocks show this; the first of two, and None where they skip it."""
    instant = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    return instant if instant.astimezone(zone).replace(tzinfo=None) == local else None


def comes_twice(instant: datetime, zone: ZoneInfo) -> bool:
    """Whether clocks in the zone show the same at another instant as well, because they are put back."""
    local = instant.astimezone(zone).replace(tzinfo=None)
    first, second = (local.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1))
    return first != second


def read_day(text: str) -> date | None:
    """A date as a date field sends it, or as people type it where there is none; None if it is unclear.

    3/4/2026 is April here and March there, so it is not guessed.
    """
    text = digits(clean(text))
    if found := _YEAR_FIRST.fullmatch(text):
        year, month, day = (int(part) for part in found.groups())
    elif found := _DAY_FIRST.fullmatch(text):
        day, month, year = (int(part) for part in found.groups())
        if month > _MONTHS:
            day, month = month, day
        elif day <= _MONTHS and day != month and "." not in text:
            return None
    else:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


def read_clock(text: str) -> time | None:
    """A time of day: 14:30, 14.30, 14h30, 2:30 pm; None if it is none."""
    found = _CLOCK.fullmatch(digits(clean(text)))
    if found is None:
        return None
    hour, minute, half = int(found[1]), int(found[2] or 0), (found[3] or "").lower()[:1]
    if half and not 1 <= hour <= _NOON:
        return None
    if half:
        hour = hour % _NOON + (_NOON if half == "p" else 0)
    try:
        return time(hour, minute)
    except ValueError:
        return None


def _zone(name: str | None) -> ZoneInfo | None:
    """The zone of this name; a name that this machine does not know is as good as none."""
    try:
        return ZoneInfo(name) if name else None
    except (KeyError, ValueError, OSError):
        return None
