"""The rows that were not imported, written out for somebody to correct and import again."""

import csv
from collections.abc import Iterable
from pathlib import Path

from matcher.profiles.reading import SheetReading
from matcher.profiles.rows import ADDED_COLUMNS, BadRow, own_columns
from matcher.profiles.sheet import is_formula
from matcher.wording import N_, Message


def write_bad_rows(reading: SheetReading, path: Path) -> None:
    """A CSV of the bad rows as they stood, with the columns `row` and `reason` after them."""
    own, added = own_columns(reading.headers)
    rows = [[c for at, c in enumerate(bad.cells) if at not in added] for bad in reading.bad_rows]
    width = max(own, *map(len, rows), 0)
    headers = [column.header for column in reading.columns[:own]]
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(safe_cells([*_padded(headers, width), *ADDED_COLUMNS]))
        for bad, cells in zip(reading.bad_rows, rows, strict=True):
            writer.writerow(safe_cells([*_padded(cells, width), str(bad.row), _reasons(reading, bad)]))


def _reasons(reading: SheetReading, bad: BadRow) -> str:
    reasons = [problem.message() for problem in bad.problems]
    if bad.more:
        more = {"file": reading.file, "count": bad.more}
        reasons.append(Message(N_("%(file)s: and %(count)d problems more"), more))
    return " ".join(map(str, reasons))


def _padded(cells: Iterable[str], width: int) -> list[str]:
    row = list(cells)
    return row + [""] * (width - len(row))


def safe_cells(cells: Iterable[str]) -> list[str]:
    """Cells that no spreadsheet takes for a formula."""
    return [f"'{cell}" if is_formula(cell) else cell for cell in cells]
