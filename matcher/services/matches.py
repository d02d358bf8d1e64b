"""Reading a programme's matches, for people to see."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, aliased

from matcher.models import HELD, Kind, Match, MatchState, Profile, Programme
from matcher.services.steps import latest_events


@dataclass(frozen=True, slots=True)
class MatchLine:
    """A match with both its sides, and the step that undoing it names; None if it has no step."""

    startup: Profile
    counterpart: Profile
    match: Match
    event_id: int | None


def list_matches(
    session: Session, programme: Programme, states: Collection[MatchState], kind: Kind | None = None
) -> Sequence[MatchLine]:
    """The matches in these states, the latest first; `kind` is that of the counterparts."""
    startup, counterpart = aliased(Profile, flat=True), aliased(Profile, flat=True)
    query = (
        select(Match, startup, counterpart)
        .join(startup, startup.id == Match.startup_id)
        .join(counterpart, counterpart.id == Match.counterpart_id)
        .where(Match.programme_id == programme.id, Match.state.in_(states))
        .order_by(Match.decided_at.desc(), Match.id.desc())
    )
    if kind is not None:
        query = query.where(counterpart.kind == kind)
    events = latest_events(session, programme)
    return [
        MatchLine(ours, theirs, match, events.get((ours.id, theirs.id)))
        for match, ours, theirs in session.execute(query)
    ]


def counterparts_of(startup_id: int) -> Select[int]:
    """Ids of those who hold a place for a start-up: without it, they have one more."""
    return select(Match.counterpart_id).where(Match.startup_id == startup_id, Match.state.in_(HELD))
