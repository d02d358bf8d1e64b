"""Requests and offers as each side sees them, and those that wait for a manager."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from matcher.models import (
    FAILED,
    Introduction,
    IntroductionState,
    Kind,
    Match,
    MatchState,
    Profile,
    Programme,
    utcnow,
)
from matcher.ranking.explanation import Reason
from matcher.services.asking import IS_ROUTED, TOLD
from matcher.services.publishing import deadline
from matcher.services.recommendations import read_reasons
from matcher.services.review import recommended
from matcher.services.steps import Pair
from matcher.services.whynot import explain_pair

LATE = timedelta(days=14)
"""How long a manager may leave a request before it stands out."""


class Stage(StrEnum):
    """Where something stands, for one of its sides."""

    ANSWER = "answer"
    """The reader is to accept or decline."""
    REPLY = "reply"
    """The other side has asked the reader something."""
    ASKED_BACK = "asked-back"
    """The reader has asked the other side something, and may answer all the same."""
    WAITING = "waiting"
    """The other side is to answer."""
    ROUTED = "routed"
    """A manager looks at it."""
    ACTIVE = "active"
    DECLINED = "declined"
    """By the reader."""
    NOT_ACCEPTED = "not-accepted"
    """By whom the reader asked."""
    UNANSWERED = "unanswered"
    """Whom the reader asked did not answer in time."""
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    """By the reader."""
    FILLED = "filled"
    """Closed for the reader, who has whom they may have."""
    LEFT = "left"
    """A side left the programme before a manager decided."""
    CLOSED = "closed"
    """Without saying whose doing it was."""
    ENDED = "ended"


DUE = frozenset({Stage.ANSWER, Stage.REPLY, Stage.ASKED_BACK})
"""What waits for the reader."""
OPEN = DUE | {Stage.WAITING, Stage.ROUTED}


@dataclass(frozen=True, slots=True)
class Line:
    """One request or offer. `request` is None if managers brought the two together."""

    other: Profile
    stage: Stage
    request: Introduction | None
    is_mine: bool
    """Whether the reader asked."""
    until: datetime | None
    """Until when it can be answered."""
    since: datetime
    reasons: Sequence[Reason]
    band: str | None
    email: str | None
    """How to reach the other side, once both have accepted."""

    @property
    def can_withdraw(self) -> bool:
        """Whether the reader can take it back."""
        return self.is_mine and self.stage in {Stage.WAITING, Stage.ROUTED, Stage.REPLY}

    @property
    def can_ask_back(self) -> bool:
        """Whether the reader may ask something before answering."""
        return self.stage is Stage.ANSWER and self.request is not None and not self.request.question


@dataclass(frozen=True, slots=True)
class RoutedLine:
    """A request that waits for a manager."""

    request: Introduction
    startup: Profile
    counterpart: Profile
    reasons: Sequence[Reason]
    band: str | None
    is_late: bool

    @property
    def asker(self) -> Profile:
        """Whoever asked."""
        return self.startup if self.request.asked_by == "startup" else self.counterpart

    @property
    def asked(self) -> Profile:
        """Whom they asked for."""
        return self.counterpart if self.request.asked_by == "startup" else self.startup


def read_inbox(session: Session, programme: Programme, profile: Profile) -> list[Line]:
    """All that somebody asked or was asked: what waits for them first, then what is open, then the rest.

    Of what managers have not passed on the other side sees nothing.
    """
    side = "startup" if profile.kind == Kind.STARTUP else "counterpart"
    own = "startup_id" if side == "startup" else "counterpart_id"
    requests = session.scalars(
        select(Introduction)
        .where(Introduction.programme_id == programme.id, getattr(Introduction, own) == profile.id)
        .order_by(Introduction.id.desc())
    ).all()
    matches = session.scalars(
        select(Match).where(
            Match.programme_id == programme.id,
            getattr(Match, own) == profile.id,
            Match.state.in_([*TOLD, *FAILED]),
            Match.offered_at.is_not(None),
        )
    ).all()
    by_pair = {(match.startup_id, match.counterpart_id): match for match in matches}
    people = _people(session, [*_pairs(requests), *by_pair], profile)
    lines, told = [], set()
    for request in requests:
        pair = (request.startup_id, request.counterpart_id)
        match = by_pair.get(pair)
        brought = match if match and match.offered_at == request.decided_at else None
        if brought is not None:
            told.add(pair)
        is_mine = request.asked_by == side
        stage = _stage_of_request(request, brought, side, is_mine=is_mine)
        if stage is not None:
            lines.append(_line(people[_other(pair, profile)], stage, request, brought, is_mine=is_mine))
    for pair, match in by_pair.items():
        if pair not in told and not _was_withdrawn(requests, pair, match):
            stage = _stage_of_match(match, side)
            lines.append(_line(people[_other(pair, profile)], stage, None, match, is_mine=False))
    return sorted(lines, key=lambda line: (line.stage not in DUE, line.stage not in OPEN))


def count_due(lines: Sequence[Line]) -> int:
    """How many wait for the reader."""
    return sum(line.stage in DUE for line in lines)


def read_routed(session: Session, programme: Programme) -> list[RoutedLine]:
    """What waits for a manager, the longest first, with what is known of each pair."""
    requests = session.scalars(
        select(Introduction)
        .where(Introduction.programme_id == programme.id, IS_ROUTED)
        .order_by(Introduction.created_at, Introduction.id)
    ).all()
    wanted = {profile_id for pair in _pairs(requests) for profile_id in pair}
    own = select(Profile).options(selectinload(Profile.entries)).where(Profile.programme_id == programme.id)
    people = {person.id: person for person in session.scalars(own.where(Profile.id.in_(wanted)))}
    late = utcnow() - LATE
    lines = []
    for request in requests:
        ours, theirs = people[request.startup_id], people[request.counterpart_id]
        known = recommended(session, programme, (ours.id, theirs.id))
        reasons, band = read_reasons(known.get("reasons", [])), known.get("band")
        if not reasons:
            found = explain_pair(session, programme, ours, theirs)
            reasons, band = found.reasons, found.band or band
        lines.append(RoutedLine(request, ours, theirs, reasons, band, request.created_at <= late))
    return lines


def count_routed(session: Session, programme: Programme) -> tuple[int, int]:
    """How many requests wait for a manager, and how many of them for too long."""
    query = select(func.count()).where(Introduction.programme_id == programme.id, IS_ROUTED)
    late = query.where(Introduction.created_at <= utcnow() - LATE)
    return session.scalar(query) or 0, session.scalar(late) or 0


def _line(
    other: Profile, stage: Stage, request: Introduction | None, match: Match | None, *, is_mine: bool
) -> Line:
    since = request.created_at if request else (match and match.offered_at) or utcnow()
    return Line(
        other=other,
        stage=stage,
        request=request,
        is_mine=is_mine,
        until=deadline(match) if match and stage in OPEN else None,
        since=since,
        reasons=read_reasons(match.reasons) if match else [],
        band=match.band if match else None,
        email=other.email if stage is Stage.ACTIVE else None,
    )


_OWN: Mapping[str, Stage | None] = {
    IntroductionState.ROUTED: Stage.ROUTED,
    IntroductionState.REFUSED: Stage.REFUSED,
    IntroductionState.WITHDRAWN: Stage.WITHDRAWN,
    IntroductionState.LEFT: Stage.LEFT,
    IntroductionState.OVERTAKEN: None,
}
"""Where a request stands for whoever asked; the other side sees nothing of it."""


def _stage_of_request(
    request: Introduction, brought: Match | None, side: str, *, is_mine: bool
) -> Stage | None:
    """None: the reader is not to know of it, or its match tells all there is."""
    if request.state in _OWN:
        return _OWN[request.state] if is_mine else None
    if request.state == IntroductionState.FILLED and is_mine:
        return Stage.FILLED
    if brought is None:
        return Stage.CLOSED if is_mine else None
    return _stage_of_offer(request, brought, side, is_mine=is_mine)


def _stage_of_offer(request: Introduction, match: Match, side: str, *, is_mine: bool) -> Stage:
    asks = bool(request.question) and not request.reply
    if match.state == MatchState.OFFERED and asks:
        return Stage.REPLY if is_mine else Stage.ASKED_BACK
    ended = {MatchState.DECLINED: Stage.NOT_ACCEPTED, MatchState.EXPIRED: Stage.UNANSWERED}
    if is_mine and match.state in ended and getattr(match, f"{side}_answer"):
        return ended[MatchState(match.state)]
    return _stage_of_match(match, side)


def _stage_of_match(match: Match, side: str) -> Stage:
    answer = match.startup_answer if side == "startup" else match.counterpart_answer
    if match.state == MatchState.OFFERED:
        return Stage.WAITING if answer else Stage.ANSWER
    if match.state == MatchState.DECLINED and answer is False:
        return Stage.DECLINED
    return {MatchState.ACTIVE: Stage.ACTIVE, MatchState.ENDED: Stage.ENDED}.get(
        MatchState(match.state), Stage.CLOSED
    )


def _was_withdrawn(requests: Sequence[Introduction], pair: Pair, match: Match) -> bool:
    """Whether the asker took it back: their request says so, and the other side was told by letter."""
    return match.state == MatchState.WITHDRAWN and any(
        (request.startup_id, request.counterpart_id) == pair
        and request.state == IntroductionState.WITHDRAWN
        and request.decided_at is not None
        and match.offered_at is not None
        and request.decided_at >= match.offered_at >= request.created_at
        for request in requests
    )


def _pairs(requests: Sequence[Introduction]) -> list[Pair]:
    return [(request.startup_id, request.counterpart_id) for request in requests]


def _other(pair: Pair, profile: Profile) -> int:
    return pair[1] if pair[0] == profile.id else pair[0]


def _people(session: Session, pairs: Sequence[Pair], profile: Profile) -> dict[int, Profile]:
    wanted = {_other(pair, profile) for pair in pairs}
    found = session.scalars(
        select(Profile).where(Profile.programme_id == profile.programme_id, Profile.id.in_(wanted))
    )
    return {person.id: person for person in found}
