"""Approving and rejecting from a list, and taking it back."""

import re
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, func, select, update

from matcher.db import reading, unit_of_work
from matcher.models import Account, AuditEvent, Match, Programme
from matcher.services.review import decide
from tests.web.conftest import submit, token
from tests.web.people import add_admin, sign_in
from tests.web.world import World


def _states(engine: Engine) -> dict[tuple[int, int], str]:
    with reading(engine) as session:
        return {(a.startup_id, a.counterpart_id): a.state for a in session.scalars(select(Match))}


@pytest.mark.parametrize(("button", "state"), [("approve", "approved"), ("reject", "rejected")])
def test_a_pair_is_decided_from_either_side(
    client: FlaskClient, world: World, engine: Engine, button: str, state: str
) -> None:
    startup, mentor = (
        f"/p/{world.slug}/startups/{world.startup}",
        f"/p/{world.slug}/mentors/{world.mentor}",
    )
    for page, other in ((startup, world.mentor), (mentor, world.startup)):
        seen = "" if page == startup else state
        answer = submit(client, page, to=f"{page}/decide", **{button: f"{other}:{seen}"})

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

    back = re.findall(r'name="back" value="([^"]+)"', told.text)[0]
    answer = client.post(action, data={"csrf_token": token(told), "back": back})

    assert answer.location == back == f"{page}#c{world.mentor}"
    assert _states(engine) == {}
    assert "taken back" in client.get(page).text


def test_decided_pairs_are_in_the_log_and_can_be_undone_there(
    client: FlaskClient, world: World, engine: Engine
) -> None:
    page = f"/p/{world.slug}/startups/{world.startup}"
    submit(client, page, to=f"{page}/decide", approve=world.mentor)
    submit(client, page, to=f"{page}/decide", reject=world.funder)
    log = f"/p/{world.slug}/log"
    shown = client.get(log)
    lines = shown.text.partition("<main")[2]

    assert lines.index("<strong>Rejected</strong>") < lines.index("<strong>Approved</strong>")
    undo = re.findall(r'action="([^"]+/undo)"', lines.partition("<strong>Rejected")[2])
    assert len(undo) == 2
    client.post(undo[0], data={"csrf_token": token(shown), "back": log})
    assert _states(engine) == {(world.startup, world.mentor): "approved"}


@pytest.mark.parametrize(
    ("first", "state", "then"), [("reject", "rejected", "approve"), ("approve", "approved", "reject")]
)
def test_a_list_that_shows_an_older_state_overwrites_no_other_manager(
    client: FlaskClient, app: Flask, world: World, engine: Engine, first: str, state: str, then: str
) -> None:
    page = f"/p/{world.slug}/startups/{world.startup}"
    stale = client.get(page)
    button = re.findall(rf'name="{then}" value="({world.mentor}:[a-z]*)"', stale.text)[0]
    another = sign_in(app, add_admin(engine))
    submit(another, page, to=f"{page}/decide", **{first: f"{world.mentor}:"})

    answer = client.post(f"{page}/decide", data={"csrf_token": token(stale), then: button})

    assert _states(engine) == {(world.startup, world.mentor): state}
    told = client.get(answer.location)
    assert "Somebody decided about this pair again meanwhile." in told.text
    fresh = re.findall(rf'name="{then}" value="({world.mentor}:{state})"', told.text)[0]
    client.post(f"{page}/decide", data={"csrf_token": token(told), then: fresh})
    assert _states(engine) != {(world.startup, world.mentor): state}


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


@pytest.mark.parametrize("number", ["9" * 25, "9" * 5000, str(2**31), "-1", "nobody"])
@pytest.mark.parametrize("button", ["approve", "reject"])
def test_a_decision_about_a_number_that_no_database_can_hold_finds_nobody(
    client: FlaskClient, world: World, button: str, number: str
) -> None:
    page = f"/p/{world.slug}/startups/{world.startup}"

    assert submit(client, page, to=f"{page}/decide", **{button: number}).status_code == 404


@pytest.mark.parametrize("number", ["9" * 25, "9" * 5000, str(2**31)])
def test_an_undo_of_a_number_that_no_database_can_hold_finds_nothing(
    client: FlaskClient, world: World, number: str
) -> None:
    page = f"/p/{world.slug}/startups/{world.startup}"

    assert submit(client, page, to=f"/p/{world.slug}/decisions/{number}/undo").status_code == 404


@pytest.mark.parametrize("tail", ["\r\nX-Evil: 1", "\n", "\x00", "\x1f", "\x7f", "\u2028"])
def test_an_undo_leads_to_no_address_with_controls_in_it(
    client: FlaskClient, world: World, engine: Engine, tail: str
) -> None:
    page = f"/p/{world.slug}/startups/{world.startup}"
    submit(client, page, to=f"{page}/decide", approve=f"{world.mentor}:")
    with reading(engine) as session:
        event = session.scalars(select(func.max(AuditEvent.id))).one()
    answer = submit(
        client,
        page,
        to=f"/p/{world.slug}/decisions/{event}/undo",
        back=f"/p/{world.slug}/x{tail}",
    )

    assert answer.status_code == 303
    assert answer.location == f"/p/{world.slug}/log"
    assert "X-Evil" not in answer.headers


def test_an_approved_counterpart_is_shown_also_when_the_list_leaves_it_out(
    client: FlaskClient, world: World, engine: Engine
) -> None:
    pages = {
        f"/p/{world.slug}/startups/{world.lonely}": world.mentor,
        f"/p/{world.slug}/mentors/{world.mentor}": world.lonely,
        f"/p/{world.slug}/funders/{world.funder}": world.lonely,
    }
    with unit_of_work(engine) as session:
        programme = session.scalars(select(Programme).where(Programme.slug == world.slug)).one()
        for counterpart in (world.mentor, world.funder):
            decide(session, programme, world.lonely, counterpart, "approved", actor="test")

    for page, other in pages.items():
        matches = client.get(page).text.partition('class="matches"')[2]
        card = matches.partition(f'id="c{other}"')[2].partition("</li>")[0]

        assert re.search(rf'href="/p/{world.slug}/\w+/{other}"', card)
        assert "Approved" in card
        assert not re.search(r'<ol class="cards">', matches.partition(f'id="c{other}"')[0])


def test_the_undo_of_an_approval_stands_with_the_approved_counterpart(
    client: FlaskClient, world: World
) -> None:
    page = f"/p/{world.slug}/startups/{world.lonely}"
    submit(client, page, to=f"{page}/decide", approve=world.mentor)

    told = client.get(page).text

    assert told.count("Pair approved.") == 1
    assert told.index("Pair approved.") > told.index(f'id="c{world.mentor}"')


def test_a_notice_is_told_on_one_page_only(client: FlaskClient, world: World) -> None:
    page, listed = f"/p/{world.slug}/startups/{world.startup}", f"/p/{world.slug}/log"
    for other in (world.mentor, world.funder):
        submit(client, page, to=f"{page}/decide", approve=other)
        assert client.get(page).text.count("Pair approved.") == 1

    assert "Pair approved." not in client.get(listed).text
    assert "Pair approved." not in client.get(page).text


def test_a_page_that_reloads_itself_keeps_its_notice_to_itself(
    client: FlaskClient, world: World, engine: Engine
) -> None:
    page = f"/p/{world.slug}/startups/{world.startup}"
    saved = submit(client, f"{page}/edit", ref="S001", name="Umeme Soko", pitch="New words.")
    told = client.get(saved.location)
    assert "was saved" in told.text
    again = told.headers["Refresh"].partition("url=")[2]
    assert "was saved" in client.get(again).text

    assert "was saved" not in client.get(f"/p/{world.slug}/log").text
    assert "was saved" not in client.get(again).text


def test_decisions_tell_their_times_by_the_readers_clock(
    client: FlaskClient, world: World, engine: Engine
) -> None:
    page = f"/p/{world.slug}/startups/{world.startup}"
    submit(client, page, to=f"{page}/decide", approve=world.mentor)

    address = f"/p/{world.slug}/log"
    assert "(\u2066UTC\u2069)" in client.get(address).text
    with unit_of_work(engine) as session:
        session.execute(update(Account).values(timezone="Asia/Kathmandu"))
    told = re.search(r"(\d+:\d+).[AP]M \(Kathmandu, \u2066UTC\+5:45\u2069\)", client.get(address).text)
    with reading(engine) as session:
        there = session.scalars(select(AuditEvent.at)).one().astimezone(ZoneInfo("Asia/Kathmandu"))
    assert told
    assert told[1] == f"{there:%-I:%M}"
