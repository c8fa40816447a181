"""The relaxation: the same program with every decision continuous.

It stays in the solver with its last basis, so that one more question costs a
few steps of the simplex method. Not here: plans (see `optimizer.highs.program`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import highspy
import numpy as np

from optimizer.highs.instance import FEASIBILITY, Columns, Instance, Sense
from optimizer.highs.running import Limit
from optimizer.matrix import Floats, Vector

#: Simplex strategies of HiGHS: from the last basis the primal one goes on after the
#: objective changed, the dual one after bounds or rows did.
DUAL, PRIMAL = 1, 4
#: How far a row or bound of a finished plan may be off, as HiGHS counts it.
EXACT = 1e-10
#: A relaxation that misses a cutoff by less than this part of it has not missed it.
MARGIN = 1e-6


@dataclass(frozen=True)
class Relaxed:
    """An optimum of the relaxation, in the goal's own sense; none if it is infeasible."""

    status: Literal["optimal", "infeasible", "limit"]
    x: Floats | None = None
    value: float | None = None


class Relaxation(Instance):
    """The relaxation of a matrix."""

    def solve(self, vector: Vector, sense: Sense, limit: Limit) -> Relaxed:
        """The best value of a vector over the relaxation, from the last basis."""
        if limit.over:
            return Relaxed("limit")
        other = self.aim(vector, sense)
        self.set({"simplex_strategy": PRIMAL if other else DUAL, "objective_bound": float("inf")})
        return self._answer(limit)

    def _answer(self, limit: Limit) -> Relaxed:
        if not self.work(self.watch(limit)):
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

    def at(self, columns: Columns, values: Floats, vector: Vector, sense: Sense) -> Floats | None:
        """The best columns with some held at values, as exact as HiGHS can; None if none hold."""
        self.hold(columns, values, values)
        self.set({"primal_feasibility_tolerance": EXACT})
        found = self.solve(vector, sense, Limit())
        self.set({"primal_feasibility_tolerance": FEASIBILITY})
        self.release(columns)
        return found.x

    def rules_out(self, column: int, value: float, cutoff: float, limit: Limit) -> bool:
        """Whether no plan with a column at a value is better than the cutoff.

        For the vector solved last, from its basis. The relaxation tells; when
        it does not, the answer is False.
        """
        if limit.over:
            return False
        highs = self.highs
        place, held = np.array([column], dtype=np.int32), np.array([value])
        bar = self.sign * cutoff / self.unit
        bar += MARGIN * max(abs(bar), 1.0 / self.unit)
        self.set({"simplex_strategy": DUAL, "objective_bound": bar})
        self.hold(place, held, held)
        if self._basis is not None:
            highs.setBasis(self._basis)
        alive = self.work(self.watch(limit))
        # Read before the bounds go back: HiGHS forgets the answer then.
        status, kinds = self.highs.getModelStatus(), highspy.HighsModelStatus
        value_there = float(self.highs.getInfo().objective_function_value)
        self.release(place)
        if not alive or status not in (kinds.kOptimal, kinds.kInfeasible, kinds.kObjectiveBound):
            return False
        return status != kinds.kOptimal or value_there >= bar

    def remember(self) -> None:
        """Let `rules_out` begin from where the last solve ended."""
        self._basis = self.highs.getBasis()

    _basis = None

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
