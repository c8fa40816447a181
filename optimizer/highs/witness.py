"""Witnesses: multipliers of rows that show what no plan can reach, checked by arithmetic alone.

Any multipliers bound a sum over all plans (weak duality), so that those left by one
solve can be tried in a changed case without the solver: only what they no longer
show is asked again. Not here: where they come from (see `optimizer.highs.relaxation`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from optimizer.matrix import Floats, Matrix, Vector

#: What a kept row is called across solves: a kind, and a number or name within it.
#: ``("row", i)`` stands in the place of row ``i`` of the matrix, which was freed.
Name = tuple[str, int | str]
#: Rounds in which bounds of columns are derived from rows.
ROUNDS = 3
#: Part of the sum of all terms that rounding could have moved, and far more.
ROUNDING = 1e-10


@dataclass(frozen=True)
class Kept:
    """A row added to the matrix: ``low <= coefficients @ x[columns] <= high``."""

    vector: Vector
    low: float
    high: float
    name: Name | None = None


@dataclass(frozen=True)
class Witness:
    """Multipliers of rows of the matrix (by number) and of kept rows (by name).

    ``objective`` is False where the rows alone contradict one another. Plain data.
    """

    rows: NDArray[np.int32]
    multipliers: Floats
    kept: tuple[tuple[Name, float], ...] = ()
    objective: bool = True


@dataclass
class Rows:
    """The rows of a model as they are now, to check witnesses against.

    ``freed`` rows of the matrix hold nothing. ``reach`` are bounds of the columns that
    follow from the rows, for columns that have none of their own.
    """

    matrix: Matrix
    changed: Mapping[tuple[int, int], float]
    freed: Sequence[int]
    kept: Sequence[Kept]
    lower: Floats
    upper: Floats
    reach: tuple[Floats, Floats] = field(init=False)

    def __post_init__(self) -> None:
        matrix = self.matrix
        self._of_row = np.repeat(np.arange(len(matrix.rows)), np.diff(matrix.start))
        self._value = matrix.value
        if self.changed:
            self._value = matrix.value.copy()
            for (row, column), coefficient in self.changed.items():
                here = slice(matrix.start[row], matrix.start[row + 1])
                self._value[here][matrix.column[here] == column] = coefficient
        self._low, self._high = matrix.row_lower.copy(), matrix.row_upper.copy()
        freed = np.array(self.freed, dtype=np.int64)
        self._low[freed], self._high[freed] = -np.inf, np.inf
        self._named = {kept.name: kept for kept in self.kept if kept.name is not None}
        self.reach = self._derived()

    def _derived(self) -> tuple[Floats, Floats]:
        """Bounds of columns that follow from the rows of the matrix, a few rounds."""
        matrix, value, row = self.matrix, self._value, self._of_row
        column = matrix.column
        low, high = self.lower.copy(), self.upper.copy()
        for _ in range(ROUNDS):
            if np.isfinite(low).all() and np.isfinite(high).all():
                break
            for sign, limit in ((1.0, self._high), (-1.0, -self._low)):
                # The rows as sums that are at most their limit.
                entry = sign * value
                least = np.where(entry > 0, entry * low[column], entry * high[column])
                endless = ~np.isfinite(least)
                count = np.bincount(row, weights=endless, minlength=len(limit))
                known = np.where(endless, 0.0, least)
                total = np.bincount(row, weights=known, minlength=len(limit))
                alone = np.isfinite(limit[row]) & (count[row] == endless)
                place = np.flatnonzero(alone)
                if not len(place):
                    continue
                at, of = column[place], row[place]
                bound = (limit[of] - total[of] + known[place]) / entry[place]
                bound += ROUNDING * np.abs(bound) * np.sign(entry[place])
                up = entry[place] > 0
                np.minimum.at(high, at[up], bound[up])
                np.maximum.at(low, at[~up], bound[~up])
        # Only where a column has no bound of its own: those may be narrowed meanwhile.
        return low, high

    def least(
        self, vector: Vector, sign: float, witness: Witness, column: int, value: float
    ) -> float:
        """The least of ``sign`` times a vector over all plans with a column at a value.

        As far as the witness shows it: never more than the truth. ``-inf`` where it
        shows nothing; ``inf`` where it shows that there is no such plan.
        """
        matrix = self.matrix
        weights = np.zeros(len(matrix.rows))
        weights[witness.rows] = witness.multipliers
        cost = np.zeros(len(matrix.variables))
        if witness.objective:
            cost[vector.columns] = sign * vector.coefficients
        total = size = 0.0
        named = dict(witness.kept)
        for name, weight in witness.kept:
            if name[0] == "row":
                weights[int(name[1])] = weight
        for name, kept in self._named.items():
            weight = float(weights[int(name[1])]) if name[0] == "row" else named.get(name, 0.0)
            limit = kept.low if weight > 0 else kept.high
            if not weight or not np.isfinite(limit):
                continue
            cost[kept.vector.columns] -= weight * kept.vector.coefficients
            total += weight * limit
            size += abs(weight * limit)
        limits = np.where(weights > 0, self._low, self._high)
        weights[~np.isfinite(limits)] = 0.0
        used = np.flatnonzero(weights)
        terms = weights[used] * limits[used]
        spread = self._value * weights[self._of_row]
        cost -= np.bincount(matrix.column, weights=spread, minlength=len(cost))
        low, high = (
            np.where(np.isfinite(own), own, derived)
            for own, derived in zip((self.lower, self.upper), self.reach, strict=True)
        )
        low[column] = high[column] = value
        ends = np.where(cost > 0, low, high)
        # What rounding alone left of a cost would be endless where a column is.
        endless = np.flatnonzero((cost != 0) & ~np.isfinite(ends))
        for j in endless:
            own = np.abs(vector.coefficients[vector.columns == j]).max(initial=0.0)
            if abs(cost[j]) <= ROUNDING * np.abs(spread[matrix.column == j]).max(initial=own):
                cost[j] = 0.0
        moved = np.flatnonzero(cost)
        at_ends = cost[moved] * ends[moved]
        total += float(terms.sum()) + float(at_ends.sum())
        size += float(np.abs(terms).sum()) + float(np.abs(at_ends).sum())
        if not np.isfinite(total):
            return -np.inf
        total -= ROUNDING * size
        if not witness.objective:
            return np.inf if total > 0 else -np.inf
        return total + sign * vector.constant
