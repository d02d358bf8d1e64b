"""What time demands: offers that nobody answers are reminded of twice, then closed, and the place given to
the next best; matched pairs are asked how it goes."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Engine, or_, select
from sqlalchemy.orm import Session

from matcher.db import unit_of_work
from matcher.models import AuditEvent, Match, MatchState, Programme
from matcher.services import letters, surveys, tidings
from matcher.services.asking import current
from matcher.services.locking import lock_programme
from matcher.services.publishing import ANSWER_WITHIN, Side, answer_address, both_sides, call_off, readers
from matcher.services.steps import image_of, in_state, take
from matcher.services.succession import follow_loss

REMIND_AFTER = (timedelta(days=5), timedelta(days=10))
ACTOR = "tandem"


def due_programmes(session: Session, now: datetime) -> Sequence[int]:
    """Ids of the programmes in which an offer is to be reminded of or closed, or a pair to be asked."""
    offers = session.scalars(select(Match.programme_id).where(_is_due(now)).distinct()).all()
    return sorted({*offers, *surveys.due_programmes(session, now)})


def follow_up_all(
    engine: Engine, programme_id: int, now: datetime, progress: Callable[[int, int], None]
) -> int:
    """Follow up all that is due, some in each transaction; how many. `progress` gets (done, done)."""
    done = 0
    while True:
        with unit_of_work(engine) as session:
            followed = follow_up(session, session.get_one(Programme, programme_id), now)
        if not followed:
            return done
        done += followed
        progress(done, done)


def follow_up(session: Session, programme: Programme, now: datetime, limit: int = 50) -> int:
    """Remind of some of the programme's offers, or close them, and ask pairs, as `now` demands.

    How many, 0 when done. Doing it twice does it once. A worker that slept through both reminders sends
    the later alone.
    """
    lock_programme(session, programme)
    due = session.scalars(
        select(Match).where(Match.programme_id == programme.id, _is_due(now)).order_by(Match.id).limit(limit)
    ).all()
    for match in due:
        age = now - (match.offered_at or now)
        if age >= ANSWER_WITHIN:
            _expire(session, programme, match)
        else:
            _remind(session, programme, match, sum(age >= after for after in REMIND_AFTER))
    return len(due) + surveys.ask_due(session, programme, now, limit)


def _is_due(now: datetime) -> ColumnElement[bool]:
    reminded = [
        (Match.reminders < number) & (Match.offered_at <= now - after)
        for number, after in enumerate(REMIND_AFTER, start=1)
    ]
    return (Match.state == MatchState.OFFERED) & or_(Match.offered_at <= now - ANSWER_WITHIN, *reminded)


def _remind(session: Session, programme: Programme, match: Match, reminders: int) -> None:
    pair = (match.startup_id, match.counterpart_id)
    until = (match.offered_at or match.decided_at) + ANSWER_WITHIN
    image = in_state(MatchState.OFFERED, image_of(match), reminders=reminders)
    event = take(session, programme, ACTOR, "match.reminded", {pair: image})
    answered: dict[Side, bool | None] = {
        "startup": match.startup_answer,
        "counterpart": match.counterpart_answer,
    }
    request = current(session, match)
    waits_for_reply = request is not None and bool(request.question) and not request.reply
    for side, reader, other in readers(pair, both_sides(session, [pair])):
        key = f"{event.action}:{event.id}:{pair[0]}:{pair[1]}:{side}"
        if request is not None and waits_for_reply:  # whoever asked back waits, too
            if side == request.asked_by:
                letter = letters.question_waits(programme, reader, other, request.question)
                tidings.tell_request(session, key, reader, other, letter, tidings.QUESTION_WAITS)
        elif answered[side] is None:
            tidings.tell_side(
                session, programme, reader, other, key, tidings.REMINDED,
                until=until, link=answer_address(session, reader, pair, side),
            )  # fmt: skip


def _expire(session: Session, programme: Programme, match: Match) -> None:
    pair = (match.startup_id, match.counterpart_id)
    event: AuditEvent = take(
        session, programme, ACTOR, "match.expired", {pair: in_state(MatchState.EXPIRED, image_of(match))}
    )  # fmt: skip
    call_off(session, programme, event, [pair])
    tidings.tell_managers(session, programme, event, MatchState.EXPIRED, pair)
    follow_loss(session, programme, *pair, actor=ACTOR)
