"""Ranking a roster by an index: candidates from FAISS, eligibility first, scores and reasons last."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from matcher.index import FACETS, EntryIndex
from matcher.models.kinds import Facet, Kind
from matcher.ranking.config import ScoringConfig
from matcher.ranking.eligibility import Rule, exclusions
from matcher.ranking.explanation import EntryMeeting, Reason, explain
from matcher.ranking.facts import Bool, Facts, FactTable, tabulate
from matcher.ranking.interaction import Int64, late_interaction, pad_groups, ramp
from matcher.ranking.score import MEETINGS, Meeting, Score, rank, score_pair
from matcher.services.roster import Roster

_BLOCK = 256
_NOTHING = np.empty(0, dtype=np.int64)
_INSTEAD = {Facet.NEED: Facet.PITCH, Facet.PITCH: Facet.NEED}
"""What a start-up that leaves a facet out is compared by."""


@dataclass(frozen=True, slots=True)
class RankedCandidate:
    """One candidate with the score of the pair and the reasons for it."""

    facts: Facts
    score: Score
    band: str
    reasons: list[Reason]


@dataclass(frozen=True, slots=True)
class RankedList:
    """A subject's best candidates of one kind, best first, and what eligibility left of the rest."""

    subject: Facts
    candidate_kind: Kind
    considered: int
    eligible: int
    exclusions: dict[str, int]
    items: list[RankedCandidate]


@dataclass(frozen=True)
class Recommender:
    """Ranks the profiles of one roster by one index."""

    roster: Roster
    index: EntryIndex
    config: ScoringConfig
    length: int
    _positions: dict[tuple[int, Facet], Int64] = field(default_factory=dict)

    def __post_init__(self) -> None:
        rows = self.index.rows
        # Entries that were edited away since they were indexed have no text to show any more.
        known = np.flatnonzero(np.isin(rows["entry_id"], list(self.roster.texts)))
        order = known[np.lexsort((known, rows["facet"][known], rows["profile_id"][known]))]
        profiles, facets = rows["profile_id"][order], rows["facet"][order]
        starts = np.flatnonzero((np.diff(profiles) != 0) | (np.diff(facets) != 0)) + 1
        for group in np.split(order, starts) if len(order) else []:
            row = rows[group[0]]
            self._positions[int(row["profile_id"]), FACETS[row["facet"]]] = group

    def rank_all(self) -> Iterator[RankedList]:
        """Every list: mentors and funding partners for each start-up, and start-ups for each of them."""
        startups = self.roster.facts[Kind.STARTUP]
        for kind in (Kind.MENTOR, Kind.FUNDER):
            ours, theirs = tabulate(startups, self.roster.facts[kind])
            yield from self._rank_side(ours, theirs, kind, by_startup=True)
            yield from self._rank_side(ours, theirs, kind, by_startup=False)

    def list_count(self) -> int:
        """How many lists `rank_all` yields."""
        counts = {kind: len(facts) for kind, facts in self.roster.facts.items()}
        return 2 * counts[Kind.STARTUP] + counts[Kind.MENTOR] + counts[Kind.FUNDER]

    def _rank_side(
        self, startups: FactTable, counterparts: FactTable, kind: Kind, *, by_startup: bool
    ) -> Iterator[RankedList]:
        """The lists of one side, by blocks of subjects: the rules' matrices stay small."""
        subjects, candidates = (startups, counterparts) if by_startup else (counterparts, startups)
        for start in range(0, len(subjects), _BLOCK):
            rows = range(start, min(start + _BLOCK, len(subjects)))
            block = subjects.take(rows)
            ruled = exclusions(*((block, counterparts) if by_startup else (startups, block)), kind)
            for row in range(len(block)):
                excluded = {rule: (m[row] if by_startup else m[:, row]) for rule, m in ruled.items()}
                yield self._rank_subject(block.facts[row], candidates.facts, excluded, kind)

    def _rank_subject(
        self, subject: Facts, candidates: Sequence[Facts], excluded: Mapping[Rule, Bool], kind: Kind
    ) -> RankedList:
        counts, allowed = _tally(excluded, len(candidates))
        eligible = [candidates[row] for row in np.flatnonzero(allowed).tolist()]
        chosen = self._candidates(subject, eligible, kind)
        scores = self._scores(subject, chosen, kind)
        best = rank(scores, [facts.ref for facts in chosen])[: self.length]
        candidate_kind = kind if subject.kind is Kind.STARTUP else Kind.STARTUP
        return RankedList(
            subject=subject,
            candidate_kind=candidate_kind,
            considered=len(candidates),
            eligible=len(eligible),
            exclusions=counts,
            items=[self._candidate(subject, chosen[row], scores[row], kind) for row in best],
        )

    def _candidates(self, subject: Facts, eligible: Sequence[Facts], kind: Kind) -> list[Facts]:
        """The eligible profiles that the index finds nearest, and silent ones where there is room."""
        if len(eligible) <= self.length:
            return list(eligible)
        found: set[int] = set()
        speaking: set[int] = set()
        for meeting in MEETINGS[kind]:
            ours, theirs = _oriented(meeting, subject)
            rows = [self.entries(facts, theirs) for facts in eligible]
            speaking.update(facts.id for facts, group in zip(eligible, rows, strict=True) if len(group))
            queries = self.index.vectors(self.entries(subject, ours))
            _, hits = self.index.search(queries, np.concatenate(rows), self.config.candidates)
            found.update(self.index.rows["profile_id"][np.unique(hits)].tolist())
        if not found:  # the subject says nothing, or nobody answers: the facts decide
            return list(eligible)
        room = max(0, self.config.candidates - len(found))
        silent = [facts.id for facts in eligible if facts.id not in speaking][:room]
        wanted = found.union(silent)
        return [facts for facts in eligible if facts.id in wanted]

    def _scores(self, subject: Facts, chosen: Sequence[Facts], kind: Kind) -> list[Score]:
        likeness = {meeting.part: self._likeness(subject, chosen, meeting) for meeting in MEETINGS[kind]}
        return [
            score_pair(
                *_as_pair(subject, facts),
                {name: float(values[row]) for name, values in likeness.items()},
                self.config,
            )
            for row, facts in enumerate(chosen)
        ]

    def _likeness(self, subject: Facts, chosen: Sequence[Facts], meeting: Meeting) -> np.ndarray:
        """How like each candidate's entries are to the subject's, in [0, 1]; NaN without entries."""
        ours, theirs = _oriented(meeting, subject)
        rows = [self.entries(facts, theirs) for facts in chosen]
        flat = np.concatenate(rows) if rows else _NOTHING
        cosines = self.index.vectors(self.entries(subject, ours)) @ self.index.vectors(flat).T
        groups = pad_groups([len(group) for group in rows])
        near = late_interaction(cosines, groups, self.config.best_pairs, self.config.best_share)
        bounds = meeting.config(self.config)
        return ramp(near, bounds.floor, bounds.ceiling)

    def _candidate(self, subject: Facts, facts: Facts, score: Score, kind: Kind) -> RankedCandidate:
        startup, counterpart = _as_pair(subject, facts)
        meetings = self._meetings(startup, counterpart, kind)
        reasons = explain(startup, counterpart, meetings, self.config.worth_telling)
        return RankedCandidate(facts, score, score.band(self.config), reasons)

    def _meetings(self, startup: Facts, counterpart: Facts, kind: Kind) -> list[EntryMeeting]:
        """For each of the start-up's entries, the counterpart's entry that it met best."""
        best: dict[int, EntryMeeting] = {}
        for meeting in MEETINGS[kind]:
            ours, theirs = (
                self.entries(startup, meeting.ours),
                self.entries(counterpart, meeting.theirs),
            )
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

    def entries(self, facts: Facts, facet: Facet) -> Int64:
        """Positions of a profile's entries of a facet, or of what stands in for it."""
        found = self._positions.get((facts.id, facet), _NOTHING)
        if not len(found) and facet in _INSTEAD:
            return self._positions.get((facts.id, _INSTEAD[facet]), _NOTHING)
        return found


def _tally(excluded: Mapping[Rule, Bool], size: int) -> tuple[dict[str, int], Bool]:
    """How many candidates each rule excluded, each counted under its first rule; and who is left."""
    left = np.ones(size, dtype=np.bool_)
    counts = {}
    for rule, rows in excluded.items():
        counts[rule.value] = int((left & rows).sum())
        left &= ~rows
    return counts, left


def _oriented(meeting: Meeting, subject: Facts) -> tuple[Facet, Facet]:
    """The subject's facet first: a meeting is written from the start-up's side."""
    if subject.kind is Kind.STARTUP:
        return meeting.ours, meeting.theirs
    return meeting.theirs, meeting.ours


def _as_pair(subject: Facts, other: Facts) -> tuple[Facts, Facts]:
    return (subject, other) if subject.kind is Kind.STARTUP else (other, subject)
