"""What whoever is asked wants to know before answering: one question, and one reply."""

from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.models import Membership, Programme
from matcher.services import letters
from matcher.services.answers import by_secret
from matcher.services.asking import current, sides_of
from matcher.services.errors import NotAllowed
from matcher.services.introductions import (
    NO_LONGER_OPEN,
    OTHER,
    checked,
    log,
    must_be,
    open_offer,
    own_request,
    pair_of,
)
from matcher.services.locking import lock_programme
from matcher.services.publishing import answer_address
from matcher.services.tidings import tell_request
from matcher.wording import N_, Message

Page = Callable[[str, int], str]
"""From a programme's slug and a membership to the address of its requests."""


def ask_back(
    session: Session,
    programme: Programme,
    request_id: int,
    profile_id: int,
    *,
    question: str,
    page: Page | None = None,
) -> None:
    """Whoever was asked wants to know something first.

    Raises:
        NotFound: nobody asked them this.
        NotAllowed: it is no longer open, they have asked back already, or the question is empty or too long.
    """
    text = checked(question)
    lock_programme(session, programme)
    request = own_request(session, programme, request_id, profile_id)
    sides = sides_of(session, programme, pair_of(request), request.asked_by)
    must_be(sides.asked.id == profile_id)
    open_offer(session, programme, request)
    if request.question:
        raise NotAllowed(Message(N_("You have asked back once. Please accept or decline now.")))
    request.question = text
    log(session, request, sides.asked.ref, "introduction.questioned")
    letter = letters.asked_back(programme, sides.asker, sides.asked, text)
    member = session.scalar(select(Membership.id).where(Membership.profile_id == sides.asker.id))
    address = page(programme.slug, member) if page and member else ""
    key, notice = f"introduction.questioned:{request.id}", N_("%(other)s asks you something first.")
    tell_request(session, key, sides.asker, sides.asked, letter, notice, address)


def ask_back_at(session: Session, secret: str, *, question: str, page: Page | None = None) -> None:
    """The same at the secret address of an offer, for whoever has no account.

    Raises:
        NotFound: there is no such offer.
        NotAllowed: as `ask_back`; or nobody asked for them, so there is nobody to ask.
    """
    match, side = by_secret(session, secret)
    request = current(session, match)
    if request is None or request.asked_by == side:
        raise NotAllowed(Message(NO_LONGER_OPEN))
    programme = session.get_one(Programme, match.programme_id)
    asked = match.startup_id if side == "startup" else match.counterpart_id
    ask_back(session, programme, request.id, asked, question=question, page=page)


def reply(session: Session, programme: Programme, request_id: int, profile_id: int, *, text: str) -> None:
    """Whoever asked says what the other side wants to know.

    Raises:
        NotFound: they have no such request.
        NotAllowed: nothing waits for a reply, or it is empty or too long.
    """
    written = checked(text)
    lock_programme(session, programme)
    request = own_request(session, programme, request_id, profile_id)
    sides = sides_of(session, programme, pair_of(request), request.asked_by)
    must_be(sides.asker.id == profile_id)
    open_offer(session, programme, request)
    if not request.question or request.reply:
        raise NotAllowed(Message(N_("There is no question that waits for your reply.")))
    request.reply = written
    log(session, request, sides.asker.ref, "introduction.replied")
    letter = letters.replied(programme, sides.asked, sides.asker, written)
    address = answer_address(session, sides.asked, sides.pair, OTHER[request.asked_by])
    key, notice = f"introduction.replied:{request.id}", N_("%(other)s has replied to your question.")
    tell_request(session, key, sides.asked, sides.asker, letter, notice, address)
