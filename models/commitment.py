"""Commitments: what they share, whatever their kind, and the rules between them.

A commitment starts in period ``s`` within its window, has a lead of ``L``
periods and is effective from ``s + L``; its age in ``t`` is ``t - (s + L)``.
Platforms, vehicles, entries, launches, deals, expansions and projects are
commitments: each has a table of its own with these columns first. The id of a
commitment is its path, such as ``launches.c10.germany``.

Not here: what a commitment of a given kind does (see the module of its kind).
"""

from __future__ import annotations

from functools import cached_property
from typing import Literal

from models.base import Name, Names, Period, Row, column, money

Status = Literal["optional", "mandatory", "forbidden", "in_place"]


class Commitment(Row):
    """The columns that every kind of commitment has."""

    title: str = column("name to show", default="")
    status: Status = column(
        "optional, mandatory, forbidden or in_place (started already)", default="optional"
    )
    earliest: Period | None = column(
        "first period in which it may start; blank: the first", default=None, period="inside"
    )
    latest: Period | None = column(
        "last period in which it may start; blank: the last", default=None, period="inside"
    )
    effective: Period | None = column(
        "only in_place: effective from; blank: so long ago that every ramp is at its last value",
        default=None,
        period="any",
    )
    lead: int = column("periods from start to effective", unit="periods", default=0, ge=0, le=600)
    cost: float = money("one-off cost, spread evenly over the lead", default=0.0)
    running_cost_per_year: float = money("cost from effective on", unit="money/year", default=0.0)
    category: str = column("budget it counts in; blank: its kind", default="")
    exclusive_group: Names = column(
        "group or groups (a|b) that share an upper bound on starts", default=()
    )

    @property
    def id(self) -> str:
        """The commitment's name in rules, changes and plans: its path."""
        return self.path

    @property
    def budget_category(self) -> str:
        """The budget category that its cost counts in."""
        return self.category or self.table


class Project(Commitment):
    """Any other one-off decision: an approval, a study, a step of a schedule."""

    table = "projects"
    keys = ("project",)

    project: Name = column("id of the project")


class Precedence(Row):
    """A commitment cannot start before another one has started or been effective.

    Several ids in ``after`` (a|b) are alternatives: any one is enough. Several
    rows for one commitment must all hold.
    """

    table = "precedences"
    keys = ("commitment", "after")

    commitment: str = column("the later one, as an id", refers="commitments")
    after: Names = column("the earlier one; a|b: any one of them", refers="commitments")
    counted_from: Literal["start", "effective"] = column(
        "what of the earlier one is waited for", default="effective"
    )
    lag: int = column(
        "least periods in between; below 0: may start that much sooner",
        unit="periods",
        default=0,
        ge=-600,
        le=600,
    )

    @cached_property
    def key(self) -> tuple[str, ...]:
        """The later one, and the earlier ones as ``a|b``."""
        return (self.commitment, "|".join(self.after))


class ExclusiveGroup(Row):
    """How many commitments of a group are ever started; groups not listed: one."""

    table = "exclusive_groups"
    keys = ("group",)

    group: Name = column("id of the group")
    at_most: int = column("commitments of the group ever started", unit="1", ge=0, le=100_000)


class Resource(Row):
    """People or equipment that commitments occupy, as is there per period."""

    table = "resources"
    keys = ("resource", "since")
    dated = True

    resource: Name = column("id of the resource")
    since: Period | None = column(
        "holds from this period on; blank: from the first", default=None, period="any"
    )
    available: float = column("units there in each period", unit="units", ge=0, le=1e9)


class ResourceUse(Row):
    """What a commitment occupies of a resource in each period."""

    table = "resource_use"
    keys = ("commitment", "resource")

    commitment: str = column("id of the commitment", refers="commitments")
    resource: str = column("resource it occupies", refers="resources")
    preparing: float = column(
        "units in each period of its lead", unit="units", default=0.0, ge=0, le=1e9
    )
    running: float = column(
        "units in each period from effective on", unit="units", default=0.0, ge=0, le=1e9
    )
