"""Running `tandem match`, and reading its sheets and its outputs."""

import csv
from collections.abc import Sequence
from pathlib import Path

from click.testing import CliRunner, Result

from matcher.cli.main import main
from matcher.models import Kind
from matcher.ranking.facts import Facts

PAIRS = ["startup_ref", "startup", "mentor_ref", "mentor", "rank", "score", "fit", "reasons"]
FUNDING = ["startup_ref", "startup", "funder_ref", "funder", "rank", "score", "fit", "reasons"]
PROPOSAL = ["startup_ref", "startup", "mentor_ref", "mentor", "score", "fit", "reasons", "status"]
UNMATCHED = ["ref", "name", "side", "reason"]


def sheet(path: Path, *rows: Sequence[str]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def header(path: Path) -> list[str]:
    with path.open(encoding="utf-8", newline="") as file:
        return next(csv.reader(file))


def match(out: Path, *options: str, **sheets: Path) -> Result:
    given = [part for name, path in sheets.items() for part in (f"--{name}", str(path))]
    return CliRunner().invoke(main, ["match", *given, "--out", str(out), *options])


def facts(row: dict[str, str], kind: Kind, number: int, numbers: dict[str, int]) -> Facts:
    """What a row of the sample's sheets states, read as a person would."""

    def items(name: str) -> list[str]:
        return [part.strip() for part in row.get(name, "").split(";") if part.strip()]

    def amount(name: str) -> float | None:
        return float(row[name]) if row.get(name) else None

    party = row["organisation"] if kind is Kind.MENTOR else row["name"]
    return Facts(
        id=number, kind=kind, ref=row["ref"], name=row["name"],
        keys=_names([row["ref"], row["name"], row.get("organisation", ""), row["email"]]),
        conflicts=_names(items("conflicts")), identities=_names([party, row["email"]]),
        languages=tuple(items("languages")), stages=frozenset(items("stage") or items("stages")),
        country=row.get("country") or None, markets=frozenset(items("countries")),
        places=int(row["capacity"]) if row.get("capacity") else None,
        raising=amount("raising"), ticket=(amount("ticket_min"), amount("ticket_max")),
        currency=row.get("currency") or None,
        backs=frozenset(numbers[entry] for entry in items("portfolio") if entry in numbers),
    )  # fmt: skip


def _names(found: Sequence[str]) -> frozenset[str]:
    return frozenset(" ".join(name.casefold().split()) for name in found if name)
