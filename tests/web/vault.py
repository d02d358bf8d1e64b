"""A SQLite file that can be looked at, compared with what it was, and put back, between two requests."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pysqlite3
from sqlalchemy import Engine, Table

from matcher.models import Base

Dump = dict[str, list[tuple[Any, ...]]]
"""The rows of each table."""

_SEEN = {("sign_in", "seen_at"), ("membership", "seen_at")}
"""What looking at a page may write."""
_RANDOM = re.compile(
    r"\$argon2id\$[^\"]+|gAAAA[A-Za-z0-9_-]{40,}=*|[0-9a-f]{32,}|"
    r"\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27}|"
    r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?(\+00:00|Z)?|/[A-Za-z0-9_-]{40,}"
)
"""Secrets, their digests, signatures and instants, which differ from one request to the next."""


class Vault:
    """Keeps a copy of the whole database in memory, and knows when somebody else has written to it."""

    def __init__(self, engine: Engine) -> None:
        self.path = Path(str(engine.url.database))
        self.live = pysqlite3.connect(str(self.path), isolation_level=None, check_same_thread=False)
        self.live.execute("PRAGMA synchronous=OFF")
        self.live.execute("PRAGMA busy_timeout=5000")
        self.kept = pysqlite3.connect(":memory:", check_same_thread=False)
        self.keep()

    def keep(self) -> None:
        """What there is now is what there shall be again."""
        self.live.backup(self.kept)
        self._version = self._read_version()

    def is_changed(self) -> bool:
        """Whether anybody else has committed anything since it was last kept or put back."""
        return self._read_version() != self._version

    def restore(self) -> None:
        """Put everything back."""
        self.kept.backup(self.live)
        self._version = self._read_version()

    def close(self) -> None:
        """Let the file go."""
        self.live.close()
        self.kept.close()

    def dump(self, programme: int | None = None) -> Dump:
        """Every row, or those that belong to one programme; without what looking may write."""
        return {
            table.name: self._rows(table, programme)
            for table in Base.metadata.sorted_tables
            if programme is None or _owned(table) is not None
        }

    def _rows(self, table: Table, programme: int | None) -> list[tuple[Any, ...]]:
        names = [f'"{c.name}"' for c in table.columns if (table.name, c.name) not in _SEEN]
        where = f" where {_owned(table)}" if programme is not None else ""
        order = ", ".join(f'"{c.name}"' for c in table.primary_key)
        query = f'select {", ".join(names)} from "{table.name}"{where} order by {order}'  # noqa: S608
        found: list[tuple[Any, ...]] = self.live.execute(query, {"p": programme}).fetchall()
        return found

    def _read_version(self) -> int:
        (version,) = self.live.execute("PRAGMA data_version").fetchone()
        return int(version)


def _owned(table: Table) -> str | None:
    """By which condition a table's rows belong to the programme `:p`; None if to no programme."""
    if table.name == "programme":
        return "id = :p"
    if "programme_id" in table.columns:
        return "programme_id = :p"
    for key in table.foreign_keys:
        parent = key.column.table
        if "programme_id" in parent.columns:
            inner = f'select "{key.column.name}" from "{parent.name}" where programme_id = :p'  # noqa: S608
            return f'"{key.parent.name}" in ({inner})'
    return None


def plain(dump: Dump) -> dict[str, list[str]]:
    """The rows without what chance and the clock decide."""
    return {
        name: sorted(_RANDOM.sub("#", json.dumps(row, default=repr, ensure_ascii=False)) for row in rows)
        for name, rows in dump.items()
    }


def differences(before: Mapping[str, list[Any]], after: Mapping[str, list[Any]]) -> str:
    """What is in one dump and not in the other, in a few lines."""
    lines = []
    for name in before:
        if before[name] != after[name]:
            gone = [row for row in before[name] if row not in after[name]]
            new = [row for row in after[name] if row not in before[name]]
            lines += [f"  {name} - {str(row)[:400]}" for row in gone[:3]]
            lines += [f"  {name} + {str(row)[:400]}" for row in new[:3]]
    return "\n".join(lines)
