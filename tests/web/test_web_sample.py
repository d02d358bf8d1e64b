"""Looking around in the sample: one click for each role, on the machine that runs it, and nowhere else."""

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from config.settings import Settings
from matcher.db import unit_of_work
from matcher.models import Account, Base, Mentor, Programme, Startup
from matcher.services.asking import obstacle, sides_of
from matcher.services.introductions import ask
from matcher.services.sample import load_sample
from tests.web.conftest import token
from web import create_app

ROLES = ["founder", "mentor", "funder", "manager"]


@pytest.fixture
def sample(engine: Engine) -> None:
    with unit_of_work(engine) as session:
        load_sample(session)


def _enter(client: FlaskClient, role: str) -> int:
    page = client.get("/sign-in")
    return client.post(f"/sample/{role}", data={"csrf_token": token(page)}).status_code


@pytest.mark.usefixtures("sample")
@pytest.mark.parametrize("role", ROLES)
def test_one_click_signs_in_as_each_role(stranger: FlaskClient, role: str) -> None:
    assert f'action="/sample/{role}"' in stranger.get("/").text
    assert _enter(stranger, role) == 303

    first = stranger.get("/", follow_redirects=True)
    assert first.status_code == 200
    assert first.request.path == "/p/sample" if role == "manager" else "/p/sample/mine/" in first.request.path
    assert stranger.get("/p/sample/startups").status_code == (200 if role == "manager" else 403)


def test_its_founder_can_ask_five_mentors_at_once(engine: Engine, sample: None) -> None:
    with unit_of_work(engine) as session:
        programme = session.scalars(select(Programme)).one()
        startup = session.scalars(select(Startup).order_by(Startup.id)).first()
        assert startup
        asked = 0
        for mentor in session.scalars(select(Mentor).order_by(Mentor.id)):
            pair = startup.id, mentor.id
            if obstacle(session, programme, sides_of(session, programme, pair, "startup")) is None:
                ask(
                    session, programme, pair, "startup",
                    message="Will you help us?", account_id=None, link=lambda secret: f"/answer/{secret}",
                )  # fmt: skip
                asked += 1
    assert asked == 5


@pytest.mark.parametrize("role", ROLES)
def test_without_the_sample_nobody_is_signed_in(stranger: FlaskClient, role: str) -> None:
    assert "/sample/" not in stranger.get("/").text
    assert _enter(stranger, role) == 404


def test_a_programme_of_somebody_s_own_is_no_sample(
    stranger: FlaskClient, engine: Engine, sample: None
) -> None:
    with unit_of_work(engine) as session:
        session.scalars(select(Programme)).one().is_sample = False

    assert "/sample/" not in stranger.get("/").text
    assert _enter(stranger, "manager") == 404


def test_an_account_that_is_no_sample_s_is_not_opened(
    stranger: FlaskClient, engine: Engine, sample: None
) -> None:
    with unit_of_work(engine) as session:
        for account in session.scalars(select(Account)):
            account.is_sample = False

    assert _enter(stranger, "manager") == 404


def test_where_others_reach_it_there_is_no_such_button(tmp_path: Path) -> None:
    app: Flask = create_app(Settings(data=tmp_path, url="https://tandem.example.org"), testing=True)
    engine: Engine = app.extensions["tandem_engine"]
    Base.metadata.create_all(engine)
    with unit_of_work(engine) as session:
        load_sample(session)
    client = app.test_client()

    for host in ("tandem.example.org", "localhost"):
        page = client.get("/", headers={"Host": host}, base_url=f"https://{host}")
        assert page.status_code == 200
        assert "/sample/" not in page.text
        form = client.get("/sign-in", base_url=f"https://{host}")
        sent = client.post(
            "/sample/manager",
            data={"csrf_token": token(form)},
            base_url=f"https://{host}",
            headers={"Referer": f"https://{host}/"},
        )
        assert sent.status_code == 404
    engine.dispose()
