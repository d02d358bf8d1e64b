"""Ranking a roster by an index: eligibility first, everyone compared, scores and reasons last."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from matcher.index import FACETS, EntryIndex
from matcher.models.kinds import Facet, Kind
from matcher.ranking.config import ScoringConfig
from matcher.ranking.eligibility import Rule, exclusions
from matcher.ranking.explanation import EntryMeeting, Reason, explain
from matcher.ranking.facts import Bool, Facts, Float64
from matcher.ranking.fit import fit_many
from matcher.ranking.interaction import Int64, ramp
from matcher.ranking.score import MEETINGS, Meeting, Score, ScoreTable, best_rows, score_many
from matcher.ranking.table import FactTable
from matcher.services.pools import Pool, make_pool
from matcher.services.roster import Roster

COUNTERPARTS = (Kind.MENTOR, Kind.FUNDER)
_WORTH_SKETCHING = 4
"""Times what is rescored: fewer candidates are compared exactly in less time than a scan takes."""


@dataclass(frozen=True, slots=True)
class RankedCandidate:
    """One candidate with the score of the pair and the reasons for it."""

    facts: Facts
    score: Score
    band: str
    reasons: list[Reason]


@dataclass(frozen=True, slots=True)
class RankedList:
    """A subject's best candidates of one kind, best first, and what eligibility left of the rest.

    `price` is how much in demand the subject itself is, in units of score; 0 where nobody is scarce.
    """

    subject: Facts
    candidate_kind: Kind
    considered: int
    eligible: int
    exclusions: dict[str, int]
    items: list[RankedCandidate]
    price: float = 0.0


@dataclass(frozen=True, slots=True)
class Shortlist:
    """A subject's best candidates by score alone: rows of their pool and scores, best first."""

    subject: Facts
    kind: Kind
    rows: Int64
    scores: Float64
    eligible: int
    exclusions: dict[str, int]


class Recommender:
    """Ranks the profiles of one roster by one index. `length` bounds a list."""

    def __init__(self, roster: Roster, index: EntryIndex, config: ScoringConfig, length: int) -> None:
        self.roster, self.index, self.config, self.length = roster, index, config, length
        self.pools = {kind: make_pool(facts, index) for kind, facts in roster.facts.items()}

    @property
    def shortlist_length(self) -> int:
        """Candidates that each profile brings into the sharing out of attention."""
        return max(self.length, self.config.shortlisted)

    def recommend(self, subject: Facts, kind: Kind) -> RankedList:
        """The subject's list of one kind, by score alone. `kind` is that of the counterparts."""
        found = self.shortlist(subject, kind, self.length)
        return self.make_list(found, found.rows)

    def shortlist(self, subject: Facts, kind: Kind, count: int) -> Shortlist:
        """The `count` best of everyone eligible, by score; equal ones in the order of their refs."""
        pool = self.candidates(subject, kind)
        counts, allowed = _tally(exclusions(subject, pool.table, kind), len(pool.table))
        rows = np.flatnonzero(allowed)
        eligible = len(rows)
        fit = fit_many(subject, pool.table, kind)
        if pool.is_sketched and len(rows) > _WORTH_SKETCHING * self.config.rescored:
            rough = self.score(subject, pool, rows, kind, _take(fit, rows), exactly=False).totals
            rows = np.sort(rows[np.argpartition(rough, -self.config.rescored)[-self.config.rescored :]])
        totals = self.score(subject, pool, rows, kind, _take(fit, rows)).totals
        best = best_rows(totals, [pool.table.facts[row].ref for row in rows.tolist()], count)
        return Shortlist(subject, kind, rows[best], totals[best], eligible, counts)

    def make_list(self, found: Shortlist, rows: Int64, price: float = 0.0) -> RankedList:
        """The list of these rows of the pool, in their order, with scores and reasons."""
        pool = self.candidates(found.subject, found.kind)
        return RankedList(
            subject=found.subject,
            candidate_kind=candidate_kind(found.subject, found.kind),
            considered=len(pool.table),
            eligible=found.eligible,
            exclusions=found.exclusions,
            items=self.describe(found.subject, found.kind, rows),
            price=price,
        )

    def describe(self, subject: Facts, kind: Kind, rows: Int64) -> list[RankedCandidate]:
        """Scores and reasons of these rows of the pool, in their order."""
        pool = self.candidates(subject, kind)
        table = FactTable([pool.table.facts[row] for row in rows.tolist()])
        scores = self.score(subject, pool, rows, kind, fit_many(subject, table, kind))
        items = []
        for place, row in enumerate(rows.tolist()):
            facts, score = pool.table.facts[row], scores.score(place)
            startup, other = (subject, facts) if subject.kind is Kind.STARTUP else (facts, subject)
            meetings = self._meetings(startup, other, kind)
            reasons = explain(startup, other, meetings, self.config.worth_telling)
            items.append(RankedCandidate(facts, score, score.band(self.config), reasons))
        return items

    def score(
        self,
        subject: Facts,
        pool: Pool,
        rows: Int64,
        kind: Kind,
        fit: Mapping[str, Float64],
        *,
        exactly: bool = True,
    ) -> ScoreTable:
        """The scores of the subject with these rows of the pool, of which `fit` is the structured fit."""
        near = {m.part: self._likeness(subject, pool, rows, m, exactly=exactly) for m in MEETINGS[kind]}
        return score_many(near, fit, kind, self.config)

    def candidates(self, subject: Facts, kind: Kind) -> Pool:
        """Whom the subject is compared with, when the counterparts are of this kind."""
        return self.pools[candidate_kind(subject, kind)]

    def entries(self, facts: Facts, facet: Facet) -> Int64:
        """Positions of a profile's entries of a facet, or of what stands in for it."""
        return self.pools[facts.kind].entries(facts, facet)

    def lists(self) -> Iterator[tuple[Facts, Kind]]:
        """Every list that is kept, as its subject and the counterparts' kind."""
        for kind in COUNTERPARTS:
            yield from ((facts, kind) for facts in self.pools[Kind.STARTUP].table.facts)
            yield from ((facts, kind) for facts in self.pools[kind].table.facts)

    def list_count(self) -> int:
        """How many lists `lists` yields."""
        counts = {kind: len(pool.table) for kind, pool in self.pools.items()}
        return 2 * counts[Kind.STARTUP] + counts[Kind.MENTOR] + counts[Kind.FUNDER]

    def _likeness(
        self, subject: Facts, pool: Pool, rows: Int64, meeting: Meeting, *, exactly: bool
    ) -> Float64:
        """How like each candidate's entries are to the subject's, in [0, 1]; NaN without entries."""
        ours, theirs = _oriented(meeting, subject)
        queries = self.index.vectors(self.entries(subject, ours))
        compare = pool.likeness if exactly else pool.rough_likeness
        bounds = meeting.config(self.config)
        return ramp(compare(queries, theirs, rows, self.config), bounds.floor, bounds.ceiling)

    def _meetings(self, startup: Facts, counterpart: Facts, kind: Kind) -> list[EntryMeeting]:
        """For each of the start-up's entries, the counterpart's entry that it met best."""
        best: dict[int, EntryMeeting] = {}
        for meeting in MEETINGS[kind]:
            ours, theirs = self.entries(startup, meeting.ours), self.entries(counterpart, meeting.theirs)
            if not len(ours) or not len(theirs):
                continue
            cosines = self.index.vectors(ours) @ self.index.vectors(theirs).T
            bounds = meeting.config(self.config)
            near = ramp(cosines, bounds.floor, bounds.ceiling)
            for row, position in enumerate(ours.tolist()):
                column = int(near[row].argmax())
                met = self._meeting(position, int(theirs[column]), float(near[row, column]), bounds.weight)
                if position not in best or met.importance > best[position].importance:
                    best[position] = met
        return list(best.values())

    def _meeting(self, ours: int, theirs: int, likeness: float, weight: float) -> EntryMeeting:
        rows, texts = self.index.rows, self.roster.texts
        return EntryMeeting(
            FACETS[rows[ours]["facet"]],
            FACETS[rows[theirs]["facet"]],
            texts[int(rows[ours]["entry_id"])],
            texts[int(rows[theirs]["entry_id"])],
            likeness,
            weight,
        )


def candidate_kind(subject: Facts, kind: Kind) -> Kind:
    """What a list of `subject` consists of, when the counterparts are of this kind."""
    return kind if subject.kind is Kind.STARTUP else Kind.STARTUP


def _tally(excluded: Mapping[Rule, Bool], size: int) -> tuple[dict[str, int], Bool]:
    """How many candidates each rule excluded, each counted under its first rule; and who is left."""
    left = np.ones(size, dtype=np.bool_)
    counts = {}
    for rule, rows in excluded.items():
        counts[rule.value] = int((left & rows).sum())
        left &= ~rows
    return counts, left


def _take(columns: Mapping[str, Float64], rows: Int64) -> dict[str, Float64]:
    return {name: values[rows] for name, values in columns.items()}


def _oriented(meeting: Meeting, subject: Facts) -> tuple[Facet, Facet]:
    """The subject's facet first: a meeting is written from the start-up's side."""
    if subject.kind is Kind.STARTUP:
        return meeting.ours, meeting.theirs
    return meeting.theirs, meeting.ours
