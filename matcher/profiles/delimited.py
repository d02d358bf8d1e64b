"""CSV of any usual encoding and delimiter, read as a stream with bounded memory."""

import csv
import io
import re
from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path

from matcher.profiles.encoding import encoding_of
from matcher.profiles.errors import SheetError
from matcher.profiles.limits import SheetLimits
from matcher.wording import N_, Message

Row = tuple[int, list[str]]

_DELIMITERS = (",", ";", "\t", "|")
_SAMPLE_CHARS = 1 << 16
# A quotation mark inside an unquoted cell, as in 5" x 7", opens nothing.
_QUOTED = re.compile(r'(?<![^,;\t|\r\n])"(?:[^"]|"")*(?:"|\Z)')
_SEP = re.compile(r"sep=([,;\t|:^~])\s*[\r\n]", re.IGNORECASE)


class Delimited:
    """A CSV file: its encoding, its delimiter, and its records."""

    def __init__(self, path: Path, name: str, limits: SheetLimits) -> None:
        self.path, self.name, self.limits = path, name, limits
        self.encoding = encoding_of(path, name)
        self.lines_read = self.record_lines = self.record_chars = 0
        self.record = 1
        self.at_end = False
        with path.open(encoding=self.encoding, errors="replace", newline="") as file:
            self.delimiter, self._told = _delimiter(file.read(_SAMPLE_CHARS))

    def rows(self) -> Generator[Row, None, None]:
        """Records with their numbers as a spreadsheet shows them: blank ones count too."""
        with closing(self._lines()) as lines:
            if self._told:
                next(lines)
            reader = csv.reader(self._bounded(lines), delimiter=self.delimiter)
            yield from self._records(reader)

    def _records(self, reader: Iterator[list[str]]) -> Iterator[Row]:
        self.record = 1
        while True:
            self.record_lines = self.record_chars = 0
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise self._too_long() from error
            # The reader asks for a line past the end only while a quote is open.
            if self.at_end:
                raise self._unclosed()
            yield self.record, cells
            self.record += 1

    def _bounded(self, lines: Iterator[str]) -> Iterator[str]:
        self.at_end = False
        for line in lines:
            self.record_lines += 1
            self.record_chars += len(line)
            if self.record_lines > self.limits.record_lines:
                raise self._unclosed()
            if self.record_chars > self.limits.record_chars:
                raise self._too_long()
            yield line
        self.at_end = self.record_lines > 0

    def _lines(self) -> Generator[str, None, None]:
        """Lines of the file; a line that is too long, or not text, is an error that says where."""
        self.lines_read = 0
        with self.path.open(encoding=self.encoding, newline="") as file:
            while line := self._line(file):
                self.lines_read += 1
                if len(line) > self.limits.record_chars:
                    raise self._long_line(line)
                if "\0" in line:
                    raise self._nul()
                yield line

    def _line(self, file: io.TextIOWrapper) -> str:
        try:
            return file.readline(self.limits.record_chars + 1)
        except UnicodeError as error:
            raise self._undecodable() from error

    def _undecodable(self) -> SheetError:
        line = _bad_line(self.path, self.encoding, self.lines_read + 1)
        return SheetError(
            Message(
                N_(
                    "%(file)s, line %(line)d: bytes that are not %(encoding)s, which the rest of "
                    "the file is. Correct that line, or save the sheet again as “CSV UTF-8”."
                ),
                {"file": self.name, "line": line, "encoding": self.encoding},
            )
        )

    def _nul(self) -> SheetError:
        return SheetError(
            Message(
                N_(
                    "%(file)s, line %(line)d: holds a zero byte, so it is not a text file. "
                    "Save the sheet again as CSV or XLSX."
                ),
                {"file": self.name, "line": self.lines_read},
            )
        )

    def _long_line(self, line: str) -> SheetError:
        columns = max(line.count(mark) for mark in _DELIMITERS) + 1
        if columns > self.limits.columns:
            return too_many_columns(self.name, self.limits)
        return self._too_long()

    def _too_long(self) -> SheetError:
        if self.record_lines > 1:
            return self._unclosed()
        return SheetError(
            Message(
                N_(
                    "%(file)s, row %(row)d: a row or cell of this length cannot be read; a cell "
                    "may have %(limit)d characters. Shorten it."
                ),
                {"file": self.name, "row": self.record, "limit": self.limits.cell_chars},
            )
        )

    def _unclosed(self) -> SheetError:
        return SheetError(
            Message(
                N_(
                    '%(file)s, row %(row)d: a quotation mark (") opens a cell here and is never '
                    "closed. Close it, or write it twice if it belongs to the text."
                ),
                {"file": self.name, "row": self.record},
            )
        )


def too_many_columns(name: str, limits: SheetLimits) -> SheetError:
    """The error of a sheet wider than any sheet of profiles is."""
    return SheetError(
        Message(
            N_("%(file)s: more than %(limit)d columns. Keep those that describe the profiles."),
            {"file": name, "limit": limits.columns},
        )
    )


def _bad_line(path: Path, encoding: str, at_least: int) -> int:
    """The reader decodes ahead of the line it gives, so the line is found by reading bytes."""
    if encoding.startswith(("utf-16", "utf-32")):
        return at_least
    with path.open("rb") as file:
        for number in range(1, 10_000_000):
            raw = file.readline(1 << 22)
            if not raw:
                break
            try:
                raw.decode(encoding)
            except UnicodeDecodeError:
                return number
    return at_least


def _delimiter(sample: str) -> tuple[str, bool]:
    """The delimiter, and whether a first line `sep=;` told it, as Excel writes."""
    told = _SEP.match(sample)
    if told:
        return told[1], True
    records = _outside_quotes(sample)
    if not records:
        return ",", False
    return max(_DELIMITERS, key=lambda mark: _agreement(mark, records)), False


def _outside_quotes(sample: str) -> list[str]:
    """The first records with a letter for each quoted text, blank ones left out."""
    bare = _QUOTED.sub("x", sample)
    records = [line for line in re.split(r"[\r\n]+", bare) if line.strip(",;|\t ")]
    return records[:50]


def _agreement(mark: str, records: list[str]) -> tuple[float, int]:
    """How many records have as many of the mark as the header has; 0 when the header has none."""
    in_header = records[0].count(mark)
    if in_header == 0:
        return 0.0, 0
    same = sum(record.count(mark) == in_header for record in records)
    return same / len(records), in_header
