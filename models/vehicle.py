"""Platforms and vehicles, their launches and prices, and ramps by age.

A platform or vehicle row is also the commitment to develop it; cars on sale
today are ``in_place``. Not here: where vehicles are built (see `models.site`).
"""

from __future__ import annotations

from models.base import Name, Period, Row, column, money, share
from models.commitment import Commitment


class Ramp(Row):
    """One step of a ramp; ages run from 0 without a hole, the last value holds on."""

    table = "ramps"
    keys = ("ramp", "age")

    ramp: Name = column("id of the ramp")
    age: int = column("periods since effective", unit="periods", ge=0, le=600)
    value: float = column("part of the full effect", unit="1", ge=0, le=100)


class Platform(Commitment):
    """What several vehicles are built on; effective when they can use it."""

    table = "platforms"
    keys = ("platform",)

    platform: Name = column("id of the platform")


class Vehicle(Commitment):
    """A car (nameplate); effective when it is developed and can be sold."""

    table = "vehicles"
    keys = ("vehicle",)

    vehicle: Name = column("id of the vehicle")
    segment: Name = column("class of cars in which it is registered")
    platform: str = column("platform it needs; blank: none", default="", refers="platforms")
    warranty_cost: float = money("warranty per car", unit="currency/car", default=0.0)
    freight_factor: float = column(
        "freight of this car against the lane's", unit="1", default=1.0, ge=0, le=100
    )


class Launch(Commitment):
    """The start of sales of a vehicle in a market."""

    table = "launches"
    keys = ("vehicle", "market")

    vehicle: str = column("vehicle", refers="vehicles")
    market: str = column("market", refers="markets")
    peak_share: float = share("share of its segment's registrations at full ramp")
    ramp: str = column("ramp of demand by age", default="", refers="ramps")


class Price(Row):
    """Net price to the maker, after tax and dealer margin, from ``since`` on."""

    table = "prices"
    keys = ("vehicle", "market", "since")
    dated = True

    vehicle: str = column("vehicle", refers="vehicles")
    market: str = column("market", refers="markets")
    since: Period | None = column(
        "holds from this period on; blank: from the first", default=None, period="any"
    )
    net_price: float = money("net price", unit="currency/car")
    customs_value: float | None = money(
        "value that duty is charged on; blank: the net price", unit="currency/car", default=None
    )
