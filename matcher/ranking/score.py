"""The score of a pair: its facets' likeness and its structured fit, as parts that add up to it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isnan

import numpy as np

from matcher.models.kinds import Facet, Kind
from matcher.ranking.config import MeetingConfig, ScoringConfig
from matcher.ranking.facts import Facts, Float64
from matcher.ranking.fit import WEIGHTS, fit_many
from matcher.ranking.interaction import Float32, ramp
from matcher.ranking.table import FactTable, Int64


@dataclass(frozen=True, slots=True)
class Meeting:
    """Which of a start-up's facets meets which of a counterpart's, and what it weighs."""

    ours: Facet
    theirs: Facet

    @property
    def part(self) -> str:
        """Its key among the parts of a score."""
        return f"text:{self.ours}-{self.theirs}"

    def config(self, config: ScoringConfig) -> MeetingConfig:
        """Its weight and bounds."""
        found: MeetingConfig = getattr(config, f"{self.ours}_{self.theirs}")
        return found

    def ramp(self, near: Float32, config: ScoringConfig) -> Float64:
        """Nearness of this meeting's texts as likeness in [0, 1]; NaN stays."""
        bounds = self.config(config)
        return ramp(near, bounds.floor, bounds.ceiling)


MEETINGS: Mapping[Kind, tuple[Meeting, ...]] = {
    Kind.MENTOR: (
        Meeting(Facet.NEED, Facet.EXPERTISE),
        Meeting(Facet.NEED, Facet.EXPERIENCE),
        Meeting(Facet.PITCH, Facet.INTEREST),
    ),
    Kind.FUNDER: (
        Meeting(Facet.PITCH, Facet.THESIS),
        Meeting(Facet.PITCH, Facet.PORTFOLIO),
        Meeting(Facet.NEED, Facet.OFFER),
    ),
}

SPOKEN: Mapping[Kind, frozenset[Facet]] = {
    Kind.STARTUP: frozenset(m.ours for meetings in MEETINGS.values() for m in meetings),
    **{kind: frozenset(m.theirs for m in meetings) for kind, meetings in MEETINGS.items()},
}
"""The facets of each kind of profile."""

INSTEAD: Mapping[Facet, Facet] = {Facet.NEED: Facet.PITCH, Facet.PITCH: Facet.NEED}
"""A start-up that states no needs is compared by its pitch, and one without a pitch by its needs."""


@dataclass(frozen=True, slots=True)
class Score:
    """A pair's score in [0, 1] and the parts that add up to it.

    `parts` maps `text:need-expertise` or `fit:sector` to that part's share of the score.
    """

    total: float
    parts: Mapping[str, float]

    def band(self, config: ScoringConfig) -> str:
        """The word people see: strong, good or possible."""
        if self.total >= config.strong:
            return "strong"
        return "good" if self.total >= config.good else "possible"


@dataclass(frozen=True)
class ScoreTable:
    """The scores of one profile with many.

    `totals` is float64 of shape (n,); `parts` maps a part's name to its share in each, NaN where a meeting
    of texts could not take place. The parts of a row add up to its total.
    """

    totals: Float64
    parts: Mapping[str, Float64]

    def scores(self) -> list[Score]:
        """The score of each row; its total is the sum of the very parts that are told."""
        told = [
            {name: value for name, value in parts.items() if not isnan(value)}
            for parts in records(self.parts, len(self.totals))
        ]
        return [Score(sum(parts.values()), parts) for parts in told]


def records(columns: Mapping[str, Float64], count: int) -> list[dict[str, float]]:
    """The `count` rows of some columns."""
    rows = zip(*(values.tolist() for values in columns.values()), strict=True) if columns else [()] * count
    return [dict(zip(columns, row, strict=True)) for row in rows]


def score_many(
    likeness: Mapping[str, Float64], fit: Mapping[str, Float64], kind: Kind, config: ScoringConfig
) -> ScoreTable:
    """Combine the likeness of each meeting of facets (NaN: a side has no such entries) with the fit.

    The text share is divided among the meetings that could take place, so a profile that leaves a
    facet out is judged by the others. Unstated attributes count as `config.unstated`.

    Args:
        likeness: by meeting, in [0, 1], shape (n,); one that takes place nowhere may be left out.
        fit: by attribute, in [0, 1] or NaN, shape (n,).
        kind: the counterparts' kind.
    """
    weights = {
        m.part: np.where(np.isnan(likeness[m.part]), 0.0, m.config(config).weight)
        for m in MEETINGS[kind]
        if m.part in likeness
    }
    whole = sum(weights.values(), start=np.float64(0))
    whole = np.where(whole > 0, whole, 1.0)  # all that met may weigh nothing
    parts = {name: config.text_weight * weight / whole * likeness[name] for name, weight in weights.items()}
    total = sum(np.where(np.isnan(values), 0.0, values) for values in parts.values())
    for name, values in fit.items():
        share = (1 - config.text_weight) * WEIGHTS[kind][name]
        parts[f"fit:{name}"] = share * np.where(np.isnan(values), config.unstated, values)
        total = total + parts[f"fit:{name}"]
    return ScoreTable(np.asarray(total), parts)


def score_pair(
    startup: Facts, counterpart: Facts, likeness: Mapping[str, float], config: ScoringConfig
) -> Score:
    """The score of one pair, by the same function as all scores."""
    near = {name: np.array([value]) for name, value in likeness.items()}
    fit = fit_many(startup, FactTable([counterpart]), counterpart.kind)
    return score_many(near, fit, counterpart.kind, config).scores()[0]


def best_rows(totals: Float64, ref: Callable[[int], str], count: int) -> Int64:
    """Rows of the `count` highest totals, best first; equal ones by `ref` of the row, so that runs agree."""
    rounded = np.round(totals, 9)
    rows = np.arange(len(rounded))
    if count < len(rounded):
        rows = np.flatnonzero(rounded >= np.partition(rounded, -count)[-count])
    order = sorted(rows.tolist(), key=lambda row: (-rounded[row], ref(row)))
    return np.array(order[:count], dtype=np.int64)
