"""The score of a pair: its facets' likeness and its structured fit, as parts that add up to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from matcher.models.kinds import Facet, Kind
from matcher.ranking.config import MeetingConfig, ScoringConfig
from matcher.ranking.facts import Facts
from matcher.ranking.fit import WEIGHTS, structured_fit

Float64 = npt.NDArray[np.float64]


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


def score_pair(
    startup: Facts, counterpart: Facts, likeness: Mapping[str, float], config: ScoringConfig
) -> Score:
    """Combine the likeness of each meeting of facets (NaN: a side has no such entries) with the fit.

    The text share is divided among the meetings that could take place, so a profile that leaves a
    facet out is judged by the others. Unstated attributes count as `config.unstated`.
    """
    parts = _text_parts(counterpart.kind, likeness, config)
    for name, value in structured_fit(startup, counterpart).items():
        weight = (1 - config.text_weight) * WEIGHTS[counterpart.kind][name]
        parts[f"fit:{name}"] = weight * (config.unstated if np.isnan(value) else value)
    return Score(sum(parts.values()), parts)


def _text_parts(kind: Kind, likeness: Mapping[str, float], config: ScoringConfig) -> dict[str, float]:
    weights = {
        meeting.part: meeting.config(config).weight
        for meeting in MEETINGS[kind]
        if not np.isnan(likeness[meeting.part])
    }
    total = sum(weights.values()) or 1.0  # all that met may weigh nothing
    return {name: config.text_weight * weight / total * likeness[name] for name, weight in weights.items()}


def rank(scores: Sequence[Score], refs: Sequence[str]) -> list[int]:
    """Positions from best to worst; equal scores in the order of their refs, so runs agree."""
    return sorted(range(len(scores)), key=lambda row: (-round(scores[row].total, 9), refs[row]))
