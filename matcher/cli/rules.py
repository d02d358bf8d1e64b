"""The rules of `tandem assign`, from its options and its files, as limits and flags over the scores."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import click
import numpy as np

from matcher.cli.language import _
from matcher.cli.scores import MOST_SCORE, Scores
from matcher.cli.tables import Problems, Source, read_cells
from matcher.cohort.problem import Bool, Limits, Objective, Problem
from matcher.wording import N_, Message

_PAIR = ("demand_ref", "supply_ref")
_CAPACITY = ("supply_ref", "min", "max")
_MOST_PAIRS = 2**31 - 1  # more than anybody can have; keeps sums of limits within 64 bits
_MOST_DIGITS = 100
_NAMED = 5  # unknown refs in a warning


@dataclass(frozen=True, slots=True)
class Options:
    """What the command was asked; the numbers of pairs hold unless a file says otherwise."""

    demand: int = 1
    min_demand: int = 0
    capacity: int = 1
    min_load: int = 0
    objective: Objective = Objective.TOTAL
    floor: float | None = None


def make_problem(scores: Scores, options: Options, files: Mapping[str, Source]) -> Problem:
    """What to solve; `files` may hold `capacities`, `forbid` and `lock`. Of unknown refs stderr warns.

    Raises:
        BadInput: naming every line of the first wrong file, up to twenty.
        UsageError: a minimum is above its maximum, or the floor no number.
    """
    if options.min_demand > options.demand:
        raise click.UsageError(_("--min-demand is more than --demand."))
    if options.floor is not None and not abs(options.floor) < MOST_SCORE:
        raise click.UsageError(_("--floor is no number under 1e100 in magnitude."))
    supplies = _read_capacities(files.get("capacities"), scores, options)
    barred = _read_forbidden(files.get("forbid"), scores)
    return Problem(
        scores.demand,
        scores.supply,
        scores.score,
        _alike(len(scores.demands), options.min_demand, options.demand),
        supplies,
        barred,
        _read_locked(files.get("lock"), scores, barred),
        floor=options.floor,
        objective=options.objective,
    )


def _read_capacities(source: Source | None, scores: Scores, options: Options) -> Limits:
    limits = _alike(len(scores.supplies), options.min_load, options.capacity)
    positions = {ref: position for position, ref in enumerate(scores.supplies)}
    if source:
        given = _capacities(source, options)
        known = [ref for ref in given if ref in positions]
        where = [positions[ref] for ref in known]
        limits.least[where] = [min(given[ref][0], _MOST_PAIRS) for ref in known]
        limits.most[where] = [min(given[ref][1], _MOST_PAIRS) for ref in known]
        _warn(source, (ref for ref in given if ref not in positions))
    if (limits.least > limits.most).any():  # of those whom the file does not name; its own lines were checked
        raise click.UsageError(_("--min-load is more than --capacity."))
    return limits


def _alike(people: int, least: int, most: int) -> Limits:
    return Limits.of(people, min(least, _MOST_PAIRS), min(most, _MOST_PAIRS))


def _capacities(source: Source, options: Options) -> dict[str, tuple[int, int]]:
    """The least and the most pairs of each ref."""
    problems: Problems = []
    seen: dict[str, int] = {}
    found: dict[str, tuple[int, int]] = {}
    for line, (ref, low, high) in read_cells(source, _CAPACITY, problems):
        limits = _limits(low, high, options)
        if not ref:
            problems.append((line, Message(N_("the column “%(column)s” is empty"), {"column": "supply_ref"})))
        elif ref in seen:
            again = {"ref": ref, "line": seen[ref]}
            problems.append((line, Message(N_("the ref “%(ref)s” is already on line %(line)d"), again)))
        elif isinstance(limits, Message):
            problems.append((line, limits))
        else:
            found[ref] = limits
        seen.setdefault(ref, line)
    source.refuse(problems)
    return found


def _limits(low: str, high: str, options: Options) -> tuple[int, int] | Message:
    bounds = []
    for text, default in ((low, options.min_load), (high, options.capacity)):
        digits = text.strip()
        if digits and not (digits.isdecimal() and len(digits) < _MOST_DIGITS):
            return Message(N_("“%(text)s” is no whole number of 0 or more"), {"text": text})
        bounds.append(int(digits) if digits else default)
    least, most = bounds
    if least > most:
        limits = {"least": least, "most": most}
        return Message(N_("the minimum, %(least)d, is more than the maximum, %(most)d"), limits)
    return least, most


def _read_forbidden(source: Source | None, scores: Scores) -> Bool:
    barred = np.zeros(len(scores.score), np.bool_)
    if source:
        problems: Problems = []
        pairs = [(demand, supply) for _line, (demand, supply) in read_cells(source, _PAIR, problems)]
        source.refuse(problems)
        found = scores.find(pairs)
        barred[found[found >= 0]] = True
        known = {*scores.demands, *scores.supplies}
        _warn(source, (ref for pair in pairs for ref in pair if ref not in known))
    return barred


def _read_locked(source: Source | None, scores: Scores, barred: Bool) -> Bool:
    locked = np.zeros(len(scores.score), np.bool_)
    if source:
        problems: Problems = []
        lines = [(line, (demand, supply)) for line, (demand, supply) in read_cells(source, _PAIR, problems)]
        found = scores.find(pair for _line, pair in lines)
        for (line, (demand, supply)), edge in zip(lines, found, strict=True):
            pair = {"demand": demand, "supply": supply}
            if edge < 0:
                absent = N_(
                    "the locked pair %(demand)s–%(supply)s is not among the scores, so it is impossible"
                )
                problems.append((line, Message(absent, pair)))
            elif barred[edge]:
                problems.append(
                    (line, Message(N_("the locked pair %(demand)s–%(supply)s is forbidden"), pair))
                )
            else:
                locked[edge] = True
        source.refuse(problems)
    return locked


def _warn(source: Source, unknown: Iterable[str]) -> None:
    refs = list(dict.fromkeys(unknown))
    if refs:
        named = ", ".join(refs[:_NAMED]) + (", …" if len(refs) > _NAMED else "")
        warning = _("Warning: %(count)d refs of %(file)s are not among the scores: %(refs)s")
        click.echo(warning % {"count": len(refs), "file": source.path.name, "refs": named}, err=True)
