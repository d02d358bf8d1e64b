"""Names for the codes of every vocabulary, in the reader's language; figures are written in it, too."""

from datetime import date
from decimal import Decimal
from typing import Literal

from babel.dates import format_date, get_date_format
from babel.numbers import format_decimal

from matcher.profiles import taxonomy
from matcher.profiles.places import area_name, country_name
from matcher.profiles.timezones import city
from matcher.profiles.tongues import language_name
from matcher.wording import Term

Width = Literal["full", "long", "medium"]
"""How much of a date is written out, as CLDR calls it."""


def label(term: Term, locale: str) -> str:
    """The name of a term in one of the six languages, or its code if it has none."""
    if term.vocabulary == "country":
        return country_name(term.code, locale)
    if term.vocabulary == "area":
        return area_name(term.code, locale)
    if term.vocabulary == "language":
        return language_name(term.code, locale)
    if term.vocabulary == "timezone":
        return city(term.code, locale)
    if term.vocabulary == "date":
        return day_name(date.fromisoformat(term.code), "long", locale)
    if term.vocabulary == "decimal":
        return str(format_decimal(Decimal(term.code), "0.00", locale))
    return taxonomy.label(f"{term.vocabulary}s", term.code, locale)


def day_name(day: date, width: Width, locale: str) -> str:
    """A date in a reader's language. French counts the first of a month, which CLDR's patterns cannot say."""
    pattern = str(get_date_format(width, locale).pattern)
    if day.day == 1 and locale == "fr":
        pattern = pattern.replace("d", "d'er'")
    return str(format_date(day, pattern, locale))
