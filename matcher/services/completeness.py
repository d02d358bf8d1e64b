"""What somebody could add to their profile to be matched better, the most effective first.

The order is not a matter of taste: each gap is weighed by the share of the score that it leaves to chance,
from the same numbers that the ranking uses, and by the rules of eligibility that cannot be checked.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from matcher.models import Facet, Kind
from matcher.profiles.cell import parse_cell
from matcher.profiles.errors import CellError
from matcher.profiles.fields import field
from matcher.ranking.config import ScoringConfig
from matcher.ranking.eligibility import Rule
from matcher.ranking.fit import WEIGHTS
from matcher.ranking.score import MEETINGS
from matcher.services.drafts import Draft, as_text
from matcher.wording import N_, Message

_RULE = 0.1
"""What a rule that cannot be checked counts as: a pair that could not work is shown all the same."""
_FEW = 0.03
"""What each entry short of those that are averaged counts as."""


@dataclass(frozen=True, slots=True)
class Hint:
    """One thing to add, on which page, and its weight."""

    page: str
    message: Message
    weight: float


@dataclass(frozen=True, slots=True)
class _Gap:
    """A field that says nothing: the page that asks it, and what in the ranking reads it."""

    field: str
    page: str
    template: str
    attributes: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()


_NO_LANGUAGE = N_(
    "Name your working languages: without them nobody can be checked for a language in common with you."
)
_NO_SECTORS = N_("Choose your sectors: they count for most of what is compared besides your words.")
_GAPS: Mapping[Kind, tuple[_Gap, ...]] = {
    Kind.STARTUP: (
        _Gap(
            "needs",
            "needs",
            N_("Say what you need help with: mentors are chosen by your needs first of all."),
        ),
        _Gap(
            "pitch", "pitch", N_("Say what you do: funding partners are chosen by it, and mentors read it.")
        ),
        _Gap("languages", "languages", _NO_LANGUAGE, ("language",), (Rule.LANGUAGE,)),
        _Gap("sectors", "sectors", _NO_SECTORS, ("sector",)),
        _Gap(
            "stage",
            "stage",
            N_("Say how far you are: funding partners fund certain stages only."),
            ("stage",),
            (Rule.STAGE,),
        ),
        _Gap(
            "country",
            "about",
            N_("Name your country: it says who is near in working hours, and who funds there."),
            ("market", "timezone", "country"),
            (Rule.COUNTRY,),
        ),
        _Gap(
            "raising",
            "money",
            N_("Say how much money you seek: funding partners give amounts within a range."),
            (),
            (Rule.TICKET,),
        ),
    ),
    Kind.MENTOR: (
        _Gap(
            "expertise",
            "expertise",
            N_("Say what you can help with: start-ups are chosen by it first of all."),
        ),
        _Gap(
            "experience",
            "experience",
            N_("Say what you have done: it is compared with what start-ups need, too."),
        ),
        _Gap(
            "interests",
            "interests",
            N_("Say what kind of start-up you would like to meet: it is compared with what they do."),
        ),
        _Gap("languages", "languages", _NO_LANGUAGE, ("language",), (Rule.LANGUAGE,)),
        _Gap("sectors", "sectors", _NO_SECTORS, ("sector",)),
        _Gap("stages", "stages", N_("Choose the stages that you like to work with."), ("stage",)),
        _Gap("markets", "markets", N_("Name the markets that you know."), ("market",)),
        _Gap(
            "timezone",
            "languages",
            N_("Name your time zone: whoever works at the same hours comes first."),
            ("timezone",),
        ),
        _Gap(
            "capacity",
            "capacity",
            N_("Say how many start-ups you can take, so that you get no more."),
            (),
            (Rule.CAPACITY,),
        ),
    ),
    Kind.FUNDER: (
        _Gap("thesis", "thesis", N_("Say what you fund and why: start-ups are chosen by it first of all.")),
        _Gap(
            "portfolio",
            "portfolio",
            N_("Name start-ups that you have funded: they show what suits you."),
            (),
            (Rule.ALREADY_BACKED,),
        ),
        _Gap(
            "offers",
            "offers",
            N_("Say what you offer besides money: it is compared with what start-ups need."),
        ),
        _Gap("languages", "languages", _NO_LANGUAGE, (), (Rule.LANGUAGE,)),
        _Gap("sectors", "sectors", _NO_SECTORS, ("sector",)),
        _Gap(
            "stages",
            "stages",
            N_("Choose the stages that you fund, so that you are shown no others."),
            ("stage",),
            (Rule.STAGE,),
        ),
        _Gap(
            "countries",
            "countries",
            N_("Name the countries in which you fund, so that you are shown no others."),
            ("country",),
            (Rule.COUNTRY,),
        ),
        _Gap(
            "ticket_max",
            "ticket",
            N_("State the amounts that you give, so that you are shown nobody who seeks less or more."),
            (),
            (Rule.TICKET,),
        ),
    ),
}
_MORE: Mapping[Kind, tuple[str, str]] = {
    Kind.STARTUP: ("needs", N_("Name more needs: the best %(best)d count, and you name %(count)d.")),
    Kind.MENTOR: (
        "expertise",
        N_("Name more that you can help with: the best %(best)d count, and you name %(count)d."),
    ),
}


def hints(draft: Draft, config: ScoringConfig | None = None) -> list[Hint]:
    """What would improve somebody's matches, the most effective first; empty: nothing."""
    config = config or ScoringConfig()
    found = [
        Hint(gap.page, Message(gap.template), _weight(draft.kind, gap, config))
        for gap in _GAPS[draft.kind]
        if not _says_something(draft, gap.field)
    ]
    if draft.kind in _MORE:
        name, template = _MORE[draft.kind]
        count = _count(draft, name)
        if 0 < count < config.best_pairs:
            short = config.best_pairs - count
            said = Message(template, {"best": config.best_pairs, "count": count})
            found.append(Hint(name, said, _FEW * short))
    return sorted(found, key=lambda hint: -hint.weight)


def _weight(kind: Kind, gap: _Gap, config: ScoringConfig) -> float:
    """The share of the score that the gap leaves to chance, at most over the kinds of counterpart."""
    facet = field(kind, gap.field).facet
    kinds = [Kind.MENTOR, Kind.FUNDER] if kind is Kind.STARTUP else [kind]
    shares = [
        _text_share(other, facet, config)
        + (1 - config.text_weight) * sum(WEIGHTS[other].get(name, 0.0) for name in gap.attributes)
        for other in kinds
    ]
    return max(shares) + _RULE * len(gap.rules)


def _text_share(kind: Kind, facet: Facet | None, config: ScoringConfig) -> float:
    weights = {meeting: meeting.config(config).weight for meeting in MEETINGS[kind]}
    read = sum(weight for meeting, weight in weights.items() if facet in {meeting.ours, meeting.theirs})
    return config.text_weight * read / sum(weights.values())


def _says_something(draft: Draft, name: str) -> bool:
    return _count(draft, name) > 0


def _count(draft: Draft, name: str) -> int:
    """How many things a field states; 0 also for what cannot be read."""
    try:
        value = parse_cell(field(draft.kind, name), as_text(draft.answers.get(name)))
    except CellError:
        return 0
    if isinstance(value, list | tuple):
        return len(value)
    return 0 if value is None else 1
