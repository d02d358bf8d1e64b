"""Search by meaning: the profiles whose entries come nearest to somebody's own words."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from sqlalchemy.orm import Session

from matcher.models import Job, Programme, VectorSpace
from matcher.profiles.redaction import redact
from matcher.profiles.text import clean
from matcher.services.filtering import Filters, select_ids
from matcher.services.search_jobs import LEAST, LONGEST_QUERY, MOST_FOUND

if TYPE_CHECKING:
    from matcher.index import EntryIndex
    from matcher.services.live import LiveIndex

_DECIMALS = 4
"""Finer differences are the arithmetic's, not the texts': equal texts must tie wherever they stand."""
_ENTRIES_A_PROFILE = 4


@dataclass(frozen=True, slots=True)
class Found:
    """A profile, its entry that comes nearest to the query, and their cosine."""

    profile: int
    entry: int
    score: float


def query_text(payload: Mapping[str, Any]) -> str:
    """What the encoder sees of a query: like an entry, without names and places, if that leaves anything."""
    query = clean(str(payload["query"]))[:LONGEST_QUERY]
    return redact(query) or query


def answer(
    session: Session,
    job: Job,
    vector: npt.NDArray[np.float32],
    *,
    live: "LiveIndex",
    space: VectorSpace,
) -> dict[str, Any]:
    """The result of a search whose query has this vector: whom it found, best first."""
    programme = session.get_one(Programme, job.programme_id)
    index = live.now(session, programme, space)
    filters = Filters.from_json(job.payload["filters"])
    found = search_entries(session, programme, index, vector, filters, MOST_FOUND)
    return {"found": [asdict(hit) for hit in found if hit.score >= LEAST]}


def search_entries(
    session: Session,
    programme: Programme,
    index: "EntryIndex",
    vector: npt.NDArray[np.float32],
    filters: Filters,
    limit: int,
) -> list[Found]:
    """The `limit` profiles nearest to a query, each by its best entry; of equals the older first.

    With one query, late interaction comes down to the best entry. The filters hold before the search,
    and whoever is deleted passes none of them.
    """
    ids = np.fromiter(session.scalars(select_ids(session, programme, filters)), dtype=np.int64)
    allowed = np.flatnonzero(np.isin(index.rows["profile_id"], ids))
    if limit == 0 or len(allowed) == 0:
        return []
    wanted = min(limit * _ENTRIES_A_PROFILE, len(allowed))
    while True:
        found, horizon = _nearest(index, vector, allowed, wanted)
        # Of entries as good as the last one seen, others may have been left out.
        complete = wanted == len(allowed)
        if complete or (len(found) >= limit and found[limit - 1].score > horizon):
            return found[:limit]
        wanted = min(wanted * 2, len(allowed))


def _nearest(
    index: "EntryIndex", vector: npt.NDArray[np.float32], allowed: npt.NDArray[np.int64], wanted: int
) -> tuple[list[Found], float]:
    """The profiles of the `wanted` nearest entries, best first, and the cosine of the last of these."""
    cosines, positions = index.search(vector.reshape(1, -1).astype(np.float32), allowed, wanted)
    met = positions[0] >= 0
    scores = np.round(cosines[0][met].astype(np.float64), _DECIMALS)
    rows = index.rows[positions[0][met]]
    order = np.lexsort((rows["entry_id"], rows["profile_id"], -scores))
    best: dict[int, Found] = {}
    for at in order.tolist():
        profile = int(rows["profile_id"][at])
        best.setdefault(profile, Found(profile, int(rows["entry_id"][at]), float(scores[at])))
    return list(best.values()), float(scores.min(initial=1.0))
