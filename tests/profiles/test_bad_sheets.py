"""Sheets that cannot be read: each is one clear error, with memory bounded."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import xlsxwriter

from matcher.models.kinds import Kind
from matcher.profiles.errors import SheetError
from matcher.profiles.limits import SheetLimits
from matcher.profiles.reading import read_profiles
from matcher.profiles.sheet import open_sheet

from .sheets import bomb, csv_sheet, lying_bomb, two_cells, xlsx_sheet, zip_of

ROOT = Path(__file__).parents[2]
GOOD = [["ref", "name"], ["1", "A"]]


def written(data: bytes) -> Callable[[Path], Path]:
    def write(path: Path) -> Path:
        path.write_bytes(data)
        return path

    return write


def cut_short(path: Path) -> Path:
    data = xlsx_sheet(path, GOOD).read_bytes()
    path.write_bytes(data[: len(data) // 2])
    return path


def flipped(path: Path) -> Path:
    data = bytearray(xlsx_sheet(path, GOOD).read_bytes())
    data[60:90] = b"\xff" * 30
    path.write_bytes(data)
    return path


def from_the_future(path: Path) -> Path:
    data = bytearray(xlsx_sheet(path, GOOD).read_bytes())
    data[data.index(b"PK\x01\x02") + 6] = 142
    path.write_bytes(data)
    return path


def encrypted(path: Path) -> Path:
    data = bytearray(xlsx_sheet(path, GOOD).read_bytes())
    at = data.index(b"PK\x01\x02")
    data[at + 8] |= 1
    path.write_bytes(data)
    return path


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
WORKBOOK = {"xl/workbook.xml": b"<workbook/>"}
SMALL: list[tuple[str, Callable[[Path], Path], str]] = [
    ("empty", written(b""), "the file is empty"),
    ("blank", written(b"\n\n , \n"), "the file is empty"),
    ("header only", written(b"ref,name\n"), "no row below it"),
    ("header only xlsx", lambda p: xlsx_sheet(p, GOOD[:1]), "no row below it"),
    ("empty xlsx", lambda p: xlsx_sheet(p, []), "no visible sheet"),
    ("no header", written(b"S1,Acme,We sell shoes,KE\n"), "must hold the names of the columns"),
    ("no name", written(b"ref,country\n1,KE\n"), "no column gives the name"),
    ("binary", written(bytes(range(256)) * 40), "not a sheet but a binary file"),
    ("png", written(b"\x89PNG\r\n\x1a\n" + bytes(100)), "PNG"),
    ("pdf", written(b"%PDF-1.7\n%abc"), "PDF"),
    ("a web page", written(b"\n<!doctype html><p>Sign in"), "HTML"),
    ("xls", written(OLE + bytes(600)), r"\.xls"),
    ("password", written(OLE + b"EncryptedPackage" * 40), "password"),
    ("zip password", encrypted, "password"),
    ("cut short", cut_short, "damaged or cut short"),
    ("flipped", flipped, "damaged or cut short"),
    ("from the future", from_the_future, "damaged or cut short"),
    ("only PK", written(b"PK\x03\x04"), "damaged or cut short"),
    ("docx", lambda p: zip_of(p, {"word/document.xml": b"<a/>"}), "not an XLSX workbook"),
    ("nested", lambda p: zip_of(p, WORKBOOK | {"xl/a.zip": b"PK"}), "other archives"),
    ("hollow", lambda p: zip_of(p, WORKBOOK), "damaged or cut short"),
    (
        "many members",
        lambda p: zip_of(p, WORKBOOK | {f"xl/{n}.xml": b"" for n in range(2001)}),
        "unpacks to more than",
    ),
    ("unclosed", written(b'ref,name\n1,A\n2,"B\n' + b"3,C\n" * 50), "row 3: a quotation mark"),
    ("long unclosed", written(b'ref,name\n1,"A\n' + b"3,C\n" * 5000), "row 2: a quotation mark"),
    (
        "unclosed, wide",
        written(b'ref,name\n1,"A\n' + (b"3,C" * 9000 + b"\n") * 99),
        "row 2: a quotation mark",
    ),
    ("damaged utf-8", written("name\nÉlan\n".encode() * 9 + b"\xff\n"), "line 19: bytes"),
    ("not cp1251", written("name\nЗаря\n".encode("cp1251") * 999 + b"\x98\n"), "line 1999: bytes"),
    ("zero byte", written(b"name\n" + b"A\n" * 9000 + b"a\0b\n"), "line 9002: holds a zero byte"),
    ("early zero byte", written(b"name,city\r\nA,\0\r\n"), "line 2: holds a zero byte"),
    ("lone zero byte", written(b"name,city\n\0,B\n"), "line 2: holds a zero byte"),
    ("odd utf-16", written("name\nA\n".encode("utf-16") + b"\x00"), "line"),
    ("million columns", written(b",".join([b"name"] * 1_000_000)), "more than 200 columns"),
    ("201 columns", written(b",".join([b"name"] * 201) + b"\n1\n"), "more than 200 columns"),
    ("wide xlsx", lambda p: two_cells(p, 0, 300), "more than 200 columns"),
    ("wide below", lambda p: two_cells(p, 1, 300), "more than 200 columns"),
    ("closed late", written(b'name\n"A\n' + b"x\n" * 2000 + b'"\n'), "row 2: a quotation mark"),
    ("huge cell", written(b"name\n" + b"x" * 200_000 + b"\n"), "row 2: a row or cell"),
    ("huge line", written(b"name\n" + b"x" * 2_000_000 + b"\n"), "row 2: a row or cell"),
]


@pytest.mark.parametrize(("write", "told"), [pytest.param(w, t, id=i) for i, w, t in SMALL])
def test_a_sheet_that_cannot_be_read_says_why(
    tmp_path: Path, write: Callable[[Path], Path], told: str
) -> None:
    with pytest.raises(SheetError, match=told) as refused:
        read_profiles(write(tmp_path / "upload-1"), Kind.STARTUP, name="shown.csv")
    assert str(refused.value).startswith("shown.csv")


def test_a_sheet_of_too_many_rows_is_refused(tmp_path: Path) -> None:
    path = csv_sheet(tmp_path / "a.csv", [["name"], *([n] for n in range(11))])
    with pytest.raises(SheetError, match="more than 10 rows"):
        list(open_sheet(path, limits=SheetLimits(rows=10)).rows())


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        (SheetLimits(cells=20), "more than 20 cells"),
        (SheetLimits(bad_rows=3), "more than 3 rows are wrong.*The first mistake: a.csv, row 2, country"),
        (SheetLimits(kept_bytes=500), "too much text"),
    ],
)
def test_a_sheet_that_would_fill_the_memory_is_refused(
    tmp_path: Path, limits: SheetLimits, told: str
) -> None:
    rows = [["ref", "name", "country"], *([str(n), "A", "Mars"] for n in range(9))]
    with pytest.raises(SheetError, match=told):
        read_profiles(csv_sheet(tmp_path / "a.csv", rows), Kind.STARTUP, limits=limits)


def test_what_is_no_regular_file_is_to_be_saved_to_one(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", Path("/dev/null")):
        with pytest.raises(SheetError, match="Save the sheet to a file first"):
            open_sheet(path)


@pytest.mark.parametrize("rows", [[["S1", "Acme"]], [["ref", "country"], ["1", "KE"]]])
def test_an_error_of_a_workbook_names_the_worksheet_and_the_others(
    tmp_path: Path, rows: list[list[str]]
) -> None:
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        sheet = book.add_worksheet("Read me")
        for at, row in enumerate(rows):
            sheet.write_row(at, 0, row)
        book.add_worksheet("Ventures").write(0, 0, "name")
    with pytest.raises(SheetError, match=r"worksheet “Read me”.*\(Ventures\)"):
        read_profiles(tmp_path / "a.xlsx", Kind.STARTUP)


def test_a_bomb_that_declares_a_small_size_is_found_by_unpacking(tmp_path: Path) -> None:
    with pytest.raises(SheetError, match="unpacks to more than 2 MB"):
        open_sheet(lying_bomb(tmp_path / "a.xlsx", 4), limits=SheetLimits(unpacked_bytes=2 << 20))


def many_notes(path: Path) -> Path:
    row = ",".join(["note"] * 199)
    path.write_text(f"name,{row}\n" + "".join(f"A{n},{row}\n" for n in range(12_000)))
    return path


def all_wrong(path: Path) -> Path:
    header = "name,email,country,languages,stage,founded,sdgs,markets,raising,currency,city,ref\n"
    path.write_text(header + f"A{',x' * 11}\n" * 90_000)
    return path


def sparse_file(path: Path) -> Path:
    with path.open("wb") as file:
        file.truncate(2 << 30)
    return path


MEASURE = """
import json, re, resource, sys
from pathlib import Path
from matcher.models.kinds import Kind
from matcher.profiles.errors import SheetError
from matcher.profiles.reading import read_profiles
def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024
idle, told = peak(), ""
try:
    told = str(len(read_profiles(Path(sys.argv[1]), Kind.STARTUP).drafts))
except SheetError as error:
    told = str(error)
child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
print(json.dumps([told, peak() - idle + child]))
"""


@pytest.mark.parametrize(
    ("write", "told"),
    [
        pytest.param(sparse_file, "2048 MB; a sheet may have 64 MB", id="2 GB"),
        pytest.param(lambda p: bomb(p, 300), "unpacks to more than 256 MB", id="bomb"),
        pytest.param(lambda p: lying_bomb(p, 300), "unpacks to more than 256 MB", id="lying bomb"),
        pytest.param(lambda p: two_cells(p, 1048575, 16383), "more than 200 columns|more memory", id="XFD"),
        pytest.param(lambda p: two_cells(p, 1048575, 150), "more memory", id="far below"),
        pytest.param(written(b"a," * 30_000_000), "more than 200 columns", id="60 MB of columns"),
        pytest.param(written(b'name\n"' + b"x\n" * 30_000_000), "quotation mark", id="60 MB quoted"),
        pytest.param(all_wrong, "more than 10000 rows are wrong", id="all wrong"),
        pytest.param(many_notes, "more than 2000000 cells", id="notes"),
    ],
)
def test_a_hostile_sheet_is_refused_in_bounded_memory(
    tmp_path: Path, write: Callable[[Path], Path], told: str
) -> None:
    path = write(tmp_path / "a")
    run = [sys.executable, "-c", MEASURE, str(path)]
    out = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=True)
    message, megabytes = json.loads(out.stdout)
    assert any(part in message for part in told.split("|"))
    assert megabytes < 300
