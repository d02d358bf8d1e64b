"""The CSV files of `tandem match`. Cells that a spreadsheet would run as a formula are defused."""

import csv
from collections.abc import Iterable
from pathlib import Path

from matcher.cli.language import say
from matcher.cli.outcome import Outcome
from matcher.models import Kind
from matcher.profiles.badrows import safe_cells
from matcher.services.recommendations import Reason

_COUNTERPART = {Kind.MENTOR: "mentor", Kind.FUNDER: "funder"}


def write_pairs(outcome: Outcome, kind: Kind, path: Path) -> None:
    """Every start-up's ranked candidates of one kind, with the reasons."""
    name = _COUNTERPART[kind]
    header = ["startup_ref", "startup", f"{name}_ref", name, "rank", "score", "fit", "reasons"]
    write_rows(
        path,
        header,
        (
            [
                pair.startup.ref, pair.startup.name, pair.counterpart.ref, pair.counterpart.name,
                str(pair.rank), f"{pair.score:.4f}", pair.band, say_reasons(pair.reasons),
            ]
            for pair in outcome.pairs[kind]
        ),
    )  # fmt: skip


def write_unmatched(outcome: Outcome, path: Path) -> None:
    """Who has nobody, and why."""
    write_rows(
        path,
        ["ref", "name", "side", "reason"],
        ([u.profile.ref, u.profile.name, u.profile.kind, say(u.reason)] for u in outcome.unmatched),
    )


def say_reasons(reasons: Iterable[Reason]) -> str:
    """All reasons of a pair in one cell."""
    return "; ".join(say(reason.message) for reason in reasons)


def write_rows(path: Path, header: list[str], rows: Iterable[list[str]]) -> None:
    """A CSV file; cells that a spreadsheet would run are defused."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(safe_cells(row) for row in rows)
