"""Time zones: IANA names, cities and offsets such as UTC+3, to IANA names."""

import re
from functools import cache
from zoneinfo import available_timezones

from matcher.profiles.text import clean, digits, key

_OFFSET = re.compile(r"(?:UTC|GMT|Z)?\s*([+\-−–])\s*(\d{1,2})(?::?([0-5]\d))?(?!\d)", re.IGNORECASE)
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


@cache
def _by_name() -> dict[str, str]:
    """Whole names, then the last parts (the cities) that only one zone has."""
    zones = sorted(z for z in available_timezones() if not z.startswith(("Etc/", "posix", "right")))
    index = {key(zone): zone for zone in zones}
    index |= {zone.casefold(): zone for zone in available_timezones() if zone.startswith("Etc/")}
    cities: dict[str, set[str]] = {}
    for zone in (z for z in zones if "/" in z):
        cities.setdefault(key(zone.rsplit("/", 1)[1]), set()).add(zone)
    return {city: min(z) for city, z in cities.items() if len(z) == 1} | index


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
