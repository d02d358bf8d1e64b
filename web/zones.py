"""Time zones: the list to choose from, and instants as a clock on the reader's wall shows them."""

from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel.core import get_global
from babel.dates import format_time
from flask_babel import gettext
from markupsafe import Markup

from matcher.profiles.labels import Width, day_name
from matcher.profiles.timezones import city
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
_SECONDS, _MINUTES = 60, 60


def zone() -> ZoneInfo:
    """The reader's, or UTC."""
    who = identity()
    return ZoneInfo(who.timezone) if who and who.timezone else ZoneInfo(_UTC)


def local(instant: datetime) -> Markup:
    """Date and time in the reader's time zone, which is said."""
    return clock(instant, zone(), "medium")


def clock(instant: datetime, zone: ZoneInfo, width: Width) -> Markup:
    """Date and time in some time zone, which is said; in the reader's language."""
    shown, code = instant.astimezone(zone), locale_code()
    said = gettext(
        "%(date)s, %(time)s",
        date=day_name(shown, width, code),
        time=format_time(shown, "short", locale=code),
    )
    return Markup("{} ({})").format(said, zone_name(zone, shown))


def day(when: date | datetime) -> str:
    """A date in the reader's language; of an instant, the one that is in their time zone then."""
    local = when.astimezone(zone()) if isinstance(when, datetime) else when
    return day_name(local, "long", locale_code())


def zone_name(zone: ZoneInfo, at: datetime) -> str:
    """A zone as people know it: the city whose clock it is, and how far from UTC that is at the time."""
    offset = _offset(at.astimezone(zone))
    name = str(zone)
    if "/" not in name or name.startswith("Etc/"):
        return offset
    return str(gettext(", ")).join((city(name, locale_code()), offset))


def choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """Part of the world to its zones, each by IANA name and by city; in the reader's language."""
    return [(gettext(area), list(zones)) for area, zones in _choices(locale_code())]


def is_zone(name: str) -> bool:
    """Whether it is one of those to choose from."""
    return name in get_global("zone_territories") and name.partition("/")[0] in _AREAS


@lru_cache(maxsize=8)
def _choices(code: str) -> list[tuple[str, list[tuple[str, str]]]]:
    found: dict[str, list[tuple[str, str]]] = {area: [] for area in _AREAS.values()}
    for name in get_global("zone_territories"):
        area, _, _ = name.partition("/")
        if area in _AREAS:
            found[_AREAS[area]].append((name, city(name, code)))
    return [(area, sorted(zones, key=lambda item: item[1])) for area, zones in found.items() if zones]


def _offset(local: datetime) -> str:
    """UTC+5:45, held together where text runs the other way."""
    seconds = int((local.utcoffset() or (local - local)).total_seconds())
    hours, minutes = divmod(abs(seconds) // _SECONDS, _MINUTES)
    sign = "+" if seconds >= 0 else "\u2212"
    said = f"UTC{sign}{hours}" + (f":{minutes:02d}" if minutes else "") if seconds else "UTC"
    return f"\u2066{said}\u2069"
