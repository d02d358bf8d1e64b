"""What a proposal's solver was given, as the bytes that are kept with the proposal.

Plain numpy: the web reads scores from it, and must not load the solver for that.
"""

from dataclasses import dataclass, field, fields
from enum import IntEnum
from io import BytesIO
from typing import Any

import numpy as np
import numpy.typing as npt

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Float32 = npt.NDArray[np.float32]
Bool = npt.NDArray[np.bool_]

MOST_BYTES = 20_000_000
"""A larger problem is not kept: the proposal then has its hash, but no scores and no "what if"."""


class Bar(IntEnum):
    """Why a pair on the list of candidates may not be proposed; stored."""

    FREE = 0
    REJECTED = 1
    FAILED = 2
    LANGUAGE = 3
    HOURS = 4
    INELIGIBLE = 5
    """Whatever the programme's rules: only pairs that somebody asks about are kept with this."""


def _none(kind: type[np.generic]) -> npt.NDArray[np.generic]:
    return np.empty(0, dtype=kind)


@dataclass(frozen=True)
class CohortArrays:
    """A cohort as arrays. Edges are ordered by start-up, then counterpart, each counting from 0.

    Attributes:
        startups, counterparts: int64, the profiles' ids in the order in which edges count them.
        counts: int32 (start-ups,), how many edges each start-up has.
        supply: int32 (edges,), the counterpart of each.
        score: float32 (edges,), the true scores.
        bonus: float32 (edges,), what preferences and wishes add to them.
        bar: uint8 (edges,), a `Bar` each.
        locked: bool (edges,).
        demand_least, demand_most, supply_least, supply_most: int32, limits of each side.
        quota_counts, quota_edges, quota_least, quota_most: the quotas one after the other; -1: no most.
        floor: float64, one or no number.
        objective: one of the solver's words.
        waiting: int32 (start-ups,), through how many publications each has waited.
        demand_rank, supply_rank: int32 (edges,), or empty if nobody ranks.
    """

    startups: Int64
    counterparts: Int64
    counts: Int32
    supply: Int32
    score: Float32
    bonus: Float32
    bar: npt.NDArray[np.uint8]
    locked: Bool
    demand_least: Int32
    demand_most: Int32
    supply_least: Int32
    supply_most: Int32
    objective: str = "total"
    quota_counts: npt.NDArray[np.generic] = field(default_factory=lambda: _none(np.int32))
    quota_edges: npt.NDArray[np.generic] = field(default_factory=lambda: _none(np.int32))
    quota_least: npt.NDArray[np.generic] = field(default_factory=lambda: _none(np.int32))
    quota_most: npt.NDArray[np.generic] = field(default_factory=lambda: _none(np.int32))
    floor: npt.NDArray[np.generic] = field(default_factory=lambda: _none(np.float64))
    waiting: npt.NDArray[np.generic] = field(default_factory=lambda: _none(np.int32))
    demand_rank: npt.NDArray[np.generic] = field(default_factory=lambda: _none(np.int32))
    supply_rank: npt.NDArray[np.generic] = field(default_factory=lambda: _none(np.int32))

    @property
    def demand(self) -> Int64:
        """The start-up of each edge, int64."""
        return np.repeat(np.arange(len(self.startups)), self.counts)


def pack(arrays: CohortArrays) -> bytes:
    """The same bytes for the same arrays: what `Proposal.problem` keeps and `input_hash` sums up."""
    buffer = BytesIO()
    columns: dict[str, Any] = {f.name: np.asarray(getattr(arrays, f.name)) for f in fields(arrays)}
    np.savez_compressed(buffer, **columns)
    return buffer.getvalue()


def unpack(blob: bytes) -> CohortArrays:
    """The arrays that `pack` was given."""
    with np.load(BytesIO(blob), allow_pickle=False) as stored:
        values = {name: stored[name] for name in stored.files}
    return CohortArrays(**{**values, "objective": str(values["objective"])})


def unpack_scores(blob: bytes) -> dict[tuple[int, int], float]:
    """The true score of each pair that was thought of, by the profiles' ids; none if nothing was kept."""
    if not blob:
        return {}
    with np.load(BytesIO(blob), allow_pickle=False) as stored:
        owners = np.repeat(stored["startups"], stored["counts"])
        others = stored["counterparts"][stored["supply"]]
        score = stored["score"]
    return dict(
        zip(zip(owners.tolist(), others.tolist(), strict=True), score.astype(float).tolist(), strict=True)
    )
