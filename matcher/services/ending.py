"""A side ends a match, without blame: the other is thanked, not told why, and the place is given on."""

from enum import StrEnum

from sqlalchemy.orm import Session

from matcher.models import AuditEvent, Programme, Side, utcnow
from matcher.services.publishing import end_match
from matcher.services.relationships import Invalid, change_as, read_text
from matcher.services.steps import Pair
from matcher.services.surveys import ask_due
from matcher.wording import N_, Message

WORDS = 800


class Reason(StrEnum):
    """Why a match ends, in neutral terms."""

    REACHED = "reached"
    NO_TIME = "no-time"
    NO_FIT = "no-fit"
    OTHER = "other"


REASONS = {
    Reason.REACHED: N_("We have reached what we wanted"),
    Reason.NO_TIME: N_("No time for it any more"),
    Reason.NO_FIT: N_("Not the right fit"),
    Reason.OTHER: N_("Another reason"),
}
"""The log keeps these and says them in its reader's language."""

_REASON = N_("Choose one of the reasons.")


def end(
    session: Session, programme: Programme, pair: Pair, side: Side, *, reason: str, words: str
) -> AuditEvent:
    """End the match for both. Managers alone read the reason and the words; both are asked how it was.

    Raises:
        NotFound: the programme has no such match.
        NotAllowed: it has ended already.
        Invalid: by field: `reason`, `words`.
    """
    us = change_as(session, programme, pair, side)
    problems: dict[str, Message] = {}
    words = read_text(problems, "words", words, WORDS)
    if reason not in REASONS:
        problems["reason"] = Message(_REASON)
    if problems:
        raise Invalid(problems)
    note = "\n".join(text for text in (REASONS[Reason(reason)], words) if text)
    event = end_match(session, programme, pair, actor=us.me.ref, note=note)
    ask_due(session, programme, utcnow(), only=pair)
    return event
