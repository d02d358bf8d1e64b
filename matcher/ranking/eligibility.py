"""Hard eligibility: which pairs may not be, whatever their texts say, and by which rule.

A rule can only exclude on what both sides state. Every function returns a boolean matrix of shape
(start-ups, counterparts), true where the rule excludes the pair.
"""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from matcher.models.kinds import Kind
from matcher.ranking.facts import WORLD, Bool, FactTable
from matcher.wording import N_, Message


class Rule(StrEnum):
    """The rules, in the order in which an excluded pair is explained."""

    CONFLICT = "conflict"
    ALREADY_BACKED = "already-backed"
    LANGUAGE = "language"
    CAPACITY = "capacity"
    STAGE = "stage"
    COUNTRY = "country"
    TICKET = "ticket"


RULE_MESSAGES: Mapping[Rule, Message] = {
    Rule.CONFLICT: Message(N_("there is a conflict of interest")),
    Rule.ALREADY_BACKED: Message(N_("the partner has already funded this start-up")),
    Rule.LANGUAGE: Message(N_("they share no working language")),
    Rule.CAPACITY: Message(N_("the mentor has no place left")),
    Rule.STAGE: Message(N_("the partner does not fund this stage")),
    Rule.COUNTRY: Message(N_("the partner does not fund in this country")),
    Rule.TICKET: Message(N_("the amount is outside the partner's ticket size")),
}


def exclusions(startups: FactTable, counterparts: FactTable, kind: Kind) -> dict[Rule, Bool]:
    """The pairs that each rule excludes between start-ups and mentors, or start-ups and funders."""
    return {rule: apply(startups, counterparts) for rule, apply in _RULES[kind].items()}


def _language(startups: FactTable, counterparts: FactTable) -> Bool:
    ours, theirs = startups.members("languages"), counterparts.members("languages")
    return _disjoint(ours, theirs)


def _conflict(startups: FactTable, counterparts: FactTable) -> Bool:
    """Declared by either side, or one organisation on both sides."""
    by_startup = _meet(startups.members("conflicts"), counterparts.members("keys"))
    by_counterpart = _meet(startups.members("keys"), counterparts.members("conflicts"))
    one_party = _meet(startups.members("identities"), counterparts.members("identities"))
    return by_startup | by_counterpart | one_party


def _capacity(startups: FactTable, mentors: FactTable) -> Bool:
    """No place left for this start-up; one that was approved has its place."""
    places = mentors.number([facts.places for facts in mentors.facts])
    return (places <= 0)[None, :] & ~_named(startups, [facts.accepted for facts in mentors.facts])


def _stage(startups: FactTable, funders: FactTable) -> Bool:
    ours, theirs = startups.members("stages"), funders.members("stages")
    return _disjoint(ours, theirs)


def _country(startups: FactTable, funders: FactTable) -> Bool:
    columns = startups.vocabulary["markets"]
    home = np.zeros((len(startups), len(columns)), dtype=np.bool_)
    stated = np.array([facts.country is not None for facts in startups.facts], dtype=np.bool_)
    for row, facts in enumerate(startups.facts):
        for place in {facts.country, WORLD} & columns.keys():
            home[row, columns[place]] = True
    theirs = funders.members("markets")
    return np.outer(stated, theirs.any(axis=1)) & ~_meet(home, theirs)


def _ticket(startups: FactTable, funders: FactTable) -> Bool:
    """Outside the range, in one currency: amounts in two are not compared, as rates move."""
    raising = startups.number([facts.raising for facts in startups.facts])[:, None]
    lowest = funders.number([facts.ticket[0] for facts in funders.facts])[None, :]
    highest = funders.number([facts.ticket[1] for facts in funders.facts])[None, :]
    ours, theirs = _currencies(startups)[:, None], _currencies(funders)[None, :]
    comparable: Bool = (ours == theirs) | (ours == "") | (theirs == "")
    return comparable & ((raising < lowest) | (raising > highest))


def _currencies(table: FactTable) -> npt.NDArray[np.str_]:
    """Currency codes, "" where none is stated."""
    return np.array([facts.currency or "" for facts in table.facts], dtype="U3")


def _already_backed(startups: FactTable, funders: FactTable) -> Bool:
    return _named(startups, [facts.backs for facts in funders.facts])


def _named(startups: FactTable, sets: Sequence[frozenset[int]]) -> Bool:
    """Whether a start-up's id is in a counterpart's set, for all pairs."""
    found = [[startup.id in ids for ids in sets] for startup in startups.facts]
    return np.array(found, dtype=np.bool_).reshape(len(startups), len(sets))


def _meet(ours: Bool, theirs: Bool) -> Bool:
    """Whether two rows have a word in common, for all pairs."""
    shared: Bool = (ours.astype(np.float32) @ theirs.astype(np.float32).T) > 0
    return shared


def _disjoint(ours: Bool, theirs: Bool) -> Bool:
    """Whether both rows have words, and none in common, for all pairs."""
    return np.outer(ours.any(axis=1), theirs.any(axis=1)) & ~_meet(ours, theirs)


_Apply = Callable[[FactTable, FactTable], Bool]
_RULES: Mapping[Kind, Mapping[Rule, _Apply]] = {
    Kind.MENTOR: {Rule.CONFLICT: _conflict, Rule.LANGUAGE: _language, Rule.CAPACITY: _capacity},
    Kind.FUNDER: {
        Rule.CONFLICT: _conflict,
        Rule.ALREADY_BACKED: _already_backed,
        Rule.LANGUAGE: _language,
        Rule.STAGE: _stage,
        Rule.COUNTRY: _country,
        Rule.TICKET: _ticket,
    },
}
