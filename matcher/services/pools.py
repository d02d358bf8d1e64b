"""Pools of candidates: profiles of one kind with their entries laid out to be compared all at once."""

from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from matcher.index import EntryIndex
from matcher.models.kinds import Facet
from matcher.ranking.config import ScoringConfig
from matcher.ranking.facts import Bool, Facts
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

    @cached_property
    def owners(self) -> Int64:
        """For each of `positions` the row that it belongs to, shape (m,); -1 for none."""
        owners = np.full(len(self.positions), _ABSENT, dtype=np.int64)
        rows, columns = np.nonzero(self.groups != _ABSENT)
        owners[self.groups[rows, columns]] = rows
        return owners

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
    _groups: dict[Facet, Int64] = field(default_factory=dict)
    _positions: dict[Facet, Int64] = field(default_factory=dict)
    _vectors: dict[Facet, Float32] = field(default_factory=dict)
    _states: dict[Facet, Bool] = field(default_factory=dict)

    def entries(self, facts: Facts, facet: Facet) -> Int64:
        """Positions of a profile's entries of a facet, or of what stands in for it."""
        row = self.table.row_of[facts.id]
        found = self.block(facet).of(row)
        if not len(found) and facet in INSTEAD:
            return self.block(INSTEAD[facet]).of(row)
        return found

    def spoken(self, rows: Int64) -> list[dict[Facet, Int64]]:
        """Positions of all own entries of each of these rows, by facet; without those it leaves out."""
        found: list[dict[Facet, Int64]] = [{} for _ in rows]
        kinds = {self.table.facts[row].kind for row in rows[:1].tolist()}
        for facet in sorted(facet for kind in kinds for facet in SPOKEN[kind]):
            block = self.block(facet)
            if not block.groups.shape[1]:
                continue
            for own, group in zip(found, block.groups[rows], strict=True):
                if len(said := group[group != _ABSENT]):
                    own[facet] = block.positions[said]
        return found

    def likeness(self, queries: Float32, facet: Facet, rows: Int64, config: ScoringConfig) -> Float32:
        """Late interaction of `queries` with a facet of `rows`, exactly, (len(rows),); NaN without any."""
        groups = self.groups(facet).take(rows, axis=0)
        used = groups[groups != _ABSENT]
        if not len(queries) or not len(used):
            return _nan(rows)
        return _interact(self._cosines(queries, facet, used), _renumber(groups), config)

    def rough_likeness(
        self, sketches: Float32, facet: Facet, rows: Int64, config: ScoringConfig, *, fine: bool
    ) -> Float32:
        """The same of sketched queries with sketches: off by what the left-out components hold."""
        groups = self.groups(facet).take(rows, axis=0)
        used = groups[groups != _ABSENT]
        if not len(sketches) or not len(used):
            return _nan(rows)
        cosines = self.index.rough_cosines(sketches, self._numbered(facet)[used], fine=fine)
        return _interact(cosines, _renumber(groups), config)

    def nearest(self, queries: Float32, facet: Facet, count: int) -> tuple[Int64, float]:
        """Rows with one of the `count` entries of a facet, or of what stands in for it, nearest to a query.

        Returns:
            Rows, int64, some of them several times; and the cosine that hardly anybody else's entry reaches.
        """
        rows, reaches = [], []
        for asked in {facet, INSTEAD.get(facet, facet)}:
            found, reach = self.index.nearest(queries, asked, count)
            owners = self.block(asked).owners[found]
            rows.append(owners[owners != _ABSENT])
            reaches.append(reach)
        return np.concatenate(rows), max(reaches)

    def states(self, facet: Facet) -> Bool:
        """Which rows have an entry of a facet, or what stands in for it."""
        if facet not in self._states:
            self._states[facet] = (self.groups(facet) != _ABSENT).any(axis=1)
        return self._states[facet]

    def is_scanned(self, facet: Facet) -> bool:
        """Whether `nearest` finds a few of a facet's many entries, not all of them."""
        return facet in self.index.base.scans

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
        if facet not in self._groups:
            self._groups[facet] = _or_instead(self.block(facet), self.block(INSTEAD[facet]))
        return self._groups[facet]

    def _cosines(self, queries: Float32, facet: Facet, used: Int64) -> Float32:
        """Exact cosines with entries, numbered as `groups` does."""
        if self.is_sketched:
            return self.index.cosines(queries, self._numbered(facet)[used])
        if facet not in self._vectors:
            self._vectors[facet] = self.index.vectors(self._numbered(facet))
        return queries @ self._vectors[facet][used].T

    def _numbered(self, facet: Facet) -> Int64:
        """Index positions of entries, numbered as `groups` does."""
        if facet not in INSTEAD:
            return self.block(facet).positions
        if facet not in self._positions:
            both = self.block(facet), self.block(INSTEAD[facet])
            self._positions[facet] = np.concatenate([block.positions for block in both])
        return self._positions[facet]


def make_pool(facts: list[Facts], index: EntryIndex) -> Pool:
    """A pool of these profiles, in the order of their ids."""
    return Pool(FactTable(sorted(facts, key=lambda one: one.id)), index)


def _or_instead(ours: FacetBlock, others: FacetBlock) -> Int64:
    """Groups of `ours`, numbered through both blocks: of `others` for who has none of ours."""
    width = max(ours.groups.shape[1], others.groups.shape[1])
    own, instead = _widen(ours.groups, width), _widen(others.groups, width)
    instead = np.where(instead == _ABSENT, _ABSENT, instead + len(ours.positions))
    return np.where((own != _ABSENT).any(axis=1, keepdims=True), own, instead)


def _nan(rows: Int64) -> Float32:
    return np.full(len(rows), np.nan, dtype=np.float32)


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
    if used.all():
        return np.arange(groups.size).reshape(groups.shape)
    numbered = np.cumsum(used.ravel()).reshape(groups.shape) - 1
    return np.where(used, numbered, _ABSENT)


def _widen(groups: Int64, width: int) -> Int64:
    padding = np.full((len(groups), width - groups.shape[1]), _ABSENT, dtype=np.int64)
    return np.hstack([groups, padding])
