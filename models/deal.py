"""Deals with partners: licences, ventures, equity, supply, and their side effects.

What a deal makes possible (an entry mode, a site, another deal) is said with
``precedences``; what it excludes from the start with ``exclusive_group``.
"""

from __future__ import annotations

from typing import Literal

from models.base import Name, Row, cars, column, money, share
from models.commitment import Commitment


class Deal(Commitment):
    """An agreement with a partner; partner volume follows from its age."""

    table = "deals"
    keys = ("deal",)

    deal: Name = column("id of the deal")
    partner: str = column("who it is with", default="")
    partner_units_per_year: float = cars("partner's cars a year at full ramp", default=0.0)
    ramp: str = column("ramp of the partner's cars by age", default="", refers="ramps")
    counted_share: float = share(
        "part of the partner's cars that counts towards target and volume", default=0.0
    )
    royalty: float = money("received per partner's car", unit="currency/car", default=0.0)


class DealPayment(Row):
    """One payment of a deal: at signing, at a milestone, or an equity inflow."""

    table = "deal_payments"
    keys = ("deal", "payment")

    deal: str = column("deal", refers="deals")
    payment: Name = column("name of the payment")
    kind: Literal["fee", "equity"] = column("what it is booked as", default="fee")
    counted_from: Literal["start", "effective"] = column("event it follows", default="start")
    after: int = column("periods after that event", unit="periods", default=0, ge=0, le=600)
    amount: float = money("received by the maker; below 0: paid by it", ge=None)


class DealSupply(Row):
    """Components that the maker delivers for each of the partner's cars."""

    table = "deal_supply"
    keys = ("deal", "component")

    deal: str = column("deal", refers="deals")
    component: str = column("component", refers="components")
    per_unit: float = column(
        "components per partner's car", unit="components/car", default=1.0, ge=0, le=1000
    )
    margin: float = money(
        "margin on one component", unit="currency/component", default=0.0, ge=None
    )


class Diversion(Row):
    """Own demand in a market that a deal takes away: the licensee competes."""

    table = "diversions"
    keys = ("deal", "market")

    deal: str = column("deal", refers="deals")
    market: str = column("market", refers="markets")
    share: float = share("part of each launched car's demand that is lost at full ramp")
    ramp: str = column("ramp of the loss by age of the deal", default="", refers="ramps")


class Exclusivity(Row):
    """A commitment that a deal rules out from its effective period on."""

    table = "exclusivities"
    keys = ("deal", "commitment")

    deal: str = column("deal", refers="deals")
    commitment: str = column("cannot start once the deal is effective", refers="commitments")
    ends_sales: bool = column(
        "only for an entry: sales through it end when the deal is effective", default=False
    )
