"""A meeting as a file that calendars read (RFC 5545, 5546). Nothing private is in it."""

from datetime import datetime, timedelta
from urllib.parse import quote

from icalendar import Calendar, Event, vCalAddress, vUri

from matcher.models import Meeting, MeetingState
from matcher.profiles.cell import is_address
from matcher.profiles.speech import say_in
from matcher.services.meetings import link_of
from matcher.services.relationships import Relationship
from matcher.wording import N_, Message

_SUMMARY = N_("Meeting: %(startup)s, %(other)s")


def has_entry(meeting: Meeting) -> bool:
    """Whether there is, or was, anything to put into a calendar."""
    return meeting.starts_at is not None


def entry_of(us: Relationship, meeting: Meeting, *, language: str, now: datetime) -> bytes:
    """The file that adds a meeting which was agreed to a calendar, moves it there, or takes it out.

    A later file replaces an earlier one: its UID is the same and its SEQUENCE higher.
    """
    assert meeting.starts_at is not None  # noqa: S101 - `has_entry` comes first
    fell_through = us.ended_at is not None and meeting.starts_at > us.ended_at
    is_off = meeting.state == MeetingState.CANCELLED
    calendar = Calendar()
    calendar.add("prodid", "-//Tandem//Meetings//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "CANCEL" if is_off or fell_through else "REQUEST")
    event = Event()
    event.add("uid", f"{meeting.uid}@tandem")
    event.add("sequence", meeting.sequence + (fell_through and not is_off))
    event.add("dtstamp", now.replace(microsecond=0))
    event.add("dtstart", meeting.starts_at)
    event.add("dtend", meeting.starts_at + timedelta(minutes=meeting.minutes))
    event.add("summary", _summary(us, language))
    event.add("status", "CANCELLED" if is_off or fell_through else "CONFIRMED")
    if meeting.place:
        event.add("location", meeting.place)
    if link := link_of(meeting.place):
        event.add("url", vUri(quote(link, safe=":/?#[]@!$&'()*+,;=%~")))
    for name, address in (("organizer", us.startup.email), ("attendee", us.counterpart.email)):
        if us.is_active and address and is_address(address):
            event.add(name, vCalAddress(f"mailto:{quote(address, safe='@+')}"))
    calendar.add_component(event)
    return bytes(calendar.to_ical())


def _summary(us: Relationship, language: str) -> str:
    names = {"startup": us.startup.name, "other": us.counterpart.name}
    return " ".join(say_in(language, Message(_SUMMARY, names)).split())
