"""What the form of a programme's rules asks: each rule in plain words, with the choices it has."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from annotated_types import Ge, Le

from matcher.services.rules import CohortRules
from matcher.wording import N_

Control = Literal["select", "number", "share", "decimal", "radio"]


@dataclass(frozen=True)
class RuleField:
    """One rule: how it is asked, and what it does to people. `empty` names the choice of no value."""

    name: str
    control: Control
    hint: str
    empty: str = ""
    explanations: Mapping[str, str] | None = None

    @property
    def bounds(self) -> tuple[float, float]:
        """The least and the most that the rules allow."""
        about = CohortRules.model_fields[self.name].metadata
        # An optional field keeps its bounds beside None's type, which pydantic flattens as well.
        least = next(item.ge for item in about if isinstance(item, Ge))
        most = next(item.le for item in about if isinstance(item, Le))
        return float(least), float(most)  # type: ignore[arg-type]


@dataclass(frozen=True)
class RuleGroup:
    """Rules that people think of together."""

    name: str
    title: str
    fields: tuple[RuleField, ...]
    hint: str = ""


GROUPS: tuple[RuleGroup, ...] = (
    RuleGroup(
        "mentors",
        N_("Mentors per start-up"),
        (
            RuleField(
                "mentors_least",
                "select",
                N_("Each start-up is promised this many mentors. Who gets fewer is named, with the reason."),
            ),
            RuleField(
                "mentors_most",
                "select",
                N_("No start-up gets more mentors than this, so that there is enough for all."),
            ),
        ),
    ),
    RuleGroup(
        "startups",
        N_("Start-ups per mentor"),
        (
            RuleField(
                "startups_least",
                "select",
                N_("Each mentor is promised this many start-ups, so that no volunteer waits in vain."),
            ),
            RuleField(
                "startups_most",
                "number",
                N_(
                    "A mentor who states how many start-ups to take gets no more; who states "
                    "none, no more than this."
                ),
            ),
        ),
    ),
    RuleGroup(
        "meeting",
        N_("Who may meet"),
        (
            RuleField(
                "language",
                "radio",
                N_("Two who share no working language are never put together. What if one side states none?"),
                explanations={
                    "unless-unstated": N_("They may meet; the reasons say that the language is not known."),
                    "required": N_("They may not meet until both have stated their languages."),
                },
            ),
            RuleField(
                "hours_apart",
                "select",
                N_(
                    "Two whose clocks are further apart are never put together; a time zone not "
                    "stated is no obstacle."
                ),
                empty=N_("No limit"),
            ),
            RuleField(
                "repeat_failed",
                "radio",
                N_(
                    "A pair has failed if one side declined or did not answer, or if it was "
                    "withdrawn or ended."
                ),
                explanations={
                    "no": N_("Both are spared the same disappointment."),
                    "yes": N_("They may get a second chance."),
                },
            ),
        ),
        N_(
            "People of one organisation, and people with a conflict of interest that either side states, "
            "are never put together. To forbid one pair, reject it in the cohort; to keep one, lock it."
        ),
    ),
    RuleGroup(
        "preferences",
        N_("Preferences"),
        (
            RuleField(
                "prefer_sector",
                "share",
                N_("A pair that works in the same sector is preferred by this much."),
            ),
            RuleField(
                "prefer_timezone",
                "share",
                N_("A pair with the same working hours is preferred by this much."),
            ),
        ),
        N_(
            "Scores go from 0 to 1. Preferences forbid nothing: they decide between "
            "pairs that are about as good."
        ),
    ),
    RuleGroup(
        "wishing",
        N_("Matching day and wishes"),
        (
            RuleField(
                "wishes",
                "share",
                N_(
                    "Whoever one side wishes for first counts for this much more; a second wish "
                    "for less, and so on."
                ),
            ),
        ),
        N_("Start-ups and mentors can each name up to five whom they would like, on their own page."),
    ),
    RuleGroup(
        "fairness",
        N_("Fairness"),
        (
            RuleField(
                "objective",
                "radio",
                N_("Every proposal first serves as many start-ups as the rules allow. Then it seeks:"),
                explanations={
                    "total": N_(
                        "All scores together are as high as they can be; a few start-ups may get a weak pair."
                    ),
                    "fairest": N_(
                        "The start-up with the weakest pairs fares as well as it can; then the total."
                    ),
                    "stable": N_(
                        "No start-up and mentor would both rather have each other. For days on "
                        "which both wished."
                    ),
                },
            ),
            RuleField(
                "floor",
                "decimal",
                N_(
                    "A start-up’s scores must add up to this much. Leave it empty unless you "
                    "know you need it."
                ),
            ),
        ),
    ),
    RuleGroup(
        "funders",
        N_("Funding partners"),
        (
            RuleField(
                "funders_most",
                "select",
                N_("Longer shortlists are read less; three is what most people read."),
            ),
            RuleField(
                "introductions_most",
                "number",
                N_("A funding partner is introduced to no more start-ups than this. Empty: no limit."),
            ),
        ),
        N_("Nobody is contacted before you approve a shortlist."),
    ),
)
"""Quotas stand before `wishing`; they are rows of their own."""

FIELDS: tuple[RuleField, ...] = tuple(entry for group in GROUPS for entry in group.fields)
SHARES = (0.0, 0.05, 0.1, 0.2, 0.3, 0.5)
