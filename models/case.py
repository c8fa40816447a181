"""The case: all inputs of one planning question, as one frozen value.

A `Case` is checked as a whole when it is made; one that exists is sound. A
what-if is a new case, made by `Case.replace` or `Case.with_changes`. Not here:
reading and writing folders (see `optimizer.tables`), deriving what a plan can do
(see `optimizer.formulation`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, Self

from pydantic import ValidationError, model_validator

from models import checks, paths
from models.base import Row, Written
from models.cells import CellError, refusal, shown
from models.commitment import (
    Commitment,
    ExclusiveGroup,
    Precedence,
    Project,
    Resource,
    ResourceUse,
)
from models.deal import Deal, DealPayment, DealSupply, Diversion, Exclusivity
from models.finance import Budget, Finance, Overhead
from models.horizon import Horizon
from models.lever import Lever
from models.market import Entry, Market, Registrations, Season, Segment
from models.problem import CaseError, Problem
from models.settings import Settings
from models.site import Component, ComponentUse, Duty, Expansion, Lane, Production, Site
from models.source import Source
from models.target import Goal, Target
from models.vehicle import Launch, Platform, Price, Ramp, Vehicle


class Case(Settings):
    """One planning question.

    Settings (calendar, money, target, goals) come first, then one tuple of rows
    per table. A table that is left out limits nothing and costs nothing.

    Raises `CaseError` with every problem found when it does not hold together.
    """

    horizon: Horizon
    finance: Finance = Finance()
    target: Target | None = None
    goals: tuple[Goal, ...] = ()

    markets: tuple[Market, ...] = ()
    segments: tuple[Segment, ...] = ()
    registrations: tuple[Registrations, ...] = ()
    seasonality: tuple[Season, ...] = ()
    ramps: tuple[Ramp, ...] = ()
    platforms: tuple[Platform, ...] = ()
    vehicles: tuple[Vehicle, ...] = ()
    entries: tuple[Entry, ...] = ()
    launches: tuple[Launch, ...] = ()
    prices: tuple[Price, ...] = ()
    sites: tuple[Site, ...] = ()
    production: tuple[Production, ...] = ()
    lanes: tuple[Lane, ...] = ()
    duties: tuple[Duty, ...] = ()
    components: tuple[Component, ...] = ()
    component_use: tuple[ComponentUse, ...] = ()
    expansions: tuple[Expansion, ...] = ()
    deals: tuple[Deal, ...] = ()
    deal_payments: tuple[DealPayment, ...] = ()
    deal_supply: tuple[DealSupply, ...] = ()
    diversions: tuple[Diversion, ...] = ()
    exclusivities: tuple[Exclusivity, ...] = ()
    projects: tuple[Project, ...] = ()
    precedences: tuple[Precedence, ...] = ()
    exclusive_groups: tuple[ExclusiveGroup, ...] = ()
    resources: tuple[Resource, ...] = ()
    resource_use: tuple[ResourceUse, ...] = ()
    overheads: tuple[Overhead, ...] = ()
    budgets: tuple[Budget, ...] = ()
    levers: tuple[Lever, ...] = ()
    sources: tuple[Source, ...] = ()

    def __init__(self, **parts: Any) -> None:
        try:
            super().__init__(**parts)
        except ValidationError as error:
            raise CaseError(list(_problems(error))) from None

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        problems = checks.problems_of(self)
        if problems:
            raise CaseError(problems)
        return self

    def rows(self, table: str) -> tuple[Row, ...]:
        """All rows of a table, in the order given."""
        rows: tuple[Row, ...] = getattr(self, table)
        return rows

    @cached_property
    def commitments(self) -> dict[str, Commitment]:
        """Every commitment of every kind by its id, in a fixed order."""
        return {
            row.id: row
            for table in COMMITMENT_TABLES
            for row in self.rows(table)
            if isinstance(row, Commitment)
        }

    @property
    def goals_in_order(self) -> tuple[Goal, ...]:
        """The goals as stated; by default target date (if any), volume, NPV."""
        if self.goals:
            return self.goals
        default = (Goal(kind="volume"), Goal(kind="npv"))
        return (Goal(kind="target_date"), *default) if self.target else default

    def replace(self, **parts: Any) -> Case:
        """A new, checked case with some settings or whole tables replaced.

        Raises `CaseError` when the result does not hold together.
        """
        values = {name: getattr(self, name) for name in type(self).model_fields}
        unknown = sorted(set(parts) - set(values))
        if unknown:
            raise CaseError(
                [
                    Problem(
                        where="replace",
                        column=name,
                        found=f"a case has no part {name!r}",
                        allowed=", ".join(values),
                        cure=paths.nearest(name, values),
                    )
                    for name in unknown
                ]
            )
        return make_case({**values, **parts})

    def with_changes(self, changes: Mapping[str, Any]) -> Case:
        """A new, checked case with single numbers or words changed.

        ``changes`` maps paths to values: ``{"markets.germany.max_share": 0.01}``
        changes one cell, ``{"prices.*.germany.net_price": 90000}`` every cell
        that the pattern meets, ``{"finance.opening_cash": 5000}`` a setting.
        A row of a dated table is named with its ``since`` or, to change all of
        them, without. Raises `CaseError` for a path that meets nothing (with
        the nearest ones) and for a value that is not allowed.
        """
        return make_case(paths.changed_parts(self, changes))

    def with_target(
        self,
        volume: float | None = None,
        deadline: str | None = None,
        required: bool | None = None,
    ) -> Case:
        """A new, checked case with another target; what is None stays as it is.

        A case that had no target gets one, and reaching it early becomes its
        first goal. Raises `CaseError` when there is no volume to reach, or the
        deadline lies outside the horizon.
        """
        given = {"volume": volume, "deadline": deadline, "required": required}
        values = {name: value for name, value in given.items() if value is not None}
        if self.target is not None:
            return self.with_changes({f"target.{name}": value for name, value in values.items()})
        if volume is None:
            raise CaseError(
                [
                    Problem(
                        where="target",
                        column="volume",
                        found="the case has no target",
                        cure="State the cars a year to reach",
                    )
                ]
            )
        target = paths.with_values(Target(volume=1.0), values, "target")
        goals = (Goal(kind="target_date"), *self.goals) if self.goals else ()
        return self.replace(target=target, goals=goals)


def make_case(parts: Mapping[str, Any]) -> Case:
    """A case of these parts; every failure is a `CaseError`."""
    return Case(**parts)


def _problems(error: ValidationError) -> Iterator[Problem]:
    """What pydantic or the checks found, as problems in words of the author."""
    for detail in error.errors(include_url=False):
        inner = (detail.get("ctx") or {}).get("error")
        if isinstance(inner, CaseError):
            yield from inner.problems
            continue
        part, *place = detail["loc"] or ("case",)
        kind = TABLES.get(str(part)) or PARTS.get(str(part))
        if kind is None:
            reason = refusal(detail, str(part), Case)
            yield Problem("case", 0, str(part), reason.found, reason.allowed, reason.cure)
            continue
        number = place.pop(0) if place and isinstance(place[0], int) else None
        where = str(part) if number is None else f"{part}[{number}]"
        name = str(place[0]) if place else ""
        if name:
            reason = refusal(detail, name, kind)
        elif detail["type"] == "missing":
            reason = CellError("it is missing", f"a {kind.__name__} record")
        else:
            many = number is None and (part in TABLES or part == "goals")
            what = f"{kind.__name__} records" if many else f"a {kind.__name__} record"
            reason = CellError(f"{shown(detail['input'])} is not {what}", what)
        yield Problem(where, 0, name, reason.found, reason.allowed, reason.cure)


#: Every table of a case with the type of its rows, in the order of the fields.
TABLES: dict[str, type[Row]] = {
    row.table: row
    for row in (
        Market,
        Segment,
        Registrations,
        Season,
        Ramp,
        Platform,
        Vehicle,
        Entry,
        Launch,
        Price,
        Site,
        Production,
        Lane,
        Duty,
        Component,
        ComponentUse,
        Expansion,
        Deal,
        DealPayment,
        DealSupply,
        Diversion,
        Exclusivity,
        Project,
        Precedence,
        ExclusiveGroup,
        Resource,
        ResourceUse,
        Overhead,
        Budget,
        Lever,
        Source,
    )
}

#: The tables that no plan depends on.
ASIDE: tuple[str, ...] = ("levers", "sources")

#: The sections of settings with their records.
PARTS: dict[str, type[Written]] = {
    "horizon": Horizon,
    "finance": Finance,
    "target": Target,
    "goals": Goal,
}

#: The tables whose rows are commitments.
COMMITMENT_TABLES: tuple[str, ...] = tuple(
    name for name, row in TABLES.items() if issubclass(row, Commitment)
)
