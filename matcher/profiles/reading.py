"""A sheet of profiles, read: what was decided, the drafts, and the rows that need correcting."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from matcher.models.kinds import Kind
from matcher.profiles.errors import SheetError
from matcher.profiles.fields import FIELDS
from matcher.profiles.limits import DEFAULT_LIMITS, SheetLimits
from matcher.profiles.mapping import ColumnMatch, looks_like_header, match_columns
from matcher.profiles.rows import BadRow, ProfileDraft, RowProblem, RowReader
from matcher.profiles.sheet import Sheet, open_sheet
from matcher.profiles.size import size
from matcher.profiles.xlsx import Workbook
from matcher.wording import N_, Message

RefSource = Literal["column", "email", "name"]
PROBLEMS_KEPT = 1000
PROBLEMS_OF_A_ROW = 5
_NO_OVERRIDES: Mapping[str, str] = MappingProxyType({})


@dataclass
class SheetReading:
    """Everything that reading one sheet found."""

    kind: Kind
    file: str
    format: Message
    columns: tuple[ColumnMatch, ...]
    headers: tuple[str, ...]
    ref_source: RefSource
    drafts: list[ProfileDraft] = field(default_factory=list)
    problems: list[RowProblem] = field(default_factory=list)
    more_problems: int = 0
    bad_rows: list[BadRow] = field(default_factory=list)

    @property
    def ref_note(self) -> Message | None:
        """What the refs were made of, when no column gives them."""
        if self.ref_source == "column":
            return None
        if self.ref_source == "email":
            return Message(N_("No column gives a ref, so each profile goes by its e-mail address."))
        return Message(N_("No column gives a ref, so each profile goes by its name."))

    def _refuse(self, bad: BadRow) -> None:
        kept = bad.problems[:PROBLEMS_OF_A_ROW]
        self.bad_rows.append(replace(bad, problems=kept, more=len(bad.problems) - len(kept)))
        room = max(0, PROBLEMS_KEPT - len(self.problems))
        self.problems += bad.problems[:room]
        self.more_problems += max(0, len(bad.problems) - room)


@dataclass(frozen=True)
class SheetPeek:
    """The decisions about the columns, and the first rows as they stand."""

    kind: Kind
    file: str
    format: Message
    columns: tuple[ColumnMatch, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]


def read_profiles(
    path: Path,
    kind: Kind,
    overrides: Mapping[str, str] = _NO_OVERRIDES,
    name: str | None = None,
    limits: SheetLimits = DEFAULT_LIMITS,
) -> SheetReading:
    """Every profile of a sheet. Bad rows are listed; `SheetError` when no row can be read."""
    sheet = open_sheet(path, name, limits)
    columns = _columns(sheet, kind, overrides)
    _need_a_name(sheet, columns)
    reading = SheetReading(kind, sheet.name, sheet.format, columns, sheet.headers, _ref_source(columns))
    reader = RowReader(kind, sheet.name, columns, sheet.headers)
    kept = 0
    for number, cells in _some_rows(sheet):
        outcome = reader.read(number, cells)
        if isinstance(outcome, BadRow):
            reading._refuse(outcome)
        else:
            reading.drafts.append(outcome)
        kept += size(outcome)
        _check_kept(reading, kept, limits)
    return reading


def _check_kept(reading: SheetReading, kept: int, limits: SheetLimits) -> None:
    """`SheetError` when more is kept than an import may need."""
    if len(reading.bad_rows) > limits.bad_rows:
        raise SheetError(
            Message(
                N_(
                    "%(file)s: more than %(limit)d rows are wrong. Check that it is the right sheet "
                    "and that its columns are mapped to the right fields. The first mistake: %(problem)s"
                ),
                {
                    "file": reading.file,
                    "limit": limits.bad_rows,
                    "problem": reading.problems[0].message(),
                },
            )
        )
    if kept > limits.kept_bytes:
        raise SheetError(
            Message(
                N_("%(file)s: too much text to read at once. Split it into several sheets."),
                {"file": reading.file},
            )
        )


def peek(
    path: Path,
    kind: Kind,
    overrides: Mapping[str, str] = _NO_OVERRIDES,
    rows: int = 10,
    name: str | None = None,
    limits: SheetLimits = DEFAULT_LIMITS,
) -> SheetPeek:
    """The columns and first rows, for somebody to look at before importing."""
    sheet = open_sheet(path, name, limits)
    columns = _columns(sheet, kind, overrides)
    first = tuple(islice(_some_rows(sheet), rows))
    return SheetPeek(kind, sheet.name, sheet.format, columns, first)


def _columns(sheet: Sheet, kind: Kind, overrides: Mapping[str, str]) -> tuple[ColumnMatch, ...]:
    if not overrides and not looks_like_header(kind, sheet.headers):
        raise _in_worksheet(
            sheet,
            Message(
                N_(
                    "%(file)s, row %(row)d: the first row must hold the names of the columns, and "
                    "none of “%(found)s” is one. Add a row of names above it, such as: %(fields)s."
                ),
                {
                    "file": sheet.name,
                    "row": sheet.header_row,
                    "found": " | ".join(header[:40] for header in sheet.headers[:12]),
                    "fields": _field_names(kind),
                },
            ),
        )
    return match_columns(kind, sheet.headers, overrides)


def _field_names(kind: Kind) -> list[str]:
    return [field.name for field in FIELDS[kind]]


def _need_a_name(sheet: Sheet, columns: tuple[ColumnMatch, ...]) -> None:
    if any(column.field == "name" for column in columns):
        return
    raise _in_worksheet(
        sheet,
        Message(
            N_(
                "%(file)s: no column gives the name. Call it “name”, or map it: "
                "--map 'HEADER=name'. The columns are: %(headers)s."
            ),
            {"file": sheet.name, "headers": [column.header for column in columns]},
        ),
    )


def _in_worksheet(sheet: Sheet, message: Message) -> SheetError:
    """The error, and of a workbook the worksheet that was read and those that were not."""
    if not isinstance(sheet.source, Workbook):
        return SheetError(message)
    params = {"error": message, "sheet": sheet.source.sheet, "others": list(sheet.source.others)}
    if not sheet.source.others:
        return SheetError(Message(N_("%(error)s This is the worksheet “%(sheet)s”."), params))
    return SheetError(
        Message(
            N_(
                "%(error)s This is the worksheet “%(sheet)s”. Only the first one is read; if it is "
                "another (%(others)s), move that one to the front."
            ),
            params,
        )
    )


def _ref_source(columns: tuple[ColumnMatch, ...]) -> RefSource:
    given = {column.field for column in columns}
    if "ref" in given:
        return "column"
    return "email" if "email" in given else "name"


def _some_rows(sheet: Sheet) -> Iterator[tuple[int, tuple[str, ...]]]:
    rows = sheet.rows()
    first = next(rows, None)
    if first is None:
        raise SheetError(
            Message(
                N_("%(file)s: there is a row of column names and no row below it."),
                {"file": sheet.name},
            )
        )
    yield first
    yield from rows


__all__ = [
    "BadRow",
    "ProfileDraft",
    "RowProblem",
    "SheetPeek",
    "SheetReading",
    "peek",
    "read_profiles",
]
