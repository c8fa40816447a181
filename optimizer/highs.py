"""The one module that talks to HiGHS.

A `Session` holds a live solver with the matrix of one model. It always
minimises; callers give a vector and a sense. Time limits and interrupts are
kept even where HiGHS does not look (in presolve): the solver runs in a thread
of its own, which is left behind when it does not stop. Nothing here knows what
a row or column means.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import highspy
import numpy as np

from optimizer.errors import SolverError
from optimizer.matrix import Floats, Matrix, Vector

Sense = Literal["max", "min"]
AnswerStatus = Literal["optimal", "stopped", "infeasible", "limit"]

#: How long past its limit a solver that does not react is waited for, in seconds.
PATIENCE = 1.0
#: Rows and integers are kept to this; finer than the default, since one part in a
#: million of a large commitment cost or demand would be seen in a plan.
FEASIBILITY = 1e-7


@dataclass(frozen=True)
class Progress:
    """Where a search stands; ``best`` and ``bound`` in the goal's own sense."""

    goal: str
    seconds: float
    best: float | None
    bound: float | None
    nodes: int

    @property
    def gap(self) -> float | None:
        """Distance of best and bound as a part of best."""
        if self.best is None or self.bound is None:
            return None
        return relative_gap(self.best, self.bound)


@dataclass(frozen=True)
class Answer:
    """What one run gave: the columns' values, if any, and the bound."""

    status: AnswerStatus
    x: Floats | None
    value: float | None
    bound: float | None
    nodes: int = 0


def relative_gap(best: float, bound: float) -> float:
    """Distance of best and bound as a part of best (of 1 when best is smaller)."""
    return abs(bound - best) / max(abs(best), 1.0) if bound != best else 0.0


#: HiGHS's own word for no limit on nodes.
NO_LIMIT = 2_147_483_647
#: Best and bound this near are equal, in the goal's own unit (cars or money).
SMALLEST_GAP = 1e-6


#: Search settings of HiGHS that were measured to help on planning cases: with a good
#: start at hand its own heuristics and restarts cost more than they bring.
TUNING: dict[str, Any] = {
    "mip_heuristic_effort": 0.01,
    "mip_allow_restart": False,
    "mip_heuristic_run_root_reduced_cost": False,
}


class Stop:
    """A request to stop, from Ctrl-C or a caller; shared by all runs of a solve."""

    def __init__(self) -> None:
        self.asked = threading.Event()


class _Threads:
    """The thread pool that all HiGHS instances of the process share."""

    count: int | None = None
    left_behind = False


def _use_threads(count: int) -> None:
    """Let HiGHS change its number of threads; never under a run that was left behind."""
    if _Threads.count not in (None, count) and not _Threads.left_behind:
        highspy.Highs.resetGlobalScheduler(True)
    _Threads.count = count


def left_behind() -> bool:
    """Whether a run that did not stop is still at work in this process."""
    return _Threads.left_behind


class Session:
    """A live HiGHS instance with one matrix, for one objective after another."""

    def __init__(
        self, matrix: Matrix, *, threads: int = 1, seed: int = 0, presolve: bool = True
    ) -> None:
        self.matrix = matrix
        self._options = {"threads": threads, "random_seed": seed}
        if not presolve:
            self._options["presolve"] = "off"  # type: ignore[assignment]
        self._extra: list[tuple[Vector, float, float]] = []
        self._changed: dict[tuple[int, int], float] = {}
        # Without a column HiGHS does not look at the rows.
        broken = (matrix.row_lower > 0) | (matrix.row_upper < 0)
        self._rows_hold_empty = not bool(broken.any())
        self._whole = np.flatnonzero(matrix.integer).astype(np.int32)
        self.lower = matrix.lower.copy()
        self.upper = matrix.upper.copy()
        self._scale, self._row_scale = _scaling(matrix)
        self._highs = self._fresh()

    def _fresh(self) -> Any:
        highs = highspy.Highs()
        highs.setOptionValue("output_flag", False)
        _use_threads(self._options["threads"])
        self._set(highs, {**self._options, "mip_feasibility_tolerance": FEASIBILITY})
        matrix = self.matrix
        lp = highspy.HighsLp()
        lp.num_col_ = len(matrix.variables)
        lp.num_row_ = len(matrix.rows)
        lp.col_cost_ = np.zeros(lp.num_col_)
        lp.col_lower_ = self.lower / self._scale
        lp.col_upper_ = self.upper / self._scale
        lp.row_lower_ = matrix.row_lower * self._row_scale
        lp.row_upper_ = matrix.row_upper * self._row_scale
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_ = matrix.start
        lp.a_matrix_.index_ = matrix.column
        lp.a_matrix_.value_ = (
            matrix.value
            * np.repeat(self._row_scale, np.diff(matrix.start))
            * self._scale[matrix.column]
        )
        lp.integrality_ = [
            highspy.HighsVarType.kInteger if whole else highspy.HighsVarType.kContinuous
            for whole in matrix.integer.tolist()
        ]
        if highs.passModel(lp) == highspy.HighsStatus.kError:
            raise SolverError("the solver refused the model")
        # HiGHS calls a model without rows empty and leaves its columns alone.
        highs.addRow(-np.inf, np.inf, 0, np.empty(0, np.int32), np.empty(0))
        for vector, low, high in self._extra:
            self._add(highs, vector, low, high)
        for (row, column), coefficient in self._changed.items():
            self._change(highs, row, column, coefficient)
        return highs

    @staticmethod
    def _set(highs: Any, options: dict[str, Any]) -> None:
        for name, value in options.items():
            if highs.setOptionValue(name, value) != highspy.HighsStatus.kOk:
                raise SolverError(f"the solver has no option {name} = {value!r}")

    def keep(self, vector: Vector, low: float, high: float) -> None:
        """Add a row ``low <= vector <= high`` for all runs to come."""
        low, high = low - vector.constant, high - vector.constant
        self._extra.append((vector, low, high))
        self._add(self._highs, vector, low, high)

    def _add(self, highs: Any, vector: Vector, low: float, high: float) -> None:
        coefficients = vector.coefficients * self._scale[vector.columns]
        size = np.abs(coefficients).max(initial=0.0) or 1.0
        highs.addRow(
            low / size, high / size, len(vector.columns), vector.columns, coefficients / size
        )

    def bound(self, column: int, low: float, high: float) -> None:
        """Change the bounds of a column for all runs to come."""
        self.lower[column], self.upper[column] = low, high
        scale = self._scale[column]
        self._highs.changeColBounds(column, low / scale, high / scale)

    def optimise(
        self,
        vector: Vector,
        sense: Sense,
        *,
        goal: str = "",
        gap: float = 0.0,
        nodes: int | None = None,
        seconds: float | None = None,
        start: Floats | None = None,
        enough: float | None = None,
        hopeless: float | None = None,
        stop: Stop | None = None,
        progress: Callable[[Progress], None] | None = None,
    ) -> Answer:
        """The best value of a vector over all plans.

        ``start`` is a known plan. With ``enough`` the search ends with status
        "stopped" as soon as a plan is that good; with ``hopeless`` as soon as
        none can be that good. Values and bound are in the goal's own sense.
        """
        sign = 1.0 if sense == "min" else -1.0
        highs = self._highs
        unit = self._aim(vector, sense)
        self._set(
            highs,
            {
                "mip_rel_gap": gap,
                "mip_abs_gap": SMALLEST_GAP / unit,
                "time_limit": _limit(seconds),
                "mip_max_nodes": NO_LIMIT if nodes is None else nodes,
                **TUNING,
            },
        )
        if start is not None:
            solution = highspy.HighsSolution()
            solution.col_value = start / self._scale
            highs.setSolution(solution)
        watch = _Watch(
            vector, sign, unit, self._scale, goal, enough, hopeless, stop or Stop(), progress
        )
        alive = _run(highs, watch, seconds)
        if not alive:
            # The instance still belongs to its thread: go on with a new one.
            self._highs = self._fresh()
            return Answer("limit", watch.x, watch.value, watch.bound)
        return self._read(highs, watch, vector)

    def improve(
        self,
        x: Floats,
        held: Any,
        vector: Vector,
        sense: Sense,
        *,
        gap: float,
        nodes: int,
        seconds: float | None,
        stop: Stop | None = None,
    ) -> Floats | None:
        """The best plan found in a short search with some columns held as in ``x``.

        None when it is no better than ``x`` itself.
        """
        value = np.round(x[held])
        self._highs.changeColsBounds(len(held), held, value, value)
        answer = self.optimise(
            vector, sense, gap=gap, nodes=nodes, seconds=seconds, start=x, stop=stop
        )
        self._highs.changeColsBounds(len(held), held, self.lower[held], self.upper[held])
        if answer.x is None or answer.value is None:
            return None
        gain = answer.value - vector.at(x)
        return answer.x if (gain if sense == "max" else -gain) > 0 else None

    def _read(self, highs: Any, watch: _Watch, vector: Vector) -> Answer:
        status = highs.getModelStatus()
        info = highs.getInfo()
        kinds = highspy.HighsModelStatus
        if status == kinds.kModelEmpty and not self._rows_hold_empty:
            return Answer("infeasible", None, None, None)
        if status in (kinds.kInfeasible, kinds.kUnboundedOrInfeasible):
            return Answer("infeasible", None, None, None)
        if status not in (
            kinds.kOptimal,
            kinds.kInterrupt,
            kinds.kTimeLimit,
            kinds.kObjectiveTarget,
            kinds.kObjectiveBound,
            kinds.kSolutionLimit,
            kinds.kIterationLimit,
            kinds.kNotset,
            kinds.kModelEmpty,
        ):
            raise SolverError(
                f"the solver ended with the status {highs.modelStatusToString(status)}"
            )
        x = None
        if info.primal_solution_status == 2 or status == kinds.kModelEmpty:
            x = np.array(highs.getSolution().col_value, dtype=np.float64) * self._scale
        whole = bool(self.matrix.integer.any())
        sign = watch.sign
        bound = info.mip_dual_bound if whole else info.objective_function_value
        if status == kinds.kModelEmpty:
            bound = vector.constant / (sign * watch.unit)
        proven = status in (kinds.kOptimal, kinds.kModelEmpty)
        outer = sign * bound * watch.unit if np.isfinite(bound) else None
        if not proven and not whole:
            outer = None
        value = None if x is None else vector.at(x)
        if proven and outer is None:
            outer = value
        if value is not None and outer is not None and sign * (value - outer) < 0:
            outer = value  # the plan is better than the bound by the solver's tolerance
        nodes = int(info.mip_node_count) if whole else 0
        if proven:
            return Answer("optimal", x, value, outer, nodes)
        return Answer("stopped" if watch.satisfied else "limit", x, value, outer, nodes)

    def change(self, row: int, column: int, coefficient: float) -> None:
        """Change one entry of the matrix for all runs to come."""
        self._changed[row, column] = coefficient
        self._change(self._highs, row, column, coefficient)

    def _change(self, highs: Any, row: int, column: int, coefficient: float) -> None:
        highs.changeCoeff(row, column, coefficient * self._row_scale[row] * self._scale[column])

    def polish(self, x: Floats, vector: Vector, sense: Sense) -> Floats | None:
        """The best plan with the same yes-or-no decisions, exact in every row.

        None when rounding the decisions leaves no plan.
        """
        whole = self._whole
        fixed = np.round(x[whole])
        if (fixed < self.lower[whole]).any() or (fixed > self.upper[whole]).any():
            return None
        self._highs.changeColsBounds(len(whole), whole, fixed, fixed)
        result = self._continuous(vector, sense, None, None)
        self._highs.changeColsBounds(len(whole), whole, self.lower[whole], self.upper[whole])
        if result is None:
            return None
        result[whole] = fixed
        return result

    def relaxed(
        self, vector: Vector, sense: Sense, *, seconds: float | None, stop: Stop | None = None
    ) -> Floats | None:
        """The columns' values of the relaxation; None if it was not solved."""
        return self._continuous(vector, sense, seconds, stop)

    def _continuous(
        self, vector: Vector, sense: Sense, seconds: float | None, stop: Stop | None
    ) -> Floats | None:
        """Solve with all columns continuous; None without an optimum."""
        whole, highs = self._whole, self._highs
        self._aim(vector, sense)
        kinds = highspy.HighsVarType
        self._set(highs, {"time_limit": _limit(seconds)})
        highs.changeColsIntegrality(
            len(whole), whole, np.full(len(whole), int(kinds.kContinuous), np.uint8)
        )
        watch = _Watch(vector, 1.0, 1.0, self._scale, "", None, None, stop or Stop(), None)
        if not _run(highs, watch, seconds):
            self._highs = self._fresh()
            return None
        status = highs.getModelStatus()
        empty = status == highspy.HighsModelStatus.kModelEmpty and self._rows_hold_empty
        found = status == highspy.HighsModelStatus.kOptimal or empty
        result = np.array(highs.getSolution().col_value) * self._scale if found else None
        highs.changeColsIntegrality(
            len(whole), whole, np.full(len(whole), int(kinds.kInteger), np.uint8)
        )
        return result

    def _aim(self, vector: Vector, sense: Sense) -> float:
        """Set the objective, which HiGHS minimises; returns the unit it is counted in."""
        cost = np.zeros(len(self.matrix.variables))
        cost[vector.columns] = vector.coefficients * self._scale[vector.columns]
        unit = _power_of_two(np.abs(cost).max(initial=0.0))
        cost *= (1.0 if sense == "min" else -1.0) / unit
        self._highs.changeColsCost(len(cost), np.arange(len(cost), dtype=np.int32), cost)
        # With its constant, so that the solver's relative gap is the goal's own.
        offset = vector.constant / unit
        self._highs.changeObjectiveOffset(offset if sense == "min" else -offset)
        return unit


def _power_of_two(size: float) -> float:
    return float(2.0 ** np.round(np.log2(size))) if size > 0 else 1.0


def _scaling(matrix: Matrix) -> tuple[Floats, Floats]:
    """Scales of columns and rows that bring the entries of the matrix near 1.

    Cars by the thousand stand beside yes-or-no decisions, and money in any
    unit: without scales a tolerance of the solver would be many cars, or a
    cash flow counted in single units beyond what it can handle. Powers of two,
    so that nothing is rounded; decisions keep theirs.
    """
    size = np.abs(matrix.value)
    rows = np.repeat(np.arange(len(matrix.rows)), np.diff(matrix.start))
    columns = matrix.column
    row_scale, scale = np.ones(len(matrix.rows)), np.ones(len(matrix.variables))
    for _ in range(4):
        row_scale = 1.0 / _middle(size * scale[columns], rows, len(row_scale))
        scale = 1.0 / _middle(size * row_scale[rows], columns, len(scale))
        scale[matrix.integer] = 1.0
    row_scale = 1.0 / _middle(size * scale[columns], rows, len(row_scale))
    return np.exp2(np.round(np.log2(scale))), np.exp2(np.round(np.log2(row_scale)))


def _middle(size: Floats, place: Any, count: int) -> Floats:
    """Geometric mean of the smallest and largest size at each place; 1 where there is none."""
    largest, smallest = np.zeros(count), np.full(count, np.inf)
    np.maximum.at(largest, place, size)
    np.minimum.at(smallest, place, size)
    known = largest > 0
    middle = np.ones(count)
    middle[known] = np.sqrt(largest[known] * smallest[known])
    return middle


def _limit(seconds: float | None) -> float:
    return float("inf") if seconds is None else max(seconds, 0.01)


class _Watch:
    """Listens to a run: keeps the best plan, reports, and says when to stop."""

    def __init__(
        self,
        vector: Vector,
        sign: float,
        unit: float,
        scale: Floats,
        goal: str,
        enough: float | None,
        hopeless: float | None,
        stop: Stop,
        progress: Callable[[Progress], None] | None,
    ) -> None:
        self.vector, self.sign, self.unit, self.goal = vector, sign, unit, goal
        self.scale = scale
        self.enough, self.hopeless = enough, hopeless
        self.stop, self.progress = stop, progress
        self.x: Floats | None = None
        self.value: float | None = None
        self.bound: float | None = None
        self.satisfied = False
        self.left = False
        self.began = time.monotonic()

    def improved(self, event: Any) -> None:
        if self.left:
            return
        self.x = np.array(event.data_out.mip_solution, dtype=np.float64) * self.scale
        self.value = self.vector.at(self.x)

    def asked(self, event: Any) -> None:
        data = event.data_out
        best = self.sign * data.mip_primal_bound * self.unit
        bound = self.sign * data.mip_dual_bound * self.unit
        self.bound = bound if np.isfinite(bound) else None
        found = np.isfinite(best) and abs(data.mip_primal_bound) < 1e29
        if self.enough is not None and found and self.sign * (best - self.enough) <= 0:
            self.satisfied = True
        if (
            self.hopeless is not None
            and self.bound is not None
            and self.sign * (self.bound - self.hopeless) > 0
        ):
            self.satisfied = True
        # HiGHS keeps the flag from one run to the next, so it is set both ways.
        event.interrupt(self.satisfied or self.left or self.stop.asked.is_set())
        if self.progress and not self.left:
            self.progress(
                Progress(
                    self.goal,
                    time.monotonic() - self.began,
                    best if found else None,
                    self.bound,
                    int(data.mip_node_count),
                )
            )

    def plain(self, event: Any) -> None:
        event.interrupt(self.left or self.stop.asked.is_set())


def _run(highs: Any, watch: _Watch, seconds: float | None) -> bool:
    """Run HiGHS in a thread; False when it was left behind after its limit."""
    highs.cbMipImprovingSolution += watch.improved
    highs.cbMipInterrupt += watch.asked
    highs.cbSimplexInterrupt += watch.plain
    failure: list[BaseException] = []

    def work() -> None:
        try:
            highs.run()
        except BaseException as error:
            failure.append(error)

    thread = threading.Thread(target=work, name="highs", daemon=True)
    thread.start()
    limit = None if seconds is None else time.monotonic() + _limit(seconds) + PATIENCE
    interrupted: float | None = None
    while thread.is_alive():
        try:
            thread.join(0.05)
        except KeyboardInterrupt:
            watch.stop.asked.set()
        now = time.monotonic()
        if watch.stop.asked.is_set() and interrupted is None:
            interrupted = now + PATIENCE
        if (limit and now > limit) or (interrupted and now > interrupted):
            watch.left = True
            _Threads.left_behind = True
            return False
    highs.cbMipImprovingSolution -= watch.improved
    highs.cbMipInterrupt -= watch.asked
    highs.cbSimplexInterrupt -= watch.plain
    if failure:
        raise SolverError(f"the solver failed: {failure[0]}") from failure[0]
    return True
