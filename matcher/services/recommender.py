"""Ranking a roster by an index: eligibility first, everyone compared, scores and reasons last."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass

import numpy as np

from matcher.index import EntryIndex
from matcher.models.kinds import Facet, Kind
from matcher.ranking.config import ScoringConfig
from matcher.ranking.eligibility import Rule, exclusions
from matcher.ranking.explanation import Reason, explain
from matcher.ranking.facts import Bool, Facts, Float64
from matcher.ranking.fit import fit_many
from matcher.ranking.interaction import Int64
from matcher.ranking.score import MEETINGS, Meeting, Score, best_rows
from matcher.ranking.selection import Selection
from matcher.ranking.voices import Spoken, Voice, echoed_texts, meet, repertoire, score_voices, texts_of
from matcher.services.comparing import Comparison, Question, Width
from matcher.services.pools import Pool, make_pool
from matcher.services.roster import Roster
from matcher.services.sifting import is_worth_scanning, scan, sift

COUNTERPARTS = (Kind.MENTOR, Kind.FUNDER)
_NOWHERE = np.empty(0, dtype=np.int64)


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
    `floor` is the score from which somebody new belongs on the subject's shortlist.
    """

    subject: Facts
    candidate_kind: Kind
    considered: int
    eligible: int
    exclusions: dict[str, int]
    items: list[RankedCandidate]
    price: float = 0.0
    floor: float = 0.0


@dataclass(frozen=True, slots=True)
class Shortlist:
    """A subject's best candidates by score alone: rows of their pool and scores, best first.

    `floor` is the score of the last one, or 0 if the list has room for whoever comes.
    """

    subject: Facts
    kind: Kind
    rows: Int64
    scores: Float64
    eligible: int
    exclusions: dict[str, int]
    floor: float


class Recommender:
    """Ranks the profiles of one roster by one index. `length` bounds a list."""

    def __init__(self, roster: Roster, index: EntryIndex, config: ScoringConfig, length: int) -> None:
        self.entry_texts, self.index, self.config, self.length = roster.texts, index, config, length
        self.pools = {kind: make_pool(facts, index) for kind, facts in roster.facts.items()}

    @property
    def shortlist_length(self) -> int:
        """Candidates that each profile brings into the sharing out of attention."""
        return max(self.length, self.config.shortlisted)

    def replaced(self, changes: Roster, stale: Collection[int], index: EntryIndex) -> "Recommender":
        """This recommender as of a later index, with some profiles changed and the `stale` ones gone."""
        later = copy(self)
        later.entry_texts = {**self.entry_texts, **changes.texts}
        later.index = index
        later.pools = {
            kind: pool.replaced(changes.facts[kind], stale, index) for kind, pool in self.pools.items()
        }
        return later

    def warm_up(self) -> None:
        """Make the columns that the first subject would otherwise wait for."""
        for kind in COUNTERPARTS:
            for pool in (self.pools[Kind.STARTUP], self.pools[kind]):
                if len(pool.table):
                    self.recommend(pool.table.facts[0], kind)

    def recommend(self, subject: Facts, kind: Kind) -> RankedList:
        """The subject's list of one kind, by score alone. `kind` is that of the counterparts."""
        found, compared = self._shortlist(subject, kind, self.length, None, None)
        return self._list(found, self._describe(subject, compared))

    def shortlist(
        self,
        subject: Facts,
        kind: Kind,
        count: int,
        *,
        floors: Float64 | None = None,
        among: Bool | None = None,
    ) -> Shortlist:
        """The `count` best of everyone eligible, by score; equal ones in the order of their refs.

        Of more equal ones than are compared in full width, sifting keeps any. With `floors`, float64 over the
        pool, also whoever's floor the score of the pair reaches. `among`, boolean over the pool, leaves out
        everybody else.
        """
        return self._shortlist(subject, kind, count, floors, among)[0]

    def _shortlist(
        self, subject: Facts, kind: Kind, count: int, floors: Float64 | None, among: Bool | None
    ) -> tuple[Shortlist, Comparison]:
        """The shortlist, and the subject beside those on it."""
        pool = self.candidates(subject, kind)
        counts, allowed = _tally(exclusions(subject, pool.table, kind), pool.table.alive)
        rows = np.flatnonzero(allowed if among is None else allowed & among)
        questions = self._questions(subject, kind)
        if floors is None and is_worth_scanning(pool, questions, rows, count, self.config):
            best, totals = self._scan(subject, kind, questions, rows, count)
        else:
            best, totals = self._rank(subject, self._compare(subject, kind, questions, rows), count, floors)
        floor = _floor(totals, count)
        return Shortlist(subject, kind, best.rows, totals, len(rows), counts, floor), best

    def _scan(
        self, subject: Facts, kind: Kind, questions: Sequence[Question], rows: Int64, count: int
    ) -> tuple[Comparison, Float64]:
        """The `count` best of many rows, with their scores, from those that are near in some text.

        Who is not, but might still do as well as the last of these, is compared in a second round.
        """
        found = scan(self.candidates(subject, kind), questions, kind, self.config)
        near = rows[found.near[rows]]
        best, totals = self._rank(subject, self._compare(subject, kind, questions, near), count)
        doubtful = found.doubtful(rows, _floor(totals, count))
        if not len(doubtful):
            return best, totals
        both = np.union1d(near, doubtful)
        return self._rank(subject, self._compare(subject, kind, questions, both), count)

    def _rank(
        self, subject: Facts, compared: Comparison, count: int, floors: Float64 | None = None
    ) -> tuple[Comparison, Float64]:
        """The best of those compared, then those who reach their floor, with their scores."""
        if compared.pool.is_sketched:
            compared = sift(compared, count, floors)
        totals = compared.score(Width.FULL).totals
        best = self._best(subject, compared.kind, compared.rows, totals, count, floors)
        return compared.at(best), totals[best]

    def _best(
        self, subject: Facts, kind: Kind, rows: Int64, totals: Float64, count: int, floors: Float64 | None
    ) -> Int64:
        """Places in `rows` of the `count` best, then of those who reach their floor; corrects their `totals`.

        Echoes only lower a score, so it is enough to look for them among those who would be chosen.
        """
        pool = self.candidates(subject, kind)
        said, looked_at = repertoire(tuple(self.texts(subject))), np.zeros(len(rows), dtype=np.bool_)
        while True:
            best = best_rows(totals, lambda row: pool.table.facts[rows[row]].ref, count)
            if floors is not None:
                reached = np.setdiff1d(np.flatnonzero(totals >= floors[rows]), best)
                best = np.concatenate([best, reached[np.argsort(-totals[reached], kind="stable")]])
            new = best[~looked_at[best]]
            if not len(new):
                return best
            looked_at[new] = True
            for place, texts in zip(new.tolist(), self._texts(pool, rows[new]), strict=True):
                if echoed_texts(said, texts):  # the same both ways round
                    totals[place] = self.describe(subject, kind, rows[[place]])[0].score.total

    def make_list(self, found: Shortlist, rows: Int64, price: float = 0.0) -> RankedList:
        """The list of these rows of the pool, in their order, with scores and reasons."""
        return self._list(found, self.describe(found.subject, found.kind, rows), price)

    def _list(self, found: Shortlist, items: list[RankedCandidate], price: float = 0.0) -> RankedList:
        pool = self.candidates(found.subject, found.kind)
        return RankedList(
            subject=found.subject,
            candidate_kind=candidate_kind(found.subject, found.kind),
            considered=int(pool.table.alive.sum()),
            eligible=found.eligible,
            exclusions=found.exclusions,
            items=items,
            price=price,
            floor=found.floor,
        )

    def describe(self, subject: Facts, kind: Kind, rows: Int64) -> list[RankedCandidate]:
        """Scores and reasons of these rows of the pool, in their order."""
        compared = self._compare(subject, kind, self._questions(subject, kind), rows)
        return self._describe(subject, compared)

    def _describe(self, subject: Facts, compared: Comparison) -> list[RankedCandidate]:
        pool, kind, rows = compared.pool, compared.kind, compared.rows
        said = self.voice(subject)
        repeated = repertoire(texts_of(said))
        items = []
        for row, voice, score, fit in zip(
            rows.tolist(),
            self._voices(pool, rows),
            compared.score(Width.FULL).scores(),
            compared.fits(),
            strict=True,
        ):
            facts = pool.table.facts[row]
            startup, other, ours, theirs = subject, facts, said, voice
            copied = echoed_texts(repeated, texts_of(voice))
            if subject.kind is not Kind.STARTUP:
                startup, other, ours, theirs = facts, subject, voice, said
                copied = copied and echoed_texts(repertoire(texts_of(ours)), texts_of(theirs))
            if copied:
                score = score_voices(startup, other, ours, theirs, copied, self.config)
            met = meet(ours, theirs, copied, kind, self.config)
            reasons = explain(startup, other, fit, met, copied, self.config.worth_telling)
            items.append(RankedCandidate(facts, score, score.band(self.config), reasons))
        return items

    def texts(self, facts: Facts) -> list[str]:
        """Everything that a profile says."""
        pool = self.pools[facts.kind]
        return self._texts(pool, np.array([pool.table.row_of[facts.id]]))[0]

    def voice(self, facts: Facts) -> Voice:
        """What a profile says, facet by facet, with its vectors."""
        pool = self.pools[facts.kind]
        return self._voices(pool, np.array([pool.table.row_of[facts.id]]))[0]

    def _voices(self, pool: Pool, rows: Int64) -> list[Voice]:
        """What each of these rows of a pool says. Vectors are read at once, as each reading has its price."""
        spoken = pool.spoken(rows)
        positions = np.concatenate([_NOWHERE, *(at for own in spoken for at in own.values())])
        texts, vectors = self._texts_at(positions), self.index.vectors(positions)
        voices: list[Voice] = []
        end = 0
        for own in spoken:
            voice = {}
            for facet, at in own.items():
                begin, end = end, end + len(at)
                voice[facet] = Spoken(texts[begin:end], vectors[begin:end])
            voices.append(voice)
        return voices

    def _texts(self, pool: Pool, rows: Int64) -> list[list[str]]:
        """Everything that each of these rows of a pool says."""
        return [self._texts_at(np.concatenate([*own.values(), _NOWHERE])) for own in pool.spoken(rows)]

    def _texts_at(self, positions: Int64) -> list[str]:
        return [self.entry_texts[entry] for entry in self.index.rows["entry_id"][positions].tolist()]

    def _compare(self, subject: Facts, kind: Kind, questions: Sequence[Question], rows: Int64) -> Comparison:
        pool = self.candidates(subject, kind)
        fit = fit_many(subject, Selection(pool.table, rows), kind)
        return Comparison(pool, kind, self.config, questions, rows, fit)

    def _questions(self, subject: Facts, kind: Kind) -> list[Question]:
        """What the subject asks in each meeting of texts; none of a facet that nobody has."""
        pool, found = self.candidates(subject, kind), []
        for meeting in MEETINGS[kind]:
            ours, theirs = _oriented(meeting, subject)
            entries = self.entries(subject, ours)
            if len(entries) and pool.groups(theirs).size:
                found.append(Question(meeting, theirs, self.index.vectors(entries), self.index))
        return found

    def candidates(self, subject: Facts, kind: Kind) -> Pool:
        """Whom the subject is compared with, when the counterparts are of this kind."""
        return self.pools[candidate_kind(subject, kind)]

    def entries(self, facts: Facts, facet: Facet) -> Int64:
        """Positions of a profile's entries of a facet, or of what stands in for it."""
        return self.pools[facts.kind].entries(facts, facet)

    def find(self, profile_id: int) -> Facts | None:
        """The facts of a profile, or None if there is no such one."""
        for pool in self.pools.values():
            if (row := pool.table.row_of.get(profile_id)) is not None:
                return pool.table.facts[row]
        return None

    def lists(self) -> Iterator[tuple[Facts, Kind]]:
        """Every list that is kept, as its subject and the counterparts' kind."""
        for kind in COUNTERPARTS:
            yield from ((facts, kind) for facts in self.pools[Kind.STARTUP].table.facts)
            yield from ((facts, kind) for facts in self.pools[kind].table.facts)

    def list_count(self) -> int:
        """How many lists `lists` yields."""
        counts = {kind: len(pool.table) for kind, pool in self.pools.items()}
        return 2 * counts[Kind.STARTUP] + counts[Kind.MENTOR] + counts[Kind.FUNDER]


def candidate_kind(subject: Facts, kind: Kind) -> Kind:
    """What a list of `subject` consists of, when the counterparts are of this kind."""
    return kind if subject.kind is Kind.STARTUP else Kind.STARTUP


def _tally(excluded: Mapping[Rule, Bool], present: Bool) -> tuple[dict[str, int], Bool]:
    """How many of those present each rule excluded, each counted under its first rule; and who is left."""
    left = present.copy()
    counts = {}
    for rule, rows in excluded.items():
        counts[rule.value] = int(np.count_nonzero(left & rows))
        left &= ~rows
    return counts, left


def _floor(totals: Float64, count: int) -> float:
    """The score from which somebody new belongs on a list of `count`: 0 if it has room for whoever comes."""
    return float(totals[count - 1]) if len(totals) >= count else 0.0


def _oriented(meeting: Meeting, subject: Facts) -> tuple[Facet, Facet]:
    """The subject's facet first: a meeting is written from the start-up's side."""
    if subject.kind is Kind.STARTUP:
        return meeting.ours, meeting.theirs
    return meeting.theirs, meeting.ours
