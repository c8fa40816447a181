"""Checks of what a plan states: every row and figure against the recomputation.

Rows are told apart by their key columns; their order is not judged. Not here:
how the true figures come about (see `optimizer.auditing.recomputation`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from models.outcome import GoalResult
from models.plan import PlanRecord, Totals
from optimizer.auditing.course import Course
from optimizer.auditing.limits import goal_value
from optimizer.auditing.violation import (
    FIGURE_ABSOLUTE,
    TURNOVER_RELATIVE,
    Violation,
    differs,
    money_name,
)

#: Key columns of each table of a plan; every other column is a figure.
_KEYS: dict[str, tuple[str, ...]] = {
    "decisions": ("commitment",),
    "sales": ("market", "entry", "vehicle", "period"),
    "flows": ("site", "vehicle", "market", "period"),
    "volumes": ("period",),
    "limits": ("kind", "name", "period"),
    "cash_items": ("period", "item"),
    "cash": ("period",),
    "deals": ("deal", "period"),
    "windows": ("last",),
}
#: Figures that are sums in which large amounts may cancel, see `_turnover_rounding`.
_BALANCES = ("cash", "npv", "terminal_value", "peak_funding", "least_cash")
#: Goals that minimise; all others maximise.
_LEAST = ("spending", "peak_funding")


def wrong_figures(plan: PlanRecord, truth: PlanRecord) -> Iterator[Violation]:
    """Every row and figure of a plan that is missing, doubled, unknown or wrong."""
    for name in ("case", "periods", "currency", "money_unit"):
        yield from _compared(name, "", getattr(plan, name), getattr(truth, name))
    rounding = _turnover_rounding(truth)
    for table in _KEYS:
        yield from _table(table, getattr(plan, table), getattr(truth, table), rounding)
    for name in Totals.model_fields:
        stated, true = getattr(plan.totals, name), getattr(truth.totals, name)
        yield from _compared(
            f"totals, {name}", "", stated, true, rounding if name in _BALANCES else 0.0
        )


def _turnover_rounding(truth: PlanRecord) -> float:
    """What rounding makes of a balance, however near to 0 it comes out."""
    return TURNOVER_RELATIVE * sum(abs(row.amount) for row in truth.cash_items)


def _grouped(table: str, rows: Sequence[Any]) -> dict[tuple[str, ...], list[Any]]:
    """Rows by key; those of one key (two ceilings of a budget) smallest limit first."""
    groups: dict[tuple[str, ...], list[Any]] = defaultdict(list)
    for row in rows:
        groups[tuple(getattr(row, name) for name in _KEYS[table])].append(row)
    if table == "limits":
        for group in groups.values():
            group.sort(key=lambda row: (row.available, row.used))
    return groups


def _table(
    table: str, stated: Sequence[Any], true: Sequence[Any], rounding: float
) -> Iterator[Violation]:
    found, wanted = _grouped(table, stated), _grouped(table, true)
    for key in dict.fromkeys([*wanted, *found]):
        ours, theirs = wanted.get(key, []), found.get(key, [])
        where = f"{table} {'.'.join(key)}"
        period = str(getattr((ours or theirs)[0], "period", ""))
        if table == "cash_items" and len(ours) + len(theirs) == 1:
            # An item without a row is 0; whether noise has a row is no matter.
            amount = (ours or theirs)[0].amount
            if abs(amount) <= FIGURE_ABSOLUTE:
                continue
        if table in ("sales", "flows"):
            # The recomputation rests on these rows, so only doubles can be wrong.
            if len(theirs) > 1:
                yield _rows("repeated row", where, period, len(theirs), 1)
            continue
        if len(theirs) != len(ours):
            rule = "missing row" if len(theirs) < len(ours) else "repeated row"
            yield _rows(rule if ours else "unknown row", where, period, len(theirs), len(ours))
        for row, right in zip(theirs, ours, strict=False):
            for name in type(right).model_fields:
                pair = getattr(row, name), getattr(right, name)
                allowed = rounding if name in _BALANCES else 0.0
                yield from _compared(f"{where}, {name}", period, *pair, allowed)


def _rows(rule: str, where: str, period: str, found: int, allowed: int) -> Violation:
    return Violation(rule, where, period, found, allowed, float(abs(found - allowed)), "rows")


def _compared(
    where: str,
    period: str,
    stated: Any,
    true: Any,
    rounding: float = 0.0,
    rule: str = "stated figure",
    unit: str = "",
) -> Iterator[Violation]:
    """The violation, if any, of one stated value."""
    if isinstance(true, float) and isinstance(stated, int | float):
        if differs(stated, true, rounding):
            yield Violation(rule, where, period, stated, true, abs(stated - true), unit)
    elif stated != true:
        yield Violation(rule, where, period, _words(stated), _words(true), 1.0, "values")


def _words(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "blank" if value in (None, "") else str(value)


def wrong_goals(
    course: Course, truth: PlanRecord, goals: Sequence[GoalResult]
) -> Iterator[Violation]:
    """Every goal whose stated value is not what the plan reaches."""
    rounding = _turnover_rounding(truth)
    seen: set[str] = set()
    for goal in goals:
        where = f"goals {goal.kind}"
        if goal.kind in seen:
            yield _rows("repeated row", where, "", 2, 1)
        seen.add(goal.kind)
        sense = "min" if goal.kind in _LEAST else "max"
        if goal.kind != "target_date":
            yield from _compared(f"{where}, sense", "", goal.sense, sense, rule="goal value")
        for name, true in _reached(course, truth, goal).items():
            unit = "" if name == "period" else _unit(course, goal)
            stated = getattr(goal, name)
            allowed = rounding if goal.kind in _BALANCES else 0.0
            yield from _compared(f"{where}, {name}", "", stated, true, allowed, "goal value", unit)


def _unit(course: Course, goal: GoalResult) -> str:
    in_money = goal.kind in ("npv", "spending", "peak_funding")
    return money_name(course.case) if in_money else "cars"


def _reached(course: Course, truth: PlanRecord, goal: GoalResult) -> dict[str, Any]:
    """What the columns of a goal's result must hold."""
    if goal.kind == "target_date":
        return _target_date(truth)
    if goal.kind == "volume_at":
        asked = next((row for row in course.case.goals if row.kind == "volume_at"), None)
        if asked is None:
            return {"kind": "a goal of the case"}  # no period: nothing to compare with
        return {"value": goal_value(course, truth, asked)}
    return {"value": getattr(truth.totals, goal.kind)}


def _target_date(truth: PlanRecord) -> dict[str, Any]:
    if not truth.windows:
        return {"kind": "a goal of a case with a target"}
    reached = next((window for window in truth.windows if window.reached), None)
    if reached is not None:
        return {"value": reached.volume, "period": reached.last, "shortfall": None}
    best = max(truth.windows, key=lambda window: window.volume)
    return {"value": best.volume, "period": None, "shortfall": best.target - best.volume}
