"""Levers: what of a case somebody could still move, how far, and what that weighs.

A lever moves the cells that its paths name, step by step. Nothing that a plan is depends
on it: levers are read only where it is asked what it would take to reach more.
Not here: the case with levers moved (see `models.levers`).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from models.base import MOST_MONEY, Name, Names, Period, Row, column
from models.change import Change


class Lever(Row):
    """Something that could be moved to reach more: what, by how much a step, at what weight."""

    table = "levers"
    keys = ("lever",)

    lever: Name = column("id of the lever")
    title: str = column("name to show", default="")
    moves: Names = column("paths of the cells that it moves, such as finance.opening_cash, or a|b")
    operation: Literal["add", "scale", "shift"] = column(
        "add: step is added; scale: cells grow by step as a part of themselves; shift: dates "
        "move by step periods"
    )
    step: float = column(
        "one step: an amount, a part (0.1 is ten per cent), or periods (below 0: earlier)",
        unit="as its column",
        ge=-MOST_MONEY,
        le=MOST_MONEY,
    )
    steps: int = column("most steps that are possible", unit="1", ge=1, le=1000)
    weight: float = column(
        "what a step weighs against steps of other levers: its cost, effort or risk",
        unit="1",
        default=1.0,
        gt=0,
        le=1e9,
    )
    from_period: Period | None = column(
        "only in dated tables: first period in which it acts; blank: from the start",
        default=None,
        period="any",
    )
    unit: str = column("unit of a step, in words", default="")
    reason: str = column("why it can be moved so far, and where the weight is from", default="")

    def amount(self, steps: int) -> float:
        """What so many steps come to: an amount, a part, or periods."""
        return float(Decimal(str(self.step)) * steps)

    def change(self, steps: int) -> Change:
        """So many steps as a change to the case (0 steps are none: do not ask)."""
        by = Decimal(str(self.step)) * steps
        if self.operation == "scale":
            return Change(scale=self.moves, by=float(1 + by), from_=self.from_period)
        if self.operation == "shift":
            return Change(shift=self.moves, by=float(by))
        return Change(add=self.moves, by=float(by), from_=self.from_period)

    @property
    def name(self) -> str:
        """Its title, or its id."""
        return self.title or self.lever
