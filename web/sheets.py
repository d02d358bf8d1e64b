"""Sheets for managers to take away: CSV and XLSX in which no text runs, hides or is lost."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from tempfile import SpooledTemporaryFile
from typing import IO

import xlsxwriter

from matcher.profiles.badrows import safe_cells
from matcher.profiles.text import clean

Value = str | int | float | datetime | None
"""What a cell may hold. Dates are instants, whole numbers are counts, others scores."""

_IN_MEMORY = 1 << 20
XLSX_CHARS = 32_767
"""What a cell of a workbook holds, in UTF-16 units; Excel calls a file with more damaged."""
XLSX_ROWS = 1_048_576
_CUT = " […]"
# Where the list separator is a semicolon, Excel splits a CSV there, whatever its commas and quotes say.
_AFTER_SEMICOLON = re.compile(r"(;\s*)(?=[=+\-@＝＋－＠])")


def plain(text: str) -> str:
    """The text in one line, without characters that hide or turn what is around them."""
    return " ".join(clean(text).split())


def write_csv(header: Sequence[str], rows: Iterable[Iterable[Value]]) -> IO[bytes]:
    """A CSV in UTF-8 with a byte order mark.

    Without the mark, Excel reads any of our six languages but English as noise, and nothing in the
    file tells a manager why. Whoever reads it by program says `utf-8-sig`, as our own import does.
    """
    file = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - sent, then closed by the response
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows(safe_cells(map(_csv_cell, row)) for row in rows)
    text.detach()
    file.seek(0)
    return file


def write_xlsx(
    title: str,
    header: Sequence[str],
    rows: Iterable[Iterable[Value]],
    *,
    rtl: bool,
    rows_a_sheet: int = XLSX_ROWS,
) -> IO[bytes]:
    """A workbook, written row by row. Text is written as text, and stays text when its cell is edited."""
    file = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - sent, then closed by the response
    book = xlsxwriter.Workbook(file, {"constant_memory": True, "remove_timezone": True})
    _Pages(book, title, header, rtl=rtl, most=rows_a_sheet).write(rows)
    book.close()
    file.seek(0)
    return file


class _Pages:
    """The worksheets of one table: a second one only where the first is full."""

    def __init__(
        self, book: xlsxwriter.Workbook, title: str, header: Sequence[str], *, rtl: bool, most: int
    ) -> None:
        self.book, self.title, self.header, self.rtl, self.most = book, title, header, rtl, most
        # The prefix is what an apostrophe typed before a formula leaves: nobody sees it.
        self.text = book.add_format({"quote_prefix": True, "valign": "top", "text_wrap": True})
        self.head = book.add_format({"quote_prefix": True, "bold": True, "valign": "top", "text_wrap": True})
        self.number = book.add_format({"num_format": "0.0000", "valign": "top"})
        self.count = book.add_format({"num_format": "0", "valign": "top"})
        self.date = book.add_format({"num_format": "yyyy-mm-dd hh:mm", "valign": "top"})

    def write(self, rows: Iterable[Iterable[Value]]) -> None:
        """All rows, under a header on each worksheet."""
        sheet, at = self._add(1), 1
        for row in rows:
            if at == self.most:
                sheet, at = self._add(len(self.book.worksheets()) + 1), 1
            for column, value in enumerate(row):
                self._cell(sheet, at, column, value)
            at += 1

    def _add(self, number: int) -> xlsxwriter.worksheet.Worksheet:
        sheet = self.book.add_worksheet(f"{self.title[:25]} {number}" if number > 1 else self.title[:31])
        sheet.freeze_panes(1, 0)
        if self.rtl:
            sheet.right_to_left()
        for column, name in enumerate(self.header):
            sheet.set_column(column, column, 24)
            sheet.write_string(0, column, name, self.head)
        return sheet

    def _cell(self, sheet: xlsxwriter.worksheet.Worksheet, row: int, column: int, value: Value) -> None:
        if isinstance(value, str):
            sheet.write_string(row, column, _fitting(plain(value)), self.text)
        elif isinstance(value, datetime):
            sheet.write_datetime(row, column, value.astimezone(UTC), self.date)
        elif value is not None:
            sheet.write_number(row, column, value, self.count if isinstance(value, int) else self.number)


def _csv_cell(value: Value) -> str:
    if isinstance(value, str):
        return _AFTER_SEMICOLON.sub(r"\1'", plain(value))
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds")
    if isinstance(value, int):
        return str(value)
    return "" if value is None else f"{value:.4f}"


def _fitting(text: str) -> str:
    """What fits into a cell; the rest is cut where the reader sees it."""
    units = text.encode("utf-16-le")
    if len(units) <= 2 * XLSX_CHARS:
        return text
    return units[: 2 * (XLSX_CHARS - len(_CUT))].decode("utf-16-le", "ignore") + _CUT
