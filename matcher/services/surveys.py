"""A few questions to each side: a month and two after they were matched, and when that ends."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, exists, select
from sqlalchemy.orm import Session, aliased

from matcher.models import (
    Match,
    MatchState,
    Membership,
    Occasion,
    Programme,
    Side,
    Survey,
)
from matcher.services.errors import NotAllowed, NotFound
from matcher.services.memberships import PRESENT
from matcher.services.relationships import (
    Invalid,
    Relationship,
    change_as,
    columns_of,
    read_as,
    read_text,
    rows_of,
    tell_side,
)
from matcher.services.steps import Pair
from matcher.wording import N_, Message

CHANGE_WITHIN = timedelta(days=7)
OPEN_FOR = timedelta(days=60)
"""How long one can still be answered."""
LEAST, MOST = 1, 5
COMMENT = 2_000

_WINDOWS = {
    Occasion.DAY_30: (timedelta(days=30), timedelta(days=60)),
    Occasion.DAY_60: (timedelta(days=60), timedelta(days=120)),
    Occasion.END: (timedelta(0), timedelta(days=60)),
}
"""From when to when after the beginning, or the end, somebody is asked. The windows do not overlap, so that
whoever comes late is asked one thing, and nobody is asked about what was long ago."""
_SIDES = {Side.STARTUP: Match.startup_id, Side.COUNTERPART: Match.counterpart_id}

_MISSING = N_("There is no such survey.")
_CLOSED = N_("This survey is closed. Thank you all the same.")
_SCALE = N_("Choose one of the five.")
_GOES_ON = N_("Choose yes or no.")


def ask_due(
    session: Session, programme: Programme, now: datetime, limit: int = 50, *, only: Pair | None = None
) -> int:
    """Ask all who are to be asked by `now` and have an account; how many. Doing it twice asks once.

    `lock_programme` comes first.
    """
    asked = 0
    for occasion in Occasion:
        for side in Side:
            due = _due(now, occasion, side).where(Match.programme_id == programme.id)
            if only is not None:
                due = due.where(Match.startup_id == only[0], Match.counterpart_id == only[1])
            for match in session.scalars(due.order_by(Match.id).limit(limit - asked)).all():
                us = read_as(session, programme, (match.startup_id, match.counterpart_id), side)
                _ask(session, us, occasion, now)
                asked += 1
    return asked


def due_programmes(session: Session, now: datetime) -> set[int]:
    """Ids of the programmes in which somebody is to be asked."""
    found: set[int] = set()
    for occasion in Occasion:
        for side in Side:
            rows = _due(now, occasion, side).with_only_columns(Match.programme_id).distinct()
            found |= set(session.scalars(rows))
    return found


def list_surveys(session: Session, us: Relationship) -> Sequence[Survey]:
    """What whoever looks was asked about this match, the latest first."""
    return session.scalars(
        rows_of(Survey, us).where(Survey.side == us.side).order_by(Survey.asked_at.desc(), Survey.id.desc())
    ).all()


def find_survey(session: Session, us: Relationship, occasion: Occasion) -> Survey:
    """What they were asked on this occasion.

    Raises:
        NotFound: nothing.
    """
    asked = rows_of(Survey, us).where(Survey.side == us.side, Survey.occasion == occasion)
    found = session.scalars(asked).first()
    if found is None:
        raise NotFound(Message(_MISSING))
    return found


def answer(
    session: Session,
    programme: Programme,
    pair: Pair,
    side: Side,
    occasion: Occasion,
    *,
    helpful: int,
    progress: int,
    goes_on: bool | None,
    comment: str,
    now: datetime,
) -> Survey:
    """Answer, or change the answer within a week. At the end nobody is asked whether it goes on.

    Raises:
        NotFound: one was not asked.
        NotAllowed: it is too late.
        Invalid: by field.
    """
    us = change_as(session, programme, pair, side, even_ended=True)
    survey = find_survey(session, us, occasion)
    if not is_open(survey, now):
        raise NotAllowed(Message(_CLOSED))
    problems = {
        name: Message(_SCALE)
        for name, value in (("helpful", helpful), ("progress", progress))
        if not LEAST <= value <= MOST
    }
    if goes_on is None and asks_to_go_on(survey):
        problems["goes_on"] = Message(_GOES_ON)
    comment = read_text(problems, "comment", comment, COMMENT)
    if problems:
        raise Invalid(problems)
    survey.helpful, survey.progress, survey.comment = helpful, progress, comment
    survey.goes_on = goes_on if asks_to_go_on(survey) else None
    survey.answered_at = survey.answered_at or now
    session.flush()
    return survey


def is_open(survey: Survey, now: datetime) -> bool:
    """Whether it can be answered, or the answer changed."""
    if survey.answered_at is not None:
        return now < survey.answered_at + CHANGE_WITHIN
    return now < survey.asked_at + OPEN_FOR


def asks_to_go_on(survey: Survey) -> bool:
    """Whether it has the question whether they want to go on."""
    return survey.occasion != Occasion.END


def _ask(session: Session, us: Relationship, occasion: Occasion, now: datetime) -> None:
    session.add(Survey(**columns_of(us), side=us.side.value, occasion=occasion.value, asked_at=now))
    session.flush()
    tell_side(
        session, us, us.me, us.other,
        f"survey:{us.startup.id}:{us.counterpart.id}:{occasion.value}",
        Message(N_("Three short questions about your time with %(other)s."), {"other": us.other.name}),
        f"/survey/{occasion.value}",
    )  # fmt: skip


def _due(now: datetime, occasion: Occasion, side: Side) -> Select[Match]:
    """Matches about which a side is to be asked: it has an account, and was not asked yet.

    A match changes no more once it is active until it ends, so `decided_at` is when it became what it is.
    """
    after, until = _WINDOWS[occasion]
    state = MatchState.ENDED if occasion is Occasion.END else MatchState.ACTIVE
    asked: ColumnElement[bool] = exists().where(
        Survey.startup_id == Match.startup_id,
        Survey.counterpart_id == Match.counterpart_id,
        Survey.side == side.value,
        Survey.occasion == occasion.value,
    )
    reader = aliased(Membership)
    can_read: ColumnElement[bool] = exists().where(
        reader.profile_id == _SIDES[side],
        reader.state.in_(PRESENT),
        reader.programme_id == Match.programme_id,
    )
    return select(Match).where(
        Match.state == state,
        Match.decided_at <= now - after,
        Match.decided_at > now - until,
        can_read,
        ~asked,
    )
