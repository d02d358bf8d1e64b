"""The page of a match while one side proposes other times than the other did."""

import re

import pytest
from flask import Flask
from sqlalchemy import Engine, select

from matcher.db import reading
from matcher.models import Meeting
from tests.web.conftest import submit
from tests.web.test_web_relationship import SOON, press
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
    page = two.mentor.get(f"{two.theirs}/meetings/1/move").text
    other = {"date-1": SOON, "time-1": "18:00", "minutes": "30", "place": "By telephone"}
    seen = re.search(r'name="seen" value="(\w+)"', page)
    assert seen
    assert submit(two.mentor, f"{two.theirs}/meetings/1/move", **other, seen=seen[1]).status_code == 303
    for client, address in ((two.mentor, two.theirs), (two.founder, two.ours)):
        shown = _text(client.get(address).text)
        assert all(words in shown for words in ("You proposed", "proposes", "The library", "By telephone"))
        assert shown.count("Choose") == 1, "one of the other side's, none of one's own"
    assert "The meeting is agreed" in press(two.mentor, two.theirs, "meetings/1/choose")
    with reading(engine) as session:
        agreed = session.scalars(select(Meeting)).one()
        assert (agreed.state, agreed.minutes, agreed.place) == ("agreed", 60, "The library")
