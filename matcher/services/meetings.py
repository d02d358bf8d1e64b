"""When a pair meets: one side proposes up to three times, the other chooses one or proposes others.

What each side has proposed last stands, with its length and place, until a time is agreed, or its proposer
replaces it. What was agreed stands until something else is agreed instead.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from matcher.models import Meeting, MeetingState, Programme, Side
from matcher.services.clocks import instant_of, zones_of
from matcher.services.errors import Conflict, NotAllowed
from matcher.services.relationships import (
    Invalid,
    Relationship,
    change_as,
    columns_of,
    get_row,
    read_text,
    record,
    rows_of,
    tell_other,
)
from matcher.services.steps import Pair
from matcher.wording import N_, Message, Term

MOST_TIMES = 3
SHORTEST, LONGEST = 15, 240
_PLACE = 300
_MOST_OPEN = 10
_FURTHEST = timedelta(days=366)
_LINK = re.compile(r"https?://\S+", re.IGNORECASE)

_NONE = N_("Propose at least one time.")
_SKIPPED = N_(
    "On this day clocks in your time zone (%(zone)s) are put forward, and this time is skipped. "
    "Choose another."
)
_PAST = N_("This time is past. Choose one that is still to come.")
_FAR = N_("This is more than a year away. Choose a time that is nearer.")
_TWICE = N_("This time is there twice.")
_MINUTES = N_("A meeting takes between %(shortest)d and %(longest)d minutes.")
_MANY = N_("You have %(most)d meetings ahead already. Cancel one before you propose another.")
_MEANWHILE = N_("This meeting was changed meanwhile. Look at it as it is now.")
_OWN = N_("The other side chooses among the times that you proposed.")
_OVER = N_("This meeting is past or was cancelled.")


@dataclass(frozen=True, slots=True)
class Offer:
    """What one side proposes."""

    by: Side
    times: Sequence[datetime]
    minutes: int
    place: str


def list_ahead(session: Session, us: Relationship, now: datetime) -> list[Meeting]:
    """Meetings that are agreed or proposed and not over, the next first; none once the match has ended."""
    if not us.is_active:
        return []
    return sorted((m for m in _all(session, us) if _is_ahead(m, now)), key=_order)


def list_past(session: Session, us: Relationship, now: datetime, limit: int = 5) -> list[Meeting]:
    """Meetings that were agreed and are over, the latest first."""
    held = [
        m for m in _all(session, us)
        if m.state != MeetingState.CANCELLED and m.starts_at and not _is_ahead(m, now)
    ]  # fmt: skip
    return sorted(held, key=_order, reverse=True)[:limit]


def propose(
    session: Session,
    programme: Programme,
    pair: Pair,
    side: Side,
    *,
    times: Sequence[datetime | None],
    minutes: int,
    place: str,
    now: datetime,
) -> Meeting:
    """Propose times, given as the proposer's clocks show them, to the other side.

    Raises:
        NotFound, NotAllowed: as for every change; or there are many meetings ahead already.
        Invalid: by field: `time-1` …, `minutes`, `place`.
    """
    us = change_as(session, programme, pair, side)
    instants, place = _check(session, us, times, minutes, place, now)
    ahead = list_ahead(session, us, now)
    for same in ahead:  # a button pressed twice
        if same.state == MeetingState.PROPOSED and same.proposals.get(side, {}).get("times") == instants:
            return same
    if len(ahead) >= _MOST_OPEN:
        raise NotAllowed(Message(_MANY, {"most": _MOST_OPEN}))
    meeting = Meeting(
        **columns_of(us), proposed_by=side.value, minutes=minutes, place=place,
        state=MeetingState.PROPOSED.value, proposals={side.value: _said(instants, minutes, place)},
    )  # fmt: skip
    session.add(meeting)
    session.flush()
    record(session, us, "meeting.proposed")
    tell_other(session, us, _key(meeting, now), N_("%(other)s proposes a meeting. Choose a time."))
    return meeting


def propose_others(
    session: Session,
    programme: Programme,
    pair: Pair,
    side: Side,
    meeting_id: int,
    *,
    times: Sequence[datetime | None],
    minutes: int,
    place: str,
    now: datetime,
    seen: str,
) -> Meeting:
    """Propose other times for a meeting; what was agreed, or proposed by the other side, stands as it is.

    Raises:
        NotFound, NotAllowed: as for every change; or it is over.
        Conflict: it is not as it was `seen` any more.
        Invalid: by field.
    """
    us = change_as(session, programme, pair, side)
    meeting = _open(session, us, meeting_id, now, seen)
    instants, place = _check(session, us, times, minutes, place, now)
    meeting.proposals = {**meeting.proposals, side.value: _said(instants, minutes, place)}
    meeting.proposed_by, meeting.state = side.value, MeetingState.PROPOSED.value
    if meeting.starts_at is None:
        meeting.minutes, meeting.place = minutes, place
    session.flush()
    record(session, us, "meeting.moved")
    tell_other(
        session, us, _key(meeting, now), N_("%(other)s proposes other times for a meeting. Choose one.")
    )
    return meeting


def choose(
    session: Session,
    programme: Programme,
    pair: Pair,
    side: Side,
    meeting_id: int,
    *,
    instant: datetime,
    now: datetime,
    seen: str,
    keep: bool = False,
) -> Meeting:
    """Agree to one of the times that the other side proposed, or to `keep` what was agreed before.

    Raises:
        NotFound, NotAllowed: as for every change; it is over, one's own proposal, or the time is past.
        Conflict: it is not as it was `seen` any more.
    """
    us = change_as(session, programme, pair, side)
    meeting = _open(session, us, meeting_id, now, seen)
    offers = {offer.by: offer for offer in offers_of(meeting) if instant in offer.times}
    theirs = next((offers[by] for by in offers if by != side), None)
    is_kept = instant == meeting.starts_at and (keep or theirs is None)
    if meeting.state != MeetingState.PROPOSED or not (is_kept or offers):
        raise Conflict(Message(_MEANWHILE))
    if not is_kept and theirs is None:
        raise NotAllowed(Message(_OWN))
    if instant <= now:
        raise NotAllowed(Message(_PAST))
    if theirs is not None and not is_kept:
        meeting.minutes, meeting.place = theirs.minutes, theirs.place
        if meeting.starts_at is not None:  # calendars have it already: even a new place must reach them
            meeting.sequence += 1
    meeting.starts_at, meeting.state, meeting.proposals = instant, MeetingState.AGREED.value, {}
    session.flush()
    record(session, us, "meeting.agreed")
    day = instant.astimezone(zones_of(session, [us.other.id])[us.other.id]).date()
    tell_other(
        session, us, _key(meeting, now), N_("%(other)s agrees to meet you on %(date)s."),
        date=Term("date", day.isoformat()),
    )  # fmt: skip
    return meeting


def cancel(
    session: Session,
    programme: Programme,
    pair: Pair,
    side: Side,
    meeting_id: int,
    *,
    now: datetime,
    seen: str,
) -> Meeting:
    """Call a meeting off, agreed or not.

    Raises:
        NotFound, NotAllowed: as for every change; or it is over.
        Conflict: it is not as it was `seen` any more.
    """
    us = change_as(session, programme, pair, side)
    meeting = _open(session, us, meeting_id, now, seen)
    meeting.state = MeetingState.CANCELLED.value
    meeting.sequence += 1
    session.flush()
    record(session, us, "meeting.cancelled")
    tell_other(session, us, _key(meeting, now), N_("%(other)s cannot make a meeting and has called it off."))
    return meeting


def offers_of(meeting: Meeting) -> list[Offer]:
    """What stands to be chosen from, the latest proposal first; its times are in order."""
    if meeting.state != MeetingState.PROPOSED:
        return []
    found = [
        Offer(Side(by), [datetime.fromisoformat(t) for t in said["times"]], said["minutes"], said["place"])
        for by, said in meeting.proposals.items()
    ]
    return sorted(found, key=lambda offer: offer.by != meeting.proposed_by)


def stamp(meeting: Meeting) -> str:
    """A short text that is another as soon as anything about the meeting is."""
    said = (
        meeting.state, meeting.proposed_by, offers_of(meeting), meeting.starts_at, meeting.minutes,
        meeting.place, meeting.sequence,
    )  # fmt: skip
    return sha256(repr(said).encode()).hexdigest()[:16]


def link_of(place: str) -> str | None:
    """The place as an address to follow, if it is one of the web and nothing else."""
    if not _LINK.fullmatch(place):
        return None
    try:
        return place if urlsplit(place).hostname else None
    except ValueError:
        return None


def _check(
    session: Session,
    us: Relationship,
    times: Sequence[datetime | None],
    minutes: int,
    place: str,
    now: datetime,
) -> tuple[list[str], str]:
    """The instants in order, as they are stored, and the place."""
    zone = zones_of(session, [us.me.id])[us.me.id]
    problems: dict[str, Message] = {}
    found: list[datetime] = []
    for number, local in enumerate(times[:MOST_TIMES], start=1):
        if local is None:
            continue
        instant = _instant(local, zone, now, found)
        if isinstance(instant, Message):
            problems[f"time-{number}"] = instant
        else:
            found.append(instant)
    if not found and not problems:
        problems["time-1"] = Message(_NONE)
    if not SHORTEST <= minutes <= LONGEST:
        problems["minutes"] = Message(_MINUTES, {"shortest": SHORTEST, "longest": LONGEST})
    place = " ".join(read_text(problems, "place", place, _PLACE).split())
    if problems:
        raise Invalid(problems)
    return [instant.isoformat() for instant in sorted(found)], place


def _instant(
    local: datetime, zone: ZoneInfo, now: datetime, others: Sequence[datetime]
) -> datetime | Message:
    try:
        instant = instant_of(local, zone)
    except OverflowError:
        return Message(_FAR)
    if instant is None:
        return Message(_SKIPPED, {"zone": zone.key})
    if instant <= now:
        return Message(_PAST)
    if instant > now + _FURTHEST:
        return Message(_FAR)
    return Message(_TWICE) if instant in others else instant


def _open(session: Session, us: Relationship, meeting_id: int, now: datetime, seen: str) -> Meeting:
    meeting = get_row(session, Meeting, us, meeting_id)
    if seen != stamp(meeting):
        raise Conflict(Message(_MEANWHILE))
    if not _is_ahead(meeting, now):
        raise NotAllowed(Message(_OVER))
    return meeting


def _all(session: Session, us: Relationship) -> Sequence[Meeting]:
    return session.scalars(rows_of(Meeting, us).order_by(Meeting.id)).all()


def _is_ahead(meeting: Meeting, now: datetime) -> bool:
    """Whether it is agreed and not over, or waits for an answer, even if that comes too late.

    If other times were proposed and nobody chose, it was held when it was agreed to be.
    """
    if meeting.state == MeetingState.CANCELLED:
        return False
    if any(time > now for time in _times(meeting)):
        return True
    return meeting.starts_at is None or meeting.starts_at + timedelta(minutes=meeting.minutes) > now


def _order(meeting: Meeting) -> datetime:
    last = datetime.max.replace(tzinfo=UTC)
    return meeting.starts_at or min(_times(meeting), default=last)


def _times(meeting: Meeting) -> list[datetime]:
    """All that stand to be chosen from."""
    return [time for offer in offers_of(meeting) for time in offer.times]


def _said(times: Sequence[str], minutes: int, place: str) -> dict[str, Any]:
    """An offer as its meeting keeps it."""
    return {"times": list(times), "minutes": minutes, "place": place}


def _key(meeting: Meeting, now: datetime) -> str:
    """Each step is told: a form that comes twice is refused, or changes nothing, before."""
    return f"meeting:{meeting.id}:{now.isoformat()}"
