"""Sessions that took place: written down by one side, confirmed or objected to by the other."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from hashlib import sha256

from sqlalchemy.orm import Session

from matcher.models import Programme, SessionLog, Side
from matcher.services.clocks import zones_of
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
from matcher.wording import N_, Message

SHORTEST, LONGEST = 5, 600
TEXT = 4_000
_OBJECTION = 1_000
_OLDEST = timedelta(days=366)

_FUTURE = N_("This day is still to come. Write a session down after it took place.")
_OLD = N_("This is more than a year ago. Check the date.")
_MINUTES = N_("A session took between %(shortest)d and %(longest)d minutes.")
_TOPICS = N_("Say in a few words what you talked about.")
_WORDS = N_("Say what was different, so that it can be put right.")
_CONFIRMED = N_("This session is confirmed, so it can no longer be changed.")
_OTHERS = N_("Only whoever wrote this session down can change it.")
_OWN = N_("You wrote this session down yourself; the other side confirms it.")
_MEANWHILE = N_("This session was changed meanwhile. Read it once more.")


def list_sessions(session: Session, us: Relationship) -> Sequence[SessionLog]:
    """All that the pair wrote down, the latest first."""
    query = rows_of(SessionLog, us).order_by(SessionLog.held_on.desc(), SessionLog.id.desc())
    return session.scalars(query).all()


def write_down(
    session: Session,
    programme: Programme,
    pair: Pair,
    side: Side,
    *,
    held_on: date,
    minutes: int,
    topics: str,
    next_steps: str,
    now: datetime,
) -> SessionLog:
    """Write a session down, for the other side to confirm.

    Raises:
        NotFound, NotAllowed: as for every change.
        Invalid: by field.
    """
    us = change_as(session, programme, pair, side)
    texts = _check(session, us, held_on, minutes, topics, next_steps, now)
    for same in list_sessions(session, us):  # a button pressed twice
        if (same.written_by, same.held_on, same.minutes, same.topics, same.next_steps) == (
            side, held_on, minutes, *texts,
        ):  # fmt: skip
            return same
    log = SessionLog(
        **columns_of(us), held_on=held_on, minutes=minutes, topics=texts[0], next_steps=texts[1],
        written_by=side.value, written_at=now,
    )  # fmt: skip
    session.add(log)
    session.flush()
    record(session, us, "session.written")
    tell_other(session, us, _key(log), N_("%(other)s wrote a session down. Please confirm it."))
    return log


def change(
    session: Session,
    programme: Programme,
    pair: Pair,
    side: Side,
    log_id: int,
    *,
    held_on: date,
    minutes: int,
    topics: str,
    next_steps: str,
    now: datetime,
    seen: str,
) -> SessionLog:
    """Change what one wrote, until the other side confirms it; an objection is answered by that.

    Raises:
        NotFound, NotAllowed: as for every change; or it is confirmed, or the other side's.
        Conflict: it is not what was `seen` any more, or somebody has objected since.
        Invalid: by field.
    """
    us = change_as(session, programme, pair, side)
    log = _own(session, us, log_id)
    texts = _check(session, us, held_on, minutes, topics, next_steps, now)
    if not log.objection and (log.held_on, log.minutes, log.topics, log.next_steps) == (
        held_on, minutes, *texts,
    ):  # fmt: skip
        return log  # a button pressed twice
    if stamp_for_writer(log) != seen:
        raise Conflict(Message(_MEANWHILE))
    log.held_on, log.minutes, (log.topics, log.next_steps) = held_on, minutes, texts
    log.written_at, log.objection = now, ""
    session.flush()
    record(session, us, "session.changed")
    tell_other(session, us, _key(log), N_("%(other)s changed a session. Please confirm it."))
    return log


def take_back(session: Session, programme: Programme, pair: Pair, side: Side, log_id: int) -> None:
    """Remove what one wrote, until the other side confirms it.

    Raises:
        NotFound, NotAllowed: as for every change; or it is confirmed, or the other side's.
    """
    us = change_as(session, programme, pair, side)
    session.delete(_own(session, us, log_id))
    session.flush()
    record(session, us, "session.removed")


def confirm(
    session: Session, programme: Programme, pair: Pair, side: Side, log_id: int, *, now: datetime, seen: str
) -> SessionLog:
    """Say that a session was as the other side wrote. Confirming twice is confirming once.

    Raises:
        NotFound, NotAllowed: as for every change; or it is one's own.
        Conflict: it is not what was `seen` any more.
    """
    us = change_as(session, programme, pair, side)
    log = _others(session, us, log_id, seen)
    if log.confirmed_at is None:
        log.confirmed_at, log.objection = now, ""
        session.flush()
        record(session, us, "session.confirmed")
        tell_other(session, us, _key(log), N_("%(other)s confirmed a session."))
    return log


def object_to(
    session: Session, programme: Programme, pair: Pair, side: Side, log_id: int, *, words: str, seen: str
) -> SessionLog:
    """Say what was different; whoever wrote the session can then change it, or take it back.

    Raises:
        NotFound, NotAllowed: as for every change; or it is one's own, or confirmed.
        Conflict: it is not what was `seen` any more.
        Invalid: there are no words, or too many: `words`.
    """
    us = change_as(session, programme, pair, side)
    log = _others(session, us, log_id, seen)
    if log.confirmed_at is not None:
        raise NotAllowed(Message(_CONFIRMED))
    problems: dict[str, Message] = {}
    log.objection = read_text(problems, "words", words, _OBJECTION, _WORDS)
    if problems:
        raise Invalid(problems)
    session.flush()
    record(session, us, "session.disputed")
    tell_other(session, us, _key(log), N_("%(other)s says that a session was different."))
    return log


def stamp(log: SessionLog) -> str:
    """A short text that is another as soon as what the session says is."""
    said = (log.held_on, log.minutes, log.topics, log.next_steps)
    return sha256(repr(said).encode()).hexdigest()[:16]


def stamp_for_writer(log: SessionLog) -> str:
    """The same, and another as soon as somebody objects."""
    return sha256(f"{stamp(log)}{log.objection}".encode()).hexdigest()[:16]


def _check(
    session: Session,
    us: Relationship,
    held_on: date,
    minutes: int,
    topics: str,
    next_steps: str,
    now: datetime,
) -> tuple[str, str]:
    problems: dict[str, Message] = {}
    today = now.astimezone(zones_of(session, [us.me.id])[us.me.id]).date()
    if held_on > today:
        problems["held_on"] = Message(_FUTURE)
    elif held_on < today - _OLDEST:
        problems["held_on"] = Message(_OLD)
    if not SHORTEST <= minutes <= LONGEST:
        problems["minutes"] = Message(_MINUTES, {"shortest": SHORTEST, "longest": LONGEST})
    topics = read_text(problems, "topics", topics, TEXT, _TOPICS)
    next_steps = read_text(problems, "next_steps", next_steps, TEXT)
    if problems:
        raise Invalid(problems)
    return topics, next_steps


def _own(session: Session, us: Relationship, log_id: int) -> SessionLog:
    log = get_row(session, SessionLog, us, log_id)
    if log.written_by != us.side:
        raise NotAllowed(Message(_OTHERS))
    if log.confirmed_at is not None:
        raise NotAllowed(Message(_CONFIRMED))
    return log


def _others(session: Session, us: Relationship, log_id: int, seen: str) -> SessionLog:
    log = get_row(session, SessionLog, us, log_id)
    if log.written_by == us.side:
        raise NotAllowed(Message(_OWN))
    if stamp(log) != seen:
        raise Conflict(Message(_MEANWHILE))
    return log


def _key(log: SessionLog) -> str:
    state = "confirmed" if log.confirmed_at else "objected" if log.objection else "written"
    return f"session:{log.id}:{state}:{stamp(log)}:{log.written_at.isoformat()}"
