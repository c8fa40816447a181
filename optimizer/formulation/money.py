"""Money: what each car, commitment and deal earns and costs, and cash.

Symbols: ``cash_flow[t]`` what comes in less what goes out in ``t``; the items of the cash flow are
named sums (``block.cash_items[item,t]``) which the cash law, the NPV and the
reports all use. Money is in the case's money unit. Not modelled: interest,
tax, working capital.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from pyomo.core import Block, Constraint

from models.commitment import Commitment
from models.finance import Budget
from models.plan import CASH_ITEMS, ONE_OFF_ITEMS
from optimizer.formulation.linear import Linear, at_most, total
from optimizer.formulation.quantities import Quantities


def formulate(block: Block, quantities: Quantities) -> None:
    """Add the floor of cash and the budgets to the sums of `count`."""
    count(block, quantities)
    floor = quantities.case.finance.cash_floor
    block.cash_never_below_floor = Constraint(
        list(quantities.periods) if floor is not None else [], rule=cash_never_below_floor
    )
    block.budget_never_exceeded = Constraint(list(block.budget_use), rule=budget_never_exceeded)


def count(block: Block, quantities: Quantities) -> None:
    """Sum up the money, as plain sums that can be taken again with other numbers.

    Leaves ``block.cash_items`` (item and period), ``block.spent`` (commitment
    and period), ``block.npv``, ``block.terminal_value``, ``block.spending`` and
    ``block.budget_use`` (number of the budget and its ceiling's label).
    """
    block.cash_items = {(item, t): Linear() for item in CASH_ITEMS for t in quantities.periods}
    _sales_items(block, quantities)
    _flow_items(block, quantities)
    _commitment_items(block, quantities)
    _deal_items(block, quantities)
    for t in quantities.periods:
        block.cash_items["overheads", t].plus(-quantities.overheads[t])
        block.cash_items["site fixed cost", t].plus(-quantities.site_fixed_cost)

    block.net_cash = {
        t: total(block.cash_items[item, t] for item in CASH_ITEMS) for t in quantities.periods
    }
    block.terminal_value = _terminal_value(block, quantities)
    block.npv = total(
        [
            block.terminal_value,
            *(Linear().add(net, quantities.discount[t]) for t, net in block.net_cash.items()),
        ]
    )
    block.spending = total(block.spent.values())
    _budgets(block, quantities)


def _sales_items(block: Block, quantities: Quantities) -> None:
    unit = quantities.case.money_unit
    items = block.cash_items
    for (market, mode, vehicle, t), variable in block.x.items():
        price = quantities.price[vehicle, market][t]
        entry = quantities.entry.get((market, mode))
        selling = quantities.market[market].sales_cost + (entry.sales_cost if entry else 0.0)
        items["sales revenue", t].term(price, variable)
        items["partner share", t].term(-price * (entry.partner_share if entry else 0.0), variable)
        items["selling cost", t].term(-selling / unit, variable)
        items["warranty", t].term(-quantities.vehicle[vehicle].warranty_cost / unit, variable)


def _flow_items(block: Block, quantities: Quantities) -> None:
    unit = quantities.case.money_unit
    items = block.cash_items
    origin = {row.site: row.origin for row in quantities.case.sites}
    for (site, vehicle, market, t), flow in block.flow.items():
        cost = quantities.production[site, vehicle].variable_cost * quantities.cost_down[t]
        freight = quantities.lane[site, market].freight * quantities.vehicle[vehicle].freight_factor
        items["variable cost", t].add(flow, -cost / unit)
        items["freight", t].add(flow, -freight / unit)
        if quantities.duty_rate and quantities.customs_value:
            rate = quantities.duty_rate[origin[site], market][t]
            items["duty", t].add(flow, -rate * quantities.customs_value[vehicle, market][t])


def _commitment_items(block: Block, quantities: Quantities) -> None:
    """One-off cost over the lead (all at the start without one), running cost after it."""
    block.spent = {}
    for id, step in block.steps.items():
        row: Commitment = step.row
        if not step.possible:
            continue
        running = row.running_cost_per_year / quantities.per_year
        for t in quantities.periods:
            if row.cost:
                spent = step.started(t, row.cost / max(step.lead, 1))
                step.started(t - max(step.lead, 1), -row.cost / max(step.lead, 1), spent)
                block.spent[id, t] = spent
                block.cash_items["commitment cost", t].add(spent, -1.0)
            if running:
                step.effective(t, -running, block.cash_items["running cost", t])


def _deal_items(block: Block, quantities: Quantities) -> None:
    case, items, unit = quantities.case, block.cash_items, quantities.case.money_unit
    block.deal_payment = defaultdict(Linear)
    block.deal_royalty = {}
    block.deal_margin = defaultdict(Linear)
    for row in case.deals:
        for t in quantities.periods:
            royalty = Linear().add(block.partner_units[row.deal, t], row.royalty / unit)
            block.deal_royalty[row.deal, t] = royalty
            items["royalty", t].add(royalty)
    for supply in case.deal_supply:
        for t in quantities.periods:
            units = block.partner_units[supply.deal, t]
            factor = supply.per_unit * supply.margin / unit
            block.deal_margin[supply.deal, t].add(units, factor)
            items["component margin", t].add(units, factor)
    for payment in case.deal_payments:
        step = block.steps[f"deals.{payment.deal}"]
        if not step.possible:
            continue
        wait = payment.after + (step.lead if payment.counted_from == "effective" else 0)
        item = "equity" if payment.kind == "equity" else "deal fees"
        for t in quantities.periods:
            paid = step.started(t - wait, payment.amount)
            step.started(t - wait - 1, -payment.amount, paid)
            block.deal_payment[payment.deal, t].add(paid)
            items[item, t].add(paid)


def cash_at_end(block: Block, t: int) -> Linear:
    """Cash at the end of ``t``: what was there and every cash flow since."""
    cash = Linear(block.quantities.case.finance.opening_cash)
    for earlier in range(t + 1):
        cash.add(block.net_cash[earlier])
    return cash


def cash_never_below_floor(block: Block, t: int) -> Any:
    """Cash at the end of a period is never below the floor (money)."""
    return at_most(Linear(block.quantities.case.finance.cash_floor), cash_at_end(block, t))


def _terminal_value(block: Block, quantities: Quantities) -> Linear:
    """Years of the last year's operating cash flow, discounted like the last period."""
    years = quantities.case.finance.terminal_years
    value = Linear()
    if years:
        count = len(quantities.periods)
        for t in range(max(0, count - quantities.per_year), count):
            value.add(block.net_cash[t])
            for item in ONE_OFF_ITEMS:
                value.add(block.cash_items[item, t], -1.0)
    return Linear().add(value, years * quantities.discount[-1])


def _budgets(block: Block, quantities: Quantities) -> None:
    horizon = quantities.case.horizon
    block.budget_use = {}
    for number, budget in enumerate(quantities.case.budgets):
        for label, periods in _ceilings(budget, horizon.labels, horizon.years).items():
            spent = Linear()
            for (id, t), cost in block.spent.items():
                if t in periods and budget.category in ("all", block.steps[id].row.budget_category):
                    spent.add(cost)
            block.budget_use[number, label] = spent


def _ceilings(
    budget: Budget, labels: tuple[str, ...], years: dict[str, tuple[int, ...]]
) -> dict[str, tuple[int, ...]]:
    """Label and periods of each ceiling that a budget row sets."""
    if budget.scope == "total":
        return {"total": tuple(range(len(labels)))}
    ceilings = years if budget.scope == "year" else {label: (t,) for t, label in enumerate(labels)}
    return {
        label: periods
        for label, periods in ceilings.items()
        if budget.when is None or budget.when == label
    }


def budget_never_exceeded(block: Block, number: int, label: str) -> Any:
    """One-off cost of a category stays within its budget (money)."""
    amount = block.quantities.case.budgets[number].amount
    return at_most(block.budget_use[number, label], Linear(amount))
