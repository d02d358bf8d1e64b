"""Mixed-integer linear programmes by HiGHS. The only importer of highspy.

Huangfu and Hall, "Parallelizing the Dual Revised Simplex Method", Math. Prog. Comp. 10, 2018. One thread and
a fixed seed, so that the same programme gives the same answer unless the clock ends it.
"""

from dataclasses import dataclass, field
from enum import Enum
from time import perf_counter

import highspy
import numpy as np

from matcher.cohort.config import SolverConfig
from matcher.cohort.problem import Bool, Float64, Int64

ABSOLUTE_GAP = 1e-7
"""Up to which HiGHS calls a value the best."""
_OPTIONS: dict[str, bool | int | float] = {
    "output_flag": False,
    "threads": 1,
    "mip_rel_gap": 0.0,
    "mip_abs_gap": ABSOLUTE_GAP,
    "mip_feasibility_tolerance": 1e-8,
    "primal_feasibility_tolerance": 1e-9,
}


class _Quiet(highspy.Highs):
    """HiGHS without its callbacks, which print a banner before they can be told not to."""

    def __init__(self) -> None:
        super(highspy.Highs, self).__init__()


class Clock:
    """What is left of the seconds that a solver may take."""

    def __init__(self, seconds: float) -> None:
        self._end = perf_counter() + seconds

    def left(self, share: float = 1.0) -> float:
        """Seconds; a tenth at least, so that a short last step can still answer."""
        return max(0.1, share * (self._end - perf_counter()))

    @property
    def is_over(self) -> bool:
        """Whether nothing is left."""
        return perf_counter() >= self._end


class Verdict(Enum):
    """How a search ended."""

    OPTIMAL = "optimal"
    STOPPED = "stopped"
    INFEASIBLE = "infeasible"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a search ended, the best point found (columns,) if any, its value, and what none can exceed."""

    verdict: Verdict
    point: Float64 | None
    value: float
    bound: float


@dataclass(slots=True)
class Programme:
    """Maximise `gain` over columns within bounds and rows.

    Attributes:
        gain, lower, upper: float64 (columns,).
        whole: bool (columns,), which must be whole numbers.
    """

    gain: Float64
    lower: Float64
    upper: Float64
    whole: Bool
    _entries: list[tuple[Int64, Int64, Float64]] = field(default_factory=list)
    _bounds: list[tuple[Float64, Float64]] = field(default_factory=list)
    _rows: int = 0

    def add_rows(self, row: Int64, column: Int64, value: Float64, least: Float64, most: Float64) -> None:
        """Rows whose sums of `value` at (`row`, `column`) lie within `least` and `most`, (rows,) each.

        `row` counts from 0 within these rows; entries come in any order, none twice.
        """
        self._entries.append((row + self._rows, column, value))
        self._bounds.append((least, most))
        self._rows += len(least)

    def add_row(self, column: Int64, value: Float64, least: float, most: float) -> None:
        """One row."""
        self.add_rows(np.zeros_like(column), column, value, np.array([least]), np.array([most]))

    def drop_rows(self) -> None:
        """Take back what was added last."""
        self._entries.pop()
        self._rows -= len(self._bounds.pop()[0])

    def with_column(self, gain: Float64, upper: float) -> "Programme":
        """The same rows, and one more column, free below; `gain` for all columns but that, which gains 1."""
        return Programme(
            np.append(gain, 1.0),
            np.append(self.lower, -np.inf),
            np.append(self.upper, upper),
            np.append(self.whole, np.False_),
            [*self._entries],
            [*self._bounds],
            self._rows,
        )

    def solve(self, config: SolverConfig, seconds: float, *, relaxed: bool = False) -> Outcome:
        """The best point that is found; `relaxed` lets whole numbers be any."""
        if not self.gain.size:
            return self._empty()
        solver = _Quiet()
        for name, value in _OPTIONS.items():
            solver.setOptionValue(name, value)
        solver.setOptionValue("random_seed", config.seed)
        solver.setOptionValue("time_limit", seconds)
        solver.passModel(self._model(relaxed=relaxed))
        solver.run()
        return _outcome(solver, is_linear=relaxed or not self.whole.any())

    def improve(self, start: Float64, config: SolverConfig, seconds: float) -> Outcome:
        """The best point that is found, which is `start` if nothing better is.

        HiGHS does not see it: given a start, version 1.16 hands that back in the place of a better point that
        presolve found.
        """
        outcome = self.solve(config, seconds)
        value = float(self.gain @ start)
        if outcome.verdict is Verdict.STOPPED and outcome.value < value:
            return Outcome(Verdict.STOPPED, start, value, outcome.bound)
        return outcome

    def _empty(self) -> Outcome:
        """HiGHS does not look at the rows of a programme without columns."""
        if all((least <= 0).all() and (most >= 0).all() for least, most in self._bounds):
            return Outcome(Verdict.OPTIMAL, np.empty(0), 0.0, 0.0)
        return Outcome(Verdict.INFEASIBLE, None, -np.inf, -np.inf)

    def _model(self, *, relaxed: bool) -> highspy.HighsLp:
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = len(self.gain), self._rows
        model.sense_ = highspy.ObjSense.kMaximize
        model.col_cost_, model.col_lower_, model.col_upper_ = self.gain, self.lower, self.upper
        model.row_lower_ = np.concatenate([least for least, _ in self._bounds] or [np.empty(0)])
        model.row_upper_ = np.concatenate([most for _, most in self._bounds] or [np.empty(0)])
        self._fill(model.a_matrix_)
        if not relaxed:
            kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
            model.integrality_ = [kinds[each] for each in self.whole.tolist()]
        return model

    def _fill(self, matrix: highspy.HighsSparseMatrix) -> None:
        """Entries by row, as HiGHS takes them."""
        row, column, value = (
            np.concatenate([entry[part] for entry in self._entries] or [np.empty(0)]) for part in range(3)
        )
        order = np.lexsort((column, row))
        counts = np.bincount(row.astype(np.int64), minlength=self._rows)
        matrix.format_ = highspy.MatrixFormat.kRowwise
        matrix.num_col_, matrix.num_row_ = len(self.gain), self._rows
        matrix.start_ = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
        matrix.index_ = column[order].astype(np.int32)
        matrix.value_ = value[order].astype(np.float64)


def _outcome(solver: highspy.Highs, *, is_linear: bool) -> Outcome:
    status, info = solver.getModelStatus(), solver.getInfo()
    ends = highspy.HighsModelStatus
    if status in (ends.kInfeasible, ends.kUnboundedOrInfeasible):
        return Outcome(Verdict.INFEASIBLE, None, -np.inf, -np.inf)
    is_optimal = status in (ends.kOptimal, ends.kModelEmpty)
    if not is_optimal and status not in (ends.kTimeLimit, ends.kIterationLimit, ends.kSolutionLimit):
        raise RuntimeError(f"HiGHS ended as {solver.modelStatusToString(status)}")
    found = is_optimal or info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    point = np.array(solver.getSolution().col_value) if found else None
    value = float(info.objective_function_value) if found else -np.inf
    if is_optimal:
        return Outcome(Verdict.OPTIMAL, point, value, value)
    return Outcome(Verdict.STOPPED, point, value, np.inf if is_linear else float(info.mip_dual_bound))
