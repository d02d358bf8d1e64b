"""Requests that nobody need decide about: their start-up has whom it may have, or a side has left."""

from collections.abc import Collection, Sequence

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from matcher.models import (
    Introduction,
    IntroductionState,
    Kind,
    Match,
    MatchState,
    Profile,
    Programme,
    utcnow,
)
from matcher.services import audit, tidings
from matcher.services.asking import IS_ROUTED, current, sides_of
from matcher.services.capacity import asks, is_own_request, settled_for
from matcher.services.errors import NotAllowed
from matcher.services.notices import notify, own_path
from matcher.services.places import startup_places
from matcher.services.rules import current_rules
from matcher.services.steps import Pair, find, image_of, in_state, take
from matcher.services.succession import offer_place
from matcher.wording import N_, Message

ACTOR = "tandem"
_TOO_LATE = N_("%(name)s has found somebody meanwhile, and has no place left.")
_HAS_ALL = N_(
    "You have as many as this programme gives to a start-up, so these requests of yours were closed for you: "
    "%(names)s."
)
_LEFT = N_("%(other)s takes no part in the programme any more, so your request was closed.")


def make_room(session: Session, programme: Programme, pair: Pair) -> None:
    """Before a pair becomes a match: where it fills its start-up's places, the other requests are closed.

    Raises:
        NotAllowed: the start-up asked for it, and its places are filled already.
    """
    startup, other = (session.get_one(Profile, profile_id) for profile_id in pair)
    kind = Kind(other.kind)
    most = startup_places(current_rules(session, programme)[1], kind)
    settled = settled_for(session, startup.id, kind)
    is_asked = asks(image_of(find(session, programme, [pair]).get(pair)))
    if is_asked and settled >= most:
        raise NotAllowed(Message(_TOO_LATE, {"name": startup.name}))
    if settled + is_asked >= most:
        _close(session, programme, startup, kind, but=pair)


def close_surplus(session: Session, programme: Programme) -> None:
    """After start-ups were given fewer places: close the requests of those who have no place left."""
    rules = current_rules(session, programme)[1]
    asking = session.execute(
        select(Match.startup_id, Profile.kind)
        .join(Profile, Profile.id == Match.counterpart_id)
        .where(Match.programme_id == programme.id, is_own_request())
        .distinct()
        .order_by(Match.startup_id)
    ).all()
    for startup_id, kind in asking:
        if settled_for(session, startup_id, Kind(kind)) >= startup_places(rules, Kind(kind)):
            _close(session, programme, session.get_one(Profile, startup_id), Kind(kind))


def close_of(session: Session, programme: Programme, leaver: Profile, *, actor: str) -> None:
    """Close what waits for a manager and was asked by or for somebody who leaves.

    Whoever asked for them is told; whom they asked for never knew.
    """
    requests = session.scalars(
        select(Introduction)
        .where(
            Introduction.programme_id == programme.id,
            IS_ROUTED,
            or_(Introduction.startup_id == leaver.id, Introduction.counterpart_id == leaver.id),
        )
        .order_by(Introduction.id)
    ).all()
    for request in requests:
        sides = sides_of(session, programme, (request.startup_id, request.counterpart_id), request.asked_by)
        _shut(session, request, sides.asker, IntroductionState.LEFT, actor)
        if sides.asker.id != leaver.id:
            notify(
                session,
                sides.asker,
                key=f"introduction.left:{request.id}",
                message=Message(_LEFT, {"other": leaver.name}),
                path=own_path(session, sides.asker, "requests"),
            )


def overtake(session: Session, programme: Programme, pairs: Collection[Pair]) -> None:
    """After both sides were offered these pairs: nothing of them waits to be passed on, now or later."""
    routed = session.scalars(select(Introduction).where(Introduction.programme_id == programme.id, IS_ROUTED))
    for request in routed:
        if (request.startup_id, request.counterpart_id) in pairs:
            request.state, request.decided_at = IntroductionState.OVERTAKEN.value, utcnow()
    session.flush()


def _close(
    session: Session, programme: Programme, startup: Profile, kind: Kind, *, but: Pair | None = None
) -> None:
    """Withdraw a start-up's open requests, tell whoever was asked, and give the places on."""
    told = {pair: match for pair, match in _offers(session, startup, kind).items() if pair != but}
    routed = _routed(session, startup, kind)
    for request in routed:
        _shut(session, request, startup, IntroductionState.FILLED, ACTOR)
    others = [session.get_one(Profile, request.counterpart_id) for request in routed]
    if told:
        requests = [current(session, match) for match in told.values()]
        changes = {pair: in_state(MatchState.WITHDRAWN, image_of(match)) for pair, match in told.items()}
        event = take(session, programme, ACTOR, "match.surplus", changes)
        for request in filter(None, requests):
            request.state = IntroductionState.FILLED.value  # `decided_at` goes on naming its offer
        for pair in told:
            asked = session.get_one(Profile, pair[1])
            key = f"{event.action}:{event.id}:{pair[0]}:{pair[1]}:counterpart"
            tidings.tell_side(session, programme, asked, startup, key, tidings.FILLED)
            offer_place(session, programme, asked.id, actor=ACTOR)
            others.append(asked)
    if others:
        notify(
            session,
            startup,
            key=f"introduction.filled:{startup.id}:{utcnow().isoformat()}",
            message=Message(_HAS_ALL, {"names": [other.name for other in others]}),
            path=own_path(session, startup, "requests"),
        )


def _offers(session: Session, startup: Profile, kind: Kind) -> dict[Pair, Match]:
    """What a start-up has asked for, with whoever was asked still to answer."""
    found = session.scalars(
        select(Match)
        .join(Profile, Profile.id == Match.counterpart_id)
        .where(Match.startup_id == startup.id, Profile.kind == kind, is_own_request())
        .order_by(Match.id)
    )
    return {(match.startup_id, match.counterpart_id): match for match in found}


def _routed(session: Session, startup: Profile, kind: Kind) -> Sequence[Introduction]:
    """What a start-up has asked for, with a manager still to pass it on."""
    return session.scalars(
        select(Introduction)
        .join(Profile, Profile.id == Introduction.counterpart_id)
        .where(
            Introduction.startup_id == startup.id,
            Introduction.asked_by == "startup",
            Profile.kind == kind,
            IS_ROUTED,
        )
        .order_by(Introduction.id)
    ).all()


def _shut(
    session: Session, request: Introduction, asker: Profile, state: IntroductionState, actor: str
) -> None:
    """Note that a request which waited for a manager is over, and why."""
    request.state, request.decided_at = state.value, utcnow()
    audit.record(
        session, request.programme_id, actor, "introduction.closed", f"profile:{asker.id}",
        after={"request": request.id},
    )  # fmt: skip
    session.flush()
