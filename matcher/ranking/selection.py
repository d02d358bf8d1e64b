"""Some rows of a table of facts: a fit that is asked for few is computed for few."""

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from matcher.ranking.facts import Bool
from matcher.ranking.table import FactTable, Int64, PackedSets


class Columns(Protocol):
    """What the structured fit reads of profiles: a `FactTable`, or some rows of one."""

    def __len__(self) -> int: ...
    @property
    def languages(self) -> PackedSets: ...
    @property
    def first_language(self) -> PackedSets: ...
    @property
    def sectors(self) -> PackedSets: ...
    @property
    def stages(self) -> PackedSets: ...
    @property
    def markets(self) -> PackedSets: ...
    @property
    def places_of_activity(self) -> PackedSets: ...
    @property
    def country(self) -> PackedSets: ...
    @property
    def worldwide(self) -> Bool: ...
    @property
    def time_zones(self) -> tuple[list[tuple[float, ...]], Int64]: ...


@dataclass(frozen=True)
class Selection:
    """`rows`, int64, of a table; columns are taken from the table's when first asked for."""

    table: FactTable
    rows: Int64

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def languages(self) -> PackedSets:
        """Working languages."""
        return self.table.languages.take(self.rows)

    @cached_property
    def first_language(self) -> PackedSets:
        """The language that each names first."""
        return self.table.first_language.take(self.rows)

    @cached_property
    def sectors(self) -> PackedSets:
        """Sectors."""
        return self.table.sectors.take(self.rows)

    @cached_property
    def stages(self) -> PackedSets:
        """Stages."""
        return self.table.stages.take(self.rows)

    @cached_property
    def markets(self) -> PackedSets:
        """Countries of activity."""
        return self.table.markets.take(self.rows)

    @cached_property
    def places_of_activity(self) -> PackedSets:
        """Countries of activity and the one at home."""
        return self.table.places_of_activity.take(self.rows)

    @cached_property
    def country(self) -> PackedSets:
        """The one country at home."""
        return self.table.country.take(self.rows)

    @cached_property
    def worldwide(self) -> Bool:
        """Which rows state the whole world as their market."""
        return self.table.worldwide[self.rows]

    @cached_property
    def time_zones(self) -> tuple[list[tuple[float, ...]], Int64]:
        """The distinct offsets from UTC, and which of them each row has."""
        zones, numbers = self.table.time_zones
        return zones, np.asarray(numbers[self.rows])
