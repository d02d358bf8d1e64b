"""Time zones: IANA names, cities in any of six languages and offsets such as UTC+3, to IANA names."""

import re
from collections.abc import Iterable
from functools import cache
from zoneinfo import available_timezones

from babel import Locale
from babel.core import get_global

from matcher.profiles.taxonomy import LOCALES
from matcher.profiles.text import clean, digits, key

_OFFSET = re.compile(r"(?:UTC|GMT|Z)?\s*([+\-−–])\s*(\d{1,2})(?::?([0-5]\d))?(?!\d)", re.IGNORECASE)
_OTHER_SIGN = str.maketrans("+-", "-+")
# Places for the offsets that Etc/GMT±h cannot say; none of them keeps summer time.
_PARTS_OF_HOURS = {
    "-9:30": "Pacific/Marquesas",
    "+3:30": "Asia/Tehran",
    "+4:30": "Asia/Kabul",
    "+5:30": "Asia/Kolkata",
    "+5:45": "Asia/Kathmandu",
    "+6:30": "Asia/Yangon",
    "+8:45": "Australia/Eucla",
    "+9:30": "Australia/Darwin",
}
# CST, IST and BST are left out: each means two or three places.
_ABBREVIATIONS = {
    "eat": "Africa/Nairobi",
    "cat": "Africa/Maputo",
    "wat": "Africa/Lagos",
    "sast": "Africa/Johannesburg",
    "msk": "Europe/Moscow",
    "мск": "Europe/Moscow",
    "pkt": "Asia/Karachi",
    "wib": "Asia/Jakarta",
    "brt": "America/Sao_Paulo",
    "art": "America/Argentina/Buenos_Aires",
    "gmt": "Etc/GMT",
    "utc": "Etc/UTC",
    "z": "Etc/UTC",
}


def timezone(text: str) -> str | None:
    """The IANA name of a zone. UTC+3 becomes Etc/GMT-3: its sign is the other way round."""
    text = digits(clean(text))
    named = _ABBREVIATIONS.get(text.casefold()) or _by_name().get(key(text))
    return named or _by_offset(text)


def city(zone: str, locale: str) -> str:
    """The place whose clock it is, as a reader's language calls it; Etc/GMT-3 is UTC+3."""
    if zone.startswith("Etc/"):
        _, _, offset = zone.partition("GMT")
        return "UTC" + offset.translate(_OTHER_SIGN)
    known = Locale.parse(locale).time_zones
    # CLDR keeps the cities of renamed zones under their old names.
    names = (known.get(name, {}).get("city") for name in (zone, *_old_names().get(zone, ())))
    return next(filter(None, names), zone.rpartition("/")[2].replace("_", " "))


@cache
def _old_names() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for old, new in get_global("zone_aliases").items():
        found.setdefault(new, []).append(old)
    return found


@cache
def _by_name() -> dict[str, str]:
    """Whole names, then the last parts (the cities) that only one zone has, then cities in all languages."""
    zones = sorted(z for z in available_timezones() if not z.startswith(("Etc/", "posix", "right")))
    index = {key(zone): zone for zone in zones}
    index |= {zone.casefold(): zone for zone in available_timezones() if zone.startswith("Etc/")}
    parts = ((key(zone.rsplit("/", 1)[1]), zone) for zone in zones if "/" in zone)
    current = [zone for zone in zones if zone in get_global("zone_territories")]
    cities = ((key(city(zone, locale)), zone) for zone in current for locale in LOCALES)
    return _of_one(cities) | _of_one(parts) | index


def _of_one(named: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Names that only one zone has."""
    found: dict[str, set[str]] = {}
    for name, zone in named:
        found.setdefault(name, set()).add(zone)
    return {name: min(zones) for name, zones in found.items() if len(zones) == 1}


def _by_offset(text: str) -> str | None:
    if text.casefold() in (zone.casefold() for zone in available_timezones()):
        return next(z for z in available_timezones() if z.casefold() == text.casefold())
    match = _OFFSET.match(text.lstrip("( "))
    if match is None:
        return None
    sign, hours, minutes = "+" if match[1] == "+" else "-", int(match[2]), match[3] or "00"
    if minutes != "00":
        return _PARTS_OF_HOURS.get(f"{sign}{hours}:{minutes}")
    if hours == 0:
        return "Etc/UTC"
    if hours > (14 if sign == "+" else 12):
        return None
    return f"Etc/GMT{'-' if sign == '+' else '+'}{hours}"
