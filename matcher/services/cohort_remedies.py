"""What would help a start-up that a proposal left short, the cheapest first.

Each remedy is one step that, taken alone, gives the start-up a pair and costs nobody else theirs: the pairs
that were found, with one more, keep all limits. Beside its sentence it names the step as data (`action`).
"""

from collections.abc import Iterator, Mapping
from math import ceil
from typing import Any

import numpy as np

from matcher.models import Kind, MatchState
from matcher.ranking.eligibility import Rule
from matcher.ranking.facts import Facts
from matcher.services.cohort_blob import Bar
from matcher.services.cohort_problem import hours_apart
from matcher.services.cohort_words import Outcome
from matcher.services.rulewords import is_words
from matcher.wording import N_, Message, Term

_MOST = 3
"""How many remedies of one sort are worth reading."""
Remedy = dict[str, Any]


def remedies_of(outcome: Outcome, startup: int) -> list[Remedy]:
    """Remedies as they are stored: a message's JSON, and `action`."""
    return [
        *_more_places(outcome, startup),
        *_allowed_pairs(outcome, startup),
        *_looser_rules(outcome, startup),
        *_unlocked(outcome, startup),
        *_lower_minimum(outcome, startup),
        *_somebody_new(outcome, startup),
    ]


def _remedy(message: Message, **action: Any) -> Remedy:
    return {**message.to_json(), "action": action}


def _more_places(outcome: Outcome, startup: int) -> Iterator[Remedy]:
    arrays = outcome.arrays
    free = outcome.edges_of(startup)
    full = free[~outcome.has_place[arrays.supply[free]]]
    if outcome.candidates.kind is Kind.FUNDER:
        stated = np.isin(arrays.counterparts[arrays.supply[full]], list(outcome.decisions.stated))
        by_rule, full = full[~stated], full[stated]
        if by_rule.size:
            most = int(outcome.taken[arrays.supply[by_rule]].min()) + 1
            message = Message(N_("allow %(count)d introductions to each partner"), {"count": most})
            yield _remedy(message, kind="rule", rule="introductions_most", value=most)
    for edge in full[:_MOST].tolist():
        other = outcome.candidates.others[arrays.supply[edge]]
        most = int(outcome.taken[arrays.supply[edge]]) + 1
        message = Message(
            N_("ask %(name)s to take one more: %(count)d start-ups in all"),
            {"name": other.name, "count": most},
        )
        yield _remedy(message, kind="capacity", profile_id=other.id, capacity=most)


def _allowed_pairs(outcome: Outcome, startup: int) -> Iterator[Remedy]:
    """Pairs that only somebody's decision bars, with a place left for them. Locking one is enough."""
    for bar, template in (
        (Bar.REJECTED, N_("allow the pair with %(name)s, which a manager rejected: lock it")),
        (Bar.FAILED, N_("try the pair with %(name)s once more, which failed before: lock it")),
    ):
        edges = outcome.edges_of(startup, bar)
        edges = edges[outcome.has_place[outcome.arrays.supply[edges]]]
        for edge in edges[:_MOST].tolist():
            other = outcome.candidates.others[outcome.arrays.supply[edge]]
            yield _remedy(
                Message(template, {"name": other.name}),
                kind="lock", startup_id=int(outcome.arrays.startups[startup]), counterpart_id=other.id,
            )  # fmt: skip


def _looser_rules(outcome: Outcome, startup: int) -> Iterator[Remedy]:
    supply = outcome.arrays.supply
    apart = outcome.edges_of(startup, Bar.HOURS)
    apart = apart[outcome.has_place[supply[apart]]]
    if apart.size:
        hours = ceil(np.nanmin(hours_apart(outcome.candidates, apart)))
        message = Message(N_("allow %(count)d hours between time zones"), {"count": hours})
        yield _remedy(message, kind="rule", rule="hours_apart", value=hours)
    unstated = outcome.edges_of(startup, Bar.LANGUAGE)
    if outcome.has_place[supply[unstated]].any():
        message = Message(N_("let pairs through in which a side states no language"))
        yield _remedy(message, kind="rule", rule="language", value="unless-unstated")


def _unlocked(outcome: Outcome, startup: int) -> Iterator[Remedy]:
    """Locked pairs of those who could be taken, whose start-up has somebody else to go to, or already has."""
    arrays, found = outcome.arrays, 0
    wanted = arrays.supply[outcome.edges_of(startup)]
    locked = np.flatnonzero(arrays.locked & np.isin(arrays.supply, wanted))
    for edge in locked.tolist():
        owner, other = int(arrays.demand[edge]), int(arrays.supply[edge])
        pair = int(arrays.startups[owner]), int(arrays.counterparts[other])
        is_locked = outcome.decisions.states.get(pair) == MatchState.LOCKED
        spare = outcome.counts[owner] > max(1, arrays.demand_least[owner])
        elsewhere = outcome.has_place[arrays.supply[outcome.edges_of(owner)]].any()
        if owner != startup and is_locked and (spare or elsewhere) and not outcome.has_place[other]:
            names = {
                "startup": outcome.candidates.startups[owner].name,
                "name": outcome.candidates.others[other].name,
            }
            message = Message(N_("unlock the pair of %(startup)s and %(name)s"), names)
            yield _remedy(message, kind="unlock", startup_id=pair[0], counterpart_id=pair[1])
            found += 1
            if found == _MOST:
                return


def _lower_minimum(outcome: Outcome, startup: int) -> Iterator[Remedy]:
    count = int(outcome.counts[startup])
    if count:
        message = Message(N_("promise %(count)d mentors to each start-up instead"), {"count": count})
        yield _remedy(message, kind="rule", rule="mentors_least", value=count)


def _somebody_new(outcome: Outcome, startup: int) -> Iterator[Remedy]:
    """Where nobody can be had by any of the above, what is to be looked for."""
    arrays = outcome.arrays
    if arrays.counts[startup]:
        return
    excluded = outcome.candidates.found[startup].exclusions
    if excluded.get("capacity"):
        values = {"count": excluded["capacity"]}
        yield _remedy(
            Message(N_("ask the %(count)d mentors without places who would be eligible for one"), values),
            kind="recruit",
        )
    yield from _whom_to_look_for(outcome.candidates.startups[startup], excluded)


def _whom_to_look_for(startup: Facts, excluded: Mapping[str, int]) -> Iterator[Remedy]:
    """What somebody new must bring: all that keeps others out now, what keeps out most of them first."""
    amount = f"{startup.raising or 0:.0f} {startup.currency or ''}".strip()
    stated = {
        Rule.LANGUAGE: is_words("language", [Term("language", code) for code in startup.languages]),
        Rule.STAGE: is_words("stage", [Term("stage", code) for code in sorted(startup.stages)]),
        Rule.COUNTRY: is_words("country", [Term("country", startup.country or "")]),
        Rule.TICKET: Message(N_("the amount sought: %(amount)s"), {"amount": amount}),
    }
    lacking = sorted((rule for rule in stated if excluded.get(rule)), key=lambda rule: -excluded[rule])
    if lacking == [Rule.LANGUAGE]:
        languages = stated[Rule.LANGUAGE].params["values"]
        message = Message(N_("find somebody who works in one of: %(languages)s"), {"languages": languages})
        yield _remedy(message, kind="recruit")
    elif lacking:
        facts = [stated[rule] for rule in lacking]
        message = Message(N_("find somebody whom all of this suits: %(facts)s"), {"facts": facts})
        yield _remedy(message, kind="recruit")
