"""The relaxation: the same program with every decision continuous.

It stays in the solver with its last basis, so that one more question costs a
few steps of the simplex method. Not here: plans (see `optimizer.highs.program`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import highspy
import numpy as np
from numpy.typing import NDArray

from optimizer.highs.instance import FEASIBILITY, Columns, Instance, Sense
from optimizer.highs.running import Limit
from optimizer.highs.witness import Name, Witness
from optimizer.matrix import Floats, Vector

#: Simplex strategies of HiGHS: from the last basis the primal one goes on after the
#: objective changed, the dual one after bounds or rows did, or from a basis of the same
#: objective in a case much like this one.
DUAL, PRIMAL = 1, 4
#: From so many entries of the matrix on, a relaxation without a basis to begin from is
#: solved by interior points, and a basis made of what they find; from so many on, one
#: with another objective is, too.
MANY_ENTRIES, VERY_MANY_ENTRIES = 20_000, 200_000
#: How far a row or bound of a finished plan may be off, as HiGHS counts it.
EXACT = 1e-10
#: A relaxation that misses a cutoff by less than this part of it has not missed it.
MARGIN = 1e-6


@dataclass(frozen=True)
class Basis:
    """A basis of the simplex method as plain data: statuses of columns, rows, named kept rows."""

    columns: NDArray[np.int8]
    rows: NDArray[np.int8]
    named: tuple[tuple[Name, int], ...]


@dataclass(frozen=True)
class Relaxed:
    """An optimum of the relaxation, in the goal's own sense; none if it is infeasible."""

    status: Literal["optimal", "infeasible", "limit"]
    x: Floats | None = None
    value: float | None = None


def missed(cutoff: float, smallest: float) -> float:
    """Where a relaxation that is minimised has surely missed a cutoff."""
    return cutoff + MARGIN * max(abs(cutoff), smallest)


class Relaxation(Instance):
    """The relaxation of a matrix."""

    _is_new = True
    _begun = False
    _solved_for: tuple[Vector, Sense] | None = None

    def solve(self, vector: Vector, sense: Sense, limit: Limit) -> Relaxed:
        """The best value of a vector over the relaxation, from the last basis."""
        if limit.over:
            return Relaxed("limit")
        self.aim(vector, sense)
        last, self._solved_for = self._solved_for, (vector, sense)
        other = last is None or last[0] is not vector or last[1] != sense
        other, self._begun = other and not self._begun, False
        self.set({"simplex_strategy": PRIMAL if other else DUAL, "objective_bound": float("inf")})
        entries = len(self.matrix.value)
        afar = entries >= (MANY_ENTRIES if self._is_new else VERY_MANY_ENTRIES)
        if not afar or not (self._is_new or other):
            return self._answer(limit)
        self.highs.clearSolver()  # with a basis it would leave out its presolve
        self.set({"solver": "ipx"})
        answer = self._answer(limit)
        self.set({"solver": "simplex"})
        # Interior points tell an optimum; all else is told by the simplex method.
        return answer if answer.status == "optimal" else self._answer(limit)

    def _restart(self) -> None:
        super()._restart()
        self._is_new, self._begun, self._solved_for = True, False, None

    def _answer(self, limit: Limit) -> Relaxed:
        self._is_new = False
        if limit.over or not self.work(self.watch(limit)):
            return Relaxed("limit")
        status, kinds = self.highs.getModelStatus(), highspy.HighsModelStatus
        empty = status == kinds.kModelEmpty
        if status == kinds.kOptimal or (empty and self.rows_hold_empty):
            assert self._aimed is not None
            x = self.columns()
            return Relaxed("optimal", x, self._aimed[0].at(x))
        if empty or status in (kinds.kInfeasible, kinds.kObjectiveBound):
            return Relaxed("infeasible")
        return Relaxed("limit")

    def at(
        self, columns: Columns, values: Floats, vector: Vector, sense: Sense, limit: Limit
    ) -> Floats | None:
        """The best columns with some held at values, as exact as HiGHS can.

        None if none hold, or the limit came first.
        """
        # What is known of the whole relaxation stays where it is: the next one begins there.
        # A very large one without any basis is better off with that of a plan.
        new, basis = self._is_new, self.highs.getBasis()
        self.aim(vector, sense)
        self.hold(columns, values, values)
        strict = {"primal_feasibility_tolerance": EXACT}
        self.set({"simplex_strategy": DUAL, "objective_bound": float("inf"), **strict})
        found = self._answer(limit)
        self.set({"primal_feasibility_tolerance": FEASIBILITY})
        self.release(columns)
        if not new:
            self.highs.setBasis(basis)
        self._is_new = new and len(self.matrix.value) < VERY_MANY_ENTRIES
        return found.x

    def rules_out(self, column: int, value: float, cutoff: float, limit: Limit) -> bool:
        """Whether no plan with a column at a value is better than the cutoff.

        For the vector solved last, from its basis. The relaxation tells; when
        it does not, the answer is False. ``witness`` is then what showed it.
        """
        self.witness = None
        if limit.over:
            return False
        highs = self.highs
        place, held = np.array([column], dtype=np.int32), np.array([value])
        bar = missed(self.sign * cutoff / self.unit, 1.0 / self.unit)
        self.set({"simplex_strategy": DUAL, "objective_bound": bar})
        self.hold(place, held, held)
        if self._basis is not None:
            highs.setBasis(self._basis)
        alive = self.work(self.watch(limit))
        # Read before the bounds go back: HiGHS forgets the answer then.
        status, kinds = self.highs.getModelStatus(), highspy.HighsModelStatus
        ruled_out = alive and (
            status in (kinds.kInfeasible, kinds.kObjectiveBound)
            or (
                status == kinds.kOptimal
                and float(self.highs.getInfo().objective_function_value) >= bar
            )
        )
        if ruled_out:
            self.witness = self._witnessed(status == kinds.kInfeasible)
        self.release(place)
        return ruled_out

    def _witnessed(self, infeasible: bool) -> Witness | None:
        """The multipliers that the last run ended with, in the model's own units."""
        if infeasible:
            _, known, values = self.highs.getDualRay()
            unit = 1.0
        else:
            solution = self.highs.getSolution()
            known, values, unit = solution.dual_valid, solution.row_dual, self.unit
        if not known:
            return None
        values = np.array(values, dtype=np.float64) * unit
        count = len(self.matrix.rows)
        own = values[:count] * self.row_scale
        rows = np.flatnonzero(own).astype(np.int32)
        named: list[tuple[Name, float]] = [
            (kept.name, float(weight / self.size_of(kept)))
            for kept, weight in zip(self.kept, values[count + 1 :], strict=True)
            if kept.name is not None and weight
        ]
        return Witness(rows, own[rows], tuple(named), objective=not infeasible)

    witness: Witness | None = None

    def remember(self, other: Relaxation | None = None) -> None:
        """Let `rules_out` begin from where the last solve ended, its own or another one's."""
        if other is not None and other._solved_for is not None:
            self.aim(*other._solved_for)
        self._basis = (other or self).highs.getBasis()

    _basis = None

    @property
    def basis(self) -> Basis:
        """Where the last solve ended."""
        basis = self.highs.getBasis()
        count = len(self.matrix.rows)
        columns, rows = (
            np.array([int(status) for status in statuses], dtype=np.int8)
            for statuses in (basis.col_status, basis.row_status)
        )
        named = tuple(
            (kept.name, int(status))
            for kept, status in zip(self.kept, rows[count + 1 :], strict=True)
            if kept.name is not None
        )
        return Basis(columns, rows[:count], named)

    def begin_from(self, basis: Basis) -> None:
        """Let the next solve begin from a basis that one for the same vector ended with.

        Rows that it does not know are basic.
        """
        known = highspy.HighsBasis()
        kinds = {int(kind): kind for kind in highspy.HighsBasisStatus.__members__.values()}
        if len(basis.columns) != len(self.scale) or len(basis.rows) != len(self.matrix.rows):
            return
        basic = int(highspy.HighsBasisStatus.kBasic)
        named: dict[Name, int] = {
            ("row", row): status for row, status in enumerate(basis.rows.tolist())
        }
        named.update(basis.named)
        rows = [*basis.rows.tolist(), basic]
        rows += [named.get(kept.name, basic) if kept.name else basic for kept in self.kept]
        for freed in self.freed:
            rows[freed] = basic
        known.col_status = [kinds[status] for status in basis.columns.tolist()]
        known.row_status = [kinds[status] for status in rows]
        known.alien = True  # HiGHS makes it square, and leaves it if it cannot
        self.highs.setBasis(known)
        self._is_new, self._begun = False, True

    def dive(self, vector: Vector, sense: Sense, columns: Columns, limit: Limit) -> Floats | None:
        """Values of all columns after rounding these one by one along the relaxation.

        The one nearest to a whole number goes first; where that leaves nothing,
        the other whole number is tried once. None when both leave nothing.
        """
        found = self.solve(vector, sense, limit)
        touched: list[int] = []
        while found.x is not None:
            values = found.x[columns]
            away = np.abs(values - np.round(values))
            if (away <= 1e-6).all():
                break
            place = np.flatnonzero(away > 1e-6)[np.argmin(away[away > 1e-6])]
            column, basis = columns[place : place + 1], self.highs.getBasis()
            touched.append(int(column[0]))
            for value in (np.round(values[place]), 1.0 - np.round(values[place])):
                self.hold(column, np.array([value]), np.array([value]))
                found = self.solve(vector, sense, limit)
                if found.status != "infeasible":
                    break
                self.highs.setBasis(basis)
        self.release(np.array(touched, dtype=np.int32))
        return found.x
