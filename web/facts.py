"""What a profile states about itself apart from its texts, as labels and values to read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import format_currency, format_decimal, gettext, ngettext

from matcher.models import Kind, Profile, utcnow
from matcher.profiles.fields import FIELDS, Field, FieldType
from matcher.profiles.places import country_name
from matcher.profiles.taxonomy import label
from matcher.profiles.tongues import language_name
from web.i18n import locale_code
from web.zones import zone_name

_ATTRIBUTES = {"organisation": "affiliation", "kind": "funder_kind"}
"""Fields whose column has another name than their header."""
_SHOWN_APART = frozenset({"name", "currency"})
_PRIVATE = frozenset({"ref", "email", "conflicts", "capacity"})
_MOST_PLACES = 8


@dataclass(frozen=True)
class Fact:
    """One label with its values; none: not stated."""

    label: str
    values: list[str]
    is_email: bool = False
    is_quoted: bool = False
    """Whether the value is in its author's own words, and so in their direction."""


def facts(profile: Profile) -> list[Fact]:
    """Every field of the profile that is neither its name nor one of its texts."""
    return [
        _fact(profile, field)
        for field in FIELDS[Kind(profile.kind)]
        if field.facet is None and field.name not in _SHOWN_APART
    ]


def public_facts(profile: Profile) -> list[Fact]:
    """What those may read whom the profile is proposed to: no address, and nothing that managers keep."""
    return [
        fact
        for field in FIELDS[Kind(profile.kind)]
        if field.facet is None and field.name not in _SHOWN_APART | _PRIVATE
        if (fact := _fact(profile, field)).values
    ]


def _fact(profile: Profile, field: Field) -> Fact:
    value = getattr(profile, _ATTRIBUTES.get(field.name, field.name))
    is_email = field.type is FieldType.EMAIL
    quoted = field.type in {FieldType.TEXT, FieldType.REFS}
    return Fact(gettext(field.label), _words(profile, field, value), is_email, quoted)


def _words(profile: Profile, field: Field, value: Any) -> list[str]:
    if value is None or value == "":
        return []
    if field.type is FieldType.MONEY:
        return [_money(value, getattr(profile, "currency", None))]
    if field.type is FieldType.COUNTRIES:
        return _places(value)
    values = value if isinstance(value, list) else [value]
    return [_NAMERS.get(field.type, _plain)(item) for item in values]


def _money(amount: Decimal, currency: str | None) -> str:
    if not currency:
        return str(format_decimal(amount))
    return str(format_currency(amount, currency, "#,##0.## ¤¤", currency_digits=False))


def _places(codes: list[str]) -> list[str]:
    names = [country_name(code, locale_code()) for code in codes]
    more = len(names) - _MOST_PLACES
    if more <= 1:
        return names
    return [*names[:_MOST_PLACES], ngettext("%(num)d more", "%(num)d more", more)]


def _plain(value: Any) -> str:
    return str(value)


def _term(taxonomy: str) -> Callable[[Any], str]:
    return lambda code: label(taxonomy, code, locale_code())


_NAMERS: Mapping[FieldType, Callable[[Any], str]] = {
    FieldType.SECTORS: _term("sectors"),
    FieldType.STAGE: _term("stages"),
    FieldType.STAGES: _term("stages"),
    FieldType.FUNDER_KIND: _term("funder_kinds"),
    FieldType.SDGS: lambda goal: f"{goal}. {label('sdgs', goal, locale_code())}",
    FieldType.LANGUAGES: lambda code: language_name(code, locale_code()),
    FieldType.COUNTRY: lambda code: country_name(code, locale_code()),
    FieldType.TIMEZONE: lambda name: zone_name(ZoneInfo(name), utcnow()),
}
