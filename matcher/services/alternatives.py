"""What a manager can do with a pair instead: move its start-up to somebody else, or swap two."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from matcher.models import FAILED, Kind, Match, Profile, Programme, Recommendation, RecommendationList
from matcher.services.matches import MatchLine, list_matches
from matcher.services.plan import Places, Plan
from matcher.services.proposals import band_of, scores_of
from matcher.services.review import OPEN
from matcher.services.steps import Pair

_MOST = 30
"""How many of each are offered: nobody reads a longer choice."""


@dataclass(frozen=True, slots=True)
class Move:
    """Somebody else with a place left, and what the total of all scores would gain or lose."""

    place: Places
    score: float
    effect: float

    @property
    def profile(self) -> Profile:
        """Who it is."""
        return self.place.profile

    @property
    def band(self) -> str:
        """The word for the score."""
        return band_of(self.score)


@dataclass(frozen=True, slots=True)
class Swap:
    """Another open pair to exchange counterparts with, and what the total would gain or lose."""

    line: MatchLine
    effect: float


@dataclass(frozen=True, slots=True)
class Alternatives:
    """Both, the best first."""

    moves: Sequence[Move]
    swaps: Sequence[Swap]


def find_alternatives(session: Session, programme: Programme, plan: Plan, pair: Pair) -> Alternatives:
    """What could be done instead of an open pair, as far as the last run, or the list, knows the scores."""
    scores = scores_of(plan.run) if plan.run else {}
    scores = {**scores, **_listed(session, pair[0], plan.kind)}
    taken = _present(session, programme, pair)
    ours = taken.get(pair, 0.0)
    return Alternatives(
        _moves(plan, pair, scores, taken, ours),
        _swaps(session, programme, plan.kind, pair, scores, taken, ours),
    )


def _moves(
    plan: Plan, pair: Pair, scores: Mapping[Pair, float], taken: Collection[Pair], ours: float
) -> list[Move]:
    free = [p for p in plan.places if p.capacity is None or p.held < p.capacity]
    found = [
        Move(place, scores[new], scores[new] - ours)
        for place in free
        if (new := (pair[0], place.profile.id)) in scores and new not in taken
    ]
    return sorted(found, key=lambda move: -move.score)[:_MOST]


def _swaps(
    session: Session,
    programme: Programme,
    kind: Kind,
    pair: Pair,
    scores: Mapping[Pair, float],
    taken: Collection[Pair],
    ours: float,
) -> list[Swap]:
    found = []
    for line in list_matches(session, programme, OPEN, kind):
        other = (line.startup.id, line.counterpart.id)
        crossed = ((pair[0], other[1]), (other[0], pair[1]))
        if other[0] == pair[0] or other[1] == pair[1] or any(new in taken for new in crossed):
            continue
        if all(new in scores for new in crossed):
            after = scores[crossed[0]] + scores[crossed[1]]
            found.append(Swap(line, after - ours - (line.match.score or 0.0)))
    return sorted(found, key=lambda swap: -swap.effect)[:_MOST]


def _present(session: Session, programme: Programme, pair: Pair) -> dict[Pair, float]:
    """Matches of either side that stand in the way of a new one, with their scores."""
    rows = session.execute(
        select(Match.startup_id, Match.counterpart_id, Match.score).where(
            Match.programme_id == programme.id,
            Match.state.not_in(FAILED),
            or_(Match.startup_id == pair[0], Match.counterpart_id == pair[1]),
        )
    )
    return {(ours, theirs): score or 0.0 for ours, theirs, score in rows}


def _listed(session: Session, startup_id: int, kind: Kind) -> dict[Pair, float]:
    rows = session.execute(
        select(Recommendation.candidate_id, Recommendation.score)
        .join(RecommendationList)
        .where(RecommendationList.subject_id == startup_id, RecommendationList.candidate_kind == kind)
    )
    return {(startup_id, candidate): score for candidate, score in rows}
