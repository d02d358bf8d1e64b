"""Bars of demand against supply, as geometry: the templates draw them beside the numbers."""

from collections.abc import Sequence
from dataclasses import dataclass

from matcher.services.programmes import SectorBalance


@dataclass(frozen=True)
class Bars:
    """One sector: its numbers, and the lengths of its two bars in percent of the longest."""

    sector: str
    startups: int
    places: int
    startups_length: float
    places_length: float

    @property
    def missing(self) -> int:
        """How many start-ups find no place."""
        return max(0, self.startups - self.places)


def scaled(balances: Sequence[SectorBalance]) -> list[Bars]:
    """The bars of all sectors on one scale."""
    longest = max((max(b.startups, b.places) for b in balances), default=0) or 1
    return [
        Bars(b.sector, b.startups, b.places, _percent(b.startups, longest), _percent(b.places, longest))
        for b in balances
    ]


def _percent(part: int, whole: int) -> float:
    return round(99 * part / whole, 1)  # the last percent is the outline's
