"""Bars and columns as geometry: the templates draw them beside the numbers."""

from collections.abc import Sequence
from dataclasses import dataclass

from matcher.services.cohort_report import Balance, Bin
from matcher.services.plan import Places
from matcher.services.programmes import SectorBalance

CHART_HEIGHT = 140
"""Of the picture of a distribution, with room for the numbers; its width is 340."""
_COLUMN, _GROUND, _TALLEST = 33, 120, 100


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


@dataclass(frozen=True)
class Column:
    """One column of a distribution: where it stands, and how tall it is."""

    about: Bin
    start: int
    top: float
    height: float


@dataclass(frozen=True)
class BalanceBars:
    """One sector or region: its numbers, and the lengths of its bars in percent of the longest."""

    about: Balance
    startups_length: float
    places_length: float


@dataclass(frozen=True)
class LoadBars:
    """Somebody's places: how long the bar of all is, and that of those taken."""

    about: Places
    all_length: float
    taken_length: float


@dataclass(frozen=True)
class Piece:
    """A part of a bar that is whole: its name, its number, and where it lies, in percent of the bar."""

    name: str
    count: int
    start: float
    length: float


def pieces(counts: Sequence[tuple[str, int]]) -> list[Piece]:
    """The parts of a bar in this order, without those that are nothing."""
    whole = sum(count for _, count in counts) or 1
    found, start = list[Piece](), 0.0
    for name, count in counts:
        if count:
            length = 100 * count / whole
            found.append(Piece(name, count, round(start, 2), round(length, 2)))
            start += length
    return found


def columns(bins: Sequence[Bin]) -> list[Column]:
    """The columns of a distribution on one scale."""
    most = max((b.pairs for b in bins), default=0) or 1
    heights = [round(_TALLEST * b.pairs / most, 1) for b in bins]
    return [
        Column(b, 5 + at * _COLUMN, round(_GROUND - height, 1), height)
        for at, (b, height) in enumerate(zip(bins, heights, strict=True))
    ]


def balance_bars(balances: Sequence[Balance]) -> list[BalanceBars]:
    """The bars of demand and supply on one scale."""
    longest = max((max(b.startups, b.places) for b in balances), default=0) or 1
    return [BalanceBars(b, _percent(b.startups, longest), _percent(b.places, longest)) for b in balances]


def load_bars(loads: Sequence[Places]) -> list[LoadBars]:
    """The bars of everybody's places on one scale."""
    taken = [place.held + place.proposed for place in loads]
    longest = max((max(p.capacity or 0, t) for p, t in zip(loads, taken, strict=True)), default=0) or 1
    return [
        LoadBars(p, _percent(t if p.capacity is None else p.capacity, longest), _percent(t, longest))
        for p, t in zip(loads, taken, strict=True)
    ]


def _percent(part: int, whole: int) -> float:
    return round(99 * part / whole, 1)  # the last percent is the outline's
