"""`tandem match --rules`: what the file can say, and how its mistakes are told."""

from pathlib import Path

import pytest

from matcher.cli.errors import BadInput
from matcher.cli.rules_file import read_rules
from matcher.embedding import Encoder
from matcher.services.rules import CohortRules
from tests.cli.sheets import match, sheet, table

STARTUPS = frozenset({"S1", "S2", "S3", "B1"})
MENTORS = frozenset({"M1", "M2", "B1"})
WRONG = {
    "mentors_lesat = 1": ["mentors_lesat: there is no such rule"],
    'mentors_most = "2"': ["mentors_most: Input should be a valid integer"],
    "mentors_most = 2.5": ["mentors_most: Input should be a valid integer"],
    "mentors_most = 99": ["mentors_most: Input should be less than or equal to 10"],
    "mentors_least = 3": ["mentors_least must not be more than mentors_most"],
    "hours_apart = 2026-01-01": ["hours_apart: Input should be a valid integer"],
    "floor = nan": ["floor: "],
    'objective = "best"': ["objective: Input should be 'total', 'fairest' or 'stable'"],
    "[[quotas]]\nname = 'x'": [
        "quotas[0].startups: Field required", "quotas[0].counterparts: Field required",
    ],
    "[[quotas]]\nname=''\nstartups={attribute='a', values=['1']}\ncounterparts={attribute='ref',values=[]}": [
        "quotas[0].startups.attribute: ", "quotas[0].counterparts.values: ",
    ],
    'locks = [["S1", "M9"], ["S9", "M1"]]': [
        "locks[0]: no mentor has the ref M9", "locks[1]: no start-up has the ref S9",
    ],
    'locks = "S1"': ["locks: it must be a list of pairs"],
    'forbid = [["S1"]]': ["forbid[0]: it must be a pair"],
    'forbid = [["M1", "S1"]]': [
        "forbid[0]: no start-up has the ref M1", "forbid[0]: no mentor has the ref S1",
    ],
    'locks = [["S1", "M1"]]\nforbid = [["S2", "M1"], ["S1", "M1"]]': ["forbid[1]: S1 and M1 are both locked"],
    '[wishes]\nS1 = ["S2"]\nX1 = []\nM1 = "S1"\nB1 = ["S1"]': [
        "wishes.S1: no mentor has the ref S2", "wishes.X1: no start-up and no mentor has the ref X1",
        "wishes.M1: it must be a list of refs", "wishes.B1: a start-up and a mentor have the ref B1",
    ],
    '[wishes]\nS1 = ["M1", "M1"]': ["wishes.S1: Nobody can be wished for twice."],
    "[wishes]\nweight = 2": ["wishes: Input should be less than or equal to 0.5"],
    "mentors_least = 1\nmentors_least = 2": ["is no TOML", "line 2"],
    "mentors_least = ": ["is no TOML", "line 1"],
    f"locks = {'[' * 9_000}": ["is no TOML"],
    f"{'a.' * 5_000}b = 1": ["is no TOML"],
}  # fmt: skip


@pytest.fixture
def sheets(tmp_path: Path) -> dict[str, Path]:
    startups = [
        ["ref", "name", "needs", "languages"],
        ["S1", "Clair", "Spectrum licences", "en"],
        ["S2", "Ledger", "Credit scoring", "en"],
        ["S3", "Loaf", "Baking bread", "en"],
    ]
    mentors = [
        ["ref", "name", "expertise", "languages", "capacity"],
        ["M1", "Ada", "Spectrum licences and regulators", "en", "1"],
        ["M2", "Ben", "Credit scoring for savings groups", "en; fr", "1"],
        ["M3", "Cleo", "Baking bread", "fr", "1"],
    ]
    return {
        "startups": sheet(tmp_path / "startups.csv", *startups),
        "mentors": sheet(tmp_path / "mentors.csv", *mentors),
    }


def written(folder: Path, text: str) -> Path:
    path = folder / "rules.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("text", WRONG)
def test_every_mistake_is_named_with_its_place(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadInput) as refused:
        read_rules(written(tmp_path, text), STARTUPS, MENTORS)
    told = str(refused.value)
    assert "rules.toml" in told
    assert [part for part in WRONG[text] if part not in told] == []


def test_a_file_that_says_nothing_leaves_the_defaults(tmp_path: Path) -> None:
    assert read_rules(written(tmp_path, ""), STARTUPS, MENTORS).rules == CohortRules()
    assert read_rules(None, STARTUPS, MENTORS).rules == CohortRules()


def test_the_sample_s_file_says_what_holds_by_default() -> None:
    shipped = Path(__file__).parents[2] / "config" / "sample" / "rules.toml"
    found = read_rules(shipped, STARTUPS, MENTORS)
    assert found.rules == CohortRules()
    assert (found.locks, found.forbid, found.wishes) == ((), (), {})


def test_wishes_may_be_a_number_or_name_people(tmp_path: Path) -> None:
    assert read_rules(written(tmp_path, "wishes = 0.5"), STARTUPS, MENTORS).rules.wishes == 0.5
    text = '[wishes]\nweight = 0.4\nS1 = ["M2", "M1"]\nM1 = ["S2"]'
    found = read_rules(written(tmp_path, text), STARTUPS, MENTORS)
    assert (found.rules.wishes, found.wishes) == (0.4, {"S1": ("M2", "M1"), "M1": ("S2",)})


def test_a_mistake_ends_the_command_with_2_before_anything_is_written(
    tmp_path: Path, sheets: dict[str, Path]
) -> None:
    rules = written(tmp_path, 'locks = [["S1", "M7"]]')
    result = match(tmp_path / "out", "--rules", str(rules), **sheets)
    assert result.exit_code == 2
    assert "rules.toml, locks[0]: no mentor has the ref M7" in result.stderr
    assert list((tmp_path / "out").iterdir()) == []


def test_rules_without_mentors_are_a_wrong_call(tmp_path: Path, sheets: dict[str, Path]) -> None:
    rules = written(tmp_path, "")
    funders = sheet(tmp_path / "f.csv", ["ref", "name", "thesis"], ["F1", "Fund", "Bread"])
    result = match(tmp_path / "out", "--rules", str(rules), startups=sheets["startups"], funders=funders)
    assert result.exit_code == 2


def test_the_file_shapes_the_proposal(tmp_path: Path, sheets: dict[str, Path], encoder: Encoder) -> None:
    plain = match(tmp_path / "plain", **sheets)
    assert plain.exit_code == 0, plain.output
    assert pairs(tmp_path / "plain") == {("S1", "M1", "proposed"), ("S2", "M2", "proposed")}
    (left,) = [row for row in table(tmp_path / "plain" / "unmatched.csv") if row["side"] == "startup"]
    assert left["ref"] == "S3"
    assert "all places of those who could be taken" in left["reason"]
    assert "ask Ada to take one more" in left["reason"] or "ask Ben to take one more" in left["reason"]

    rules = written(tmp_path, 'locks = [["S3", "M1"]]\nforbid = [["S2", "M2"]]\n[wishes]\nS1 = ["M2"]')
    shaped = match(tmp_path / "out", "--rules", str(rules), **sheets)
    assert shaped.exit_code == 0, shaped.output
    assert pairs(tmp_path / "out") == {("S3", "M1", "locked"), ("S1", "M2", "proposed")}
    assert "2 of 3 start-ups a mentor" in shaped.stdout

    barred = written(tmp_path, 'locks = [["S1", "M3"], ["S1", "M1"], ["S2", "M1"]]')
    refused = match(tmp_path / "refused", "--rules", str(barred), **sheets)
    assert refused.exit_code == 2
    assert "locks[0]: " in refused.stderr
    assert "locks[2]: Ada has no place left" in refused.stderr


def pairs(out: Path) -> set[tuple[str, str, str]]:
    return {(r["startup_ref"], r["mentor_ref"], r["status"]) for r in table(out / "proposal.csv")}
