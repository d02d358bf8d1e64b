"""What is left to choose once barred pairs are out and locked ones are made."""

from dataclasses import dataclass, replace

import numpy as np

from matcher.cohort.problem import Bool, Float64, Infeasible, Int64, Limits, Problem

TOLERANCE = 1e-9
"""Share of the largest score by which a sum may miss a floor: sums of floats are not exact."""


@dataclass(frozen=True, slots=True)
class Network:
    """The pairs that are still free, and what each person may still have.

    Attributes:
        edges: int64 (free,), their positions in the problem, ascending.
        demand, supply: int64 (free,), their ends.
        score: float64 (free,).
        demands, supplies: limits that are left; `least` may exceed `most`, and then nothing is feasible.
        base: float64 (demand side,), the summed score of the locked pairs.
        locked: int64, positions of the locked pairs.
        watched: bool (demand side,), whose sums count for fairness.
        slip: how far a sum may miss a floor.
    """

    edges: Int64
    demand: Int64
    supply: Int64
    score: Float64
    demands: Limits
    supplies: Limits
    base: Float64
    locked: Int64
    watched: Bool
    slip: float

    @property
    def is_single(self) -> bool:
        """Whether no one whose sum counts can have more than one of the free pairs."""
        return bool(self.demands.most[self.watched].max(initial=0) <= 1)

    @property
    def best(self) -> Float64:
        """The most that each of the demand side could come to with one pair or none, (demand side,)."""
        sums = self.base.copy()
        np.maximum.at(sums, self.demand, self.base[self.demand] + self.score)
        return sums

    def floored(self, floors: Float64) -> "Network":
        """Only pairs that bring their demand to its floor, float64 (demand side,); for `is_single` alone."""
        floors = np.where(self.watched, floors - self.slip, -np.inf)
        keep = self.base[self.demand] + self.score >= floors[self.demand]
        least = np.maximum(self.demands.least, self.base < floors)
        return self._kept(keep, least)

    def without_minimums(self) -> "Network":
        """The same, with nobody having to have a pair."""
        sides = (self.demands, self.supplies)
        demands, supplies = (Limits(np.zeros_like(side.least), side.most) for side in sides)
        return replace(self, demands=demands, supplies=supplies)

    def with_fixed(self, fixed: Bool, keep: Bool, pairs: Int64) -> "Network":
        """What is left once free pairs are made and others are out.

        Args:
            fixed, keep: bool (free,), the pairs made, and those that may still be.
            pairs: int64 (demand side,), how many free pairs each must end up with, the fixed ones among them.
        """
        made = np.bincount(self.demand[fixed], minlength=len(self.base))
        taken = np.bincount(self.supply[fixed], minlength=len(self.supplies.most))
        exact = Limits(pairs - made, pairs - made)
        left = Limits(np.maximum(self.supplies.least - taken, 0), self.supplies.most - taken)
        return replace(self, supplies=left, demands=exact)._kept(keep, exact.least)

    def _kept(self, keep: Bool, least: Int64) -> "Network":
        demand, supply = self.demand[keep], self.supply[keep]
        return replace(
            self,
            edges=self.edges[keep],
            demand=demand,
            supply=supply,
            score=self.score[keep],
            demands=Limits(least, _usable(self.demands.most, demand)),
            supplies=Limits(self.supplies.least, _usable(self.supplies.most, supply)),
        )


def _usable(most: Int64, ends: Int64) -> Int64:
    """No more than the edges of each could use: larger numbers would only cost the flow its range."""
    usable: Int64 = np.minimum(most, np.bincount(ends, minlength=len(most)))
    return usable


def floors_of(problem: Problem) -> Float64:
    """The floor of each of the demand side, (demand side,); -inf where there is none."""
    people = len(problem.demands.most)
    floors = np.full(people, -np.inf if problem.floor is None else problem.floor)
    if problem.leeway is not None:
        floors = floors - problem.leeway
    if problem.spared is not None:
        floors[problem.spared] = -np.inf
    return floors


def network(problem: Problem) -> Network:
    """The network of a problem in canonical order; quotas and the floor are not in it.

    Raises:
        Infeasible: locked pairs are barred or alone exceed a limit, or a minimum exceeds a maximum.
    """
    if (problem.locked & problem.barred).any():
        raise Infeasible("a locked pair is barred")
    locked, free = np.flatnonzero(problem.locked), np.flatnonzero(~(problem.locked | problem.barred))
    demand, supply = problem.demand[free], problem.supply[free]
    base = np.zeros(len(problem.demands.most))
    np.add.at(base, problem.demand[locked], problem.score[locked])
    spared = np.zeros(len(base), np.bool_) if problem.spared is None else problem.spared
    return Network(
        edges=free,
        demand=demand,
        supply=supply,
        score=problem.score[free],
        demands=_left(problem.demands, problem.demand[locked], demand),
        supplies=_left(problem.supplies, problem.supply[locked], supply),
        base=base,
        locked=locked,
        watched=~spared,
        slip=TOLERANCE * float(np.abs(problem.score).max(initial=0.0)),
    )


def _left(limits: Limits, locked_ends: Int64, free_ends: Int64) -> Limits:
    made = np.bincount(locked_ends, minlength=len(limits.most))
    if (made > limits.most).any() or (limits.least > limits.most).any():
        raise Infeasible("locked pairs or minimums exceed a maximum")
    return Limits(np.maximum(limits.least - made, 0), _usable(limits.most - made, free_ends))
