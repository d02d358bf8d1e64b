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
                N_("Please say by %(date)s whether that suits you. Who they are, and why:"),
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
                N_("%(other)s is still waiting to hear from you. Please answer by %(date)s:"),
                {"other": other.name, "date": last_day(until)},
            ),
        ],
    )


_REQUESTED: Mapping[Kind, str] = {
    Kind.STARTUP: N_("The start-up %(other)s asks whether you would take them on, and writes:"),
    Kind.MENTOR: N_("The mentor %(other)s would like to work with you, and writes:"),
    Kind.FUNDER: N_("The funding partner %(other)s would like to get to know you, and writes:"),
}
_QUOTED = N_("“%(text)s”")


def requested(programme: Programme, reader: Profile, other: Profile, until: datetime, text: str) -> Letter:
    """Somebody asks for the reader, in their own words."""
    return (
        Message(N_("%(programme)s: a request waits for your answer"), _named(programme)),
        [
            _greeting(reader),
            Message(_REQUESTED[Kind(other.kind)], {"other": other.name}),
            Message(_QUOTED, {"text": text}),
            Message(
                N_("Please say by %(date)s whether that suits you. Who they are, and why:"),
                {"date": last_day(until)},
            ),
        ],
    )


def asked_back(programme: Programme, reader: Profile, other: Profile, text: str) -> Letter:
    """Whom the reader asked for wants to know something first."""
    return (
        Message(N_("%(programme)s: a question about your request"), _named(programme)),
        [
            _greeting(reader),
            Message(N_("Before answering your request, %(other)s asks:"), {"other": other.name}),
            Message(_QUOTED, {"text": text}),
            Message(N_("Please reply on your page, under Requests. The time to answer goes on running.")),
        ],
    )


def question_waits(programme: Programme, reader: Profile, other: Profile, text: str) -> Letter:
    """The same again, to whoever has not replied yet."""
    return (
        Message(N_("%(programme)s: a question about your request still waits"), _named(programme)),
        asked_back(programme, reader, other, text)[1],
    )


def replied(programme: Programme, reader: Profile, other: Profile, text: str) -> Letter:
    """What the reader wanted to know."""
    return (
        Message(N_("%(programme)s: a reply to your question"), _named(programme)),
        [
            _greeting(reader),
            Message(N_("%(other)s replies to your question:"), {"other": other.name}),
            Message(_QUOTED, {"text": text}),
            Message(N_("Now please accept or decline:")),
        ],
    )


def not_passed_on(programme: Programme, reader: Profile, other: Profile, text: str) -> Letter:
    """A manager refused the reader's request, and says why."""
    return (
        Message(N_("%(programme)s: news about your request"), _named(programme)),
        [
            _greeting(reader),
            Message(N_("Your request for %(other)s was not passed on. Your programme manager writes:"),
                    {"other": other.name}),
            Message(_QUOTED, {"text": text}),
        ],
    )  # fmt: skip


def request_declined(programme: Programme, reader: Profile, other: Profile, instead: list[str]) -> Letter:
    """Whom the reader asked for did not accept."""
    told = Message(N_("%(other)s cannot accept your request this time."), {"other": other.name})
    return _closed(programme, reader, told, instead)


def request_unanswered(programme: Programme, reader: Profile, other: Profile, instead: list[str]) -> Letter:
    """Whom the reader asked for said nothing."""
    told = Message(N_("%(other)s has not answered your request in time."), {"other": other.name})
    return _closed(programme, reader, told, instead)


def _closed(programme: Programme, reader: Profile, told: Message, instead: list[str]) -> Letter:
    others = Message(N_("On your page you find others whom you could ask."))
    if instead:
        others = Message(
            N_("Who would suit you next: %(names)s. You can ask them on your page."), {"names": instead}
        )
    return (
        Message(N_("%(programme)s: news about your request"), _named(programme)),
        [_greeting(reader), told, others],
    )


def filled(programme: Programme, reader: Profile, other: Profile) -> Letter:
    """Who asked for the reader has found somebody else, who answered sooner."""
    return (
        Message(N_("%(programme)s: a request is closed"), _named(programme)),
        [
            _greeting(reader),
            Message(
                N_(
                    "%(other)s has found somebody meanwhile, so their request to you is closed. You need not "
                    "do anything. Thank you for being there to be asked."
                ),
                {"other": other.name},
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
