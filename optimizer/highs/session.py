"""A session: one matrix as a mixed-integer program and as its relaxation, in step.

Whatever is added or changed reaches both, and `reset` takes all of it back. The
relaxation is made when it is first asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np

from optimizer.highs.instance import Columns, Instance, Sense, scales
from optimizer.highs.program import Program
from optimizer.highs.relaxation import VERY_MANY_ENTRIES, Basis, Relaxation, Relaxed
from optimizer.highs.running import Limit
from optimizer.highs.witness import Kept, Name, Rows, Witness
from optimizer.matrix import Floats, Matrix, Vector


class Session:
    """Live solvers for one matrix, for one objective after another."""

    def __init__(
        self, matrix: Matrix, *, threads: int = 1, seed: int = 0, presolve: bool = True
    ) -> None:
        self.matrix = matrix
        #: The columns that are yes-or-no decisions.
        self.whole: Columns = np.flatnonzero(matrix.integer).astype(np.int32)
        self._options: dict[str, Any] = {"threads": threads, "random_seed": seed}
        if not presolve:
            self._options["presolve"] = "off"
        self._scales = scales(matrix)
        self._program = Program(matrix, self._scales, False, self._options)
        #: The best value of a vector over all plans (see `Program.optimise`).
        self.optimise = self._program.optimise
        self._done: list[Callable[[Instance], None]] = []

    @cached_property
    def _relaxation(self) -> Relaxation:
        made = Relaxation(self.matrix, self._scales, True, self._options)
        for change in self._done:
            change(made)
        return made

    @cached_property
    def _twin(self) -> Relaxation:
        """A second relaxation, to be asked beside the first."""
        made = Relaxation(self.matrix, self._scales, True, self._options)
        made.follow(self._relaxation)
        return made

    def _do(self, change: Callable[[Instance], None], *, program: bool = True) -> None:
        """Make a change in every live solver, and later in one that is made later."""
        if program:
            change(self._program)
        if "_relaxation" in self.__dict__:
            change(self._relaxation)
        else:
            self._done.append(change)
        if "_twin" in self.__dict__:
            change(self._twin)

    @property
    def lower(self) -> Floats:
        """Lower bounds of the columns as they are now."""
        return self._program.lower

    @property
    def upper(self) -> Floats:
        """Upper bounds of the columns as they are now."""
        return self._program.upper

    def keep(
        self,
        vector: Vector,
        low: float,
        high: float,
        name: Name | None = None,
        *,
        searched: bool = True,
    ) -> None:
        """Add a row ``low <= vector <= high`` for all runs to come.

        A row with a name can be told again in another solve, or case. One that is not
        ``searched`` holds in the relaxation alone; the program must imply it.
        """
        kept = Kept(vector, low - vector.constant, high - vector.constant, name)
        self._do(lambda instance: instance.keep(kept), program=searched)

    def bound(self, columns: Columns, low: Floats, high: Floats) -> None:
        """Change the bounds of columns for all runs to come."""
        self._do(lambda instance: instance.bound(columns, low, high))

    def free(self, row: int) -> None:
        """Let a row of the matrix hold nothing for all runs to come."""
        self._do(lambda instance: instance.free(row))

    def change(self, row: int, column: int, coefficient: float) -> None:
        """Change one entry of the matrix for all runs to come."""
        self._do(lambda instance: instance.change(row, column, coefficient))

    def reset(self) -> None:
        """Take back every row, bound and entry, in fresh solvers that remember nothing."""
        self._program.reset()
        for name in ("_relaxation", "_twin"):
            self.__dict__.pop(name, None)
        self._done.clear()

    def write(self, path: str, vector: Vector, sense: Sense) -> None:
        """Write the program with a vector as its objective, to minimise, as an .mps file.

        Columns and objective are scaled by powers of two; raises `SolverError` when
        it cannot be written.
        """
        self._program.write(path, vector, sense)

    @property
    def unit(self) -> float:
        """What one unit of the objective of the program stands for."""
        return self._program.unit

    def relaxed(self, vector: Vector, sense: Sense, limit: Limit) -> Relaxed:
        """The best value of a vector over the relaxation."""
        return self._relaxation.solve(vector, sense, limit)

    def dive(self, vector: Vector, sense: Sense, columns: Columns, limit: Limit) -> Floats | None:
        """Some decisions rounded along the relaxation (see `Relaxation.dive`)."""
        return self._relaxation.dive(vector, sense, columns, limit)

    def remember(self) -> None:
        """Let `rules_out` begin from where the last relaxation ended."""
        self._relaxation.remember()
        if len(self.askers) > 1:
            self._twin.remember(self._relaxation)

    @property
    def askers(self) -> list[Relaxation]:
        """Relaxations that can be asked at the same time, in threads of their own."""
        alone = self._options["threads"] == 1
        return [self._relaxation] if alone else [self._relaxation, self._twin]

    def begin_from(self, basis: Basis) -> None:
        """Let the next relaxation begin from a basis that another one ended with."""
        self._relaxation.begin_from(basis)

    @property
    def basis(self) -> Basis:
        """Where the last relaxation ended."""
        return self._relaxation.basis

    def rules_out(self, column: int, value: float, cutoff: float, limit: Limit) -> bool:
        """Whether no plan with a column at a value passes a cutoff of the vector relaxed last."""
        return self._relaxation.rules_out(column, value, cutoff, limit)

    @property
    def witness(self) -> Witness | None:
        """What showed the last thing ruled out, if multipliers of rows alone can show it."""
        return self._relaxation.witness

    def rows(self) -> Rows:
        """The rows as they are now, to check witnesses against; bounds are those at any time."""
        here = self._relaxation
        return Rows(self.matrix, here.changed, here.freed, here.kept, here.lower, here.upper)

    @property
    def is_very_large(self) -> bool:
        """Without a basis near by, a relaxation takes long."""
        return len(self.matrix.value) >= VERY_MANY_ENTRIES

    def polish(
        self, x: Floats, vector: Vector, sense: Sense, limit: Limit | None = None
    ) -> Floats | None:
        """The best plan with the same yes-or-no decisions, exact in every row.

        None when rounding the decisions leaves no plan, or the limit came first.
        """
        whole = self.whole
        fixed = np.round(x[whole])
        if (fixed < self.lower[whole]).any() or (fixed > self.upper[whole]).any():
            return None
        result = self._relaxation.at(whole, fixed, vector, sense, limit or Limit())
        if result is not None:
            result[whole] = fixed
        return result
