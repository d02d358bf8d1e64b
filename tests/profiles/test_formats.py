"""Encodings, delimiters and workbooks that are read as they are."""

import csv
import datetime
from pathlib import Path

import pytest
import xlsxwriter

from matcher.profiles.errors import SheetError
from matcher.profiles.sheet import open_sheet

from .sheets import csv_sheet, xlsx_sheet

FRENCH = [["Société", "Activité"], ["Élan", "Génère de l’énergie à Thiès; où ça"]]
RUSSIAN = [["Компания", "Описание"], ["Заря", "Доставка продуктов в сёла"]]
ARABIC = [["الشركة", "الوصف"], ["النور", "منصة لتعليم البرمجة للشباب"]]
CHINESE = [["公司", "简介"], ["晨光", "为农村提供太阳能"]]
TRADITIONAL = [["公司", "簡介"], ["晨光", "為農村提供太陽能"]]
SPANISH = [["Compañía", "Descripción"], ["Bogotá", "Tecnología para niños: ¿qué más?"]]
JAPANESE = [["会社", "説明"], ["ひかり", "農村のためのソーラー"]]
KOREAN = [["회사", "설명"], ["햇빛", "농촌 태양광 에너지"]]
SMART = [["name", "pitch"], ["A", "The farmer’s choice – 5–10 tons"]]
SHORT = [["Nom"], ["Café"]]


@pytest.mark.parametrize(
    ("rows", "encoding"),
    [
        *((rows, "utf-8") for rows in (FRENCH, RUSSIAN, ARABIC, CHINESE, SHORT)),
        *((rows, "utf-8-sig") for rows in (FRENCH, CHINESE)),
        *((rows, "utf-16") for rows in (FRENCH, RUSSIAN, ARABIC, CHINESE, SHORT)),
        (FRENCH, "utf-16-le"),
        (FRENCH, "cp1252"),
        (SHORT, "cp1252"),
        (RUSSIAN, "cp1251"),
        (ARABIC, "cp1256"),
        (CHINESE, "gb18030"),
        (RUSSIAN, "koi8-r"),
        (TRADITIONAL, "big5"),
        (FRENCH, "mac-roman"),
        (SPANISH, "mac-roman"),
        (SPANISH, "cp1252"),
        (SMART, "cp1252"),
        ([["Заря"]], "cp1251"),
        ([["КОМПАНИЯ"], ["ЗАРЯ"]], "cp1251"),
        ([["مشروع"]], "cp1256"),
        ([["البرتغال"]], "cp1256"),
        ([["русский"], ["Китай"]], "koi8-r"),
        ([["中国"]], "gb18030"),
    ],
)
def test_a_csv_is_read_in_any_usual_encoding(tmp_path: Path, rows: list[list[str]], encoding: str) -> None:
    sheet = open_sheet(csv_sheet(tmp_path / "a.csv", rows, encoding))
    assert [list(sheet.headers), *(list(cells) for _, cells in sheet.rows())] == rows


@pytest.mark.parametrize(
    ("rows", "encoding"),
    [
        (JAPANESE, "shift-jis"),
        (JAPANESE, "euc-jp"),
        (KOREAN, "euc-kr"),
        (RUSSIAN, "cp866"),
        (RUSSIAN, "mac-cyrillic"),
        (ARABIC, "iso8859-6"),
        ([["Заря"]], "koi8-r"),
    ],
)
def test_an_encoding_that_can_only_be_guessed_is_refused_rather_than_misread(
    tmp_path: Path, rows: list[list[str]], encoding: str
) -> None:
    with pytest.raises(SheetError, match="Save it as “CSV UTF-8”"):
        open_sheet(csv_sheet(tmp_path / "a.csv", rows, encoding))


def test_one_accent_at_the_end_of_a_long_ascii_file_is_read(tmp_path: Path) -> None:
    rows = [["Name"], *([f"Company {n}"] for n in range(40_000)), ["Café de Thiès"]]
    sheet = open_sheet(csv_sheet(tmp_path / "a.csv", rows, "cp1252"))
    assert list(sheet.rows())[-1] == (40_002, ("Café de Thiès",))


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_csv_is_read_with_any_usual_delimiter(tmp_path: Path, delimiter: str) -> None:
    rows = [["name", "needs"], ["A, B", "sales; pricing | hiring"], ['5" x', "a\nb;c"]]
    sheet = open_sheet(csv_sheet(tmp_path / "a.csv", rows, delimiter=delimiter))
    assert [list(sheet.headers), *(list(cells) for _, cells in sheet.rows())] == rows


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_csv_may_have_quotation_marks_around_every_cell(tmp_path: Path, delimiter: str) -> None:
    path = tmp_path / "a.csv"
    rows = [["name", "needs"], ["", "sales, pricing; hiring"], ["", ""], ['5" x', "b"]]
    with path.open("w", newline="") as file:
        csv.writer(file, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows(rows)
    sheet = open_sheet(path)
    assert sheet.headers == ("name", "needs")
    assert list(sheet.rows()) == [(2, ("", "sales, pricing; hiring")), (4, ('5" x', "b"))]


def test_a_sign_for_inches_opens_no_quotation(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('name, form;size;city\nA, Ltd;5";Ulm\nB, Ltd;6;Ulm\n')
    assert list(open_sheet(path).rows()) == [(2, ("A, Ltd", '5"', "Ulm")), (3, ("B, Ltd", "6", "Ulm"))]


def test_a_header_that_begins_like_a_zip_file_is_text(tmp_path: Path) -> None:
    sheet = open_sheet(csv_sheet(tmp_path / "a.csv", [["PK", "name"], ["1", "A"]]))
    assert (sheet.headers, list(sheet.rows())) == (("PK", "name"), [(2, ("1", "A"))])


def test_excels_hint_names_the_delimiter(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("sep=;\nname;pitch\nA;b, c, d\n")
    sheet = open_sheet(path)
    assert (sheet.headers, list(sheet.rows())) == (("name", "pitch"), [(2, ("A", "b, c, d"))])


def test_rows_are_numbered_as_a_spreadsheet_shows_them(tmp_path: Path) -> None:
    rows = [[""], ["name", "pitch"], ["A", "one\ntwo"], ["", " "], ["B", "x"]]
    for path in (csv_sheet(tmp_path / "a.csv", rows), xlsx_sheet(tmp_path / "a.xlsx", rows)):
        sheet = open_sheet(path)
        assert sheet.header_row == 2
        assert [number for number, _ in sheet.rows()] == [3, 5]


def test_a_workbook_gives_numbers_and_dates_as_people_read_them(tmp_path: Path) -> None:
    path = tmp_path / "called.csv"
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet("Empty")
        hidden = book.add_worksheet("Hidden")
        hidden.write(0, 0, "secret")
        hidden.hide()
        sheet = book.add_worksheet("Ventures")
        sheet.write_row(2, 1, ["name", "a", "b", "c", "d"])
        sheet.write_row(3, 1, ["A", 3.0, 2.5, True])
        date = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write_datetime(3, 5, datetime.datetime(2019, 5, 1), date)  # noqa: DTZ001 - as Excel
    opened = open_sheet(path)
    assert "Ventures" in str(opened.format)
    assert opened.headers[-5:] == ("name", "a", "b", "c", "d")
    assert [(n, cells[-5:]) for n, cells in opened.rows()] == [(4, ("A", "3", "2.5", "TRUE", "2019-05-01"))]


def test_a_sheet_can_be_read_twice(tmp_path: Path) -> None:
    sheet = open_sheet(xlsx_sheet(tmp_path / "a.xlsx", [["name"], ["A"]]))
    assert list(sheet.rows()) == list(sheet.rows()) == [(2, ("A",))]
