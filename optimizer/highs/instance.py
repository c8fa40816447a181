"""A live HiGHS instance that holds one matrix, and can be put back as it was.

Rows are added behind those of the matrix; bounds and single entries are changed
in place. Columns and rows are scaled by powers of two, so that nothing is
rounded; everything outside works in the model's own units. Not here: what is
solved (see `optimizer.highs.program` and `optimizer.highs.relaxation`).
"""

from __future__ import annotations

from typing import Any, Literal

import highspy
import numpy as np
from numpy.typing import NDArray

from optimizer.errors import SolverError
from optimizer.highs.running import Limit, Watch, run, use_threads
from optimizer.highs.witness import Kept
from optimizer.matrix import Floats, Matrix, Vector

Sense = Literal["max", "min"]
Columns = NDArray[np.int32]

#: Rows and integers are kept to this; finer than the default, since one part in a
#: million of a large commitment cost or demand would be seen in a plan.
FEASIBILITY = 1e-7


class Instance:
    """One HiGHS instance with the matrix, relaxed or not."""

    def __init__(
        self, matrix: Matrix, scales: tuple[Floats, Floats], relaxed: bool, options: dict[str, Any]
    ) -> None:
        self.matrix = matrix
        self.scale, self.row_scale = scales
        self._relaxed = relaxed
        self._options = options
        self.lower, self.upper = matrix.lower.copy(), matrix.upper.copy()
        self.kept: list[Kept] = []
        self.changed: dict[tuple[int, int], float] = {}
        self.freed: list[int] = []
        self._restart()

    def _restart(self) -> None:
        """A fresh HiGHS in the same state: the last one may belong to a lost thread."""
        highs = highspy.Highs()
        highs.setOptionValue("output_flag", False)
        use_threads(self._options["threads"])
        self.highs = highs
        self._aimed: tuple[Vector, Sense] | None = None
        self.set({**self._options, "mip_feasibility_tolerance": FEASIBILITY})
        matrix = self.matrix
        lp = highspy.HighsLp()
        lp.num_col_ = len(matrix.variables)
        lp.num_row_ = len(matrix.rows)
        lp.col_cost_ = np.zeros(lp.num_col_)
        lp.col_lower_ = self.lower / self.scale
        lp.col_upper_ = self.upper / self.scale
        lp.row_lower_ = matrix.row_lower * self.row_scale
        lp.row_upper_ = matrix.row_upper * self.row_scale
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_ = matrix.start
        lp.a_matrix_.index_ = matrix.column
        lp.a_matrix_.value_ = (
            matrix.value
            * np.repeat(self.row_scale, np.diff(matrix.start))
            * self.scale[matrix.column]
        )
        if not self._relaxed:
            kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
            lp.integrality_ = [kinds[whole] for whole in matrix.integer.tolist()]
        if highs.passModel(lp) == highspy.HighsStatus.kError:
            raise SolverError("the solver refused the model")
        # HiGHS calls a model without rows empty and leaves its columns alone.
        highs.addRow(-np.inf, np.inf, 0, np.empty(0, np.int32), np.empty(0))
        for kept in self.kept:
            self._add(kept)
        for (row, column), coefficient in self.changed.items():
            self._enter(row, column, coefficient)
        for freed in self.freed:
            highs.changeRowBounds(freed, -np.inf, np.inf)

    def set(self, options: dict[str, Any]) -> None:
        """Set options of HiGHS; raises `SolverError` for one that it does not have."""
        for name, value in options.items():
            if self.highs.setOptionValue(name, value) != highspy.HighsStatus.kOk:
                raise SolverError(f"the solver has no option {name} = {value!r}")

    # Changes, until `reset` ------------------------------------------------------

    def keep(self, kept: Kept) -> None:
        """Add a row."""
        self.kept.append(kept)
        self._add(kept)

    def _add(self, kept: Kept) -> None:
        vector, size = kept.vector, self.size_of(kept)
        coefficients = vector.coefficients * self.scale[vector.columns] / size
        low, high = kept.low / size, kept.high / size
        self.highs.addRow(low, high, len(vector.columns), vector.columns, coefficients)

    def size_of(self, kept: Kept) -> float:
        """What one unit of a kept row stands for in the solver."""
        scaled = kept.vector.coefficients * self.scale[kept.vector.columns]
        return float(np.abs(scaled).max(initial=0.0)) or 1.0

    def bound(self, columns: Columns, low: Floats, high: Floats) -> None:
        """Change the bounds of columns."""
        self.lower[columns], self.upper[columns] = low, high
        self.hold(columns, low, high)

    def free(self, row: int) -> None:
        """Let a row of the matrix hold nothing."""
        self.freed.append(row)
        self.highs.changeRowBounds(row, -np.inf, np.inf)

    def change(self, row: int, column: int, coefficient: float) -> None:
        """Change one entry of the matrix."""
        self.changed[row, column] = coefficient
        self._enter(row, column, coefficient)

    def _enter(self, row: int, column: int, coefficient: float) -> None:
        scaled = coefficient * self.row_scale[row] * self.scale[column]
        self.highs.changeCoeff(row, column, scaled)

    def reset(self) -> None:
        """Back to the matrix, in a fresh HiGHS.

        No row, bound or entry is left of what was changed, and nothing that the solver
        remembers: what it does next does not hang on what it did before.
        """
        self.kept.clear()
        self.changed.clear()
        self.freed.clear()
        self.lower[:], self.upper[:] = self.matrix.lower, self.matrix.upper
        self._restart()

    def follow(self, other: Instance) -> None:
        """Hold what another instance of the same matrix holds, in a fresh HiGHS."""
        self.kept[:], self.freed[:] = other.kept, other.freed
        self.changed.clear()
        self.changed.update(other.changed)
        self.lower[:], self.upper[:] = other.lower, other.upper
        self._restart()

    # For one run only --------------------------------------------------------------

    def hold(self, columns: Columns, low: Floats, high: Floats) -> None:
        """Change the bounds of columns, to be undone by `release`."""
        scale = self.scale[columns]
        self.highs.changeColsBounds(len(columns), columns, low / scale, high / scale)

    def release(self, columns: Columns) -> None:
        """Give columns back the bounds that they had before `hold`."""
        self.hold(columns, self.lower[columns], self.upper[columns])

    def aim(self, vector: Vector, sense: Sense) -> bool:
        """Set the objective, which HiGHS minimises; whether it is another than before.

        ``sign`` and ``unit`` are then what the solver counts it in.
        """
        if self._aimed is not None and self._aimed[0] is vector and self._aimed[1] == sense:
            return False
        self._aimed = (vector, sense)
        cost = np.zeros(len(self.matrix.variables))
        cost[vector.columns] = vector.coefficients * self.scale[vector.columns]
        self.sign = 1.0 if sense == "min" else -1.0
        self.unit = _power_of_two(float(np.abs(cost).max(initial=0.0)))
        cost *= self.sign / self.unit
        self.highs.changeColsCost(len(cost), np.arange(len(cost), dtype=np.int32), cost)
        # With its constant, so that the solver's relative gap is the goal's own.
        self.highs.changeObjectiveOffset(self.sign * vector.constant / self.unit)
        return True

    def work(self, watch: Watch) -> bool:
        """Run; False when the run was left behind and this is a fresh instance now."""
        if run(self.highs, watch):
            return True
        self._restart()
        return False

    def watch(self, limit: Limit, **what: Any) -> Watch:
        """A listener for a run with the objective that is set."""
        assert self._aimed is not None
        self.set({"time_limit": limit.for_solver})
        return Watch(self._aimed[0], self.sign, self.unit, self.scale, limit, **what)

    def columns(self) -> Floats:
        """The values of the columns that the last run ended with."""
        return np.array(self.highs.getSolution().col_value, dtype=np.float64) * self.scale

    @property
    def rows_hold_empty(self) -> bool:
        """Whether all rows hold when there is no column: then HiGHS does not look at them."""
        low, high = self.matrix.row_lower.copy(), self.matrix.row_upper.copy()
        low[self.freed], high[self.freed] = -np.inf, np.inf
        added = all(kept.low <= 0 <= kept.high for kept in self.kept)
        return added and not bool(((low > 0) | (high < 0)).any())


def _power_of_two(size: float) -> float:
    return float(2.0 ** np.round(np.log2(size))) if size > 0 else 1.0


def scales(matrix: Matrix) -> tuple[Floats, Floats]:
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
