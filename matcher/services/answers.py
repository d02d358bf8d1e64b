"""What both sides say to an offer, each at the secret address in its letter, or through a manager."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from matcher.models import AuditEvent, Match, MatchState, Profile, Programme
from matcher.profiles.text import clean
from matcher.services import tidings
from matcher.services.asking import current
from matcher.services.closing import make_room
from matcher.services.errors import NotAllowed, NotFound
from matcher.services.locking import lock_programme
from matcher.services.publishing import Side, both_sides, call_off, deadline, digest, get_match, readers
from matcher.services.recommendations import Reason, read_reasons
from matcher.services.steps import Pair, image_of, in_state, take
from matcher.services.succession import follow_loss
from matcher.wording import N_, Message


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer as one side sees it. The other side's `email` is there only once both accepted."""

    programme: Programme
    pair: Pair
    side: Side
    reader: Profile
    other: Profile
    state: str
    reasons: list[Reason]
    answer: bool | None
    other_answer: bool | None
    until: datetime | None
    email: str | None
    message: str = ""
    """What the other side wrote, if it asked for the reader."""
    question: str = ""
    reply: str = ""


def find_offer(session: Session, secret: str) -> Offer:
    """The offer that a secret address is the key of.

    Raises:
        NotFound: there is none.
    """
    match, side = by_secret(session, secret)
    programme = session.get_one(Programme, match.programme_id)
    pair = (match.startup_id, match.counterpart_id)
    startup, counterpart = (session.get_one(Profile, profile_id) for profile_id in pair)
    reader, other = (startup, counterpart) if side == "startup" else (counterpart, startup)
    session.refresh(other, ["entries"])
    mine, theirs = match.startup_answer, match.counterpart_answer
    request = current(session, match)
    asked = request if request is not None and request.asked_by != side else None
    return Offer(
        programme=programme,
        pair=pair,
        side=side,
        reader=reader,
        other=other,
        state=match.state,
        reasons=read_reasons(match.reasons),
        answer=mine if side == "startup" else theirs,
        other_answer=theirs if side == "startup" else mine,
        until=deadline(match),
        email=other.email if match.state == MatchState.ACTIVE else None,
        message=asked.message if asked else "",
        question=asked.question if asked else "",
        reply=asked.reply if asked else "",
    )


def answer(session: Session, secret: str, *, accepted: bool, note: str = "") -> AuditEvent | None:
    """Answer at a secret address; None if the same was answered before.

    Raises:
        NotFound: there is no such offer.
        NotAllowed: it is no longer open.
    """
    match, side = by_secret(session, secret)
    programme = session.get_one(Programme, match.programme_id)
    reader = session.get_one(Profile, match.startup_id if side == "startup" else match.counterpart_id)
    pair = (match.startup_id, match.counterpart_id)
    return answer_for(session, programme, pair, side, accepted=accepted, note=note, actor=reader.ref)


def answer_for(
    session: Session,
    programme: Programme,
    pair: Pair,
    side: Side,
    *,
    accepted: bool,
    note: str = "",
    actor: str,
) -> AuditEvent | None:
    """Record one side's answer. Two acceptances make the match; one refusal frees the place.

    Raises:
        NotFound: the programme has no such match.
        NotAllowed: it is no longer open, or the start-up that asked has whom it may have.
    """
    lock_programme(session, programme)
    match = get_match(session, programme, pair)
    session.refresh(match)
    answers: dict[Side, bool | None] = {
        "startup": match.startup_answer,
        "counterpart": match.counterpart_answer,
    }
    if answers[side] is accepted:
        return None
    if match.state != MatchState.OFFERED:
        raise NotAllowed(Message(N_("This proposal is no longer open.")))
    answers[side] = accepted
    state = _outcome(answers)
    image = in_state(
        state,
        image_of(match),
        note=clean(note).strip()[:1_000] or match.note,
        startup_answer=answers["startup"],
        counterpart_answer=answers["counterpart"],
    )
    if state is MatchState.ACTIVE:
        make_room(session, programme, pair)
    event = take(session, programme, actor, "match.answered", {pair: image}, after={side: accepted})
    tidings.tell_managers(session, programme, event, state, pair, side)
    _follow(session, programme, event, pair, state, actor)
    return event


def _outcome(answers: dict[Side, bool | None]) -> MatchState:
    if False in answers.values():
        return MatchState.DECLINED
    return MatchState.ACTIVE if None not in answers.values() else MatchState.OFFERED


def _follow(
    session: Session, programme: Programme, event: AuditEvent, pair: Pair, state: MatchState, actor: str
) -> None:
    if state is MatchState.DECLINED:
        call_off(session, programme, event, [pair])
        follow_loss(session, programme, *pair, actor=actor)
    if state is MatchState.ACTIVE:
        for side, reader, other in readers(pair, both_sides(session, [pair])):
            key = f"match.accepted:{event.id}:{pair[0]}:{pair[1]}:{side}"
            tidings.tell_side(session, programme, reader, other, key, tidings.ACCEPTED)


def by_secret(session: Session, secret: str) -> tuple[Match, Side]:
    """The match and the side that a secret address is the key of.

    Raises:
        NotFound: there is none.
    """
    hashed = digest(secret)
    match = session.scalars(
        select(Match).where(or_(Match.startup_token == hashed, Match.counterpart_token == hashed))
    ).first()
    if match is None:
        raise NotFound(Message(N_("There is no such proposal. Look for a later letter.")))
    return match, "startup" if match.startup_token == hashed else "counterpart"
