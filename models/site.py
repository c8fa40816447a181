"""Sites: what they build, how capacity grows, and what delivery to a market costs.

A pair that is not listed in ``production`` cannot be built there, one that is
not listed in ``lanes`` cannot be delivered. Not here: commitments that open a
site, other than its expansions (say those with ``precedences``).
"""

from __future__ import annotations

from models.base import Name, Period, Row, cars, column, money
from models.commitment import Commitment


class Site(Row):
    """A factory. One that is not there yet has capacity 0 and an expansion that opens it."""

    table = "sites"
    keys = ("site",)

    site: Name = column("id of the site")
    title: str = column("name to show", default="")
    origin: str = column("where its cars come from, for duty", default="")
    capacity_per_year: float = cars("capacity that stands", default=0.0)
    fixed_cost_per_year: float = money(
        "fixed cost from the first period on", unit="money/year", default=0.0
    )


class Expansion(Commitment):
    """A step of capacity at a site or for a component."""

    table = "expansions"
    keys = ("expansion",)

    expansion: Name = column("id of the expansion")
    site: str = column("site it adds to", default="", refers="sites")
    component: str = column("or component it adds to", default="", refers="components")
    capacity_per_year: float = cars("capacity added at full ramp")
    ramp: str = column("ramp of the capacity by age", default="", refers="ramps")


class Production(Row):
    """A vehicle that a site is able to build."""

    table = "production"
    keys = ("site", "vehicle")

    site: str = column("site", refers="sites")
    vehicle: str = column("vehicle", refers="vehicles")
    variable_cost: float = money(
        "variable cost of a car in the first period", unit="currency/car", default=0.0
    )
    capacity_per_car: float = column(
        "capacity that one car takes", unit="1", default=1.0, ge=0, le=1000
    )


class Lane(Row):
    """A way from a site to a market."""

    table = "lanes"
    keys = ("site", "market")

    site: str = column("site", refers="sites")
    market: str = column("market", refers="markets")
    freight: float = money("freight of a standard car", unit="currency/car", default=0.0)


class Duty(Row):
    """Customs duty on cars from an origin, from ``since`` on."""

    table = "duties"
    keys = ("origin", "market", "since")
    dated = True

    origin: Name = column("origin of the site")
    market: str = column("market", refers="markets")
    since: Period | None = column(
        "holds from this period on; blank: from the first", default=None, period="any"
    )
    rate: float = column("duty on the customs value", unit="share", ge=0, le=10)


class Component(Row):
    """A part with its own capacity, shared by own cars and licensees."""

    table = "components"
    keys = ("component",)

    component: Name = column("id of the component")
    title: str = column("name to show", default="")
    capacity_per_year: float = cars("capacity that stands", unit="components/year")


class ComponentUse(Row):
    """Components in one car."""

    table = "component_use"
    keys = ("vehicle", "component")

    vehicle: str = column("vehicle", refers="vehicles")
    component: str = column("component", refers="components")
    per_car: float = column("components in a car", unit="components/car", ge=0, le=1000)
