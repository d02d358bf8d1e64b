"""What two do at once, on either kind of database."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine, select

from config.settings import Settings
from matcher.db import reading, unit_of_work
from matcher.models import Account, Membership, Programme, Role
from matcher.services.administrators import make_first
from matcher.services.locking import lock_programme
from tests.web.conftest import token
from tests.web.people import add_member, sign_in
from tests.web.world import World, build
from web import create_app


@pytest.fixture
def app(tmp_path: Path, database_url: str) -> Iterator[Flask]:
    """One of our own, as the shared one has SQLite alone."""
    made = create_app(Settings(data=tmp_path, database_url=database_url), testing=True)
    yield made
    made.extensions["tandem_engine"].dispose()


@pytest.fixture
def world(engine: Engine) -> World:
    return build(engine)


def test_a_form_goes_through_while_a_manager_decides_about_its_sender(
    app: Flask, engine: Engine, world: World
) -> None:
    with unit_of_work(engine) as session:
        part = add_member(session, world.slug, Role.FOUNDER, profile_id=world.startup)
    client, page = sign_in(app, part.account_id), f"/p/{world.slug}/mine/{part.id}/equality"
    form = {"csrf_token": token(client.get(page)), "place": "rural"}
    with unit_of_work(engine) as session:
        session.get_one(Membership, part.id).seen_at = None  # so that it is time to note it

    with ThreadPoolExecutor(1) as pool:
        with unit_of_work(engine) as session:
            lock_programme(session, session.get_one(Programme, part.programme_id))
            sent = pool.submit(client.post, page, data=form)
            wait([sent], timeout=1)
            session.get_one(Membership, part.id).reason = "Looked at."
        assert sent.result().status_code == 303


def test_of_two_who_set_tandem_up_at_once_one_does(app: Flask, engine: Engine) -> None:
    client = app.test_client()
    form = {"csrf_token": token(client.get("/welcome")), "email": "b@example.org", "name": "B"}

    with ThreadPoolExecutor(1) as pool:
        with unit_of_work(engine) as session:
            make_first(session, email="a@example.org", name="A", password_hash="x", language=None)
            sent = pool.submit(client.post, "/welcome", data={**form, "password": "four unlikely words"})
            wait([sent], timeout=1)
        assert sent.result().status_code in {422, 404}
    with reading(engine) as session:
        assert session.scalars(select(Account.email).where(Account.is_admin)).all() == ["a@example.org"]
