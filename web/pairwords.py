"""Pairs and what was done with them, in words: without a code or a number of ours."""

from datetime import datetime, timedelta
from math import ceil

from flask import Flask
from flask_babel import format_decimal, gettext, ngettext

from matcher.models import AuditEvent, utcnow
from matcher.services.logbook import LogLine
from matcher.services.plan import Places
from matcher.wording import N_
from web.i18n import text_direction
from web.pairing import here

_ACTIONS = {
    "match.approved": N_("Approved"),
    "match.rejected": N_("Rejected"),
    "match.locked": N_("Locked"),
    "match.unlocked": N_("Unlocked"),
    "match.moved": N_("Moved to somebody else"),
    "match.swapped": N_("Swapped"),
    "match.undone": N_("Taken back"),
    "match.suggested": N_("Proposed as the next best"),
    "match.published": N_("Published: both sides were told"),
    "match.expired": N_("Not answered in time"),
    "match.reminded": N_("Reminded"),
    "match.withdrawn": N_("Offer withdrawn"),
    "match.requested": N_("Asked for: the other side was told"),
    "introduction.asked": N_("Asked for: waits for a manager"),
    "introduction.refused": N_("Request not passed on"),
    "introduction.withdrawn": N_("Request withdrawn"),
    "introduction.closed": N_("Request closed"),
    "match.surplus": N_("Request closed: the start-up has found somebody"),
    "introduction.questioned": N_("Asked back before answering"),
    "introduction.replied": N_("Replied to a question"),
    "match.ended": N_("Match ended"),
    "meeting.proposed": N_("Meeting proposed"),
    "meeting.moved": N_("Other times for a meeting proposed"),
    "meeting.agreed": N_("Meeting agreed"),
    "meeting.cancelled": N_("Meeting called off"),
    "session.written": N_("Session written down"),
    "session.changed": N_("Session changed"),
    "session.removed": N_("Session removed"),
    "session.confirmed": N_("Session confirmed"),
    "session.disputed": N_("Session not agreed"),
    "goal.added": N_("Goal added"),
    "goal.changed": N_("Goal changed"),
    "goal.done": N_("Goal reached"),
    "goal.dropped": N_("Goal dropped"),
    "goal.reopened": N_("Goal taken up again"),
    "mentor.withdrawn": N_("Mentor left the programme"),
    "proposal.requested": N_("Asked for a proposal"),
    "proposal.made": N_("Proposal made"),
    "rules.saved": N_("Rules changed"),
    "wishes.set": N_("Wishes saved"),
    "programme.spread": N_("Changed whom lists show first"),
    "profile.capacity": N_("Changed how many they take"),
    "profile.paused": N_("Takes nobody new for now"),
    "profile.resumed": N_("Takes people again"),
    "question.added": N_("Question added"),
    "question.changed": N_("Question changed"),
    "question.removed": N_("Question removed"),
    "announcement.sent": N_("Message sent to a group"),
    "account.closed": N_("Closed their account"),
    "profile.saved": N_("Profile saved"),
    "profile.removed": N_("Profile removed"),
    "sheet.uploaded": N_("Sheet uploaded"),
    "sheet.imported": N_("Sheet imported"),
    "profile.withdrawn": N_("Left the programme"),
    "person.invited": N_("Invitation sent"),
    "person.uninvited": N_("Invitation taken back"),
    "person.joined": N_("Accepted the invitation"),
    "application.sent": N_("Profile sent"),
    "membership.admitted": N_("Let in"),
    "membership.refused": N_("Not admitted"),
    "person.removed": N_("Removed from the programme"),
    "person.promoted": N_("Made a manager"),
    "programme.settings": N_("Settings changed"),
    "programme.date": N_("Date changed"),
}
_ANYTHING_ELSE = N_("Something else was done")
_ACTORS = {
    "tandem": N_("Tandem itself"),
}


def action_name(event: AuditEvent) -> str:
    """What was done."""
    if event.action == "match.answered":
        said = N_("Accepted") if True in event.after.values() else N_("Declined")
        return str(gettext(said))
    return str(gettext(_ACTIONS.get(event.action, _ANYTHING_ELSE)))


def actor_name(line: LogLine) -> str:
    """Who did it: one of us, one of the pair, or whoever it says."""
    actor = line.event.actor
    if actor in _ACTORS:
        return str(gettext(_ACTORS[actor]))
    sides = {side.ref: side.name for change in line.changes for side in (change.startup, change.counterpart)}
    if line.profile:
        sides.setdefault(line.profile.ref, line.profile.name)
    return sides.get(actor, actor)


def note_lines(note: str) -> list[str]:
    """The lines of a note; those that were chosen from a list are in the reader's language."""
    return [gettext(line) for line in note.splitlines() if line.strip()]


def places(place: Places) -> str:
    """How many start-ups somebody takes, and how many they have."""
    taken = ngettext("%(num)d place taken", "%(num)d places taken", place.held)
    if place.capacity is not None:
        taken = gettext(
            "%(held)s of %(capacity)s places taken",
            held=format_decimal(place.held),
            capacity=format_decimal(place.capacity),
        )
    if not place.proposed:
        return str(taken)
    more = ngettext("%(num)d more proposed", "%(num)d more proposed", place.proposed)
    return f"{taken} · {more}"


def answered(answer: bool | None) -> str:  # noqa: FBT001 - a filter's value
    """What one side said to an offer."""
    if answer is None:
        return str(gettext("No answer yet"))
    return str(gettext("Accepts") if answer else gettext("Declines"))


def days_left(until: datetime) -> str:
    """How long an offer can still be answered."""
    left = until - utcnow()
    if left.days < 1:
        return str(gettext("Less than a day"))
    # Begun days count: who is given 14 days is not told 13 a second later.
    return str(ngettext("%(num)d day", "%(num)d days", ceil(left / timedelta(days=1))))


def _signed(value: float, pattern: str) -> str:
    """A difference, with the sign that typesetters use; one that is too small to see has none."""
    shown = format_decimal(abs(value), pattern)
    if shown == format_decimal(0, pattern):
        return str(shown)
    signed = f"+{shown}" if value > 0 else f"\u2212{shown}"
    return f"\u2066{signed}\u2069" if text_direction() == "rtl" else signed


def init(app: Flask) -> None:
    """Give them to the templates."""
    app.jinja_env.filters.update(
        action_name=action_name,
        actor_name=actor_name,
        note_lines=note_lines,
        places=places,
        answered=answered,
        days_left=days_left,
        score=lambda value: format_decimal(value, "#,##0.00"),
        signed=lambda value: _signed(value, "#,##0.00"),
        signed_count=lambda value: _signed(value, "#,##0"),
    )
    app.jinja_env.globals.update(back_here=here)
