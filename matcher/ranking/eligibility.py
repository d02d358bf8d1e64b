"""Hard eligibility: which pairs may not be, whatever their texts say, and by which rule.

A rule can only exclude on what both sides state. Every function compares one profile with many and returns a
boolean array over those, true where the rule excludes the pair.
"""

from collections.abc import Callable, Collection, Mapping
from enum import StrEnum

import numpy as np

from matcher.models.kinds import Kind
from matcher.ranking.facts import WORLD, Bool, Facts
from matcher.ranking.table import FactTable, PackedSets
from matcher.wording import N_, Message


class Rule(StrEnum):
    """The rules, in the order in which an excluded pair is explained."""

    CONFLICT = "conflict"
    ALREADY_BACKED = "already-backed"
    LANGUAGE = "language"
    CAPACITY = "capacity"
    PAUSED = "paused"
    STAGE = "stage"
    COUNTRY = "country"
    TICKET = "ticket"


RULE_MESSAGES: Mapping[Rule, Message] = {
    Rule.CONFLICT: Message(N_("there is a conflict of interest")),
    Rule.ALREADY_BACKED: Message(N_("the partner has already funded this start-up")),
    Rule.LANGUAGE: Message(N_("they share no working language")),
    Rule.CAPACITY: Message(N_("the mentor has no place left")),
    Rule.PAUSED: Message(N_("one of the two takes nobody new for now")),
    Rule.STAGE: Message(N_("the partner does not fund this stage")),
    Rule.COUNTRY: Message(N_("the partner does not fund in this country")),
    Rule.TICKET: Message(N_("the amount is outside the partner's ticket size")),
}


def exclusions(subject: Facts, others: FactTable, kind: Kind) -> dict[Rule, Bool]:
    """Whom each rule keeps from `subject`: boolean arrays over `others`.

    `kind` is that of the counterparts, mentors or funding partners; `subject` may be a start-up among
    them or one of them among start-ups.
    """
    return {rule: apply(subject, others) for rule, apply in _RULES[kind].items()}


def _language(subject: Facts, others: FactTable) -> Bool:
    return _disjoint(subject.languages, others.languages)


def _conflict(subject: Facts, others: FactTable) -> Bool:
    """Declared by either side, or one organisation on both sides."""
    declared = others.named("keys", subject.conflicts) | others.named("conflicts", subject.keys)
    return declared | others.named("identities", subject.identities)


def _capacity(subject: Facts, others: FactTable) -> Bool:
    """No place left for this start-up; one that was approved has its place."""
    if subject.kind is Kind.STARTUP:
        return (others.places <= 0) & ~others.named("accepted", [subject.id])
    full = subject.places is not None and subject.places <= 0
    return full & ~others.are(subject.accepted)


def _paused(subject: Facts, others: FactTable) -> Bool:
    """A break of either side concerns nobody who has their place already."""
    if subject.kind is Kind.STARTUP:
        return (others.paused | subject.paused) & ~others.named("accepted", [subject.id])
    return (others.paused | subject.paused) & ~others.are(subject.accepted)


def _stage(subject: Facts, others: FactTable) -> Bool:
    return _disjoint(subject.stages, others.stages)


def _country(subject: Facts, others: FactTable) -> Bool:
    if subject.kind is Kind.STARTUP:
        home = [subject.country] if subject.country else []
        return _disjoint(home, others.markets) & ~others.worldwide
    if WORLD in subject.markets:
        return np.zeros(len(others), dtype=np.bool_)
    return _disjoint(subject.markets, others.country)


def _ticket(subject: Facts, others: FactTable) -> Bool:
    """Outside the range, in one currency: amounts in two are not compared, as rates move."""
    ours, theirs = subject.currency or "", others.currency
    comparable: Bool = (theirs == ours) | (theirs == "") | (ours == "")
    if subject.kind is Kind.STARTUP:
        raising = np.nan if subject.raising is None else subject.raising
        return comparable & ((raising < others.smallest_ticket) | (raising > others.largest_ticket))
    low, high = (np.nan if bound is None else bound for bound in subject.ticket)
    return comparable & ((others.raising < low) | (others.raising > high))


def _already_backed(subject: Facts, others: FactTable) -> Bool:
    if subject.kind is Kind.STARTUP:
        return others.named("backs", [subject.id])
    return others.are(subject.backs)


def _disjoint(words: Collection[str], theirs: PackedSets) -> Bool:
    """Who states words, where the subject does too, and none in common."""
    if not words:
        return np.zeros(len(theirs.bits), dtype=np.bool_)
    return theirs.stated & ~theirs.meet(words)


_Apply = Callable[[Facts, FactTable], Bool]
_RULES: Mapping[Kind, Mapping[Rule, _Apply]] = {
    Kind.MENTOR: {
        Rule.CONFLICT: _conflict,
        Rule.LANGUAGE: _language,
        Rule.CAPACITY: _capacity,
        Rule.PAUSED: _paused,
    },
    Kind.FUNDER: {
        Rule.CONFLICT: _conflict,
        Rule.ALREADY_BACKED: _already_backed,
        Rule.LANGUAGE: _language,
        Rule.PAUSED: _paused,
        Rule.STAGE: _stage,
        Rule.COUNTRY: _country,
        Rule.TICKET: _ticket,
    },
}
