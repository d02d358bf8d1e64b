"""One row of a sheet: a draft of a profile, or what is wrong with it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matcher.models.kinds import Kind
from matcher.profiles.amounts import currency_beside
from matcher.profiles.cell import parse_cell
from matcher.profiles.errors import CellError
from matcher.profiles.fields import Field, FieldType, field
from matcher.profiles.mapping import ColumnMatch
from matcher.profiles.text import clean
from matcher.wording import N_, Message

ADDED_COLUMNS = ("row", "reason")
_SHOWN = 80
_NOTE = Field("note", FieldType.TEXT, None, "", "")


@dataclass(frozen=True, slots=True)
class ProfileDraft:
    """A profile as one row states it. A field it does not state is absent from `values`."""

    kind: Kind
    ref: str
    name: str
    values: Mapping[str, Any]
    notes: Mapping[str, str]
    row: int


@dataclass(frozen=True, slots=True)
class RowProblem:
    """What is wrong in one place of a sheet, and what would be right."""

    file: str
    row: int
    column: str
    value: str
    expected: Message

    def message(self) -> Message:
        """One sentence that says all of it."""
        return Message(
            N_("%(file)s, row %(row)d, %(column)s: “%(value)s”; expected %(expected)s."),
            {
                "file": self.file,
                "row": self.row,
                "column": self.column,
                "value": self.value,
                "expected": self.expected,
            },
        )


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that was not imported: its number, its cells as they stand, and why.

    `more` counts the problems that were found and not kept.
    """

    row: int
    cells: tuple[str, ...]
    problems: tuple[RowProblem, ...]
    more: int = 0


def own_columns(headers: Sequence[str]) -> tuple[int, range]:
    """How many columns are the sheet's own, and where those stand that a file of bad rows was given.

    Such a file, corrected and come back, may have columns without a header before those: the cells in
    them were too many, and are so until somebody takes them away.
    """
    own = len(headers) - len(ADDED_COLUMNS)
    if own < 1 or tuple(map(clean, headers[own:])) != ADDED_COLUMNS:
        return len(headers), range(0)
    added = range(own, len(headers))
    while own and not clean(headers[own - 1]):
        own -= 1
    return own, added


class RowReader:
    """Reads the rows of one sheet in order, and remembers which refs it has met."""

    def __init__(
        self, kind: Kind, file: str, columns: tuple[ColumnMatch, ...], headers: Sequence[str] | None = None
    ) -> None:
        self.kind, self.file, self.columns = kind, file, columns
        self._fields: dict[int, Field] = {
            column.index: field(kind, column.field) for column in columns if column.field
        }
        self._headers = {column.field: column.header for column in columns if column.field}
        own, self._added = own_columns(headers or [column.header for column in columns])
        self._kept = columns[:own]
        self._rows_by_ref: dict[str, int] = {}

    def read(self, row: int, cells: tuple[str, ...]) -> ProfileDraft | BadRow:
        """The draft that a row states, or the row with its problems."""
        problems: list[RowProblem] = []
        values, notes = self._parse(row, cells, problems)
        problems += self._check(row, cells, values, broken=bool(problems))
        ref = self._ref(row, values, problems)
        if problems:
            return BadRow(row, cells, tuple(problems))
        return ProfileDraft(self.kind, ref, values["name"], values, notes, row)

    def _parse(
        self, row: int, cells: tuple[str, ...], problems: list[RowProblem]
    ) -> tuple[dict[str, Any], dict[str, str]]:
        values: dict[str, Any] = {}
        notes: dict[str, str] = {}
        for column, text in zip(self._kept, cells, strict=False):
            try:
                value = parse_cell(self._fields.get(column.index, _NOTE), text)
            except CellError as error:
                problems.append(self._problem(row, column.header, text, error.expected))
                continue
            if value is not None:
                place = values if column.field else notes
                place[column.field or column.header] = value
        self._add_currency(cells, values)
        return values, notes

    def _add_currency(self, cells: tuple[str, ...], values: dict[str, Any]) -> None:
        """An amount such as "€250,000" states its currency, unless a column does."""
        if "currency" in values or self.kind == Kind.MENTOR:
            return
        money = [at for at, known in self._fields.items() if known.type == FieldType.MONEY]
        beside = {currency_beside(cells[at]) for at in money if at < len(cells)} - {None}
        if len(beside) == 1:
            values["currency"] = beside.pop()

    def _check(
        self, row: int, cells: tuple[str, ...], values: Mapping[str, Any], *, broken: bool
    ) -> Iterator[RowProblem]:
        """What is wrong with a row whose cells are each right."""
        own = len(self._kept)
        surplus = (at for at in range(own, len(cells)) if at not in self._added and clean(cells[at]))
        if (at := next(surplus, None)) is not None:
            expected = Message(
                N_("%(count)d cells; a cell that holds the separator needs quotation marks"), {"count": own}
            )
            yield self._problem(row, f"column {at + 1}", cells[at], expected)
        if "name" not in values and not broken:
            yield self._problem(row, self._headers["name"], "", Message(N_("a name in every row")))
        low, high = values.get("ticket_min"), values.get("ticket_max")
        if low is not None and high is not None and low > high:
            expected = Message(N_("no more than the largest ticket, %(largest)s"), {"largest": str(high)})
            yield self._problem(row, self._headers["ticket_min"], str(low), expected)

    def _ref(self, row: int, values: dict[str, Any], problems: list[RowProblem]) -> str:
        """The row's ref, given or derived, which no row above may have."""
        column, ref = self._derived_ref(values)
        if not ref:
            if not problems:
                problems.append(self._without_ref(row, column, values))
            return ""
        first = self._rows_by_ref.setdefault(ref, row)
        if first != row:
            expected = Message(N_("a ref of its own: row %(first)d has the same"), {"first": first})
            problems.append(self._problem(row, column, ref, expected))
        return ref

    def _without_ref(self, row: int, column: str, values: Mapping[str, Any]) -> RowProblem:
        if "ref" in self._headers:
            return self._problem(row, column, "", Message(N_("a ref in every row")))
        expected = Message(N_("a ref, or a name with letters or digits"))
        return self._problem(row, column, values["name"], expected)

    def _derived_ref(self, values: dict[str, Any]) -> tuple[str, str]:
        """The column that the ref comes from, and the ref."""
        if "ref" in self._headers:
            return self._headers["ref"], values.get("ref", "")
        if "email" in values:
            return self._headers["email"], values["email"]
        return self._headers["name"], slug(values.get("name", ""))

    def _problem(self, row: int, column: str, value: str, expected: Message) -> RowProblem:
        value = clean(value[: 2 * _SHOWN])
        shown = value if len(value) <= _SHOWN else value[:_SHOWN] + "…"
        return RowProblem(self.file, row, column, shown, expected)


def slug(name: str) -> str:
    """A ref made of a name: its words in small letters, of whatever script, joined by hyphens."""
    return re.sub(r"[\W_]+", "-", name.casefold()).strip("-")
