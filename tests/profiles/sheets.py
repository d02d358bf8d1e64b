"""Sheets written to files for the tests."""

import csv
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import xlsxwriter

Rows = Iterable[Sequence[object]]


def csv_sheet(path: Path, rows: Rows, encoding: str = "utf-8", delimiter: str = ",") -> Path:
    """A CSV file of these rows."""
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)
    return path


def xlsx_sheet(path: Path, rows: Rows) -> Path:
    """An XLSX workbook of these rows."""
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("Data")
        for at, row in enumerate(rows):
            for column, cell in enumerate(row):
                if isinstance(cell, str):
                    sheet.write_string(at, column, cell)
                else:
                    sheet.write(at, column, cell)
    return path


def two_cells(path: Path, row: int, column: int) -> Path:
    """A workbook with a cell in A1 and one far away."""
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write(0, 0, "name")
        sheet.write(row, column, "x")
    return path


def zip_of(path: Path, members: dict[str, bytes]) -> Path:
    """A ZIP archive of these members."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def bomb(path: Path, megabytes: int) -> Path:
    """A small workbook that unpacks to many megabytes."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as member:
            for _ in range(megabytes):
                member.write(b" " * (1 << 20))
    return path


def lying_bomb(path: Path, megabytes: int) -> Path:
    """A bomb whose directory declares that it unpacks to a few bytes."""
    bomb(path, megabytes)
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        start = archive.start_dir
    entry = data.index(b"PK\x01\x02", data.index(b"PK\x01\x02", start) + 4)
    data[entry + 24 : entry + 28] = (100).to_bytes(4, "little")
    path.write_bytes(data)
    return path
