"""The rules of a case, one by one, and the case without some of them.

A rule is what the case lays down and could leave out: a state, a window, a limit, a
condition. Leaving one out is an edit of the case and never takes a plan away. What the
world is like (demand, prices, leads, costs, what is in place) is no rule.

Not here: which rules contradict each other (see `optimizer.studies.conflict`), and their
words (see `optimizer.reporting.conflicts`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from models.base import MOST_CARS, Row
from models.case import ASIDE, COMMITMENT_TABLES, Case, make_case

RuleKind = Literal[
    "mandatory",
    "forbidden",
    "earliest",
    "latest",
    "precedence",
    "group",
    "exclusivity",
    "resource",
    "budget",
    "cash_floor",
    "target",
    "goal_bound",
    "site",
    "component",
    "network",
    "ceiling",
]
#: The parts of a case while rules are taken out of it.
Parts = dict[str, Any]


@dataclass(frozen=True)
class Rule:
    """One rule: its kind, and what it is about, as a path of the case."""

    kind: RuleKind
    path: str
    drop: Callable[[Parts], None] = field(compare=False, repr=False)

    @property
    def id(self) -> str:
        """A name that no other rule of the case has."""
        return f"{self.kind}:{self.path}"


def rules_of(case: Case) -> tuple[Rule, ...]:
    """Every rule of a case, what is asked for without choice first."""
    return (
        *_target(case),
        *_commitments(case),
        *_money(case),
        *_resources(case),
        *_starts(case),
        *_supply(case),
        *_demand(case),
    )


def without(case: Case, rules: Iterable[Rule]) -> Case:
    """The case without some of its rules (and without levers and sources)."""
    parts: Parts = {name: getattr(case, name) for name in type(case).model_fields}
    parts |= dict.fromkeys(ASIDE, ())
    for rule in rules:
        rule.drop(parts)
    return make_case(parts)


def _edit(table: str, path: str, **columns: Any) -> Callable[[Parts], None]:
    """Give one row other values."""

    def drop(parts: Parts) -> None:
        parts[table] = tuple(
            row.model_copy(update=columns) if row.path == path else row for row in parts[table]
        )

    return drop


def _delete(*tables: str, where: Callable[[Any], bool]) -> Callable[[Parts], None]:
    """Leave out the rows of some tables that meet a condition."""

    def drop(parts: Parts) -> None:
        for table in tables:
            parts[table] = tuple(row for row in parts[table] if not where(row))

    return drop


def _row_of(path: str) -> Callable[[Row], bool]:
    return lambda row: row.path == path


def _target(case: Case) -> Iterator[Rule]:
    target = case.target
    if target is not None and target.required:

        def drop(parts: Parts) -> None:
            parts["target"] = parts["target"].model_copy(update={"required": False})

        yield Rule("target", "target.required", drop)
    for goal in case.goals:
        if goal.no_worse_than is not None:
            yield Rule("goal_bound", f"goals.{goal.kind}.no_worse_than", _unbound(goal.kind))


def _unbound(kind: str) -> Callable[[Parts], None]:
    def drop(parts: Parts) -> None:
        parts["goals"] = tuple(
            goal.model_copy(update={"no_worse_than": None}) if goal.kind == kind else goal
            for goal in parts["goals"]
        )

    return drop


def _commitments(case: Case) -> Iterator[Rule]:
    for id, row in case.commitments.items():
        if row.status in ("mandatory", "forbidden"):
            kind: RuleKind = "mandatory" if row.status == "mandatory" else "forbidden"
            yield Rule(kind, f"{id}.status", _edit(row.table, id, status="optional"))
        if row.status != "in_place":
            if row.earliest is not None:
                yield Rule("earliest", f"{id}.earliest", _edit(row.table, id, earliest=None))
            if row.latest is not None:
                yield Rule("latest", f"{id}.latest", _edit(row.table, id, latest=None))


def _money(case: Case) -> Iterator[Rule]:
    if case.finance.cash_floor is not None:

        def drop(parts: Parts) -> None:
            parts["finance"] = parts["finance"].model_copy(update={"cash_floor": None})

        yield Rule("cash_floor", "finance.cash_floor", drop)
    for row in case.budgets:
        yield Rule("budget", row.path, _delete("budgets", where=_row_of(row.path)))


def _resources(case: Case) -> Iterator[Rule]:
    for name in dict.fromkeys(row.resource for row in case.resources):

        def used(row: Any, name: str = name) -> bool:
            return bool(row.resource == name)

        yield Rule(
            "resource", f"resources.{name}", _delete("resources", "resource_use", where=used)
        )


def _starts(case: Case) -> Iterator[Rule]:
    for row in case.precedences:
        yield Rule("precedence", row.path, _delete("precedences", where=_row_of(row.path)))
    groups = (name for row in case.commitments.values() for name in row.exclusive_group)
    for name in dict.fromkeys(groups):
        yield Rule("group", f"exclusive_groups.{name}", _ungrouped(name))
    for rule in case.exclusivities:
        yield Rule("exclusivity", rule.path, _delete("exclusivities", where=_row_of(rule.path)))


def _ungrouped(name: str) -> Callable[[Parts], None]:
    def drop(parts: Parts) -> None:
        for table in COMMITMENT_TABLES:
            parts[table] = tuple(
                row.model_copy(
                    update={"exclusive_group": tuple(g for g in row.exclusive_group if g != name)}
                )
                if name in row.exclusive_group
                else row
                for row in parts[table]
            )
        parts["exclusive_groups"] = tuple(
            row for row in parts["exclusive_groups"] if row.group != name
        )

    return drop


def _supply(case: Case) -> Iterator[Rule]:
    plenty = _plenty(case) if case.sites or case.components else 0.0
    for table, rows in (("sites", case.sites), ("components", case.components)):
        kind: RuleKind = "site" if table == "sites" else "component"
        for row in rows:
            yield Rule(kind, row.path, _edit(table, row.path, capacity_per_year=plenty))


def _plenty(case: Case) -> float:
    """More a year of any capacity than all cars of the case can take."""
    season = max((row.index for row in case.seasonality), default=1.0)
    ramp = max((row.value for row in case.ramps), default=1.0)
    cars: dict[tuple[str, str], float] = {}
    for row in case.registrations:
        key = (row.market, row.segment)
        cars[key] = max(cars.get(key, 0.0), row.units_per_year * max(1.0, season))
    partners = sum(row.partner_units_per_year * max(1.0, ramp) for row in case.deals)
    each = [1.0, *(row.capacity_per_car for row in case.production)]
    each += [row.per_car for row in case.component_use]
    each += [row.per_unit for row in case.deal_supply]
    return min(MOST_CARS, (sum(cars.values()) + partners) * max(each) + 1.0)


def _demand(case: Case) -> Iterator[Rule]:
    for row in case.entries:
        if row.throughput_per_year is not None:
            yield Rule("network", row.path, _edit("entries", row.path, throughput_per_year=None))
    for table, rows in (("markets", case.markets), ("segments", case.segments)):
        for limited in rows:
            if limited.max_share < 1:
                yield Rule("ceiling", limited.path, _edit(table, limited.path, max_share=1.0))
