"""Names for the codes of every vocabulary, in the reader's language; figures are written in it, too."""

from datetime import date
from decimal import Decimal

from babel.dates import format_date
from babel.numbers import format_decimal

from matcher.profiles import taxonomy
from matcher.profiles.places import area_name, country_name
from matcher.profiles.tongues import language_name
from matcher.wording import Term


def label(term: Term, locale: str) -> str:
    """The name of a term in one of the six languages, or its code if it has none."""
    if term.vocabulary == "country":
        return country_name(term.code, locale)
    if term.vocabulary == "area":
        return area_name(term.code, locale)
    if term.vocabulary == "language":
        return language_name(term.code, locale)
    if term.vocabulary == "date":
        return str(format_date(date.fromisoformat(term.code), "long", locale))
    if term.vocabulary == "decimal":
        return str(format_decimal(Decimal(term.code), "0.00", locale))
    return taxonomy.label(f"{term.vocabulary}s", term.code, locale)
