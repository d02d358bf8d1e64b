"""`tandem match` on small sheets: what it writes, and what it refuses."""

import re
from pathlib import Path

import pytest

from matcher.embedding import Encoder
from tests.cli.sheets import FUNDING, PAIRS, PROPOSAL, UNMATCHED, header, match, sheet, table

STARTUPS = [
    ["ref", "name", "languages", "sectors", "pitch", "needs", "stage"],
    ["S1", "Clair", "fr; en", "connectivity", "Un réseau", "Obtenir une licence de fréquences", "pilot"],
    ["S2", "Ledger", "sw", "fintech", "A phone ledger", "Credit scoring", "idea"],
    ["S3", "=HYPERLINK(1)", "en", "", "+1 loan", "<script>alert(1)</script>", "idea"],
]
MENTORS = [
    ["ref", "name", "languages", "expertise", "capacity"],
    ["M1", "Ada", "en", "Spectrum licences and regulators", "2"],
    ["M2", "-Ben", "en; fr", "Baking bread", ""],
    ["M3", "Full", "en", "Everything", "0"],
]
FUNDERS = [
    ["ref", "name", "thesis", "stages"],
    ["F1", "Grants", "Connectivity for villages", "pilot"],
    ["F2", "@Fund", "Savings", "growth"],
]


@pytest.fixture
def sheets(tmp_path: Path) -> dict[str, Path]:
    return {
        "startups": sheet(tmp_path / "startups.csv", *STARTUPS),
        "mentors": sheet(tmp_path / "mentors.csv", *MENTORS),
        "funders": sheet(tmp_path / "funders.csv", *FUNDERS),
    }


@pytest.fixture
def out(tmp_path: Path, sheets: dict[str, Path], encoder: Encoder) -> Path:
    result = match(tmp_path / "out", **sheets)
    assert result.exit_code == 0, result.output
    assert "2 of 3 start-ups have recommended mentors." in result.stdout
    assert "1 of 3 start-ups have recommended funding partners." in result.stdout
    assert "ref" in result.stdout
    return tmp_path / "out"


def test_the_files_have_the_promised_headers(out: Path) -> None:
    assert header(out / "pairs.csv") == PAIRS
    assert header(out / "funding.csv") == FUNDING
    assert header(out / "unmatched.csv") == UNMATCHED
    assert header(out / "proposal.csv") == PROPOSAL
    assert {path.name for path in out.iterdir()} == {
        "pairs.csv",
        "funding.csv",
        "proposal.csv",
        "unmatched.csv",
        "report.html",
    }


def test_pairs_are_ranked_and_explained(out: Path) -> None:
    rows = [row for row in table(out / "pairs.csv") if row["startup_ref"] == "S1"]
    assert [(row["mentor_ref"], row["rank"]) for row in rows] == [("M1", "1"), ("M2", "2")]
    assert "“Obtenir une licence de fréquences”" in rows[0]["reasons"]
    assert "“Spectrum licences and regulators”" in rows[0]["reasons"]
    assert "The mentor's capacity is not stated" in rows[1]["reasons"]
    assert float(rows[0]["score"]) > float(rows[1]["score"])
    assert {row["fit"] for row in rows} <= {"strong", "good", "possible"}


def test_the_unmatched_are_listed_with_the_reason(out: Path) -> None:
    found = [(row["ref"], row["side"], row["reason"]) for row in table(out / "unmatched.csv")]
    assert [(ref, side) for ref, side, _ in found] == [
        ("S2", "startup"), ("S2", "startup"), ("S3", "startup"), ("M2", "mentor"), ("M3", "mentor"),
        ("F2", "funder"),
    ]  # fmt: skip
    assert found[0][2] == "none of 3 mentors is eligible: 3 because they share no working language"
    assert "no start-up is left" in found[3][2] or "have others" in found[3][2]
    assert "no place left" in found[4][2]
    assert "does not fund this stage" in found[-1][2]


def test_a_mentor_whom_the_proposal_leaves_alone_is_listed_once_with_the_reason(
    tmp_path: Path, encoder: Encoder
) -> None:
    startups = sheet(tmp_path / "startups.csv", *STARTUPS[:2])
    mentors = sheet(tmp_path / "mentors.csv", *MENTORS)
    assert match(tmp_path / "out", startups=startups, mentors=mentors).exit_code == 0
    found = [row for row in table(tmp_path / "out" / "unmatched.csv") if row["side"] == "mentor"]
    assert [(row["ref"], row["reason"]) for row in found if row["ref"] != "M3"] == [
        ("M2", "no start-up is left: all have as many as they may have")
    ]
    assert [row["ref"] for row in found] == ["M2", "M3"]


def test_no_cell_is_a_formula(out: Path) -> None:
    for name in ("pairs.csv", "funding.csv", "proposal.csv", "unmatched.csv"):
        cells = [cell for row in table(out / name) for cell in row.values()]
        assert cells
        assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))] == []
    assert "'=HYPERLINK(1)" in {row["startup"] for row in table(out / "pairs.csv")}
    assert "'-Ben" in {row["mentor"] for row in table(out / "pairs.csv")}


def test_the_report_needs_nothing_else_and_runs_nothing(out: Path) -> None:
    html = (out / "report.html").read_text(encoding="utf-8")
    assert "<svg" in html
    assert "Clair" in html
    assert "&lt;script&gt;" in html
    assert re.findall(r"<script|javascript:|\son\w+\s*=|<iframe|<link|@import", html, re.IGNORECASE) == []
    assert re.findall(r"""(?:src|href)\s*=\s*["']?\s*(?:https?:)?//[^"']*|url\(""", html) == []


def test_one_kind_of_counterpart_is_enough(tmp_path: Path, sheets: dict[str, Path], encoder: Encoder) -> None:
    result = match(tmp_path / "out", startups=sheets["startups"], funders=sheets["funders"])
    assert result.exit_code == 0
    assert table(tmp_path / "out" / "pairs.csv") == []
    assert table(tmp_path / "out" / "proposal.csv") == []
    assert {row["funder_ref"] for row in table(tmp_path / "out" / "funding.csv")} == {"F1"}
    assert {row["side"] for row in table(tmp_path / "out" / "unmatched.csv")} <= {"startup", "funder"}


def test_a_list_is_no_longer_than_top(tmp_path: Path, sheets: dict[str, Path], encoder: Encoder) -> None:
    assert match(tmp_path / "out", "--top", "1", **sheets).exit_code == 0
    assert {row["rank"] for row in table(tmp_path / "out" / "pairs.csv")} == {"1"}


def test_no_counterparts_at_all_are_a_wrong_call(tmp_path: Path, sheets: dict[str, Path]) -> None:
    result = match(tmp_path / "out", startups=sheets["startups"])
    assert result.exit_code == 2
    assert not (tmp_path / "out").exists()


def test_a_bad_cell_is_named_and_nothing_is_written(tmp_path: Path, sheets: dict[str, Path]) -> None:
    sheets["mentors"] = sheet(tmp_path / "m.csv", *MENTORS, ["M9", "Gus", "Klingonish", "x", "many"])
    result = match(tmp_path / "out", **sheets)
    assert result.exit_code == 2
    assert "m.csv, row 5, languages: “Klingonish”; expected" in result.stderr
    assert "m.csv, row 5, capacity: “many”; expected" in result.stderr
    assert list((tmp_path / "out").iterdir()) == []


def test_the_problems_of_all_sheets_are_told_at_once(tmp_path: Path, sheets: dict[str, Path]) -> None:
    sheets["mentors"] = sheet(tmp_path / "m.csv", *MENTORS, ["M9", "Gus", "en", "x", "many"])
    sheets["funders"] = sheet(tmp_path / "f.csv", *FUNDERS, ["F1", "Twin", "", ""])
    (tmp_path / "s.csv").write_bytes(b"\x00\x01\x02" * 100)
    sheets["startups"] = tmp_path / "s.csv"
    said = match(tmp_path / "out", **sheets).stderr
    assert all(place in said for place in ("s.csv", "m.csv, row 5", "f.csv, row 4"))


def test_bad_rows_can_be_skipped_and_are_kept_in_a_file(
    tmp_path: Path, sheets: dict[str, Path], encoder: Encoder
) -> None:
    sheets["mentors"] = sheet(tmp_path / "m.csv", *MENTORS, ["M9", "=Gus", "en", "x", "many"])
    result = match(tmp_path / "out", "--skip-bad-rows", **sheets)
    assert result.exit_code == 0
    (bad,) = table(tmp_path / "out" / "bad-rows-mentors.csv")
    assert (bad["ref"], bad["name"], bad["capacity"], bad["row"]) == ("M9", "'=Gus", "many", "5")
    assert "capacity" in bad["reason"]
    assert table(tmp_path / "out" / "pairs.csv") != []


def test_a_column_can_be_taken_for_a_field(tmp_path: Path, sheets: dict[str, Path], encoder: Encoder) -> None:
    sheets["mentors"] = sheet(
        tmp_path / "m.csv", ["Kürzel", "name", "Zzz"], ["A7", "Ada", "Spectrum licences"]
    )
    result = match(tmp_path / "out", "--map", "Kürzel=ref", "--map", "Zzz=expertise", **sheets)
    assert result.exit_code == 0, result.output
    row = table(tmp_path / "out" / "pairs.csv")[0]
    assert row["mentor_ref"] == "A7"
    assert "“Spectrum licences”" in row["reasons"]
    assert re.search(r"Zzz\s+→\s+expertise\s+\(as you said\)", result.stdout)


@pytest.mark.parametrize("mapping", ["Nope=name", "name=nonsense", "name", "=name", "name="])
def test_a_wrong_mapping_is_refused(tmp_path: Path, sheets: dict[str, Path], mapping: str) -> None:
    result = match(tmp_path / "out", "--map", mapping, **sheets)
    assert result.exit_code == 2
    assert mapping.strip("=") in result.stderr or "nonsense" in result.stderr or "Nope" in result.stderr
    assert list((tmp_path / "out").iterdir()) == []
