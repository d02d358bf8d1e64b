"""Transactions that lose nothing, on both databases, and migrations that make what the models say."""

from datetime import datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError
from sqlalchemy.orm import Session

from config.migrations import upgrade
from matcher.db import make_engine, reading, unit_of_work
from matcher.models import Base, Job, Organisation, Person, Programme, utcnow
from matcher.services.watermarks import advance
from tests.matcher.factories import at_once, make_programme

THREADS, TIMES = 8, 50


def _add_one(session: Session, programme: Programme) -> None:
    """Read, then write what was read plus one: what loses updates where transactions are weak."""
    found = session.get_one(Programme, programme.id, with_for_update=True)
    found.name = str(int(found.name) + 1)


def test_no_watermark_is_given_out_twice(engine: Engine, programme: Programme) -> None:
    def work(_: int) -> list[int]:
        given = []
        for _ in range(TIMES):
            with unit_of_work(engine) as session:
                given.append(advance(session, programme.id))
        return given

    results = at_once(THREADS, work)

    assert sorted(number for given in results for number in given) == list(range(1, THREADS * TIMES + 1))


def test_no_read_modify_write_is_lost(engine: Engine, programme: Programme) -> None:
    with unit_of_work(engine) as session:
        session.get_one(Programme, programme.id).name = "0"

    def work(_: int) -> None:
        for _ in range(TIMES):
            with unit_of_work(engine) as session:
                _add_one(session, programme)

    assert at_once(THREADS, work) == [None] * THREADS
    with reading(engine) as session:
        assert session.get_one(Programme, programme.id).name == str(THREADS * TIMES)


def test_a_transaction_that_raises_leaves_nothing_behind(engine: Engine, programme: Programme) -> None:
    def change_and_fail() -> None:
        with unit_of_work(engine) as session:
            session.get_one(Programme, programme.id).name = "changed"
            session.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        change_and_fail()
    with reading(engine) as session:
        assert session.get_one(Programme, programme.id).name == programme.name


def test_a_reading_transaction_refuses_to_write(engine: Engine, programme: Programme) -> None:
    with reading(engine) as session, pytest.raises(DBAPIError, match=r"(?i)read.?only"):
        advance(session, programme.id)


def test_a_connection_that_read_can_write_afterwards(engine: Engine, programme: Programme) -> None:
    with reading(engine) as session:
        session.get_one(Programme, programme.id)
    with unit_of_work(engine) as session:
        assert advance(session, programme.id) == 1


def test_a_reader_sees_one_state_while_others_write(engine: Engine, programme: Programme) -> None:
    with reading(engine) as session:
        before = session.get_one(Programme, programme.id).watermark
        with unit_of_work(engine) as other:
            advance(other, programme.id)
        session.expire_all()
        assert session.get_one(Programme, programme.id).watermark == before


def test_a_naive_datetime_is_refused(session: Session, programme: Programme) -> None:
    session.add(Job(programme_id=programme.id, kind="embed", lease_until=datetime(2026, 1, 1)))  # noqa: DTZ001
    with pytest.raises(StatementError, match="naive"):
        session.flush()
    session.rollback()


def test_an_instant_comes_back_as_it_went(engine: Engine, programme: Programme) -> None:
    now = utcnow()
    with unit_of_work(engine) as session:
        job = Job(programme_id=programme.id, kind="embed", lease_until=now)
        session.add(job)
    with reading(engine) as session:
        found = session.get_one(Job, job.id).lease_until
    assert found == now
    assert found.utcoffset() is not None


def test_foreign_keys_are_enforced(session: Session) -> None:
    session.add(Person(organisation_id=99, name="Nobody", email="nobody@example.org"))
    with pytest.raises(IntegrityError):
        session.flush()
    session.rollback()


def test_a_programme_goes_with_its_organisation(engine: Engine, programme: Programme) -> None:
    with unit_of_work(engine) as session:
        session.delete(session.get_one(Organisation, programme.organisation_id))
    with reading(engine) as session:
        assert session.get(Programme, programme.id) is None


def test_migrations_make_what_the_models_say(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_upgrading_twice_changes_nothing(engine: Engine, programme: Programme) -> None:
    before = _schema(engine)
    upgrade(engine)
    assert _schema(engine) == before
    with reading(engine) as session:
        assert session.get(Programme, programme.id) is not None


def test_upgrade_brings_an_empty_sqlite_file_up_to_date(tmp_path: Path) -> None:
    made = make_engine(f"sqlite:///{tmp_path / 'new.db'}")
    upgrade(made)
    assert set(Base.metadata.tables) <= set(inspect(made).get_table_names())
    made.dispose()


def test_upgrade_brings_an_empty_postgresql_up_to_date(empty_postgres_url: str) -> None:
    made = make_engine(empty_postgres_url)
    upgrade(made)
    assert set(Base.metadata.tables) <= set(inspect(made).get_table_names())
    made.dispose()


@pytest.mark.parametrize(
    ("pragma", "value"),
    [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 30_000)],
)
def test_sqlite_keeps_what_it_was_told(tmp_path: Path, pragma: str, value: object) -> None:
    made = make_engine(f"sqlite:///{tmp_path / 'new.db'}")
    with made.connect() as connection:
        assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() == value
    made.dispose()


def test_sqlite_is_one_without_the_wal_reset_bug(tmp_path: Path) -> None:
    made = make_engine(f"sqlite:///{tmp_path / 'new.db'}")
    with made.connect() as connection:
        found = connection.execute(text("SELECT sqlite_version()")).scalar_one()
    assert tuple(map(int, found.split("."))) > (3, 51, 2)
    made.dispose()


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_any_usual_postgresql_url_means_psycopg_3(scheme: str) -> None:
    assert make_engine(f"{scheme}://somebody@localhost/db").driver == "psycopg"


def test_two_programmes_have_folders_of_their_own(session: Session) -> None:
    assert make_programme(session).uid != make_programme(session).uid


def _schema(engine: Engine) -> dict[str, list[str]]:
    found = inspect(engine)
    return {name: [column["name"] for column in found.get_columns(name)] for name in found.get_table_names()}
