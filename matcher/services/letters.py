"""What people are told about a match. Subjects say nothing that a stranger should not see."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from matcher.models import Kind, Profile, Programme
from matcher.wording import N_, Message, Term

Letter = tuple[Message, list[Message]]
"""Subject and paragraphs."""

_PROPOSED: Mapping[Kind, str] = {
    Kind.STARTUP: N_("We would like to put you together with the start-up %(other)s."),
    Kind.MENTOR: N_("We would like to put you together with the mentor %(other)s."),
    Kind.FUNDER: N_("We would like to introduce you to the funding partner %(other)s."),
}


def offered(programme: Programme, reader: Profile, other: Profile, until: datetime) -> Letter:
    """A proposal that waits for an answer."""
    return (
        Message(N_("%(programme)s: a proposal waits for your answer"), _named(programme)),
        [
            _greeting(reader),
            Message(_PROPOSED[Kind(other.kind)], {"other": other.name}),
            Message(
                N_("Please say until %(date)s whether that suits you. Who they are, and why:"),
                {"date": last_day(until)},
            ),
        ],
    )


def reminded(programme: Programme, reader: Profile, other: Profile, until: datetime) -> Letter:
    """The same again, shorter."""
    return (
        Message(N_("%(programme)s: a proposal still waits for your answer"), _named(programme)),
        [
            _greeting(reader),
            Message(
                N_("%(other)s is still waiting to hear from you. Please answer until %(date)s:"),
                {"other": other.name, "date": last_day(until)},
            ),
        ],
    )


def accepted(programme: Programme, reader: Profile, other: Profile) -> Letter:
    """Both sides said yes: now they may know how to reach each other."""
    contact = Message(
        N_("You can reach %(other)s at %(email)s."), {"other": other.name, "email": other.email}
    )
    missing = Message(N_("Your programme manager will put you in touch."))
    return (
        Message(N_("%(programme)s: you are matched"), _named(programme)),
        [
            _greeting(reader),
            Message(N_("You and %(other)s have both accepted."), {"other": other.name}),
            contact if other.email else missing,
        ],
    )


def called_off(programme: Programme, reader: Profile, other: Profile) -> Letter:
    """It will not come about, without saying whose doing that is."""
    return (
        Message(N_("%(programme)s: news about a proposal"), _named(programme)),
        [
            _greeting(reader),
            Message(
                N_(
                    "The proposal to put you together with %(other)s is no longer open. You need not do "
                    "anything: your programme manager is looking for somebody else."
                ),
                {"other": other.name},
            ),
        ],
    )


def ended(programme: Programme, reader: Profile, other: Profile) -> Letter:
    """A match is over, whoever wanted that."""
    return (
        Message(N_("%(programme)s: news about your match"), _named(programme)),
        [
            _greeting(reader),
            Message(
                N_("Your match with %(other)s has ended. Thank you for the time that you gave each other."),
                {"other": other.name},
            ),
        ],
    )


def last_day(until: datetime) -> Term:
    """The last whole day, wherever its reader's clock stands: offers close at an hour of the next."""
    return Term("date", (until - timedelta(days=1)).date().isoformat())


def _named(programme: Programme) -> dict[str, Any]:
    return {"programme": Message(N_("Sample programme")) if programme.is_sample else programme.name}


def _greeting(reader: Profile) -> Message:
    return Message(N_("Hello %(name)s,"), {"name": reader.name})
