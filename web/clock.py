"""Times as the reader's clock shows them."""

from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.dates import format_datetime
from flask_babel import get_locale
from markupsafe import Markup

from web.accounts.identity import identity

_UTC = "UTC"


def zone_name() -> str:
    """The reader's time zone, as an IANA name; UTC if they gave none that there is."""
    who = identity()
    name = (who and who.timezone) or _UTC
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return _UTC
    return name


def local_moment(instant: datetime) -> Markup:
    """Day and time in the reader's zone and language, and which zone that is."""
    zone = zone_name()
    told = format_datetime(instant, "medium", tzinfo=ZoneInfo(zone), locale=get_locale())
    return Markup("{} (<bdi>{}</bdi>)").format(told, zone)
