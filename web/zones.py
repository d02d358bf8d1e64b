"""Time zones: the list to choose from, and instants as a clock on the reader's wall shows them."""

from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.core import get_global
from babel.dates import format_datetime, get_timezone_gmt
from flask_babel import gettext

from matcher.wording import N_
from web.accounts.identity import identity
from web.i18n import locale_code

_AREAS = {
    "Africa": N_("Africa"),
    "America": N_("The Americas"),
    "Asia": N_("Asia"),
    "Europe": N_("Europe"),
    "Australia": N_("Australia"),
    "Pacific": N_("Pacific"),
    "Indian": N_("Indian Ocean"),
    "Atlantic": N_("Atlantic"),
    "Arctic": N_("Polar regions"),
    "Antarctica": N_("Polar regions"),
}
"""First parts of IANA names, those of most readers first."""
_UTC = "Etc/UTC"


def zone() -> ZoneInfo:
    """The reader's, or UTC."""
    who = identity()
    return ZoneInfo(who.timezone) if who and who.timezone else ZoneInfo(_UTC)


def local(instant: datetime) -> str:
    """Date and time in the reader's time zone, which is said."""
    shown, code = instant.astimezone(zone()), locale_code()
    named = get_timezone_gmt(shown, "long", locale=code) if shown.tzinfo != ZoneInfo(_UTC) else "UTC"
    return f"{format_datetime(shown, 'medium', tzinfo=shown.tzinfo, locale=code)} {named}"


def choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """Part of the world to its zones, each by IANA name and by city; in the reader's language."""
    return [(gettext(area), list(zones)) for area, zones in _choices(locale_code())]


def is_zone(name: str) -> bool:
    """Whether it is one of those to choose from."""
    return name in get_global("zone_territories") and name.partition("/")[0] in _AREAS


@lru_cache(maxsize=8)
def _choices(code: str) -> list[tuple[str, list[tuple[str, str]]]]:
    cities = Locale.parse(code).time_zones
    found: dict[str, list[tuple[str, str]]] = {area: [] for area in _AREAS.values()}
    for name in get_global("zone_territories"):
        area, _, rest = name.partition("/")
        if area in _AREAS:
            city = cities.get(name, {}).get("city") or rest.rpartition("/")[2].replace("_", " ")
            found[_AREAS[area]].append((name, city))
    return [(area, sorted(zones, key=lambda item: item[1])) for area, zones in found.items() if zones]
