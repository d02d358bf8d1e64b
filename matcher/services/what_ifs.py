"""What forcing one pair would do to everybody: the latest run's problem, with what was decided since."""

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
from sqlalchemy.orm import Session

from matcher.cohort import SolverConfig, Unsettled, force
from matcher.models import FAILED, HELD, Job, Kind, MatchState, Profile, Programme
from matcher.ranking.comparison import decimals
from matcher.ranking.facts import Bool
from matcher.ranking.interaction import Int64
from matcher.services.bars import bar_between
from matcher.services.cohort_blob import Bar, CohortArrays, unpack
from matcher.services.cohort_reading import Decisions, Pair, read_decisions
from matcher.services.cohort_settling import Settled, settle
from matcher.services.cohort_words import BAR_MESSAGES
from matcher.services.errors import NotFound
from matcher.services.plan import Figures, figures_of, latest_proposal
from matcher.services.proposals import TOO_LARGE, WhatIf
from matcher.services.roster import load_facts
from matcher.services.whynot import explain_pair
from matcher.wording import N_, Message, Refusal


@dataclass(frozen=True, slots=True)
class _Question:
    """The arrays as of now, the edge asked about, and the rules that forbid it."""

    arrays: CohortArrays
    pair: Pair
    edge: int
    forbidden: list[Message]
    seed: int


def read_question(session: Session, programme: Programme, job: Job) -> _Question:
    """What a job of kind `WHAT_IF` asks, from SQL alone.

    Raises:
        NotFound: the run's problem was too large to keep, or one of the two is gone.
    """
    kind = Kind(job.payload["kind"])
    pair = job.payload["startup"], job.payload["counterpart"]
    run = latest_proposal(session, programme, kind)
    if run is None or not run.problem:
        raise NotFound(Message(TOO_LARGE))
    decisions = read_decisions(session, programme, kind)
    arrays, forbidden = unpack(run.problem), list[Message]()
    if _find(arrays, [pair])[0] < 0:
        arrays, forbidden = _with_pair(session, programme, arrays, pair, decisions)
    arrays = _since(arrays, decisions)
    edge = _find(arrays, [pair])[0]
    bar = Bar(int(arrays.bar[edge]))
    if bar in BAR_MESSAGES:
        forbidden.append(BAR_MESSAGES[bar])
    return _Question(arrays, pair, int(edge), forbidden, run.seed)


def answer(question: _Question) -> WhatIf:
    """The best with and without the pair, and who would lose whom. Takes as long as a run solves."""
    now = settle(question.arrays, question.seed)
    forced = _forced(question, now)
    before, made = _figures(question.arrays, now.solution.edges)
    if forced is None:
        message = Message(N_("The other rules and decisions leave no place for this pair."))
        return WhatIf(*question.pair, before, None, [], [], question.forbidden, message)
    after, others = _figures(question.arrays, forced)
    lost, gained = sorted(made - others), sorted(others - made)
    message = _told(before, after, lost, gained)
    return WhatIf(*question.pair, before, after, lost, gained, question.forbidden, message)


def _forced(question: _Question, now: Settled) -> Int64 | None:
    """The pairs with this one among them; minimums may give way to it as they do in a run."""
    config = SolverConfig(seed=question.seed)
    if _is_full(question):
        return None
    try:
        found = force(now.problem, question.edge, config)
    except Unsettled as error:
        raise Refusal(Message(N_("No answer was found in time."))) from error
    if found is not None:
        return found.edges
    arrays = question.arrays
    locked, bar = arrays.locked.copy(), arrays.bar.copy()
    locked[question.edge], bar[question.edge] = True, Bar.FREE
    return settle(replace(arrays, locked=locked, bar=bar), question.seed).solution.edges


def _is_full(question: _Question) -> bool:
    """Whether held pairs leave one of the two no place for another."""
    arrays, edge = question.arrays, question.edge
    if arrays.locked[edge]:
        return False
    demand, supply = arrays.demand, arrays.supply
    ours = int((arrays.locked & (demand == demand[edge])).sum())
    theirs = int((arrays.locked & (supply == supply[edge])).sum())
    return bool(ours >= arrays.demand_most[demand[edge]] or theirs >= arrays.supply_most[supply[edge]])


def _figures(arrays: CohortArrays, edges: Int64) -> tuple[Figures, set[Pair]]:
    """In true scores, as plans and proposals count."""
    ours = arrays.startups[arrays.demand[edges]].tolist()
    theirs = arrays.counterparts[arrays.supply[edges]].tolist()
    scores = arrays.score[edges].astype(float).tolist()
    return figures_of(zip(ours, scores, strict=True)), set(zip(ours, theirs, strict=True))


def _told(before: Figures, after: Figures, lost: list[Pair], gained: list[Pair]) -> Message:
    if not gained:
        return Message(N_("This pair is part of the best choice anyway."))
    values = {
        "count": len(lost),
        "before": decimals(before.total),
        "after": decimals(after.total),
        "covered": after.covered - before.covered,
    }
    if after.covered < before.covered:
        values["covered"] = before.covered - after.covered
        template = N_(
            "The total would be %(after)s instead of %(before)s, %(count)d pairs would part, and %(covered)d "
            "start-ups would be left with nobody."
        )
    else:
        template = N_("The total would be %(after)s instead of %(before)s, and %(count)d pairs would part.")
    return Message(template, values)


def _since(arrays: CohortArrays, decisions: Decisions) -> CohortArrays:
    """The stored problem with later decisions laid over it: locks, rejections, places, who left."""
    bar, locked = arrays.bar.copy(), np.zeros_like(arrays.locked)
    bar[np.isin(bar, [Bar.REJECTED, Bar.FAILED])] = Bar.FREE
    for states, code in ((FAILED, Bar.FAILED), ({MatchState.REJECTED}, Bar.REJECTED)):
        if code is Bar.REJECTED or not decisions.rules.repeat_failed:
            bar[_in_states(arrays, decisions, states)] = code
    locked[_in_states(arrays, decisions, HELD)] = True
    bar[locked] = Bar.FREE
    held = np.bincount(arrays.demand[locked], minlength=len(arrays.startups))
    given = np.bincount(arrays.supply[locked], minlength=len(arrays.counterparts))
    places = [decisions.capacity.get(other, 0) for other in arrays.counterparts.tolist()]
    most = np.array([len(arrays.startups) if each is None else each for each in places], dtype=np.int64)
    there = np.isin(arrays.startups, list(decisions.startups))
    supply_most = np.maximum(most, given)
    return replace(
        arrays,
        bar=bar,
        locked=locked,
        demand_least=np.where(there, arrays.demand_least, 0).astype(np.int32),
        demand_most=np.maximum(np.where(there, arrays.demand_most, 0), held).astype(np.int32),
        supply_least=np.minimum(arrays.supply_least, supply_most).astype(np.int32),
        supply_most=supply_most.astype(np.int32),
    )


def _in_states(arrays: CohortArrays, decisions: Decisions, states: Collection[str]) -> Int64:
    at = _find(arrays, [pair for pair, state in decisions.states.items() if state in states])
    return at[at >= 0]


def _find(arrays: CohortArrays, pairs: Collection[Pair]) -> Int64:
    """Where each pair is among the edges; -1 if it is not."""
    if not pairs or not len(arrays.supply):
        return np.full(len(pairs), -1, dtype=np.int64)
    wanted = np.array(list(pairs), dtype=np.int64).reshape(-1, 2)
    demand, knows_startup = _rows(arrays.startups, wanted[:, 0])
    supply, knows_other = _rows(arrays.counterparts, wanted[:, 1])
    width = len(arrays.counterparts)
    keys, sought = arrays.demand * width + arrays.supply, demand * width + supply
    at = np.minimum(np.searchsorted(keys, sought), len(keys) - 1)
    return np.where(knows_startup & knows_other & (keys[at] == sought), at, -1)


def _rows(ids: Int64, wanted: Int64) -> tuple[Int64, Bool]:
    """Where each wanted id is among the ids, which ascend, and whether it is there at all."""
    at = np.minimum(np.searchsorted(ids, wanted), len(ids) - 1)
    return at, ids[at] == wanted


def _with_pair(
    session: Session, programme: Programme, arrays: CohortArrays, pair: Pair, decisions: Decisions
) -> tuple[CohortArrays, list[Message]]:
    """Also a pair that the run did not think of, and what eligibility has against it."""
    startup, other = (session.get(Profile, profile_id) for profile_id in pair)
    rows = np.flatnonzero(arrays.startups == pair[0]), np.flatnonzero(arrays.counterparts == pair[1])
    if startup is None or other is None or not rows[0].size or not rows[1].size:
        raise NotFound(Message(N_("The last proposal does not know them. Make a new one first.")))
    told = explain_pair(session, programme, startup, other)
    bar = Bar.INELIGIBLE if told.excluded_by else _bar(session, programme, pair, decisions)
    demand, supply = int(rows[0][0]), int(rows[1][0])
    edges = slice(*np.searchsorted(arrays.demand, [demand, demand + 1]))
    at = edges.start + int(np.searchsorted(arrays.supply[edges], supply))
    quota_edges = np.asarray(arrays.quota_edges)
    counts = arrays.counts.copy()
    counts[demand] += 1
    added = replace(
        arrays,
        counts=counts,
        supply=np.insert(arrays.supply, at, supply),
        score=np.insert(arrays.score, at, told.score or 0.0),
        bonus=np.insert(arrays.bonus, at, 0.0),
        bar=np.insert(arrays.bar, at, bar),
        locked=np.insert(arrays.locked, at, False),
        quota_edges=np.where(quota_edges >= at, quota_edges + 1, quota_edges).astype(np.int32),
        demand_rank=_inserted_rank(arrays.demand_rank, at),
        supply_rank=_inserted_rank(arrays.supply_rank, at),
    )
    return added, [exclusion.reason.message for exclusion in told.excluded_by]


def _bar(session: Session, programme: Programme, pair: Pair, decisions: Decisions) -> Bar:
    """The programme's own rule that forbids the pair, if any."""
    facts = load_facts(session, programme, pair)
    return bar_between(decisions.rules, facts[pair[0]], facts[pair[1]])


def _inserted_rank(ranks: np.ndarray, at: int) -> np.ndarray:
    """Whom nobody thought of comes last."""
    return np.insert(ranks, at, ranks.max(initial=0) + 1) if len(ranks) else ranks
