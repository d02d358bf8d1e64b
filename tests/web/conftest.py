"""A real application over a real SQLite file, and the world in it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from config.settings import Settings
from matcher.models import Base
from tests.web.people import add_admin, sign_in
from tests.web.world import World, build
from web import create_app

_VERSION = re.compile(r'name="version" value="([^"]+)"')
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path, upload_megabytes=1)


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    made = create_app(settings, testing=True)
    engine: Engine = made.extensions["tandem_engine"]
    Base.metadata.create_all(engine)
    yield made
    engine.dispose()


@pytest.fixture
def engine(app: Flask) -> Engine:
    found: Engine = app.extensions["tandem_engine"]
    return found


@pytest.fixture
def world(engine: Engine) -> World:
    return build(engine)


@pytest.fixture
def client(app: Flask, engine: Engine) -> FlaskClient:
    """The browser of whoever runs the installation: they may do what managers may, in every programme."""
    return sign_in(app, add_admin(engine))


@pytest.fixture
def stranger(app: Flask) -> FlaskClient:
    """A browser in which nobody is signed in."""
    return app.test_client()


def token(page: TestResponse) -> str:
    """The token of the first form on a page."""
    found = _TOKEN.search(page.text)
    assert found, "the page has no form that posts"
    return found[1]


def submit(client: FlaskClient, address: str, /, to: str = "", **data: object) -> TestResponse:
    """Open a page, fill its form in and send it: to the same address unless told otherwise."""
    page = client.get(address)
    version = _VERSION.search(page.text)
    hidden = {"csrf_token": token(page), **({"version": version[1]} if version else {})}
    return client.post(to or address, data={**hidden, **data})


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "browser: needs Chromium (Debian's package is enough)")
