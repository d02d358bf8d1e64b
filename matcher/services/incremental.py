"""Working changed profiles into a large programme's lists, at the prices of its last whole ranking."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, selectinload

from matcher.models import (
    Kind,
    Profile,
    Programme,
    Ranking,
    Recommendation,
    RecommendationList,
    VectorSpace,
    utcnow,
)
from matcher.ranking.congestion import CongestionConfig, price_edges, price_newcomer
from matcher.ranking.exposure import rank_edges
from matcher.ranking.facts import Facts, Float64
from matcher.ranking.placing import Place, place_newcomer
from matcher.services.indexing import changed_profiles
from matcher.services.pools import Pool
from matcher.services.recommender import (
    COUNTERPARTS,
    RankedCandidate,
    RankedList,
    Recommender,
    Shortlist,
    candidate_kind,
)
from matcher.services.recommending import columns, store_lists
from matcher.services.twosided import capacity_of

_EQUAL = 1e-9


class IncrementConfig(BaseModel):
    """When changes are worked in one by one, rather than the whole programme ranked anew."""

    model_config = ConfigDict(frozen=True)

    whole_up_to: int = Field(500, ge=0, description="profiles that are ranked as a whole within two seconds")
    most_changed: float = Field(
        0.05, ge=0, le=1, description="share of changed profiles at which prices no longer hold"
    )


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
    size = session.scalar(select(func.count()).where(Profile.programme_id == programme.id)) or 0
    changed = changed_profiles(session, programme, ranking.watermark)
    if size <= config.whole_up_to or len(changed) + ranking.worked_in > config.most_changed * size:
        return None
    return changed


def markets_of(subject: Facts) -> Sequence[Kind]:
    """The markets that a profile is in, each named by its counterparts' kind."""
    return COUNTERPARTS if subject.kind is Kind.STARTUP else (subject.kind,)


class Sides:
    """The sides of a programme's markets, each read when first needed and kept up with who is worked in."""

    def __init__(self, recommender: Recommender) -> None:
        self.recommender = recommender
        self._read: dict[tuple[Kind, Kind], Side] = {}

    def facing(self, session: Session, programme: Programme, subject: Facts, kind: Kind) -> Side:
        """The side of those whom the subject meets, when the counterparts are of this kind."""
        other = candidate_kind(subject, kind)
        if (other, subject.kind) not in self._read:
            pool = self.recommender.pools[other]
            self._read[other, subject.kind] = _read_side(session, programme, pool, subject.kind)
        return self._read[other, subject.kind]

    def note(self, ranked: RankedList) -> None:
        """Take over what somebody's new list says of them."""
        subject = ranked.subject
        if side := self._read.get((subject.kind, ranked.candidate_kind)):
            row = self.recommender.pools[subject.kind].table.row_of[subject.id]
            side.prices[row], side.floors[row] = ranked.price, ranked.floor


def rank_profile(
    recommender: Recommender, subject: Facts, kind: Kind, facing: Side, spread: float
) -> tuple[RankedList, Shortlist]:
    """One profile's list at the others' prices, with a price of its own, and all whom it may meet."""
    pool = recommender.candidates(subject, kind)
    spread = spread if kind is Kind.MENTOR else 0.0
    found = recommender.shortlist(subject, kind, recommender.shortlist_length, facing.floors)
    scores, prices = np.clip(found.scores, 0.0, 1.0), facing.prices[found.rows]
    price = price_newcomer(scores, prices, capacity_of(subject), CongestionConfig(spread=spread))
    nobody = np.zeros(len(found.rows), dtype=np.int64)
    order = rank_edges(nobody, pool.table.ids[found.rows], scores, price_edges(scores, prices, spread))
    return recommender.make_list(found, found.rows[order[: recommender.length]], price), found


def rank_newcomer(
    recommender: Recommender, subject: Facts, kind: Kind, facing: Side, spread: float
) -> Newcomer:
    """Rank a changed profile, and see what it is to those who may meet it."""
    ranked, found = rank_profile(recommender, subject, kind, facing, spread)
    row = np.array([recommender.pools[subject.kind].table.row_of[subject.id]])
    others = recommender.candidates(subject, kind).table.facts
    near = {others[at].id: recommender.describe(others[at], kind, row)[0] for at in found.rows.tolist()}
    return Newcomer(subject, kind, ranked, near)


def work_in(
    session: Session,
    programme: Programme,
    newcomer: Newcomer,
    *,
    space: VectorSpace,
    watermark: int,
    spread: float,
    length: int,
) -> int:
    """Store the newcomer's own list, and put them where they belong on others'; how many lists changed.

    A list that they leave, or on which they fall to the last place, may lack somebody better: it is marked
    stale.
    """
    spread = spread if newcomer.kind is Kind.MENTOR else 0.0
    store_lists(session, programme, [newcomer.ranked], space=space, watermark=watermark)
    lists = _lists_near(session, programme, newcomer)
    protected = spread > 0 and newcomer.subject.kind is Kind.MENTOR
    board = _Board(session, newcomer, lists, spread if protected else 0.0)
    changed = 0
    for ranked in sorted(lists, key=board.loss):
        if ranked.watermark <= watermark:
            changed += board.place(ranked, spread, length)
            ranked.watermark, ranked.computed_at = watermark, utcnow()
    return changed + 1


def market_of(subject: Facts, shown: Kind) -> Kind:
    """The market in which a profile has a list of candidates of the kind `shown`."""
    return shown if subject.kind is Kind.STARTUP else subject.kind


def stale_lists(
    session: Session, programme: Programme, watermark: int, limit: int
) -> Sequence[RecommendationList]:
    """Lists up to `watermark` that are to be ranked anew, the oldest first."""
    return session.scalars(
        select(RecommendationList)
        .where(
            RecommendationList.programme_id == programme.id,
            RecommendationList.stale,
            RecommendationList.watermark <= watermark,
        )
        .order_by(RecommendationList.id)
        .limit(limit)
    ).all()


def _lists_near(session: Session, programme: Programme, newcomer: Newcomer) -> Sequence[RecommendationList]:
    """The lists that the newcomer is on, and those of whom they are near to."""
    holding = select(Recommendation.list_id).where(Recommendation.candidate_id == newcomer.subject.id)
    other = candidate_kind(newcomer.subject, newcomer.kind)
    return session.scalars(
        select(RecommendationList)
        .options(selectinload(RecommendationList.items))
        .join(Profile, Profile.id == RecommendationList.subject_id)
        .where(
            RecommendationList.programme_id == programme.id,
            RecommendationList.candidate_kind == newcomer.subject.kind,
            Profile.kind == other,
            or_(RecommendationList.subject_id.in_(newcomer.near), RecommendationList.id.in_(holding)),
        )
        .with_for_update(of=RecommendationList)
    ).all()


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


class _Board:
    """The lists while a newcomer is placed on them."""

    def __init__(
        self, session: Session, newcomer: Newcomer, lists: Sequence[RecommendationList], protect: float
    ) -> None:
        self.newcomer, self.protects = newcomer, protect > 0
        shown = {item.candidate_id for ranked in lists for item in ranked.items}
        self.prices = _prices(session, shown, candidate_kind(newcomer.subject, newcomer.kind))
        self.prices[newcomer.subject.id] = newcomer.ranked.price
        self.seen = _exposure(session, shown) if self.protects else Counter[int]()
        self.spread = protect

    def loss(self, ranked: RecommendationList) -> tuple[float, int]:
        """What a list's last place is worth above the newcomer: where it is least, they are placed first.

        Before that they leave the lists where they have no place any more.
        """
        near = self.newcomer.near.get(ranked.subject_id)
        last = min((self._place(item).value(self.spread) for item in ranked.items), default=-np.inf)
        return last - near.score.total if near else -np.inf, ranked.id

    def place(self, ranked: RecommendationList, spread: float, length: int) -> bool:
        """Put the newcomer where they belong on a list, if they do; whether it looks different now."""
        kept = {item.candidate_id: item for item in ranked.items}
        old = kept.pop(self.newcomer.subject.id, None)
        self.seen[self.newcomer.subject.id] -= old is not None
        near = self.newcomer.near.get(ranked.subject_id)
        if near is None:
            return self._drop(ranked, old)
        mine = self._mine(near)
        ordered, leaving = place_newcomer([self._place(item) for item in kept.values()], mine, spread, length)
        if leaving is mine:
            return self._drop(ranked, old)
        self.seen[mine.candidate] += 1
        if leaving is not None:
            self.seen[leaving.candidate] -= 1
            ranked.items.remove(kept.pop(leaving.candidate))
        if old is not None:
            ranked.stale |= ordered[-1] is mine and near.score.total < old.score - _EQUAL
        kept[mine.candidate] = _item(near, old)
        for rank, place in enumerate(ordered, start=1):
            kept[place.candidate].rank = rank
        if old is None:
            ranked.items.append(kept[mine.candidate])
        return True

    def _drop(self, ranked: RecommendationList, old: Recommendation | None) -> bool:
        """Take the newcomer off a list if they were on it; another may deserve the place."""
        if old is None:
            return False
        ranked.items.remove(old)
        ranked.stale = True
        return True

    def _place(self, item: Recommendation) -> Place:
        return Place(
            item.candidate_id,
            item.score,
            self.prices.get(item.candidate_id, 0.0),
            not self.protects or self.seen[item.candidate_id] > 1,
        )

    def _mine(self, near: RankedCandidate) -> Place:
        subject = self.newcomer.subject.id
        seen = not self.protects or self.seen[subject] > 0
        return Place(subject, near.score.total, self.prices[subject], seen)


def _item(near: RankedCandidate, old: Recommendation | None) -> Recommendation:
    """The newcomer's line on a list: the one that they had, if they had one, as it is now."""
    if old is None:
        return Recommendation(**columns(near))
    for name, value in columns(near).items():
        setattr(old, name, value)
    return old


def _prices(session: Session, ids: set[int], shown: Kind) -> dict[int, float]:
    """How much in demand these candidates are, as their own lists of `shown` say."""
    rows = session.execute(
        select(RecommendationList.subject_id, RecommendationList.price).where(
            RecommendationList.subject_id.in_(ids), RecommendationList.candidate_kind == shown
        )
    )
    return {profile_id: price for profile_id, price in rows}  # noqa: C416 - a Row is no pair to mypy


def _exposure(session: Session, ids: set[int]) -> Counter[int]:
    """On how many lists each of these candidates is."""
    rows = session.execute(
        select(Recommendation.candidate_id, func.count())
        .where(Recommendation.candidate_id.in_(ids))
        .group_by(Recommendation.candidate_id)
    )
    return Counter({candidate: count for candidate, count in rows})  # noqa: C416 - likewise
