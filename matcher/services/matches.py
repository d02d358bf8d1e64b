"""Reading a programme's matches, for people to see."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from matcher.models import HELD, SIDES, Kind, Match, MatchState, Profile, Programme


@dataclass(frozen=True, slots=True)
class MatchLine:
    """A match with both its sides."""

    startup: Profile
    counterpart: Profile
    match: Match


def list_matches(
    session: Session,
    programme: Programme,
    states: Collection[MatchState],
    kind: Kind | None = None,
    *,
    having: int | None = None,
) -> Sequence[MatchLine]:
    """The matches in these states, the latest first; `kind` is that of the counterparts.

    With `having`, only those of which this profile is a side.
    """
    startup, counterpart = SIDES
    query = (
        select(startup, counterpart, Match)
        .join(startup, startup.id == Match.startup_id)
        .join(counterpart, counterpart.id == Match.counterpart_id)
        .where(Match.programme_id == programme.id, Match.state.in_(states))
        .order_by(Match.decided_at.desc(), Match.id.desc())
    )
    if kind is not None:
        query = query.where(counterpart.kind == kind)
    if having is not None:
        query = query.where(or_(Match.startup_id == having, Match.counterpart_id == having))
    return [MatchLine(ours, theirs, match) for ours, theirs, match in session.execute(query)]


def counterparts_of(startup_id: int) -> Select[int]:
    """Ids of those who hold a place for a start-up: without it, they have one more."""
    return select(Match.counterpart_id).where(Match.startup_id == startup_id, Match.state.in_(HELD))
