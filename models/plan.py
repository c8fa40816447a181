"""A plan: decisions, volumes, and every figure that follows from them.

Decisions, sales and flows are what was decided; the rest follows from them and
is stored so that readers need no solver. All of it is compared with an
independent recomputation before anyone sees it (`optimizer.auditing`).
Volumes are cars per period, money is in the case's money unit.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from models.base import Frozen, Period

LimitKind = Literal["demand", "segment", "network", "site", "component", "resource", "budget"]


class Decision(Frozen):
    """One commitment that the plan starts, or that is in place."""

    commitment: str = Field(description="id, such as launches.c10.germany")
    kind: str = Field(description="table of the commitment")
    start: Period | None = Field(description="period of its start; none: long before the horizon")
    effective: Period | None = Field(
        description="first period of its effect; may lie after the horizon"
    )
    in_place: bool = Field(description="it was in place and not decided")
    cost: float = Field(description="one-off cost within the horizon, money")
    because: tuple[str, ...] = Field(description="commitments that allow it")


class Sale(Frozen):
    """Own cars sold in a market through one entry mode in a period."""

    market: str
    entry: str = Field(description="entry mode; blank in a market that has none")
    vehicle: str
    period: Period
    units: float = Field(description="cars")


class Flow(Frozen):
    """Cars that a site builds for a market in a period."""

    site: str
    vehicle: str
    market: str
    period: Period
    units: float = Field(description="cars")


class Volume(Frozen):
    """Volume of a period."""

    period: Period
    own: float = Field(description="own sales, cars")
    partner: float = Field(description="partners' cars")
    counted: float = Field(description="own sales and the counted part of the partners', cars")


class LimitUse(Frozen):
    """How much of a limit is used in a period (budgets: a period, a year or in total).

    ``name`` is the key of what limits, joined by dots: ``c10.germany`` for demand,
    ``germany.suv`` for a segment, ``germany.importer`` for a network, the site,
    component, resource or budget category. ``used`` and ``available`` are in cars,
    components, capacity, resource units or money.
    """

    kind: LimitKind
    name: str
    period: str = Field(description="period, calendar year, or total")
    used: float
    available: float


class CashItem(Frozen):
    """One item of the cash flow of a period; outflows are below 0."""

    period: Period
    item: str
    amount: float = Field(description="money")


class CashBalance(Frozen):
    """Cash at the end of a period."""

    period: Period
    cash: float = Field(description="money")


class DealYield(Frozen):
    """What a deal brings in a period."""

    deal: str
    period: Period
    partner_units: float = Field(description="partner's cars")
    counted_units: float = Field(description="cars that count towards the target")
    royalty: float = Field(description="money")
    component_margin: float = Field(description="money")
    payments: float = Field(description="fees and equity, money")


class TargetWindow(Frozen):
    """Volume of a window in which the target may be reached."""

    first: Period
    last: Period
    volume: float = Field(description="counted volume, cars")
    target: float = Field(description="cars")
    reached: bool


class Totals(Frozen):
    """The figures that goals are about."""

    volume: float = Field(description="counted volume over the horizon, cars")
    last_year_volume: float = Field(
        description="counted volume in the last year of the horizon, cars"
    )
    npv: float = Field(description="net present value, money")
    terminal_value: float = Field(description="part of the NPV that lies after the horizon, money")
    spending: float = Field(description="one-off cost of commitments, money")
    peak_funding: float = Field(description="largest fall of cash below its opening, money")
    least_cash: float = Field(description="lowest cash at the end of a period, money")


#: Items of the cash flow, in the order in which reports show them.
CASH_ITEMS: tuple[str, ...] = (
    "sales revenue",
    "partner share",
    "variable cost",
    "freight",
    "duty",
    "warranty",
    "selling cost",
    "royalty",
    "component margin",
    "overheads",
    "site fixed cost",
    "running cost",
    "commitment cost",
    "deal fees",
    "equity",
)
#: Items that are one-off and so no part of the operating cash flow.
ONE_OFF_ITEMS: tuple[str, ...] = ("commitment cost", "deal fees", "equity")


class PlanRecord(Frozen):
    """A whole plan as plain data; `optimizer.Plan` shows it as frames."""

    case: str = Field(description="name of the case")
    periods: tuple[Period, ...]
    currency: str
    money_unit: float
    decisions: tuple[Decision, ...]
    sales: tuple[Sale, ...]
    flows: tuple[Flow, ...]
    volumes: tuple[Volume, ...]
    limits: tuple[LimitUse, ...]
    cash_items: tuple[CashItem, ...]
    cash: tuple[CashBalance, ...]
    deals: tuple[DealYield, ...]
    windows: tuple[TargetWindow, ...]
    totals: Totals
