"""What people are told about coming in and leaving. Subjects say nothing that a stranger should not see."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from matcher.models import Invitation, Mail, Programme, Role
from matcher.profiles.speech import say_in
from matcher.services import mailing
from matcher.services.letters import Letter
from matcher.wording import N_, Message, Term

_ASKED: Mapping[Role, str] = {
    Role.FOUNDER: N_("You are invited to take part in %(programme)s as a founder."),
    Role.MENTOR: N_("You are invited to take part in %(programme)s as a mentor."),
    Role.FUNDER: N_("You are invited to take part in %(programme)s as a funding partner."),
    Role.MANAGER: N_("You are invited to run %(programme)s as a programme manager."),
}
_ASKED_FOR: Mapping[Role, str] = {
    Role.FOUNDER: N_("Somebody, we hope you, asked to take part in %(programme)s as a founder."),
    Role.MENTOR: N_("Somebody, we hope you, asked to take part in %(programme)s as a mentor."),
    Role.FUNDER: N_("Somebody, we hope you, asked to take part in %(programme)s as a funding partner."),
}
_STRANGER = Message(N_("Hello,"))


def send(
    session: Session,
    address: str,
    *,
    key: str,
    language: str,
    letter: Letter,
    link: str = "",
    programme_id: int | None = None,
) -> Mail | None:
    """Write a letter with the link at its end to somebody at an address."""
    subject, paragraphs = letter
    told = [say_in(language, paragraph) for paragraph in paragraphs]
    return mailing.write_to(
        session,
        address,
        key=key,
        language=language,
        subject=say_in(language, subject),
        body="\n\n".join([*told, link] if link else told) + "\n",
        link=link,
        programme_id=programme_id,
    )


def invited(programme: Programme | None, invitation: Invitation) -> Letter:
    """Somebody is asked in, by a manager or by themselves."""
    last_day = Term("date", (invitation.expires_at - timedelta(days=1)).date().isoformat())
    how = Message(
        N_(
            "Open the address below by %(date)s and press the button there. It works once, and for you "
            "alone: do not pass it on. If you do nothing, nothing happens."
        ),
        {"date": last_day},
    )
    if programme is None:
        what = Message(N_("You are invited to run this installation of Tandem."))
        return Message(N_("Tandem: an invitation")), [_greeting(invitation.name), what, how]
    named = _named(programme)
    subject = Message(N_("%(programme)s: an invitation"), named)
    role = Role(str(invitation.role))
    if invitation.needs_approval:  # a stranger typed the name: it could be anything, in a letter of ours
        return subject, [_STRANGER, Message(_ASKED_FOR[role], named), how]
    return subject, [_greeting(invitation.name), Message(_ASKED[role], named), how]


def joined_before(programme: Programme) -> Letter:
    """Somebody asks to be let in who is in."""
    named = _named(programme)
    said = Message(
        N_(
            "Somebody, we hope you, asked to take part in %(programme)s. You have an account there already: "
            "sign in at the address below."
        ),
        named,
    )
    return Message(N_("%(programme)s: you take part already"), named), [_STRANGER, said]


def admitted(programme: Programme, name: str) -> Letter:
    """A manager let somebody in."""
    named = _named(programme)
    said = Message(N_("You take part in %(programme)s now. Your page there:"), named)
    return Message(N_("%(programme)s: you take part now"), named), [_greeting(name), said]


def refused(programme: Programme, name: str, reason: str) -> Letter:
    """A manager did not."""
    named = _named(programme)
    said = Message(N_("%(programme)s cannot take you in this time. Whoever runs it writes:"), named)
    quoted = Message("%(reason)s", {"reason": reason})
    return Message(N_("%(programme)s: about your registration"), named), [_greeting(name), said, quoted]


def removed(programme: Programme, name: str) -> Letter:
    """Somebody takes part no more."""
    named = _named(programme)
    said = Message(
        N_(
            "You take part in %(programme)s no more. If you did not expect that, write to whoever runs the "
            "programme. Your account stays, for other programmes."
        ),
        named,
    )
    return Message(N_("%(programme)s: about your taking part"), named), [_greeting(name), said]


def promoted(programme: Programme, name: str) -> Letter:
    """Somebody may run the programme, too."""
    named = _named(programme)
    said = Message(
        N_("You can run %(programme)s as a programme manager now. Sign in to see its pages:"), named
    )
    return Message(N_("%(programme)s: about your taking part"), named), [_greeting(name), said]


def _named(programme: Programme) -> dict[str, Any]:
    return {"programme": Message(N_("Sample programme")) if programme.is_sample else programme.name}


def _greeting(name: str) -> Message:
    return Message(N_("Hello %(name)s,"), {"name": name}) if name else _STRANGER
