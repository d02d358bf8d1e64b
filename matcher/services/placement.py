"""Placing a changed profile on the lists that others have already."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, selectinload

from matcher.models import Kind, Profile, Programme, Recommendation, RecommendationList, utcnow
from matcher.ranking.placing import Place, place_newcomer
from matcher.services.incremental import Basis, Newcomer
from matcher.services.recommender import RankedCandidate, candidate_kind
from matcher.services.recommending import columns, store_lists

_EQUAL = 1e-9


def work_in(session: Session, basis: Basis, newcomer: Newcomer) -> int:
    """Store the newcomer's own list, and put them where they belong on others'; how many lists changed.

    A list that they leave, or on which they fall to the last place, may lack somebody better: it is marked
    stale.
    """
    store_lists(session, basis.programme, [newcomer.ranked], space=basis.space, watermark=basis.watermark)
    lists = [
        ranked
        for ranked in _lists_near(session, basis.programme, newcomer)
        if ranked.watermark <= basis.watermark
    ]
    board = _Board(session, newcomer, lists, basis.spread(newcomer.kind), basis.recommender.length)
    changed = [ranked for ranked in sorted(lists, key=board.loss) if board.place(ranked)]
    for ranked in changed:
        ranked.watermark, ranked.computed_at = basis.watermark, utcnow()
    return len(changed) + 1


def stale_lists(session: Session, basis: Basis, limit: int) -> Sequence[RecommendationList]:
    """Lists no later than the basis that are to be ranked anew, the oldest first."""
    return session.scalars(
        select(RecommendationList)
        .where(
            RecommendationList.programme_id == basis.programme.id,
            RecommendationList.stale,
            RecommendationList.watermark <= basis.watermark,
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


class _Board:
    """The lists while a newcomer is placed on them."""

    def __init__(
        self,
        session: Session,
        newcomer: Newcomer,
        lists: Sequence[RecommendationList],
        spread: float,
        length: int,
    ) -> None:
        self.newcomer, self.spread, self.length = newcomer, spread, length
        self.protects = spread > 0 and newcomer.subject.kind is Kind.MENTOR  # only mentors must be seen
        shown = {item.candidate_id for ranked in lists for item in ranked.items}
        self.prices = _prices(session, shown, candidate_kind(newcomer.subject, newcomer.kind))
        self.prices[newcomer.subject.id] = newcomer.ranked.price
        self.seen = _exposure(session, shown) if self.protects else Counter[int]()

    def loss(self, ranked: RecommendationList) -> tuple[float, int]:
        """What a list's last place is worth above the newcomer: where it is least, they are placed first.

        Before that they leave the lists where they have no place any more.
        """
        near = self.newcomer.near.get(ranked.subject_id)
        last = min((self._place(item).value(self.spread) for item in ranked.items), default=-np.inf)
        return last - self._mine(near).value(self.spread) if near else -np.inf, ranked.id

    def place(self, ranked: RecommendationList) -> bool:
        """Put the newcomer where they belong on a list, if they do; whether it looks different now."""
        kept = {item.candidate_id: item for item in ranked.items}
        old = kept.pop(self.newcomer.subject.id, None)
        self.seen[self.newcomer.subject.id] -= old is not None
        near = self.newcomer.near.get(ranked.subject_id)
        if near is None:
            return self._drop(ranked, old)
        mine = self._mine(near)
        others = [self._place(item) for item in kept.values()]
        ordered, leaving = place_newcomer(others, mine, self.spread, self.length)
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
