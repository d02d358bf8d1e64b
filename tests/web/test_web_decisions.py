"""Approving and rejecting from a list, and taking it back."""

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from matcher.db import reading
from matcher.models import Approval
from tests.web.conftest import submit, token
from tests.web.world import World


def _states(engine: Engine) -> dict[tuple[int, int], str]:
    with reading(engine) as session:
        return {(a.startup_id, a.counterpart_id): a.state for a in session.scalars(select(Approval))}


@pytest.mark.parametrize(("button", "state"), [("approve", "approved"), ("reject", "rejected")])
def test_a_pair_is_decided_from_either_side(
    client: FlaskClient, world: World, engine: Engine, button: str, state: str
) -> None:
    startup, mentor = (
        f"/p/{world.slug}/startups/{world.startup}",
        f"/p/{world.slug}/mentors/{world.mentor}",
    )
    for page, other in ((startup, world.mentor), (mentor, world.startup)):
        answer = submit(client, page, to=f"{page}/decide", **{button: other})

        assert answer.status_code == 303
        assert answer.location == f"{page}#c{other}"
        assert _states(engine) == {(world.startup, world.mentor): state}
        assert f"Pair {state}." in client.get(page).text


def test_a_decision_is_taken_back_by_the_button_in_its_notice(
    client: FlaskClient, world: World, engine: Engine
) -> None:
    page = f"/p/{world.slug}/startups/{world.startup}"
    submit(client, page, to=f"{page}/decide", approve=world.mentor)
    told = client.get(page)
    assert "Undo" in told.text
    action = re.findall(r'action="([^"]+/undo)"', told.text)[0]

    answer = client.post(action, data={"csrf_token": token(told), "back": page})

    assert answer.location == page
    assert _states(engine) == {}
    assert "taken back" in client.get(page).text


def test_decided_pairs_are_listed_and_can_be_undone_there(
    client: FlaskClient, world: World, engine: Engine
) -> None:
    page = f"/p/{world.slug}/startups/{world.startup}"
    submit(client, page, to=f"{page}/decide", approve=world.mentor)
    submit(client, page, to=f"{page}/decide", reject=world.funder)
    listed = client.get(f"/p/{world.slug}/decisions").text

    assert "Approved pairs (1)" in listed
    assert "Rejected pairs (1)" in listed
    assert "Umeme Soko" in listed


def test_a_refusal_is_told_in_words(client: FlaskClient, world: World, engine: Engine) -> None:
    mentor = f"/p/{world.slug}/mentors/{world.mentor}"
    for startup in (world.startup, world.startup + 1, world.startup + 2):
        submit(client, mentor, to=f"{mentor}/decide", approve=startup)

    assert "no place left" in client.get(mentor).text
    assert len(_states(engine)) == 2


def test_a_pair_with_another_programme_is_refused(client: FlaskClient, world: World, engine: Engine) -> None:
    mentor = f"/p/{world.slug}/mentors/{world.mentor}"
    submit(client, mentor, to=f"{mentor}/decide", approve=world.other_startup)

    assert _states(engine) == {}


def test_a_post_without_a_button_is_refused(client: FlaskClient, world: World) -> None:
    page = f"/p/{world.slug}/startups/{world.startup}"

    assert submit(client, page, to=f"{page}/decide").status_code == 400
