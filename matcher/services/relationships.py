"""A matched pair as one of its two sides sees it: who they are, since when, and whether it goes on."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, func, or_, select, tuple_
from sqlalchemy.orm import Session

from matcher.models import (
    SIDES,
    AuditEvent,
    Goal,
    Kind,
    Match,
    MatchChange,
    MatchState,
    Meeting,
    Membership,
    PrivateNote,
    Profile,
    Programme,
    SessionLog,
    Side,
    Survey,
)
from matcher.profiles.text import clean
from matcher.services import audit
from matcher.services.errors import NotAllowed, NotFound, ServiceError
from matcher.services.locking import lock_programme
from matcher.services.notices import notify
from matcher.services.steps import Pair
from matcher.wording import N_, Message

MET = (MatchState.ACTIVE, MatchState.ENDED)
"""States in which a pair has, or had, something together."""
Row = TypeVar("Row", Meeting, SessionLog, Goal, Survey, PrivateNote)

_AT_ONCE = 5_000
_MISSING = N_("There is no such match, or it is not yours.")
_GONE = N_("It is no longer there. Somebody has taken it back meanwhile.")
_OVER = N_("This match has ended, so nothing can be changed in it any more.")
TOO_LONG = N_("At most %(limit)d characters, please. These are %(length)d.")


class Invalid(ServiceError):
    """What was entered cannot be taken; each problem by the name of the field that it is in."""

    def __init__(self, problems: Mapping[str, Message]) -> None:
        self.problems = dict(problems)
        super().__init__(next(iter(self.problems.values())))


@dataclass(frozen=True, slots=True)
class Relationship:
    """One match that is, or was, accepted by both, and whose eyes see it."""

    programme: Programme
    startup: Profile
    counterpart: Profile
    side: Side
    is_active: bool
    began_at: datetime
    ended_at: datetime | None

    @property
    def pair(self) -> Pair:
        """Both ids, as matches know them."""
        return self.startup.id, self.counterpart.id

    @property
    def me(self) -> Profile:
        """Whoever looks."""
        return self.startup if self.side is Side.STARTUP else self.counterpart

    @property
    def other(self) -> Profile:
        """Whom they are with."""
        return self.counterpart if self.side is Side.STARTUP else self.startup

    @property
    def email(self) -> str | None:
        """How to reach the other: only as long as the match goes on."""
        return self.other.email if self.is_active else None


def read_as(session: Session, programme: Programme, pair: Pair, side: Side) -> Relationship:
    """The pair's match, to look at.

    Raises:
        NotFound: the programme has no such match, or not both have accepted it.
    """
    found = _matches(session, programme, Match.startup_id == pair[0], Match.counterpart_id == pair[1])
    if not found:
        raise NotFound(Message(_MISSING))
    return _seen(session, programme, found, side)[0]


def change_as(
    session: Session, programme: Programme, pair: Pair, side: Side, *, even_ended: bool = False
) -> Relationship:
    """The pair's match, to change something in; whoever else does so waits.

    Raises:
        NotFound: the programme has no such match, or not both have accepted it.
        NotAllowed: it has ended.
    """
    lock_programme(session, programme)
    us = read_as(session, programme, pair, side)
    if not us.is_active and not even_ended:
        raise NotAllowed(Message(_OVER))
    return us


def list_for(session: Session, programme: Programme, profile: Profile) -> list[Relationship]:
    """All that somebody has or had, those that go on first, the latest first."""
    mine = or_(Match.startup_id == profile.id, Match.counterpart_id == profile.id)
    side = Side.STARTUP if profile.kind == Kind.STARTUP else Side.COUNTERPART
    found = _seen(session, programme, _matches(session, programme, mine), side)
    return sorted(found, key=lambda us: (not us.is_active, -(us.ended_at or us.began_at).timestamp()))


def beginnings(session: Session, pairs: Collection[Pair]) -> dict[Pair, datetime]:
    """When each pair was last accepted by both, as the log says."""
    key = (MatchChange.startup_id, MatchChange.counterpart_id)
    state: ColumnElement[str] = MatchChange.after["state"].as_string()
    found: dict[Pair, datetime] = {}
    listed = list(pairs)
    for start in range(0, len(listed), _AT_ONCE):
        block = listed[start : start + _AT_ONCE]
        rows = session.execute(
            select(*key, func.max(AuditEvent.at))
            .join(AuditEvent, AuditEvent.id == MatchChange.event_id)
            .where(tuple_(*key).in_(block), state == MatchState.ACTIVE.value)
            .group_by(*key)
        )
        found |= {(ours, theirs): at for ours, theirs, at in rows}
    return found


def rows_of(model: type[Row], us: Relationship) -> Select[Row]:
    """A pair's meetings, sessions, goals, surveys or notes."""
    return select(model).where(
        model.programme_id == us.programme.id,
        model.startup_id == us.startup.id,
        model.counterpart_id == us.counterpart.id,
    )


def get_row(session: Session, model: type[Row], us: Relationship, row_id: int) -> Row:
    """One of the pair's rows.

    Raises:
        NotFound: it is not the pair's, or is gone.
    """
    found = session.scalars(rows_of(model, us).where(model.id == row_id)).first()
    if found is None:
        raise NotFound(Message(_GONE))
    return found


def columns_of(us: Relationship) -> dict[str, int]:
    """What says of a new row whose it is."""
    return {
        "programme_id": us.programme.id,
        "startup_id": us.startup.id,
        "counterpart_id": us.counterpart.id,
    }


def record(session: Session, us: Relationship, action: str) -> None:
    """Note that one of the two did something with the other; what they write to each other stays theirs."""
    audit.record(
        session, us.programme.id, us.me.ref, action, f"profile:{us.me.id}", after={"with": us.other.id}
    )


def tell_other(session: Session, us: Relationship, key: str, message: str, **params: Any) -> None:
    """Tell the other side something, which leads to the page of the match."""
    tell_side(session, us, us.other, us.me, key, Message(message, {"other": us.me.name, **params}))


def tell_side(
    session: Session,
    us: Relationship,
    reader: Profile,
    other: Profile,
    key: str,
    message: Message,
    tail: str = "",
) -> None:
    """Tell one of the two something about the other."""
    mine = session.scalar(select(Membership.id).where(Membership.profile_id == reader.id))
    path = f"/p/{us.programme.slug}/mine/{mine}/matches/{other.id}{tail}" if mine else ""
    notify(session, reader, key=f"{key}:{reader.id}", message=message, path=path)


def read_text(problems: dict[str, Message], field: str, text: str, limit: int, needed: str = "") -> str:
    """What somebody wrote, made safe to keep; notes a problem if it is too long, or empty though `needed`."""
    text = clean(text)
    if len(text) > limit:
        problems[field] = Message(TOO_LONG, {"limit": limit, "length": len(text)})
    elif needed and not text:
        problems[field] = Message(needed)
    return text


def _matches(session: Session, programme: Programme, *which: ColumnElement[bool]) -> Sequence[Any]:
    startup, counterpart = SIDES
    return session.execute(
        select(Match, startup, counterpart)
        .join(startup, startup.id == Match.startup_id)
        .join(counterpart, counterpart.id == Match.counterpart_id)
        .where(Match.programme_id == programme.id, Match.state.in_(MET), *which)
        .execution_options(populate_existing=True)
    ).all()


def _seen(session: Session, programme: Programme, rows: Sequence[Any], side: Side) -> list[Relationship]:
    began = beginnings(session, [(ours.id, theirs.id) for _, ours, theirs in rows])
    return [
        Relationship(
            programme=programme,
            startup=ours,
            counterpart=theirs,
            side=side,
            is_active=match.state == MatchState.ACTIVE,
            began_at=began.get((ours.id, theirs.id), match.decided_at),
            ended_at=None if match.state == MatchState.ACTIVE else match.decided_at,
        )
        for match, ours, theirs in rows
    ]
