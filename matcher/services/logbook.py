"""The audit log as people read it: who did what to whom, and what can still be taken back."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from matcher.models import SIDES, AuditEvent, MatchChange, MatchState, Profile, Programme
from matcher.services.profiles import find_by_id
from matcher.services.steps import Pair

PER_PAGE = 50
SHOWN = 3
"""How many pairs of a step are read; the others are counted."""
_TOLD = frozenset({MatchState.OFFERED, MatchState.ACTIVE})
_TEXTS = ((MatchChange.before, "state"), (MatchChange.after, "state"), (MatchChange.after, "note"))


@dataclass(frozen=True, slots=True)
class Change:
    """What a step did to one pair: both sides, and its state before and after; "" where there was none."""

    startup: Profile
    counterpart: Profile
    before: str
    after: str
    note: str


@dataclass(frozen=True, slots=True)
class LogLine:
    """One step, the first of its pairs, and how many these are.

    `profile` is whom it was about, if it was about a profile that is still there; `other` is with whom they
    did it.
    """

    event: AuditEvent
    changes: Sequence[Change]
    pairs: int
    profile: Profile | None
    other: Profile | None
    can_undo: bool


@dataclass(frozen=True, slots=True)
class LogPage:
    """One page of the log; `page` counts from 1."""

    items: Sequence[LogLine]
    total: int
    page: int
    pages: int


def read_log(session: Session, programme: Programme, page: int = 1) -> LogPage:
    """Every step in the programme, the latest first."""
    total = session.scalar(select(func.count()).where(AuditEvent.programme_id == programme.id)) or 0
    pages = max(1, ceil(total / PER_PAGE))
    page = min(max(1, page), pages)
    events = session.scalars(
        select(AuditEvent)
        .where(AuditEvent.programme_id == programme.id)
        .order_by(AuditEvent.id.desc())
        .offset((page - 1) * PER_PAGE)
        .limit(PER_PAGE)
    ).all()
    return LogPage(_lines(session, programme, events), total, page, pages)


def history_of(session: Session, programme: Programme, pair: Pair) -> list[LogLine]:
    """Every step that changed one pair, the latest first."""
    events = session.scalars(
        select(AuditEvent)
        .join(MatchChange, MatchChange.event_id == AuditEvent.id)
        .where(
            AuditEvent.programme_id == programme.id,
            MatchChange.startup_id == pair[0],
            MatchChange.counterpart_id == pair[1],
        )
        .order_by(AuditEvent.id.desc())
    ).all()
    return _lines(session, programme, events, pair)


def _lines(
    session: Session, programme: Programme, events: Sequence[AuditEvent], pair: Pair | None = None
) -> list[LogLine]:
    """The steps with the first pairs of each, or with `pair` alone; the rest is counted."""
    ids = [event.id for event in events]
    about = {event.id: _profile_id(event.subject) for event in events}
    others = {event.id: event.after.get("with") for event in events}
    wanted = {number for number in (*about.values(), *others.values()) if number}
    profiles = find_by_id(session, programme, wanted)
    shown, undoable = _shown(session, ids, pair), _undoable(session, ids)
    counted = (
        select(MatchChange.event_id, func.count())
        .where(MatchChange.event_id.in_(ids))
        .group_by(MatchChange.event_id)
    )
    counts = {event_id: count for event_id, count in session.execute(counted)}  # noqa: C416 - as in `steps`
    return [
        LogLine(
            event,
            shown[event.id],
            counts.get(event.id, 0),
            profiles.get(about[event.id] or 0),
            profiles.get(others[event.id] or 0),
            event.id in undoable,
        )
        for event in events
    ]


def _shown(session: Session, ids: Sequence[int], pair: Pair | None) -> dict[int, list[Change]]:
    """The first changes of each step, without the reasons that they keep: a run changes thousands."""
    key = (MatchChange.startup_id, MatchChange.counterpart_id)
    place = func.row_number().over(partition_by=MatchChange.event_id, order_by=key)
    first = select(MatchChange.event_id, *key, place.label("place")).where(MatchChange.event_id.in_(ids))
    if pair is not None:
        first = first.where(key[0] == pair[0], key[1] == pair[1])
    chosen = first.subquery()
    startup, counterpart = SIDES
    rows = session.execute(
        select(
            MatchChange.event_id,
            startup,
            counterpart,
            *(_said(image, name) for image, name in _TEXTS),
        )
        .join(
            chosen,
            (chosen.c.event_id == MatchChange.event_id)
            & (chosen.c.startup_id == MatchChange.startup_id)
            & (chosen.c.counterpart_id == MatchChange.counterpart_id),
        )
        .join(startup, startup.id == MatchChange.startup_id)
        .join(counterpart, counterpart.id == MatchChange.counterpart_id)
        .where(chosen.c.place <= SHOWN)
        .order_by(MatchChange.event_id, *key)
    )
    found: dict[int, list[Change]] = defaultdict(list)
    for event_id, ours, theirs, *texts in rows:
        found[event_id].append(Change(ours, theirs, *(text or "" for text in texts)))
    return found


def _undoable(session: Session, ids: Sequence[int]) -> set[int]:
    """The steps that nobody outside knows of, and none of whose pairs was changed since."""
    later = aliased(MatchChange)
    since = exists().where(
        later.startup_id == MatchChange.startup_id,
        later.counterpart_id == MatchChange.counterpart_id,
        later.event_id > MatchChange.event_id,
    )
    told = or_(*(_said(image, "state").in_(_TOLD) for image in (MatchChange.before, MatchChange.after)))
    own = exists().where(MatchChange.event_id == AuditEvent.id)
    return set(
        session.scalars(
            select(AuditEvent.id).where(AuditEvent.id.in_(ids), own, ~own.where(or_(told, since)))
        )
    )


def _said(image: Any, name: str) -> ColumnElement[str]:
    """One text of an image, read without the rest."""
    found: ColumnElement[str] = image[name].as_string()
    return found


def _profile_id(subject: str) -> int | None:
    kind, _, number = subject.partition(":")
    return int(number) if kind == "profile" and number.isdecimal() else None
