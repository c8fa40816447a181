"""Levers moved: the case that comes of it, and which levers can never hurt.

Moving a lever is a change like one of a scenario. Where every plan of a case is still a
plan afterwards, with no less volume, more of the lever can only help: for the columns of
`ROOM` that is so by what they mean, and is taken for granted nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from models import paths
from models.case import COMMITMENT_TABLES, Case
from models.lever import Lever
from models.problem import CaseError, Problem
from models.scenario import run, said

Way = Literal["up", "down"]
#: Columns that give plans more room when they go up, or down. A cell beside which a plan
#: must hold stays as large or grows: the plan itself need not change.
ROOM: dict[Way, frozenset[str]] = {
    "up": frozenset(
        {
            "finance.opening_cash",
            "budgets.amount",
            "resources.available",
            "sites.capacity_per_year",
            "components.capacity_per_year",
            "expansions.capacity_per_year",
            "entries.throughput_per_year",
            "launches.peak_share",
            "markets.max_share",
            "segments.max_share",
            "registrations.units_per_year",
            "deal_payments.amount",
            "deals.counted_share",
            "deals.royalty",
            "deal_supply.margin",
            "exclusive_groups.at_most",
            *(f"{table}.latest" for table in COMMITMENT_TABLES),
        }
    ),
    "down": frozenset(
        {
            "finance.cash_floor",
            "production.variable_cost",
            "production.capacity_per_car",
            "lanes.freight",
            "duties.rate",
            "markets.sales_cost",
            "entries.sales_cost",
            "entries.partner_share",
            "vehicles.warranty_cost",
            "vehicles.freight_factor",
            "sites.fixed_cost_per_year",
            "overheads.amount_per_year",
            "component_use.per_car",
            "resource_use.preparing",
            "resource_use.running",
            "diversions.share",
            "precedences.lag",
            *(f"{table}.cost" for table in COMMITMENT_TABLES),
            *(f"{table}.running_cost_per_year" for table in COMMITMENT_TABLES),
            *(f"{table}.earliest" for table in COMMITMENT_TABLES),
        }
    ),
}


def moved(case: Case, steps: Mapping[str, int]) -> Case:
    """The case with so many steps of each lever, by its id.

    Raises `CaseError` for a lever that the case has not, for more steps than it has, and
    where a cell does not take the value.
    """
    levers = {row.lever: row for row in case.levers}
    problems = []
    for name, count in steps.items():
        lever = levers.get(name)
        if lever is None:
            cure = paths.nearest(name, levers)
            found, allowed = f"the case has no lever {name!r}", ", ".join(levers)
            problems.append(Problem("levers", found=found, allowed=allowed, cure=cure))
        elif not 0 <= count <= lever.steps:
            problems.append(Problem(lever.path, 0, "", f"{count} steps", f"0 to {lever.steps}"))
    if problems:
        raise CaseError(problems)
    chosen = [(row, steps[row.lever]) for row in case.levers if steps.get(row.lever)]
    made = run(case, [row.change(count) for row, count in chosen])
    if made.faults:
        raise CaseError(
            [
                replace(
                    fault,
                    where=chosen[number][0].path if number is not None else fault.where,
                    column=f"{chosen[number][1]} steps" if number is not None else fault.column,
                    found=said(fault) if number is not None else fault.found,
                )
                for number, fault in made.faults
            ]
        )
    return made.case


def problems_of(case: Case) -> list[Problem]:
    """What is wrong with the levers of a case: those that it does not take at their most."""
    problems: list[Problem] = []
    for row in case.levers:
        try:
            moved(case, {row.lever: row.steps})
        except CaseError as error:
            problems += error.problems
    if not problems and case.levers:
        try:
            moved(case, {row.lever: row.steps for row in case.levers})
        except CaseError as error:
            problems += error.problems
    return problems


def can_only_help(case: Case, lever: Lever) -> bool:
    """Whether more of a lever leaves every plan a plan with no less volume, for certain."""
    if lever.operation == "scale" and lever.amount(lever.steps) < -1.0:
        return False  # what changes its sign may go the wrong way
    way: Way = "up" if lever.step > 0 else "down"
    cells = [cell for path in lever.moves for cell in paths.matching(case, path)]
    # A * for the column meets cells that the operation passes over: not told apart here.
    return bool(cells) and all(
        f"{cell[0]}.{cell[2]}" in ROOM[way]
        and not (lever.operation == "scale" and _negative(case, cell))
        for cell in cells
    )


def _negative(case: Case, cell: tuple[str, int, str]) -> bool:
    """Whether a cell is below 0, so that growing makes it smaller."""
    table, number, column = cell
    record = getattr(case, table) if number < 0 else case.rows(table)[number]
    value = getattr(record, column)
    return isinstance(value, (int, float)) and value < 0
