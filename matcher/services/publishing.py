"""Telling both sides: offers go out, and are taken back."""

import hashlib
import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Literal

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from matcher.models import (
    AuditEvent,
    JobKind,
    Kind,
    Mail,
    Match,
    MatchState,
    Mentor,
    Profile,
    Programme,
    utcnow,
)
from matcher.profiles.text import clean
from matcher.services import tidings
from matcher.services.asking import current
from matcher.services.closing import close_of, overtake
from matcher.services.errors import NotAllowed, NotFound
from matcher.services.jobs import enqueue_once
from matcher.services.locking import lock_programme
from matcher.services.review import OPEN
from matcher.services.steps import Image, Pair, check_held, find, image_of, in_state, take
from matcher.services.succession import carry_waiting, follow_loss, next_best, suggest_next
from matcher.services.watermarks import is_embedded, mark_changed
from matcher.wording import N_, Message

Side = Literal["startup", "counterpart"]
SIDES: tuple[Side, Side] = ("startup", "counterpart")
Link = Callable[[str], str]
"""From a secret to the address at which it is the key."""

ANSWER_WITHIN = timedelta(days=14)
_KNOWN = (MatchState.OFFERED, MatchState.ACTIVE)
_CLOSED: Mapping[str, tidings.Tiding] = {
    "match.answered": tidings.REQUEST_DECLINED,
    "match.expired": tidings.REQUEST_UNANSWERED,
}
"""What somebody reads whose request did not come about, by the step that ended it."""


def publish(session: Session, programme: Programme, kind: Kind, *, actor: str, link: Link) -> AuditEvent:
    """Offer every approved pair with a counterpart of this kind to both its sides, and write to them.

    Raises:
        NotFound: there is none.
        NotAllowed, CapacityReached: a pair may not be any more, as profiles or rules have changed.
    """
    lock_programme(session, programme)
    found = approved(session, programme, kind)
    if not found:
        raise NotFound(Message(N_("No pair is approved, so there is nothing to publish.")))
    check_held(session, programme, found)
    now = utcnow()
    secret = {(pair, side): secrets.token_urlsafe(32) for pair in found for side in SIDES}
    changes = {
        pair: in_state(
            MatchState.OFFERED,
            image_of(match),
            offered_at=now.isoformat(),
            startup_token=digest(secret[pair, "startup"]),
            counterpart_token=digest(secret[pair, "counterpart"]),
        )
        for pair, match in found.items()
    }
    event = take(session, programme, actor, "match.published", changes, after={"pairs": len(changes)})
    profiles = both_sides(session, changes)
    for pair in changes:
        for side, reader, other in readers(pair, profiles):
            tidings.tell_side(
                session, programme, reader, other, _key(event, pair, side), tidings.OFFERED,
                until=now + ANSWER_WITHIN, link=link(secret[pair, side]),
            )  # fmt: skip
    overtake(session, programme, changes)
    tidings.tell_published(session, programme, event)
    carry_waiting(session, programme, kind)
    return event


def withdraw_offer(session: Session, programme: Programme, pair: Pair, *, actor: str) -> AuditEvent:
    """Take an offer back, and tell both sides that it is no longer open. Both may get somebody else proposed.

    Raises:
        NotFound: the programme has no such match.
        NotAllowed: it is not an offer that waits for answers.
    """
    lock_programme(session, programme)
    match = get_match(session, programme, pair)
    if match.state != MatchState.OFFERED:
        raise NotAllowed(Message(N_("Only an offer that waits for answers can be withdrawn.")))
    event = take(
        session, programme, actor, "match.withdrawn",
        {pair: in_state(MatchState.WITHDRAWN, image_of(match))},
    )  # fmt: skip
    call_off(session, programme, event, [pair])
    tidings.tell_managers(session, programme, event, MatchState.WITHDRAWN, pair)
    follow_loss(session, programme, *pair, actor=actor)
    return event


def end_match(
    session: Session, programme: Programme, pair: Pair, *, actor: str, note: str = ""
) -> AuditEvent:
    """End a match that both sides had accepted. Both may get somebody else proposed.

    Raises:
        NotFound: the programme has no such match.
        NotAllowed: it is not active.
    """
    lock_programme(session, programme)
    match = get_match(session, programme, pair)
    if match.state != MatchState.ACTIVE:
        raise NotAllowed(Message(N_("Only a match that both sides accepted can be ended.")))
    event = take(
        session, programme, actor, "match.ended",
        {pair: in_state(MatchState.ENDED, image_of(match), note=clean(note).strip()[:1_000])},
    )  # fmt: skip
    _tell(session, programme, event, [pair], tidings.ENDED)
    tidings.tell_managers(session, programme, event, MatchState.ENDED, pair)
    follow_loss(session, programme, *pair, actor=actor)
    return event


def withdraw_mentor(session: Session, programme: Programme, mentor_id: int, *, actor: str) -> AuditEvent:
    """A mentor leaves: no place is left, open pairs go, offers are withdrawn, matches end.

    Start-ups that lose somebody get the next best proposed.

    Raises:
        NotFound: the programme has no such mentor.
        NotAllowed: the mentor has no pair and no place already.
    """
    lock_programme(session, programme)
    mentor = session.get(Mentor, mentor_id, populate_existing=True)
    if mentor is None or mentor.programme_id != programme.id:
        raise NotFound(Message(N_("There is no such mentor in this programme.")))
    mine = session.scalars(
        select(Match).where(
            Match.counterpart_id == mentor_id, Match.state.in_([*OPEN, MatchState.OFFERED, MatchState.ACTIVE])
        )
    ).all()
    if not mine:
        raise NotAllowed(Message(N_("This mentor has no pair. Set the number of places to 0 instead.")))
    changes = {(match.startup_id, mentor_id): _left(match) for match in mine}
    told = {state: [(m.startup_id, mentor_id) for m in mine if m.state == state] for state in _KNOWN}
    event = take(
        session, programme, actor, "mentor.withdrawn", changes,
        before={"capacity": {str(mentor_id): mentor.capacity}},
        after={"capacity": {str(mentor_id): 0}},
    )  # fmt: skip
    mentor.capacity = 0
    session.flush()
    mark_changed(session, programme.id, is_embedded() & (Profile.id == mentor_id))
    enqueue_once(session, programme.id, JobKind.RECOMMEND)
    _tell(session, programme, event, told[MatchState.ACTIVE], tidings.ENDED)
    _tell(session, programme, event, told[MatchState.OFFERED], tidings.CALLED_OFF, SIDES[:1])
    for startup_id, _ in sorted(changes):
        suggest_next(session, programme, startup_id, Kind.MENTOR, actor=actor)
    close_of(session, programme, mentor, actor=actor)
    return event


def approved(session: Session, programme: Programme, kind: Kind) -> Mapping[Pair, Match]:
    """The approved pairs with a counterpart of this kind."""
    rows = session.scalars(
        select(Match)
        .join(Profile, Profile.id == Match.counterpart_id)
        .where(Match.programme_id == programme.id, Match.state == MatchState.APPROVED, Profile.kind == kind)
        .order_by(Match.startup_id, Match.counterpart_id)
    )
    return {(match.startup_id, match.counterpart_id): match for match in rows}


def get_match(session: Session, programme: Programme, pair: Pair) -> Match:
    """The programme's match of this pair.

    Raises:
        NotFound: there is none.
    """
    match = find(session, programme, [pair]).get(pair)
    if match is None:
        raise NotFound(Message(N_("There is no such pair in this programme.")))
    return match


def call_off(
    session: Session,
    programme: Programme,
    event: AuditEvent,
    pairs: Collection[Pair],
    sides: Collection[Side] = SIDES,
) -> None:
    """Tell these sides that an offer is no longer open; who had asked for it is told whom to ask next."""
    for pair, match in find(session, programme, pairs).items():
        request = current(session, match)
        words = _CLOSED.get(event.action)
        asker = [side for side in SIDES if words and request and side == request.asked_by]
        rest = list(sides)
        if words and asker and getattr(match, f"{asker[0]}_answer"):
            instead = [p.name for p in next_best(session, programme, pair)] if asker == ["startup"] else []
            closing = replace(words, letter=partial(words.letter, instead=instead))
            _tell(session, programme, event, [pair], closing, [s for s in sides if s in asker])
            rest = [s for s in sides if s not in asker]
        _tell(session, programme, event, [pair], tidings.CALLED_OFF, rest)


def answer_address(session: Session, reader: Profile, pair: Pair, side: Side) -> str:
    """The address that the latest letter about an offer gave: only its hash is kept with the match."""
    found = session.scalar(
        select(Mail.link)
        .where(
            Mail.recipient_id == reader.id,
            or_(Mail.key.startswith("match.published:"), Mail.key.startswith("match.requested:")),
            Mail.key.endswith(f":{pair[0]}:{pair[1]}:{side}"),
        )
        .order_by(Mail.id.desc())
        .limit(1)
    )
    return found or ""


def _tell(
    session: Session,
    programme: Programme,
    event: AuditEvent,
    pairs: Collection[Pair],
    tiding: tidings.Tiding,
    sides: Collection[Side] = SIDES,
) -> None:
    profiles = both_sides(session, pairs)
    for pair in pairs:
        for side, reader, other in readers(pair, profiles):
            if side in sides:
                tidings.tell_side(session, programme, reader, other, _key(event, pair, side), tiding)


def both_sides(session: Session, pairs: Collection[Pair]) -> dict[int, Profile]:
    """The profiles of these pairs, by id."""
    wanted = {profile_id for pair in pairs for profile_id in pair}
    return {p.id: p for p in session.scalars(select(Profile).where(Profile.id.in_(wanted)))}


def readers(pair: Pair, profiles: Mapping[int, Profile]) -> list[tuple[Side, Profile, Profile]]:
    """Who reads a letter about this pair, and about whom."""
    startup, counterpart = profiles[pair[0]], profiles[pair[1]]
    return [("startup", startup, counterpart), ("counterpart", counterpart, startup)]


def digest(secret: str) -> str:
    """What is kept of the secret in an address."""
    return hashlib.sha256(secret.encode()).hexdigest()


def deadline(match: Match) -> datetime | None:
    """Until when an offer can be answered."""
    return match.offered_at + ANSWER_WITHIN if match.offered_at else None


def _left(match: Match) -> Image:
    """What becomes of a match whose mentor leaves: of what only managers know, nothing."""
    if match.state in OPEN:
        return {}
    state = MatchState.ENDED if match.state == MatchState.ACTIVE else MatchState.WITHDRAWN
    return in_state(state, image_of(match))


def _key(event: AuditEvent, pair: Pair, side: Side) -> str:
    return f"{event.action}:{event.id}:{pair[0]}:{pair[1]}:{side}"
