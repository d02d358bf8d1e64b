"""The record of an assignment: enough to repeat it, and to see that the repetition is the same."""

import json
import platform
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from matcher.cli.files import whole_file
from matcher.cli.scores import Scores
from matcher.cli.tables import Source
from matcher.cohort.problem import Bool, Int64, Limits, Problem, Solution
from matcher.wording import N_, Message

_PACKAGES = ("tandem", "numpy", "ortools", "highspy")

_NO_PLACE = Message(N_("it may have no pair"))
_FORBIDDEN = Message(N_("each of its pairs is forbidden"))
_FULL = Message(N_("all it could be paired with have as many pairs as they may have"))


def write_record(
    path: Path, *, inputs: Mapping[str, Source], options: Mapping[str, Any], seed: int,
    result: Mapping[str, Any], unmatched: Sequence[Mapping[str, str]],
) -> None:  # fmt: skip
    """Write the record as JSON. Nothing in it changes from one run to the next but by what it names."""
    content = {
        "command": "assign",
        "inputs": {
            name: {"file": source.path.name, "sha256": source.digest} for name, source in inputs.items()
        },
        "options": options,
        "seed": seed,
        "versions": _versions(),
        "result": result,
        "unmatched": unmatched,
    }
    with whole_file(path) as file:
        json.dump(content, file, ensure_ascii=False, indent=2)
        file.write("\n")


def unmatched(problem: Problem, solution: Solution, scores: Scores) -> list[dict[str, str]]:
    """Everybody without a pair, on both sides, and why."""
    sides = (
        ("demand", scores.demands, problem.demand, problem.demands),
        ("supply", scores.supplies, problem.supply, problem.supplies),
    )
    return [
        {"side": name, "ref": refs[position], "reason": str(reason)}
        for name, refs, ends, limits in sides
        for position, reason in _without(ends, limits, problem.barred, solution.edges)
    ]


def _without(ends: Int64, limits: Limits, barred: Bool, chosen: Int64) -> Iterator[tuple[int, Message]]:
    """The positions of those of one side whom no chosen pair has, and why."""
    people = len(limits.most)
    made = np.bincount(ends[chosen], minlength=people)
    allowed = np.bincount(ends[~barred], minlength=people)
    for position in np.flatnonzero(made == 0):
        if limits.most[position] == 0:
            yield int(position), _NO_PLACE
        else:
            yield int(position), _FULL if allowed[position] else _FORBIDDEN


def _versions() -> dict[str, str | None]:
    return {"python": platform.python_version(), **{name: _version(name) for name in _PACKAGES}}


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
