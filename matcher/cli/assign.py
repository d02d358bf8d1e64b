"""`tandem assign`: the best pairs of a whole cohort at once, over a file of scores."""

import csv
import hashlib
import io
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import click
import numpy as np

from matcher.cli.errors import Unsolvable
from matcher.cli.files import whole_file
from matcher.cli.language import _
from matcher.cli.progress import progress_bar
from matcher.cli.record import unmatched, write_record
from matcher.cli.remedies import NO_CHOICE, NO_REMEDY, explain
from matcher.cli.rules import Options, Rules, read_rules
from matcher.cli.scores import COLUMNS, Scores, read_scores
from matcher.cli.tables import Source
from matcher.cohort import Infeasible, Objective, Problem, Solution, SolverConfig, Unsettled, diagnose, solve
from matcher.wording import N_, Message

_LARGEST = 512 << 20
"""Bytes of a file: some twenty million lines, whose arrays and flow fill a machine of 16 GB."""
_SLOW = 8 << 20
"""Bytes of scores beyond which the work takes over two seconds, and a bar shows it."""
_STEPS = 3
_TOO_LONG = Message(N_("The time ended before a choice, or a proof that there is none, was found."))

_Input = click.Path(path_type=Path, exists=True, dir_okay=False)
_Command = TypeVar("_Command", bound=Callable[..., None])
_Output = click.Path(path_type=Path, dir_okay=False)


def _pairs(name: str, default: int, text: str) -> Callable[[_Command], _Command]:
    return click.option(name, type=click.IntRange(min=0), default=default, show_default=True, help=text)


@click.command()
@click.option("--scores", type=_Input, required=True, help="CSV: demand_ref,supply_ref,score.")
@click.option("--out", type=_Output, required=True, help="CSV to write: demand_ref,supply_ref,score.")
@_pairs("--demand", 1, "Pairs that each demand ref may have.")
@_pairs("--min-demand", 0, "Pairs that each demand ref must have.")
@_pairs("--capacity", 1, "Pairs that each supply ref may have.")
@_pairs("--min-load", 0, "Pairs that each supply ref must have.")
@click.option("--capacities", type=_Input, help="CSV: supply_ref,min,max, for those who differ.")
@click.option("--forbid", type=_Input, help="CSV: demand_ref,supply_ref, pairs that must not be made.")
@click.option("--lock", type=_Input, help="CSV: demand_ref,supply_ref, pairs that must be made.")
@click.option(
    "--objective", type=click.Choice(["total", "fairest"]), default="total", show_default=True,
    help="After coverage: the best total, or first the best for the worst-off.",
)  # fmt: skip
@click.option("--floor", type=float, help="Summed score that each demand ref must reach.")
@click.option("--record", type=_Output, help="JSON to write: all that is needed to repeat the run.")
@click.pass_obj
def assign(
    limits: SolverConfig | None, scores: Path, out: Path,
    demand: int, min_demand: int, capacity: int, min_load: int,
    capacities: Path | None, forbid: Path | None, lock: Path | None,
    objective: str, floor: float | None, record: Path | None,
) -> None:  # fmt: skip
    """Choose the best pairs of a whole cohort at once: as many as the rules allow, then by the objective.

    Ends with status 2 if the input is wrong; with 3 if no choice keeps all rules, saying what would help, or
    if half a minute was too short to find one, or to prove that there is none.
    """
    started = time.monotonic()
    given = {"scores": scores, "capacities": capacities, "forbid": forbid, "lock": lock}
    paths = {name: path for name, path in given.items() if path is not None}
    _keep_apart(list(paths.values()), [path for path in (out, record) if path is not None])
    inputs = {name: Source.read(path, _LARGEST) for name, path in paths.items()}
    options = Options(demand, min_demand, capacity, min_load, Objective(objective), floor)
    with _progress(inputs["scores"]) as progress:
        progress(0, _STEPS)
        table = read_scores(inputs["scores"])
        rules = read_rules(table, options, inputs)
        problem = rules.problem
        progress(1, _STEPS)
        config = limits or SolverConfig()
        solution = _solve(rules, config, table)
        progress(2, _STEPS)
        digest = _write(solution, table, out)
        progress(3, _STEPS)
    figures = _figures(problem, solution)
    if record is not None:
        write_record(
            record,
            inputs=inputs,
            options=asdict(options),
            seed=config.seed,
            result={**figures, "sha256": digest},
            unmatched=unmatched(problem, solution, table),
        )
    _summarise(figures, time.monotonic() - started)


def _keep_apart(inputs: list[Path], outputs: list[Path]) -> None:
    """Refuse to write over what was handed in, over another output, or over what is no file."""
    taken = {path.resolve() for path in inputs}
    for path in outputs:
        _check_writable(path)
        if path.resolve() in taken:
            raise click.UsageError(
                _("%(path)s cannot be both read and written, or written twice.") % {"path": path}
            )
        # /dev/stdout may be a file; were it replaced, all else that is printed would be lost.
        if path.absolute().is_relative_to("/dev") or (path.exists() and not path.is_file()):
            raise click.UsageError(_("%(path)s is no file that could be replaced.") % {"path": path})
        taken.add(path.resolve())


def _check_writable(path: Path) -> None:
    """Refuse what could not be written before it is worked out, not after."""
    try:
        path.exists()  # which a name that is too long does not survive
        folder = next(parent for parent in path.resolve().parents if parent.exists())
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        reason = {"path": path, "reason": error.strerror}
        raise click.UsageError(_("%(path)s cannot be written: %(reason)s") % reason) from error


def _progress(source: Source) -> AbstractContextManager[Callable[[int, int], None]]:
    if len(source.data) > _SLOW:
        return progress_bar(_("Assigning"))
    return nullcontext(lambda *_done: None)


def _solve(rules: Rules, config: SolverConfig, scores: Scores) -> Solution:
    if rules.are_impossible:
        raise Unsolvable(_explain(rules, config, scores))
    try:
        return solve(rules.problem, config)
    except Infeasible as infeasible:
        raise Unsolvable(_explain(rules, config, scores)) from infeasible
    except Unsettled as unsettled:
        raise Unsolvable([_TOO_LONG]) from unsettled


def _explain(rules: Rules, config: SolverConfig, scores: Scores) -> list[Message]:
    try:
        return explain(diagnose(rules.problem, config), rules, scores)
    except (Infeasible, Unsettled):  # it may not come to an end where a whole cohort is far from feasible
        return [NO_CHOICE, *rules.conflicts, NO_REMEDY]


def _write(solution: Solution, scores: Scores, out: Path) -> str:
    """Write the pairs in the order of the scores' demand refs, then lines; and the SHA-256 of the file."""
    pairs = solution.edges
    order = np.lexsort((scores.line[pairs], scores.first[scores.demand[pairs]]))
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for pair in pairs[order].tolist():
        demand, supply = scores.demands[scores.demand[pair]], scores.supplies[scores.supply[pair]]
        writer.writerow([demand, supply, scores.text(pair)])
    with whole_file(out) as file:
        file.write(text.getvalue())
    return hashlib.sha256(text.getvalue().encode()).hexdigest()


def _figures(problem: Problem, solution: Solution) -> dict[str, Any]:
    return {
        "objective": problem.objective.value,
        "total": float(solution.total),
        "worst_off": float(solution.worst_off),
        "pairs": len(solution.edges),
        "covered": int(solution.covered),
        "demand_refs": len(problem.demands.most),
        "supply_refs": len(problem.supplies.most),
        "solver": solution.solver,
        "resolution": float(solution.resolution),
        "status": "optimal" if solution.is_optimal else f"gap {float(solution.gap)!r}",
    }


def _summarise(figures: Mapping[str, Any], seconds: float) -> None:
    """Print the figures. Programs read them, so they are the same in every language."""
    coverage = "{pairs} pairs, {covered} of {demand_refs} demand refs".format_map(figures)
    lines = {
        "objective": figures["objective"],
        "total": repr(figures["total"]),
        "worst-off": repr(figures["worst_off"]),
        "coverage": coverage,
        "solver": figures["solver"],
        "status": figures["status"],
        "seconds": repr(round(seconds, 3)),
    }
    for name, value in lines.items():
        click.echo(f"{name}: {value}")
