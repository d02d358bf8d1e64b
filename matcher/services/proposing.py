"""Making a whole-cohort proposal: read in one view, solved without any lock, written in one transaction.

Like `pipeline` this spans transactions. If somebody decides about a pair meanwhile, it is solved again.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from matcher.db import reading, unit_of_work
from matcher.models import Kind, Match, MatchState, Profile, Programme, Proposal, VectorSpace
from matcher.ranking.config import ScoringConfig
from matcher.services import indexing
from matcher.services.cohort_blob import MOST_BYTES, Bar, pack
from matcher.services.cohort_candidates import Candidates, gather, with_all_places
from matcher.services.cohort_idle import idle_lines
from matcher.services.cohort_problem import build, focus_of, held_ends
from matcher.services.cohort_reading import Decisions, decisions_stamp, read_decisions
from matcher.services.cohort_remedies import Remedy, remedies_of
from matcher.services.cohort_settling import Settled, settle
from matcher.services.cohort_ways import ways_of
from matcher.services.cohort_words import Outcome, reason_of, relaxed_messages
from matcher.services.locking import lock_programme
from matcher.services.notices import manager_path, notify_managers
from matcher.services.pipeline import Progress, every
from matcher.services.plan import figures_of
from matcher.services.recommendations import dump_reasons
from matcher.services.recommender import Recommender
from matcher.services.roster import load_roster
from matcher.services.steps import Image, Pair, image_of, in_state, take
from matcher.wording import N_, Message, Refusal

Finish = Callable[[Session, Mapping[str, Any]], None]
"""Records the result of a job in the transaction that writes the proposal."""

_ATTEMPTS = 3
_ENOUGH = 10
"""Candidates with fewer than these left by the programme's rules are widened before solving."""
_ADVISED = 300
"""How many start-ups that go short are given remedies; all are given the reason."""


@dataclass(frozen=True, slots=True)
class _Basis:
    """What the run is about, whatever is decided meanwhile."""

    programme: Programme
    space: VectorSpace
    watermark: int
    actor: str
    seed: int


@dataclass(frozen=True, slots=True)
class _Result:
    """A solved cohort, ready to be written."""

    outcome: Outcome
    settled: Settled
    seconds: float
    images: dict[Pair, Image]
    """Of each pair that is proposed."""
    relaxed: list[Message]
    ways: list[dict[str, Any]]


def propose(
    engine: Engine,
    programme_id: int,
    kind: Kind,
    *,
    snapshots: Path,
    model: str,
    length: int,
    actor: str,
    seed: int,
    progress: Progress,
    finish: Finish | None = None,
) -> int:
    """Propose the best pairs of the whole programme under its rules; the proposal's id.

    Held pairs stay and take their places; the pairs that were proposed before are replaced. `length` bounds
    a shortlist from below; `progress` gets (steps done, in all).

    Raises:
        Refusal: no answer in time, or somebody decided about pairs during each attempt.
    """
    with reading(engine) as session:
        programme = session.get_one(Programme, programme_id)
        space = indexing.current_space(session, programme, model)
        roster = with_all_places(load_roster(session, programme))
        index = indexing.open_index(session, programme, snapshots, space)
        basis = _Basis(programme, space, programme.watermark, actor, seed)
        decisions = read_decisions(session, programme, kind)
    recommender = Recommender(roster, index, ScoringConfig(), length)
    steps = _Steps(recommender, kind, progress)
    focus = focus_of(decisions, *(recommender.pools[side].table.facts for side in (Kind.STARTUP, kind)))
    candidates = gather(recommender, kind, focus, steps.gathered)
    for _ in range(_ATTEMPTS):
        result = _solve(candidates, decisions, seed, steps)
        with unit_of_work(engine) as session:
            proposal = _write(session, basis, result)
            if proposal is not None:
                if finish is not None:
                    finish(session, {"proposal": proposal.id, "pairs": proposal.pairs})
                return proposal.id
        candidates = result.outcome.candidates
        with reading(engine) as session:
            decisions = read_decisions(session, programme, kind)
    raise Refusal(Message(N_("Others decided about pairs again and again meanwhile. Propose once more.")))


class _Steps:
    """Progress of a run: two parts in five are shortlists, two are solving, one is telling why."""

    def __init__(self, recommender: Recommender, kind: Kind, progress: Progress) -> None:
        self._lists = len(recommender.pools[Kind.STARTUP].table) + len(recommender.pools[kind].table)
        self._total, self._progress = 5 * self._lists, progress
        self._often = every(progress)

    def gathered(self, done: int, _total: int) -> None:
        self._often(2 * done, self._total)

    def solving(self, part: int) -> None:
        self._progress((2 + part) * self._lists, self._total)


def _solve(candidates: Candidates, decisions: Decisions, seed: int, steps: _Steps) -> _Result:
    steps.solving(0)
    candidates = candidates.with_pairs(*held_ends(candidates, decisions))
    candidates = candidates.widened(_thin(candidates, decisions), [])
    started = perf_counter()
    outcome, settled = _settle(candidates, decisions, seed)
    wider = candidates.widened(*_left_over(outcome))
    if len(wider.demand) > len(candidates.demand):
        steps.solving(1)
        outcome, settled = _settle(wider, decisions, seed)
    seconds = perf_counter() - started
    steps.solving(2)
    images = _images(outcome)
    steps.solving(3)
    relaxed = relaxed_messages(outcome, settled.dropped)
    ways = ways_of(outcome, settled.dropped, seed) if relaxed or outcome.short else []
    return _Result(outcome, settled, seconds, images, relaxed, ways)


def _left_over(outcome: Outcome) -> tuple[list[int], list[int]]:
    """Rows of start-ups and counterparts who have less than they should. Without a free place, no start-ups:
    more candidates would not give them one."""
    idle = np.flatnonzero(outcome.taken < outcome.arrays.supply_least).tolist()
    return outcome.short if outcome.has_place.any() else [], idle


def _settle(candidates: Candidates, decisions: Decisions, seed: int) -> tuple[Outcome, Settled]:
    arrays = build(candidates, decisions)
    settled = settle(arrays, seed)
    return Outcome(candidates, decisions, arrays, settled.solution.edges), settled


def _thin(candidates: Candidates, decisions: Decisions) -> list[int]:
    """Start-ups whose shortlist the programme's own rules all but emptied, with more to be had."""
    rules = decisions.rules
    if rules.hours_apart is None and rules.language != "required" and not decisions.states:
        return []
    arrays = build(candidates, decisions)
    left = np.bincount(arrays.demand[arrays.bar == Bar.FREE], minlength=len(arrays.startups))
    eligible = np.array([found.eligible for found in candidates.found], dtype=np.int64)
    return np.flatnonzero((left < _ENOUGH) & (eligible > arrays.counts)).tolist()


def _images(outcome: Outcome) -> dict[Pair, Image]:
    """What each newly proposed pair says, reasons and all."""
    arrays, candidates = outcome.arrays, outcome.candidates
    images: dict[Pair, Image] = {}
    new = outcome.edges[~arrays.locked[outcome.edges]]
    owners, starts = np.unique(arrays.demand[new], return_index=True)
    for owner, edges in zip(owners.tolist(), np.split(new, starts[1:]), strict=False):
        for item in candidates.describe(owner, arrays.supply[edges].astype(np.int64)):
            images[candidates.startups[owner].id, item.facts.id] = in_state(
                MatchState.PROPOSED,
                score=item.score.total, band=item.band, reasons=dump_reasons(item.reasons),
            )  # fmt: skip
    return images


def _write(session: Session, basis: _Basis, result: _Result) -> Proposal | None:
    """Replace what was proposed; None if somebody decided about pairs, or deleted one of them, meanwhile."""
    programme, kind = basis.programme, result.outcome.candidates.kind
    lock_programme(session, programme)
    if decisions_stamp(session, programme) != result.outcome.decisions.stamp:
        return None
    if not _are_there(session, programme, result.images):
        return None
    images = result.images
    proposal = _record(session, basis, result)
    old = session.scalars(
        select(Match)
        .join(Profile, Profile.id == Match.counterpart_id)
        .where(Match.programme_id == programme.id, Match.state == MatchState.PROPOSED, Profile.kind == kind)
    )
    before = {(match.startup_id, match.counterpart_id): image_of(match) for match in old}
    changes: dict[Pair, Image] = {pair: {} for pair in before if pair not in images}
    changes |= {pair: image for pair, image in images.items() if before.get(pair) != image}
    take(
        session, programme, basis.actor, "proposal.made", changes,
        after={"proposal": proposal.id, "number": proposal.number, "kind": kind.value},
    )  # fmt: skip
    notify_managers(
        session, programme, key=f"proposal.made:{proposal.id}",
        path=manager_path(programme, f"cohort/{kind}s"),
        message=Message(N_("A run is done. Pairs that it proposes: %(count)s."), {"count": proposal.pairs}),
    )  # fmt: skip
    return proposal


def _are_there(session: Session, programme: Programme, pairs: Collection[Pair]) -> bool:
    """Whether nobody deleted one of these people meanwhile."""
    there = set(session.scalars(select(Profile.id).where(Profile.programme_id == programme.id)))
    return all(there.issuperset(pair) for pair in pairs)


def _record(session: Session, basis: _Basis, result: _Result) -> Proposal:
    outcome, solution, programme = result.outcome, result.settled.solution, basis.programme
    blob = pack(outcome.arrays)
    figures = figures_of(
        [
            *((ours, image.get("score", 0.0)) for (ours, _), image in result.images.items()),
            *_held_scores(outcome),
        ]
    )
    last = session.scalar(
        select(func.max(Proposal.number)).where(
            Proposal.programme_id == programme.id, Proposal.counterpart_kind == outcome.candidates.kind
        )
    )
    proposal = Proposal(
        programme_id=programme.id,
        counterpart_kind=outcome.candidates.kind.value,
        number=(last or 0) + 1,
        rules_version=outcome.decisions.stamp[1],
        model=basis.space.model,
        revision=basis.space.revision,
        watermark=basis.watermark,
        seed=basis.seed,
        input_hash=sha256(blob).hexdigest(),
        problem=blob if len(blob) <= MOST_BYTES else b"",
        objective=outcome.arrays.objective,
        solver=solution.solver,
        is_optimal=solution.is_optimal,
        considered=outcome.candidates.considered,
        has_bonus=bool(outcome.arrays.bonus.any()),
        gap=solution.gap,
        total=figures.total,
        worst_off=figures.worst_off,
        pairs=figures.pairs,
        covered=figures.covered,
        startups=len(outcome.decisions.startups),
        seconds=result.seconds,
        unmatched=[*_unmatched(outcome), *idle_lines(outcome)],
        relaxed=[message.to_json() for message in result.relaxed],
        ways=result.ways,
        made_by=basis.actor,
    )
    session.add(proposal)
    session.flush()
    return proposal


def _held_scores(outcome: Outcome) -> list[tuple[int, float]]:
    arrays = outcome.arrays
    edges = np.flatnonzero(arrays.locked)
    ids = arrays.startups[arrays.demand[edges]].tolist()
    return list(zip(ids, arrays.score[edges].astype(float).tolist(), strict=True))


def _unmatched(outcome: Outcome) -> list[dict[str, Any]]:
    """Start-ups that go short, as `Proposal.unmatched` keeps them."""
    lines = []
    for number, row in enumerate(outcome.short):
        remedies: list[Remedy] = remedies_of(outcome, row) if number < _ADVISED else []
        lines.append(
            {
                "profile_id": outcome.candidates.startups[row].id,
                "reason": reason_of(outcome, row).to_json(),
                "remedies": remedies,
            }
        )
    return lines
