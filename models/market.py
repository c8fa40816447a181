"""Markets: where cars are registered, how many, and how a market is entered.

Not here: what the maker's cars can sell there (see `models.vehicle`).
"""

from __future__ import annotations

from models.base import Name, Period, Row, cars, column, money, share
from models.commitment import Commitment


class Market(Row):
    """A country or region where cars are registered."""

    table = "markets"
    keys = ("market",)

    market: Name = column("id of the market")
    title: str = column("name to show", default="")
    home: bool = column("yes for the home market (at most one)", default=False)
    max_share: float = share(
        "largest share of own cars in the registrations of each segment", default=1.0
    )
    sales_cost: float = money("selling cost per own car", unit="currency/car", default=0.0)


class Segment(Row):
    """A market's segment that has its own largest share."""

    table = "segments"
    keys = ("market", "segment")

    market: str = column("market", refers="markets")
    segment: Name = column("class of cars")
    max_share: float = share("largest share of own cars, instead of the market's")


class Registrations(Row):
    """Registrations of all makers in a segment, a year's figure that holds from ``since`` on."""

    table = "registrations"
    keys = ("market", "segment", "since")
    dated = True

    market: str = column("market", refers="markets")
    segment: Name = column("class of cars")
    since: Period | None = column(
        "holds from this period on; blank: from the first", default=None, period="any"
    )
    units_per_year: float = cars("registrations at this yearly rate")


class Season(Row):
    """How a year's registrations spread over its periods; the mean index is 1."""

    table = "seasonality"
    keys = ("market", "position")

    market: str = column("market", refers="markets")
    position: int = column("place of the period in the year, from 1", unit="1", ge=1, le=366)
    index: float = column("period against the mean period", unit="1", ge=0, le=100)


class Entry(Commitment):
    """A way to enter a market. A market without any is open and has no network limit."""

    table = "entries"
    keys = ("market", "mode")

    market: str = column("market", refers="markets")
    mode: Name = column("way of entering: such as importer, own or partner")
    throughput_per_year: float | None = cars(
        "own cars that its network can sell at full ramp; blank: no limit", default=None
    )
    ramp: str = column("ramp of the throughput by age", default="", refers="ramps")
    sales_cost: float = money("selling cost per car", unit="currency/car", default=0.0)
    partner_share: float = share("partner's share of the net price", default=0.0)
