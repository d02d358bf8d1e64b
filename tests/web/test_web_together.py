"""The page of a match while both sides change the same thing: nothing of either is lost unseen."""

import pytest
from flask import Flask
from sqlalchemy import Engine, select

from matcher.db import reading
from matcher.models import Goal, Meeting
from tests.web.conftest import submit
from tests.web.test_web_relationship import SOON, press, seen_in
from tests.web.test_web_whynot import _text
from tests.web.together import Couple, couple
from tests.web.world import World


@pytest.fixture
def two(app: Flask, engine: Engine, world: World) -> Couple:
    return couple(app, engine, world)


def test_a_first_proposal_can_be_chosen_while_the_other_side_proposes_another(
    engine: Engine, two: Couple
) -> None:
    first = {"date-1": SOON, "time-1": "14:00", "minutes": "60", "place": "The library"}
    submit(two.founder, f"{two.ours}/meetings/new", **first)
    other = {"date-1": SOON, "time-1": "18:00", "minutes": "30", "place": "By telephone"}
    seen = seen_in(two.mentor, f"{two.theirs}/meetings/1/move")
    assert submit(two.mentor, f"{two.theirs}/meetings/1/move", **other, seen=seen).status_code == 303
    for client, address in ((two.mentor, two.theirs), (two.founder, two.ours)):
        shown = _text(client.get(address).text)
        assert all(words in shown for words in ("You proposed", "proposes", "The library", "By telephone"))
        assert shown.count("Choose") == 1, "one of the other side's, none of one's own"
    assert "The meeting is agreed" in press(two.mentor, two.theirs, "meetings/1/choose")
    with reading(engine) as session:
        agreed = session.scalars(select(Meeting)).one()
        assert (agreed.state, agreed.minutes, agreed.place) == ("agreed", 60, "The library")


def test_of_two_who_change_one_goal_the_second_reads_what_the_first_wrote(
    engine: Engine, two: Couple
) -> None:
    submit(two.founder, f"{two.ours}/goals/new", text="Ten farms", due="")
    seen = seen_in(two.founder, f"{two.ours}/goals/1")
    assert (
        submit(two.mentor, f"{two.theirs}/goals/1", text="Twelve farms", due=SOON, seen=seen).status_code
        == 303
    )
    late = submit(two.founder, f"{two.ours}/goals/1", text="Nine farms", due="", seen=seen)
    assert late.status_code == 409
    assert "Twelve farms" in late.text
    assert "Nine farms" in late.text, "nothing that was typed is lost"
    with reading(engine) as session:
        assert session.scalars(select(Goal.text)).all() == ["Twelve farms"]
    again = seen_in(two.founder, f"{two.ours}/goals/1")
    submit(two.founder, f"{two.ours}/goals/1", text="Nine farms", due="", seen=again)
    twice = submit(two.founder, f"{two.ours}/goals/1", text="Nine farms", due="", seen=again)
    assert twice.status_code == 303, "a button pressed twice"
    with reading(engine) as session:
        assert session.scalars(select(Goal.text)).all() == ["Nine farms"]
