"""CSV files by the names of their columns, each read once and every problem told with its line."""

import csv
import hashlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from matcher.cli.errors import BadInput, at_line
from matcher.wording import N_, Message

if TYPE_CHECKING:
    from _csv import Reader

MOST_PROBLEMS = 20
"""Named at once; whoever mends twenty lines knows how to mend the rest."""

Problems = list[tuple[int, Message]]
"""The number of a line, and what is wrong with it."""


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A file's content, so that the hash in a record is of what was computed with, and pipes work."""

    path: Path
    data: bytes

    @classmethod
    def read(cls, path: Path, largest: int) -> Self:
        """The file.

        Raises:
            BadInput: it has more than `largest` bytes.
        """
        with path.open("rb") as file:
            data = file.read(largest + 1)
        if len(data) > largest:
            limit = Message(N_("the file is larger than %(limit)d MB"), {"limit": largest >> 20})
            raise BadInput([at_line(path, 1, limit)])
        return cls(path, data)

    @property
    def digest(self) -> str:
        """The SHA-256 of the content."""
        return hashlib.sha256(self.data).hexdigest()

    def refuse(self, problems: Problems) -> None:
        """Raise BadInput if there are problems, with the first of them by line."""
        if problems:
            first = sorted(problems, key=lambda problem: problem[0])[:MOST_PROBLEMS]
            raise BadInput([at_line(self.path, line, problem) for line, problem in first])


def read_cells(source: Source, columns: Sequence[str], problems: Problems) -> Iterator[tuple[int, list[str]]]:
    """The number of each line that is not blank, and its cells under `columns`.

    A line of another length than the first is put among the problems.

    Raises:
        BadInput: the file is no CSV, or has not all columns.
    """
    file = io.TextIOWrapper(io.BytesIO(source.data), encoding="utf-8-sig", newline="")
    reader = csv.reader(file, strict=True)
    try:
        yield from _select(source, reader, columns, problems)
    except UnicodeDecodeError:
        source.refuse([*problems, (_undecodable(source.data), Message(N_("this is not UTF-8 text")))])
    except csv.Error as error:
        broken = Message(N_("this is no CSV: %(reason)s"), {"reason": str(error)})
        source.refuse([*problems, (reader.line_num, broken)])


def find_columns(source: Source, line: int, header: Sequence[str], columns: Sequence[str]) -> list[int]:
    """Where in the header, which is on this line, the columns stand.

    Raises:
        BadInput: one is missing, or there twice.
    """
    names = [name.strip() for name in header]
    problems: Problems = []
    for column in columns:
        if column not in names:
            wanted = {"column": column, "columns": ",".join(columns)}
            missing = N_(
                "the column “%(column)s” is missing; the file must begin with a line like %(columns)s"
            )
            problems.append((line, Message(missing, wanted)))
        elif names.count(column) > 1:
            problems.append((line, Message(N_("the column “%(column)s” is there twice"), {"column": column})))
    source.refuse(problems)
    return [names.index(column) for column in columns]


def _select(
    source: Source, reader: "Reader", columns: Sequence[str], problems: Problems
) -> Iterator[tuple[int, list[str]]]:
    rows = _numbered(reader)
    line, header = next(rows, (1, None))
    if header is None:
        source.refuse([(1, Message(N_("the file has no lines")))])
        return
    positions = find_columns(source, line, header, columns)
    width = len(header)
    for number, row in rows:
        if len(row) == width or (len(row) > width and not any(row[width:])):
            yield number, [row[position] for position in positions]
        else:
            lengths = {"wanted": width, "found": len(row)}
            problems.append(
                (
                    number,
                    Message(N_("expected %(wanted)d fields as in the first line, found %(found)d"), lengths),
                )
            )


def _numbered(reader: "Reader") -> Iterator[tuple[int, list[str]]]:
    """Rows that are not blank, each with the line that it begins on; a quoted field may span lines."""
    begin = 1
    for row in reader:
        if len(row) > 1 or (row and row[0].strip()):
            yield begin, row
        begin = reader.line_num + 1


def _undecodable(data: bytes) -> int:
    """The first line that is not UTF-8; no letter of several bytes holds a line feed."""
    for number, line in enumerate(io.BytesIO(data), start=1):
        try:
            line.decode()
        except UnicodeDecodeError:
            return number
    return 1
