"""A real application over a real SQLite file, and the world in it."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from config.settings import Settings
from matcher.db import make_engine
from tests.web.people import add_admin, sign_in
from tests.web.world import World, build
from web import create_app

_VERSION = re.compile(r'name="version" value="([^"]+)"')
_KEY = "secret_key"
"""The application has read it, and what it signs must be true in the next test as well."""
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """An application over a data folder: making one takes longer than most tests do."""
    data = tmp_path_factory.mktemp("data")
    return create_app(Settings(data=data, upload_megabytes=1), testing=True)


@pytest.fixture
def settings(installed: Flask) -> Settings:
    found: Settings = installed.extensions["tandem_settings"]
    return found


@pytest.fixture(scope="session")
def populated(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, World]:
    """A SQLite file with the world in it, that tests get copies of."""
    path = Path(shutil.copy(sqlite_template, tmp_path_factory.mktemp("world") / "tandem.db"))
    engine = make_engine(f"sqlite:///{path}")
    made = build(engine)
    engine.dispose()
    return path, made


@pytest.fixture
def app(
    request: pytest.FixtureRequest, installed: Flask, settings: Settings, sqlite_template: Path
) -> Iterator[Flask]:
    """The application as if it were new: with nothing in its folder but its key and a database.

    The world is in the database if the test asks for it.
    """
    wanted = "world" in request.fixturenames
    for path in settings.data.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != _KEY:
            path.unlink()
    shutil.copy(
        request.getfixturevalue("populated")[0] if wanted else sqlite_template, settings.data / "tandem.db"
    )
    installed.extensions["tandem_limiter"].reset()
    config = dict(installed.config)
    yield installed
    installed.config.clear()  # what a test set was for that test
    installed.config.update(config)
    installed.extensions["tandem_engine"].dispose()


@pytest.fixture
def engine(app: Flask) -> Engine:
    found: Engine = app.extensions["tandem_engine"]
    return found


@pytest.fixture
def world(app: Flask, populated: tuple[Path, World]) -> World:
    return populated[1]


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
