"""What a pair wants to reach, and how far it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from matcher.models import Goal, Programme, Side
from matcher.services.errors import Conflict, NotAllowed
from matcher.services.relationships import (
    Invalid,
    Relationship,
    change_as,
    columns_of,
    get_row,
    read_text,
    record,
    rows_of,
    tell_other,
)
from matcher.services.steps import Pair
from matcher.wording import N_, Message

TEXT = 500
MOST = 50
_FURTHEST = timedelta(days=5 * 366)

Turn = Literal["done", "dropped", "reopened"]
TURNS: tuple[Turn, ...] = ("done", "dropped", "reopened")

_TEXT = N_("Say what you want to reach.")
_DUE = N_("This is too far from today. Check the year.")
_MEANWHILE = N_(
    "Somebody changed this goal meanwhile. It reads now: “%(text)s”. Save yours once more if it should stand."
)
_MANY = N_("You have %(most)d goals. Finish or drop some before you add another.")


@dataclass(frozen=True, slots=True)
class Progress:
    """How many goals there are of each sort; each is counted once."""

    done: int
    open: int
    overdue: int
    dropped: int

    @property
    def total(self) -> int:
        """Goals that the pair still has, or has reached."""
        return self.done + self.open + self.overdue


def list_goals(session: Session, us: Relationship) -> list[Goal]:
    """The pair's goals: those still to reach first, the earliest due first."""
    found = session.scalars(rows_of(Goal, us).order_by(Goal.id)).all()
    return sorted(found, key=lambda g: (g.dropped, g.done_on is not None, g.due or date.max, g.id))


def set_goal(
    session: Session,
    programme: Programme,
    pair: Pair,
    side: Side,
    *,
    text: str,
    due: date | None,
    today: date,
) -> Goal:
    """Add a goal; either side may.

    Raises:
        NotFound, NotAllowed: as for every change; or there are too many.
        Invalid: by field.
    """
    us = change_as(session, programme, pair, side)
    text = _check(text, due, today)
    same = rows_of(Goal, us).where(Goal.text == text, Goal.done_on.is_(None), ~Goal.dropped)
    if found := session.scalars(same).first():  # a button pressed twice
        found.due = due
        return found
    have = rows_of(Goal, us).where(Goal.done_on.is_(None), ~Goal.dropped)
    if (session.scalar(select(func.count()).select_from(have.subquery())) or 0) >= MOST:
        raise NotAllowed(Message(_MANY, {"most": MOST}))
    goal = Goal(**columns_of(us), text=text, due=due, set_by=side.value)
    session.add(goal)
    session.flush()
    record(session, us, "goal.added")
    tell_other(session, us, f"goal:{goal.id}", N_("%(other)s added a goal."))
    return goal


def change(
    session: Session,
    programme: Programme,
    pair: Pair,
    side: Side,
    goal_id: int,
    *,
    text: str,
    due: date | None,
    today: date,
    seen: str,
) -> Goal:
    """Put a goal in other words, or give it another day.

    Raises:
        NotFound, NotAllowed: as for every change.
        Conflict: it is not as it was `seen` any more.
        Invalid: by field.
    """
    us = change_as(session, programme, pair, side)
    goal = get_row(session, Goal, us, goal_id)
    if (goal.text, goal.due) == (text.strip(), due):  # a button pressed twice
        return goal
    if seen != stamp(goal):
        raise Conflict(Message(_MEANWHILE, {"text": goal.text}))
    goal.text, goal.due = _check(text, due, today), due
    session.flush()
    record(session, us, "goal.changed")
    return goal


def turn(
    session: Session, programme: Programme, pair: Pair, side: Side, goal_id: int, how: Turn, *, today: date
) -> Goal:
    """Say that a goal is reached, or dropped, or that it is neither after all.

    Raises:
        NotFound, NotAllowed: as for every change.
    """
    us = change_as(session, programme, pair, side)
    goal = get_row(session, Goal, us, goal_id)
    before = goal.dropped, goal.done_on
    goal.dropped = how == "dropped"
    goal.done_on = (goal.done_on or today) if how == "done" else None
    session.flush()
    if before != (goal.dropped, goal.done_on):  # a button pressed twice
        record(session, us, f"goal.{how}")
    if how == "done":
        tell_other(session, us, f"goal:{goal.id}:done:{today}", N_("%(other)s says that a goal is reached."))
    return goal


def stamp(goal: Goal) -> str:
    """A short text that is another as soon as the goal's words or its day are."""
    return sha256(repr((goal.text, goal.due)).encode()).hexdigest()[:16]


def progress_of(goals: Sequence[Goal], today: date) -> Progress:
    """How far the pair is."""
    kept = [goal for goal in goals if not goal.dropped]
    done = sum(goal.done_on is not None for goal in kept)
    late = sum(is_overdue(goal, today) for goal in kept)
    return Progress(done, len(kept) - done - late, late, len(goals) - len(kept))


def is_overdue(goal: Goal, today: date) -> bool:
    """Whether it should have been reached by now."""
    return not goal.dropped and goal.done_on is None and goal.due is not None and goal.due < today


def _check(text: str, due: date | None, today: date) -> str:
    problems: dict[str, Message] = {}
    text = read_text(problems, "text", text, TEXT, _TEXT)
    if due is not None and abs(due - today) > _FURTHEST:
        problems["due"] = Message(_DUE)
    if problems:
        raise Invalid(problems)
    return text
