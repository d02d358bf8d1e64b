"""Mentors and funding partners whom a proposal gives nobody, or fewer than they are promised, and why."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from matcher.models import Kind
from matcher.ranking.eligibility import RULE_MESSAGES, Rule
from matcher.ranking.interaction import Int64
from matcher.services.cohort_blob import Bar
from matcher.services.cohort_words import BAR_MESSAGES, Outcome, nobody_eligible
from matcher.wording import N_, Message, first_names


def idle_lines(outcome: Outcome) -> list[dict[str, Any]]:
    """As `Proposal.unmatched` keeps them, beside the start-ups that go short."""
    arrays = outcome.arrays
    there = np.isin(arrays.counterparts, list(outcome.decisions.capacity)) & (arrays.supply_most > 0)
    idle = np.flatnonzero(there & (outcome.taken < np.maximum(arrays.supply_least, 1)))
    order = np.argsort(arrays.supply, kind="stable")
    starts = np.searchsorted(arrays.supply[order], np.arange(len(arrays.counterparts) + 1))
    return [
        {
            "profile_id": int(arrays.counterparts[row]),
            "reason": _reason_of(outcome, row, order[starts[row] : starts[row + 1]]).to_json(),
            "remedies": [],
        }
        for row in idle.tolist()
    ]


def _reason_of(outcome: Outcome, row: int, edges: Int64) -> Message:
    """Why a counterpart with these edges has nobody, or fewer than promised."""
    reason = _reason(outcome, row, edges[~outcome.chosen[edges]])
    if not outcome.taken[row]:
        return reason
    values = {"count": int(outcome.taken[row]), "least": int(outcome.arrays.supply_least[row])}
    return Message(N_("%(count)d of %(least)d: %(reason)s"), {**values, "reason": reason})


def _reason(outcome: Outcome, row: int, edges: Int64) -> Message:
    arrays = outcome.arrays
    if not outcome.candidates.startups:
        return Message(N_("there are no start-ups"))
    free = edges[arrays.bar[edges] == Bar.FREE]
    if not free.size:
        return _nobody(outcome, row, edges)
    has_all = outcome.counts >= arrays.demand_most
    if has_all.all():
        return Message(N_("no start-up is left: all have as many as they may have"))
    owners = arrays.demand[free]
    best = owners[np.argsort(-arrays.score[free], kind="stable")]
    if not has_all[owners].all():
        names = _names(outcome, best[~has_all[best]].tolist())
        return Message(N_("the other rules leave no place with %(names)s"), {"names": names})
    template = N_("those who could be taken have others, who fit better or whom the rules ask for: %(names)s")
    return Message(template, {"names": _names(outcome, best.tolist())})


def _nobody(outcome: Outcome, row: int, edges: Int64) -> Message:
    """Base eligibility first, then what the programme's rules and decisions bar of the rest."""
    found = outcome.candidates.facing[row]
    bars = [(message, int((outcome.arrays.bar[edges] == bar).sum())) for bar, message in BAR_MESSAGES.items()]
    if found.eligible > len(edges):  # the rest of them was not looked at
        rules = [message for message, count in bars if count]
        values = {"count": len(edges), "rules": rules}
        return Message(N_("none of the %(count)d best start-ups may be taken: %(rules)s"), values)
    told = [(RULE_MESSAGES[Rule(rule)], count) for rule, count in found.exclusions.items()]
    return nobody_eligible(Kind.STARTUP, len(outcome.candidates.startups), told + bars)


def _names(outcome: Outcome, rows: Sequence[int]) -> list[Any]:
    return first_names([outcome.candidates.startups[row].name for row in rows])
