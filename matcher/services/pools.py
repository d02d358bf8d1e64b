"""Pools of candidates: profiles of one kind with their entries laid out to be compared all at once."""

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np

from matcher.index import EntryIndex
from matcher.models.kinds import Facet
from matcher.ranking.config import ScoringConfig
from matcher.ranking.facts import Facts
from matcher.ranking.interaction import Float32, Int64, late_interaction
from matcher.ranking.score import INSTEAD, SPOKEN
from matcher.ranking.table import FactTable

_ABSENT = -1


@dataclass(frozen=True)
class FacetBlock:
    """The entries of one facet, and which profile of a pool has which.

    Attributes:
        positions: where the entries are in the index, int64 of shape (m,).
        groups: for each row of the pool, which of `positions` are its own; shape (n, widest), -1 for none.
    """

    positions: Int64
    groups: Int64

    def of(self, row: int) -> Int64:
        """Index positions of one profile's entries."""
        group = self.groups[row]
        found: Int64 = self.positions[group[group != _ABSENT]]
        return found


@dataclass
class Pool:
    """The profiles of one kind, by id. Blocks and vectors are made when first used."""

    table: FactTable
    index: EntryIndex
    _blocks: dict[Facet, FacetBlock] = field(default_factory=dict)
    _vectors: dict[Facet, Float32] = field(default_factory=dict)

    def entries(self, facts: Facts, facet: Facet) -> Int64:
        """Positions of a profile's entries of a facet, or of what stands in for it."""
        row = self.table.row_of[facts.id]
        found = self.block(facet).of(row)
        if not len(found) and facet in INSTEAD:
            return self.block(INSTEAD[facet]).of(row)
        return found

    def own_entries(self, facts: Facts) -> dict[Facet, Int64]:
        """Positions of all of a profile's own entries, by facet; a facet that it leaves out is not there."""
        row = self.table.row_of[facts.id]
        found = {facet: self.block(facet).of(row) for facet in SPOKEN[facts.kind]}
        return {facet: positions for facet, positions in found.items() if len(positions)}

    def likeness(self, queries: Float32, facet: Facet, rows: Int64, config: ScoringConfig) -> Float32:
        """Late interaction of `queries` with a facet of `rows`, exactly, (len(rows),); NaN without any."""
        if not len(queries):
            return np.full(len(rows), np.nan, dtype=np.float32)
        groups = self.groups(facet)[rows]
        used = groups[groups != _ABSENT]
        return _interact(queries @ self._exact(facet, used).T, _renumber(groups), config)

    def rough_likeness(self, queries: Float32, facet: Facet, rows: Int64, config: ScoringConfig) -> Float32:
        """The same by sketches: off by what the left-out components hold."""
        if not self.is_sketched:
            return self.likeness(queries, facet, rows, config)
        near = self._rough(queries, facet, rows, config)
        if facet in INSTEAD and (silent := np.flatnonzero(np.isnan(near))).size:
            near[silent] = self._rough(queries, INSTEAD[facet], rows[silent], config)
        return near

    def _rough(self, queries: Float32, facet: Facet, rows: Int64, config: ScoringConfig) -> Float32:
        """The rough likeness by this very facet; NaN for who leaves it out."""
        if not len(queries):
            return np.full(len(rows), np.nan, dtype=np.float32)
        groups = self.block(facet).groups
        cosines = self.index.rough_cosines(queries, facet)
        groups = groups if len(rows) == len(groups) else groups[rows]
        half = len(groups) // 2
        with ThreadPoolExecutor(1) as pool:
            later = pool.submit(_interact, cosines, groups[half:], config)
            return np.concatenate([_interact(cosines, groups[:half], config), later.result()])

    @property
    def is_sketched(self) -> bool:
        """Whether comparing everyone exactly would take too long."""
        return self.index.base.sketch is not None

    def replaced(self, changed: list[Facts], stale: Collection[int], index: EntryIndex) -> "Pool":
        """This pool as of a later index, with some profiles changed and the `stale` ones gone."""
        return Pool(self.table.replaced(changed, stale), index)

    def block(self, facet: Facet) -> FacetBlock:
        """The entries of one facet."""
        if facet not in self._blocks:
            positions = self.index.facet(facet)
            groups = _group(self.index.rows["profile_id"][positions], self.table.ids)
            self._blocks[facet] = FacetBlock(positions, groups)
        return self._blocks[facet]

    def groups(self, facet: Facet) -> Int64:
        """The groups of a facet's entries, or of what stands in for it where a profile has none."""
        if facet not in INSTEAD:
            return self.block(facet).groups
        ours, others = self.block(facet), self.block(INSTEAD[facet])
        width = max(ours.groups.shape[1], others.groups.shape[1])
        own, instead = _widen(ours.groups, width), _widen(others.groups, width)
        offset = len(ours.positions)
        instead = np.where(instead == _ABSENT, _ABSENT, instead + offset)
        return np.where((own != _ABSENT).any(axis=1, keepdims=True), own, instead)

    def _exact(self, facet: Facet, used: Int64) -> Float32:
        """Full vectors of entries, numbered as `groups` does."""
        if self.is_sketched:
            return self.index.vectors(self._numbered(facet)[used])
        if facet not in self._vectors:
            self._vectors[facet] = self.index.vectors(self._numbered(facet))
        return self._vectors[facet][used]

    def _numbered(self, facet: Facet) -> Int64:
        own = self.block(facet).positions
        return np.concatenate([own, self.block(INSTEAD[facet]).positions]) if facet in INSTEAD else own


def make_pool(facts: list[Facts], index: EntryIndex) -> Pool:
    """A pool of these profiles, in the order of their ids."""
    return Pool(FactTable(sorted(facts, key=lambda one: one.id)), index)


def _interact(cosines: Float32, groups: Int64, config: ScoringConfig) -> Float32:
    return late_interaction(cosines, groups, config.best_pairs, config.best_share, config.breadth)


def _group(owners: Int64, ids: Int64) -> Int64:
    """For each of the `ids`, where it is among the `owners`; short groups padded with -1."""
    order = np.argsort(owners, kind="stable")
    found = owners[order]
    starts, ends = np.searchsorted(found, ids), np.searchsorted(found, ids, side="right")
    width = int((ends - starts).max(initial=0))
    columns = starts[:, None] + np.arange(width, dtype=np.int64)[None, :]
    inside = columns < ends[:, None]
    return np.where(inside, order[np.where(inside, columns, 0)], _ABSENT) if len(order) else columns


def _renumber(groups: Int64) -> Int64:
    """Groups whose columns count the used entries alone, row by row."""
    used = groups != _ABSENT
    numbered = np.cumsum(used.ravel()).reshape(groups.shape) - 1
    return np.where(used, numbered, _ABSENT)


def _widen(groups: Int64, width: int) -> Int64:
    padding = np.full((len(groups), width - groups.shape[1]), _ABSENT, dtype=np.int64)
    return np.hstack([groups, padding])
