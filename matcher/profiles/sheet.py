"""A sheet of either format, recognised by its content: headers, then rows."""

import re
import stat
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from matcher.profiles.delimited import Delimited, too_many_columns
from matcher.profiles.encoding import bare_utf16
from matcher.profiles.errors import SheetError
from matcher.profiles.limits import DEFAULT_LIMITS, SheetLimits
from matcher.profiles.text import clean
from matcher.profiles.xlsx import Workbook
from matcher.wording import N_, Message

# A spreadsheet runs a cell that starts with one of these as a formula.
# Blanks and invisible characters before it do not stop all of them, nor does its full-width form.
_FORMULA = re.compile(
    "[\\s\x00-\x1f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]*[-=+@\uff0d\uff1d\uff0b\uff20\t\r]"
)
_HEAD = 8192
_CONTROLS = 3
# Local file, empty archive, part of several. "PK" alone may be a header: a database's primary key.
_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_NOT_TEXT = (
    (b"%PDF", "PDF"),
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF8", "GIF"),
    (b"\x1f\x8b", "GZIP"),
    (b"7z\xbc\xaf", "7-Zip"),
    (b"Rar!", "RAR"),
    (b"\x7fELF", "ELF"),
    (b"MZ\x90", "EXE"),
    (b"SQLite format 3", "SQLite"),
    (b"{\\rtf", "RTF"),
    (b"<!DOCTYPE", "HTML"),
    (b"<html", "HTML"),
    (b"<?xml", "XML"),
)
_MARKS_16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class Sheet:
    """An opened sheet. Each call of `rows` reads the file anew."""

    name: str
    format: Message
    headers: tuple[str, ...]
    header_row: int
    source: Delimited | Workbook
    limits: SheetLimits

    def rows(self) -> Generator[tuple[int, tuple[str, ...]], None, None]:
        """The rows below the header that are not blank, numbered as a spreadsheet shows them."""
        count = cell_count = 0
        with closing(_filled(self.source)) as rows:
            for number, cells in rows:
                if number <= self.header_row:
                    continue
                count += 1
                if count > self.limits.rows:
                    raise _too_many_rows(self.name, self.limits)
                cell_count += len(cells)
                if cell_count > self.limits.cells:
                    raise _too_many_cells(self.name, self.limits)
                yield number, cells


def open_sheet(path: Path, name: str | None = None, limits: SheetLimits = DEFAULT_LIMITS) -> Sheet:
    """The sheet in a file; `SheetError` when it is not one, or too large to be one.

    `name` is what to call the file in messages when it was uploaded to another path.
    """
    name = name or path.name
    source = _source(path, name, limits)
    with closing(_filled(source)) as rows:
        header = next(rows, None)
    if header is None:
        raise SheetError(Message(N_("%(file)s: the file is empty."), {"file": name}))
    if len(header[1]) > limits.columns:
        raise too_many_columns(name, limits)
    return Sheet(name, _format(source), header[1], header[0], source, limits)


def _source(path: Path, name: str, limits: SheetLimits) -> Delimited | Workbook:
    about = path.stat()
    if not stat.S_ISREG(about.st_mode):
        raise _not_a_file(name)
    size = about.st_size
    if size > limits.bytes:
        raise _too_large(name, size, limits)
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if not head:
        raise SheetError(Message(N_("%(file)s: the file is empty."), {"file": name}))
    if head.startswith(_ZIP):
        return Workbook(path, name, limits)
    _check_text(head, name)
    return Delimited(path, name, limits)


def _filled(source: Delimited | Workbook) -> Generator[tuple[int, tuple[str, ...]], None, None]:
    """Rows with something in them, without the empty cells at their ends."""
    with closing(source.rows()) as rows:
        for number, cells in rows:
            filled = _trim(cells)
            if filled:
                yield number, filled


def _trim(cells: list[str]) -> tuple[str, ...]:
    end = len(cells)
    while end and not clean(cells[end - 1]):
        end -= 1
    return tuple(_as_typed(cell) for cell in cells[:end])


def is_formula(cell: str) -> bool:
    """Whether a spreadsheet may run the cell."""
    return _FORMULA.match(cell) is not None


def _as_typed(cell: str) -> str:
    """Without the apostrophe that keeps a cell from running as a formula."""
    return cell[1:] if cell.startswith("'") and is_formula(cell[1:]) else cell


def _format(source: Delimited | Workbook) -> Message:
    if isinstance(source, Workbook):
        return Message(N_("XLSX, sheet “%(sheet)s”"), {"sheet": source.sheet})
    delimiter = "tab" if source.delimiter == "\t" else source.delimiter
    params = {"encoding": source.encoding, "delimiter": delimiter}
    return Message(N_("CSV in %(encoding)s, delimiter “%(delimiter)s”"), params)


def _check_text(head: bytes, name: str) -> None:
    if head.startswith(_OLE):
        raise SheetError(
            Message(
                N_(
                    "%(file)s: an old Excel workbook (.xls) or one protected by a password. "
                    "Save it as XLSX without a password, or as CSV."
                ),
                {"file": name},
            )
        )
    for magic, kind in _NOT_TEXT:
        if head.lstrip().lower().startswith(magic.lower()):
            raise _not_a_sheet(name, kind)
    if _is_binary(head):
        raise _not_a_sheet(name, "binary")


def _is_binary(head: bytes) -> bool:
    """More control characters than a text may have by mistake: of a few, their line is told later."""
    if head.startswith(_MARKS_16):
        return False
    allowed = b"\t\n\r\f\x1b" if bare_utf16(head) is None else b"\0\t\n\r\f\x1b"
    controls = sum(byte < 32 and byte not in allowed for byte in head)
    return controls > max(_CONTROLS, len(head) // 50)


def _not_a_sheet(name: str, kind: str) -> SheetError:
    return SheetError(
        Message(
            N_("%(file)s: not a sheet but a %(kind)s file. Save the sheet as CSV or XLSX."),
            {"file": name, "kind": kind},
        )
    )


def _too_large(name: str, size: int, limits: SheetLimits) -> SheetError:
    mega = 1024 * 1024
    return SheetError(
        Message(
            N_("%(file)s: %(size)d MB; a sheet may have %(limit)d MB. Split it into several."),
            {"file": name, "size": -(-size // mega), "limit": limits.bytes // mega},
        )
    )


def _not_a_file(name: str) -> SheetError:
    return SheetError(
        Message(
            N_("%(file)s: a folder, pipe or device. Save the sheet to a file first, then give that file."),
            {"file": name},
        )
    )


def _too_many_cells(name: str, limits: SheetLimits) -> SheetError:
    return SheetError(
        Message(
            N_(
                "%(file)s: more than %(limit)d cells. Keep the columns that describe the profiles, "
                "or split it into several sheets."
            ),
            {"file": name, "limit": limits.cells},
        )
    )


def _too_many_rows(name: str, limits: SheetLimits) -> SheetError:
    return SheetError(
        Message(
            N_("%(file)s: more than %(limit)d rows. Split it into several sheets."),
            {"file": name, "limit": limits.rows},
        )
    )


__all__ = ["Sheet", "is_formula", "open_sheet"]
