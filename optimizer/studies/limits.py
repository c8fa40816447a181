"""The limits of a plan, each with the step by which it is loosened to see what it costs.

A limit is a number of the case (`Limit.path`): cash, people, a budget, a capacity, a
network's throughput, a share, a demand peak, a date. Limits that bind in several periods
are one limit here. People, budgets and cash are taken in lumps, so they can stand in the
way without ever being used up; they are always among the limits, all others only where
they bind. A limit of the whole horizon is loosened in all periods.

Steps are round numbers (1, 2 or 5 times a power of ten) near a part of the limit's size,
see `PARTS`; dates, leads and group sizes move by one. Not here: the re-solves (see
`optimizer.studies.explain`).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from models import paths
from models.base import Row
from models.case import Case
from models.cells import CellError, kind_of, limits_of, shown
from models.commitment import Commitment
from models.plan import LimitUse, PlanRecord
from models.problem import CaseError, Problem
from optimizer.outcome import Outcome

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
#: Kinds whose limits are asked for even where they are never used up.
IN_LUMPS: tuple[Kind, ...] = ("cash", "resource", "budget")
#: A limit binds when this part of it is used: closer than a reader would tell.
BINDING = 1 - 1e-4
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
#: Tables whose leads are worth a question: each decision has much effect.
_LEADS = ("platforms", "vehicles", "deals", "expansions")
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


# Which limits a plan has ------------------------------------------------------------


def limits_of_plan(
    outcome: Outcome, only: Iterable[str] = (), steps: Mapping[str, float] | None = None
) -> tuple[Limit, ...]:
    """The limits of an outcome's plan, those that a planner meets first in front.

    ``only`` keeps limits whose path or kind begins with one of these words; ``steps``
    gives steps in the same way (``resources.engineers`` to 50). Raises `CaseError` for
    words that name none of the limits, and for steps that are no size.
    """
    if outcome.plan is None:
        return ()
    case, record = outcome.case, outcome.plan.record
    found: dict[str, Limit] = {}
    for limit in _all(case, record):
        known = found.get(limit.path)
        if known is None:
            found[limit.path] = limit
        else:  # two segments of a market under one share
            both = [label for label in record.periods if label in {*known.periods, *limit.periods}]
            found[limit.path] = replace(known, periods=tuple(both))
    chosen = list(found.values())
    only, steps = tuple(only), dict(steps or {})
    _check_words(chosen, only, steps)
    if only:
        chosen = [limit for limit in chosen if any(_named(limit, word) for word in only)]
    sized = []
    for limit in chosen:
        given = [size for word, size in steps.items() if _named(limit, word)]
        sized.append(replace(limit, step=given[-1]) if given else limit)
    return tuple(sized)


def _named(limit: Limit, word: str) -> bool:
    return word == limit.kind or limit.path == word or limit.path.startswith(word + ".")


def _check_words(limits: list[Limit], only: tuple[str, ...], steps: dict[str, float]) -> None:
    problems = []
    for where, words in (("limits", only), ("step", steps)):
        for word in words:
            if not any(_named(limit, word) for limit in limits):
                known = [limit.path for limit in limits]
                allowed = ", ".join(dict.fromkeys(limit.kind for limit in limits)) or "none"
                found = f"{shown(word)} names no limit of this plan"
                hint = paths.nearest(word, known)
                problems.append(Problem(where, found=found, allowed=allowed, cure=hint))
    for word, size in steps.items():
        if not (math.isfinite(size) and size > 0):
            problems.append(Problem("step", found=f"{word}={size:g}", allowed="a size above 0"))
    if problems:
        raise CaseError(problems)


def _all(case: Case, record: PlanRecord) -> Iterator[Limit]:
    uses: dict[tuple[str, str], list[LimitUse]] = defaultdict(list)
    for row in record.limits:
        uses[row.kind, row.name].append(row)
    yield from _cash(case, record)
    yield from _resources(case, uses)
    yield from _budgets(case, uses)
    yield from _dates(case, record)
    yield from _capacities(case, record, uses)
    yield from _networks(case, uses)
    yield from _shares(case, uses)
    yield from _demand(case, uses)
    yield from _leads(case, record)
    yield from _groups(case, record)


def _binding(rows: Iterable[LimitUse]) -> tuple[str, ...]:
    return tuple(r.period for r in rows if r.available > 0 and r.used >= BINDING * r.available)


def _most_used(rows: Iterable[LimitUse]) -> float | None:
    return max((row.used / row.available for row in rows if row.available > 0), default=None)


def _step(kind: Kind, size: float, *, whole: bool = False) -> float:
    return nice(PARTS[kind] * size, whole=whole)


def nice(size: float, *, whole: bool = False) -> float:
    """The nearest of 1, 2, 5, 10, 20, 50, ... (also below 1), as ratios go; 1 for nothing."""
    if size <= 0:
        return 1.0
    power = math.floor(math.log10(size))
    choices = [digit * 10.0**exponent for exponent in (power, power + 1) for digit in (1, 2, 5)]
    best = min(choices, key=lambda choice: abs(math.log(choice / size)))
    best = float(f"{best:.12g}")
    return max(1.0, best) if whole else best


def _cash(case: Case, record: PlanRecord) -> Iterator[Limit]:
    finance = case.finance
    if finance.cash_floor is None:
        return
    size = max(abs(finance.opening_cash), abs(finance.cash_floor))
    size = size or max((abs(row.cash) for row in record.cash), default=0.0)
    slack = (1 - BINDING) * max(1.0, abs(finance.cash_floor), *(abs(r.cash) for r in record.cash))
    low = tuple(row.period for row in record.cash if row.cash <= finance.cash_floor + slack)
    step = _step("cash", size)
    yield Limit("finance.opening_cash", "cash", "money", step, low)
    yield Limit("finance.cash_floor", "cash", "money", step, low)


def _resources(case: Case, uses: Mapping[tuple[str, str], list[LimitUse]]) -> Iterator[Limit]:
    for name in dict.fromkeys(row.resource for row in case.resources):
        rows = uses["resource", name]
        sizes = [row.available for row in case.resources if row.resource == name]
        whole = all(size == int(size) for size in sizes) and max(sizes) >= 1
        whole &= all(
            row.preparing == int(row.preparing) and row.running == int(row.running)
            for row in case.resource_use
            if row.resource == name
        )
        step = _step("resource", max(sizes), whole=whole)
        path = f"resources.{name}.available"
        yield Limit(path, "resource", "units", step, _binding(rows), _most_used(rows))


def _budgets(case: Case, uses: Mapping[tuple[str, str], list[LimitUse]]) -> Iterator[Limit]:
    for budget in case.budgets:
        spans = {budget.when} if budget.when else set()
        rows = [
            row
            for row in uses["budget", budget.category]
            if row.available == budget.amount
            and (not spans or row.period in spans)
            and (row.period == "total") == (budget.scope == "total")
            and (
                budget.scope == "total"
                or (row.period in case.horizon.labels) == _periodic(case, budget.scope)
            )
        ]
        step = _step("budget", budget.amount)
        path = f"{budget.path}.amount"
        yield Limit(path, "budget", "money", step, _binding(rows), _most_used(rows))


def _periodic(case: Case, scope: str) -> bool:
    """Whether a budget's spans are labels of periods (years of a yearly calendar are both)."""
    return scope == "period" or case.horizon.step == "year"


def _dates(case: Case, record: PlanRecord) -> Iterator[Limit]:
    """Windows that a decision starts at the front of; what is in place but not yet effective."""
    first = case.horizon.first
    for decision in record.decisions:
        row = case.commitments[decision.commitment]
        if row.earliest and row.earliest == decision.start and row.earliest != first:
            yield Limit(f"{row.id}.earliest", "date", "periods", 1.0, (row.earliest,))
        elif row.effective and case.horizon.index(row.effective) > 0:
            yield Limit(f"{row.id}.effective", "date", "periods", 1.0, (row.effective,))


def _leads(case: Case, record: PlanRecord) -> Iterator[Limit]:
    for decision in record.decisions:
        row = case.commitments[decision.commitment]
        if not decision.in_place and row.table in _LEADS and row.lead and decision.start:
            yield Limit(f"{row.id}.lead", "lead", "periods", 1.0, (decision.start,))


def _capacities(
    case: Case, record: PlanRecord, uses: Mapping[tuple[str, str], list[LimitUse]]
) -> Iterator[Limit]:
    """Sites and components that are full; one that stands on expansions, by its first."""
    taken = {row.commitment for row in record.decisions}
    stands: list[tuple[Kind, str, str, float]] = [
        ("site", row.site, row.path, row.capacity_per_year) for row in case.sites
    ]
    stands += [
        ("component", row.component, row.path, row.capacity_per_year) for row in case.components
    ]
    for kind, name, path, capacity in stands:
        rows = uses[kind, name]
        periods = _binding(rows)
        if not periods:
            continue
        if capacity <= 0:
            grown = [
                row for row in case.expansions if getattr(row, kind) == name and row.id in taken
            ]
            if not grown:
                continue
            path = grown[0].path
        size = max(row.available for row in rows) * case.horizon.per_year
        unit = "cars a year" if kind == "site" else "components a year"
        yield Limit(
            f"{path}.capacity_per_year", kind, unit, _step(kind, size), periods, _most_used(rows)
        )


def _networks(case: Case, uses: Mapping[tuple[str, str], list[LimitUse]]) -> Iterator[Limit]:
    found = []
    for row in case.entries:
        rows = uses["network", f"{row.market}.{row.mode}"]
        if row.throughput_per_year and (periods := _binding(rows)):
            step = _step("network", row.throughput_per_year)
            path = f"{row.path}.throughput_per_year"
            limit = Limit(path, "network", "cars a year", step, periods, _most_used(rows))
            found.append((sum(use.used for use in rows), limit))
    yield from (limit for _, limit in sorted(found, key=lambda pair: -pair[0]))


def _shares(case: Case, uses: Mapping[tuple[str, str], list[LimitUse]]) -> Iterator[Limit]:
    own: dict[str, Row] = {f"{row.market}.{row.segment}": row for row in case.segments}
    market = {row.market: row for row in case.markets}
    for (kind, name), rows in uses.items():
        periods = _binding(rows) if kind == "segment" else ()
        row = own.get(name) or market.get(name.split(".")[0])
        share = float(getattr(row, "max_share", 1.0))
        if periods and row is not None and 0 < share < 1:
            step = min(_step("segment", share), 1 - share)
            path = f"{row.path}.max_share"
            yield Limit(path, "segment", "share", step, periods, _most_used(rows))


def _demand(case: Case, uses: Mapping[tuple[str, str], list[LimitUse]]) -> Iterator[Limit]:
    """Demand of a vehicle in all its markets together, where some of them take every car."""
    periods: dict[str, set[str]] = defaultdict(set)
    sold: dict[str, float] = defaultdict(float)
    for (kind, name), rows in uses.items():
        if kind == "demand":
            vehicle = name.split(".")[0]
            periods[vehicle] |= set(_binding(rows))
            sold[vehicle] += sum(row.used for row in rows)
    for vehicle in sorted(sold, key=lambda name: -sold[name]):
        when = tuple(label for label in case.horizon.labels if label in periods[vehicle])
        if when:
            path = f"launches.{vehicle}.*.peak_share"
            yield Limit(path, "demand", "part", PARTS["demand"], when)


def _groups(case: Case, record: PlanRecord) -> Iterator[Limit]:
    """Groups that have their number while a member is left out."""
    taken = {row.commitment for row in record.decisions}
    for group in case.exclusive_groups:
        members = [r for r in case.commitments.values() if group.group in r.exclusive_group]
        started = sum(row.id in taken for row in members)
        left = any(row.id not in taken and row.status == "optional" for row in members)
        if left and started >= group.at_most:
            path = f"{group.path}.at_most"
            yield Limit(path, "group", "commitments", 1.0, ("total",))


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
            raise CaseError([paths.unmet(case, path)])
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
