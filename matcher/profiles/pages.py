"""The pages on which people write their own profile: one thing, or a few that belong together, on each."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from matcher.models.kinds import Kind
from matcher.profiles.fields import FIELDS, Field, FieldType, field
from matcher.wording import N_

ANSWER_CHARS = 500
"""How long an answer to one of the programme's own questions may be."""
AVAILABILITY = N_("Availability")
"""The note under which the answer about somebody's time is kept."""
OWN = "own-"
"""What the names of the fields begin with that are no field of a profile: their answers are notes."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page.

    Attributes:
        name: its part of the address, and of the answers' record.
        title: the question, and `hint` what helps to answer it.
        fields: what it asks, the one that matters most first.
        optional: whether leaving it empty is an answer.
        by_hand: whether the title and hint are a manager's own words, which are not translated.
    """

    name: str
    title: str
    hint: str
    fields: tuple[Field, ...]
    optional: bool = False
    by_hand: bool = False

    @property
    def needed(self) -> bool:
        """Whether it asks something that nobody can leave open."""
        return any(each.required for each in self.fields)

    @property
    def lists(self) -> Field | None:
        """The field of which there are several, each an entry of its own; None: it has none."""
        return next((each for each in self.fields if each.type is FieldType.ENTRIES), None)


_TIME = Field(
    f"{OWN}availability",
    FieldType.TEXT,
    None,
    N_("When you usually have time"),
    N_("Such as Tuesday evenings, one hour every two weeks. You can leave this empty."),
)
_OWN_FIELDS = {_TIME.name: _TIME}


def _page(kind: Kind, name: str, title: str, hint: str, names: str, *, optional: bool = False) -> Page:
    found = tuple(_OWN_FIELDS.get(each) or field(kind, each) for each in names.split())
    return Page(name, title, hint, found, optional)


_LANGUAGES = N_(
    "People are matched only with those who share a working language. Name yours, the best first."
)
_SECTORS = N_("Choose all that apply. Add others in your own words.")
_MARKETS = N_("Countries or regions in which you work or want to work.")
_ONE_EACH = N_(
    "One thing in each box. Each is compared on its own, so several short ones find more than one long one."
)

_S, _M, _F = Kind.STARTUP, Kind.MENTOR, Kind.FUNDER
_STARTUP = (
    _page(
        _S,
        "about",
        N_("Your start-up"),
        N_("What it is called, and where it is based."),
        "name country city founded",
    ),
    _page(_S, "languages", N_("Which languages do you work in?"), _LANGUAGES, "languages"),
    _page(_S, "sectors", N_("Which sectors are you in?"), _SECTORS, "sectors"),
    _page(_S, "stage", N_("How far are you?"), N_("Funding partners say which stages they fund."), "stage"),
    _page(
        _S,
        "pitch",
        N_("What do you do, and for whom?"),
        N_("A few sentences in the language you write best. Leave names out: they do not help."),
        "pitch",
    ),
    _page(_S, "needs", N_("What do you need help with?"), _ONE_EACH, "needs"),
    _page(_S, "markets", N_("Where are your markets?"), _MARKETS, "markets", optional=True),
    _page(
        _S,
        "goals",
        N_("Which Sustainable Development Goals do you serve?"),
        N_("Choose all that apply."),
        "sdgs",
        optional=True,
    ),
    _page(
        _S,
        "money",
        N_("How much money are you looking for?"),
        N_("Funding partners state a smallest and a largest amount. Leave both empty if you seek none."),
        "raising currency",
        optional=True,
    ),
)
_MENTOR = (
    _page(_M, "about", N_("About you"), N_("How start-ups will know you."), "name organisation country"),
    _page(
        _M,
        "languages",
        N_("Which languages do you work in, and in which time zone?"),
        _LANGUAGES,
        "languages timezone",
    ),
    _page(_M, "expertise", N_("What can you help with?"), _ONE_EACH, "expertise"),
    _page(
        _M,
        "experience",
        N_("What have you done?"),
        N_("A few sentences about your work. Start-ups read them."),
        "experience",
    ),
    _page(
        _M,
        "interests",
        N_("What kind of start-up would you like to meet?"),
        _ONE_EACH,
        "interests",
        optional=True,
    ),
    _page(_M, "sectors", N_("Which sectors do you know?"), _SECTORS, "sectors"),
    _page(_M, "stages", N_("Which stages do you like to work with?"), N_("Choose all that apply."), "stages"),
    _page(_M, "markets", N_("Which markets do you know?"), _MARKETS, "markets", optional=True),
    _page(
        _M,
        "capacity",
        N_("How many start-ups can you take?"),
        N_("You can change this at any time, and take a break with one click."),
        f"capacity {_TIME.name}",
    ),
)
_FUNDER = (
    _page(
        _F,
        "about",
        N_("Your organisation"),
        N_("What it is called, and what kind of funding partner it is."),
        "name kind",
    ),
    _page(_F, "languages", N_("Which languages do you work in?"), _LANGUAGES, "languages"),
    _page(
        _F,
        "thesis",
        N_("What do you fund, and why?"),
        N_("A few sentences. They are compared with what start-ups do."),
        "thesis",
    ),
    _page(_F, "sectors", N_("Which sectors do you fund?"), _SECTORS, "sectors"),
    _page(
        _F,
        "stages",
        N_("Which stages do you fund?"),
        N_("Choose all that apply. Start-ups at other stages are not shown to you."),
        "stages",
    ),
    _page(
        _F,
        "countries",
        N_("Where do you fund?"),
        N_("Countries or regions. Start-ups elsewhere are not shown to you."),
        "countries",
    ),
    _page(
        _F,
        "ticket",
        N_("How much do you give?"),
        N_("Start-ups that seek less or more in the same currency are not shown to you."),
        "ticket_min ticket_max currency",
    ),
    _page(_F, "offers", N_("What do you offer besides money?"), _ONE_EACH, "offers", optional=True),
    _page(
        _F,
        "portfolio",
        N_("Whom have you funded so far?"),
        N_("A line about each start-up, one in each box. It shows what suits you."),
        "portfolio",
        optional=True,
    ),
    _page(
        _F,
        "capacity",
        N_("How many introductions can you take?"),
        N_("You can change this at any time, and take a break with one click."),
        f"capacity {_TIME.name}",
    ),
)

PAGES: Mapping[Kind, tuple[Page, ...]] = MappingProxyType({_S: _STARTUP, _M: _MENTOR, _F: _FUNDER})

ASKED: Mapping[Kind, frozenset[str]] = MappingProxyType(
    {
        kind: frozenset(each.name for page in pages for each in page.fields)
        & frozenset(each.name for each in FIELDS[kind])
        for kind, pages in PAGES.items()
    }
)
"""Fields of the profile that its owner writes. The others are the managers': ref, address, conflicts."""


def question_page(number: int, text: str, hint: str) -> Page:
    """The page of one of the programme's own questions."""
    asked = Field(f"{OWN}{number}", FieldType.TEXT, None, text, hint)
    return Page(f"question-{number}", text, hint, (asked,), optional=True, by_hand=True)
