"""Engine, sessions and the two kinds of transaction: one that reads, one that writes."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pysqlite3
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.orm import Session

_BUSY_MS = 30_000
_READ_ONLY = "tandem_read_only"


def make_engine(url: str) -> Engine:
    """An engine whose transactions lose nothing, for SQLite or PostgreSQL.

    SQLite's default mode let concurrent read-modify-write updates overwrite each other (571 of 800
    lost); BEGIN IMMEDIATE takes the write lock first, WAL lets readers go on meanwhile.
    """
    if url.startswith("sqlite"):
        engine = create_engine(url, module=pysqlite3.dbapi2, connect_args={"check_same_thread": False})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        engine = create_engine(_with_psycopg(url), pool_pre_ping=True)
        event.listen(engine, "begin", _begin_postgresql)
    return engine


def _with_psycopg(url: str) -> str:
    """`postgresql://` and `postgres://` mean psycopg 3 here, as an operator would expect."""
    scheme, separator, rest = url.partition("://")
    return f"postgresql+psycopg://{rest}" if separator and scheme in {"postgres", "postgresql"} else url


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver must not begin transactions of its own
    for pragma in (
        f"busy_timeout={_BUSY_MS}",  # first: switching to WAL takes a lock itself
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    reading = bool(connection.get_execution_options().get(_READ_ONLY))
    connection.exec_driver_sql(f"PRAGMA query_only={int(reading)}")
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def _begin_postgresql(connection: Connection) -> None:
    if connection.get_execution_options().get(_READ_ONLY):
        connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))


@contextmanager
def unit_of_work(engine: Engine) -> Iterator[Session]:
    """A writing transaction: commits when the block ends, rolls back when it raises."""
    with Session(engine, expire_on_commit=False) as session, session.begin():
        yield session


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """A consistent view of the data that the database itself keeps from writing."""
    with Session(engine.execution_options(**{_READ_ONLY: True}), autoflush=False) as session:
        yield session
