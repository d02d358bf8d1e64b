"""Who can be thought of for whom in a proposal: each side's shortlist, widened for those who need more."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from matcher.models import Kind
from matcher.ranking.facts import Bool, Facts, Float64
from matcher.ranking.interaction import Int64
from matcher.services.recommender import RankedCandidate, Recommender, Shortlist
from matcher.services.roster import Roster
from matcher.services.twosided import merge

Progress = Callable[[int, int], None]
Ends = tuple[Int64, Int64]
"""Edges by their ends: rows of start-ups and of counterparts."""

_OF_GROUP = 10
"""The best of a group that a quota asks for, beside the shortlist."""
_MOST_WIDENED = 2_000_000
"""Pairs that one widening may add; beyond, each gets the best of who is eligible only."""


@dataclass(frozen=True, slots=True)
class Focus:
    """Whom a shortlist must not leave out, if eligible.

    Attributes:
        wished: whom each profile wishes for, ids by id.
        groups: start-ups and the counterparts that a quota gives them, boolean arrays over both sides.
    """

    wished: Mapping[int, frozenset[int]] = field(default_factory=dict)
    groups: tuple[tuple[Bool, Bool], ...] = ()


@dataclass(frozen=True)
class Candidates:
    """Edges by start-up, then counterpart, both as rows of the recommender's pools; none twice.

    `found` has each start-up's shortlist, `facing` each counterpart's, for what they say of who is eligible.
    """

    recommender: Recommender
    kind: Kind
    found: list[Shortlist]
    facing: list[Shortlist]
    demand: Int64
    supply: Int64
    score: Float64

    @property
    def startups(self) -> tuple[Facts, ...]:
        """The start-ups, in the order in which edges count them."""
        return self.recommender.pools[Kind.STARTUP].table.facts

    @property
    def others(self) -> tuple[Facts, ...]:
        """The counterparts, in the order in which edges count them."""
        return self.recommender.pools[self.kind].table.facts

    @property
    def considered(self) -> int:
        """How many of each one's best are here; 0 if everybody eligible is."""
        length = self.recommender.shortlist_length
        has_all = (all(each.eligible <= length for each in side) for side in (self.found, self.facing))
        return 0 if any(has_all) else length

    def describe(self, startup: int, others: Int64) -> list[RankedCandidate]:
        """Exact scores and reasons of a start-up with these counterparts, eligible or not."""
        return self.recommender.describe(self.startups[startup], self.kind, others)

    def with_pairs(self, demand: Int64, supply: Int64) -> "Candidates":
        """Also these pairs, whether or not they are eligible."""
        width = max(1, len(self.others))
        new = np.setdiff1d(demand * width + supply, self.demand * width + self.supply)
        if not new.size:
            return self
        ends = new // width, new % width
        scores = [self.describe(s, np.array([o]))[0].score.total for s, o in zip(*ends, strict=True)]
        return self._joined(*ends, np.array(scores))

    def widened(self, startups: Iterable[int], others: Iterable[int]) -> "Candidates":
        """Also everyone eligible for these start-ups and counterparts."""
        ours, theirs = list(startups), list(others)
        count = max(self.recommender.shortlist_length, _MOST_WIDENED // max(1, len(ours) + len(theirs)))
        sides = [
            [(row, self.recommender.shortlist(facts[row], self.kind, count)) for row in rows]
            for rows, facts in ((ours, self.startups), (theirs, self.others))
        ]
        demand = [np.full(len(f.rows), row) for row, f in sides[0]] + [f.rows for _, f in sides[1]]
        supply = [f.rows for _, f in sides[0]] + [np.full(len(f.rows), row) for row, f in sides[1]]
        scores = [f.scores for side in sides for _, f in side]
        if not scores:
            return self
        return self._joined(np.concatenate(demand), np.concatenate(supply), np.concatenate(scores))

    def _joined(self, demand: Int64, supply: Int64, score: Float64) -> "Candidates":
        demand, supply = np.concatenate([self.demand, demand]), np.concatenate([self.supply, supply])
        _, first = np.unique(demand * max(1, len(self.others)) + supply, return_index=True)
        scores = np.concatenate([self.score, score])
        return replace(self, demand=demand[first], supply=supply[first], score=scores[first])


def with_all_places(roster: Roster) -> Roster:
    """The roster as if no place was taken: the solver sees who holds which, and may say so."""
    mentors = [
        replace(one, places=one.places if one.places is None else one.places + len(one.accepted),
                accepted=frozenset())
        for one in roster.facts[Kind.MENTOR]
    ]  # fmt: skip
    return Roster({**roster.facts, Kind.MENTOR: mentors}, roster.texts)


def gather(recommender: Recommender, kind: Kind, focus: Focus, progress: Progress) -> Candidates:
    """Both sides' shortlists as one graph. `progress` gets (profiles shortlisted, profiles in all)."""
    sides = [recommender.pools[Kind.STARTUP].table.facts, recommender.pools[kind].table.facts]
    total, done = sum(map(len, sides)), 0
    shortlists: list[list[Shortlist]] = [[], []]
    for side, profiles in enumerate(sides):
        for row, facts in enumerate(profiles):
            shortlists[side].append(_shortlist(recommender, kind, facts, row, focus))
            done += 1
            progress(done, total)
    return Candidates(recommender, kind, shortlists[0], shortlists[1], *merge(*shortlists))


def _shortlist(recommender: Recommender, kind: Kind, facts: Facts, row: int, focus: Focus) -> Shortlist:
    """The best, and whoever the focus names further down."""
    found = recommender.shortlist(facts, kind, recommender.shortlist_length)
    ids = recommender.candidates(facts, kind).table.ids
    beside = [
        (others, _OF_GROUP) for ours, others in focus.groups if facts.kind is Kind.STARTUP and ours[row]
    ]
    if wished := focus.wished.get(facts.id):
        beside.append((np.isin(ids, list(wished)), len(wished)))
    for among, count in beside:
        more = recommender.shortlist(facts, kind, count, among=among)
        new = ~np.isin(more.rows, found.rows)
        rows: Int64 = np.concatenate([found.rows, more.rows[new]])
        scores: Float64 = np.concatenate([found.scores, more.scores[new]])
        found = replace(found, rows=rows, scores=scores)
    return found
