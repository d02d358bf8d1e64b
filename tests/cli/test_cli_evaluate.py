"""`tandem evaluate`: on a tiny folder of each kind of labelled set."""

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from matcher.cli.main import main
from matcher.embedding import Encoder

SUBJECTS = {
    "honey": {"en": ("We cannot sell our honey.", "Selling honey."), "fr": ("Vendre notre miel.", "Miel.")},
    "patent": {"en": ("We need a patent.", "Patents."), "fr": ("Déposer un brevet.", "Droit des brevets.")},
}


def write(path: Path, *lines: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def tatoeba(folder: Path) -> None:
    write(folder / "tatoeba" / "fra-eng.fra.txt", "Le miel est doux.", "Il pleut.", "Une voiture rouge.")
    write(folder / "tatoeba" / "fra-eng.eng.txt", "Honey is sweet.", "It is raining.", "A red car.")


def melo(folder: Path) -> None:
    base = folder / "melo" / "any_name"
    write(base / "queries.tsv", "Q1\tBeekeeper", "Q2\tNobody answers this")
    write(base / "corpus_elements.tsv", "C1\tLorry driver", "C2\tBeekeeper", "C3\tBeekeeper")
    write(base / "annotations.tsv", "Q1\t0\tC3\t1", "Q1\t0\tC1\t0")


def domain(folder: Path) -> None:
    base = folder / "domain"
    lines = [
        {"ref": "N1", "language": "en", "split": "test", "texts": ["We need a patent."]},
        {"ref": "N2", "language": "fr", "split": "dev", "texts": ["Vendre notre miel."]},
    ]
    write(base / "needs.jsonl", *map(json.dumps, lines))
    lines = [
        {"ref": "M2", "language": "fr", "texts": ["Droit des brevets.", "Marques"]},
        {"ref": "M1", "language": "en", "texts": ["Selling honey."]},
    ]
    write(base / "mentors.jsonl", *map(json.dumps, lines))
    write(base / "grades.tsv", "need_ref\tmentor_ref\tgrade", "N1\tM2\t3", "N2\tM1\t2")


def subjects(folder: Path) -> None:
    rows = [
        [subject, "test", role, language, texts[number]]
        for subject, languages in SUBJECTS.items()
        for language, texts in languages.items()
        for number, role in enumerate(("need", "offer"))
    ]
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "subjects.tsv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter="\t", lineterminator="\n")
        writer.writerows([["subject", "split", "role", "language", "text"], *rows])


def evaluate(folder: Path, *options: str) -> Result:
    return CliRunner().invoke(main, ["evaluate", "--data", str(folder), *options])


def figures(folder: Path, *options: str) -> dict[tuple[str, str], dict[str, Any]]:
    target = folder / "out" / "figures.json"
    result = evaluate(folder, "--json", str(target), *options)
    assert result.exit_code == 0, result.output
    found = json.loads(target.read_text(encoding="utf-8"))
    return {(one["measure"], one["dataset"]): one for one in found["figures"]}


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (
            tatoeba,
            {
                ("P@1", "tatoeba/fra-eng"): 1.0,
                ("P@1", "tatoeba/eng-fra"): 1.0,
                ("P@1", "tatoeba/mean"): 1.0,
                ("P@1", "tatoeba/worst"): 1.0,
            },
        ),
        (melo, {("MRR", "melo/any_name"): 0.5}),  # C2 says the same and stands before C3
        (
            domain,
            {
                ("NDCG@10", "domain"): 1.0,
                ("MRR", "domain"): 1.0,
                ("NDCG@10", "domain/other languages"): 1.0,
                ("MRR", "domain/other languages"): 1.0,
                ("NDCG@10", "domain/en"): 1.0,
                ("MRR", "domain/en"): 1.0,
            },
        ),
        (
            subjects,
            {
                ("subject over language", "subjects/mean"): 1.0,
                ("subject over language", "subjects/worst"): 1.0,
                ("subject over language, strict", "subjects/mean"): 1.0,
                ("subject over language, strict", "subjects/worst"): 1.0,
            },
        ),
    ],
)
def test_each_set_alone_is_measured(
    encoder: Encoder,
    tmp_path: Path,
    make: Callable[[Path], None],
    expected: dict[tuple[str, str], float],
) -> None:
    make(tmp_path)
    found = figures(tmp_path)
    assert {key: one["value"] for key, one in found.items()} == pytest.approx(expected)


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    """A folder with a set of every kind."""
    for make in (tatoeba, melo, domain, subjects):
        make(tmp_path)
    return tmp_path


def test_the_table_says_what_the_file_says(encoder: Encoder, whole: Path) -> None:
    target = whole / "figures.json"
    lines = evaluate(whole, "--json", str(target)).stdout.splitlines()
    found = json.loads(target.read_text(encoding="utf-8"))
    assert found["model"] == encoder.space.model
    assert found["revision"] == encoder.space.revision
    assert len(lines) == len(found["figures"]) + 1
    for line, one in zip(lines[1:], found["figures"], strict=True):
        assert line.startswith(one["measure"])
        assert one["dataset"] in line
        assert f"{one['value']:.3f}" in line
        assert f"{one['low']:.3f}–{one['high']:.3f}" in line
        assert line.endswith(f" {one['n']}")
        assert one["low"] <= one["value"] <= one["high"]


def test_the_worst_direction_is_named(encoder: Encoder, whole: Path) -> None:
    found = figures(whole)
    assert found["P@1", "tatoeba/worst"]["which"] in {"fra-eng", "eng-fra"}
    assert found["subject over language", "subjects/worst"]["which"] in {"en-fr", "fr-en"}


def test_the_dev_split_is_another_set_of_queries(encoder: Encoder, tmp_path: Path) -> None:
    domain(tmp_path)
    assert ("MRR", "domain/fr") in figures(tmp_path, "--split", "dev")
    assert ("MRR", "domain/en") not in figures(tmp_path, "--split", "dev")


@pytest.mark.parametrize(
    ("missing", "named"),
    [
        ("tatoeba/fra-eng.eng.txt", "fra-eng.eng.txt"),
        ("tatoeba/fra-eng.fra.txt", "fra-eng.fra.txt"),
        ("melo/any_name/queries.tsv", "queries.tsv"),
        ("melo/any_name/corpus_elements.tsv", "corpus_elements.tsv"),
        ("melo/any_name/annotations.tsv", "annotations.tsv"),
        ("domain/needs.jsonl", "needs.jsonl"),
        ("domain/mentors.jsonl", "mentors.jsonl"),
        ("domain/grades.tsv", "grades.tsv"),
    ],
)
def test_a_missing_file_is_named(whole: Path, missing: str, named: str) -> None:
    (whole / missing).unlink()
    result = evaluate(whole)
    assert result.exit_code == 2
    assert f"{named}: there is no such file" in result.stderr


@pytest.mark.parametrize(
    ("file", "lines", "why"),
    [
        ("tatoeba/fra-eng.fra.txt", ["Une ligne"], "1 lines, but 3 in fra-eng.eng.txt"),
        ("tatoeba/fra-eng.fra.txt", [], "the file has no lines"),
        ("melo/any_name/queries.tsv", ["Q1\tA", "Q2"], ", line 2: expected 2 columns"),
        ("melo/any_name/annotations.tsv", ["Q1\t0\tC3\t1", "Q9\t0\tC3\t1"], ", line 2: “Q9” is in no"),
        ("melo/any_name/annotations.tsv", ["Q1\t0\tC9\t1"], ", line 1: “C9” is in no"),
        ("melo/any_name/annotations.tsv", ["Q1\t0\tC3\t0"], "no query has an answer"),
        ("domain/needs.jsonl", ["{"], ", line 1: expected"),
        ("domain/needs.jsonl", ['{"ref": "N1", "language": "en", "texts": [1]}'], ", line 1: expected"),
        ("domain/needs.jsonl", ['{"ref": "N1", "texts": ["x"]}'], ", line 1: expected"),
        ("domain/needs.jsonl", ['{"ref": "N1", "language": "en", "texts": ["x"]}'], "no line has the split"),
        ("domain/grades.tsv", ["N1\tM2\t3", "N7\tM2\t3"], ", line 2: “N7” is in no"),
        ("domain/grades.tsv", ["N1\tM7\t3"], ", line 1: “M7” is in no"),
        ("domain/grades.tsv", ["N1\tM2\t4"], ", line 1: a grade is"),
        ("domain/grades.tsv", ["N1\tM2\t1"], "no query has an answer"),
        ("subjects.tsv", ["subject\ttext", "a\tb"], "expected the columns"),
        ("subjects.tsv", ["subject\tsplit\trole\tlanguage\ttext", "a\ttest\tneed\ten\tx"], "two languages"),
    ],
)
def test_a_file_that_is_not_what_it_should_be_is_named(
    whole: Path, file: str, lines: list[str], why: str
) -> None:
    write(whole / file, *lines)
    result = evaluate(whole)
    assert result.exit_code == 2
    assert Path(file).name in result.stderr
    assert why in result.stderr


def test_a_subject_without_one_of_its_texts_is_named(tmp_path: Path) -> None:
    subjects(tmp_path)
    path = tmp_path / "subjects.tsv"
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if "Miel." not in line]
    write(path, *lines)
    result = evaluate(tmp_path)
    assert result.exit_code == 2
    assert "subjects.tsv: “honey” has no offer in fr" in result.stderr


@pytest.mark.parametrize("empty", [".", "tatoeba", "melo"])
def test_a_folder_without_any_set_is_named(tmp_path: Path, empty: str) -> None:
    (tmp_path / empty).mkdir(exist_ok=True)
    result = evaluate(tmp_path)
    assert result.exit_code == 2
    assert f"{(tmp_path / empty).resolve()}: expected" in result.stderr


def test_a_file_in_another_encoding_is_named(whole: Path) -> None:
    (whole / "tatoeba" / "fra-eng.fra.txt").write_bytes("été\n".encode("latin-1"))
    result = evaluate(whole)
    assert result.exit_code == 2
    assert "fra-eng.fra.txt: this is not UTF-8 text" in result.stderr


def test_a_folder_that_is_not_there_ends_with_status_2(tmp_path: Path) -> None:
    shutil.rmtree(tmp_path)
    assert evaluate(tmp_path).exit_code == 2
