"""`tandem assign`: a contract that others call."""

import hashlib
import json
import os
import random
import subprocess
from pathlib import Path

import pytest

from tests.cli.assigning import Rows, assign, pairs, printed, solved
from tests.cli.sheets import header, sheet, table
from tests.cli.test_cli_errors import TANDEM

REFS = ["=1+1", "Ü, größer", 'die "Erste"', " 7", "007", "متجر", "你好", "line\nbreak", "+3", "@x"]
SQUARE = [["S1", "M1", 0.9], ["S1", "M2", 0.8], ["S2", "M1", 0.7], ["S2", "M2", 0.1]]


def test_the_best_total_of_the_largest_coverage_is_written_and_told(tmp_path: Path) -> None:
    told = printed(assign(tmp_path, SQUARE))
    assert header(tmp_path / "p.csv") == ["demand_ref", "supply_ref", "score"]
    assert pairs(tmp_path) == ["S1-M2", "S2-M1"]
    assert float(told.pop("seconds")) > 0
    assert told == {
        "objective": "total",
        "total": "1.5",
        "worst-off": "0.7",
        "coverage": "2 pairs, 2 of 2 demand refs",
        "solver": "min-cost flow",
        "status": "optimal",
    }


def test_coverage_comes_before_the_total_even_where_scores_are_negative(tmp_path: Path) -> None:
    scores = [["S1", "M1", 5], ["S1", "M2", -9], ["S2", "M1", -7]]
    assert solved(tmp_path, scores) == ["S1-M2", "S2-M1"]
    assert printed(assign(tmp_path, scores))["total"] == "-16.0"


def test_both_are_matched_though_one_of_four_equal_pairs_is_forbidden(tmp_path: Path) -> None:
    scores = [[s, m, 1] for s in ("S1", "S2") for m in ("M1", "M2")]
    for forbidden, rest in ((["S1", "M1"], ["S1-M2", "S2-M1"]), (["S1", "M2"], ["S1-M1", "S2-M2"])):
        assert solved(tmp_path, scores, forbid=[forbidden]) == rest


def test_fairest_lifts_the_worst_off_where_the_total_would_not(tmp_path: Path) -> None:
    scores = [["S1", "M1", 1.0], ["S1", "M2", 0.5], ["S2", "M1", 0.6], ["S2", "M2", 0.2]]
    assert solved(tmp_path, scores) == ["S1-M1", "S2-M2"]
    told = printed(assign(tmp_path, scores, "--objective", "fairest"))
    assert pairs(tmp_path) == ["S1-M2", "S2-M1"]
    assert (told["objective"], told["worst-off"], told["total"]) == ("fairest", "0.5", "1.1")


def test_fairest_looks_at_what_each_is_given_in_sum(tmp_path: Path) -> None:
    scores = [
        ["S1", "M1", 4],
        ["S1", "M2", 3],
        ["S1", "M3", 3],
        ["S2", "M1", 1],
        ["S2", "M3", 2],
        ["S2", "M4", 2],
    ]
    told = printed(assign(tmp_path, scores, "--demand", "2", "--objective", "fairest"))
    assert (told["worst-off"], told["total"]) == ("4.0", "11.0")
    assert pairs(tmp_path) == ["S1-M1", "S1-M2", "S2-M3", "S2-M4"]


def test_demand_and_capacity_bound_the_pairs_of_each(tmp_path: Path) -> None:
    scores = [[f"S{s}", f"M{m}", 10 * s + m] for s in range(3) for m in range(3)]
    found = solved(tmp_path, scores, "--demand", "2", "--capacity", "3")
    assert found == ["S0-M1", "S0-M2", "S1-M1", "S1-M2", "S2-M1", "S2-M2"]
    assert solved(tmp_path, scores, "--demand", "0") == []
    endless = str(10**30)
    given: Rows = [["M0", "0", endless], ["M1", "", ""]]
    found = solved(tmp_path, scores, "--demand", endless, "--capacity", endless, capacities=given)
    assert len(found) == len(scores)


def test_locks_are_kept_and_the_rest_is_best_around_them(tmp_path: Path) -> None:
    assert solved(tmp_path, SQUARE, lock=[["S1", "M1"]]) == ["S1-M1", "S2-M2"]


def test_forbidden_pairs_are_not_made_and_unknown_ones_do_no_harm(tmp_path: Path) -> None:
    assert solved(tmp_path, SQUARE, forbid=[["S2", "M1"], ["S2", "M9"], ["S2", "M1"]]) == ["S1-M1", "S2-M2"]


def test_capacities_of_some_differ_and_an_empty_cell_is_the_default(tmp_path: Path) -> None:
    scores = [[f"S{s}", m, score] for s in range(4) for m, score in (("M1", 1), ("M2", 2), ("M3", 3))]
    load = solved(tmp_path, scores, "--capacity", "2", capacities=[["M3", "", "1"], ["M1", "2", ""]])
    assert [sum(pair.endswith(m) for pair in load) for m in ("M1", "M2", "M3")] == [2, 1, 1]


def test_a_minimum_load_is_filled_though_others_are_better(tmp_path: Path) -> None:
    scores = [["S1", "M1", 9], ["S1", "M2", 1], ["S2", "M1", 9], ["S2", "M2", 2]]
    assert solved(tmp_path, scores, "--capacity", "2") == ["S1-M1", "S2-M1"]
    assert solved(tmp_path, scores, "--capacity", "2", "--min-load", "1") == ["S1-M1", "S2-M2"]
    assert solved(tmp_path, scores, "--capacity", "2", capacities=[["M2", "2", "2"]]) == ["S1-M2", "S2-M2"]


def test_nobody_stays_under_the_floor(tmp_path: Path) -> None:
    scores = [["S1", "M1", 1.0], ["S1", "M2", 0.5], ["S2", "M1", 0.6], ["S2", "M2", 0.2]]
    assert solved(tmp_path, scores, "--floor", "0.2") == ["S1-M1", "S2-M2"]
    assert solved(tmp_path, scores, "--floor", "0.3") == ["S1-M2", "S2-M1"]


@pytest.mark.parametrize(
    "ref", ["=1+1", "Ü, größer", 'die "Erste"', " 7", "007", "متجر", "你好", "line\nbreak", "+3", "@x"]
)
def test_refs_and_scores_come_back_letter_for_letter(tmp_path: Path, ref: str) -> None:
    assign(tmp_path, [[ref, f"{ref}!", "0.50"], ["other", "M2", "1e-3"]])
    rows = table(tmp_path / "p.csv")
    assert [list(row.values()) for row in rows] == [[ref, f"{ref}!", "0.50"], ["other", "M2", "1e-3"]]


def test_columns_may_stand_in_any_order_among_others(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    path.write_bytes(
        '\ufeffnote, score ,supply_ref,demand_ref\r\n\r\n"a, b", 2 ,M1,S1\r\n,-1,M2,S2,,\r\n'.encode()
    )
    assert solved(tmp_path, path) == ["S1-M1", "S2-M2"]
    assert [row["score"] for row in table(tmp_path / "p.csv")] == [" 2 ", "-1"]


def test_pairs_stand_in_the_order_in_which_demand_refs_appear(tmp_path: Path) -> None:
    scores = [["Z", "M1", 1], ["A", "M2", 1], ["Z", "M9", 3], ["B", "M3", 1], ["Z", "M4", 2]]
    assert solved(tmp_path, scores, "--demand", "3") == ["Z-M1", "Z-M9", "Z-M4", "A-M2", "B-M3"]


def test_shuffled_lines_give_the_same_pairs_and_the_same_lines_the_same_file(tmp_path: Path) -> None:
    draw = random.Random(4)
    pairs = [(s, m) for s in range(30) for m in range(20)]
    scores = [[f"S{s}", f"M{m}", draw.choice([1, 2])] for s, m in draw.sample(pairs, 240)]
    found, written = set(solved(tmp_path, scores)), (tmp_path / "p.csv").read_bytes()
    assert (solved(tmp_path, scores) and (tmp_path / "p.csv").read_bytes()) == written
    for _ in range(5):
        draw.shuffle(scores)
        assert set(solved(tmp_path, scores)) == found


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_record_is_enough_to_repeat_the_run(tmp_path: Path) -> None:
    scores = [*SQUARE, ["S3", "M1", 0.1], ["S4", "M3", 1]]
    options = ("--record", str(tmp_path / "r.json"), "--floor", "0")
    told = printed(assign(tmp_path, scores, *options, forbid=[["S4", "M3"]]))
    first = (tmp_path / "r.json").read_bytes()
    assign(tmp_path, scores, *options, forbid=[["S4", "M3"]])
    assert (tmp_path / "r.json").read_bytes() == first
    record = json.loads(first)
    assert record["inputs"] == {
        name: {"file": f"{name}.csv", "sha256": sha256(tmp_path / f"{name}.csv")}
        for name in ("scores", "forbid")
    }
    assert record["options"] == {
        "demand": 1, "min_demand": 0, "capacity": 1, "min_load": 0, "objective": "total", "floor": 0.0,
    }  # fmt: skip
    assert record["result"]["sha256"] == sha256(tmp_path / "p.csv")
    assert repr(record["result"]["total"]) == told["total"]
    assert {"tandem", "python", "ortools", "highspy"} <= {name for name, v in record["versions"].items() if v}
    assert [(one["side"], one["ref"], one["reason"]) for one in record["unmatched"]] == [
        ("demand", "S3", "all it could be paired with have as many pairs as they may have"),
        ("demand", "S4", "each of its pairs is forbidden"),
        ("supply", "M3", "each of its pairs is forbidden"),
    ]


def test_what_programs_read_is_the_same_in_every_language(tmp_path: Path) -> None:
    sheet(tmp_path / "s.csv", ["demand_ref", "supply_ref", "score"], *[map(str, row) for row in SQUARE])
    command = [TANDEM, "assign", "--scores", "s.csv", "--out", "p.csv"]
    found = subprocess.run(
        command, cwd=tmp_path, capture_output=True, check=True, timeout=60, text=True,
        env={**os.environ, "LANGUAGE": "fr"},
    )  # fmt: skip
    assert "coverage: 2 pairs, 2 of 2 demand refs\n" in found.stdout


def test_the_command_itself_ends_with_the_status_of_its_answer(tmp_path: Path) -> None:
    sheet(tmp_path / "s.csv", ["demand_ref", "supply_ref", "score"], *[map(str, row) for row in SQUARE])
    command = [TANDEM, "assign", "--scores", "s.csv", "--out", "new/p.csv"]
    for options, status in (([], 0), (["--nonsense"], 2), (["--demand", "3", "--min-demand", "3"], 3)):
        found = subprocess.run(
            [*command, *options], cwd=tmp_path, capture_output=True, check=False, timeout=60
        )
        assert (found.returncode, b"Traceback" in found.stderr) == (status, False), found.stderr
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["p.csv"]
