"""The rules of `tandem assign`, from its options and its files, as limits and flags over the scores."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

import click
import numpy as np

from matcher.cli.errors import at_line
from matcher.cli.language import _
from matcher.cli.scores import MOST_SCORE, Scores
from matcher.cli.tables import MOST_PROBLEMS, Problems, Source, read_cells
from matcher.cohort.problem import Bool, Int64, Limits, Objective, Problem
from matcher.wording import N_, Message

_PAIR = ("demand_ref", "supply_ref")
_CAPACITY = ("supply_ref", "min", "max")
_MOST_PAIRS = 2**31 - 1  # more than anybody can have; keeps sums of limits within 64 bits
_MOST_DIGITS = 100
_NAMED = 5  # unknown refs in a warning
_EMPTY = N_("the column “%(column)s” is empty")
_Line = tuple[int, tuple[str, str]]
"""The number of a line, and the pair that it names."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the command was asked; the numbers of pairs hold unless a file says otherwise."""

    demand: int = 1
    min_demand: int = 0
    capacity: int = 1
    min_load: int = 0
    objective: Objective = Objective.TOTAL
    floor: float | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """What to solve, and what contradicts it before anything is solved.

    Attributes:
        conflicts: locks that cannot be kept, by file and line; of many, the first.
        absent_locks: locked pairs that are not among the scores, so that the problem cannot hold them.
        absent_loads: the pairs that refs which are not among the scores must have.
    """

    problem: Problem
    conflicts: Sequence[Message] = ()
    absent_locks: Sequence[tuple[str, str]] = ()
    absent_loads: Mapping[str, int] = field(default_factory=dict)

    @property
    def are_impossible(self) -> bool:
        """Whether no choice keeps them, whatever the problem's solution."""
        return bool(self.absent_locks or self.absent_loads)


def read_rules(scores: Scores, options: Options, files: Mapping[str, Source]) -> Rules:
    """The rules; `files` may hold `capacities`, `forbid` and `lock`. Of unknown refs stderr warns.

    Raises:
        BadInput: naming every line of the first wrong file, up to twenty.
        UsageError: a minimum is above its maximum, or the floor no number.
    """
    if options.min_demand > options.demand:
        raise click.UsageError(_("--min-demand is more than --demand."))
    if options.floor is not None and not abs(options.floor) < MOST_SCORE:
        raise click.UsageError(_("--floor is no number under 1e100 in magnitude."))
    supplies, absent_loads = _read_capacities(files.get("capacities"), scores, options)
    barred = _read_forbidden(files.get("forbid"), scores)
    lines = _read_pairs(files["lock"]) if "lock" in files else []
    edges = scores.find(pair for _line, pair in lines) if lines else np.empty(0, np.int64)
    locked = np.zeros(len(scores.score), np.bool_)
    locked[edges[edges >= 0]] = True
    problem = Problem(
        scores.demand,
        scores.supply,
        scores.score,
        _alike(len(scores.demands), options.min_demand, options.demand),
        supplies,
        barred,
        locked,
        floor=options.floor,
        objective=options.objective,
    )
    absent_locks = dict.fromkeys(pair for (_line, pair), edge in zip(lines, edges, strict=True) if edge < 0)
    conflicts = list(islice(_conflicts(files["lock"], lines, edges, barred), MOST_PROBLEMS)) if lines else []
    return Rules(problem, conflicts, list(absent_locks), absent_loads)


def _read_capacities(
    source: Source | None, scores: Scores, options: Options
) -> tuple[Limits, dict[str, int]]:
    """The limits of those who are among the scores, and the least of the others who must have pairs."""
    absent: dict[str, int] = {}
    limits = _alike(len(scores.supplies), options.min_load, options.capacity)
    positions = {ref: position for position, ref in enumerate(scores.supplies)}
    if source:
        given = _capacities(source, options)
        known = [ref for ref in given if ref in positions]
        where = [positions[ref] for ref in known]
        limits.least[where] = [min(given[ref][0], _MOST_PAIRS) for ref in known]
        limits.most[where] = [min(given[ref][1], _MOST_PAIRS) for ref in known]
        unknown = [ref for ref in given if ref not in positions]
        absent = {ref: given[ref][0] for ref in unknown if given[ref][0]}
        _warn(source, unknown)
    if (limits.least > limits.most).any():  # of those whom the file does not name; its own lines were checked
        raise click.UsageError(_("--min-load is more than --capacity."))
    return limits, absent


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
            problems.append((line, Message(_EMPTY, {"column": "supply_ref"})))
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
        pairs = [pair for _line, pair in _read_pairs(source)]
        found = scores.find(pairs)
        barred[found[found >= 0]] = True
        known = {*scores.demands, *scores.supplies}
        _warn(source, (ref for pair in pairs for ref in pair if ref not in known))
    return barred


def _read_pairs(source: Source) -> list[_Line]:
    """The pairs of a file, each with its line."""
    problems: Problems = []
    lines: list[_Line] = []
    for line, (demand, supply) in read_cells(source, _PAIR, problems):
        lines.append((line, (demand, supply)))
        for column, ref in zip(_PAIR, (demand, supply), strict=True):
            if not ref:
                problems.append((line, Message(_EMPTY, {"column": column})))
    source.refuse(problems)
    return lines


def _conflicts(source: Source, lines: Sequence[_Line], edges: Int64, barred: Bool) -> Iterator[Message]:
    """Which locks cannot be kept, and why."""
    for (line, (demand, supply)), edge in zip(lines, edges.tolist(), strict=True):
        pair = {"demand": demand, "supply": supply}
        if edge < 0:
            absent = N_("the locked pair %(demand)s–%(supply)s is not among the scores, so it is impossible")
            yield at_line(source.path, line, Message(absent, pair))
        elif barred[edge]:
            forbidden = N_("the locked pair %(demand)s–%(supply)s is forbidden")
            yield at_line(source.path, line, Message(forbidden, pair))


def _warn(source: Source, unknown: Iterable[str]) -> None:
    refs = list(dict.fromkeys(unknown))
    if refs:
        named = ", ".join(refs[:_NAMED]) + (", …" if len(refs) > _NAMED else "")
        warning = _("Warning: %(count)d refs of %(file)s are not among the scores: %(refs)s")
        click.echo(warning % {"count": len(refs), "file": source.path.name, "refs": named}, err=True)
