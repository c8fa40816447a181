"""A comparison as tables: the rows of its frames, CSV files and JSON, from one place.

Money is in the unit that the column ``unit`` names, periods have their labels, and target
dates are running numbers of periods with the label beside them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from models.case import Case
from optimizer.reporting.text import limit_name, money_unit, title_of
from optimizer.studies.kpis import Kpi

if TYPE_CHECKING:
    from optimizer.studies.compare import Comparison

Row = dict[str, Any]

#: Every table of a comparison with its columns and what they hold.
TABLES: dict[str, dict[str, str]] = {
    "kpis": {
        "scenario": "scenario or run beside the base case",
        "figure": "name of the key figure",
        "title": "its name for people",
        "unit": "cars, share, number, period (running number), or the unit of money",
        "better": "more, less, or neither",
        "base": "value in the base case",
        "value": "value in the scenario",
        "difference": "value less base",
        "mark": "same, proven, given, noise, unproven or plan: what is known of it",
        "least": "proven least of the difference in what can be reached",
        "most": "proven most of it",
        "base_period": "when, of target dates and lowest cash; blank: not reached",
        "period": "the same in the scenario",
    },
    "decisions": {
        "scenario": "scenario or run beside the base case",
        "change": "added, dropped, moved, mode or size",
        "commitment": "decision of the base plan; blank when added",
        "title": "its name for people",
        "start": "when the base plan starts it",
        "other": "decision of the scenario's plan; blank when dropped",
        "other_title": "its name for people",
        "other_start": "when the scenario's plan starts it",
        "periods": "periods later, below 0 sooner",
    },
    "sales": {
        "scenario": "scenario or run beside the base case",
        "market": "market",
        "vehicle": "car",
        "base": "own cars over the horizon in the base plan",
        "value": "own cars in the scenario's plan",
        "difference": "value less base",
    },
    "limits": {
        "scenario": "scenario or run beside the base case",
        "kind": "kind of the limit",
        "limit": "its key",
        "title": "its name for people",
        "started": "periods in which it binds and did not, joined by |",
        "stopped": "periods in which it bound and does not, joined by |",
        "bound": "it binds somewhere in the base plan",
        "binds": "it binds somewhere in the scenario's plan",
    },
    "causes": {
        "scenario": "scenario beside the base case",
        "part": "what the difference is put down to",
        "figure": "name of the key figure",
        "title": "its name for people",
        "unit": "as in kpis",
        "share": "what the part contributes; all parts sum to the difference",
        "mark": "as in kpis",
        "least": "proven least of the share",
        "most": "proven most of the share",
        "alone": "what the part does by itself",
        "last": "what it adds when all other parts are there",
        "error": "standard error, where orders were drawn at random",
    },
}


def rows_of(comparison: Comparison, table: str) -> list[Row]:
    """The rows of a table of `TABLES`, with its columns in their order."""
    return list(_MAKERS[table](comparison))


def _row(table: str, *values: Any) -> Row:
    return dict(zip(TABLES[table], values, strict=True))


def unit_of(case: Case, figure: Kpi) -> str:
    """A figure's unit in words."""
    return money_unit(case) if figure.unit == "money" else figure.unit


def _kpis(comparison: Comparison) -> Iterator[Row]:
    case = comparison.base.case
    for side in comparison.sides:
        for change in side.figures:
            figure, finding = change.figure, change.finding
            before, after = change.before, change.after
            yield _row(
                "kpis",
                side.name,
                figure.name,
                figure.title,
                unit_of(case, figure),
                figure.sense,
                before and before.value,
                after and after.value,
                finding.value,
                finding.mark,
                finding.least,
                finding.most,
                before.period if before else "",
                after.period if after else "",
            )


def _decisions(comparison: Comparison) -> Iterator[Row]:
    for side in comparison.sides:
        for change in side.decisions:
            yield _row(
                "decisions",
                side.name,
                change.kind,
                change.commitment,
                title_of(comparison.base.case, change.commitment) if change.commitment else "",
                change.start,
                change.other,
                title_of(side.outcome.case, change.other) if change.other else "",
                change.other_start,
                change.periods,
            )


def _sales(comparison: Comparison) -> Iterator[Row]:
    for side in comparison.sides:
        for change in side.sales:
            cells = (change.market, change.vehicle, change.base, change.other, change.difference)
            yield _row("sales", side.name, *cells)


def _limits(comparison: Comparison) -> Iterator[Row]:
    for side in comparison.sides:
        for change in side.limits:
            yield _row(
                "limits",
                side.name,
                change.kind,
                change.name,
                limit_title(side.outcome.case, change.kind, change.name),
                "|".join(change.started),
                "|".join(change.stopped),
                change.before,
                change.after,
            )


def limit_title(case: Case, kind: str, name: str) -> str:
    """A limit's name for people, of any kind that binds."""
    if kind == "cash":
        return "cash floor"
    if kind == "demand":
        vehicle, market = name.split(".", 1)
        return title_of(case, f"launches.{vehicle}.{market}")
    return limit_name(case, kind, name)


def _causes(comparison: Comparison) -> Iterator[Row]:
    case = comparison.base.case
    for side in comparison.sides:
        for share in side.cause.shares if side.cause else ():
            yield _row(
                "causes",
                side.name,
                share.part.title,
                share.figure.name,
                share.figure.title,
                unit_of(case, share.figure),
                share.finding.value,
                share.finding.mark,
                share.finding.least,
                share.finding.most,
                share.alone,
                share.last,
                share.error,
            )


_MAKERS: dict[str, Callable[[Comparison], Iterator[Row]]] = {
    "kpis": _kpis,
    "decisions": _decisions,
    "sales": _sales,
    "limits": _limits,
    "causes": _causes,
}
