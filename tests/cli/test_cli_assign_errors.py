"""`tandem assign` refuses what it cannot use, by file and line, and leaves what was there."""

from pathlib import Path

import pytest

from matcher.cli import scores as scores_module
from matcher.cli.files import whole_file
from matcher.cli.tables import Source
from tests.cli.assigning import Rows, assign, solved

GOOD = [["S1", "M1", 0.5], ["S1", "M2", 0.4], ["S2", "M1", 0.3]]


def refused(
    folder: Path,
    *places: str,
    scores: Rows | Path = GOOD,
    options: tuple[str, ...] = (),
    **files: Rows | Path,
) -> str:
    """What is said on stderr, where each place must be named; nothing may have been written."""
    kept = folder / "p.csv"
    kept.write_text("of the last run")
    result = assign(folder, scores, *options, **files)
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert [place for place in places if place not in result.stderr] == []
    assert kept.read_text() == "of the last run"
    assert sorted(path.name for path in folder.iterdir() if path.name.startswith(".")) == []
    return result.stderr


def written(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    "score",
    ["", " ", "good", "nan", "NaN", "inf", "-Infinity", "1,5", "1_000", "True", "0x1", "1e999", "1e100"],
)
def test_a_score_that_is_no_number_is_named_by_its_line(tmp_path: Path, score: str) -> None:
    said = refused(
        tmp_path, "scores.csv, line 4: the score", scores=[*GOOD[:2], ["S9", "M9", score], GOOD[2]]
    )
    assert len(said.splitlines()) == 1


def test_a_pair_given_twice_is_named_with_both_lines(tmp_path: Path) -> None:
    said = refused(tmp_path, "scores.csv, line 5: ", scores=[*GOOD, GOOD[1]])
    assert said.strip().endswith("the pair S1–M2 is already on line 3")


@pytest.mark.parametrize("row", [["", "M1", "1"], ["S1", "", "1"]])
def test_a_missing_ref_is_named_by_its_line(tmp_path: Path, row: list[str]) -> None:
    refused(tmp_path, "scores.csv, line 5: the column “", "is empty", scores=[*GOOD, row])


@pytest.mark.parametrize(("row", "found"), [(["S3"], 1), (["S3", "M3"], 2), (["S3", "Inc", "M3", "1"], 4)])
def test_a_line_of_another_length_is_named(tmp_path: Path, row: list[str], found: int) -> None:
    refused(
        tmp_path,
        f"scores.csv, line 3: expected 3 fields as in the first line, found {found}",
        scores=[GOOD[0], row],
    )


def test_the_first_twenty_problems_are_named_in_the_order_of_their_lines(tmp_path: Path) -> None:
    said = refused(tmp_path, scores=[*GOOD, GOOD[0], *[[f"S{n}", "M9", "x"] for n in range(30)]]).splitlines()
    assert [line.split(":")[0] for line in said] == [f"scores.csv, line {number}" for number in range(5, 25)]


def test_lines_are_counted_as_an_editor_does(tmp_path: Path) -> None:
    text = 'demand_ref,supply_ref,score\r\n\r\n"S\r\n1",M1,1\r\n\r\nS2,M1,x\r\n'
    refused(tmp_path, "s.csv, line 6: ", scores=written(tmp_path / "s.csv", text))


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b"", "s.csv, line 1: the file has no lines"),
        (b"\n\n \n", "s.csv, line 1: the file has no lines"),
        (b"S1,M1,0.5\n", "s.csv, line 1: the column “demand_ref” is missing"),
        (b"demand_ref;supply_ref;score\nS1;M1;1\n", "s.csv, line 1: the column “demand_ref” is missing"),
        (b"demand_ref,score\nS1,1\n", "s.csv, line 1: the column “supply_ref” is missing"),
        (b"demand_ref,supply_ref,score,score\nS1,M1,1,1\n", "line 1: the column “score” is there twice"),
        (b"demand_ref,supply_ref,score\nS1,M1,1\nS\xe9,M1,1\n", "s.csv, line 3: this is not UTF-8 text"),
        ("demand_ref,supply_ref,score\nS1,M1,1\n".encode("utf-16"), "s.csv, line 1: this is not UTF-8 text"),
        (b'demand_ref,supply_ref,score\nS1,M1,1\n"S2,M1,1\n', "this is no CSV"),
        (b'demand_ref,supply_ref,score\n"S1"x,M1,1\n', "s.csv, line 2: this is no CSV"),
        (b"PK\x03\x04\x00\x00", "s.csv, line 1: the column “demand_ref” is missing"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_such_table_is_refused(tmp_path: Path, content: bytes, place: str) -> None:
    refused(tmp_path, place, scores=written(tmp_path / "s.csv", content))


@pytest.mark.parametrize(
    ("rows", "place"),
    [
        ([["M1", "", "2"], ["M1", "", "1"]], "line 3: the ref “M1” is already on line 2"),
        ([["M1", "2", "1"]], "line 2: the minimum, 2, is more than the maximum, 1"),
        ([["M1", "2", ""]], "line 2: the minimum, 2, is more than the maximum, 1"),
        ([["M1", "-1", "1"]], "line 2: “-1” is no whole number of 0 or more"),
        ([["M1", "0", "1.5"]], "line 2: “1.5” is no whole number"),
        ([["M1", "0", "many"]], "line 2: “many” is no whole number"),
        ([["", "0", "1"]], "line 2: the column “supply_ref” is empty"),
        ([["M1", "0"]], "line 2: expected 3 fields"),
    ],
)
def test_capacities_that_make_no_sense_are_named(tmp_path: Path, rows: Rows, place: str) -> None:
    refused(tmp_path, f"capacities.csv, {place}", capacities=rows)


@pytest.mark.parametrize("name", ["capacities", "forbid", "lock"])
def test_every_table_must_have_its_columns(tmp_path: Path, name: str) -> None:
    table = written(tmp_path / "t.csv", "ref\nM1\n")
    refused(tmp_path, "t.csv, line 1: the column “supply_ref” is missing", **{name: table})


@pytest.mark.parametrize("name", ["forbid", "lock"])
@pytest.mark.parametrize(("row", "column"), [(["", "M1"], "demand_ref"), (["S1", ""], "supply_ref")])
def test_a_rule_about_nobody_is_named_by_its_line(
    tmp_path: Path, name: str, row: list[str], column: str
) -> None:
    refused(tmp_path, f"{name}.csv, line 3: the column “{column}” is empty", **{name: [["S1", "M1"], row]})


@pytest.mark.parametrize(
    "options",
    [
        ("--demand", "-1"), ("--capacity", "x"), ("--min-demand", "2"), ("--min-load", "2"),
        ("--floor", "nan"), ("--floor", "inf"), ("--objective", "stable"), ("--nonsense",),
    ],
)  # fmt: skip
def test_options_that_make_no_sense_end_with_status_2(tmp_path: Path, options: tuple[str, ...]) -> None:
    refused(tmp_path, options=options)


def test_an_input_is_never_written_over(tmp_path: Path) -> None:
    said = refused(tmp_path, options=("--record", str(tmp_path / "scores.csv")))
    assert "cannot be both read and written" in said
    refused(tmp_path, options=("--record", str(tmp_path / "p.csv")))


@pytest.mark.parametrize("place", ["scores.csv/new/r.json", "x" * 300, "/proc/r.json"])
def test_what_could_not_be_written_is_refused_before_anything_is(tmp_path: Path, place: str) -> None:
    where = str(tmp_path / place)
    said = refused(tmp_path, options=("--record", where))
    assert f"{where} cannot be written: " in said
    refused(tmp_path, options=("--out", where))


def test_a_file_that_would_not_fit_is_refused(tmp_path: Path) -> None:
    huge = tmp_path / "huge.csv"
    with huge.open("wb") as file:
        file.truncate((512 << 20) + 1)
    refused(tmp_path, "huge.csv, line 1: the file is larger than 512 MB", scores=huge)


def test_unknown_refs_are_warned_of_once(tmp_path: Path) -> None:
    result = assign(tmp_path, GOOD, forbid=[["S1", "M8"], ["S8", "M8"]], capacities=[["M9", "0", "2"]])
    assert result.exit_code == 0, result.output
    assert result.stderr.splitlines() == [
        "Warning: 1 refs of capacities.csv are not among the scores: M9",
        "Warning: 2 refs of forbid.csv are not among the scores: M8, S8",
    ]


LARGE = [f"S{n // 7},M{n % 7},{n / 9}" for n in range(60_000)]


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ("S1,M1,nan", "line 60002: the score “nan” is no number"),
        ("S1,M1,", "line 60002: the score “” is no number"),
        ("S1,M1,1_0", "line 60002: the score “1_0” is no number"),
        ("S1,M1,1e101", "line 60002: the score 1e101"),
        (LARGE[3], "line 60002: the pair S0–M3 is already on line 5"),
        (",M1,1", "line 60002: the column “demand_ref” is empty"),
        ("S1,M99", "line 60002: expected 3 fields"),
        ("S1,M99,1,2", "line 60002: expected 3 fields"),
        ('"S1,M99,1', "this is no CSV"),
    ],
)
def test_a_large_file_is_checked_alike(tmp_path: Path, line: str, place: str) -> None:
    text = "\n".join(["demand_ref,supply_ref,score", *LARGE, line]) + "\n"
    assert len(text) > scores_module._SMALL
    refused(tmp_path, place, scores=written(tmp_path / "s.csv", text))


def test_a_large_column_of_truths_is_no_column_of_numbers(tmp_path: Path) -> None:
    text = "demand_ref,supply_ref,score\n" + "".join(f"Start-up {n},M1,True\n" for n in range(60_000))
    refused(tmp_path, "line 2: the score “True” is no number", scores=written(tmp_path / "s.csv", text))


@pytest.mark.parametrize(
    "refs", [["007", "7", "7.0"], ["True", "False"], ["NA", "nan", " padded ", "=1+1", "Société"]]
)
@pytest.mark.parametrize("layout", ["{}\n{}\n", "{}\r\n{}\r\n", "\ufeff{}\n{}"])
def test_both_ways_of_reading_say_the_same(tmp_path: Path, layout: str, refs: list[str]) -> None:
    rows = [f"{len(a) / 3}0,{a},x,{b}" for a in reversed(refs) for b in refs]
    end = "\r\n" if "\r" in layout else "\n"
    source = Source(
        tmp_path / "s.csv", layout.format("score,demand_ref,extra,supply_ref", end.join(rows)).encode()
    )
    quick, slow = scores_module._at_once(source), scores_module._line_by_line(source, [])
    assert quick is not None
    first, second = (scores_module._arrange(source, found, []) for found in (quick, slow))
    assert first.demands == first.supplies == second.demands == second.supplies == sorted(refs)
    for name in ("demand", "supply", "score", "first", "line"):
        assert getattr(first, name).tolist() == getattr(second, name).tolist()
    texts = [[scores.text(pair) for pair in range(len(rows))] for scores in (first, second)]
    assert texts[0] == texts[1]


@pytest.mark.parametrize("odd", ['"S1",M1,1', "S1\r,M1,1", "S1,M1,1\n\nS2,M2,2", "S\0,M1,1", "S1,M1,1,"])
def test_what_is_odd_is_read_line_by_line(tmp_path: Path, odd: str) -> None:
    source = Source(tmp_path / "s.csv", f"demand_ref,supply_ref,score\nS0,M0,1\n{odd}\nS3,M3,1\n".encode())
    assert scores_module._at_once(source) is None


def test_a_header_alone_is_a_cohort_of_nobody(tmp_path: Path) -> None:
    assert solved(tmp_path, []) == []


def test_an_interrupt_leaves_the_file_of_the_last_run_and_no_half_one(tmp_path: Path) -> None:
    kept = written(tmp_path / "p.csv", "of the last run")

    def write_half() -> None:
        with whole_file(kept) as file:
            file.write("half a file")
            file.flush()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_half()
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("p.csv", "of the last run")]


def test_what_a_link_points_to_is_replaced_and_the_link_stays(tmp_path: Path) -> None:
    link = tmp_path / "link.csv"
    link.symlink_to(written(tmp_path / "p.csv", "of the last run"))
    with whole_file(link) as file:
        file.write("new")
    assert link.is_symlink()
    assert (tmp_path / "p.csv").read_text() == "new"
