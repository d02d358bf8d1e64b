"""Where no choice keeps all rules, `tandem assign` says who is blocked and what would help, and is right."""

import random
import re
from pathlib import Path

import pytest

from matcher.cohort import SolverConfig
from tests.cli.assigning import Rows, assign

ONE: Rows = [["S1", "M1", 1]]
TWO_WANT_ONE: Rows = [["S1", "M1", 1], ["S2", "M1", 1]]
ONE_HAS_TWO: Rows = [["S1", "M1", 1], ["S1", "M2", 1]]
INFEASIBLE: list[tuple[Rows, dict[str, str], dict[str, list[list[str]]], str]] = [
    # scores, options, files, what must be said
    (TWO_WANT_ONE, {"min-demand": "1"}, {}, "raise the capacity of M1 by 1"),
    (TWO_WANT_ONE, {"min-demand": "1"}, {}, "lower the minimum of S[12] by 1"),
    (ONE_HAS_TWO, {"min-load": "1"}, {}, "lower the minimum load of M[12] by 1"),
    (ONE_HAS_TWO, {"min-load": "1"}, {}, "raise the number of pairs that S1 may have by 1"),
    (ONE_HAS_TWO, {}, {"lock": [["S1", "M1"], ["S1", "M2"]]}, "let go of the lock S1–M[12]"),
    (TWO_WANT_ONE, {}, {"lock": [["S1", "M1"], ["S2", "M1"]]}, "let go of the lock S[12]–M1"),
    (ONE, {"min-demand": "1"}, {"forbid": [["S1", "M1"]]}, "allow the pair S1–M1"),
    (ONE, {"min-load": "1"}, {"forbid": [["S1", "M1"]]}, "allow the pair S1–M1"),
    (ONE, {"min-demand": "1"}, {"capacities": [["M1", "0", "0"]]}, "raise the capacity of M1 by 1"),
    ([["S1", "M1", 0.25]], {"floor": "0.5"}, {}, "lower the floor for S1 by 0.25"),
    (ONE, {"min-demand": "2", "demand": "2"}, {}, "lower the minimum of S1 by 1"),
    (TWO_WANT_ONE, {"capacity": "3"}, {"capacities": [["M1", "3", "3"]]},
     "lower the minimum load of M1 by 1"),
    (ONE, {}, {"lock": [["S1", "M1"]], "forbid": [["S1", "M1"]]}, "let go of the lock S1–M1"),
    (ONE, {}, {"lock": [["S1", "M1"]], "forbid": [["S1", "M1"]]}, "allow the pair S1–M1"),
    (TWO_WANT_ONE, {}, {"lock": [["S1", "M1"], ["S2", "M2"]]}, "let go of the lock S2–M2"),
    (ONE_HAS_TWO, {}, {"lock": [["S9", "M1"]]}, "let go of the lock S9–M1"),
    (ONE, {}, {"capacities": [["M9", "1", "2"]]}, "lower the minimum load of M9 by 1"),
    (ONE, {}, {"capacities": [["M9", "2", "2"]]}, "lower the minimum load of M9 by 2"),
]  # fmt: skip


@pytest.mark.parametrize(("scores", "options", "files", "remedy"), INFEASIBLE)
def test_where_no_choice_keeps_all_rules_what_is_said_to_help_does(
    tmp_path: Path, scores: Rows, options: dict[str, str], files: dict[str, list[list[str]]], remedy: str
) -> None:
    (tmp_path / "p.csv").write_text("of the last run")
    result = assign(tmp_path, scores, *_flags(options), **files)
    assert result.exit_code == 3, result.output
    assert result.stdout == ""
    assert (tmp_path / "p.csv").read_text() == "of the last run"
    steps = re.findall(remedy, result.stderr)
    assert steps, result.stderr
    _follow(steps[0], options, files)
    assert assign(tmp_path, scores, *_flags(options), **files).exit_code == 0


def test_who_cannot_get_what_they_must_are_named(tmp_path: Path) -> None:
    scores = [["S1", "M1", 1], ["S2", "M2", 1], ["S3", "M2", 1]]
    said = assign(tmp_path, scores, "--min-demand", "1").stderr.splitlines()
    assert said[0] == "No choice of pairs keeps all rules."
    assert re.fullmatch(r"Cannot get what they must: S[23](, S3)?\.", said[1])
    assert said[2].startswith("What would do: ")
    assert all(line.startswith("Or: ") for line in said[3:])
    assert len(said) > 3


def test_why_a_lock_cannot_be_kept_is_told_by_its_line(tmp_path: Path) -> None:
    locks = [["S1", "M1"], ["S1", "M2"], ["S9", "M9"]]
    said = assign(tmp_path, ONE, lock=locks, forbid=[["S1", "M1"]]).stderr.splitlines()
    assert said[:4] == [
        "No choice of pairs keeps all rules.",
        "lock.csv, line 2: the locked pair S1–M1 is forbidden",
        "lock.csv, line 3: the locked pair S1–M2 is not among the scores, so it is impossible",
        "lock.csv, line 4: the locked pair S9–M9 is not among the scores, so it is impossible",
    ]


def test_all_that_must_give_way_is_told_at_once(tmp_path: Path) -> None:
    files = {"lock": [["S9", "M1"], ["S9", "M1"]], "capacities": [["M9", "1", "1"], ["M8", "0", "1"]]}
    said = assign(tmp_path, TWO_WANT_ONE, "--min-demand", "1", **files).stderr.splitlines()
    ways = [line for line in said if line.startswith(("What would do: ", "Or: "))]
    assert len(ways) > 1
    always = "let go of the lock S9–M1, lower the minimum load of M9 by 1, "
    assert [way for way in ways if way.count(always) != 1] == []
    assert "raise the capacity of M1 by 1" in ways[0] or "lower the minimum of S" in ways[0]
    assert any(line.startswith("Cannot get what they must: ") and "M9." in line for line in said)


def test_a_time_that_was_too_short_is_no_answer_and_is_told_so(tmp_path: Path) -> None:
    hasty = SolverConfig(exact_edges=1, seconds=1)
    draw = random.Random(1)
    scores = [[f"S{s}", f"M{m}", draw.random()] for s in range(30) for m in range(30)]
    result = assign(tmp_path, scores, "--demand", "3", "--capacity", "3", "--floor", "2.6", limits=hasty)
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr == "The time ended before a choice, or a proof that there is none, was found.\n"


def _flags(options: dict[str, str]) -> list[str]:
    return [part for name, value in options.items() for part in (f"--{name}", value)]


def _follow(step: str, options: dict[str, str], files: dict[str, list[list[str]]]) -> None:
    """Do what a step says, by the options and files that there are."""
    amount = float(step.rsplit(" ", 1)[1]) if " by " in step else 0
    ref = step.split(" by ")[0].rsplit(" ", 1)[1]
    if step.startswith("raise the capacity"):
        before = files.get("capacities", [[ref, "", options.get("capacity", "1")]])
        files["capacities"] = [[name, low, str(int(high) + int(amount))] for name, low, high in before]
    elif step.startswith("lower the minimum load"):
        load = int(options.get("min-load", "0")) or int(files["capacities"][0][1])
        files["capacities"] = [[ref, str(load - int(amount)), ""]]
    elif step.startswith("lower the minimum of"):
        options["min-demand"] = str(int(options["min-demand"]) - int(amount))
    elif step.startswith("lower the floor"):
        options["floor"] = str(float(options["floor"]) - amount)
    elif step.startswith("raise the number of pairs"):
        options["demand"] = "2"
    else:
        name = "lock" if "lock" in step else "forbid"
        files[name].remove(ref.split("–"))
