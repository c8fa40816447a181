"""The linear program that is left of a tiny case when its decisions are taken.

Part of the reference solver (see ``brute_force``). All decision sets of a case share
one matrix: what was decided changes only the right hand sides and a constant part of
each figure. Variables are the cars that go one whole way: built at a site, sold in a
market through an entry mode; one last variable is the peak funding. Not here: which
sets are allowed (see ``decision_sets``), and in which order goals are met.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from decision_sets import DecisionSets, Numbers, dated

from models.case import Case

#: Stands for "no limit" on the right hand side.
NO_LIMIT = 1e9


class Way(NamedTuple):
    """A variable: cars of a vehicle from a site to a market through an entry mode."""

    market: str
    entry: str
    vehicle: str
    site: str
    t: int


@dataclass(frozen=True)
class Figure:
    """A linear figure of a plan: ``factors`` on the variables plus a part per set."""

    factors: Numbers
    constant: Numbers


class VolumeProgram:
    """``matrix @ variables <= limits[set]``, with the figures that goals are about."""

    def __init__(self, case: Case, sets: DecisionSets) -> None:
        self.case = case
        self.sets = sets
        self.count = case.horizon.count
        self.per_year = case.horizon.per_year
        self.ways = list(self._all_ways())
        self._matrix: list[Numbers] = []
        self._limits: list[Numbers] = []
        self.partner = {
            row.deal: sets.strength(row.id, row.ramp) * row.partner_units_per_year / self.per_year
            for row in case.deals
        }
        self.margin = self._margins()
        self.operating, self.one_off, self.spent = self._decided_money()
        for law in (
            self._demand,
            self._segments,
            self._networks,
            self._sites,
            self._components,
            self._cash,
        ):
            law()
        self.matrix = np.array(self._matrix).reshape(-1, len(self.ways) + 1)
        self.limits = np.array(self._limits).reshape(-1, len(sets)).T

    # Variables ------------------------------------------------------------------

    def _all_ways(self) -> list[Way]:
        case = self.case
        made = {(row.site, row.vehicle) for row in case.production}
        lanes = {(row.site, row.market) for row in case.lanes}
        ways = []
        for launch in case.launches:
            modes = [row.mode for row in case.entries if row.market == launch.market] or [""]
            sites = [
                row.site
                for row in case.sites
                if (row.site, launch.vehicle) in made and (row.site, launch.market) in lanes
            ]
            for mode in modes:
                for site in sites if case.sites else [""]:
                    for t in range(self.count):
                        ways.append(Way(launch.market, mode, launch.vehicle, site, t))
        return ways

    def _at_most(self, factors: list[float], limit: Numbers, funding: float = 0.0) -> None:
        """Add one row: factors on the ways, and on the peak funding."""
        if any(factors) or funding or np.any(limit < 0):
            self._matrix.append(np.array([*factors, funding]))
            self._limits.append(limit)

    # Limits on volume -------------------------------------------------------------

    def _registered(self) -> dict[tuple[str, str], Numbers]:
        """Registrations per period, season included, by market and segment."""
        horizon = self.case.horizon
        season = {(row.market, row.position): row.index for row in self.case.seasonality}
        yearly = dated(self.case, self.case.registrations, lambda row: float(row.units_per_year))
        return {
            (market, segment): np.array(
                [
                    units[t] / self.per_year * season.get((market, horizon.position(t)), 1.0)
                    for t in range(self.count)
                ]
            )
            for (market, segment), units in yearly.items()
        }

    def _demand(self) -> None:
        registered = self._registered()
        segment = {row.vehicle: row.segment for row in self.case.vehicles}
        for launch in self.case.launches:
            diverted = np.zeros((len(self.sets), self.count))
            for row in self.case.diversions:
                if row.market == launch.market:
                    diverted += row.share * self.sets.strength(f"deals.{row.deal}", row.ramp)
            demand = (
                registered[launch.market, segment[launch.vehicle]]
                * launch.peak_share
                * self.sets.strength(launch.id, launch.ramp)
                * (1 - diverted)
            )
            for t in range(self.count):
                place = (launch.market, launch.vehicle, t)
                inside = [float((w.market, w.vehicle, w.t) == place) for w in self.ways]
                self._at_most(inside, np.maximum(demand[:, t], 0.0))

    def _segments(self) -> None:
        largest = {row.market: row.max_share for row in self.case.markets}
        own = {(row.market, row.segment): row.max_share for row in self.case.segments}
        segment = {row.vehicle: row.segment for row in self.case.vehicles}
        for (market, name), cars in self._registered().items():
            share = own.get((market, name), largest[market])
            for t in range(self.count):
                place = (market, name, t)
                inside = [float((w.market, segment[w.vehicle], w.t) == place) for w in self.ways]
                self._at_most(inside, np.full(len(self.sets), cars[t] * share))

    def _networks(self) -> None:
        for entry in self.case.entries:
            if entry.throughput_per_year is None:
                room = np.where(self.sets.running(entry.id), NO_LIMIT, 0.0)
            else:
                yearly = entry.throughput_per_year / self.per_year
                room = self.sets.strength(entry.id, entry.ramp) * yearly
            for rule in self.case.exclusivities:
                if rule.ends_sales and rule.commitment == entry.id:
                    room = np.where(self.sets.running(f"deals.{rule.deal}"), 0.0, room)
            for t in range(self.count):
                place = (entry.market, entry.mode, t)
                inside = [float((w.market, w.entry, w.t) == place) for w in self.ways]
                self._at_most(inside, room[:, t])

    def _expanded(self, standing: float, column: str, name: str) -> Numbers:
        """Capacity per period of a site or a component, by set and period."""
        capacity = np.full((len(self.sets), self.count), standing / self.per_year)
        for row in self.case.expansions:
            if getattr(row, column) == name:
                step = row.capacity_per_year / self.per_year
                capacity += self.sets.strength(row.id, row.ramp) * step
        return capacity

    def _sites(self) -> None:
        takes = {(row.site, row.vehicle): row.capacity_per_car for row in self.case.production}
        for site in self.case.sites:
            capacity = self._expanded(site.capacity_per_year, "site", site.site)
            for t in range(self.count):
                used = [
                    takes[w.site, w.vehicle] if (w.site, w.t) == (site.site, t) else 0.0
                    for w in self.ways
                ]
                self._at_most(used, capacity[:, t])

    def _components(self) -> None:
        per_car = {(row.vehicle, row.component): row.per_car for row in self.case.component_use}
        for part in self.case.components:
            capacity = self._expanded(part.capacity_per_year, "component", part.component)
            for supply in self.case.deal_supply:
                if supply.component == part.component:
                    capacity = capacity - supply.per_unit * self.partner[supply.deal]
            for t in range(self.count):
                used = [
                    per_car.get((w.vehicle, part.component), 0.0) if w.t == t else 0.0
                    for w in self.ways
                ]
                self._at_most(used, capacity[:, t])

    # Money ------------------------------------------------------------------------

    def _margins(self) -> Numbers:
        """Money that one car brings, by way."""
        case = self.case
        price = dated(case, case.prices, lambda row: float(row.net_price))
        customs = dated(
            case,
            case.prices,
            lambda row: float(row.net_price if row.customs_value is None else row.customs_value),
        )
        duty = dated(case, case.duties, lambda row: float(row.rate))
        vehicles = {row.vehicle: row for row in case.vehicles}
        markets = {row.market: row for row in case.markets}
        entries = {(row.market, row.mode): row for row in case.entries}
        made = {(row.site, row.vehicle): row for row in case.production}
        lanes = {(row.site, row.market): row for row in case.lanes}
        origin = {row.site: row.origin for row in case.sites}
        nothing = np.zeros(self.count)
        margins = []
        for w in self.ways:
            net = price.get((w.vehicle, w.market), nothing)[w.t]
            margin = net - vehicles[w.vehicle].warranty_cost - markets[w.market].sales_cost
            if w.entry:
                entry = entries[w.market, w.entry]
                margin -= entry.partner_share * net + entry.sales_cost
            if w.site:
                fall = (1 - case.finance.cost_down_per_year) ** (w.t / self.per_year)
                rate = duty.get((origin[w.site], w.market), nothing)[w.t]
                margin -= made[w.site, w.vehicle].variable_cost * fall
                margin -= lanes[w.site, w.market].freight * vehicles[w.vehicle].freight_factor
                margin -= rate * customs.get((w.vehicle, w.market), nothing)[w.t]
            margins.append(margin / case.money_unit)
        return np.array([*margins, 0.0])

    def _decided_money(self) -> tuple[Numbers, Numbers, Numbers]:
        """Operating cash flow apart from own cars, one-off items, and the part of
        these that is commitment cost; by set and period."""
        case = self.case
        shape = (len(self.sets), self.count)
        operating, one_off, spent = np.zeros(shape), np.zeros(shape), np.zeros(shape)
        for amount in dated(case, case.overheads, lambda row: float(row.amount_per_year)).values():
            operating -= amount / self.per_year
        for site in case.sites:
            operating -= site.fixed_cost_per_year / self.per_year
        for row in self.sets.rows:
            operating -= self.sets.running(row.id) * (row.running_cost_per_year / self.per_year)
            spent += self.sets.cost(row)
        for deal in case.deals:
            operating += self.partner[deal.deal] * (deal.royalty / case.money_unit)
        for supply in case.deal_supply:
            per_unit = supply.per_unit * supply.margin / case.money_unit
            operating += self.partner[supply.deal] * per_unit
        for payment in case.deal_payments:
            event = self.sets.start if payment.counted_from == "start" else self.sets.effective
            when = event[:, self.sets.column[f"deals.{payment.deal}"]] + payment.after
            one_off += (when[:, None] == self.sets.periods) * payment.amount
        return operating, one_off - spent, spent

    def _cash(self) -> None:
        """Cash never below its floor, and peak funding at least each fall of cash."""
        finance = self.case.finance
        change = np.cumsum(self.operating + self.one_off, axis=1)
        for t in range(self.count):
            paid = [
                -margin if w.t <= t else 0.0
                for w, margin in zip(self.ways, self.margin[:-1], strict=True)
            ]
            if finance.cash_floor is not None:
                room = finance.opening_cash - finance.cash_floor
                self._at_most(paid, change[:, t] + room)
            self._at_most(paid, change[:, t], funding=-1.0)

    # Figures ------------------------------------------------------------------------

    def volume(self, periods: range | tuple[int, ...]) -> Figure:
        """Counted volume in some periods."""
        inside = [float(w.t in periods) for w in self.ways]
        counted = np.zeros(len(self.sets))
        for deal in self.case.deals:
            counted += deal.counted_share * self.partner[deal.deal][:, list(periods)].sum(axis=1)
        return Figure(np.array([*inside, 0.0]), counted)

    def last_year(self, end: int) -> range:
        """The year's worth of periods that ends with ``end``."""
        return range(max(end - self.per_year + 1, 0), end + 1)

    def npv(self) -> Figure:
        finance = self.case.finance
        discount = (1 + finance.discount_rate_per_year) ** (-np.arange(self.count) / self.per_year)
        terminal = np.zeros(self.count)
        terminal[list(self.last_year(self.count - 1))] = finance.terminal_years * discount[-1]
        weight = discount + terminal
        factors = [m * weight[w.t] for w, m in zip(self.ways, self.margin[:-1], strict=True)]
        constant = self.operating @ weight + self.one_off @ discount
        return Figure(np.array([*factors, 0.0]), constant)

    def spending(self) -> Figure:
        return Figure(np.zeros(len(self.ways) + 1), self.spent.sum(axis=1))

    def peak_funding(self) -> Figure:
        factors = np.zeros(len(self.ways) + 1)
        factors[-1] = 1.0
        return Figure(factors, np.zeros(len(self.sets)))
