"""What a manager can do with a pair instead: move its start-up to somebody else, or swap two."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from operator import itemgetter

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
VISIBLE = 0.005
"""Differences of scores below this are none, in two decimals."""


@dataclass(frozen=True, slots=True)
class Move:
    """Somebody else with a place left, and what the total of all scores would gain or lose.

    `worst_off` is what the worst-off start-up would have then; None: no visible change.
    """

    place: Places
    score: float
    effect: float
    worst_off: float | None

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
    """Another open pair to exchange counterparts with; the effects are as a move's."""

    line: MatchLine
    effect: float
    worst_off: float | None


@dataclass(frozen=True, slots=True)
class Alternatives:
    """Both, the best first."""

    moves: Sequence[Move]
    swaps: Sequence[Swap]


def find_alternatives(session: Session, programme: Programme, plan: Plan, pair: Pair) -> Alternatives:
    """What could be done instead of an open pair, as far as the last run, or the list, knows the scores."""
    scores = scores_of(plan.run) if plan.run else {}
    scores = {**scores, **_listed(session, pair, plan.kind)}
    taken = _present(session, programme, pair)
    return Alternatives(
        _moves(plan, pair, scores, taken),
        _swaps(list_matches(session, programme, OPEN, plan.kind), plan, pair, scores, taken),
    )


def _moves(
    plan: Plan, pair: Pair, scores: Mapping[Pair, float], taken: Mapping[Pair, float | None]
) -> list[Move]:
    worst_off = _worst_after(plan)
    ours = _worth(pair, taken.get(pair), scores)
    free = [p for p in plan.places if (p.capacity is None or p.held < p.capacity) and not p.profile.is_paused]
    found = [
        Move(place, scores[new], gain := scores[new] - ours, worst_off({pair[0]: gain}))
        for place in free
        if (new := (pair[0], place.profile.id)) in scores and new not in taken
    ]
    return sorted(found, key=lambda move: -move.score)[:_MOST]


def _swaps(
    lines: Sequence[MatchLine],
    plan: Plan,
    pair: Pair,
    scores: Mapping[Pair, float],
    taken: Mapping[Pair, float | None],
) -> list[Swap]:
    worst_off = _worst_after(plan)
    ours = _worth(pair, taken.get(pair), scores)
    found = []
    for line in lines:
        other = (line.startup.id, line.counterpart.id)
        crossed = ((pair[0], other[1]), (other[0], pair[1]))
        if other[0] == pair[0] or other[1] == pair[1] or any(new in taken for new in crossed):
            continue
        if all(new in scores for new in crossed):
            gains = {
                pair[0]: scores[crossed[0]] - ours,
                other[0]: scores[crossed[1]] - _worth(other, line.match.score, scores),
            }
            found.append(Swap(line, sum(gains.values()), worst_off(gains)))
    return sorted(found, key=lambda swap: -swap.effect)[:_MOST]


def _worth(pair: Pair, score: float | None, scores: Mapping[Pair, float]) -> float:
    """A pair's score as the plan counts it."""
    return scores.get(pair, 0.0) if score is None else score


def _worst_after(plan: Plan) -> Callable[[Mapping[int, float]], float | None]:
    """From what up to two start-ups gain to what the worst-off would have, if that is not as now."""
    lowest = nsmallest(3, plan.sums.items(), key=itemgetter(1))  # one at least gains nothing

    def found(gains: Mapping[int, float]) -> float | None:
        others = [score for startup, score in lowest if startup not in gains]
        worst = min([*others, *(plan.sums.get(startup, 0.0) + gain for startup, gain in gains.items())])
        return worst if abs(worst - plan.now.worst_off) >= VISIBLE else None

    return found


def _present(session: Session, programme: Programme, pair: Pair) -> dict[Pair, float | None]:
    """Matches of either side that stand in the way of a new one, with their scores."""
    rows = session.execute(
        select(Match.startup_id, Match.counterpart_id, Match.score).where(
            Match.programme_id == programme.id,
            Match.state.not_in(FAILED),
            or_(Match.startup_id == pair[0], Match.counterpart_id == pair[1]),
        )
    )
    return {(ours, theirs): score for ours, theirs, score in rows}


def _listed(session: Session, pair: Pair, kind: Kind) -> dict[Pair, float]:
    """Scores on the start-up's list, and the counterpart's on those of others: a step takes these first."""
    rows = session.execute(
        select(RecommendationList.subject_id, Recommendation.candidate_id, Recommendation.score)
        .join(Recommendation)
        .where(
            RecommendationList.candidate_kind == kind,
            or_(RecommendationList.subject_id == pair[0], Recommendation.candidate_id == pair[1]),
        )
    )
    return {(startup_id, candidate): score for startup_id, candidate, score in rows}
