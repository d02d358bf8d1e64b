"""Saying whom one would like on the matching day, up to five, and seeing who has not said so yet."""

import re
from collections import Counter
from html import unescape
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from config.settings import Settings
from matcher.db import reading, unit_of_work
from matcher.models import Mentor, Programme
from matcher.services.proposals import set_wishes, wishes_of
from tests.matcher.factories import at_once
from tests.web.conftest import token
from tests.web.people import add_admin, sign_in
from tests.web.world import HOSTILE, World, build
from web import create_app

_SEEN = re.compile(r'name="seen" value="([\d,]*)"')


def _wishes(engine: Engine, world: World) -> dict[int, tuple[int, ...]]:
    with reading(engine) as session:
        programme = session.scalars(select(Programme).where(Programme.slug == world.slug)).one()
        return wishes_of(session, programme)


def _wish(engine: Engine, world: World, subject: int, *candidates: int) -> None:
    with unit_of_work(engine) as session:
        programme = session.scalars(select(Programme).where(Programme.slug == world.slug)).one()
        set_wishes(session, programme, subject, candidates, actor="test")


def _send(client: FlaskClient, address: str, *chosen: object, seen: str | None = None, **more: str):  # type: ignore[no-untyped-def]
    page = client.get(address)
    stamp = _SEEN.search(page.text)
    data = {f"wish-{rank}": str(choice) for rank, choice in enumerate(chosen, 1)}
    hidden = {"csrf_token": token(page), "seen": stamp[1] if stamp and seen is None else seen or ""}
    return client.post(address, data={**hidden, **data, **more})


def test_wishes_are_kept_in_their_order_and_shown_on_the_profile(
    client: FlaskClient, world: World, engine: Engine
) -> None:
    address = f"/p/{world.slug}/startups/{world.startup}"
    answer = _send(client, f"{address}/wishes", world.mentor + 2, "", world.mentor)

    assert (answer.status_code, answer.location) == (303, address)
    assert _wishes(engine, world) == {world.startup: (world.mentor + 2, world.mentor)}
    told = client.get(address).text
    assert "The wishes of <bdi>Umeme Soko</bdi> were saved." in told
    assert re.search(r"<ol><li>\s*<a [^>]+>Ольга Ким</a></li><li>\s*<a [^>]+>Amara Diop</a></li></ol>", told)


def test_a_mentor_wishes_for_startups(client: FlaskClient, world: World, engine: Engine) -> None:
    page = client.get(f"/p/{world.slug}/mentors/{world.mentor}/wishes").text
    assert page.count('<select id="wish-') == 5
    assert "Horizon Grants" not in page

    _send(client, f"/p/{world.slug}/mentors/{world.mentor}/wishes", world.hostile)
    assert _wishes(engine, world) == {world.mentor: (world.hostile,)}


def test_nobody_at_all_takes_the_wishes_back(client: FlaskClient, world: World, engine: Engine) -> None:
    _wish(engine, world, world.startup, world.mentor)

    _send(client, f"/p/{world.slug}/startups/{world.startup}/wishes", "", "")
    assert _wishes(engine, world) == {}


@pytest.mark.parametrize("wrong", ["twice", "startup", "stranger", "99999999999", "x"])
def test_what_cannot_be_wished_for_is_told_at_its_select_and_nothing_is_lost(
    client: FlaskClient, world: World, engine: Engine, wrong: str
) -> None:
    second = {"twice": world.mentor, "startup": world.lonely, "stranger": world.other_startup}.get(
        wrong, wrong
    )
    answer = _send(client, f"/p/{world.slug}/startups/{world.startup}/wishes", world.mentor, second)

    assert answer.status_code == 422
    assert '<a href="#wish-2">' in answer.text
    assert 'id="wish-2-error"' in answer.text
    assert f'<option value="{world.mentor}" selected>' in answer.text
    assert _wishes(engine, world) == {}


def test_wishes_that_somebody_else_changed_meanwhile_are_not_overwritten_unseen(
    client: FlaskClient, world: World, engine: Engine
) -> None:
    address = f"/p/{world.slug}/startups/{world.startup}/wishes"
    _wish(engine, world, world.startup, world.mentor + 1)

    answer = _send(client, address, world.mentor, seen="")

    assert answer.status_code == 409
    assert "<bdi>Wei Zhang</bdi>" in answer.text
    assert _wishes(engine, world) == {world.startup: (world.mentor + 1,)}
    assert _send(client, address, world.mentor).status_code == 303


def test_of_two_managers_at_once_the_second_is_told(database_url: str, tmp_path: Path) -> None:
    app = create_app(Settings(data=tmp_path, database_url=database_url), testing=True)
    world = build(app.extensions["tandem_engine"])
    address = f"/p/{world.slug}/startups/{world.startup}/wishes"
    clients = [sign_in(app, add_admin(app.extensions["tandem_engine"])) for _ in range(4)]
    tokens = [token(one.get(address)) for one in clients]

    def send(number: int) -> int:
        data = {"csrf_token": tokens[number], "seen": "", "wish-1": str(world.mentor + number)}
        return clients[number].post(address, data=data).status_code

    answers = at_once(len(clients), send)
    app.extensions["tandem_engine"].dispose()
    assert Counter(answers) == {303: 1, 409: 3}


def test_wishes_for_funding_partners_stay_as_they_are(
    client: FlaskClient, world: World, engine: Engine
) -> None:
    _wish(engine, world, world.startup, world.funder, world.mentor)

    _send(client, f"/p/{world.slug}/startups/{world.startup}/wishes", world.mentor + 1)
    assert _wishes(engine, world) == {world.startup: (world.mentor + 1, world.funder)}


def test_in_a_large_programme_people_are_searched_for_and_choices_stay(
    client: FlaskClient, world: World, engine: Engine
) -> None:
    with unit_of_work(engine) as session:
        programme = session.scalars(select(Programme).where(Programme.slug == world.slug)).one()
        session.add_all(
            Mentor(programme_id=programme.id, ref=f"X{n}", name=f"Extra {n}", search_text=f"extra {n}")
            for n in range(100)
        )
    address = f"/p/{world.slug}/startups/{world.startup}/wishes"
    assert "Extra 42" not in client.get(address).text

    found = _send(client, address, world.mentor, q="extra 42", find="1")

    assert found.status_code == 200
    chosen = re.search(r'<option value="(\d+)">Extra 42', found.text)
    assert chosen
    assert f'<option value="{world.mentor}" selected>' in found.text
    assert _wishes(engine, world) == {}
    _send(client, address, chosen[1], world.mentor)
    assert _wishes(engine, world) == {world.startup: (int(chosen[1]), world.mentor)}


def test_the_overview_says_who_wished_for_how_many_and_who_has_not(
    client: FlaskClient, world: World, engine: Engine
) -> None:
    _wish(engine, world, world.startup, world.mentor, world.mentor + 1)
    _wish(engine, world, world.mentor, world.startup)

    page = client.get(f"/p/{world.slug}/wishes").text
    assert "1 of 9 have wished for somebody" in page
    assert "1 of 6 have wished for somebody" in page
    assert "Has not wished yet</summary>" not in page
    assert "Has not wished yet (8)" in page
    row = re.search(r'Umeme Soko</a></th><td class="num">(\d)</td><td class="num">(\d)</td>', page)
    assert row
    assert row.groups() == ("2", "1")
    assert HOSTILE in unescape(page)
    assert HOSTILE not in page


def test_wishes_of_another_programme_are_not_there(client: FlaskClient, world: World) -> None:
    assert client.get(f"/p/{world.slug}/startups/{world.other_startup}/wishes").status_code == 404
    assert "Somebody Else" not in client.get(f"/p/{world.slug}/wishes").text
