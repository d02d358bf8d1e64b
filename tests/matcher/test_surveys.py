"""Surveys at day 30, 60 and the end; ending a match without blame; how a programme's pairs are doing."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from matcher.models import (
    Mail,
    Match,
    Mentor,
    Notice,
    Occasion,
    Programme,
    Side,
    Survey,
    utcnow,
)
from matcher.services import ending, health, sessions, surveys
from matcher.services.errors import NotAllowed, NotFound
from matcher.services.followup import due_programmes, follow_up
from matcher.services.health import Facts, Figures, Level
from matcher.services.relationships import Invalid, read_as
from matcher.services.steps import Pair, replay
from tests.matcher.matched import give_account, match
from tests.matcher.offers import fill, states_of

DAY = timedelta(days=1)


@pytest.fixture
def people(engine: Engine, programme: Programme) -> dict[str, int]:
    return fill(engine, programme)


@pytest.fixture
def pair(session: Session, programme: Programme, people: dict[str, int]) -> Pair:
    found = match(session, programme, people, "S1", "M1")
    give_account(session, found[0])
    give_account(session, found[1])
    return found


def asked(session: Session) -> list[tuple[str, str]]:
    rows = session.scalars(select(Survey).order_by(Survey.id))
    return [(row.occasion, row.side) for row in rows]


def reply(session: Session, programme: Programme, pair: Pair, side: Side, **values: object) -> Survey:
    said = {"helpful": 4, "progress": 3, "goes_on": True, "comment": "", "now": utcnow(), **values}
    return surveys.answer(session, programme, pair, side, Occasion.DAY_30, **said)  # type: ignore[arg-type]


def test_both_sides_are_asked_once_each_time(session: Session, programme: Programme, pair: Pair) -> None:
    began = read_as(session, programme, pair, Side.STARTUP).began_at
    for days, expected in ((29, 0), (30, 2), (31, 2), (60, 4), (90, 4)):
        now = began + days * DAY + timedelta(minutes=1)
        is_due = len(asked(session)) < expected
        assert (programme.id in due_programmes(session, now)) is is_due
        for _ in range(2):
            follow_up(session, programme, now)
        assert len(asked(session)) == expected, days
        assert programme.id not in due_programmes(session, now)
    assert asked(session) == [
        ("day-30", "startup"), ("day-30", "counterpart"), ("day-60", "startup"), ("day-60", "counterpart"),
    ]  # fmt: skip


def test_who_has_no_account_is_not_asked_and_who_comes_late_is_asked_one_thing(
    session: Session, programme: Programme, people: dict[str, int]
) -> None:
    pair = match(session, programme, people, "S1", "M1")
    began = read_as(session, programme, pair, Side.STARTUP).began_at
    assert follow_up(session, programme, began + 40 * DAY) == 0
    give_account(session, pair[1])
    follow_up(session, programme, began + 70 * DAY)
    assert asked(session) == [("day-60", "counterpart")]


def test_an_answer_can_be_changed_for_a_week(session: Session, programme: Programme, pair: Pair) -> None:
    now = read_as(session, programme, pair, Side.STARTUP).began_at + 31 * DAY
    with pytest.raises(NotFound):
        reply(session, programme, pair, Side.STARTUP)
    follow_up(session, programme, now)
    with pytest.raises(Invalid) as refused:
        reply(session, programme, pair, Side.STARTUP, helpful=0, progress=6, goes_on=None, now=now)
    assert refused.value.problems.keys() == {"helpful", "progress", "goes_on"}
    survey = reply(session, programme, pair, Side.STARTUP, now=now)
    reply(session, programme, pair, Side.STARTUP, helpful=2, now=now + 6 * DAY)
    assert (survey.helpful, survey.answered_at) == (2, now)
    with pytest.raises(NotAllowed):
        reply(session, programme, pair, Side.STARTUP, helpful=5, now=now + 7 * DAY)
    with pytest.raises(NotAllowed):
        reply(session, programme, pair, Side.COUNTERPART, now=now + 61 * DAY)


def test_a_side_ends_a_match_without_blame(
    session: Session, programme: Programme, people: dict[str, int], pair: Pair
) -> None:
    session.get_one(Mentor, people["M2"]).capacity = 1
    assert read_as(session, programme, pair, Side.STARTUP).email == "m1@example.org"
    with pytest.raises(Invalid) as refused:
        ending.end(session, programme, pair, Side.STARTUP, reason="", words="x" * 801)
    assert refused.value.problems.keys() == {"reason", "words"}
    ending.end(session, programme, pair, Side.STARTUP, reason="no-fit", words="She never had time.")

    us = read_as(session, programme, pair, Side.STARTUP)
    assert (us.is_active, us.email) == (False, None)
    states = states_of(session, people)
    assert states["S1", "M1"] == "ended"
    assert states["S1", "M2"] == "proposed", "the next best for the start-up"
    note = session.scalars(select(Match.note).where(Match.state == "ended")).one()
    assert note == "Not the right fit\nShe never had time."
    told = [json.dumps(notice.message) for notice in session.scalars(select(Notice))]
    told += [mail.subject + mail.body for mail in session.scalars(select(Mail))]
    assert sum("Your match with" in text for text in told) == 2
    assert not [text for text in told if "right fit" in text or "had time" in text]
    assert asked(session) == [("end", "startup"), ("end", "counterpart")]
    follow_up(session, programme, utcnow())
    assert len(asked(session)) == 2
    end = surveys.answer(
        session, programme, pair, Side.STARTUP, Occasion.END, helpful=1, progress=1, goes_on=True, comment="",
        now=utcnow(),
    )  # fmt: skip
    assert end.goes_on is None, "nobody is asked whether to go on with what has ended"
    assert replay(session, programme)[pair]["state"] == "ended"
    with pytest.raises(NotAllowed):
        ending.end(session, programme, pair, Side.COUNTERPART, reason="other", words="")


FINE = Figures("day-30", 5, 4, True, "", utcnow())


@pytest.mark.parametrize(
    ("facts", "level"),
    [
        (Facts(3, None, has_meeting=False), Level.ON_TRACK),
        (Facts(14, None, has_meeting=False), Level.LOOK),
        (Facts(14, None, has_meeting=True), Level.ON_TRACK),
        (Facts(45, None, has_meeting=False), Level.SILENT),
        (Facts(90, 29, has_meeting=False), Level.ON_TRACK),
        (Facts(90, 30, has_meeting=False), Level.LOOK),
        (Facts(90, 45, has_meeting=False), Level.SILENT),
        (Facts(90, 80, has_meeting=True), Level.ON_TRACK),
        (Facts(90, 5, has_meeting=True, objections=1), Level.LOOK),
        (Facts(90, 5, has_meeting=True, goals_overdue=2), Level.LOOK),
        (Facts(90, 5, has_meeting=True, answers=(FINE,)), Level.ON_TRACK),
        (Facts(90, 5, has_meeting=True, answers=(FINE, Figures("", 2, 5, True, "", utcnow()))), Level.LOOK),
        (Facts(90, 5, has_meeting=True, answers=(FINE, Figures("", 5, 5, False, "", utcnow()))), Level.LOOK),
    ],
)
def test_the_level_of_a_pair(facts: Facts, level: Level) -> None:
    found, reasons = health.judge(facts)
    assert found is level
    assert bool(reasons) is (level is not Level.ON_TRACK)


def test_managers_see_days_and_counts_the_worst_first(
    session: Session, programme: Programme, people: dict[str, int], pair: Pair
) -> None:
    other = match(session, programme, people, "S2", "M2")
    now = utcnow() + 50 * DAY
    log = sessions.write_down(
        session, programme, pair, Side.STARTUP, held_on=(now - 3 * DAY).date(), minutes=60, topics="Secret",
        next_steps="", now=now,
    )  # fmt: skip
    assert [h.level for h in health.read_health(session, programme, now)] == [Level.SILENT, Level.SILENT]
    sessions.confirm(
        session, programme, pair, Side.COUNTERPART, log.id, now=now, seen=sessions.stamp(log)
    )  # fmt: skip
    follow_up(session, programme, now)
    reply(session, programme, pair, Side.STARTUP, comment="All is well.", now=now)

    worst, best = health.read_health(session, programme, now)
    assert (worst.line.startup.id, worst.level) == (other[0], Level.SILENT)
    assert (best.level, best.facts.days_since_session, best.sessions) == (Level.ON_TRACK, 3, 1)
    assert best.answers[Side.STARTUP].comment == "All is well."
    assert "Secret" not in repr(health.read_health(session, programme, now))


def test_few_answers_are_nobodys_average(
    session: Session, programme: Programme, people: dict[str, int]
) -> None:
    for number, mentor in enumerate(("M1", "M2", "M3")):
        session.add(
            Survey(
                programme_id=programme.id, startup_id=people["S1"], counterpart_id=people[mentor],
                side="startup", occasion="day-60", helpful=number + 3, progress=3, goes_on=number > 0,
                answered_at=utcnow(),
            )
        )  # fmt: skip
    session.flush()
    (found,) = health.averages(session, programme)
    assert (found.answered, found.helpful, found.progress) == (3, 4.0, 3.0)
    assert found.goes_on == pytest.approx(2 / 3)
    session.delete(session.scalars(select(Survey)).first())
    session.flush()
    (found,) = health.averages(session, programme)
    assert (found.answered, found.helpful, found.goes_on) == (2, None, None)
