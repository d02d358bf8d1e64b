"""A proposal's shortfalls in words: which rules were not kept, who has nobody, why, and what would help."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from matcher.models import Kind
from matcher.ranking.eligibility import RULE_MESSAGES, Rule
from matcher.ranking.facts import Bool
from matcher.ranking.interaction import Int64
from matcher.services.cohort_blob import Bar, CohortArrays
from matcher.services.cohort_candidates import Candidates
from matcher.services.cohort_limits import asked_for, quota_owners
from matcher.services.cohort_reading import Decisions
from matcher.wording import N_, Message, Term, first_names

BAR_MESSAGES: Mapping[Bar, Message] = {
    Bar.REJECTED: Message(N_("a manager rejected the pair")),
    Bar.FAILED: Message(N_("the pair was tried before and failed")),
    Bar.LANGUAGE: Message(N_("they do not both state a language that they share")),
    Bar.HOURS: Message(N_("their time zones are too far apart")),
}
_NOBODY: Mapping[Kind, str] = {
    Kind.MENTOR: N_("none of %(count)d mentors is eligible: %(rules)s"),
    Kind.FUNDER: N_("none of %(count)d funding partners is eligible: %(rules)s"),
    Kind.STARTUP: N_("none of %(count)d start-ups is eligible: %(rules)s"),
}


def nobody_eligible(kind: Kind, considered: int, exclusions: Sequence[tuple[Message, int]]) -> Message:
    """That none of a kind is eligible, and which rules excluded how many, the most frequent first."""
    rules = [
        Message(N_("%(count)d because %(rule)s"), {"count": count, "rule": rule})
        for rule, count in sorted(exclusions, key=lambda item: -item[1])
        if count
    ]
    return Message(_NOBODY[kind], {"count": considered, "rules": rules})


@dataclass(frozen=True)
class Outcome:
    """A solved cohort, with what is asked of it again and again."""

    candidates: Candidates
    decisions: Decisions
    arrays: CohortArrays
    edges: Int64

    @cached_property
    def chosen(self) -> Bool:
        """Which edges are pairs."""
        chosen = np.zeros(len(self.arrays.supply), dtype=np.bool_)
        chosen[self.edges] = True
        return chosen

    @cached_property
    def counts(self) -> Int64:
        """Pairs of each start-up."""
        return np.bincount(self.arrays.demand[self.edges], minlength=len(self.arrays.startups))

    @cached_property
    def taken(self) -> Int64:
        """Pairs of each counterpart."""
        return np.bincount(self.arrays.supply[self.edges], minlength=len(self.arrays.counterparts))

    @cached_property
    def held(self) -> Int64:
        """Pairs of each counterpart that decisions hold."""
        locked = self.arrays.supply[self.arrays.locked]
        return np.bincount(locked, minlength=len(self.arrays.counterparts))

    @cached_property
    def has_place(self) -> Bool:
        """Which counterparts could take one more."""
        return np.asarray(self.taken < self.arrays.supply_most)

    @cached_property
    def starts(self) -> Int64:
        """Where each start-up's edges begin, and the last one's end."""
        return np.concatenate([[0], np.cumsum(self.arrays.counts, dtype=np.int64)])

    @property
    def short(self) -> list[int]:
        """Rows of start-ups that have nobody, or fewer than was promised."""
        there = np.isin(self.arrays.startups, list(self.decisions.startups))
        return np.flatnonzero(there & (self.counts < np.maximum(self.arrays.demand_least, 1))).tolist()

    def edges_of(self, startup: int, bar: Bar = Bar.FREE) -> Int64:
        """Edges of a start-up that are not pairs and have this bar, the best first."""
        edges = np.arange(self.starts[startup], self.starts[startup + 1])
        edges = edges[(self.arrays.bar[edges] == bar) & ~self.chosen[edges]]
        best: Int64 = np.argsort(-self.arrays.score[edges], kind="stable")
        return np.asarray(edges[best], dtype=np.int64)

    def name(self, edge: int) -> str:
        """What the counterpart of an edge is called."""
        return self.candidates.others[int(self.arrays.supply[edge])].name


def reason_of(outcome: Outcome, startup: int) -> Message:
    """Why a start-up has nobody, or fewer than was promised."""
    reason = _reason(outcome, startup)
    if not outcome.counts[startup]:
        return reason
    least = int(outcome.arrays.demand_least[startup])
    values = {"count": int(outcome.counts[startup]), "least": least, "reason": reason}
    return Message(N_("%(count)d of %(least)d: %(reason)s"), values)


def _reason(outcome: Outcome, startup: int) -> Message:
    free = outcome.edges_of(startup)
    if not free.size:
        return _nobody(outcome, startup)
    supply = outcome.arrays.supply[free]
    names = _some(outcome, free)
    if outcome.has_place[supply].any():
        return Message(N_("the other rules leave no place with %(names)s"), {"names": names})
    if (outcome.held[supply] >= outcome.arrays.supply_most[supply]).all():
        return Message(
            N_("decisions hold all places of those who could be taken: %(names)s"), {"names": names}
        )
    template = N_(
        "all places of those who could be taken went to start-ups that fit better, waited longer or have "
        "nobody else: %(names)s"
    )
    return Message(template, {"names": names})


def _nobody(outcome: Outcome, startup: int) -> Message:
    """Base eligibility first, then what the programme's rules and decisions bar of the rest."""
    found = outcome.candidates.found[startup]
    told = [(RULE_MESSAGES[Rule(rule)], count) for rule, count in found.exclusions.items()]
    told += [(message, len(outcome.edges_of(startup, bar))) for bar, message in BAR_MESSAGES.items()]
    return nobody_eligible(outcome.candidates.kind, len(outcome.candidates.others), told)


def _some(outcome: Outcome, edges: Int64) -> list[Any]:
    return first_names([outcome.name(edge) for edge in edges.tolist()])


def _concerning(rule: Message, outcome: Outcome, startups: Sequence[int]) -> Message:
    """The rule, and whom of the start-ups it leaves short."""
    if not startups:
        return rule
    names = [outcome.candidates.startups[row].name for row in startups]
    return Message(N_("%(rule)s: %(names)s"), {"rule": rule, "names": first_names(names)})


def relaxed_messages(outcome: Outcome, dropped: Sequence[str]) -> list[Message]:
    """Which rules the pairs do not keep, whatever made that so."""
    told = [Message(_DROPPED[rule]) for rule in dropped]
    missing = np.flatnonzero(outcome.counts < outcome.arrays.demand_least).tolist()
    if missing:
        fewer = N_("%(count)d start-ups have fewer mentors than they are promised")
        told.append(_concerning(Message(fewer, {"count": len(missing)}), outcome, missing))
    idle = np.flatnonzero(outcome.taken < outcome.arrays.supply_least)
    if idle.size:
        names = [outcome.candidates.others[row].name for row in idle.tolist()]
        fewer = N_("these mentors have fewer start-ups than promised: %(names)s")
        told.append(Message(fewer, {"names": first_names(names)}))
    return told + _missed_quotas(outcome) + _under_floor(outcome)


_DROPPED: Mapping[str, str] = {
    "startups_least": N_("stable pairs cannot promise mentors a number of start-ups"),
    "quotas": N_("stable pairs cannot keep quotas"),
    "floor": N_("stable pairs cannot keep a least summed score"),
    "waiting": N_("stable pairs cannot serve those first who have waited"),
}


def _missed_quotas(outcome: Outcome) -> list[Message]:
    arrays = outcome.arrays
    parts = (
        np.split(arrays.quota_edges, np.cumsum(arrays.quota_counts)[:-1]) if len(arrays.quota_counts) else []
    )
    missing: dict[int, int] = {}
    without: dict[int, list[int]] = {}
    owners = quota_owners(outcome.candidates, outcome.decisions)
    for (number, row), part, least in zip(owners, parts, arrays.quota_least.tolist(), strict=True):
        short = least - int(outcome.chosen[part].sum())
        if short > 0:
            missing[number] = missing.get(number, 0) + short
            without.setdefault(number, []).extend([row] if row >= 0 else _none_of(outcome, number, part))
    told = []
    for number, count in missing.items():
        values = {"name": outcome.decisions.rules.quotas[number].name, "count": count}
        message = Message(N_("the quota “%(name)s” is missed by %(count)d pairs"), values)
        told.append(_concerning(message, outcome, without[number]))
    return told


def _none_of(outcome: Outcome, number: int, part: Int64) -> list[int]:
    """Start-ups of a quota for all together that have none of its pairs."""
    quota = outcome.decisions.rules.quotas[number]
    ours = asked_for(quota, outcome.candidates.startups, outcome.decisions)
    ours[outcome.arrays.demand[part[outcome.chosen[part]]]] = False
    return np.flatnonzero(ours).tolist()


def _under_floor(outcome: Outcome) -> list[Message]:
    arrays = outcome.arrays
    if not len(arrays.floor):
        return []
    sums = np.zeros(len(arrays.startups))
    np.add.at(sums, arrays.demand[outcome.edges], (arrays.score + arrays.bonus)[outcome.edges])
    floor = float(arrays.floor[0])
    under = np.flatnonzero((sums < floor - 1e-6) & (outcome.counts > 0)).tolist()
    values = {"count": len(under), "floor": Term("decimal", f"{floor:.2f}")}
    message = Message(N_("%(count)d start-ups stay under the least summed score of %(floor)s"), values)
    return [_concerning(message, outcome, under)] if under else []
