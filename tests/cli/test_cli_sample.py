"""The sample programme through the command line, as XLSX, from one end to the other."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from matcher.cli.main import main
from matcher.embedding import Encoder
from matcher.models import Kind
from matcher.ranking.facts import Facts
from tests.cli.sheets import FUNDING, PAIRS, UNMATCHED, facts, header, match, table
from tests.matcher.rules import broken_rules

NAMES = {Kind.STARTUP: "startups", Kind.MENTOR: "mentors", Kind.FUNDER: "funding_partners"}
FRENCH = re.compile(r"\b(?:les|des|dans|nous|pour|une)\b", re.IGNORECASE)
ENGLISH = re.compile(r"\b(?:the|and|for|with|of)\b", re.IGNORECASE)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, encoder: Encoder) -> Path:
    """The sheets in both formats and, in `out`, what `tandem match` makes of the XLSX ones."""
    made = tmp_path_factory.mktemp("sample")
    for form in ("xlsx", "csv"):
        assert CliRunner().invoke(main, ["sample", "--out", str(made), "--format", form]).exit_code == 0
    sheets = {name: made / f"{NAMES[kind]}.xlsx" for kind, name in _OPTIONS.items()}
    result = match(made / "out", "--top", "5", "--rules", str(made / "rules.toml"), **sheets)
    assert result.exit_code == 0, result.output
    return made


_OPTIONS = {Kind.STARTUP: "startups", Kind.MENTOR: "mentors", Kind.FUNDER: "funders"}


@pytest.fixture(scope="module")
def people(folder: Path) -> dict[str, Facts]:
    rows = {kind: table(folder / f"{name}.csv") for kind, name in NAMES.items()}
    refs = [row["ref"] for found in rows.values() for row in found]
    numbers = {ref: number for number, ref in enumerate(refs, start=1)}
    return {row["ref"]: facts(row, kind, numbers[row["ref"]], numbers) for kind in rows for row in rows[kind]}


def test_all_four_files_are_written(folder: Path) -> None:
    out = folder / "out"
    assert [header(out / f"{name}.csv") for name in ("pairs", "funding", "unmatched")] == [
        PAIRS, FUNDING, UNMATCHED,
    ]  # fmt: skip
    assert "<svg" in (out / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(("name", "column"), [("pairs", "mentor_ref"), ("funding", "funder_ref")])
def test_no_pair_breaks_eligibility(folder: Path, people: dict[str, Facts], name: str, column: str) -> None:
    rows = table(folder / "out" / f"{name}.csv")
    broken = [r for r in rows if broken_rules(people[r["startup_ref"]], people[r[column]])]
    assert len(rows) > 100
    assert broken == []


@pytest.mark.parametrize(
    ("name", "column", "kind"), [("pairs", "mentor_ref", Kind.MENTOR), ("funding", "funder_ref", Kind.FUNDER)]
)
def test_every_start_up_gets_as_many_as_are_eligible(
    folder: Path, people: dict[str, Facts], name: str, column: str, kind: Kind
) -> None:
    rows = table(folder / "out" / f"{name}.csv")
    for startup in (found for found in people.values() if found.kind is Kind.STARTUP):
        eligible = [f for f in people.values() if f.kind is kind and not broken_rules(startup, f)]
        listed = [row[column] for row in rows if row["startup_ref"] == startup.ref]
        assert len(listed) == min(5, len(eligible)), startup.ref


def test_french_start_ups_have_english_writing_mentors_among_their_best(
    folder: Path, people: dict[str, Facts]
) -> None:
    french = {r["ref"] for r in table(folder / "startups.csv") if len(FRENCH.findall(r["pitch"])) > 1}
    english = {r["ref"] for r in table(folder / "mentors.csv") if len(ENGLISH.findall(r["expertise"])) > 1}
    rows = table(folder / "out" / "pairs.csv")
    for ref in sorted(french):
        if "en" not in people[ref].languages:
            continue
        best = {row["mentor_ref"] for row in rows if row["startup_ref"] == ref}
        assert best & english, ref
    assert len(french) >= 6


def test_the_proposal_gives_each_start_up_that_anybody_may_mentor_one_and_exceeds_no_capacity(
    folder: Path, people: dict[str, Facts]
) -> None:
    rows = table(folder / "out" / "proposal.csv")
    mentors = [found for found in people.values() if found.kind is Kind.MENTOR]
    possible = {
        ref for ref, one in people.items()
        if one.kind is Kind.STARTUP and any(not broken_rules(one, other) for other in mentors)
    }  # fmt: skip
    assert {row["startup_ref"] for row in rows} == possible
    assert len(rows) == len(possible)
    assert [r for r in rows if broken_rules(people[r["startup_ref"]], people[r["mentor_ref"]])] == []
    for mentor in mentors:
        places = 3 if mentor.places is None else mentor.places
        assert sum(row["mentor_ref"] == mentor.ref for row in rows) <= places


def test_every_pair_has_a_reason_in_the_words_of_both(folder: Path) -> None:
    rows = table(folder / "out" / "pairs.csv")
    assert [row for row in rows if row["reasons"].count("“") < 2] == []


def test_writing_the_sample_twice_gives_the_same_sheets(folder: Path, tmp_path: Path) -> None:
    CliRunner().invoke(main, ["sample", "--out", str(tmp_path), "--format", "csv"])
    for name in NAMES.values():
        assert (tmp_path / f"{name}.csv").read_bytes() == (folder / f"{name}.csv").read_bytes()
