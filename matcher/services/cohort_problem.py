"""A cohort's candidates, decisions and rules as the arrays that the solver works on."""

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from matcher.models import FAILED, HELD, Kind, MatchState
from matcher.ranking.facts import Bool, Facts, Float64
from matcher.ranking.interaction import Int64
from matcher.services.bars import gap
from matcher.services.cohort_blob import Bar, CohortArrays
from matcher.services.cohort_candidates import Candidates, Ends, Focus
from matcher.services.cohort_limits import members, with_limits, with_quotas
from matcher.services.cohort_reading import Decisions, Pair

_CLOSE, _FAR = 2.0, 8.0  # hours apart: a working day in common, and none; as in ranking.fit


def focus_of(decisions: Decisions, startups: Sequence[Facts], others: Sequence[Facts]) -> Focus:
    """Whom wishes and quotas are about."""
    groups = [(members(q.startups, startups, decisions), members(q.counterparts, others, decisions))
              for q in decisions.rules.quotas]  # fmt: skip
    wished = {subject: frozenset(candidates) for subject, candidates in decisions.wishes.items()}
    return Focus(wished, tuple(groups))


def held_ends(candidates: Candidates, decisions: Decisions) -> Ends:
    """The ends of the pairs that hold a place, as rows; of people whom the candidates know."""
    demand, supply = _ends(candidates, [pair for pair, state in decisions.states.items() if state in HELD])
    known = (demand >= 0) & (supply >= 0)
    return demand[known], supply[known]


def build(candidates: Candidates, decisions: Decisions) -> CohortArrays:
    """The arrays. Every held pair is among the candidates already."""
    rules, kind = decisions.rules, candidates.kind
    demand, supply = candidates.demand, candidates.supply
    startups, others = candidates.startups, candidates.others
    locked = _flags(candidates, decisions, HELD)
    bar = _bars(candidates, decisions)
    bar[locked] = Bar.FREE
    arrays = CohortArrays(
        startups=_ids(startups),
        counterparts=_ids(others),
        counts=np.bincount(demand, minlength=len(startups)).astype(np.int32),
        supply=supply.astype(np.int32),
        score=_scores(candidates, decisions, locked),
        bonus=_bonuses(candidates, decisions),
        bar=bar.astype(np.uint8),
        locked=locked,
        demand_least=np.zeros(len(startups), np.int32),
        demand_most=np.zeros(len(startups), np.int32),
        supply_least=np.zeros(len(others), np.int32),
        supply_most=np.zeros(len(others), np.int32),
        objective=rules.objective,
        floor=np.array([] if rules.floor is None or kind is not Kind.MENTOR else [rules.floor], np.float64),
        waiting=np.array([decisions.waiting.get(one.id, 0) for one in startups], np.int32),
    )
    arrays = with_quotas(with_limits(arrays, candidates, decisions), candidates, decisions)
    return _with_ranks(arrays, decisions)


def _ids(profiles: Sequence[Facts]) -> Int64:
    return np.array([one.id for one in profiles], dtype=np.int64)


def _ends(candidates: Candidates, pairs: Collection[Pair]) -> Ends:
    """Rows of both sides of each pair; -1 for whom the candidates do not know."""
    ours = {one.id: row for row, one in enumerate(candidates.startups)}
    theirs = {one.id: row for row, one in enumerate(candidates.others)}
    rows = [(ours.get(startup, -1), theirs.get(other, -1)) for startup, other in pairs]
    found = np.array(rows, dtype=np.int64).reshape(-1, 2)
    return found[:, 0], found[:, 1]


def _find(candidates: Candidates, pairs: Collection[Pair]) -> Int64:
    """Where each pair is among the edges; -1 if it is not."""
    demand, supply = _ends(candidates, pairs)
    width = max(1, len(candidates.others))
    keys, wanted = candidates.demand * width + candidates.supply, demand * width + supply
    at = np.minimum(np.searchsorted(keys, wanted), max(0, len(keys) - 1))
    known = (demand >= 0) & (supply >= 0) & (keys[at] == wanted if len(keys) else False)
    return np.where(known, at, -1)


def _flags(candidates: Candidates, decisions: Decisions, states: Collection[str]) -> Bool:
    """Which edges are matches in one of these states."""
    flags = np.zeros(len(candidates.demand), dtype=np.bool_)
    at = _find(candidates, [pair for pair, state in decisions.states.items() if state in states])
    flags[at[at >= 0]] = True
    return flags


def _bars(candidates: Candidates, decisions: Decisions) -> npt.NDArray[np.uint8]:
    """Which rule of the programme forbids each edge; what a manager said comes before the rest."""
    rules = decisions.rules
    bar = np.zeros(len(candidates.demand), dtype=np.uint8)
    if rules.hours_apart is not None:
        bar[hours_apart(candidates) > rules.hours_apart] = Bar.HOURS
    if rules.language == "required":
        bar[~_share(candidates, "languages")] = Bar.LANGUAGE
    if not rules.repeat_failed:
        bar[_flags(candidates, decisions, FAILED)] = Bar.FAILED
    bar[_flags(candidates, decisions, {MatchState.REJECTED})] = Bar.REJECTED
    return bar


def _share(candidates: Candidates, attribute: str) -> Bool:
    """Which edges' ends both state a value, and have one in common."""
    ours = [getattr(one, attribute) for one in candidates.startups]
    theirs = [getattr(one, attribute) for one in candidates.others]
    shared = np.zeros(len(candidates.demand), dtype=np.bool_)
    for value in sorted({value for values in ours for value in values}):
        here = np.array([value in values for values in ours], dtype=np.bool_)
        there = np.array([value in values for values in theirs], dtype=np.bool_)
        shared |= here[candidates.demand] & there[candidates.supply]
    return shared


def hours_apart(candidates: Candidates, edges: Int64 | None = None) -> Float64:
    """The fewest hours between the ends' time zones, of all edges or of these; NaN where one has none."""
    chosen = slice(None) if edges is None else edges
    ours, rows = _distinct(candidates.startups)
    theirs, columns = _distinct(candidates.others)
    gaps = np.array([[gap(a, b) for b in theirs] for a in ours]).reshape(len(ours), len(theirs))
    return np.asarray(
        gaps[rows[candidates.demand[chosen]], columns[candidates.supply[chosen]]], dtype=np.float64
    )


def _distinct(profiles: Sequence[Facts]) -> tuple[list[tuple[float, ...]], Int64]:
    known: dict[tuple[float, ...], int] = {}
    numbered = [known.setdefault(one.utc_offsets, len(known)) for one in profiles]
    return list(known), np.array(numbered, dtype=np.int64)


def _scores(candidates: Candidates, decisions: Decisions, locked: Bool) -> npt.NDArray[np.float32]:
    """True scores; of a held pair the one that it was decided on, which is what people compare with."""
    score = candidates.score.astype(np.float32)
    for edge in np.flatnonzero(locked).tolist():
        pair = candidates.startups[candidates.demand[edge]].id, candidates.others[candidates.supply[edge]].id
        score[edge] = decisions.scores.get(pair, score[edge])
    return score


def _bonuses(candidates: Candidates, decisions: Decisions) -> npt.NDArray[np.float32]:
    """What the solver adds to scores for preferences and wishes."""
    rules = decisions.rules
    bonus = np.zeros(len(candidates.demand))
    if rules.prefer_sector:
        bonus += rules.prefer_sector * _share(candidates, "sectors")
    if rules.prefer_timezone:
        common = np.clip((_FAR - hours_apart(candidates)) / (_FAR - _CLOSE), 0.0, 1.0)
        bonus += rules.prefer_timezone * np.nan_to_num(common)
    worth = _wished(decisions)
    at, added = _find(candidates, list(worth)), np.array(list(worth.values()))
    bonus[at[at >= 0]] += rules.wishes * added[at >= 0]
    return bonus.astype(np.float32)


def _wished(decisions: Decisions) -> dict[Pair, float]:
    """Pairs that a side wishes for: 1 for a first wish, a half for a second …; both sides' add up."""
    worth: dict[Pair, float] = {}
    for subject, wished in decisions.wishes.items():
        for rank, other in enumerate(wished, start=1):
            pair = (subject, other) if subject in decisions.startups else (other, subject)
            worth[pair] = worth.get(pair, 0.0) + 1 / rank
    return worth


def _with_ranks(arrays: CohortArrays, decisions: Decisions) -> CohortArrays:
    """How each end ranks the other where stability is sought: wishes first, then score."""
    if arrays.objective != "stable":
        return arrays
    demand, supply = arrays.demand, arrays.supply.astype(np.int64)
    ours, theirs = arrays.startups[demand], arrays.counterparts[supply]
    gain = arrays.score.astype(np.float64) + arrays.bonus
    return replace(
        arrays,
        demand_rank=_ranks(demand, _wish_ranks(ours, theirs, decisions), gain),
        supply_rank=_ranks(supply, _wish_ranks(theirs, ours, decisions), gain),
    )


def _wish_ranks(subjects: Int64, candidates: Int64, decisions: Decisions) -> Int64:
    ranks = {
        (subject, other): rank
        for subject, wished in decisions.wishes.items()
        for rank, other in enumerate(wished)
    }
    last = len(ranks)
    pairs = zip(subjects.tolist(), candidates.tolist(), strict=True)
    return np.array([ranks.get(pair, last) for pair in pairs], dtype=np.int64)


def _ranks(owner: Int64, wishes: Int64, gain: Float64) -> npt.NDArray[np.int32]:
    """0 for each owner's favourite, then 1 …"""
    order = np.lexsort((-gain, wishes, owner))
    starts = np.searchsorted(owner[order], owner[order])
    ranks = np.empty(len(owner), np.int32)
    ranks[order] = np.arange(len(owner)) - starts
    return ranks
