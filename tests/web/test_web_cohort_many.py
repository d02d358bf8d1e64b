"""Approving many pairs at once: asked first, counted, refused if others came meanwhile, undone at once."""

import re

from flask.testing import FlaskClient
from sqlalchemy import Engine

from matcher.services.steps import Pair
from tests.web.cohort_world import states
from tests.web.conftest import submit, token
from tests.web.test_web_cohort import cohort, pairs
from tests.web.world import World

__all__ = ["pairs"]


def test_approving_all_of_a_band_asks_first_and_says_how_many(
    client: FlaskClient,
    world: World,
    engine: Engine,
    pairs: list[Pair],
) -> None:
    asked = client.get(f"{cohort(world)}/approve/possible")
    assert "Approve all 8 pairs that are proposed or locked?" in asked.text
    assert set(states(engine).values()) == {"proposed"}

    answer = submit(client, f"{cohort(world)}/approve/possible", seen=8)
    told = client.get(answer.location)

    assert set(states(engine).values()) == {"approved"}
    assert "Pairs approved: 8." in told.text
    assert "Publish 8 approved pairs" in told.text
    undo = re.findall(r'action="([^"]+/undo)"', told.text)[0]
    client.post(undo, data={"csrf_token": token(told)})
    assert set(states(engine).values()) == {"proposed"}


def test_approving_all_is_refused_if_there_are_others_than_were_seen(
    client: FlaskClient,
    world: World,
    engine: Engine,
    pairs: list[Pair],
) -> None:
    answer = submit(client, f"{cohort(world)}/approve/possible", seen=7)

    assert set(states(engine).values()) == {"proposed"}
    assert "Meanwhile there are 8 such pairs" in client.get(answer.location).text


def test_approving_all_of_none_is_said(client: FlaskClient, world: World) -> None:
    assert "No pair of that kind" in client.get(f"{cohort(world)}/approve/strong").text
    assert client.get(f"{cohort(world)}/approve/nonsense").status_code == 404
