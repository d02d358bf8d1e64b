"""What becomes of a profile's pairs when whoever it is about leaves the programme."""

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from matcher.models import AuditEvent, Kind, Match, MatchState, Profile, Programme
from matcher.services import tidings
from matcher.services.closing import close_of
from matcher.services.locking import lock_programme
from matcher.services.pausing import refresh_lists, set_paused
from matcher.services.publishing import both_sides, readers
from matcher.services.review import OPEN
from matcher.services.steps import Image, Pair, image_of, in_state, take
from matcher.services.succession import offer_place, suggest_next, wait_no_more

TIED = (*OPEN, MatchState.OFFERED, MatchState.ACTIVE)
"""States of pairs that go when one side leaves."""


def pairs_of(session: Session, profile: Profile) -> dict[Pair, Match]:
    """The pairs that go with the profile."""
    rows = session.scalars(
        select(Match)
        .where(or_(Match.startup_id == profile.id, Match.counterpart_id == profile.id), Match.state.in_(TIED))
        .order_by(Match.startup_id, Match.counterpart_id)
    )
    return {(match.startup_id, match.counterpart_id): match for match in rows}


def leave(session: Session, programme: Programme, profile: Profile, *, actor: str) -> None:
    """Nobody new is put together with the profile, and what there was goes. The other sides are told.

    Whoever loses somebody is proposed the next best.
    """
    lock_programme(session, programme)
    pause(session, programme, profile, paused=True, actor=actor)
    wait_no_more(session, profile.id)
    if found := pairs_of(session, profile):
        _part(session, programme, profile, found, actor)
    close_of(session, programme, profile, actor=actor)


def _part(
    session: Session, programme: Programme, profile: Profile, found: dict[Pair, Match], actor: str
) -> None:
    """End the pairs, and tell whoever knows of them."""
    told = {pair: match.state for pair, match in found.items() if match.state not in OPEN}
    changes = {pair: _gone(match) for pair, match in found.items()}
    event = take(session, programme, actor, "profile.withdrawn", changes)
    _tell(session, programme, event, told, profile)
    for startup_id, counterpart_id in sorted(changes):
        if profile.kind == Kind.STARTUP:
            offer_place(session, programme, counterpart_id, actor=actor)
        else:
            suggest_next(session, programme, startup_id, Kind(profile.kind), actor=actor)


def pause(session: Session, programme: Programme, profile: Profile, *, paused: bool, actor: str) -> None:
    """Put nobody new together with the profile, or somebody again."""
    if profile.kind != Kind.STARTUP:
        set_paused(session, programme, profile, paused=paused, actor=actor)
    elif profile.is_paused != paused:
        profile.is_paused = paused
        session.flush()
        refresh_lists(session, programme, profile)


def _gone(match: Match) -> Image:
    """What becomes of a match whose one side leaves: of what only managers know, nothing."""
    if match.state in OPEN:
        return {}
    state = MatchState.ENDED if match.state == MatchState.ACTIVE else MatchState.WITHDRAWN
    return in_state(state, image_of(match))


def _tell(
    session: Session, programme: Programme, event: AuditEvent, told: dict[Pair, str], leaver: Profile
) -> None:
    """The other sides, each in the words for what they had."""
    profiles = both_sides(session, told)
    for pair, state in told.items():
        tiding = tidings.ENDED if state == MatchState.ACTIVE else tidings.CALLED_OFF
        for side, reader, other in readers(pair, profiles):
            if reader.id != leaver.id:
                key = f"{event.action}:{event.id}:{pair[0]}:{pair[1]}:{side}"
                tidings.tell_side(session, programme, reader, other, key, tiding)
