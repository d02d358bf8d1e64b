"""XLSX workbooks: checked as an archive, then parsed by a process of their own."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import Any

from matcher.profiles import xlsx_rows
from matcher.profiles.archive import broken, check_workbook, protected
from matcher.profiles.delimited import Row, too_many_columns
from matcher.profiles.errors import SheetError
from matcher.profiles.limits import SheetLimits
from matcher.wording import N_, Message


class Workbook:
    """The first visible sheet with a cell in it.

    The parser writes its rows to a temporary file and ends before anybody reads them, so that its
    memory and the reader's are never needed at the same time.
    """

    def __init__(self, path: Path, name: str, limits: SheetLimits) -> None:
        check_workbook(path, name, limits)
        self.path, self.name, self.limits = path, name, limits
        self._rows = tempfile.NamedTemporaryFile(prefix="tandem-sheet-")  # noqa: SIM115 - kept open
        self._parse()
        self.sheet, self.others = self._first_line()

    def rows(self) -> Generator[Row, None, None]:
        """Rows that are not blank, with their numbers."""
        with Path(self._rows.name).open("rb") as lines:
            next(lines)
            for line in lines:
                number, cells = json.loads(line)
                yield number, cells

    def _parse(self) -> None:
        try:
            done = subprocess.run(
                self._command(),
                stdin=subprocess.DEVNULL,
                stdout=self._rows,
                stderr=subprocess.DEVNULL,
                timeout=3 * self.limits.parser_seconds,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise self._too_much() from error
        # A status of 1 is a traceback: the parser gave up. Any other means that a limit was met.
        if done.returncode:
            raise broken(self.name) if done.returncode == 1 else self._too_much()

    def _first_line(self) -> tuple[str, tuple[str, ...]]:
        """The names of the sheet and of the others, which stand before its rows unless there is an error."""
        with Path(self._rows.name).open("rb") as lines:
            said: dict[str, Any] = json.loads(lines.readline())
        if "sheet" in said:
            return said["sheet"], tuple(said["others"])
        errors = {
            "password": protected(self.name),
            "broken": broken(self.name),
            "columns": too_many_columns(self.name, self.limits),
            "empty": self._empty(),
        }
        raise errors.get(said["error"], self._too_much())

    def _command(self) -> list[str]:
        # By its path and isolated (-I): neither the working directory nor the environment matters.
        script, path = str(Path(xlsx_rows.__file__)), str(self.path.resolve())
        at = self.limits
        numbers = (at.parser_bytes, at.unpacked_bytes, at.parser_seconds, at.columns, at.cell_chars)
        return [sys.executable, "-I", "-X", "utf8", script, path, *map(str, numbers)]

    def _empty(self) -> SheetError:
        return SheetError(
            Message(
                N_("%(file)s: the workbook has no visible sheet with anything in it."),
                {"file": self.name},
            )
        )

    def _too_much(self) -> SheetError:
        return SheetError(
            Message(
                N_(
                    "%(file)s: reading the workbook takes more memory or time than a sheet of "
                    "profiles needs; often one stray cell far to the right or below does it. "
                    "Copy the rows to a new workbook, or save the sheet as CSV."
                ),
                {"file": self.name},
            )
        )
