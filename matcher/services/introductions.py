"""One side asks to be put together with the other, and what becomes of that until the match says it.

Requests to mentors become an offer at once, unless the programme routes them; those between start-ups and
funding partners wait for a manager, who passes them on or refuses them. The asker's own answer to the
offer is given: asking is accepting.
"""

import secrets
from collections.abc import Mapping

from sqlalchemy.orm import Session

from matcher.models import (
    AuditEvent,
    Introduction,
    IntroductionState,
    Kind,
    Match,
    MatchState,
    Programme,
    utcnow,
)
from matcher.profiles.text import clean
from matcher.services import audit, letters
from matcher.services.asking import TOLD, Sides, current, obstacle, sides_of
from matcher.services.errors import Conflict, NotAllowed, NotFound
from matcher.services.locking import lock_programme
from matcher.services.notices import manager_path, notify, notify_managers, own_path
from matcher.services.publishing import (
    ANSWER_WITHIN,
    SIDES,
    Link,
    Side,
    call_off,
    digest,
    get_match,
)
from matcher.services.recommendations import dump_reasons
from matcher.services.review import OPEN, recommended
from matcher.services.steps import Image, Pair, find, image_of, in_state, take
from matcher.services.succession import follow_loss, leave_waiting
from matcher.services.tidings import tell_request
from matcher.services.whynot import explain_pair
from matcher.wording import N_, Message

LONGEST = 600
"""Characters of a message, a question, a reply or a reason."""
_EMPTY = N_("Write a sentence or two.")
_TOO_LONG = N_("Write at most %(most)d characters; these are %(count)d.")
_WAITS_FOR_YOU = N_("%(name)s asks for %(other)s. Pass it on, or say why not.")
NO_LONGER_OPEN = N_("This request is no longer open.")
OTHER: Mapping[str, Side] = {"startup": "counterpart", "counterpart": "startup"}


def ask(
    session: Session,
    programme: Programme,
    pair: Pair,
    by: Side,
    *,
    message: str,
    account_id: int | None,
    link: Link,
) -> Introduction:
    """Ask for somebody: a founder for a mentor or funding partner, a funding partner for a start-up.

    Raises:
        NotFound: the programme has no such start-up and counterpart.
        NotAllowed: they cannot be asked for now, and why; or the message is empty or too long.
    """
    text = checked(message)
    lock_programme(session, programme)
    sides = sides_of(session, programme, pair, by)
    if sides.asker.kind == Kind.MENTOR:
        raise NotAllowed(Message(N_("Start-ups ask mentors, not the other way round.")))
    if refusal := obstacle(session, programme, sides):
        raise NotAllowed(refusal)
    request = Introduction(
        programme_id=programme.id,
        startup_id=pair[0],
        counterpart_id=pair[1],
        asked_by=by,
        account_id=account_id,
        message=text,
        state=IntroductionState.ROUTED.value,
    )
    session.add(request)
    session.flush()
    if programme.routed or sides.kind is Kind.FUNDER:
        log(session, request, sides.asker.ref, "introduction.asked")
        notify_managers(
            session,
            programme,
            key=f"introduction.asked:{request.id}",
            message=Message(_WAITS_FOR_YOU, {"name": sides.asker.name, "other": sides.asked.name}),
            path=manager_path(programme, "requests"),
        )
    else:
        _offer(session, programme, request, sides, actor=sides.asker.ref, link=link)
    return request


def pass_on(session: Session, programme: Programme, request_id: int, *, actor: str, link: Link) -> AuditEvent:
    """A manager lets a request through: the other side is asked now.

    Raises:
        NotFound: the programme has no such request.
        Conflict: it was decided about already.
        NotAllowed, CapacityReached: the pair cannot be any more.
    """
    lock_programme(session, programme)
    request = _routed(session, programme, request_id)
    sides = sides_of(session, programme, pair_of(request), request.asked_by)
    for profile in (sides.startup, sides.counterpart):
        if profile.is_paused:
            raise NotAllowed(Message(N_("%(name)s takes nobody new at present."), {"name": profile.name}))
    return _offer(session, programme, request, sides, actor=actor, link=link)


def refuse(session: Session, programme: Programme, request_id: int, *, note: str, actor: str) -> None:
    """A manager does not pass a request on; whoever asked reads why.

    Raises:
        NotFound, Conflict: as `pass_on`.
        NotAllowed: the reason is empty or too long.
    """
    reason = checked(note)
    lock_programme(session, programme)
    request = _routed(session, programme, request_id)
    request.state, request.note = IntroductionState.REFUSED.value, reason
    request.decided_at = utcnow()
    log(session, request, actor, "introduction.refused")
    sides = sides_of(session, programme, pair_of(request), request.asked_by)
    letter = letters.not_passed_on(programme, sides.asker, sides.asked, reason)
    key = f"introduction.refused:{request.id}"
    tell_request(
        session, key, sides.asker, sides.asked, letter, N_("Your request for %(other)s was not passed on.")
    )


def withdraw(session: Session, programme: Programme, request_id: int, profile_id: int) -> None:
    """Whoever asked takes it back, as long as nobody has answered.

    Raises:
        NotFound: they have no such request.
        NotAllowed: it was answered, or is over.
    """
    lock_programme(session, programme)
    request = own_request(session, programme, request_id, profile_id)
    sides = sides_of(session, programme, pair_of(request), request.asked_by)
    must_be(sides.asker.id == profile_id)
    if request.state == IntroductionState.ROUTED:
        log(session, request, sides.asker.ref, "introduction.withdrawn")
    else:
        offer = open_offer(session, programme, request)
        event = take(
            session, programme, sides.asker.ref, "match.withdrawn",
            {sides.pair: in_state(MatchState.WITHDRAWN, image_of(offer))},
        )  # fmt: skip
        asked = OTHER[request.asked_by]
        call_off(session, programme, event, [sides.pair], [side for side in SIDES if side == asked])
        follow_loss(session, programme, *sides.pair, actor=sides.asker.ref)
    request.state, request.decided_at = IntroductionState.WITHDRAWN.value, utcnow()
    session.flush()


def checked(text: str) -> str:
    """What somebody wrote to somebody else, fit to keep.

    Raises:
        NotAllowed: it is empty, or too long.
    """
    found = clean(text).strip()
    if not any(character.isalnum() for character in found):
        raise NotAllowed(Message(_EMPTY))
    if len(found) > LONGEST:
        raise NotAllowed(Message(_TOO_LONG, {"most": LONGEST, "count": len(found)}))
    return found


def _offer(
    session: Session, programme: Programme, request: Introduction, sides: Sides, *, actor: str, link: Link
) -> AuditEvent:
    """Make it an offer that only the other side has to answer, and write to them."""
    asked = OTHER[request.asked_by]
    secret, now = secrets.token_urlsafe(32), utcnow()
    image = in_state(
        MatchState.OFFERED,
        _image(session, programme, sides),
        offered_at=now.isoformat(),
        **{f"{request.asked_by}_answer": True, f"{asked}_token": digest(secret)},
    )
    event = take(
        session, programme, actor, "match.requested", {sides.pair: image}, after={"by": request.asked_by}
    )
    request.state, request.decided_at = IntroductionState.OFFERED.value, now
    session.flush()
    letter = letters.requested(programme, sides.asked, sides.asker, now + ANSWER_WITHIN, request.message)
    key = f"{event.action}:{event.id}:{sides.pair[0]}:{sides.pair[1]}:{asked}"
    tell_request(session, key, sides.asked, sides.asker, letter, N_("%(other)s asks for you."), link(secret))
    if actor != sides.asker.ref:
        notify(
            session,
            sides.asker,
            key=f"introduction.passed:{request.id}",
            message=Message(N_("Your request was passed on to %(other)s."), {"other": sides.asked.name}),
            path=own_path(session, sides.asker, "requests"),
        )
    leave_waiting(session, programme, sides.startup.id, sides.kind)
    return event


def _image(session: Session, programme: Programme, sides: Sides) -> Image:
    """What is known of the pair: from its match, from the start-up's list, or worked out now."""
    match = find(session, programme, [sides.pair]).get(sides.pair)
    if match is not None and match.state in TOLD:
        raise Conflict(Message(N_("They were put together already.")))
    known = image_of(match)
    kept: Image = {name: known[name] for name in ("score", "band", "reasons") if name in known}
    if match is not None and match.state in OPEN and match.note:
        kept["note"] = match.note
    if "score" not in kept:
        kept |= recommended(session, programme, sides.pair)
    if "score" not in kept:
        found = explain_pair(session, programme, sides.startup, sides.counterpart)
        if found.score is not None:
            kept |= {"score": found.score, "band": found.band, "reasons": dump_reasons(found.reasons)}
    return kept


def _routed(session: Session, programme: Programme, request_id: int) -> Introduction:
    request = session.get(Introduction, request_id, populate_existing=True)
    if request is None or request.programme_id != programme.id:
        raise NotFound(Message(N_("There is no such request.")))
    if request.state != IntroductionState.ROUTED:
        raise Conflict(Message(N_("Somebody decided about this request meanwhile, or it was withdrawn.")))
    return request


def own_request(session: Session, programme: Programme, request_id: int, profile_id: int) -> Introduction:
    """A request of which somebody is a side.

    Raises:
        NotFound: there is none.
    """
    request = session.get(Introduction, request_id, populate_existing=True)
    must_be(request is not None and request.programme_id == programme.id and profile_id in pair_of(request))
    assert request is not None  # noqa: S101 - was just made sure of
    return request


def open_offer(session: Session, programme: Programme, request: Introduction) -> Match:
    """The offer that a request became, while the other side has not answered.

    Raises:
        NotAllowed: it is not open.
    """
    if request.state != IntroductionState.OFFERED:
        raise NotAllowed(Message(NO_LONGER_OPEN))
    match = get_match(session, programme, pair_of(request))
    session.refresh(match)
    if match.state != MatchState.OFFERED or current(session, match) is not request:
        raise NotAllowed(Message(NO_LONGER_OPEN))
    return match


def must_be(fact: bool) -> None:  # noqa: FBT001 - reads as a sentence
    """Refuse to know of a request whose sides are others."""
    if not fact:
        raise NotFound(Message(N_("There is no such request.")))


def pair_of(request: Introduction) -> Pair:
    """Both sides' ids."""
    return request.startup_id, request.counterpart_id


def log(session: Session, request: Introduction, actor: str, action: str) -> AuditEvent:
    """Note what was done with a request, about whoever asked."""
    asker = request.startup_id if request.asked_by == "startup" else request.counterpart_id
    return audit.record(
        session, request.programme_id, actor, action, f"profile:{asker}", after={"request": request.id}
    )
