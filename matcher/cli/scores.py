"""The scores that `tandem assign` chooses from: millions of lines, checked and turned into arrays."""

import io
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count
from math import isfinite

import numpy as np
import numpy.typing as npt

from matcher.cli.tables import MOST_PROBLEMS, Problems, Source, find_columns, read_cells
from matcher.wording import N_, Message

Int64 = npt.NDArray[np.int64]
Float64 = npt.NDArray[np.float64]

COLUMNS = ("demand_ref", "supply_ref", "score")
_SMALL = 1 << 20  # bytes that are read before pandas would be loaded
MOST_SCORE = 1e100  # what a solver adds up without losing its head


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """Who may be paired with whom: refs in the order of their letters, pairs by demand, then supply.

    So the order of the file's lines has no say in which of several equally good choices is made.

    Attributes:
        demands, supplies: the refs.
        demand, supply, score: (pairs,) the ends of each pair, as positions among the refs, and its score.
        first: (demands,) the line that each first stands on.
        line: (pairs,) the line of each.
    """

    demands: Sequence[str]
    supplies: Sequence[str]
    demand: Int64
    supply: Int64
    score: Float64
    first: Int64
    line: Int64
    _row: Int64
    _texts: Callable[[int], str]

    def text(self, pair: int) -> str:
        """A pair's score, letter for letter as in the file."""
        return self._texts(int(self._row[pair]))

    def find(self, pairs: Iterable[tuple[str, str]]) -> Int64:
        """The positions of these pairs of refs, -1 for those that are not there."""
        rows = {ref: position for position, ref in enumerate(self.demands)}
        columns = {ref: position for position, ref in enumerate(self.supplies)}
        ends = [(rows.get(demand, -1), columns.get(supply, -1)) for demand, supply in pairs]
        demand, supply = np.array(ends, np.int64).reshape(-1, 2).T
        keys = self.demand * len(self.supplies) + self.supply
        wanted = np.where((demand < 0) | (supply < 0), -1, demand * len(self.supplies) + supply)
        found = np.searchsorted(keys, wanted)
        is_there = np.append(keys, -2)[found] == wanted
        return np.where(is_there, found, -1)


@dataclass(frozen=True, slots=True, eq=False)
class _Columns:
    """The file's columns, a row for each pair; refs are positions among `demands` and `supplies`."""

    demands: Sequence[str]
    supplies: Sequence[str]
    demand: Int64
    supply: Int64
    score: Float64
    line: Int64
    texts: Callable[[int], str]


def read_scores(source: Source) -> Scores:
    """The scores.

    Raises:
        BadInput: naming every line that is not what it should be, up to twenty.
    """
    problems: Problems = []
    columns = _at_once(source) if len(source.data) > _SMALL else None
    return _arrange(source, columns or _line_by_line(source, problems), problems)


def _arrange(source: Source, found: _Columns, problems: Problems) -> Scores:
    demands, demand_rank = _sorted(found.demands)
    supplies, supply_rank = _sorted(found.supplies)
    demand, supply = demand_rank[found.demand], supply_rank[found.supply]
    key = demand * len(supplies) + supply
    row: Int64 = np.argsort(key, kind="stable")
    twins = np.flatnonzero(key[row[1:]] == key[row[:-1]])
    for earlier, later in zip(row[twins[:MOST_PROBLEMS]], row[twins[:MOST_PROBLEMS] + 1], strict=True):
        pair = {"demand": demands[demand[later]], "supply": supplies[supply[later]]}
        again = Message(
            N_("the pair %(demand)s–%(supply)s is already on line %(line)d"),
            {**pair, "line": int(found.line[earlier])},
        )
        problems.append((int(found.line[later]), again))
    source.refuse(problems)
    first = np.zeros(len(demands), np.int64)
    first[demand[::-1]] = found.line[::-1]  # the earliest is written last
    ends = (demand[row], supply[row], found.score[row])
    return Scores(demands, supplies, *ends, first, found.line[row], row, found.texts)


def _sorted(names: Sequence[str]) -> tuple[list[str], Int64]:
    """The names in the order of their letters, and each one's position there."""
    order = sorted(range(len(names)), key=names.__getitem__)
    rank = np.empty(len(names), np.int64)
    rank[order] = np.arange(len(names))
    return [names[position] for position in order], rank


def _line_by_line(source: Source, problems: Problems) -> _Columns:
    """Any CSV, and the problems of its lines."""
    demands, supplies = (defaultdict[str, int](count().__next__) for _ in range(2))
    demand, supply, lines, scores = array("q"), array("q"), array("q"), array("d")
    texts: list[str] = []
    for line, (demand_ref, supply_ref, text) in read_cells(source, COLUMNS, problems):
        score = _number(text)
        if isinstance(score, float) and demand_ref and supply_ref:
            demand.append(demands[demand_ref])
            supply.append(supplies[supply_ref])
            scores.append(score)
            lines.append(line)
            texts.append(text)
        else:
            problems.append((line, score if isinstance(score, Message) else _nameless(demand_ref)))
        if len(problems) >= MOST_PROBLEMS:
            break
    ends = (np.array(demand, np.int64), np.array(supply, np.int64), np.array(scores, np.float64))
    return _Columns(list(demands), list(supplies), *ends, np.array(lines, np.int64), texts.__getitem__)


def _number(text: str) -> float | Message:
    problem = Message(N_("the score “%(score)s” is no number"), {"score": text})
    if "_" in text:  # Python reads 1_000
        return problem
    try:
        number = float(text)
    except ValueError:
        return problem
    if isfinite(number) and abs(number) >= MOST_SCORE:
        return Message(N_("the score %(score)s is not under 1e100 in magnitude"), {"score": text})
    return number if isfinite(number) else problem


def _nameless(demand_ref: str) -> Message:
    column = COLUMNS[1] if demand_ref else COLUMNS[0]
    return Message(N_("the column “%(column)s” is empty"), {"column": column})


def _at_once(source: Source) -> _Columns | None:
    """The columns of a file of plain lines, several times faster; None if anything at all is odd about it.

    Plain are lines of as many commas each, without quotes: of such all parsers think alike. Whatever
    else the file holds is for `_line_by_line` to understand or to explain.
    """
    import pandas as pd  # takes most of a second, which few files are worth

    data = source.data
    ends = np.flatnonzero(np.frombuffer(data, np.uint8) == ord("\n"))
    if not data.endswith(b"\n"):
        ends = np.append(ends, len(data))
    if b'"' in data or b"\0" in data or data.count(b"\r") != data.count(b"\r\n") or not _is_even(data, ends):
        return None
    try:
        header = data[: ends[0]].decode("utf-8-sig").split(",")
        positions = find_columns(source, 1, header, COLUMNS)
        # As objects, refs stay texts; the kind "category" would make 7 of 007.
        kinds = dict(zip(positions, (object, object, np.float64), strict=True))
        frame = pd.read_csv(
            io.BytesIO(data), header=None, skiprows=1, dtype=kinds, usecols=positions,
            na_filter=False, low_memory=False, encoding="utf-8",
        )  # fmt: skip
        texts = partial(_cell, data, ends, positions[2])
        float(texts(0))  # pandas takes a column of nothing but True and False for numbers
    except ValueError:
        return None
    demand, demands = pd.factorize(frame[positions[0]])
    supply, supplies = pd.factorize(frame[positions[1]])
    score, lines = frame[positions[2]].to_numpy(), np.arange(2, len(ends) + 1)
    found = _Columns(demands.tolist(), supplies.tolist(), demand, supply, score, lines, texts)
    is_sound = len(frame) == len(ends) - 1 and bool((np.abs(found.score) < MOST_SCORE).all())
    return found if is_sound and all(found.demands) and all(found.supplies) else None


def _is_even(data: bytes, ends: Int64) -> bool:
    """Whether each line has as many commas as the first."""
    commas = np.flatnonzero(np.frombuffer(data, np.uint8) == ord(","))
    each = int(np.searchsorted(commas, ends[0]))
    if len(ends) < 2 or not each or len(commas) != each * len(ends):
        return False
    rows = commas.reshape(-1, each)
    return bool((rows[:, -1] < ends).all() and (rows[1:, 0] > ends[:-1]).all())


def _cell(data: bytes, ends: Int64, column: int, row: int) -> str:
    """A cell, cut out of lines without quotes when it is asked for."""
    line = data[ends[row] + 1 : ends[row + 1]]
    return line.removesuffix(b"\r").split(b",")[column].decode()
