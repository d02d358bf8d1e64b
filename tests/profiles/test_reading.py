"""A whole sheet, read: drafts, problems, refs, and what is written back."""

import csv
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matcher.models.kinds import Kind
from matcher.profiles.badrows import write_bad_rows
from matcher.profiles.cell import says_nothing
from matcher.profiles.fields import FIELDS, FieldType
from matcher.profiles.places import countries
from matcher.profiles.reading import PROBLEMS_KEPT, PROBLEMS_OF_A_ROW, SheetReading, peek, read_profiles
from matcher.profiles.taxonomy import taxonomy
from matcher.profiles.text import clean

from .sheets import csv_sheet, xlsx_sheet

S, M, F = Kind.STARTUP, Kind.MENTOR, Kind.FUNDER
REAL = Path("/work/shared/data/real")


def read(path: Path, rows: list[list[str]], kind: Kind = S, **overrides: str) -> SheetReading:
    return read_profiles(csv_sheet(path / "a.csv", rows), kind, overrides)


def told(reading: SheetReading) -> list[str]:
    return [str(problem.message()) for problem in reading.problems]


@pytest.mark.skipif(not REAL.exists(), reason="the real sheets are not on this machine")
@pytest.mark.parametrize(("name", "kind", "count"), [("startups", S, 605), ("funding_partners", F, 49)])
def test_a_real_sheet_is_read_without_help(name: str, kind: Kind, count: int) -> None:
    reading = read_profiles(REAL / f"{name}.csv", kind)
    assert (len(reading.drafts), told(reading), reading.ref_source) == (count, [], "column")
    assert all(draft.notes == {} for draft in reading.drafts)


def test_a_row_becomes_a_draft_with_what_it_states_and_nothing_else(tmp_path: Path) -> None:
    rows = [
        ["Ref", "Company", "Country", "Founded", "Phone"],
        ["S1", "Amani", "Kenya", "n/a", "+254"],
    ]
    (draft,) = read(tmp_path, rows).drafts
    assert (draft.ref, draft.name, draft.row, draft.notes) == ("S1", "Amani", 2, {"Phone": "+254"})
    assert draft.values == {"ref": "S1", "name": "Amani", "country": "KE"}


def test_a_bad_cell_is_told_with_file_row_column_value_and_what_is_right(tmp_path: Path) -> None:
    reading = read(tmp_path, [["ref", "name", "Pays"], ["1", "A", "KE"], ["2", "B", "Mars"]])
    assert told(reading) == [
        "a.csv, row 3, Pays: “Mars”; expected a country's name or ISO 3166 code, such as Kenya or KE."
    ]
    assert [draft.ref for draft in reading.drafts] == ["1"]


@pytest.mark.parametrize(
    ("kind", "rows", "problem"),
    [
        (
            S,
            [["ref", "name"], ["1", "A"], ["1", "B"]],
            "row 3, ref: “1”; expected a ref of its own: row 2",
        ),
        (S, [["name"], ["A b"], ["a B"]], "row 3, name: “a-b”; expected a ref of its own: row 2"),
        (S, [["ref", "name"], ["1", ""]], "row 2, name: “”; expected a name in every row"),
        (S, [["ref", "name"], ["", "A"]], "row 2, ref: “”; expected a ref in every row"),
        (S, [["ref", "name"], ["\u200b\u202e", "A"]], "row 2, ref: “”; expected a ref in every row"),
        (S, [["name"], ["🙂"]], "name: “🙂”; expected a ref, or a name with letters or digits"),
        (S, [["name"], ["!!!"]], "name: “!!!”; expected a ref, or a name with letters or digits"),
        (S, [["ref", "name"], ["1", "A", "B"]], "row 2, column 3: “B”; expected 2 cells"),
        (
            F,
            [["name", "ticket_min", "ticket_max"], ["A", "2M", "1M"]],
            "row 2, ticket_min: “2000000”; expected no more than the largest ticket, 1000000",
        ),
    ],
)
def test_a_row_whose_cells_disagree_is_a_problem(
    tmp_path: Path, kind: Kind, rows: list[list[str]], problem: str
) -> None:
    reading = read(tmp_path, rows, kind)
    assert len(reading.problems) == 1
    assert problem in told(reading)[0]
    assert len(reading.drafts) == len(rows) - 2


def test_equal_tickets_are_no_problem(tmp_path: Path) -> None:
    rows = [["name", "ticket_min", "ticket_max"], ["A", "$1M", "1M"]]
    (draft,) = read(tmp_path, rows, F).drafts
    assert draft.values["currency"] == "USD"


def test_a_stated_currency_goes_before_a_sign(tmp_path: Path) -> None:
    (draft,) = read(tmp_path, [["name", "raising", "currency"], ["A", "$5", "KES"]]).drafts
    assert draft.values["currency"] == "KES"


@pytest.mark.parametrize(
    ("header", "source", "refs"),
    [
        (["ref", "name", "email"], "column", ["r1", "r2"]),
        (["x", "name", "email"], "email", ["a@x.org", "مشروع-2"]),
        (["x", "name", "y"], "name", ["élan-vital", "مشروع-2"]),
    ],
)
def test_a_missing_ref_is_made_of_the_email_or_the_name(
    tmp_path: Path, header: list[str], source: str, refs: list[str]
) -> None:
    reading = read(tmp_path, [header, ["r1", "Élan vital!", "A@x.org"], ["r2", "مشروع 2", ""]])
    assert (reading.ref_source, [draft.ref for draft in reading.drafts]) == (source, refs)
    assert (reading.ref_note is None) == (source == "column")


def test_problems_are_capped_and_the_rest_counted_but_every_bad_row_is_kept(tmp_path: Path) -> None:
    rows = [["ref", "name"], *([str(n), ""] for n in range(PROBLEMS_KEPT + 7))]
    reading = read(tmp_path, rows)
    assert (len(reading.problems), reading.more_problems) == (PROBLEMS_KEPT, 7)
    assert len(reading.bad_rows) == PROBLEMS_KEPT + 7


def test_a_bad_row_keeps_a_few_of_its_problems_and_counts_the_rest(tmp_path: Path) -> None:
    header = ["ref", "name", "email", "country", "languages", "stage", "founded", "sdgs"]
    reading = read(tmp_path, [header, ["1", "A", *"xxxxxx"]])
    (bad,) = reading.bad_rows
    assert (len(reading.problems), len(bad.problems), bad.more) == (6, PROBLEMS_OF_A_ROW, 1)
    write_bad_rows(reading, tmp_path / "bad.csv")
    assert "and 1 problems more" in (tmp_path / "bad.csv").read_text("utf-8")


def test_bad_rows_come_back_corrected_without_formulas_or_losses(tmp_path: Path) -> None:
    bad = ["1", "=cmd()", "Mars", "@x, +254"]
    reading = read(
        tmp_path, [["ref", "name", "country", "Phone"], bad, ["2", "B", "KE", ""], [*bad, "-over"]]
    )
    out = tmp_path / "bad.csv"
    write_bad_rows(reading, out)
    with out.open(encoding="utf-8-sig", newline="") as file:
        header, first, second = csv.reader(file)
    assert header == ["ref", "name", "country", "Phone", "", "row", "reason"]
    assert first[:6] == ["1", "'=cmd()", "Mars", "'@x, +254", "", "2"]
    assert "Mars" in first[6]
    assert second[4:6] == ["'-over", "4"]
    csv_sheet(out, [header, [*first[:2], "KE", *first[3:]]], "utf-8-sig")
    (draft,) = read_profiles(out, S).drafts
    assert (draft.name, draft.notes) == ("=cmd()", {"Phone": "@x, +254"})


def test_bad_rows_come_back_uncorrected_as_bad_as_they_were(tmp_path: Path) -> None:
    rows = [["row", "ref", "name", "country"], ["7", "1", "A", "Mars"], ["8", "2", "B", "KE", "", "over"]]
    path = csv_sheet(tmp_path / "a.csv", rows)
    written = []
    for again in ("b.csv", "c.csv"):
        reading = read_profiles(path, S, name="a.csv")
        write_bad_rows(reading, tmp_path / again)
        path = tmp_path / again
        written.append(path.read_text("utf-8"))
        assert [problem.column for problem in reading.problems] == ["country", "column 6"]
        assert told(reading)[1].endswith(
            "expected 4 cells; a cell that holds the separator needs quotation marks."
        )
    assert written[0] == written[1]


def test_a_peek_shows_decisions_and_first_rows_only(tmp_path: Path) -> None:
    path = csv_sheet(tmp_path / "a.csv", [["Company", "Phone"], *([f"A{n}", "1"] for n in range(99))])
    seen = peek(path, S, rows=2)
    assert [(c.field, c.how) for c in seen.columns] == [("name", "synonym"), (None, "note")]
    assert seen.rows == ((2, ("A0", "1")), (3, ("A1", "1")))


def is_kept(text: str) -> bool:
    """What is written must come back as it was: no separators or bullets, and no word for "empty"."""
    return bool(text) and text[0] not in "'•●▪·*-" and ";" not in text and not says_nothing(text)


WORDS = (
    st.text(st.characters(exclude_categories=("C",), exclude_characters=";；؛"), min_size=1, max_size=30)
    .map(lambda text: " ".join(clean(text).split()))
    .filter(is_kept)
)
CODES = st.sampled_from(sorted(countries()))


def some(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(values, min_size=1, max_size=4, unique=True).map(tuple)


VALUES: dict[FieldType, st.SearchStrategy[Any]] = {
    FieldType.TEXT: WORDS,
    FieldType.ENTRIES: some(WORDS),
    FieldType.REFS: some(WORDS.filter(lambda text: not set(text) & set(",،、，/"))),
    FieldType.SECTORS: some(st.sampled_from(taxonomy("sectors").codes)),
    FieldType.STAGE: st.sampled_from(taxonomy("stages").codes),
    FieldType.STAGES: some(st.sampled_from(taxonomy("stages").codes)),
    FieldType.LANGUAGES: some(st.sampled_from(["ar", "en", "es", "fr", "ru", "zh", "sw", "luo"])),
    FieldType.COUNTRY: CODES,
    FieldType.COUNTRIES: some(CODES),
    FieldType.TIMEZONE: st.sampled_from(["Africa/Nairobi", "Etc/GMT-3", "Asia/Kolkata"]),
    FieldType.YEAR: st.integers(1900, 2025),
    FieldType.MONEY: st.integers(0, 10**9).map(Decimal),
    FieldType.CURRENCY: st.sampled_from(["USD", "EUR", "XOF", "KES"]),
    FieldType.WHOLE: st.integers(0, 1000),
    FieldType.EMAIL: st.from_regex(r"[a-z]{1,9}@[a-z]{1,9}\.org", fullmatch=True),
    FieldType.SDGS: some(st.integers(1, 17)).map(lambda goals: tuple(sorted(goals))),
    FieldType.FUNDER_KIND: st.sampled_from(taxonomy("funder_kinds").codes),
}


@st.composite
def profiles(draw: st.DrawFn) -> tuple[Kind, dict[str, Any]]:
    kind = draw(st.sampled_from(Kind))
    values = {f.name: draw(VALUES[f.type]) for f in FIELDS[kind]}
    if kind == F:
        values["ticket_max"] += values["ticket_min"]
    return kind, values


def typed(value: Any) -> str:
    return "; ".join(map(str, value)) if isinstance(value, tuple) else str(value)


@pytest.mark.parametrize("write", [csv_sheet, xlsx_sheet])
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(profile=profiles())
def test_what_is_written_to_a_sheet_is_read_back(tmp_path: Path, write: Any, profile: Any) -> None:
    kind, values = profile
    path = write(tmp_path / "a", [list(values), [typed(value) for value in values.values()]])
    reading = read_profiles(path, kind)
    assert told(reading) == []
    assert reading.drafts[0].values == values
