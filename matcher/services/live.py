"""A recommender kept between jobs: loading a large programme takes longer than anybody waits for a change."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.models import Profile, Programme, VectorSpace
from matcher.ranking.config import ScoringConfig
from matcher.services import indexing
from matcher.services.recommender import Recommender
from matcher.services.roster import load_roster


@dataclass(frozen=True)
class _Held:
    programme: str
    space: VectorSpace
    watermark: int
    recommender: Recommender


class LiveRecommender:
    """The recommender of the last large programme that this process worked for, as of now when asked.

    Not for several threads. It remembers what SQL says, never anything else, so losing it loses time only.
    """

    def __init__(self, snapshots: Path, length: int) -> None:
        self.snapshots, self.length = snapshots, length
        self._held: _Held | None = None

    def now(self, session: Session, programme: Programme, space: VectorSpace) -> Recommender:
        """The programme's recommender as of this transaction."""
        held = self._held
        if held is None or (held.programme, held.space) != (programme.uid, space):
            self._held = None  # the old one's memory is free before a new one needs it
            recommender = self._load(session, programme, space)
        elif held.watermark < programme.watermark:
            recommender = _follow(session, programme, held)
        else:
            return held.recommender
        self._held = _Held(programme.uid, space, programme.watermark, recommender)
        return recommender

    def _load(self, session: Session, programme: Programme, space: VectorSpace) -> Recommender:
        roster = load_roster(session, programme)
        index = indexing.open_index(session, programme, self.snapshots, space)
        return Recommender(roster, index, ScoringConfig(), self.length)


def _follow(session: Session, programme: Programme, held: _Held) -> Recommender:
    """The same with what changed since: those profiles' facts, texts and vectors."""
    present = set(session.scalars(select(Profile.id).where(Profile.programme_id == programme.id)))
    known = {i for pool in held.recommender.pools.values() for i in pool.table.row_of}
    changed = indexing.changed_profiles(session, programme, held.watermark)
    stale = changed | (known - present)
    index = indexing.follow_index(
        session, programme, held.recommender.index, stale, since=held.watermark, space=held.space
    )
    return held.recommender.replaced(load_roster(session, programme, held.watermark), stale, index)
