"""Ranking changed profiles of a large programme one by one, at the prices of its last whole ranking."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.models import Kind, Programme, Ranking, RecommendationList, VectorSpace
from matcher.ranking.congestion import CongestionConfig, price_edges, price_newcomer
from matcher.ranking.exposure import rank_edges
from matcher.ranking.facts import Facts, Float64
from matcher.services.indexing import changed_profiles, count_profiles
from matcher.services.pools import Pool
from matcher.services.recommender import (
    COUNTERPARTS,
    RankedCandidate,
    RankedList,
    Recommender,
    Shortlist,
    candidate_kind,
)
from matcher.services.twosided import capacity_of, market_spread


class IncrementConfig(BaseModel):
    """When changes are worked in one by one, rather than the whole programme ranked anew."""

    model_config = ConfigDict(frozen=True)

    whole_up_to: int = Field(500, ge=0, description="profiles that are ranked as a whole within two seconds")
    most_changed: float = Field(
        0.05, ge=0, le=1, description="share of changed profiles at which prices no longer hold"
    )


@dataclass(frozen=True)
class Basis:
    """What changes are worked in from, as of one transaction: a later commit is a later job's."""

    programme: Programme
    space: VectorSpace
    watermark: int
    recommender: Recommender

    def spread(self, kind: Kind) -> float:
        """How far attention is shared out in the market of these counterparts."""
        return market_spread(self.programme.spread, kind)


@dataclass(frozen=True)
class Side:
    """What the lists of one side of a market say of it, by row of its pool.

    Attributes:
        prices: float64, in units of score; 0 for who has no list yet.
        floors: float64, the score that brings a newcomer onto the shortlist; infinite without a list.
    """

    prices: Float64
    floors: Float64


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A changed profile among counterparts of one kind: its own list, and what it is to those near it.

    `near` has the candidate that it is for each of them, by their id.
    """

    subject: Facts
    kind: Kind
    ranked: RankedList
    near: dict[int, RankedCandidate] = field(default_factory=dict)


def increments(
    session: Session, programme: Programme, space: VectorSpace, length: int, config: IncrementConfig
) -> set[int] | None:
    """Ids of the changed profiles that are to be worked in; None if the whole is to be ranked anew."""
    ranking = session.get(Ranking, programme.id)
    wanted = (space.model, space.revision, programme.spread, length)
    if ranking is None or (ranking.model, ranking.revision, ranking.spread, ranking.length) != wanted:
        return None
    if ranking.watermark == programme.watermark:
        return set()
    size = count_profiles(session, programme)
    changed = changed_profiles(session, programme, ranking.watermark)
    if size <= config.whole_up_to or len(changed) + ranking.worked_in > config.most_changed * size:
        return None
    return changed


def markets_of(subject: Facts) -> Sequence[Kind]:
    """The markets that a profile is in, each named by its counterparts' kind."""
    return COUNTERPARTS if subject.kind is Kind.STARTUP else (subject.kind,)


def market_of(subject: Facts, shown: Kind) -> Kind:
    """The market in which a profile has a list of candidates of the kind `shown`."""
    return shown if subject.kind is Kind.STARTUP else subject.kind


class Sides:
    """The sides of a programme's markets, each read when first needed and kept up with who is worked in."""

    def __init__(self, basis: Basis) -> None:
        self.basis = basis
        self._read: dict[tuple[Kind, Kind], Side] = {}

    def facing(self, session: Session, subject: Facts, kind: Kind) -> Side:
        """The side of those whom the subject meets, when the counterparts are of this kind."""
        other = candidate_kind(subject, kind)
        if (other, subject.kind) not in self._read:
            pool = self.basis.recommender.pools[other]
            self._read[other, subject.kind] = _read_side(session, self.basis.programme, pool, subject.kind)
        return self._read[other, subject.kind]

    def note(self, ranked: RankedList) -> None:
        """Take over what somebody's new list says of them."""
        subject = ranked.subject
        if side := self._read.get((subject.kind, ranked.candidate_kind)):
            row = self.basis.recommender.pools[subject.kind].table.row_of[subject.id]
            side.prices[row], side.floors[row] = ranked.price, ranked.floor


def rank_profile(basis: Basis, subject: Facts, kind: Kind, facing: Side) -> tuple[RankedList, Shortlist]:
    """One profile's list at the others' prices, with a price of its own, and all whom it may meet."""
    recommender, spread = basis.recommender, basis.spread(kind)
    found = recommender.shortlist(subject, kind, recommender.shortlist_length, floors=facing.floors)
    scores, prices = np.clip(found.scores, 0.0, 1.0), facing.prices[found.rows]
    price = price_newcomer(scores, prices, capacity_of(subject), CongestionConfig(spread=spread))
    nobody = np.zeros(len(found.rows), dtype=np.int64)
    ids = recommender.candidates(subject, kind).table.ids[found.rows]
    order = rank_edges(nobody, ids, scores, price_edges(scores, prices, spread))
    return recommender.make_list(found, found.rows[order[: recommender.length]], price), found


def rank_newcomer(basis: Basis, subject: Facts, kind: Kind, facing: Side) -> Newcomer:
    """Rank a changed profile, and see what it is to those who may meet it."""
    recommender = basis.recommender
    ranked, found = rank_profile(basis, subject, kind, facing)
    row = np.array([recommender.pools[subject.kind].table.row_of[subject.id]])
    others = recommender.candidates(subject, kind).table.facts
    near = {others[at].id: recommender.describe(others[at], kind, row)[0] for at in found.rows.tolist()}
    return Newcomer(subject, kind, ranked, near)


def _read_side(session: Session, programme: Programme, pool: Pool, shown: Kind) -> Side:
    """The side of the profiles of `pool`, by their lists of candidates of the kind `shown`."""
    rows = session.execute(
        select(RecommendationList.subject_id, RecommendationList.price, RecommendationList.floor).where(
            RecommendationList.programme_id == programme.id, RecommendationList.candidate_kind == shown
        )
    )
    side = Side(np.zeros(len(pool.table)), np.full(len(pool.table), np.inf))
    for subject_id, price, floor in rows:
        if (row := pool.table.row_of.get(subject_id)) is not None:
            side.prices[row], side.floors[row] = price, floor
    return side
