"""Countries and regions: from what people write, in any of six languages, to ISO 3166 codes."""

import re
from collections.abc import Iterator
from functools import cache

from babel import Locale
from babel.core import get_global

from matcher.profiles.taxonomy import LOCALES, load_toml
from matcher.profiles.text import key

_ALPHA2 = re.compile(r"[A-Z]{2}")
# CLDR codes of two letters that ISO 3166 does not assign: pseudo-locales, unions, single islands.
_NOT_COUNTRIES = frozenset(
    ("AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ")
)
WORLD = "001"
"""The UN's code for the whole world: stored as it is, and met by every country."""
_WORLDWIDE = {
    "ar": "جميع أنحاء العالم",
    "en": "worldwide",
    "es": "todo el mundo",
    "fr": "monde entier",
    "ru": "весь мир",
    "zh": "全球",
}

AREAS = (
    *("north-africa", "west-africa", "east-africa", "central-africa", "southern-africa"),
    *("western-asia", "central-asia", "south-asia", "southeast-asia", "east-asia"),
    *("eastern-europe", "europe", "oceania"),
    *("caribbean", "central-america", "south-america", "north-america"),
)
"""Regions that parts of the world are told apart by. A country counts in the first that has it."""


@cache
def countries() -> frozenset[str]:
    """Every ISO 3166 alpha-2 code."""
    english = set(map(str, Locale("en").territories))
    return frozenset(c for c in english - _NOT_COUNTRIES if _ALPHA2.fullmatch(c))


def country(text: str) -> str | None:
    """The alpha-2 code of a country given by its code or name; None when it is no country."""
    return _country_index().get(key(text))


def region(text: str) -> tuple[str, ...] | None:
    """The countries of a region, or `WORLD` alone; None when it is no region."""
    code = _region_index().get(key(text))
    return None if code is None else _members()[code] or (WORLD,)


def area(country_code: str) -> str | None:
    """The region of `AREAS` that a country is in."""
    return next((code for code in AREAS if country_code in _members()[code]), None)


def area_name(code: str, locale: str) -> str:
    """What a region of `AREAS` is called in a reader's language."""
    return str(_locale(locale).territories[load_toml("regions")[code]["m49"]])


def country_name(code: str, locale: str) -> str:
    """The country's name in a reader's language; the code itself when there is none."""
    if code == WORLD:
        return _WORLDWIDE.get(_locale(locale).language, _WORLDWIDE["en"])
    return str(_locale(locale).territories.get(code, code))


@cache
def _locale(name: str) -> Locale:
    return Locale.parse(name.replace("-", "_"))


def spellings() -> set[str]:
    """Every name of every country in the six languages, and what else it is called; no codes."""
    found = {name for names in load_toml("countries").values() for name in names}
    for locale in LOCALES:
        territories = _locale(locale).territories
        found |= {territories[code] for code in countries() if code in territories}
    return {name for name in found if len(name) > 3 or not name.isascii()}


@cache
def _country_index() -> dict[str, str]:
    index: dict[str, str] = {}
    for name, code in _names_by_trust():
        index.setdefault(key(name), code)
    return index


def _names_by_trust() -> Iterator[tuple[str, str]]:
    """Codes before aliases before CLDR's names: "Congo" alone is CG in one and CD in another."""
    known = countries()
    yield from ((code, code) for code in known)
    for alias, replaced in get_global("territory_aliases").items():
        if alias.isalpha() and len(alias) == 3 and len(replaced) == 1 and replaced[0] in known:
            yield alias, replaced[0]
    for code, names in load_toml("countries").items():
        yield from ((name, code) for name in names)
    for locale in LOCALES:
        territories = _locale(locale).territories
        yield from ((territories[code], code) for code in known if code in territories)


@cache
def _region_index() -> dict[str, str]:
    index: dict[str, str] = {}
    for code, entry in load_toml("regions").items():
        for name in (code, entry.get("m49", code), *entry["names"], *_cldr_names(entry.get("m49"))):
            index.setdefault(key(name), code)
    return index | {key(name): "world" for name in _WORLDWIDE.values()}


def _cldr_names(m49: str | None) -> list[str]:
    return [_locale(locale).territories[m49] for locale in LOCALES] if m49 else []


@cache
def _members() -> dict[str, tuple[str, ...]]:
    table = load_toml("regions")
    return {code: tuple(sorted(_expand(table, code))) for code in table}


def _expand(table: dict[str, dict[str, list[str]]], code: str) -> set[str]:
    found: set[str] = set()
    for member in table[code]["members"]:
        found |= _expand(table, member[1:]) if member.startswith("+") else {member}
    return found
