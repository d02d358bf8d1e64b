"""Approving many pairs at once: asked first, counted, refused if others came meanwhile, undone at once."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from matcher.db import unit_of_work
from matcher.models import MatchState
from matcher.services.steps import Pair, in_state, take
from tests.web.cohort_world import programme_of, states
from tests.web.conftest import submit, token
from tests.web.people import add_admin, sign_in
from tests.web.test_web_cohort import cohort, pairs
from tests.web.world import World

__all__ = ["pairs"]


def form(asked: TestResponse) -> dict[str, str]:
    """What the page that asks would send."""
    seen = re.findall(r'name="seen" value="([^"]+)"', asked.text)
    return {"csrf_token": token(asked), "seen": seen[0]}


def test_approving_all_of_a_band_asks_first_and_says_how_many(
    client: FlaskClient,
    world: World,
    engine: Engine,
    pairs: list[Pair],
) -> None:
    asked = client.get(f"{cohort(world)}/approve/possible")
    assert "Approve all 8 pairs that are proposed or locked?" in asked.text
    assert set(states(engine).values()) == {"proposed"}

    answer = client.post(f"{cohort(world)}/approve/possible", data=form(asked))
    told = client.get(answer.location)

    assert set(states(engine).values()) == {"approved"}
    assert "Pairs approved: 8." in told.text
    assert "Publish 8 approved pairs" in told.text
    undo = re.findall(r'action="([^"]+/undo)"', told.text)[0]
    client.post(undo, data={"csrf_token": token(told)})
    assert set(states(engine).values()) == {"proposed"}


def test_approving_all_is_refused_if_another_manager_made_them_others_though_as_many(
    client: FlaskClient, app: Flask, world: World, engine: Engine, pairs: list[Pair]
) -> None:
    address = f"{cohort(world)}/approve/possible"
    mine = client.get(address)
    another = sign_in(app, add_admin(app.extensions["tandem_engine"]))
    gone, came = pairs[0], (world.lonely, pairs[0][1])
    page = f"{cohort(world)}/{gone[0]}/{gone[1]}"
    submit(another, page, to=f"{page}/decide", step="reject", seen="proposed")
    with unit_of_work(engine) as session:
        image = in_state(MatchState.PROPOSED, score=0.6, band="good")
        take(session, programme_of(session, world), "tandem", "match.suggested", {came: image})
    before = states(engine)

    answer = client.post(address, data=form(mine))

    assert "Approve all 8 pairs" in mine.text
    assert states(engine) == before
    assert "These pairs changed meanwhile; now there are 8." in client.get(answer.location).text
    client.post(address, data=form(client.get(address)))
    assert states(engine)[came] == "approved"
    assert states(engine)[gone] == "rejected"


@pytest.mark.parametrize("seen", ["", "8", "nonsense"])
def test_approving_all_without_saying_which_were_seen_is_refused(
    client: FlaskClient, world: World, engine: Engine, pairs: list[Pair], seen: str
) -> None:
    submit(client, f"{cohort(world)}/approve/possible", seen=seen)

    assert set(states(engine).values()) == {"proposed"}


def test_approving_all_of_none_is_said(client: FlaskClient, world: World) -> None:
    assert "No pair of that kind" in client.get(f"{cohort(world)}/approve/strong").text
    assert client.get(f"{cohort(world)}/approve/nonsense").status_code == 404
