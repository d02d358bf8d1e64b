"""The audit log as people read it: who did what to whom, and what can still be taken back."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from matcher.models import AuditEvent, MatchChange, MatchState, Profile, Programme
from matcher.services.profiles import find_by_id
from matcher.services.steps import Pair, latest_events

PER_PAGE = 50
_TOLD = frozenset({MatchState.OFFERED, MatchState.ACTIVE})


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
    """One step. `profile` is whom it was about, if it was about a profile that is still there."""

    event: AuditEvent
    changes: Sequence[Change]
    profile: Profile | None
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
    return _lines(session, programme, events)


def _lines(session: Session, programme: Programme, events: Sequence[AuditEvent]) -> list[LogLine]:
    changes: dict[int, list[MatchChange]] = defaultdict(list)
    for change in session.scalars(
        select(MatchChange).where(MatchChange.event_id.in_([event.id for event in events]))
    ):
        changes[change.event_id].append(change)
    about = {event.id: _profile_id(event.subject) for event in events}
    wanted = {number for number in about.values() if number}
    for found in changes.values():
        wanted |= {number for change in found for number in (change.startup_id, change.counterpart_id)}
    profiles = find_by_id(session, programme, wanted)
    latest = latest_events(session, programme)
    return [
        LogLine(
            event,
            [
                Change(
                    profiles[change.startup_id],
                    profiles[change.counterpart_id],
                    change.before.get("state", ""),
                    change.after.get("state", ""),
                    change.after.get("note", ""),
                )
                for change in changes[event.id]
            ],
            profiles.get(about[event.id] or 0),
            _can_undo(event, changes[event.id], latest),
        )
        for event in events
    ]


def _can_undo(event: AuditEvent, changes: Sequence[MatchChange], latest: dict[Pair, int]) -> bool:
    """Whether nobody outside knows of it and none of its pairs was changed since."""
    told = any(image.get("state") in _TOLD for c in changes for image in (c.before, c.after))
    last = all(latest[change.startup_id, change.counterpart_id] == event.id for change in changes)
    return bool(changes) and last and not told


def _profile_id(subject: str) -> int | None:
    kind, _, number = subject.partition(":")
    return int(number) if kind == "profile" and number.isdecimal() else None
