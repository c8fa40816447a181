"""Money of a plan: every item of the cash flow, and what deals pay.

Amounts per car are in single currency units and totals in the case's money
unit, so the former are divided by it. Inflows are above 0 and outflows below.
Not here: budgets and the cash floor (see `optimizer.auditing.limits`).
"""

from __future__ import annotations

from models.deal import DealPayment
from models.plan import CASH_ITEMS
from optimizer.auditing.course import Course

Items = dict[str, list[float]]


def cash_flow(course: Course) -> Items:
    """Amount of each item of the cash flow in each period, money."""
    items: Items = {item: [0.0] * course.count for item in CASH_ITEMS}
    _sales(course, items)
    _deliveries(course, items)
    _deals(course, items)
    _fixed(course, items)
    _commitments(course, items)
    return items


def _sales(course: Course, items: Items) -> None:
    unit = course.case.money_unit
    markets = {row.market: row.sales_cost for row in course.case.markets}
    entries = {(row.market, row.mode): row for row in course.case.entries}
    warranty = {row.vehicle: row.warranty_cost for row in course.case.vehicles}
    for (market, mode, vehicle, t), cars in course.sold.items():
        price, _ = _price(course, vehicle, market, t)
        entry = entries.get((market, mode))
        cost = markets.get(market, 0.0) + (entry.sales_cost if entry else 0.0)
        share = entry.partner_share if entry else 0.0
        items["sales revenue"][t] += cars * price / unit
        items["partner share"][t] -= cars * price * share / unit
        items["warranty"][t] -= cars * warranty.get(vehicle, 0.0) / unit
        items["selling cost"][t] -= cars * cost / unit


def _price(course: Course, vehicle: str, market: str, t: int) -> tuple[float, float]:
    """Net price and customs value, currency per car; nothing without a table of prices."""
    values = course.facts.prices.get((vehicle, market))
    return (0.0, 0.0) if values is None else values[t]


def _deliveries(course: Course, items: Items) -> None:
    facts, unit = course.facts, course.case.money_unit
    factor = {row.vehicle: row.freight_factor for row in course.case.vehicles}
    freight = {(row.site, row.market): row.freight for row in course.case.lanes}
    origin = {row.site: row.origin for row in course.case.sites}
    cost = {(row.site, row.vehicle): row.variable_cost for row in course.case.production}
    for (site, vehicle, market, t), cars in course.built.items():
        kept = (1.0 - course.case.finance.cost_down_per_year) ** (t / facts.per_year)
        rates = facts.duties.get((origin.get(site, ""), market))
        _, customs = _price(course, vehicle, market, t)
        lane = freight.get((site, market), 0.0) * factor.get(vehicle, 1.0)
        items["variable cost"][t] -= cars * cost.get((site, vehicle), 0.0) * kept / unit
        items["freight"][t] -= cars * lane / unit
        items["duty"][t] -= cars * customs * (rates[t] if rates else 0.0) / unit


def royalty(course: Course, deal: str, t: int) -> float:
    """Royalty of a deal in a period, money."""
    rate = next(row.royalty for row in course.case.deals if row.deal == deal)
    return course.partner_units[deal][t] * rate / course.case.money_unit


def component_margin(course: Course, deal: str, t: int) -> float:
    """Margin on the components delivered under a deal in a period, money."""
    per_car = sum(r.per_unit * r.margin for r in course.case.deal_supply if r.deal == deal)
    return course.partner_units[deal][t] * per_car / course.case.money_unit


def payments(course: Course, deal: str, kind: str) -> list[float]:
    """Fees or equity booked in each period, money; below 0 when the maker pays."""
    booked = [0.0] * course.count
    for row in course.case.deal_payments:
        t = _paid_in(course, row)
        if row.deal == deal and row.kind == kind and 0 <= t < course.count:
            booked[t] += row.amount
    return booked


def _paid_in(course: Course, row: DealPayment) -> int:
    """The period of a payment; one outside the horizon when the deal is not in the plan."""
    timing = course.timings.get(f"deals.{row.deal}")
    if timing is None:
        return -1
    return (timing.start if row.counted_from == "start" else timing.effective) + row.after


def _deals(course: Course, items: Items) -> None:
    for row in course.case.deals:
        fees = payments(course, row.deal, "fee")
        equity = payments(course, row.deal, "equity")
        for t in range(course.count):
            items["royalty"][t] += royalty(course, row.deal, t)
            items["component margin"][t] += component_margin(course, row.deal, t)
            items["deal fees"][t] += fees[t]
            items["equity"][t] += equity[t]


def _fixed(course: Course, items: Items) -> None:
    """Costs that are there whatever is decided."""
    sites = sum(row.fixed_cost_per_year for row in course.case.sites) / course.facts.per_year
    for t in range(course.count):
        items["overheads"][t] -= sum(amounts[t] for amounts in course.facts.overheads.values())
        items["site fixed cost"][t] -= sites


def _commitments(course: Course, items: Items) -> None:
    for timing in course.timings.values():
        for t, cost in timing.costs(course.count).items():
            items["commitment cost"][t] -= cost
        running = timing.row.running_cost_per_year / course.facts.per_year
        for t in range(max(timing.effective, 0), course.count):
            items["running cost"][t] -= running
