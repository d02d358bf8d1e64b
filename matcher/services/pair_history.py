"""What a pair did, for managers: dates, lengths and answers; not what the two wrote to each other."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.models import Goal, Meeting, Programme, SessionLog, Survey
from matcher.services.steps import Pair


@dataclass(frozen=True, slots=True)
class HeldSession:
    """A session without what was said in it."""

    held_on: date
    minutes: int
    written_by: str
    is_confirmed: bool
    is_disputed: bool


@dataclass(frozen=True, slots=True)
class PlannedMeeting:
    """A meeting without its place."""

    state: str
    starts_at: datetime | None
    minutes: int


@dataclass(frozen=True, slots=True)
class SetGoal:
    """A goal without its words."""

    due: date | None
    done_on: date | None
    dropped: bool


@dataclass(frozen=True, slots=True)
class History:
    """The latest first."""

    sessions: Sequence[HeldSession]
    meetings: Sequence[PlannedMeeting]
    goals: Sequence[SetGoal]
    surveys: Sequence[Survey]


def read_history(session: Session, programme: Programme, pair: Pair) -> History:
    """All that managers may know of what a pair did together."""
    logs = session.scalars(_of(SessionLog, programme, pair).order_by(SessionLog.held_on.desc()))
    held = [
        HeldSession(
            log.held_on, log.minutes, log.written_by, log.confirmed_at is not None, bool(log.objection)
        )
        for log in logs
    ]
    planned = [
        PlannedMeeting(meeting.state, meeting.starts_at, meeting.minutes)
        for meeting in session.scalars(_of(Meeting, programme, pair).order_by(Meeting.id.desc()))
    ]
    goals = [
        SetGoal(goal.due, goal.done_on, goal.dropped)
        for goal in session.scalars(_of(Goal, programme, pair).order_by(Goal.id.desc()))
    ]
    surveys = session.scalars(_of(Survey, programme, pair).order_by(Survey.asked_at.desc(), Survey.side))
    return History(held, planned, goals, surveys.all())


def _of(model: Any, programme: Programme, pair: Pair) -> Any:
    return select(model).where(
        model.programme_id == programme.id, model.startup_id == pair[0], model.counterpart_id == pair[1]
    )
