"""A world: one case as a model, as a matrix and live in the solver.

It can become a changed case and be what it was again. What differs decides how
much is done anew:

- windows and states of commitments, goals, the size of the target, and all that
  is money (`MONEY`) are changed in place, in the sums and rows that they touch;
- anything else is refused: such a case needs a world of its own.

Not here: solving (see `optimizer.solving`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from pyomo.common.gc_manager import PauseGC
from pyomo.core import Block, Constraint

from models.case import ASIDE, COMMITMENT_TABLES, TABLES, Case
from optimizer.formulation import goals, money
from optimizer.formulation.build import build
from optimizer.formulation.commitments import Steps, schedule
from optimizer.formulation.linear import Linear
from optimizer.formulation.quantities import Quantities
from optimizer.highs import Columns, Session
from optimizer.matrix import Floats, Matrix, Pool, Vector, compile_model, compile_pool
from optimizer.settings import Settings

#: Columns that mean nothing to the model: what is shown.
SHOWN = frozenset({"title", "note"})
#: What of a commitment says when it may start.
WINDOW = frozenset({"status", "earliest", "latest"})
#: Columns that only money depends on, by table.
MONEY: dict[str, frozenset[str]] = {
    **{
        table: frozenset({"cost", "running_cost_per_year", "category"})
        for table in COMMITMENT_TABLES
    },
    "prices": frozenset({"net_price", "customs_value"}),
    "duties": frozenset({"rate"}),
    "lanes": frozenset({"freight"}),
    "production": frozenset({"variable_cost"}),
    "markets": frozenset({"sales_cost"}),
    "overheads": frozenset({"amount_per_year"}),
    "budgets": frozenset({"amount"}),
    "deal_supply": frozenset({"margin"}),
}
MONEY["entries"] |= {"sales_cost", "partner_share"}
MONEY["vehicles"] |= {"warranty_cost", "freight_factor"}
MONEY["sites"] = frozenset({"fixed_cost_per_year"})
MONEY["deals"] |= {"royalty"}
#: Settings of [finance] that can change in place.
FINANCE = frozenset(
    {
        "opening_cash",
        "cash_floor",
        "discount_rate_per_year",
        "cost_down_per_year",
        "terminal_years",
    }
)
#: Kinds of which a case has few, each with much effect; the others are small.
LARGE = frozenset({"platforms", "vehicles", "deals", "expansions", "projects"})


class World:
    """One case as a model, as a matrix and live in the solver.

    ``case`` is the case that it is now. A ``second`` opinion is asked of a solver with
    another seed and no presolve.
    ``also`` are families that are written onto the block after the case's own.
    """

    def __init__(
        self,
        case: Case,
        settings: Settings,
        *,
        second: bool = False,
        also: Sequence[Callable[[Block], None]] = (),
    ) -> None:
        began = time.monotonic()
        with PauseGC():  # a model is many small objects, none of which is garbage yet
            model = build(case)
            for formulate in also:
                formulate(model.world)
            self.block: Block = model.world
            built = time.monotonic()
            self.matrix: Matrix = compile_model(model)
            self.pool: Pool = compile_pool(self.matrix, self.block.tightening, self.block.bounding)
            self.session = Session(
                self.matrix,
                threads=settings.threads,
                seed=settings.seed + second,
                presolve=not second,
            )
        self._seconds = {"build": built - began, "hand over": time.monotonic() - built}
        self.case = self._built_for = case

    def take_seconds(self) -> dict[str, float]:
        """What building and handing over took since this was asked last."""
        taken, self._seconds = self._seconds, dict.fromkeys(self._seconds, 0.0)
        return taken

    # Reading the model ------------------------------------------------------------

    def vector(self, linear: Linear) -> Vector:
        """A named sum in terms of columns."""
        return self.matrix.vector(linear)

    def columns(self, step: Steps) -> Columns:
        """The columns of a commitment's by-time binaries, period by period."""
        number = self.matrix.number
        return np.array([number[id(variable)] for variable in step.variables], dtype=np.int32)

    def large(self) -> list[Columns]:
        """The columns of each large decision; none where they are not few among all."""
        steps = [step for step in self.block.steps.values() if step.variables]
        large = [step for step in steps if step.row.table in LARGE]
        return [self.columns(step) for step in large] if 2 * len(large) <= len(steps) else []

    def decisions(self, starts: dict[str, int]) -> Iterator[Floats]:
        """Columns for known starts (commitment id to period); the others at their least.

        A required target makes several of them: one for each window that may be the one
        that reaches it, the last first, as volume grows.
        """
        lower = self.session.lower
        x = np.where(self.matrix.integer & np.isfinite(lower), lower, 0.0)
        for name, start in starts.items():
            step = self.block.steps.get(name)
            if step is not None and step.variables and start <= step.latest:
                x[self.columns(step)[max(start - step.earliest, 0) :]] = 1.0
        target = self.case.target
        if target is None or not target.required:
            yield x
            return
        for window in sorted(self.block.windows, reverse=True):
            reached = x.copy()
            reached[self.matrix.number[id(self.block.reached[window])]] = 1.0
            yield reached

    # Becoming another case ----------------------------------------------------------

    def become(self, case: Case) -> bool:
        """Be another case, if that can be done in place; nothing of the last one is left.

        False when it cannot: the world is then the case that it was built for.
        """
        began = time.monotonic()
        self.session.reset()
        self._count(self._built_for)
        changed = _changed_in_place(self._built_for, case)
        if changed is None:
            return False
        steps = schedule(case) if changed & _windows() else {}
        if not _hold(self.block.steps, steps):
            return False
        self._count(case)
        if changed - _windows():
            self._replace_rows()
        if ("target", "volume") in changed:
            self._replace_target()
        self._take_windows(steps)
        self._seconds["build"] += time.monotonic() - began
        return True

    def _count(self, case: Case) -> None:
        """Let the model's numbers be those of a case."""
        if case is self.case:
            return
        block = self.block
        block.quantities = Quantities(case)
        for id, row in case.commitments.items():
            block.steps[id].row = row
        money.count(block, block.quantities)
        self.case = case

    def _replace_rows(self) -> None:
        """Put the rows with the case's numbers in the place of those as built."""
        laws = {law.__name__ for law in _REPLACED}
        replaced = {place: row for row, place in enumerate(self.matrix.rows) if place[0] in laws}
        for row in replaced.values():
            self.session.free(row)
        for place, (low, body, high) in _rows(self.block):
            instead = replaced.get(place)
            linear = Linear()
            for coefficient, variable in zip(body.linear_coefs, body.linear_vars, strict=True):
                linear.term(coefficient, variable)
            self.session.keep(
                self.vector(linear),
                -np.inf if low is None else low,
                np.inf if high is None else high,
                None if instead is None else ("row", instead),
            )

    def _replace_target(self) -> None:
        target = self.case.target
        assert target is not None  # it differs in its volume
        for row, (law, last) in enumerate(self.matrix.rows):
            if law == "window_reaches_target":
                column = self.matrix.number[id(self.block.reached[last])]
                self.session.change(row, column, target.volume * goals.REACHED)

    def _take_windows(self, steps: dict[str, Steps]) -> None:
        """Close the starts that a case's windows leave out."""
        for id, step in steps.items():
            mine = self.block.steps[id]
            if not mine.variables:
                continue
            columns = self.columns(mine)
            if not step.possible:
                self._fix(columns, 0.0)
                continue
            self._fix(columns[: step.earliest - mine.earliest], 0.0)
            last = step.latest - mine.earliest
            if step.row.status == "mandatory":
                self._fix(columns[last:], 1.0)
                continue
            if self.matrix.lower[columns[-1]] > 0:
                self.session.bound(columns[-1:], np.zeros(1), np.ones(1))
            if last + 1 < len(columns):
                # Nothing starts later: what is started at the end was started then.
                late = np.sort(columns[[last, -1]])
                signs = np.where(late == columns[-1], 1.0, -1.0)
                self.session.keep(Vector(late, signs, 0.0), -np.inf, 0.0)

    def _fix(self, columns: Columns, value: float) -> None:
        values = np.full(len(columns), value)
        self.session.bound(columns, values, values)


def can_become(base: Case, case: Case) -> bool:
    """Whether a world built for the one can be the other in place."""
    changed = _changed_in_place(base, case)
    if changed is None:
        return False
    return not changed & _windows() or _hold(schedule(base), schedule(case))


def _changed_in_place(base: Case, case: Case) -> set[tuple[str, str]] | None:
    """What of two cases differs; None where that cannot all be changed in place."""
    changed = differences(base, case)
    return changed if changed is not None and changed <= _in_place() else None


def _hold(built: Mapping[str, Steps], steps: Mapping[str, Steps]) -> bool:
    """Whether a model built for some windows has a column for every start that these allow."""
    for id, step in steps.items():
        mine = built[id]
        if step.start != mine.start:
            return False
        if step.start is not None:
            continue
        if any(one.row.status == "mandatory" and not one.possible for one in (step, mine)):
            return False  # a row of its own says that there is no plan
        if step.possible and not mine.earliest <= step.earliest <= step.latest <= mine.latest:
            return False
    return True


#: Laws whose rows hold money, or the bound of a goal.
_REPLACED = (
    money.cash_never_below_floor,
    money.budget_never_exceeded,
    goals.funding_covers_cash,
    goals.goal_no_worse_than_bound,
)


def _rows(
    block: Block,
) -> Iterator[tuple[tuple[str, Any], tuple[float | None, Any, float | None]]]:
    """The rows of these laws with the numbers of the block as they are now, by law and index."""
    periods, finance = block.quantities.periods, block.quantities.case.finance
    indices: dict[str, list[tuple[Any, ...]]] = {
        "cash_never_below_floor": [(t,) for t in periods] if finance.cash_floor is not None else [],
        "budget_never_exceeded": list(block.budget_use),
        "funding_covers_cash": [(t,) for t in periods] if hasattr(block, "funding") else [],
        "goal_no_worse_than_bound": [(kind,) for kind in goals.bounded(block.quantities.case)],
    }
    for law in _REPLACED:
        for index in indices[law.__name__]:
            row = law(block, *index)
            if row is not Constraint.Skip:
                yield (law.__name__, index if len(index) > 1 else index[0]), row


def _windows() -> set[tuple[str, str]]:
    return {(table, column) for table in COMMITMENT_TABLES for column in WINDOW}


def _in_place() -> set[tuple[str, str]]:
    """Everything that can differ in place, as (table or section, column)."""
    return (
        _windows()
        | {(table, column) for table, columns in MONEY.items() for column in columns}
        | {("finance", setting) for setting in FINANCE}
        | {("target", "volume"), ("goals", "")}
    )


def differences(one: Case, other: Case) -> set[tuple[str, str]] | None:
    """What of two cases differs, as (table or section, column); what is only shown is left out.

    None when a table has other rows, or a setting of the calendar or the
    currency differs. For goals the column is blank.
    """
    found: set[tuple[str, str]] = set()
    if one.horizon != other.horizon or one.money_unit != other.money_unit:
        return None
    if (one.target is None) != (other.target is None):
        return None
    for section in ("finance", "target"):
        a, b = getattr(one, section), getattr(other, section)
        if a is not None and a != b:
            names = type(a).model_fields
            found |= {(section, name) for name in names if getattr(a, name) != getattr(b, name)}
    if one.goals_in_order != other.goals_in_order:
        kinds = [{goal.kind for goal in case.goals_in_order} for case in (one, other)]
        if ("peak_funding" in kinds[0]) != ("peak_funding" in kinds[1]):
            return None  # it has a column of its own
        found.add(("goals", ""))
    for table in TABLES:
        rows, others = one.rows(table), other.rows(table)
        if table in ASIDE or rows == others:
            continue
        if [row.key for row in rows] != [row.key for row in others]:
            return None
        for row, changed in zip(rows, others, strict=True):
            if row != changed:
                found |= {
                    (table, name)
                    for name in type(row).model_fields
                    if name not in SHOWN and getattr(row, name) != getattr(changed, name)
                }
    return found
