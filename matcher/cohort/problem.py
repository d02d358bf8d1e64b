"""What a whole-cohort assignment is asked, and what it answers: plain arrays, whoever the people are."""

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
import numpy.typing as npt

Int64 = npt.NDArray[np.int64]
Float64 = npt.NDArray[np.float64]
Bool = npt.NDArray[np.bool_]


class Objective(StrEnum):
    """What is sought once as many pairs as the rules allow are made."""

    TOTAL = "total"
    """The largest sum of scores."""
    FAIREST = "fairest"
    """The largest summed score of the worst-off demand, then the largest sum of scores."""
    STABLE = "stable"
    """No two who would both rather have each other (deferred acceptance over both sides' ranks)."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How many pairs each of one side must have at least and may have at most: int64 (people,) each."""

    least: Int64
    most: Int64

    @classmethod
    def of(cls, people: int, least: int = 0, most: int = 1) -> "Limits":
        """The same for all."""
        return cls(np.full(people, least, np.int64), np.full(people, most, np.int64))


@dataclass(frozen=True, slots=True)
class Quota:
    """At least `least` and, if given, at most `most` of these edges must be chosen."""

    edges: Int64
    least: int = 0
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """Who may be paired with whom, and under which rules. Both sides count from 0.

    Attributes:
        demand, supply: int64 (edges,), the ends of each pair that can be thought of, none twice.
        score: float64 (edges,), finite, any sign.
        demands, supplies: limits of each side; their lengths are the numbers of people.
        barred: bool (edges,), pairs that a rule forbids. They are never made; only a diagnosis looks at them.
        locked: bool (edges,), pairs that must be made. One that is barred too makes the problem infeasible.
        quotas: over groups of edges.
        floor: the least summed score that each of the demand side must come to, or None.
        objective: what is sought after coverage.
        leeway: float64 (demand side,), how far under `floor` each may fall; 0 unless given. `relax` fills it.
        spared: bool (demand side,), whose sums neither `floor` nor the worst-off looks at: people who are
            known to get nobody. All False unless given.
        demand_rank, supply_rank: int64 (edges,), how high each end ranks the other, 0 best; for `STABLE`.
    """

    demand: Int64
    supply: Int64
    score: Float64
    demands: Limits
    supplies: Limits
    barred: Bool
    locked: Bool
    quotas: tuple[Quota, ...] = ()
    floor: float | None = None
    objective: Objective = Objective.TOTAL
    spared: Bool | None = None
    leeway: Float64 | None = None
    demand_rank: Int64 | None = None
    supply_rank: Int64 | None = None


@dataclass(frozen=True, slots=True)
class Solution:
    """The pairs chosen, and what they come to.

    Attributes:
        edges: int64 (pairs,), positions of the chosen edges, ascending.
        total: the sum of their scores.
        worst_off: the least summed score among the demand side but the spared (0 for one without a pair);
            0 if there is nobody.
        covered: how many of the demand side have a pair at least.
        solver: what solved it, in the field's own words.
        is_optimal: whether it is proven that nothing better exists, in pairs, then objective.
        gap: how far the sought value may at most lie under the best, in units of score; 0 if optimal,
            infinite if even the number of pairs is not proven to be the largest. The sought value is the
            worst-off's sum under `FAIREST` unless that is proven, else the total.
        resolution: the unit to which scores were rounded, in units of score; "optimal" is meant up to one for
            each pair. 0 if all are equal.
    """

    edges: Int64
    total: float
    worst_off: float
    covered: int
    solver: str
    is_optimal: bool
    gap: float = 0.0
    resolution: float = 0.0


class Slack(StrEnum):
    """A rule that could be relaxed; the value is stored."""

    DEMAND_LEAST = "demand-least"
    """One of the demand side needs fewer pairs."""
    SUPPLY_MOST = "supply-most"
    """One of the supply side takes more pairs."""
    DEMAND_MOST = "demand-most"
    """One of the demand side may have more pairs."""
    SUPPLY_LEAST = "supply-least"
    """One of the supply side waits with fewer pairs."""
    BARRED = "barred"
    """A pair is allowed after all."""
    LOCKED = "locked"
    """A locked pair is let go."""
    QUOTA_LEAST = "quota-least"
    QUOTA_MOST = "quota-most"
    FLOOR = "floor"
    """One of the demand side may fall under the floor."""


MINIMUMS = frozenset({Slack.DEMAND_LEAST, Slack.SUPPLY_LEAST, Slack.QUOTA_LEAST, Slack.FLOOR})
"""Rules that ask for more than there is. Relaxing them does nothing to anybody; the others need consent."""


@dataclass(frozen=True, slots=True)
class Relaxation:
    """One rule to relax. `position` counts people, edges or quotas, as the rule has it.

    `amount`: by how many pairs, or by how much score for `FLOOR`; 1 for a pair that is let in or go.
    """

    slack: Slack
    position: int
    amount: float = 1.0


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Why no choice keeps all rules.

    Attributes:
        relaxations: a smallest set of relaxations under which there is a choice.
        alternatives: single relaxations or other smallest sets that would do as well, the cheapest first.
        blocked: int64, those of the demand side that cannot have what they must if only minimums give way.
        is_smallest: whether it is proven that no smaller set would do; the size counts pairs, and people
            under the floor.
    """

    relaxations: tuple[Relaxation, ...]
    alternatives: tuple[tuple[Relaxation, ...], ...] = ()
    blocked: Int64 = field(default_factory=lambda: np.empty(0, np.int64))
    is_smallest: bool = True


class Infeasible(Exception):
    """No choice keeps all rules; `diagnose` says why."""


class Unsettled(Exception):
    """The time ended before a choice, or a proof that there is none, was found."""


class CannotCombine(ValueError):
    """Rules that the objective has no way to keep. `rules` names them as `Problem` does."""

    def __init__(self, objective: Objective, rules: tuple[str, ...]) -> None:
        super().__init__(f"{objective.value} cannot be combined with {', '.join(rules)}")
        self.objective, self.rules = objective, rules
