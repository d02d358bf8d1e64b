"""The queue of a cohort's pairs for a manager to go through."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import ceil

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from matcher.models import SIDES, Kind, Match, MatchState, Profile, Programme
from matcher.services.recommendations import Reason, read_reasons
from matcher.services.review import BANDS, OPEN
from matcher.services.steps import Pair

PER_PAGE = 20
STATES = (MatchState.PROPOSED, MatchState.LOCKED, MatchState.APPROVED, MatchState.REJECTED)
"""What a queue can be narrowed to: all that managers alone know of."""


@dataclass(frozen=True, slots=True)
class Card:
    """A pair with all that the queue says about it."""

    startup: Profile
    counterpart: Profile
    match: Match
    reasons: Sequence[Reason]


@dataclass(frozen=True, slots=True)
class Queue:
    """One page of the pairs, and how many there are of each state and band; `page` counts from 1."""

    items: Sequence[Card]
    total: int
    page: int
    pages: int
    counts: dict[tuple[str, str | None], int]

    def count(self, states: Collection[str] = OPEN, bands: Collection[str | None] | None = None) -> int:
        """How many pairs are in one of these states and bands; without bands: in any."""
        return sum(
            number
            for (state, band), number in self.counts.items()
            if state in states and (bands is None or band in bands)
        )

    def approvable(self, band: str) -> int:
        """How many pairs `review.approve_from` would approve."""
        return self.count((MatchState.PROPOSED, MatchState.LOCKED), BANDS[BANDS.index(band) :])


def read_queue(
    session: Session,
    programme: Programme,
    kind: Kind | None,
    *,
    states: Collection[str] = OPEN,
    band: str | None = None,
    page: int = 1,
    also: Pair | None = None,
    latest_first: bool = False,
) -> Queue:
    """Pairs in these states, best score first, or the latest; without a kind, with either.

    `also` is shown in its place whatever its state.
    """
    startup, counterpart = SIDES
    ours = [Match.programme_id == programme.id, *([counterpart.kind == kind] if kind else [])]
    best = (Match.score.desc().nulls_last(), Match.startup_id, Match.counterpart_id)
    latest = (Match.decided_at.desc(), Match.id.desc())
    counts = {
        (state, found): number
        for state, found, number in session.execute(
            select(Match.state, Match.band, func.count())
            .join(counterpart, counterpart.id == Match.counterpart_id)
            .where(*ours)
            .group_by(Match.state, Match.band)
        )
    }
    wanted = _wanted(states, band, also)
    total = session.scalar(
        select(func.count())
        .select_from(Match)
        .join(counterpart, counterpart.id == Match.counterpart_id)
        .where(*ours, wanted)
    )
    pages = max(1, ceil((total or 0) / PER_PAGE))
    page = min(max(1, page), pages)
    rows = session.execute(
        select(Match, startup, counterpart)
        .join(startup, startup.id == Match.startup_id)
        .join(counterpart, counterpart.id == Match.counterpart_id)
        .where(*ours, wanted)
        .order_by(*(latest if latest_first else best))
        .offset((page - 1) * PER_PAGE)
        .limit(PER_PAGE)
    ).all()
    cards = [Card(ours, theirs, match, read_reasons(match.reasons)) for match, ours, theirs in rows]
    return Queue(cards, total or 0, page, pages, counts)


def _wanted(states: Collection[str], band: str | None, also: Pair | None) -> ColumnElement[bool]:
    chosen: ColumnElement[bool] = Match.state.in_(states)
    if band is not None:
        chosen = and_(chosen, Match.band == band)
    if also is None:
        return chosen
    return or_(chosen, and_(Match.startup_id == also[0], Match.counterpart_id == also[1]))
