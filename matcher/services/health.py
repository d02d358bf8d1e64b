"""How a programme's pairs are doing, for its managers: days, counts and what surveys say.

What pairs write to each other (topics, goals' texts, notes) is not read here.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.models import Goal, MatchState, Meeting, MeetingState, Programme, SessionLog, Side, Survey
from matcher.services.matches import MatchLine, list_matches
from matcher.services.relationships import beginnings
from matcher.services.steps import Pair
from matcher.wording import N_, Message

FEW = 3
"""Averages of fewer answers are not shown: they would be somebody's."""
FIRST_MEETING = 14
QUIET = 30
SILENT = 45
LOW = 2


class Level(StrEnum):
    """How much a pair needs somebody to look after it, the most first."""

    SILENT = "silent"
    LOOK = "look"
    ON_TRACK = "on-track"


ORDER = tuple(Level)


@dataclass(frozen=True, slots=True)
class Figures:
    """What a side answered last."""

    occasion: str
    helpful: int
    progress: int
    goes_on: bool | None
    comment: str
    answered_at: datetime


@dataclass(frozen=True, slots=True)
class Facts:
    """What the level follows from. Days are whole days until now."""

    days_together: int
    days_since_session: int | None
    """Since the last session that both sides confirm; None: there was none."""
    has_meeting: bool
    objections: int = 0
    goals_overdue: int = 0
    answers: tuple[Figures, ...] = ()


@dataclass(frozen=True, slots=True)
class PairHealth:
    """One active match."""

    line: MatchLine
    began_at: datetime
    last_session: date | None
    sessions: int
    unconfirmed: int
    next_meeting: datetime | None
    goals_done: int
    goals_open: int
    goals_overdue: int
    answers: Mapping[Side, Figures]
    facts: Facts
    level: Level
    reasons: Sequence[Message]


@dataclass(frozen=True, slots=True)
class Average:
    """What one side says on one occasion, all pairs together; no means where few have answered."""

    occasion: str
    side: str
    asked: int
    answered: int
    helpful: float | None
    progress: float | None
    goes_on: float | None
    """The part that wants to go on."""


def judge(facts: Facts) -> tuple[Level, list[Message]]:
    """The level of a pair, and what it follows from.

    * Silent: no confirmed session for 45 days (or ever, after 45 days together) and no meeting ahead.
    * Needs a look: no confirmed session for 30 days and no meeting ahead; neither session nor meeting
      after a fortnight together; a session that the other side objects to; a goal that is overdue; or
      somebody answered 1 or 2, or does not want to go on.
    * On track: all others.
    """
    reasons: list[Message] = []
    since = facts.days_together if facts.days_since_session is None else facts.days_since_session
    level = Level.ON_TRACK
    if not facts.has_meeting and since >= SILENT:
        level = Level.SILENT
    if not facts.has_meeting and facts.days_since_session is None and since >= FIRST_MEETING:
        reasons.append(Message(N_("They have not met yet")))
    elif not facts.has_meeting and since >= QUIET:
        reasons.append(Message(N_("No session for a while, and none planned")))
    if facts.objections:
        reasons.append(Message(N_("They disagree about a session")))
    if facts.goals_overdue:
        reasons.append(Message(N_("A goal is overdue")))
    if any(answer.goes_on is False for answer in facts.answers):
        reasons.append(Message(N_("Somebody does not want to go on")))
    elif any(min(answer.helpful, answer.progress) <= LOW for answer in facts.answers):
        reasons.append(Message(N_("Somebody is not content")))
    if reasons and level is Level.ON_TRACK:
        level = Level.LOOK
    return level, reasons


def read_health(
    session: Session, programme: Programme, now: datetime, only: Pair | None = None
) -> list[PairHealth]:
    """Every active match, or the one of a pair, those that need somebody most first."""
    lines = list_matches(session, programme, [MatchState.ACTIVE], having=only and only[0])
    lines = [line for line in lines if only in (None, _pair(line))]
    pairs = [_pair(line) for line in lines]
    began = beginnings(session, pairs)
    logs = _by_pair(session.scalars(_all(SessionLog, programme, only)))
    meetings = _by_pair(session.scalars(_all(Meeting, programme, only)))
    goals = _by_pair(session.scalars(_all(Goal, programme, only)))
    answered = _all(Survey, programme, only).where(Survey.answered_at.is_not(None))
    answers = _by_pair(session.scalars(answered))
    found = [
        _health(
            line, began.get(pair, line.match.decided_at), logs[pair], meetings[pair], goals[pair],
            answers[pair], now,
        )
        for line, pair in zip(lines, pairs, strict=True)
    ]  # fmt: skip
    return sorted(found, key=_worst_first)


def averages(session: Session, programme: Programme) -> list[Average]:
    """What each side says on each occasion, without means where fewer than three have answered."""
    groups: dict[tuple[str, str], list[Survey]] = defaultdict(list)
    for survey in session.scalars(_all(Survey, programme)):
        groups[survey.occasion, survey.side].append(survey)
    order = ["day-30", "day-60", "end"]
    return [
        _average(occasion, side, groups[occasion, side])
        for occasion, side in sorted(groups, key=lambda key: (order.index(key[0]), key[1] != Side.STARTUP))
    ]


def _average(occasion: str, side: str, surveys: Sequence[Survey]) -> Average:
    answered = [survey for survey in surveys if survey.answered_at is not None]
    wishes = [survey.goes_on for survey in answered if survey.goes_on is not None]
    return Average(
        occasion=occasion,
        side=side,
        asked=len(surveys),
        answered=len(answered),
        helpful=_mean([survey.helpful or 0 for survey in answered]),
        progress=_mean([survey.progress or 0 for survey in answered]),
        goes_on=_mean([int(wish) for wish in wishes]),
    )


def _mean(values: Sequence[int]) -> float | None:
    return sum(values) / len(values) if len(values) >= FEW else None


def _health(
    line: MatchLine,
    began_at: datetime,
    logs: Sequence[SessionLog],
    meetings: Sequence[Meeting],
    goals: Sequence[Goal],
    answers: Sequence[Survey],
    now: datetime,
) -> PairHealth:
    today = now.date()
    confirmed = [log for log in logs if log.confirmed_at is not None]
    last = max((log.held_on for log in confirmed), default=None)
    kept = [goal for goal in goals if not goal.dropped]
    undone = [goal for goal in kept if goal.done_on is None]
    # A day's grace: it may still be that day where the pair lives.
    overdue = sum(goal.due is not None and goal.due < today - timedelta(days=1) for goal in undone)
    ahead = min((start for m in meetings if (start := _start(m)) and start > now), default=None)
    latest = latest_answers(answers)
    facts = Facts(
        days_together=(now - began_at).days,
        days_since_session=None if last is None else max(0, (today - last).days),
        has_meeting=ahead is not None,
        objections=sum(bool(log.objection) for log in logs),
        goals_overdue=overdue,
        answers=tuple(latest.values()),
    )
    level, reasons = judge(facts)
    return PairHealth(
        line=line,
        began_at=began_at,
        last_session=last,
        sessions=len(confirmed),
        unconfirmed=len(logs) - len(confirmed),
        next_meeting=ahead,
        goals_done=len(kept) - len(undone),
        goals_open=len(undone) - overdue,
        goals_overdue=overdue,
        answers=latest,
        facts=facts,
        level=level,
        reasons=reasons,
    )


def latest_answers(surveys: Iterable[Survey]) -> dict[Side, Figures]:
    """What each side answered last."""
    answered = [(survey.answered_at, survey) for survey in surveys if survey.answered_at is not None]
    return {
        Side(survey.side): Figures(
            survey.occasion,
            survey.helpful or 0,
            survey.progress or 0,
            survey.goes_on,
            survey.comment,
            at,
        )
        for at, survey in sorted(answered, key=lambda each: each[0])
    }


def _worst_first(pair: PairHealth) -> tuple[int, int, int]:
    since = pair.facts.days_since_session
    quiet = pair.facts.days_together if since is None else since
    return ORDER.index(pair.level), -len(pair.reasons), -quiet


def _start(meeting: Meeting) -> datetime | None:
    return None if meeting.state == MeetingState.CANCELLED else meeting.starts_at


def _all(model: Any, programme: Programme, only: Pair | None = None) -> Any:
    rows = select(model).where(model.programme_id == programme.id)
    if only is None:
        return rows
    return rows.where(model.startup_id == only[0], model.counterpart_id == only[1])


def _by_pair(rows: Iterable[Any]) -> defaultdict[Pair, list[Any]]:
    found: defaultdict[Pair, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.startup_id, row.counterpart_id].append(row)
    return found


def _pair(line: MatchLine) -> Pair:
    return line.startup.id, line.counterpart.id
