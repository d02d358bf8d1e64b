"""Sessions, goals and notes: who may write, who confirms, and what nobody else reads."""

from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from matcher.models import Goal, PrivateNote, Programme, SessionLog, Side
from matcher.services import goals, private_notes, publishing, sessions
from matcher.services.errors import Conflict, NotAllowed, NotFound
from matcher.services.relationships import Invalid, read_as
from matcher.services.steps import Pair
from tests.matcher.matched import NOW, give_account, match
from tests.matcher.offers import fill

TODAY = NOW.date()

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def people(engine: Engine, programme: Programme) -> dict[str, int]:
    return fill(engine, programme)


@pytest.fixture
def pair(session: Session, programme: Programme, people: dict[str, int]) -> Pair:
    return match(session, programme, people, "S1", "M1")


def write(session: Session, programme: Programme, pair: Pair, **values: object) -> SessionLog:
    said = {"held_on": TODAY, "minutes": 60, "topics": "Tariffs", "next_steps": "", "now": NOW, **values}
    return sessions.write_down(session, programme, pair, Side.STARTUP, **said)  # type: ignore[arg-type]


@ON_SQLITE
def test_the_other_side_confirms_and_then_nothing_changes(
    session: Session, programme: Programme, pair: Pair
) -> None:
    log = write(session, programme, pair)
    seen = sessions.stamp(log)
    with pytest.raises(NotAllowed):
        sessions.confirm(session, programme, pair, Side.STARTUP, log.id, now=NOW, seen=seen)
    with pytest.raises(Conflict):
        sessions.confirm(session, programme, pair, Side.COUNTERPART, log.id, now=NOW, seen="another")
    for _ in range(2):
        sessions.confirm(session, programme, pair, Side.COUNTERPART, log.id, now=NOW, seen=seen)
    assert log.confirmed_at == NOW
    for late in (
        lambda: sessions.take_back(session, programme, pair, Side.STARTUP, log.id),
        lambda: sessions.object_to(
            session, programme, pair, Side.COUNTERPART, log.id, words="No.", seen=seen
        ),
    ):
        with pytest.raises(NotAllowed):
            late()


@ON_SQLITE
def test_an_objection_has_words_and_goes_away_when_the_writer_mends_it(
    session: Session, programme: Programme, pair: Pair
) -> None:
    log = write(session, programme, pair)
    seen, before = sessions.stamp(log), sessions.stamp_for_writer(log)
    with pytest.raises(Invalid):
        sessions.object_to(session, programme, pair, Side.COUNTERPART, log.id, words=" ", seen=seen)
    sessions.object_to(session, programme, pair, Side.COUNTERPART, log.id, words="It took 30.", seen=seen)
    assert log.objection == "It took 30."
    with pytest.raises(NotAllowed):
        sessions.take_back(session, programme, pair, Side.COUNTERPART, log.id)
    mended: dict[str, Any] = {
        "held_on": TODAY,
        "minutes": 30,
        "topics": "Tariffs",
        "next_steps": "",
        "now": NOW,
    }
    mend = partial(sessions.change, session, programme, pair, Side.STARTUP, log.id, **mended)
    with pytest.raises(Conflict):
        mend(seen=before)
    assert log.objection == "It took 30.", "who has not read it does not put it away"
    mend(seen=sessions.stamp_for_writer(log))
    assert log.objection == ""
    assert mend(seen=before) is log, "a button pressed twice"
    with pytest.raises(Conflict):
        sessions.confirm(session, programme, pair, Side.COUNTERPART, log.id, now=NOW, seen=seen)
    sessions.take_back(session, programme, pair, Side.STARTUP, log.id)
    with pytest.raises(NotFound):
        sessions.confirm(session, programme, pair, Side.COUNTERPART, log.id, now=NOW, seen=seen)


@ON_SQLITE
def test_a_day_is_to_come_or_not_on_the_writers_own_calendar(
    session: Session, programme: Programme, pair: Pair
) -> None:
    give_account(session, pair[0], "Asia/Kathmandu")
    evening = datetime(2026, 3, 1, 19, tzinfo=UTC)  # already the second there
    assert write(session, programme, pair, held_on=date(2026, 3, 2), now=evening)
    with pytest.raises(Invalid) as refused:
        write(session, programme, pair, held_on=date(2026, 3, 3), now=evening, minutes=0, topics="")
    assert refused.value.problems.keys() == {"held_on", "minutes", "topics"}


@ON_SQLITE
def test_the_same_session_sent_twice_is_written_once(
    session: Session, programme: Programme, pair: Pair
) -> None:
    assert write(session, programme, pair).id == write(session, programme, pair).id


@ON_SQLITE
def test_either_side_sets_reaches_drops_and_takes_up_goals(
    session: Session, programme: Programme, pair: Pair
) -> None:
    late = TODAY - timedelta(days=1)

    def add(text: str, due: date | None = None) -> Goal:
        return goals.set_goal(
            session, programme, pair, Side.COUNTERPART, text=text, due=due, today=TODAY
        )  # fmt: skip

    overdue, reached, dropped = add("First client", late), add("Price list", TODAY), add("Second site")
    assert add("Second site").id == dropped.id
    goals.turn(session, programme, pair, Side.STARTUP, reached.id, "done", today=TODAY)
    goals.turn(session, programme, pair, Side.STARTUP, dropped.id, "dropped", today=TODAY)
    us = read_as(session, programme, pair, Side.STARTUP)
    assert goals.list_goals(session, us) == [overdue, reached, dropped]
    assert goals.progress_of(goals.list_goals(session, us), TODAY) == goals.Progress(1, 0, 1, 1)
    goals.turn(session, programme, pair, Side.COUNTERPART, reached.id, "reopened", today=TODAY)
    assert (reached.done_on, goals.progress_of([reached], TODAY).open) == (None, 1)
    with pytest.raises(Invalid):
        add("", date(1926, 1, 1))


@ON_SQLITE
def test_a_note_is_one_sides_own_and_outlives_the_match(
    session: Session, programme: Programme, pair: Pair
) -> None:
    def keep(side: Side, text: str) -> None:
        private_notes.keep_note(session, programme, pair, side, text=text)

    def read(side: Side) -> str:
        return private_notes.read_note(session, read_as(session, programme, pair, side))

    keep(Side.STARTUP, "Ask about equity.")
    keep(Side.COUNTERPART, "Is late.")
    keep(Side.COUNTERPART, "Is often late.")
    assert (read(Side.STARTUP), read(Side.COUNTERPART)) == ("Ask about equity.", "Is often late.")
    publishing.end_match(session, programme, pair, actor="a")
    with pytest.raises(NotAllowed):
        write(session, programme, pair)
    keep(Side.COUNTERPART, "")
    assert [note.side for note in session.scalars(select(PrivateNote))] == ["startup"]


@ON_SQLITE
def test_another_pairs_rows_are_not_found(
    session: Session, programme: Programme, people: dict[str, int], pair: Pair
) -> None:
    other = match(session, programme, people, "S2", "M2")
    log = write(session, programme, other)
    goal = goals.set_goal(session, programme, other, Side.STARTUP, text="Theirs", due=None, today=TODAY)
    with pytest.raises(NotFound):
        sessions.take_back(session, programme, pair, Side.STARTUP, log.id)
    with pytest.raises(NotFound):
        goals.turn(session, programme, pair, Side.STARTUP, goal.id, "done", today=TODAY)
