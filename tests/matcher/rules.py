"""The rules of eligibility in plain Python, written from their description and not from the code."""

from collections.abc import Mapping

from matcher.models import Kind
from matcher.ranking.eligibility import Rule
from matcher.ranking.facts import Facts


def broken_rules(startup: Facts, other: Facts) -> set[Rule]:
    """The rules that exclude this pair."""
    rules = {
        Rule.CONFLICT: _conflict(startup, other),
        Rule.LANGUAGE: _nothing_shared(set(startup.languages), set(other.languages)),
    }
    rules[Rule.PAUSED] = other.paused and startup.id not in other.accepted
    if other.kind is Kind.MENTOR:
        rules[Rule.CAPACITY] = other.places is not None and other.places <= 0
    else:
        rules |= _funding(startup, other)
    return {rule for rule, broken in rules.items() if broken}


def _funding(startup: Facts, funder: Facts) -> Mapping[Rule, bool]:
    home = {startup.country} if startup.country else set()
    return {
        Rule.ALREADY_BACKED: startup.id in funder.backs,
        Rule.STAGE: _nothing_shared(set(startup.stages), set(funder.stages)),
        Rule.COUNTRY: _nothing_shared(home, set(funder.markets)),
        Rule.TICKET: _outside_ticket(startup, funder),
    }


def _conflict(startup: Facts, other: Facts) -> bool:
    declared = any(name in other.keys for name in startup.conflicts)
    declared_there = any(name in startup.keys for name in other.conflicts)
    return declared or declared_there or any(name in other.identities for name in startup.identities)


def _nothing_shared(ours: set[str], theirs: set[str]) -> bool:
    """Both say something, and nothing of it is the same."""
    return bool(ours) and bool(theirs) and not ours & theirs


def _outside_ticket(startup: Facts, funder: Facts) -> bool:
    if startup.raising is None:
        return False
    if startup.currency and funder.currency and startup.currency != funder.currency:
        return False
    low, high = funder.ticket
    return (low is not None and startup.raising < low) or (high is not None and startup.raising > high)
