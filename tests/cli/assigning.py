"""Running `tandem assign` on files made from rows, and reading what it printed and wrote."""

from collections.abc import Sequence
from pathlib import Path

from click.testing import CliRunner, Result

from matcher.cli.main import main
from matcher.cohort import SolverConfig
from tests.cli.sheets import sheet, table

Rows = Sequence[Sequence[str | float]]

HEADERS = {
    "scores": ["demand_ref", "supply_ref", "score"],
    "capacities": ["supply_ref", "min", "max"],
    "forbid": ["demand_ref", "supply_ref"],
    "lock": ["demand_ref", "supply_ref"],
}


def assign(
    folder: Path, scores: Rows | Path, *options: str, limits: SolverConfig | None = None, **files: Rows | Path
) -> Result:
    """Run the command; what is given as rows is written to `folder` first, under its name."""
    given = {"scores": scores, **files}
    paths = {name: _file(folder, name, rows) for name, rows in given.items()}
    parts = [part for name, path in paths.items() for part in (f"--{name}", str(path))]
    return CliRunner().invoke(main, ["assign", *parts, "--out", str(folder / "p.csv"), *options], obj=limits)


def solved(folder: Path, scores: Rows | Path, *options: str, **files: Rows | Path) -> list[str]:
    """The pairs that the command wrote, as "S1-M2", in the file's order."""
    result = assign(folder, scores, *options, **files)
    assert result.exit_code == 0, result.output
    return pairs(folder)


def pairs(folder: Path) -> list[str]:
    return [f"{row['demand_ref']}-{row['supply_ref']}" for row in table(folder / "p.csv")]


def printed(result: Result) -> dict[str, str]:
    assert result.exit_code == 0, result.output
    return dict(line.split(": ", 1) for line in result.stdout.splitlines())


def _file(folder: Path, name: str, rows: Rows | Path) -> Path:
    if isinstance(rows, Path):
        return rows
    return sheet(folder / f"{name}.csv", HEADERS[name], *[[str(cell) for cell in row] for row in rows])
