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
from matcher.services.cohort_limits import quota_owners
from matcher.services.cohort_reading import Decisions
from matcher.wording import N_, Message, Term

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
_NAMED = 5


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
    names: list[Any] = [outcome.name(edge) for edge in edges[:_NAMED].tolist()]
    if len(edges) > _NAMED:
        names.append(Message(N_("%(count)d more"), {"count": len(edges) - _NAMED}))
    return names


def relaxed_messages(outcome: Outcome, dropped: Sequence[str]) -> list[Message]:
    """Which rules the pairs do not keep, whatever made that so."""
    told = [Message(_DROPPED[rule]) for rule in dropped]
    missing = int((outcome.counts < outcome.arrays.demand_least).sum())
    if missing:
        told.append(
            Message(N_("%(count)d start-ups have fewer mentors than they are promised"), {"count": missing})
        )
    idle = np.flatnonzero(outcome.taken < outcome.arrays.supply_least)
    if idle.size:
        names = [outcome.candidates.others[row].name for row in idle[:_NAMED].tolist()]
        more = [Message(N_("%(count)d more"), {"count": len(idle) - _NAMED})] if len(idle) > _NAMED else []
        told.append(
            Message(
                N_("these mentors have fewer start-ups than promised: %(names)s"), {"names": names + more}
            )
        )
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
    missing: dict[str, int] = {}
    owners = quota_owners(outcome.candidates, outcome.decisions)
    for (number, _), part, least in zip(owners, parts, arrays.quota_least.tolist(), strict=True):
        short = least - int(outcome.chosen[part].sum())
        if short > 0:
            name = outcome.decisions.rules.quotas[number].name
            missing[name] = missing.get(name, 0) + short
    template = N_("the quota “%(name)s” is missed by %(count)d pairs")
    return [Message(template, {"name": name, "count": count}) for name, count in missing.items()]


def _under_floor(outcome: Outcome) -> list[Message]:
    arrays = outcome.arrays
    if not len(arrays.floor):
        return []
    sums = np.zeros(len(arrays.startups))
    np.add.at(sums, arrays.demand[outcome.edges], (arrays.score + arrays.bonus)[outcome.edges])
    floor = float(arrays.floor[0])
    under = int(((sums < floor - 1e-6) & (outcome.counts > 0)).sum())
    values = {"count": under, "floor": Term("decimal", f"{floor:.2f}")}
    message = Message(N_("%(count)d start-ups stay under the least summed score of %(floor)s"), values)
    return [message] if under else []
