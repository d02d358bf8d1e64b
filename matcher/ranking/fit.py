"""Structured fit: sector, stage, market, language and time zone, each in [0, 1] or not stated."""

from collections.abc import Callable, Mapping

import numpy as np

from matcher.models.kinds import Kind
from matcher.ranking.facts import WORLD, Bool, Facts, Float64
from matcher.ranking.selection import Columns
from matcher.ranking.table import FactTable

STAGES = ("idea", "prototype", "pilot", "early-revenue", "growth", "scale")

WEIGHTS: Mapping[Kind, Mapping[str, float]] = {
    Kind.MENTOR: {"sector": 0.4, "stage": 0.15, "market": 0.2, "language": 0.1, "timezone": 0.15},
    Kind.FUNDER: {"sector": 0.5, "stage": 0.25, "country": 0.25},
}
"""The share of each attribute in the structured fit; each kind's add up to 1."""


def structured_fit(startup: Facts, counterpart: Facts) -> dict[str, float]:
    """How well what both state fits, by attribute; NaN where one side does not state it."""
    found = fit_many(startup, FactTable([counterpart]), counterpart.kind)
    return {name: float(values[0]) for name, values in found.items()}


def fit_many(subject: Facts, others: Columns, kind: Kind) -> dict[str, Float64]:
    """The structured fit of one profile with many: float64 arrays over `others`, NaN for 'not stated'.

    `kind` is that of the counterparts; `subject` may stand on either side.
    """
    return {name: _ATTRIBUTES[name](subject, others) for name in WEIGHTS[kind]}


def _sector(subject: Facts, others: Columns) -> Float64:
    if not subject.sectors:
        return _unstated(others)
    fewest = np.minimum(others.sectors.sizes, len(subject.sectors))
    return _where(others.sectors.stated, others.sectors.shared(subject.sectors) / np.maximum(fewest, 1))


def _stage(subject: Facts, others: Columns) -> Float64:
    """The same stage fits; a neighbouring one half. A start-up has one, so either side may be asked."""
    if not subject.stages:
        return _unstated(others)
    positions = {STAGES.index(stage) for stage in subject.stages}
    beside = {p + step for p in positions for step in (-1, 1)} & set(range(len(STAGES)))
    near = others.stages.meet(STAGES[p] for p in beside)
    return _where(others.stages.stated, np.where(others.stages.meet(subject.stages), 1.0, 0.5 * near))


def _market(subject: Facts, others: Columns) -> Float64:
    ours = subject.markets | ({subject.country} if subject.country else set())
    if not ours:
        return _unstated(others)
    shared = others.places_of_activity.meet(ours) | others.worldwide | (WORLD in ours)
    return _where(others.places_of_activity.stated, shared.astype(np.float64))


def _language(subject: Facts, others: Columns) -> Float64:
    """Sharing the language that the start-up names first is worth more than sharing another."""
    if not subject.languages:
        return _unstated(others)
    if subject.kind is Kind.STARTUP:
        first = others.languages.meet(subject.languages[:1])
    else:
        first = others.first_language.meet(subject.languages)
    return _where(others.languages.stated, np.where(first, 1.0, 0.5))


def _timezone(subject: Facts, others: Columns) -> Float64:
    """A working day in common: full up to two hours apart, none from eight."""
    zones, rows = others.time_zones
    return np.array([_overlap(subject.utc_offsets, zone) for zone in zones], dtype=np.float64)[rows]


def _overlap(ours: tuple[float, ...], theirs: tuple[float, ...]) -> float:
    if not ours or not theirs:
        return np.nan
    gaps = (abs(a - b) for a in ours for b in theirs)
    hours = min(min(gap, 24 - gap) for gap in gaps)
    return min(max((8 - hours) / 6, 0.0), 1.0)


def _country(subject: Facts, others: Columns) -> Float64:
    if subject.kind is Kind.STARTUP:
        if not subject.country:
            return _unstated(others)
        served = others.markets.meet([subject.country]) | others.worldwide
        return _where(others.markets.stated, served.astype(np.float64))
    if not subject.markets:
        return _unstated(others)
    served = others.country.meet(subject.markets) | (WORLD in subject.markets)
    return _where(others.country.stated, served.astype(np.float64))


def _unstated(others: Columns) -> Float64:
    return np.full(len(others), np.nan)


def _where(stated: Bool, values: Float64) -> Float64:
    return np.where(stated, values, np.nan)


_ATTRIBUTES: Mapping[str, Callable[[Facts, Columns], Float64]] = {
    "sector": _sector,
    "stage": _stage,
    "market": _market,
    "language": _language,
    "timezone": _timezone,
    "country": _country,
}
