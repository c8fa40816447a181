"""A Pyomo model as arrays: columns, rows, and vectors for the sums that goals measure.

Reads models made of `optimizer.formulation.linear` sums, in one pass and without
names: several times quicker than a general walk, since every body is linear and
its variables are known. Not here: solving (see `optimizer.highs`).
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyomo.core import Block, ConcreteModel, Constraint, Var
from pyomo.core.expr import LinearExpression

from optimizer.formulation.linear import Linear

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Vector:
    """``constant + coefficients @ x[columns]``, columns unique and ascending."""

    columns: NDArray[np.int32]
    coefficients: Floats
    constant: float

    def at(self, x: Floats) -> float:
        """Its value for the columns' values ``x``."""
        return float(self.coefficients @ x[self.columns]) + self.constant


@dataclass(frozen=True)
class Matrix:
    """``row_lower <= A x <= row_upper`` with bounds on ``x``; A by rows (CSR).

    ``variables[j]`` is the Pyomo variable of column ``j`` and ``rows[i]`` the
    (law, index) of row ``i``.
    """

    variables: list[Any]
    lower: Floats
    upper: Floats
    integer: NDArray[np.bool_]
    row_lower: Floats
    row_upper: Floats
    start: NDArray[np.int32]
    column: NDArray[np.int32]
    value: Floats
    rows: list[tuple[str, Any]]
    number: dict[int, int]

    def vector(self, linear: Linear) -> Vector:
        """A named sum in terms of columns."""
        number = self.number
        columns = np.array([number[id(v)] for v in linear.variables], dtype=np.int32)
        coefficients = np.array(linear.coefficients, dtype=np.float64)
        columns, place = np.unique(columns, return_inverse=True)
        merged = np.zeros(len(columns))
        np.add.at(merged, place, coefficients)
        return Vector(columns.astype(np.int32), merged, linear.constant)


def compile_model(model: ConcreteModel) -> Matrix:
    """All variables and constraints of a model as arrays."""
    variables = [
        variable
        for block in model.block_data_objects(active=True, descend_into=(Block,))
        for component in block.component_objects(Var, descend_into=False)
        for variable in component.values()
    ]
    number = {id(variable): j for j, variable in enumerate(variables)}
    rows: list[tuple[str, Any]] = []
    lower, upper = array("d"), array("d")
    start, column, value = array("i", [0]), array("i"), array("d")
    for block in model.block_data_objects(active=True, descend_into=(Block,)):
        for law in block.component_objects(Constraint, active=True, descend_into=False):
            name = law.local_name
            for index, row in law.items():
                low, body, high = row.to_bounded_expression()
                if not isinstance(body, LinearExpression):
                    raise TypeError(f"{row.name} is not a sum of formulation.linear")
                rows.append((name, index))
                lower.append(-inf if low is None else low)
                upper.append(inf if high is None else high)
                column.extend([number[id(v)] for v in body.linear_vars])
                value.extend(body.linear_coefs)
                start.append(len(column))
    merged = _merged(
        np.frombuffer(start, dtype=np.int32),
        np.frombuffer(column, dtype=np.int32) if column else np.empty(0, np.int32),
        np.frombuffer(value) if value else np.empty(0),
    )
    return Matrix(
        variables=variables,
        lower=_bounds([v.lb for v in variables], -inf),
        upper=_bounds([v.ub for v in variables], inf),
        integer=np.array([not v.is_continuous() for v in variables], dtype=bool),
        row_lower=np.array(lower),
        row_upper=np.array(upper),
        start=merged[0],
        column=merged[1],
        value=merged[2],
        rows=rows,
        number=number,
    )


def _bounds(values: Sequence[float | None], missing: float) -> Floats:
    return np.array([missing if v is None else v for v in values], dtype=np.float64)


def _merged(
    start: NDArray[np.int32], column: NDArray[np.int32], value: Floats
) -> tuple[NDArray[np.int32], NDArray[np.int32], Floats]:
    """The same rows with one entry per column: sums may name a variable twice."""
    row = np.repeat(np.arange(len(start) - 1, dtype=np.int64), np.diff(start))
    if not len(column):
        return start, column, value
    key = row * (int(column.max()) + 1) + column
    order = np.argsort(key, kind="stable")
    sorted_key = key[order]
    first = np.flatnonzero(np.concatenate(([True], sorted_key[1:] != sorted_key[:-1])))
    summed = np.add.reduceat(value[order], first)
    kept = summed != 0.0
    place = order[first][kept]
    counts = np.bincount(row[place], minlength=len(start) - 1)
    return (
        np.concatenate(([0], np.cumsum(counts))).astype(np.int32),
        column[place].astype(np.int32),
        summed[kept],
    )


@dataclass(frozen=True)
class Pool:
    """Sums that are at most 0 in every plan, as rows ``A x <= upper`` (CSR), not yet in a model.

    The first ``searched`` of them help the search for plans too, the others the relaxation alone.
    """

    searched: int
    upper: Floats
    start: NDArray[np.int32]
    column: NDArray[np.int32]
    value: Floats

    def violated(self, x: Floats, most: int) -> NDArray[np.int64]:
        """Rows that ``x`` breaks by more than a trifle, worst first, at most so many."""
        if not len(self.upper):
            return np.empty(0, np.int64)
        ends = np.concatenate(([0.0], np.cumsum(self.value * x[self.column])))
        over = ends[self.start[1:]] - ends[self.start[:-1]] - self.upper
        size = np.maximum.reduceat(np.abs(self.value), self.start[:-1])
        over = over / size
        rows = np.flatnonzero(over > 1e-3)
        return rows[np.argsort(-over[rows], kind="stable")][:most]

    def vector(self, row: int) -> Vector:
        """One row as a vector."""
        part = slice(self.start[row], self.start[row + 1])
        return Vector(self.column[part], self.value[part], 0.0)


def compile_pool(matrix: Matrix, sums: Sequence[Linear], bounding: Sequence[Linear] = ()) -> Pool:
    """Sums as rows, then those that are for the relaxation alone; none without variables."""
    searched = sum(not one.is_constant for one in sums)
    sums = [one for one in (*sums, *bounding) if not one.is_constant]
    start, column, value = array("i", [0]), array("i"), array("d")
    number = matrix.number
    for one in sums:
        column.extend([number[id(v)] for v in one.variables])
        value.extend(one.coefficients)
        start.append(len(column))
    merged = _merged(
        np.array(start, dtype=np.int32),
        np.array(column, dtype=np.int32),
        np.array(value, dtype=np.float64),
    )
    return Pool(searched, np.array([-one.constant for one in sums]), *merged)
