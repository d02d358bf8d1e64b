"""The fields that a profile of each kind may have: one table that forms and imports share."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from matcher.models.kinds import Facet, Kind
from matcher.wording import N_


class FieldType(StrEnum):
    """What a field's cell may hold, and how it is read."""

    TEXT = "text"
    ENTRIES = "entries"
    SECTORS = "sectors"
    STAGE = "stage"
    STAGES = "stages"
    LANGUAGES = "languages"
    COUNTRY = "country"
    COUNTRIES = "countries"
    TIMEZONE = "timezone"
    YEAR = "year"
    MONEY = "money"
    CURRENCY = "currency"
    WHOLE = "whole"
    EMAIL = "email"
    SDGS = "sdgs"
    REFS = "refs"
    FUNDER_KIND = "funder_kind"


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its canonical header, its type, and what a person is told about it."""

    name: str
    type: FieldType
    facet: Facet | None
    label: str
    hint: str

    @property
    def required(self) -> bool:
        """Whether every profile must state it. A missing `ref` is derived from the others."""
        return self.name == "name"


def _f(name: str, type_: FieldType, label: str, hint: str = "", facet: Facet | None = None) -> Field:
    return Field(name, type_, facet, label, hint or _HINTS[type_])


_T = FieldType
_HINTS: Mapping[FieldType, str] = {
    _T.TEXT: N_("Any text."),
    _T.ENTRIES: N_("One or more, separated by semicolons or line breaks."),
    _T.SECTORS: N_("One or more sectors, such as agritech; health."),
    _T.STAGE: N_("One of: idea, prototype, pilot, early revenue, growth, scale."),
    _T.STAGES: N_("One or more of: idea, prototype, pilot, early revenue, growth, scale."),
    _T.LANGUAGES: N_("Names or ISO 639-1 codes, such as English; fr."),
    _T.COUNTRY: N_("A name or an ISO 3166 code, such as Kenya or KE."),
    _T.COUNTRIES: N_("Countries or regions, such as Kenya; West Africa; worldwide."),
    _T.TIMEZONE: N_("Such as Nairobi or UTC+3."),
    _T.YEAR: N_("Four digits, such as 2019."),
    _T.MONEY: N_("An amount, such as 250000 or 250k."),
    _T.CURRENCY: N_("An ISO 4217 code, such as USD, EUR or XOF."),
    _T.WHOLE: N_("A whole number."),
    _T.EMAIL: N_("Such as amina@example.org."),
    _T.SDGS: N_("Numbers of the Sustainable Development Goals, 1 to 17."),
    _T.REFS: N_("Refs of profiles never to be matched with this one, separated by semicolons."),
    _T.FUNDER_KIND: N_("One of: grant, angel, fund, bank, accelerator, corporate, public, other."),
}
_REF = _f("ref", _T.TEXT, N_("Ref"), N_("A short code that stays the same from import to import."))
_EMAIL = _f("email", _T.EMAIL, N_("E-mail"))
_COUNTRY = _f("country", _T.COUNTRY, N_("Country"))
_LANGUAGES = _f("languages", _T.LANGUAGES, N_("Working languages"))
_SECTORS = _f("sectors", _T.SECTORS, N_("Sectors"))
_STAGES = _f("stages", _T.STAGES, N_("Stages"))
_MARKETS = _f("markets", _T.COUNTRIES, N_("Markets"))
_CURRENCY = _f("currency", _T.CURRENCY, N_("Currency"))
_CAPACITY = _f("capacity", _T.WHOLE, N_("How many start-ups at once"), N_("A whole number, 0 to 1000."))
_CONFLICTS = _f("conflicts", _T.REFS, N_("Conflicts of interest"))

_STARTUP = (
    _REF,
    _f("name", _T.TEXT, N_("Name of the start-up")),
    _EMAIL,
    _COUNTRY,
    _f("city", _T.TEXT, N_("City")),
    _LANGUAGES,
    _SECTORS,
    _f("stage", _T.STAGE, N_("Stage")),
    _f("founded", _T.YEAR, N_("Founded in")),
    _f("pitch", _T.TEXT, N_("Pitch"), N_("What you do, for whom, in a few sentences."), Facet.PITCH),
    _f("needs", _T.ENTRIES, N_("Needs"), facet=Facet.NEED),
    _f("sdgs", _T.SDGS, N_("Sustainable Development Goals")),
    _MARKETS,
    _f("raising", _T.MONEY, N_("Amount sought")),
    _CURRENCY,
    _CONFLICTS,
)
_MENTOR = (
    _REF,
    _f("name", _T.TEXT, N_("Name")),
    _EMAIL,
    _f("organisation", _T.TEXT, N_("Organisation")),
    _COUNTRY,
    _LANGUAGES,
    _f("timezone", _T.TIMEZONE, N_("Time zone")),
    _SECTORS,
    _STAGES,
    _f("expertise", _T.ENTRIES, N_("Expertise"), facet=Facet.EXPERTISE),
    _f("experience", _T.TEXT, N_("Experience"), facet=Facet.EXPERIENCE),
    _f("interests", _T.ENTRIES, N_("Interests"), facet=Facet.INTEREST),
    _CAPACITY,
    _MARKETS,
    _CONFLICTS,
)
_FUNDER = (
    _REF,
    _f("name", _T.TEXT, N_("Name of the funding partner")),
    _EMAIL,
    _f("kind", _T.FUNDER_KIND, N_("Kind of funding partner")),
    _f("thesis", _T.TEXT, N_("Thesis"), N_("What you fund, and why."), Facet.THESIS),
    _SECTORS,
    _STAGES,
    _f("countries", _T.COUNTRIES, N_("Countries funded")),
    _f("ticket_min", _T.MONEY, N_("Smallest ticket")),
    _f("ticket_max", _T.MONEY, N_("Largest ticket")),
    _CURRENCY,
    _LANGUAGES,
    _f("offers", _T.ENTRIES, N_("Offers besides money"), facet=Facet.OFFER),
    _f(
        "portfolio",
        _T.ENTRIES,
        N_("Portfolio"),
        N_("Refs or descriptions of start-ups already funded, separated by semicolons."),
        Facet.PORTFOLIO,
    ),
    _CAPACITY,
)

FIELDS: Mapping[Kind, tuple[Field, ...]] = MappingProxyType(
    {Kind.STARTUP: _STARTUP, Kind.MENTOR: _MENTOR, Kind.FUNDER: _FUNDER}
)


def field(kind: Kind, name: str) -> Field:
    """The field of that canonical name; `KeyError` when the kind has none."""
    for candidate in FIELDS[kind]:
        if candidate.name == name:
            return candidate
    raise KeyError(f"{kind.value} has no field {name!r}")
