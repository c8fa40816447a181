"""The planning problem as a first attempt would write it: start-time binaries, big-M.

Symbols: ``z[c,s]`` is 1 when commitment ``c`` starts in period ``s`` of its window;
what has started, is effective or has an age is a sum over past starts. ``x`` are cars
sold by market, entry, vehicle and period, ``flow`` cars built by site, vehicle, market
and period, ``lost`` demand that a deal takes away, ``cash`` money at the end of a period,
``reached[w]`` 1 when window ``w`` is named as one that reaches the target.

Every column exists in every period, whether it can be of use there or not; windows are
those stated; nothing is added to make the relaxation tighter. Written from the formulas
of ``data/README.md`` alone, to compare `optimizer.formulation` with; it shares nothing
with it. Not here: in which order goals are met (see `tests.bench.textbook`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from models.base import Row
from models.case import Case
from models.checks import target_windows
from models.commitment import Commitment
from models.target import Goal

#: Start of what has been in place for ever, and of what never starts.
LONG_AGO = -1_000_000
#: Part of the target that counts as reaching it, for the solver's tolerance on a row.
REACHED = 1 - 1e-7
#: Tables that the model holds; a case with rows in another one is refused.
COVERED = frozenset(
    [
        "markets",
        "segments",
        "registrations",
        "seasonality",
        "ramps",
        "platforms",
        "vehicles",
        "entries",
        "launches",
        "prices",
        "sites",
        "production",
        "lanes",
        "duties",
        "components",
        "component_use",
        "expansions",
        "deals",
        "deal_payments",
        "deal_supply",
        "diversions",
        "exclusivities",
        "projects",
        "precedences",
        "exclusive_groups",
        "resources",
        "resource_use",
        "overheads",
        "budgets",
        "levers",
        "sources",
    ]
)
INFINITY = float("inf")


class NotCoveredError(ValueError):
    """The case uses something that the textbook model does not have."""


class Sum:
    """A number and coefficients times columns."""

    __slots__ = ("constant", "terms")

    def __init__(self, constant: float = 0.0) -> None:
        self.constant = constant
        self.terms: dict[int, float] = {}

    def term(self, column: int, coefficient: float = 1.0) -> Sum:
        """Add a coefficient times a column."""
        if coefficient:
            self.terms[column] = self.terms.get(column, 0.0) + coefficient
        return self

    def add(self, other: Sum, factor: float = 1.0) -> Sum:
        """Add another sum times a factor."""
        self.constant += factor * other.constant
        for column, coefficient in other.terms.items():
            self.term(column, factor * coefficient)
        return self


def total(parts: Iterable[Sum]) -> Sum:
    """The sum of sums."""
    result = Sum()
    for part in parts:
        result.add(part)
    return result


@dataclass
class Rows:
    """Columns and rows, as lists that a solver can be handed."""

    lower: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    whole: list[int] = field(default_factory=list)
    row_lower: list[float] = field(default_factory=list)
    row_upper: list[float] = field(default_factory=list)
    start: list[int] = field(default_factory=lambda: [0])
    column: list[int] = field(default_factory=list)
    value: list[float] = field(default_factory=list)

    def new(self, lower: float = 0.0, upper: float = INFINITY) -> int:
        """A continuous column."""
        self.lower.append(lower)
        self.upper.append(upper)
        return len(self.upper) - 1

    def binary(self) -> int:
        """A column that is 0 or 1."""
        self.whole.append(self.new(upper=1.0))
        return self.whole[-1]

    def at_most(self, used: Sum, available: Sum | float) -> None:
        """Add the row ``used <= available``."""
        self._row(used, available, -INFINITY)

    def equal(self, left: Sum, right: Sum | float) -> None:
        """Add the row ``left == right``."""
        self._row(left, right, None)

    def _row(self, left: Sum, right: Sum | float, low: float | None) -> None:
        body = Sum().add(left)
        body.add(right if isinstance(right, Sum) else Sum(right), -1.0)
        self.row_lower.append(-body.constant if low is None else low)
        self.row_upper.append(-body.constant)
        terms = [(column, value) for column, value in body.terms.items() if value]
        self.column.extend(column for column, _ in terms)
        self.value.extend(value for _, value in terms)
        self.start.append(len(self.column))


class TextbookModel:
    """All rows of a case, and the sums that its goals are about.

    Raises `NotCoveredError` for a case that uses what the model does not have.
    """

    def __init__(self, case: Case) -> None:
        _refuse_unknown(case)
        self.case = case
        self.periods = range(case.horizon.count)
        self.per_year = case.horizon.per_year
        self.rows = Rows()
        self.ramps = _ramps(case)
        self.segment = {row.vehicle: row.segment for row in case.vehicles}
        self._starts()
        self._waits()
        self._groups_and_exclusivities()
        self._resources()
        self._demand()
        self._segments()
        self._network()
        self._partners()
        self._supply()
        self._components()
        self._money()
        self._budgets()
        self._cash()
        self._windows()

    # Numbers --------------------------------------------------------------------------

    def _dated(self, rows: Iterable[Row], name: str) -> dict[tuple[str, ...], list[float]]:
        """A column of a dated table by period, for each key without its date."""
        steps: dict[tuple[str, ...], list[tuple[int, float]]] = defaultdict(list)
        for row in rows:
            key = tuple(str(getattr(row, part)) for part in row.keys if part != "since")
            since = getattr(row, "since", None)
            steps[key].append((self.case.horizon.index(since) if since else 0, getattr(row, name)))
        return {
            key: [max(step for step in found if step[0] <= t)[1] for t in self.periods]
            for key, found in steps.items()
        }

    def _registrations(self) -> dict[tuple[str, ...], list[float]]:
        """Registrations of each market and segment by period, season included."""
        horizon = self.case.horizon
        season = {(row.market, row.position): row.index for row in self.case.seasonality}
        yearly = self._dated(self.case.registrations, "units_per_year")
        return {
            key: [
                cars / self.per_year * season.get((key[0], horizon.position(t)), 1.0)
                for t, cars in enumerate(values)
            ]
            for key, values in yearly.items()
        }

    # States: sums over past starts ------------------------------------------------------

    def _starts(self) -> None:
        """``z``; a commitment starts at most once, a mandatory one exactly once."""
        index = self.case.horizon.index
        self.z: dict[str, dict[int, int]] = {}
        self.known: dict[str, int] = {}
        for id, row in self.case.commitments.items():
            self.z[id] = {}
            if row.status == "in_place":
                since = index(row.effective) if row.effective else LONG_AGO
                self.known[id] = since - row.lead
            elif row.status != "forbidden":
                first = index(row.earliest) if row.earliest else 0
                last = index(row.latest) if row.latest else self.periods[-1]
                self.z[id] = {s: self.rows.binary() for s in range(first, last + 1)}
                once = total(Sum().term(column) for column in self.z[id].values())
                if row.status == "mandatory":
                    self.rows.equal(once, 1.0)
                else:
                    self.rows.at_most(once, 1.0)

    def started(self, id: str, t: int) -> Sum:
        """1 when it has started by ``t``: ``sum_{s <= t} z[c,s]``."""
        result = Sum(float(id in self.known and self.known[id] <= t))
        for s, column in self.z[id].items():
            if s <= t:
                result.term(column)
        return result

    def effective(self, id: str, t: int) -> Sum:
        """1 when it is effective in ``t``."""
        return self.started(id, t - self.case.commitments[id].lead)

    def between(self, id: str, t: int, length: int) -> Sum:
        """1 when it has started in the last ``length`` periods up to ``t``."""
        return self.started(id, t).add(self.started(id, t - length), -1.0)

    def ramped(self, id: str, ramp: str, t: int) -> Sum:
        """Ramp at its age in ``t``: ``sum_s ramp[t-s-L] z[c,s]``, 0 before its effect."""
        values, lead = self.ramps[ramp], self.case.commitments[id].lead
        result = Sum()
        if id in self.known and t - self.known[id] - lead >= 0:
            result.constant = values[min(t - self.known[id] - lead, len(values) - 1)]
        for s, column in self.z[id].items():
            if t - s - lead >= 0:
                result.term(column, values[min(t - s - lead, len(values) - 1)])
        return result

    # Rules on starts ----------------------------------------------------------------------

    def _waits(self) -> None:
        """A start waits for some other start: ``z[c,t] <= sum_p sum_{s <= t-g} z[p,s]``."""
        case, lead = self.case, {id: row.lead for id, row in self.case.commitments.items()}
        for rule in case.precedences:
            by_effect = rule.counted_from == "effective"
            lags = {id: rule.lag + (lead[id] if by_effect else 0) for id in rule.after}
            self._wait(rule.commitment, lags)
        for vehicle in case.vehicles:
            if vehicle.platform:
                self._effective_after(vehicle, [f"platforms.{vehicle.platform}"])
        for launch in case.launches:
            self._effective_after(launch, [f"vehicles.{launch.vehicle}"])
            entries = [row.id for row in case.entries if row.market == launch.market]
            if entries:
                self._effective_after(launch, entries)

    def _effective_after(self, row: Commitment, after: list[str]) -> None:
        self._wait(row.id, {id: self.case.commitments[id].lead - row.lead for id in after})

    def _wait(self, id: str, lags: dict[str, int]) -> None:
        for t, column in self.z[id].items():
            enough = total(self.started(other, t - lag) for other, lag in lags.items())
            self.rows.at_most(Sum().term(column), enough)

    def _groups_and_exclusivities(self) -> None:
        """At most so many of a group; no start once a deal that rules it out is effective."""
        limit = {row.group: row.at_most for row in self.case.exclusive_groups}
        members: dict[str, Sum] = defaultdict(Sum)
        for id, row in self.case.commitments.items():
            for group in set(row.exclusive_group):
                members[group].add(
                    Sum(1.0) if id in self.known else self.started(id, self.periods[-1])
                )
        for group, started in members.items():
            self.rows.at_most(started, limit.get(group, 1))
        for rule in self.case.exclusivities:
            for t, column in self.z[rule.commitment].items():
                self.rows.at_most(self.effective(f"deals.{rule.deal}", t).term(column), 1.0)

    def _resources(self) -> None:
        """What commitments occupy while they are prepared, and after, is there."""
        for (resource,), available in self._dated(self.case.resources, "available").items():
            uses = [row for row in self.case.resource_use if row.resource == resource]
            for t in self.periods:
                used = Sum()
                for row in uses:
                    lead = self.case.commitments[row.commitment].lead
                    used.add(self.between(row.commitment, t, lead), row.preparing)
                    used.add(self.effective(row.commitment, t), row.running)
                self.rows.at_most(used, available[t])

    # Volume -----------------------------------------------------------------------------

    def _demand(self) -> None:
        """Sales of a launched car stay within its demand less what deals take away."""
        case, registered = self.case, self._registrations()
        modes: dict[str, list[str]] = defaultdict(list)
        for entry in case.entries:
            modes[entry.market].append(entry.mode)
        self.x: dict[tuple[str, str, str, int], int] = {}
        self.sold: dict[tuple[str, str, int], Sum] = {}
        #: Demand that no plan passes: at the largest value of the ramp.
        self.most: dict[tuple[str, str, int], float] = {}
        for launch, t in product(case.launches, self.periods):
            vehicle, market = launch.vehicle, launch.market
            demand = launch.peak_share * registered[market, self.segment[vehicle]][t]
            self.most[vehicle, market, t] = demand * max(self.ramps[launch.ramp])
            sold = self.sold[vehicle, market, t] = Sum()
            for mode in modes[market] or [""]:
                self.x[market, mode, vehicle, t] = self.rows.new()
                sold.term(self.x[market, mode, vehicle, t])
            launched = Sum().add(self.ramped(launch.id, launch.ramp, t), demand)
            left = Sum().add(launched).add(self._lost(vehicle, market, t, launched), -1.0)
            self.rows.at_most(sold, left)

    def _lost(self, vehicle: str, market: str, t: int, launched: Sum) -> Sum:
        """Demand that deals take: ``lost >= share ramp[t-s-L] launched - M (1 - z[d,s])``."""
        result = Sum()
        for rule in self.case.diversions:
            id = f"deals.{rule.deal}"
            if rule.market != market:
                continue
            if id in self.known:
                result.add(launched, rule.share * self.ramped(id, rule.ramp, t).constant)
                continue
            lost = self.rows.new()
            result.term(lost)
            for column, value in self.ramped(id, rule.ramp, t).terms.items():
                part = rule.share * value
                big = part * self.most[vehicle, market, t]
                taken = Sum(-big).add(launched, part).term(column, big)
                self.rows.at_most(taken, Sum().term(lost))
        return result

    def _segments(self) -> None:
        """Own sales in a segment stay within the largest share of its registrations."""
        own = {(row.market, row.segment): row.max_share for row in self.case.segments}
        usual = {row.market: row.max_share for row in self.case.markets}
        sales: dict[tuple[str, str, int], Sum] = defaultdict(Sum)
        for (vehicle, market, t), sold in self.sold.items():
            sales[market, self.segment[vehicle], t].add(sold)
        registered = self._registrations()
        for (market, segment, t), sold in sales.items():
            share = own.get((market, segment), usual[market])
            self.rows.at_most(sold, share * registered[market, segment][t])

    def _network(self) -> None:
        """Sales through an entry stay within its throughput and end when a deal closes it."""
        closed = [(row.commitment, row.deal) for row in self.case.exclusivities if row.ends_sales]
        cars: dict[str, list[str]] = defaultdict(list)
        for launch in self.case.launches:
            cars[launch.market].append(launch.vehicle)
        for entry, t in product(self.case.entries, self.periods):
            market, mode = entry.market, entry.mode
            sales = total(Sum().term(self.x[market, mode, v, t]) for v in cars[market])
            big = sum(self.most[v, market, t] for v in cars[market])
            if entry.throughput_per_year is None:
                room = Sum().add(self.effective(entry.id, t), big)
            else:
                most = entry.throughput_per_year / self.per_year
                room = Sum().add(self.ramped(entry.id, entry.ramp, t), most)
            self.rows.at_most(sales, room)
            for deal in (deal for id, deal in closed if id == entry.id):
                self.rows.at_most(sales, Sum(big).add(self.effective(f"deals.{deal}", t), -big))

    def _partners(self) -> None:
        """Partners' cars by deal and period; counted volume by period."""
        self.partner = {
            (row.deal, t): Sum().add(
                self.ramped(row.id, row.ramp, t), row.partner_units_per_year / self.per_year
            )
            for row, t in product(self.case.deals, self.periods)
        }
        self.volume = [Sum() for _ in self.periods]
        for (_, _, t), sold in self.sold.items():
            self.volume[t].add(sold)
        for row, t in product(self.case.deals, self.periods):
            self.volume[t].add(self.partner[row.deal, t], row.counted_share)

    def _capacity(self, row: Any, column: str, t: int) -> Sum:
        """What stands and what expansions have added, in ``t``."""
        capacity = Sum(row.capacity_per_year / self.per_year)
        for step in self.case.expansions:
            if getattr(step, column) == row.key[0]:
                added = step.capacity_per_year / self.per_year
                capacity.add(self.ramped(step.id, step.ramp, t), added)
        return capacity

    def _supply(self) -> None:
        """What is sold is built, where there is a way; sites stay within their capacity."""
        case = self.case
        made = {(row.site, row.vehicle): row.capacity_per_car for row in case.production}
        lanes = {(row.site, row.market) for row in case.lanes}
        used: dict[tuple[str, int], Sum] = defaultdict(Sum)
        self.flow: dict[tuple[str, str, str, int], int] = {}
        for (vehicle, market, t), sold in self.sold.items() if case.sites else ():
            built = Sum()
            for site in (row.site for row in case.sites):
                if (site, vehicle) in made and (site, market) in lanes:
                    column = self.flow[site, vehicle, market, t] = self.rows.new()
                    built.term(column)
                    used[site, t].term(column, made[site, vehicle])
            self.rows.equal(sold, built)
        for place, t in product(case.sites, self.periods):
            self.rows.at_most(used[place.site, t], self._capacity(place, "site", t))

    def _components(self) -> None:
        """Own cars and partners' cars share what there is of a component."""
        used: dict[tuple[str, int], Sum] = defaultdict(Sum)
        per_car: dict[str, list[tuple[str, float]]] = defaultdict(list)
        for row in self.case.component_use:
            per_car[row.vehicle].append((row.component, row.per_car))
        for (vehicle, _, t), sold in self.sold.items():
            for component, number in per_car[vehicle]:
                used[component, t].add(sold, number)
        for supply, t in product(self.case.deal_supply, self.periods):
            used[supply.component, t].add(self.partner[supply.deal, t], supply.per_unit)
        for part, t in product(self.case.components, self.periods):
            self.rows.at_most(used[part.component, t], self._capacity(part, "component", t))

    # Money ------------------------------------------------------------------------------

    def _money(self) -> None:
        """Cash flow by period: operating, and one-off items apart from it."""
        self.operating = [Sum() for _ in self.periods]
        self.one_off = [Sum() for _ in self.periods]
        self._per_car_sold()
        self._per_car_built()
        self._commitments_and_deals()
        fixed = sum(row.fixed_cost_per_year for row in self.case.sites)
        overheads = self._dated(self.case.overheads, "amount_per_year").values()
        for t in self.periods:
            paid = fixed + sum(values[t] for values in overheads)
            self.operating[t].constant -= paid / self.per_year

    def _per_car_sold(self) -> None:
        case, nothing = self.case, [0.0] * len(self.periods)
        price = self._dated(case.prices, "net_price")
        markets = {row.market: row for row in case.markets}
        entries = {(row.market, row.mode): row for row in case.entries}
        vehicles = {row.vehicle: row for row in case.vehicles}
        for (market, mode, vehicle, t), column in self.x.items():
            net = price.get((vehicle, market), nothing)[t]
            margin = net - markets[market].sales_cost - vehicles[vehicle].warranty_cost
            if mode:
                entry = entries[market, mode]
                margin -= entry.partner_share * net + entry.sales_cost
            self.operating[t].term(column, margin / case.money_unit)

    def _per_car_built(self) -> None:
        case, nothing = self.case, [0.0] * len(self.periods)
        worth = self._dated(
            (
                row
                if row.customs_value is not None
                else row.model_copy(update={"customs_value": row.net_price})
                for row in case.prices
            ),
            "customs_value",
        )
        duty = self._dated(case.duties, "rate")
        origin = {row.site: row.origin for row in case.sites}
        cost = {(row.site, row.vehicle): row.variable_cost for row in case.production}
        freight = {(row.site, row.market): row.freight for row in case.lanes}
        factor = {row.vehicle: row.freight_factor for row in case.vehicles}
        for (site, vehicle, market, t), column in self.flow.items():
            fall = (1 - case.finance.cost_down_per_year) ** (t / self.per_year)
            rate = duty.get((origin[site], market), nothing)[t]
            paid = cost[site, vehicle] * fall + freight[site, market] * factor[vehicle]
            paid += rate * worth.get((vehicle, market), nothing)[t]
            self.operating[t].term(column, -paid / case.money_unit)

    def _commitments_and_deals(self) -> None:
        """One-off cost over the lead, running cost from the effect on; royalties, payments."""
        case, unit = self.case, self.case.money_unit
        self.spent: dict[tuple[str, int], Sum] = {}
        for (id, row), t in product(case.commitments.items(), self.periods):
            length = max(row.lead, 1)
            self.spent[id, t] = Sum().add(self.between(id, t, length), row.cost / length)
            self.one_off[t].add(self.spent[id, t], -1.0)
            running = row.running_cost_per_year / self.per_year
            self.operating[t].add(self.effective(id, t), -running)
        for deal, t in product(case.deals, self.periods):
            self.operating[t].add(self.partner[deal.deal, t], deal.royalty / unit)
        for supply, t in product(case.deal_supply, self.periods):
            per_unit = supply.per_unit * supply.margin / unit
            self.operating[t].add(self.partner[supply.deal, t], per_unit)
        for payment, t in product(case.deal_payments, self.periods):
            id = f"deals.{payment.deal}"
            by_effect = payment.counted_from == "effective"
            wait = payment.after + (case.commitments[id].lead if by_effect else 0)
            self.one_off[t].add(self.between(id, t - wait, 1), payment.amount)

    def _budgets(self) -> None:
        """One-off cost of a category stays within its budget."""
        horizon, commitments = self.case.horizon, self.case.commitments
        spans: dict[str, dict[str, tuple[int, ...]]] = {
            "total": {"": tuple(self.periods)},
            "year": horizon.years,
            "period": {horizon.label(t): (t,) for t in self.periods},
        }
        for budget in self.case.budgets:
            ids = [
                id
                for id, row in commitments.items()
                if budget.category in ("all", row.budget_category)
            ]
            for label, span in spans[budget.scope].items():
                if budget.when in (None, label):
                    spent = total(self.spent[id, t] for id, t in product(ids, span))
                    self.rows.at_most(spent, budget.amount)

    def _cash(self) -> None:
        """Cash from period to period, never below its floor; funding covers its fall."""
        finance = self.case.finance
        floor = -INFINITY if finance.cash_floor is None else finance.cash_floor
        self.funding = self.rows.new()
        before = Sum(finance.opening_cash)
        for t in self.periods:
            cash = Sum().term(self.rows.new(lower=floor))
            flow = Sum().add(self.operating[t]).add(self.one_off[t])
            self.rows.equal(cash, flow.add(before))
            fall = Sum(finance.opening_cash).add(cash, -1.0)
            self.rows.at_most(fall, Sum().term(self.funding))
            before = cash

    # Goals ------------------------------------------------------------------------------

    def _windows(self) -> None:
        """``U reached[w] <= volume of w``; at most one window is named, one if required."""
        target = self.case.target
        self.windows = {
            last: self.volume_of(span) for last, span in target_windows(self.case).items()
        }
        self.reached = {last: self.rows.binary() for last in self.windows}
        named = total(Sum().term(column) for column in self.reached.values())
        if target is not None:
            for last, column in self.reached.items():
                wanted = Sum().term(column, target.volume * REACHED)
                self.rows.at_most(wanted, self.windows[last])
            self.rows.at_most(named, 1.0)
            if target.required:
                self.rows.at_most(Sum(1.0), named)

    def volume_of(self, span: Iterable[int]) -> Sum:
        """Counted volume of some periods."""
        return total(self.volume[t] for t in span)

    def _last_year(self, last: int) -> range:
        return range(max(0, last - self.per_year + 1), last + 1)

    def measure(self, goal: Goal) -> Sum:
        """What a goal other than the target date measures; least of spending and funding."""
        end = self.periods[-1]
        if goal.kind == "volume":
            return self.volume_of(self.periods)
        if goal.kind == "last_year_volume":
            return self.volume_of(self._last_year(end))
        if goal.kind == "volume_at":
            return self.volume_of(self._last_year(self.case.horizon.index(goal.period or "")))
        if goal.kind == "spending":
            return total(self.spent.values())
        if goal.kind == "peak_funding":
            return Sum().term(self.funding)
        return self._npv()

    def _npv(self) -> Sum:
        finance, end = self.case.finance, self.periods[-1]
        result = Sum()
        discount = [
            (1 + finance.discount_rate_per_year) ** (-t / self.per_year) for t in self.periods
        ]
        for t in self.periods:
            later = finance.terminal_years * discount[end] if t in self._last_year(end) else 0.0
            result.add(self.operating[t], discount[t] + later)
            result.add(self.one_off[t], discount[t])
        return result


def _ramps(case: Case) -> dict[str, list[float]]:
    """Values of each ramp by age; the blank name is full effect at once."""
    steps: dict[str, dict[int, float]] = defaultdict(dict)
    for row in case.ramps:
        steps[row.ramp][row.age] = row.value
    return {"": [1.0]} | {
        name: [found[age] for age in sorted(found)] for name, found in steps.items()
    }


def _refuse_unknown(case: Case) -> None:
    goals = {"target_date", "volume", "npv", "last_year_volume", "volume_at", "spending"}
    tables = {
        name
        for name in type(case).model_fields
        if isinstance(getattr(case, name), tuple) and name != "goals" and getattr(case, name)
    }
    wrong = [f"the table {name}" for name in sorted(tables - COVERED)]
    wrong += [
        f"the goal {goal.kind}"
        for goal in case.goals_in_order
        if goal.kind not in goals | {"peak_funding"}
    ]
    if any(goal.no_worse_than is not None for goal in case.goals_in_order):
        wrong.append("bounds of goals")
    if wrong:
        raise NotCoveredError(
            f"{case.name}: the textbook model does not have {', '.join(wrong)}; "
            "add it to tests/bench/textbook_model.py or leave it out of the case"
        )
