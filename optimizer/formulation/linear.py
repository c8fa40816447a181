"""Sums of a number and coefficients times variables, as all laws are made of.

Pyomo can build such sums term by term; collecting them first is several times
quicker and lets reports evaluate the same named sums that the laws used.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pyomo.core import Constraint, Var
from pyomo.core.expr import LinearExpression

#: Terms smaller than this are slips of floating point and are left out.
NEGLIGIBLE = 1e-12
#: How far a comparison of two known numbers may be off, as a part of them.
SLIP = 1e-9


class Linear:
    """``constant + sum(coefficients * variables)``."""

    __slots__ = ("coefficients", "constant", "variables")

    def __init__(self, constant: float = 0.0) -> None:
        self.constant = constant
        self.coefficients: list[float] = []
        self.variables: list[Any] = []

    def term(self, coefficient: float, variable: Var) -> Linear:
        """Add one term."""
        if abs(coefficient) > NEGLIGIBLE:
            self.coefficients.append(coefficient)
            self.variables.append(variable)
        return self

    def add(self, other: Linear, factor: float = 1.0) -> Linear:
        """Add ``factor`` times another sum."""
        if factor:
            self.constant += factor * other.constant
            self.coefficients.extend(factor * c for c in other.coefficients)
            self.variables.extend(other.variables)
        return self

    def plus(self, constant: float) -> Linear:
        """Add a number."""
        self.constant += constant
        return self

    @property
    def is_constant(self) -> bool:
        """No variable is in it."""
        return not self.variables

    def expression(self) -> Any:
        """The sum as a Pyomo expression."""
        return LinearExpression(
            constant=self.constant, linear_coefs=self.coefficients, linear_vars=self.variables
        )

    def value(self) -> float:
        """The sum at the variables' values."""
        pairs = zip(self.coefficients, self.variables, strict=True)
        return self.constant + float(sum(c * v.value for c, v in pairs))


def total(parts: Iterable[Linear]) -> Linear:
    """The sum of several sums."""
    result = Linear()
    for part in parts:
        result.add(part)
    return result


def at_most(used: Linear, available: Linear) -> Any:
    """``used <= available`` as a Pyomo constraint: all variables left, the number right.

    One without variables is left out when it holds; when it is broken it stays,
    so that the model says that no plan exists.
    """
    body = Linear().add(used).add(available, -1.0)
    if body.is_constant and body.constant <= SLIP * max(1.0, abs(used.constant)):
        return Constraint.Skip
    return (None, _without_constant(body), -body.constant)


def _without_constant(body: Linear) -> Any:
    return LinearExpression(
        constant=0.0, linear_coefs=body.coefficients, linear_vars=body.variables
    )
