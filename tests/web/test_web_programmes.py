"""Starting a programme, finding it again, and removing the sample."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from matcher.db import reading, unit_of_work
from matcher.models import Programme
from tests.web.conftest import submit
from tests.web.world import World


def _slugs(engine: Engine) -> set[str]:
    with reading(engine) as session:
        return set(session.scalars(select(Programme.slug)))


def _make_sample(engine: Engine, world: World) -> None:
    with unit_of_work(engine) as session:
        session.scalars(select(Programme).where(Programme.slug == world.slug)).one().is_sample = True


def test_a_programme_is_started_and_says_how_to_begin(client: FlaskClient, engine: Engine) -> None:
    assert 'href="/new"' in client.get("/programmes").text

    answer = submit(client, "/new", name="Réseaux 2027")

    assert (answer.status_code, answer.location) == (303, "/p/reseaux-2027")
    page = client.get(answer.location).text
    assert "Réseaux 2027" in page
    for tail in ("import", "startups/new", "mentors/new", "funders/new"):
        assert f'href="/p/reseaux-2027/{tail}"' in page
    assert client.get("/").location == "/p/reseaux-2027"


@pytest.mark.parametrize("name", ["", " ", "!!!", "Elsewhere"])
def test_a_name_that_will_not_do_comes_back_with_the_reason(
    client: FlaskClient, world: World, engine: Engine, name: str
) -> None:
    answer = submit(client, "/new", name=name)

    assert answer.status_code == 422
    assert 'href="#name"' in answer.text
    assert 'id="name-error"' in answer.text
    assert "<title>Error: " in answer.text
    assert f'value="{name}"' in answer.text
    assert _slugs(engine) == {world.slug, world.other_slug}


def test_several_programmes_are_listed_and_every_page_leads_to_the_list(
    client: FlaskClient, world: World
) -> None:
    for address in ("/", "/programmes"):
        page = client.get(address, follow_redirects=True).text
        assert f'href="/p/{world.slug}"' in page
        assert f'href="/p/{world.other_slug}"' in page
        assert 'href="/new"' in page
    assert 'href="/programmes"' in client.get(f"/p/{world.slug}/mentors").text


def test_the_sample_is_removed_after_asking_once_there_is_another(
    client: FlaskClient, world: World, engine: Engine
) -> None:
    _make_sample(engine, world)
    overview = client.get(f"/p/{world.slug}").text
    assert f'href="/p/{world.slug}/remove"' in overview
    assert 'href="/new"' in overview
    assert "cannot be undone" in client.get(f"/p/{world.slug}/remove").text

    answer = submit(client, f"/p/{world.slug}/remove")

    assert (answer.status_code, answer.location) == (303, "/")
    assert _slugs(engine) == {world.other_slug}
    assert "was removed" in client.get(client.get("/").location).text


def test_a_programme_that_is_no_sample_is_never_removed(
    client: FlaskClient, world: World, engine: Engine
) -> None:
    assert "/remove" not in client.get(f"/p/{world.slug}").text

    answer = submit(client, f"/p/{world.slug}/remove")

    assert answer.status_code == 409
    assert world.slug in _slugs(engine)


@pytest.mark.parametrize("address", ["/new", "/p/rural-links/remove"])
def test_a_form_without_its_token_changes_no_programme(
    client: FlaskClient, world: World, engine: Engine, address: str
) -> None:
    _make_sample(engine, world)

    assert client.post(address, data={"name": "Forged"}).status_code == 400
    assert _slugs(engine) == {world.slug, world.other_slug}
