"""`tandem score`: a contract that others call."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from matcher.cli.main import main
from matcher.embedding import Encoder
from matcher.ranking.config import ScoringConfig

Lines = list[tuple[str, list[str]]]
CONFIG = ScoringConfig()
NEEDS = [("N1", ["Obtain a spectrum licence", "Un pylône radio"]), ("N2", ["Sell honey abroad"])]
OFFERS = [
    ("O1", ["Radio masts and towers", "Regulators and licences", "Cooking", "Knitting"]),
    ("O2", ["Export of farm products"]),
    ("O3", ["Export of farm products"]),
]
TWINS = [(f"T{n}", [["Export", "Cooking", "Radio"][n % 3]]) for n in range(60)]


def jsonl(path: Path, lines: Lines) -> Path:
    path.write_text("".join(json.dumps({"ref": r, "texts": t}) + "\n" for r, t in lines), encoding="utf-8")
    return path


def score(folder: Path, *options: str, needs: Path | None = None, offered: Lines = OFFERS) -> Result:
    needs = needs or jsonl(folder / "n.jsonl", NEEDS)
    offers = jsonl(folder / "o.jsonl", offered)
    command = [
        "score",
        "--needs",
        str(needs),
        "--offers",
        str(offers),
        "--out",
        str(folder / "s.csv"),
        *options,
    ]
    return CliRunner().invoke(main, command)


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "s.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_pair_is_scored_in_the_order_of_the_files(encoder: Encoder, tmp_path: Path) -> None:
    result = score(tmp_path)
    assert result.exit_code == 0, result.output
    found = rows(tmp_path)
    assert list(found[0]) == ["need_ref", "offer_ref", "score"]
    assert [(r["need_ref"], r["offer_ref"]) for r in found] == [(n, o) for n, _ in NEEDS for o, _ in OFFERS]


def test_a_score_is_what_recommendation_would_say_of_the_texts(encoder: Encoder, tmp_path: Path) -> None:
    score(tmp_path)
    found = {(r["need_ref"], r["offer_ref"]): float(r["score"]) for r in rows(tmp_path)}
    for need, ours in NEEDS:
        for offer, theirs in OFFERS:
            cosines = np.sort((encoder.encode(ours) @ encoder.encode(theirs).T).ravel())[::-1]
            blend = CONFIG.best_share * cosines[0]
            blend += (1 - CONFIG.best_share) * cosines[: CONFIG.best_pairs].mean()
            assert found[need, offer] == pytest.approx(blend, abs=1e-5)


@pytest.mark.parametrize("top", [1, 2, 3, 99])
def test_the_best_come_first_and_no_more_than_asked(encoder: Encoder, tmp_path: Path, top: int) -> None:
    assert score(tmp_path, "--top", str(top)).exit_code == 0
    for need, _ in NEEDS:
        scores = [float(r["score"]) for r in rows(tmp_path) if r["need_ref"] == need]
        assert len(scores) == min(top, 3)
        assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize(("top", "best"), [(1, ["O2"]), (2, ["O2", "O3"])])
def test_equal_scores_stand_in_the_order_of_the_file(
    encoder: Encoder, tmp_path: Path, top: int, best: list[str]
) -> None:
    score(tmp_path, "--top", str(top))
    assert [r["offer_ref"] for r in rows(tmp_path) if r["need_ref"] == "N2"] == best


def test_many_equal_scores_stand_in_the_order_of_the_file(encoder: Encoder, tmp_path: Path) -> None:
    score(tmp_path, "--top", "60", offered=TWINS)
    found = [int(r["offer_ref"][1:]) for r in rows(tmp_path) if r["need_ref"] == "N2"]
    assert found[:20] == sorted(found[:20])
    assert {n % 3 for n in found[:20]} == {0}


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("{", "expected"),
        ("[]", "expected"),
        ("3", "expected"),
        ('{"ref": "A"}', "expected"),
        ('{"ref": 3, "texts": ["x"]}', "expected"),
        ('{"ref": "", "texts": ["x"]}', "expected"),
        ('{"ref": "A", "texts": "x"}', "expected"),
        ('{"ref": "A", "texts": [1]}', "expected"),
        ('{"ref": "A", "texts": []}', "has no text"),
        ('{"ref": "A", "texts": ["  "]}', "has no text"),
        ('{"ref": "N1", "texts": ["x"]}', "already on line 1"),
        ("[" * 100_000, "expected"),
    ],
)
def test_a_bad_line_is_named_and_nothing_is_written(tmp_path: Path, line: str, why: str) -> None:
    needs = tmp_path / "needs.jsonl"
    needs.write_text('{"ref": "N1", "texts": ["x"]}\n\n' + line + "\n", encoding="utf-8")
    result = score(tmp_path, needs=needs)
    assert result.exit_code == 2
    assert "needs.jsonl, line 3: " in result.stderr
    assert why in result.stderr
    assert not (tmp_path / "s.csv").exists()


@pytest.mark.parametrize("data", [b"", b"\n\n", b"\xff\xfe\x00x", b"PK\x03\x04\xff"])
def test_a_file_that_holds_no_lines_is_refused(tmp_path: Path, data: bytes) -> None:
    needs = tmp_path / "needs.jsonl"
    needs.write_bytes(data)
    result = score(tmp_path, needs=needs)
    assert result.exit_code == 2
    assert "needs.jsonl, line 1: " in result.stderr


def test_every_bad_line_is_named(tmp_path: Path) -> None:
    needs = tmp_path / "needs.jsonl"
    needs.write_text("{\n{\n")
    assert len(score(tmp_path, needs=needs).stderr.strip().splitlines()) == 2


@pytest.mark.parametrize("options", [["--top", "0"], ["--top", "x"], ["--needs", "/nowhere"], ["--nonsense"]])
def test_a_wrong_option_ends_with_status_2(tmp_path: Path, options: list[str]) -> None:
    assert score(tmp_path, *options).exit_code == 2
