"""One limit of a case: a number, and how it is loosened.

Steps are round numbers (1, 2 or 5 times a power of ten) near a part of the limit's size
(`PARTS`); dates, leads and group sizes move by one. A number is loosened in all periods
in which it holds. Not here: which limits a plan has (see `optimizer.studies.limits`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from models import paths
from models.base import Row
from models.case import Case
from models.cells import CellError, kind_of, limits_of, shown
from models.commitment import Commitment
from models.problem import CaseError, Problem

Kind = Literal[
    "cash",
    "resource",
    "budget",
    "date",
    "site",
    "component",
    "network",
    "segment",
    "demand",
    "lead",
    "group",
]
#: Part of a limit's size that its step is near to, by kind.
PARTS: dict[Kind, float] = {
    "cash": 0.01,
    "resource": 0.02,
    "budget": 0.02,
    "site": 0.03,
    "component": 0.03,
    "network": 0.1,
    "segment": 0.1,
    "demand": 0.1,
}
#: What a row's limit is, by its table.
COLUMNS = {
    "resources": "available",
    "budgets": "amount",
    "sites": "capacity_per_year",
    "components": "capacity_per_year",
    "expansions": "capacity_per_year",
    "entries": "throughput_per_year",
    "markets": "max_share",
    "segments": "max_share",
    "launches": "peak_share",
    "exclusive_groups": "at_most",
}
#: Columns of commitments that are loosened by less or sooner.
SOONER = ("lead", "earliest", "effective")
#: Part by which a staircase may pass its end for rounding.
_NEARLY = 1e-9


@dataclass(frozen=True)
class Limit:
    """One limit of a plan.

    ``path`` names the number (``*`` for several, which are scaled), ``step`` how much it
    is loosened by, in ``unit``; a limit on demand is scaled by 1 + step. ``periods`` are
    those in which it binds, ``most_used`` the largest part of it in use in any period
    (None where nothing is measured).
    """

    path: str
    kind: Kind
    unit: str
    step: float
    periods: tuple[str, ...] = ()
    most_used: float | None = None

    @property
    def binds(self) -> bool:
        """It is used up in some period, or a date that something starts on."""
        return bool(self.periods)

    @property
    def pure(self) -> bool:
        """Loosening forbids no plan; what is sooner costs sooner, too."""
        return _column(self.path) not in ("lead", "effective")


def step_of(kind: Kind, size: float, *, least: float = 0.0, whole: bool = False) -> float:
    """The step of a limit of this size; ``least`` is what it takes to make any difference."""
    return nice(max(PARTS[kind] * size, least), whole=whole)


def nice(size: float, *, whole: bool = False) -> float:
    """The nearest of 1, 2, 5, 10, 20, 50, ... (also below 1), as ratios go; 1 for nothing."""
    if size <= 0:
        return 1.0
    power = math.floor(math.log10(size))
    choices = [digit * 10.0**exponent for exponent in (power, power + 1) for digit in (1, 2, 5)]
    best = min(choices, key=lambda choice: abs(math.log(choice / size)))
    best = float(f"{best:.12g}")
    return max(1.0, best) if whole else best


# Loosening ----------------------------------------------------------------------------


def loosened(case: Case, limit: Limit, by: float | None = None) -> Case:
    """The case with a limit looser by so much (by its step, unless given).

    Raises `CaseError` when the number cannot go that far.
    """
    by = limit.step if by is None else by
    return changed(case, limit.path, by, scaled=limit.kind == "demand")


def changed(case: Case, path: str, by: float, *, scaled: bool = False) -> Case:
    """The case with the numbers of a path looser by so much.

    Numbers rise by it (``scaled``: by that part of themselves, shares to 1 at most);
    the cash floor falls by it; leads get shorter and dates earlier by so many periods,
    dates never before the first period.
    """
    if by == 0:
        return case
    tables: dict[str, list[Row]] = {}
    parts: dict[str, object] = {}
    for table, number, column in paths.matching(case, path):
        if number < 0:
            record = parts.get(table, getattr(case, table))
            new = _moved(case, record, table, column, by, scaled)
            parts[table] = paths.with_values(record, {column: new}, table)  # type: ignore[type-var]
        else:
            rows = tables.setdefault(table, list(case.rows(table)))
            row = rows[number]
            new = _moved(case, row, row.path, column, by, scaled)
            rows[number] = paths.with_values(row, {column: new}, row.path)
    if not parts and not tables:
        raise CaseError([paths.unmet(case, path)])
    return case.replace(**parts, **{table: tuple(rows) for table, rows in tables.items()})


def _moved(case: Case, record: object, where: str, column: str, by: float, scaled: bool) -> object:
    """The new value of one cell; blank stays blank."""
    old = getattr(record, column)
    info = type(record).model_fields[column]  # type: ignore[attr-defined]
    kind = kind_of(info)
    sign = -1 if column in SOONER or column == "cash_floor" else 1
    facts = info.json_schema_extra
    dated = isinstance(facts, dict) and facts.get("period")
    try:
        if dated and by != int(by):
            raise CellError(f"a date moved by {by:g} periods", "whole periods")
        if old is None or (dated and not column_moves(column)):
            raise CellError("it is blank" if old is None else "a date", "a number that is stated")
        if dated:
            t = case.horizon.index(old) + sign * int(by)
            return case.horizon.label(max(t, 0) if column == "earliest" else t)
        if kind not in (int, float):
            raise CellError(f"{shown(old)} is no number", "columns that hold a number")
    except CellError as error:
        raise CaseError(
            [Problem(where, column=column, found=error.found, allowed=error.allowed)]
        ) from None
    new = old * (1 + by) if scaled else old + sign * by
    highest = limits_of(info).get("le")
    if scaled and highest is not None:
        new = min(new, highest)
    if kind is int:
        return int(new) if new == int(new) else new
    return float(f"{new:.12g}")


def column_moves(column: str) -> bool:
    """Whether a date of this column can be moved by a staircase."""
    return column in (*SOONER, "latest", "deadline")


def _column(path: str) -> str:
    return path.rpartition(".")[2]


# A limit by name ----------------------------------------------------------------------


def limit_named(case: Case, name: str) -> Limit:
    """A limit by its path, or by the path of its row: ``resources.engineers``.

    Any number of the case will do. Raises `CaseError` for what names none.
    """
    path = name.strip()
    table, _, rest = path.partition(".")
    if not paths.meets(case, path):
        column = _row_column(case, path) if rest and paths.matching_rows(case, path) else ""
        if not column:
            reason = paths.unmet_row if path.count(".") == 1 else paths.unmet
            raise CaseError([reason(case, path)])
        path = f"{path}.{column}"
    column = _column(path)
    kind = _KINDS.get(f"{table}.{column}", "cash" if table == "finance" else "resource")
    unit = _unit(case, path)
    if unit == "share" and "*" in path:
        return Limit(path, "demand", "part", PARTS["demand"])
    if column in SOONER:
        kind = "lead" if column == "lead" else "date"
    return Limit(path, kind, unit, 1.0)


#: Kinds by table and column, for limits that are named and not found.
_KINDS: dict[str, Kind] = {
    "resources.available": "resource",
    "budgets.amount": "budget",
    "sites.capacity_per_year": "site",
    "expansions.capacity_per_year": "site",
    "components.capacity_per_year": "component",
    "entries.throughput_per_year": "network",
    "markets.max_share": "segment",
    "segments.max_share": "segment",
    "launches.peak_share": "demand",
    "exclusive_groups.at_most": "group",
}


def _row_column(case: Case, path: str) -> str:
    """The column that limits, of the row that a path names."""
    table, number = paths.matching_rows(case, path)[0]
    row = case.rows(table)[number]
    column = COLUMNS.get(table, "")
    if isinstance(row, Commitment) and not column:
        column = "effective" if row.effective else "earliest" if row.earliest else "lead"
    return column


def _unit(case: Case, path: str) -> str:
    table, number, column = paths.matching(case, path)[0]
    record = getattr(case, table) if number < 0 else case.rows(table)[number]
    info = type(record).model_fields[column]
    facts = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    if facts.get("period"):
        return "periods"
    unit = str(facts.get("unit") or "")
    return {"cars/year": "cars a year", "components/year": "components a year"}.get(unit, unit)


def steps_of(first: float, last: float, step: float) -> tuple[float, ...]:
    """The steps of a staircase: from first to last, both included where they fit.

    Raises `CaseError` for a range that is none, or of more than 200 steps.
    """
    good = all(map(math.isfinite, (first, last, step))) and step > 0 and 0 <= first <= last
    count = int((last - first) / step + _NEARLY) + 1 if good else 0
    if not 0 < count <= 200:
        found = f"{first:g}:{last:g}:{step:g}" + (f" is {count} steps" if good else "")
        allowed = "FIRST:LAST:STEP with 0 <= FIRST <= LAST, STEP above 0, and at most 200 steps"
        raise CaseError([Problem("range", found=found, allowed=allowed)])
    return tuple(float(f"{first + number * step:.12g}") for number in range(count))
