"""A programme's rules in words: what each is called, and what it says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matcher.services.rules import CohortRules, Group, QuotaRule
from matcher.wording import N_, Message, Term

LABELS: Mapping[str, str] = {
    "mentors_least": N_("Mentors promised to each start-up"),
    "mentors_most": N_("Most mentors for one start-up"),
    "startups_least": N_("Start-ups promised to each mentor"),
    "startups_most": N_("Places of a mentor who states no number"),
    "language": N_("Working language"),
    "hours_apart": N_("Most hours between time zones"),
    "repeat_failed": N_("Pairs that failed before"),
    "prefer_sector": N_("A shared sector"),
    "prefer_timezone": N_("Near time zones"),
    "quotas": N_("Quotas"),
    "wishes": N_("A first wish"),
    "objective": N_("What a proposal seeks"),
    "floor": N_("Least total score of a start-up"),
    "funders_most": N_("Most funding partners on one start-up’s shortlist"),
    "introductions_most": N_("Most introductions to one funding partner"),
}
"""Every field of `CohortRules`, in the order in which people read them."""

ATTRIBUTES: Mapping[str, str] = {
    "country": N_("Country"),
    "stage": N_("Stage"),
    "sector": N_("Sector"),
    "language": N_("Working language"),
    "ref": N_("Ref"),
}
"""What a quota's groups can be made by, besides the columns of an imported sheet."""
CODED = frozenset({"country", "stage", "sector", "language"})
"""Attributes whose values are codes of a vocabulary of the same name."""

_CHOICES: Mapping[tuple[str, object], str] = {
    ("language", "unless-unstated"): N_("Shared, unless one side states none"),
    ("language", "required"): N_("Shared, and stated by both"),
    ("repeat_failed", False): N_("Never proposed again"),
    ("repeat_failed", True): N_("May be proposed again"),
    ("objective", "total"): N_("The best total"),
    ("objective", "fairest"): N_("The best for the worst-off"),
    ("objective", "stable"): N_("Pairs that hold, by wishes"),
}
_UNLIMITED = N_("No limit")
_NONE = N_("None")
_IS = N_("%(attribute)s: %(values)s")
_EACH = N_("Each start-up (%(startups)s) gets mentors (%(counterparts)s): at least %(least)s.")
_TOGETHER = N_("All start-ups (%(startups)s) together get mentors (%(counterparts)s): at least %(least)s.")
_QUOTA = N_("%(name)s: %(rule)s")
_NOT_COUNTED = N_("Does not count")
_ADDS = N_("Adds up to %(share)s to the score")


@dataclass(frozen=True, slots=True)
class RuleLine:
    """One rule, by name, with what it says."""

    label: Message
    values: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class RuleChange:
    """One rule that two versions say differently."""

    label: Message
    before: tuple[Message, ...]
    after: tuple[Message, ...]


def describe(rules: CohortRules) -> list[RuleLine]:
    """All rules, in words."""
    return [RuleLine(Message(label), _words(rules, name)) for name, label in LABELS.items()]


def changes(before: CohortRules, after: CohortRules) -> list[RuleChange]:
    """What the later version says otherwise."""
    return [
        RuleChange(Message(label), _words(before, name), _words(after, name))
        for name, label in LABELS.items()
        if getattr(before, name) != getattr(after, name)
    ]


def quota_words(quota: QuotaRule) -> Message:
    """What a quota asks for."""
    return Message(
        _EACH if quota.each else _TOGETHER,
        {
            "startups": group_words(quota.startups),
            "counterparts": group_words(quota.counterparts),
            "least": str(quota.least),
        },
    )


def group_words(group: Group) -> Message:
    """Whom a group has."""
    if group.attribute == "note":
        return Message(_IS, {"attribute": group.header, "values": list(group.values)})
    coded = group.attribute in CODED
    return is_words(
        group.attribute, [Term(group.attribute, value) if coded else value for value in group.values]
    )


def is_words(attribute: str, values: Sequence[Any]) -> Message:
    """That this of somebody is one of these."""
    return Message(_IS, {"attribute": Message(ATTRIBUTES[attribute]), "values": list(values)})


def share_words(share: float) -> Message:
    """What a weight does."""
    return Message(_ADDS, {"share": Term("decimal", str(share))}) if share else Message(_NOT_COUNTED)


def choice_words(name: str, value: object) -> Message:
    """One value of a rule that has a few."""
    return Message(_CHOICES[name, value])


def _words(rules: CohortRules, name: str) -> tuple[Message, ...]:
    value = getattr(rules, name)
    if name == "quotas":
        named = tuple(Message(_QUOTA, {"name": q.name, "rule": quota_words(q)}) for q in value)
        return named or (Message(_NONE),)
    if (name, value) in _CHOICES:
        return (choice_words(name, value),)
    if name in {"prefer_sector", "prefer_timezone", "wishes"}:
        return (share_words(value),)
    if value is None:
        return (Message(_NONE if name == "floor" else _UNLIMITED),)
    return (Message("%(value)s", {"value": Term("decimal", str(value)) if name == "floor" else str(value)}),)
