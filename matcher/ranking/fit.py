"""Structured fit: sector, stage, market, language and time zone, each in [0, 1] or not stated."""

from collections.abc import Mapping

import numpy as np

from matcher.models.kinds import Kind
from matcher.ranking.facts import WORLD, Facts

STAGES = ("idea", "prototype", "pilot", "early-revenue", "growth", "scale")

WEIGHTS: Mapping[Kind, Mapping[str, float]] = {
    Kind.MENTOR: {"sector": 0.4, "stage": 0.15, "market": 0.2, "language": 0.1, "timezone": 0.15},
    Kind.FUNDER: {"sector": 0.5, "stage": 0.25, "country": 0.25},
}
"""The share of each attribute in the structured fit; each kind's add up to 1."""


def structured_fit(startup: Facts, counterpart: Facts) -> dict[str, float]:
    """How well what both state fits, by attribute; NaN where one side does not state it."""
    if counterpart.kind is Kind.MENTOR:
        return {
            "sector": _sector(startup, counterpart),
            "stage": _stage(startup, counterpart),
            "market": _market(startup, counterpart),
            "language": _language(startup, counterpart),
            "timezone": _timezone(startup, counterpart),
        }
    return {
        "sector": _sector(startup, counterpart),
        "stage": _stage(startup, counterpart),
        "country": _country(startup, counterpart),
    }


def _sector(startup: Facts, counterpart: Facts) -> float:
    if not startup.sectors or not counterpart.sectors:
        return np.nan
    shared = len(startup.sectors & counterpart.sectors)
    return shared / min(len(startup.sectors), len(counterpart.sectors))


def _stage(startup: Facts, counterpart: Facts) -> float:
    """The same stage fits; a neighbouring one half."""
    if not startup.stages or not counterpart.stages:
        return np.nan
    ours = STAGES.index(next(iter(startup.stages)))
    distance = min(abs(ours - STAGES.index(stage)) for stage in counterpart.stages)
    return (1.0, 0.5)[distance] if distance < 2 else 0.0


def _market(startup: Facts, mentor: Facts) -> float:
    ours = startup.markets | ({startup.country} if startup.country else set())
    theirs = mentor.markets | ({mentor.country} if mentor.country else set())
    if not ours or not theirs:
        return np.nan
    return float(bool(ours & theirs) or WORLD in ours | theirs)


def _language(startup: Facts, mentor: Facts) -> float:
    """Sharing the language that the start-up names first is worth more than sharing another."""
    if not startup.languages or not mentor.languages:
        return np.nan
    return 1.0 if startup.languages[0] in mentor.languages else 0.5


def _timezone(startup: Facts, mentor: Facts) -> float:
    """A working day in common: full up to two hours apart, none from eight."""
    if not startup.utc_offsets or not mentor.utc_offsets:
        return np.nan
    gaps = [abs(a - b) for a in startup.utc_offsets for b in mentor.utc_offsets]
    hours = min(min(gap, 24 - gap) for gap in gaps)
    return float(np.clip((8 - hours) / 6, 0, 1))


def _country(startup: Facts, funder: Facts) -> float:
    if not startup.country or not funder.markets:
        return np.nan
    return float(startup.country in funder.markets or WORLD in funder.markets)
