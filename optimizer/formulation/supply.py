"""Supply: sites build what markets sell, within their capacity and that of components.

Symbols: ``flow[s,v,m,t]`` cars of ``v`` that site ``s`` builds for market ``m``
in period ``t``. Sites with a way to a market and the ability to build a vehicle
have a flow; without any site in the case supply has no limit. All that is sold is
built in the same period, so the flow of one site is what the others leave of the sales:
a sum and no variable of its own.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from pyomo.core import Block, Constraint, NonNegativeReals, Var

from optimizer.formulation.linear import Linear, at_most
from optimizer.formulation.quantities import Quantities

Cell = tuple[str, str, int]  # vehicle, market, period


def formulate(block: Block, quantities: Quantities) -> None:
    """Add flows, balance and capacities.

    Leaves ``block.site_use``, ``block.site_capacity``, ``block.component_use``
    and ``block.component_capacity``, each by name and period.
    """
    case = quantities.case
    _capacities(block, quantities)
    builders = defaultdict(list)
    for site, vehicle in quantities.production:
        builders[vehicle].append(site)
    index = [
        (site, vehicle, market, t)
        for vehicle, market, t in block.sold
        for site in builders[vehicle]
        if (site, market) in quantities.lane and _can_have(block.site_capacity[site, t])
    ]
    _flows(block, index)
    block.site_use = {key: Linear() for key in block.site_capacity}
    for (site, vehicle, _market, t), flow in block.flow.items():
        per_car = quantities.production[site, vehicle].capacity_per_car
        block.site_use[site, t].add(flow, per_car)
    if case.sites:
        block.sales_are_delivered = Constraint(list(block.sold), rule=sales_are_delivered)
    block.site_within_capacity = Constraint(list(block.site_use), rule=site_within_capacity)
    for key in block.flow:
        if _only_new(block.site_capacity[key[0], key[3]]):
            block.tightening.append(new_site_must_open(block, *key))
    _component_use(block, quantities)
    block.component_within_capacity = Constraint(
        list(block.component_use), rule=component_within_capacity
    )


def _flows(block: Block, index: list[tuple[str, str, str, int]]) -> None:
    """The flow of each site: variables but for one site, which builds the rest."""
    ways: dict[Cell, list[str]] = defaultdict(list)
    for site, vehicle, market, t in index:
        ways[vehicle, market, t].append(site)
    block.others = Var(
        [(site, *cell) for cell, sites in ways.items() for site in sites[1:]],
        within=NonNegativeReals,
    )
    block.flow = {}
    block.from_others = {cell: Linear() for cell in block.sold}
    for cell, (first, *others) in ways.items():
        for site in others:
            variable = block.others[site, *cell]
            variable.setub(block.most_sold[cell])
            block.flow[site, *cell] = Linear().term(1.0, variable)
            block.from_others[cell].term(1.0, variable)
        rest = Linear().add(block.sold[cell]).add(block.from_others[cell], -1.0)
        block.flow[first, *cell] = rest
    block.built = ways


def _can_have(capacity: Linear) -> bool:
    return capacity.constant > 0 or not capacity.is_constant


def _only_new(capacity: Linear) -> bool:
    return capacity.constant == 0 and not capacity.is_constant


def _capacities(block: Block, quantities: Quantities) -> None:
    """Standing capacity and that of expansions, per period."""
    case, per_year = quantities.case, quantities.per_year
    sites = {row.site: row.capacity_per_year / per_year for row in case.sites}
    components = {row.component: row.capacity_per_year / per_year for row in case.components}
    block.site_capacity = {
        (site, t): Linear(stands) for site, stands in sites.items() for t in quantities.periods
    }
    block.component_capacity = {
        (name, t): Linear(stands) for name, stands in components.items() for t in quantities.periods
    }
    block.site_steps = defaultdict(list)
    for row in case.expansions:
        step = block.steps[row.id]
        ramp = quantities.ramps[row.ramp]
        added = row.capacity_per_year / per_year
        if row.site:
            block.site_steps[row.site].append(step)
        for t in quantities.periods:
            capacity = (
                block.site_capacity[row.site, t]
                if row.site
                else block.component_capacity[row.component, t]
            )
            step.ramped(ramp, t, added, capacity)


def sales_are_delivered(block: Block, vehicle: str, market: str, t: int) -> Any:
    """What is sold is built for that market in the same period: ``sum_s flow = sum_e x``, so
    all sites but the one that builds the rest: ``sum_s flow <= sum_e x`` (cars)."""
    cell = (vehicle, market, t)
    if cell not in block.built:
        return at_most(block.sold[cell], Linear())
    if block.from_others[cell].is_constant:
        return Constraint.Skip
    return at_most(block.from_others[cell], block.sold[cell])


def site_within_capacity(block: Block, site: str, t: int) -> Any:
    """A site builds within its capacity: ``sum k flow <= stands + sum_x added ramp`` (capacity)."""
    return at_most(block.site_use[site, t], block.site_capacity[site, t])


def new_site_must_open(block: Block, site: str, vehicle: str, market: str, t: int) -> Linear:
    """A site with no standing capacity builds nothing before an expansion opens it.

    ``flow <= most sum_x Y[x,t-L]`` (cars): implied by its capacity, and much
    tighter in the relaxation when one market takes a small part of it.
    """
    flow = Linear().add(block.flow[site, vehicle, market, t])
    for step in block.site_steps[site]:
        step.effective(t, -block.most_sold[vehicle, market, t], flow)
    return flow


def _component_use(block: Block, quantities: Quantities) -> None:
    block.component_use = {key: Linear() for key in block.component_capacity}
    uses = defaultdict(list)
    for row in quantities.case.component_use:
        uses[row.vehicle].append((row.component, row.per_car))
    for (vehicle, _, t), sold in block.sold.items():
        for component, per_car in uses[vehicle]:
            block.component_use[component, t].add(sold, per_car)
    for supply in quantities.case.deal_supply:
        for t in quantities.periods:
            units = block.partner_units[supply.deal, t]
            block.component_use[supply.component, t].add(units, supply.per_unit)


def component_within_capacity(block: Block, component: str, t: int) -> Any:
    """Own cars and licensees share a component's capacity (components)."""
    return at_most(block.component_use[component, t], block.component_capacity[component, t])
