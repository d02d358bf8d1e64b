"""Migrations carry what people entered, up and down, on both databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, column, insert, table, text

from config.migrations import downgrade, upgrade
from matcher.db import make_engine, reading
from matcher.models import Programme
from matcher.services.steps import replay

_NOW = "2026-11-01 00:00:00+00:00"


@pytest.fixture(params=["sqlite", "postgresql"])
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A database without tables."""
    if request.param == "sqlite":
        made = make_engine(f"sqlite:///{tmp_path / 'fresh.db'}")
    else:
        made = make_engine(request.getfixturevalue("empty_postgres_url"))
    yield made
    made.dispose()


def _insert(connection: Connection, into: str, /, **values: object) -> None:
    connection.execute(insert(table(into, *map(column, values))).values(**values))


def _fill(engine: Engine) -> None:
    """A programme as revision 0003 has it: a start-up with one approved and one rejected mentor."""
    profile = {"languages": "[]", "sectors": "[]", "notes": "{}", "search_text": "", "updated_at": _NOW}
    with engine.begin() as connection:
        _insert(connection, "organisation", id=1, slug="o", name="O", created_at=_NOW)
        _insert(
            connection, "programme", id=1, organisation_id=1, uid="u", slug="p", name="P", is_sample=False,
            watermark=0, created_at=_NOW,
        )  # fmt: skip
        for number, kind in ((1, "startup"), (2, "mentor"), (3, "mentor")):
            _insert(
                connection, "profile", id=number, programme_id=1, kind=kind, ref=f"R{number}", name="N",
                watermark=0, version=1, created_at=_NOW, **profile,
            )  # fmt: skip
        for other, state in ((2, "approved"), (3, "rejected")):
            _insert(
                connection, "approval", programme_id=1, startup_id=1, counterpart_id=other, state=state,
                decided_by="somebody", decided_at=_NOW,
            )  # fmt: skip


def _rows(engine: Engine, query: str) -> list[tuple[object, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def test_approvals_become_matches_with_a_log_and_can_go_back(fresh: Engine) -> None:
    upgrade(fresh, "0003")
    _fill(fresh)
    upgrade(fresh)
    with reading(fresh) as session:
        programme = session.get_one(Programme, 1)
        assert replay(session, programme) == {(1, 2): {"state": "approved"}, (1, 3): {"state": "rejected"}}
    found = _rows(fresh, "SELECT counterpart_id, state, decided_by FROM match ORDER BY counterpart_id")
    assert found == [(2, "approved", "somebody"), (3, "rejected", "somebody")]

    downgrade(fresh, "0003")
    found = _rows(fresh, "SELECT counterpart_id, state FROM approval ORDER BY counterpart_id")
    assert found == [(2, "approved"), (3, "rejected")]
    upgrade(fresh)
