"""Demand: what own cars can sell, market by market.

Symbols: ``x[m,e,v,t]`` own cars of vehicle ``v`` sold in market ``m`` through
entry mode ``e`` (blank where the market has none) in period ``t``;
``lost[d,v,m,t]`` own demand that deal ``d`` diverts. Cars per period.

Two age effects (of launch and of network) are two laws, not a product; the loss
to a deal is a product of two ramps and is written exactly with the deal's
by-time binaries. Not here: where the cars come from (see ``supply``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from math import inf
from typing import Any

from pyomo.core import Block, Constraint, NonNegativeReals, Var

from optimizer.formulation.commitments import Steps
from optimizer.formulation.linear import Linear, at_most
from optimizer.formulation.quantities import Quantities

Cell = tuple[str, str, int]  # vehicle, market, period


def formulate(block: Block, quantities: Quantities) -> None:
    """Add sales and their limits.

    Leaves ``block.sold`` (vehicle, market, period to the sum over entries),
    ``block.own_sales`` (period to all own sales) and ``block.most_sold``
    (vehicle, market, period to a number no plan can exceed).
    """
    case = quantities.case
    block.launch = {(row.vehicle, row.market): block.steps[row.id] for row in case.launches}
    block.launch_ramp = {
        (row.vehicle, row.market): quantities.ramps[row.ramp] for row in case.launches
    }
    block.most_sold = _most_sold(block, quantities)
    _sales(block, quantities)
    _diversion(block, quantities)
    block.sales_within_demand = Constraint(list(block.sold), rule=sales_within_demand)
    by_segment: dict[tuple[str, str], list[str]] = defaultdict(list)
    for vehicle, market in block.launch:
        by_segment[market, quantities.segment[vehicle]].append(vehicle)
    block.segment_sales = {
        (market, segment, t): Linear()
        for market, segment in quantities.segment_ceiling
        for t in quantities.periods
    }
    for (vehicle, market, t), sold in block.sold.items():
        block.segment_sales[market, quantities.segment[vehicle], t].add(sold)
    block.segment_within_share = Constraint(
        [key for key, sales in block.segment_sales.items() if not sales.is_constant],
        rule=segment_within_share,
    )
    _network(block, quantities)
    block.own_sales = {t: Linear() for t in quantities.periods}
    for (_, _, t), sold in block.sold.items():
        block.own_sales[t].add(sold)


def _most_sold(block: Block, quantities: Quantities) -> dict[Cell, float]:
    """Demand at the largest ramp value that each launch can have in a period."""
    most: dict[Cell, float] = {}
    for (vehicle, market), step in block.launch.items():
        ramp = block.launch_ramp[vehicle, market]
        for t in quantities.periods:
            cars = quantities.demand[vehicle, market][t] * step.peak(ramp, t)
            if cars > 0:
                most[vehicle, market, t] = cars
    return most


def _sales(block: Block, quantities: Quantities) -> None:
    """Variables only where a launch, an entry and demand can meet."""
    block.entry = {(row.market, row.mode): block.steps[row.id] for row in quantities.case.entries}
    block.entry_closed = _closing_deals(block, quantities)
    index = []
    for vehicle, market, t in block.most_sold:
        rows = quantities.entries[market]
        if not rows:
            index.append((market, "", vehicle, t))
        index.extend(
            (market, row.mode, vehicle, t)
            for row in rows
            if t >= block.entry[market, row.mode].first_effect
        )
    block.x = Var(index, within=NonNegativeReals)
    block.sold = {}
    for market, mode, vehicle, t in index:
        variable = block.x[market, mode, vehicle, t]
        variable.setub(block.most_sold[vehicle, market, t])
        block.sold.setdefault((vehicle, market, t), Linear()).term(1.0, variable)


def _diversion(block: Block, quantities: Quantities) -> None:
    """Own demand lost to deals: one variable and its lower limits per deal and cell."""
    rules = defaultdict(list)
    for row in quantities.case.diversions:
        deal = block.steps[f"deals.{row.deal}"]
        if deal.possible and row.share > 0:
            rules[row.market].append((deal, row.share, quantities.ramps[row.ramp]))
    block.diversions = rules
    index = [
        (deal.id, vehicle, market, t)
        for (vehicle, market, t) in block.sold
        for deal, _, _ in rules[market]
        if t >= deal.first_effect
    ]
    block.lost = Var(index, within=NonNegativeReals)
    block.lost_rules = {
        (deal.id, market): (deal, share, ramp)
        for market, listed in rules.items()
        for deal, share, ramp in listed
    }
    block.diverted_demand_is_lost = Constraint(
        [
            (id, vehicle, market, t, age)
            for id, vehicle, market, t in index
            for age in _ages(block, id, market, t)
        ],
        rule=diverted_demand_is_lost,
    )
    block.all_lost = defaultdict(Linear)
    for id, vehicle, market, t in index:
        block.all_lost[vehicle, market, t].term(1.0, block.lost[id, vehicle, market, t])


def _ages(block: Block, id: str, market: str, t: int) -> list[int]:
    """Ages of the deal in ``t`` at which its loss can start to differ."""
    deal, _, ramp = block.lost_rules[id, market]
    if deal.start is not None:
        return [min(t - deal.first_effect, len(ramp) - 1)]
    oldest = min(t - deal.first_effect, len(ramp) - 1)
    return [age for age in range(oldest + 1) if ramp[age] > 0]


def _has_age(deal: Steps, ramp: tuple[float, ...], age: int, t: int) -> Linear:
    """1 when the loss at ``age`` applies in ``t``: from that age on if the ramp only rises."""
    here = deal.effective(t - age)
    if deal.start is None and age < len(ramp) - 1 and min(ramp[age:]) < ramp[age]:
        deal.effective(t - age - 1, -1.0, here)
    return here


def diverted_demand_is_lost(
    block: Block, id: str, vehicle: str, market: str, t: int, age: int
) -> Any:
    """A deal of age ``a`` takes its share of the launched demand.

    ``lost >= share r(a) (demand ramp - most (1 - [age is a]))`` (cars), where
    ``most`` is the demand at the largest ramp value that can hold in ``t``.
    """
    deal, share, ramp = block.lost_rules[id, market]
    part = share * ramp[age]
    demand = block.quantities.demand[vehicle, market][t]
    launched = block.launch[vehicle, market].ramped(
        block.launch_ramp[vehicle, market], t, demand * part
    )
    most = block.most_sold[vehicle, market, t] * part
    launched.plus(-most).add(_has_age(deal, ramp, age, t), most)
    return at_most(launched, Linear().term(1.0, block.lost[id, vehicle, market, t]))


def sales_within_demand(block: Block, vehicle: str, market: str, t: int) -> Any:
    """Sales stay within launched demand less what deals divert: ``sum_e x <= D ramp - lost`` (cars)."""
    used = Linear().add(block.sold[vehicle, market, t]).add(block.all_lost[vehicle, market, t])
    demand = block.quantities.demand[vehicle, market][t]
    return at_most(
        used,
        block.launch[vehicle, market].ramped(block.launch_ramp[vehicle, market], t, demand),
    )


def segment_within_share(block: Block, market: str, segment: str, t: int) -> Any:
    """Own cars in a segment stay within the maker's largest share of it (cars)."""
    ceiling = block.quantities.segment_ceiling[market, segment][t]
    return at_most(block.segment_sales[market, segment, t], Linear(ceiling))


def _closing_deals(block: Block, quantities: Quantities) -> dict[tuple[str, str], list[Steps]]:
    """Deals that end the sales of an entry, by (market, mode)."""
    closing = defaultdict(list)
    for rule in quantities.case.exclusivities:
        if rule.ends_sales:
            _, market, mode = rule.commitment.split(".")
            closing[market, mode].append(block.steps[f"deals.{rule.deal}"])
    return closing


def _network(block: Block, quantities: Quantities) -> None:
    block.entry_sales = defaultdict(Linear)
    for market, mode, vehicle, t in block.x:
        if mode:
            block.entry_sales[market, mode, t].term(1.0, block.x[market, mode, vehicle, t])
    limited = [
        key
        for key in block.entry_sales
        if quantities.entry[key[:2]].throughput_per_year is not None
    ]
    block.sales_within_network = Constraint(limited, rule=sales_within_network)
    undecided = [key for key in block.x if key[1] and block.entry[key[:2]].start is None]
    unlimited = [key for key in undecided if quantities.entry[key[:2]].throughput_per_year is None]
    block.sales_need_entry = Constraint(unlimited, rule=sales_need_entry)
    for key in sorted(set(undecided) - set(unlimited)):
        block.tightening.append(_sales_and_entry(block, *key))
    block.bounding.extend(_sales_by_start(block, quantities))
    block.exclusivity_ends_sales = Constraint(
        [
            (*key, number)
            for key in block.entry_sales
            for number, deal in enumerate(block.entry_closed.get(key[:2], ()))
            if deal.possible and deal.first_effect <= key[2]
        ],
        rule=exclusivity_ends_sales,
    )


def throughput(block: Block, market: str, mode: str, t: int) -> Linear:
    """Cars that the network of an entry can sell in ``t``, before any exclusivity."""
    ramp = block.quantities.ramps[block.quantities.entry[market, mode].ramp]
    entry: Steps = block.entry[market, mode]
    return entry.ramped(ramp, t, _network_size(block, market, mode))


def sales_within_network(block: Block, market: str, mode: str, t: int) -> Any:
    """Sales through an entry stay within its network: ``sum_v x <= throughput ramp`` (cars)."""
    return at_most(block.entry_sales[market, mode, t], throughput(block, market, mode, t))


def sales_need_entry(block: Block, market: str, mode: str, vehicle: str, t: int) -> Any:
    """Sales through an entry need it: ``x <= most Y[e,t-L]`` (cars).

    Implied by a throughput limit, but tighter in the relaxation: a small part of
    a large network must not serve all of a market.
    """
    return at_most(_sales_and_entry(block, market, mode, vehicle, t), Linear())


def _sales_and_entry(block: Block, market: str, mode: str, vehicle: str, t: int) -> Linear:
    most = block.most_sold[vehicle, market, t]
    sales = Linear().term(1.0, block.x[market, mode, vehicle, t])
    entry: Steps = block.entry[market, mode]
    return entry.effective(t, -most, sales)


def _sales_by_start(block: Block, quantities: Quantities) -> Iterator[Linear]:
    """A car's sales by the start of its launch, and by that of its entry.

    ``x <= sum_s min(D ramp(t-s), most) (Y[l,s] - Y[l,s-1])``: of the starts of a launch one
    applies, and whatever its demand, no more is sold than ``most``, what network and share
    of the segment let through in ``t`` at best. The same the other way round for the starts
    of an entry, with the most that the car can sell. The relaxation could otherwise
    start a small part of a launch (or of a network) that is larger than what it is for.
    """
    segment = quantities.segment
    through = {key: _most_through(block, *key) for key in block.entry_sales}
    for (market, mode, vehicle, t), variable in block.x.items():
        share = quantities.segment_ceiling[market, segment[vehicle]][t]
        most = min(share, through.get((market, mode, t), inf))
        yield from _by_launch(block, vehicle, market, t, most, Linear().term(1.0, variable))
        network = _network_size(block, market, mode)
        if network == inf or block.entry[market, mode].start is not None:
            continue
        entry: Steps = block.entry[market, mode]
        ramp = quantities.ramps[quantities.entry[market, mode].ramp]
        most = min(share, block.most_sold[vehicle, market, t])
        values = [min(network * value, most) for value in ramp]
        yield entry.ramped(values, t, -1.0, Linear().term(1.0, variable))
    for (vehicle, market, t), sales in block.sold.items():
        if len(sales.variables) > 1:
            rows = quantities.entries[market]
            each = [through.get((market, row.mode, t), 0.0) for row in rows]
            most = max(each) if _one_entry_only(block, market) else sum(each)
            most = min(most, quantities.segment_ceiling[market, segment[vehicle]][t])
            yield from _by_launch(block, vehicle, market, t, most, Linear().add(sales))


def _by_launch(
    block: Block, vehicle: str, market: str, t: int, most: float, sales: Linear
) -> Iterator[Linear]:
    launch: Steps = block.launch[vehicle, market]
    if launch.start is None:
        demand = block.quantities.demand[vehicle, market][t]
        ramp = block.launch_ramp[vehicle, market]
        yield launch.ramped([min(demand * value, most) for value in ramp], t, -1.0, sales)


def _network_size(block: Block, market: str, mode: str) -> float:
    """The cars that the whole network of an entry can sell in a period, or no limit."""
    row = block.quantities.entry.get((market, mode))
    if row is None or row.throughput_per_year is None:
        return inf
    return float(row.throughput_per_year / block.quantities.per_year)


def _most_through(block: Block, market: str, mode: str, t: int) -> float:
    """The most cars that an entry can sell in ``t``, whenever it started."""
    network = _network_size(block, market, mode)
    if network == inf:
        return inf
    ramp = block.quantities.ramps[block.quantities.entry[market, mode].ramp]
    entry: Steps = block.entry[market, mode]
    return network * entry.peak(ramp, t)


def _one_entry_only(block: Block, market: str) -> bool:
    """Whether the entries of a market exclude each other."""
    rows = block.quantities.entries[market]
    shared = set.intersection(*(set(row.exclusive_group) for row in rows))
    return any(block.group_limit.get(group, 1) == 1 for group in shared)


def exclusivity_ends_sales(block: Block, market: str, mode: str, t: int, number: int) -> Any:
    """No car is sold through an entry that an effective deal closes: ``sum_v x <= most (1 - Y[d,t-L])`` (cars)."""
    deal = block.entry_closed[market, mode][number]
    most = sum(block.most_sold[v, m, s] for v, m, s in block.most_sold if m == market and s == t)
    return at_most(block.entry_sales[market, mode, t], deal.effective(t, -most).plus(most))
