"""What a worker keeps between jobs: loading a large programme takes longer than anybody waits."""

from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.heap import settle_heap
from matcher.index import EntryIndex
from matcher.models import Profile, Programme, VectorSpace
from matcher.ranking.config import ScoringConfig
from matcher.services import indexing
from matcher.services.recommender import Recommender
from matcher.services.roster import load_roster

T = TypeVar("T")


@dataclass(frozen=True)
class _Held(Generic[T]):
    programme: str
    space: VectorSpace
    watermark: int
    what: T


class LiveIndex:
    """The index of the last programme that this process worked for, as of now when asked.

    Like all here it is not for several threads, and remembers nothing but what SQL says: losing it loses
    time only.
    """

    def __init__(self, snapshots: Path) -> None:
        self.snapshots = snapshots
        self._held: _Held[EntryIndex] | None = None

    def now(self, session: Session, programme: Programme, space: VectorSpace) -> EntryIndex:
        """The programme's index as of this transaction; deleted profiles may linger in it."""
        held = self._held
        if (
            held is None
            or (held.programme, held.space) != (programme.uid, space)
            or indexing.is_worn(held.what)
        ):
            index = indexing.open_index(session, programme, self.snapshots, space)
        elif held.watermark == programme.watermark:
            return held.what
        else:
            index = indexing.follow_index(session, programme, held.what, held.watermark, space)
        self._held = _Held(programme.uid, space, programme.watermark, index)
        return index


class LiveRecommender:
    """The recommender of the last large programme that this process worked for, as of now when asked."""

    def __init__(self, snapshots: Path, length: int) -> None:
        self.snapshots, self.length = snapshots, length
        self._index = LiveIndex(snapshots)
        self._held: _Held[Recommender] | None = None

    def now(self, session: Session, programme: Programme, space: VectorSpace) -> Recommender:
        """The programme's recommender as of this transaction."""
        held = self._held
        index = self._index.now(session, programme, space)
        if held is None or (held.programme, held.space) != (programme.uid, space):
            self._held = None  # the old one's memory is free before a new one needs it
            roster = load_roster(session, programme)
            recommender = Recommender(roster, index, ScoringConfig(), self.length)
            recommender.warm_up()
            settle_heap()  # millions of facts and texts that no collection need look through
        else:
            recommender = _follow(session, programme, held, index)
        self._held = _Held(programme.uid, space, programme.watermark, recommender)
        return recommender


def _follow(
    session: Session, programme: Programme, held: _Held[Recommender], index: EntryIndex
) -> Recommender:
    """The same with the facts and texts of who changed since, and without who is gone."""
    present = set(session.scalars(select(Profile.id).where(Profile.programme_id == programme.id)))
    known = {i for pool in held.what.pools.values() for i in pool.table.row_of}
    stale = indexing.changed_profiles(session, programme, held.watermark) | (known - present)
    return held.what.replaced(load_roster(session, programme, held.watermark), stale, index)
