"""A case's numbers by period: annual figures divided, dated rows unrolled, money per car.

Volumes are cars per period, money is in the case's money unit (per-car amounts
are divided by it). Index order is entity, market, period. Nothing here depends
on a decision.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property

from models.base import Row
from models.case import Case

#: The ramp of everything that names none: full effect from age 0 on.
FULL: tuple[float, ...] = (1.0,)


class Quantities:
    """Numbers of a case, ready for laws: lists are indexed by period."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.periods = range(case.horizon.count)
        self.per_year = case.horizon.per_year
        self.segment = {row.vehicle: row.segment for row in case.vehicles}
        self.vehicle = {row.vehicle: row for row in case.vehicles}
        self.market = {row.market: row for row in case.markets}
        self.production = {(row.site, row.vehicle): row for row in case.production}
        self.lane = {(row.site, row.market): row for row in case.lanes}
        self.entry = {(row.market, row.mode): row for row in case.entries}
        self.entries = defaultdict(list)
        for row in case.entries:
            self.entries[row.market].append(row)

    def _unrolled(self, rows: Iterable[Row], column: str) -> dict[tuple[str, ...], list[float]]:
        """A dated column as one list a key: each row holds until the next one."""
        dated: dict[tuple[str, ...], list[tuple[int, float]]] = defaultdict(list)
        for row in rows:
            since = getattr(row, "since", None)
            key = tuple(getattr(row, name) for name in row.keys if name != "since")
            value = getattr(row, column)
            dated[key].append((self.case.horizon.index(since) if since else 0, value))
        result = {}
        for key, steps in dated.items():
            steps.sort()
            values, place = [], 0
            for t in self.periods:
                while place + 1 < len(steps) and steps[place + 1][0] <= t:
                    place += 1
                values.append(steps[place][1])
            result[key] = values
        return result

    @cached_property
    def ramps(self) -> dict[str, tuple[float, ...]]:
        """Values of each ramp by age; the blank name is full effect at once."""
        steps: dict[str, dict[int, float]] = defaultdict(dict)
        for row in self.case.ramps:
            steps[row.ramp][row.age] = row.value
        return {"": FULL} | {
            name: tuple(values[age] for age in sorted(values)) for name, values in steps.items()
        }

    @cached_property
    def registrations(self) -> dict[tuple[str, str], list[float]]:
        """Registrations by (market, segment) and period, after the season."""
        season = {(row.market, row.position): row.index for row in self.case.seasonality}
        horizon = self.case.horizon
        result: dict[tuple[str, str], list[float]] = {}
        for key, values in self._unrolled(self.case.registrations, "units_per_year").items():
            market, segment = key
            result[market, segment] = [
                value / self.per_year * season.get((market, horizon.position(t)), 1.0)
                for t, value in enumerate(values)
            ]
        return result

    @cached_property
    def segment_ceiling(self) -> dict[tuple[str, str], list[float]]:
        """Most own cars by (market, segment) and period, where some launch sells there."""
        own = {(row.market, row.segment): row.max_share for row in self.case.segments}
        used = {(row.market, self.segment[row.vehicle]): None for row in self.case.launches}
        return {
            key: [own.get(key, self.market[key[0]].max_share) * r for r in self.registrations[key]]
            for key in used
        }

    @cached_property
    def demand(self) -> dict[tuple[str, str], list[float]]:
        """Demand by (vehicle, market) and period at full ramp, before any diversion."""
        return {
            (row.vehicle, row.market): [
                row.peak_share * r
                for r in self.registrations[row.market, self.segment[row.vehicle]]
            ]
            for row in self.case.launches
        }

    @cached_property
    def price(self) -> dict[tuple[str, str], list[float]]:
        """Net price by (vehicle, market) and period, money per car."""
        unit = self.case.money_unit
        unrolled = self._unrolled(self.case.prices, "net_price")
        return {
            (row.vehicle, row.market): [p / unit for p in unrolled[row.vehicle, row.market]]
            if self.case.prices
            else [0.0] * len(self.periods)
            for row in self.case.launches
        }

    @cached_property
    def customs_value(self) -> dict[tuple[str, str], list[float]]:
        """Customs value by (vehicle, market) and period, money per car."""
        unit = self.case.money_unit
        stated = [
            row
            if row.customs_value is not None
            else row.model_copy(update={"customs_value": row.net_price})
            for row in self.case.prices
        ]
        unrolled = self._unrolled(stated, "customs_value")
        return {key: [c / unit for c in values] for key, values in unrolled.items()}  # type: ignore[misc]

    @cached_property
    def duty_rate(self) -> dict[tuple[str, str], list[float]]:
        """Duty by (origin, market) and period, as a share of the customs value."""
        return self._unrolled(self.case.duties, "rate")  # type: ignore[return-value]

    @cached_property
    def cost_down(self) -> list[float]:
        """Factor on variable cost by period."""
        fall = 1.0 - self.case.finance.cost_down_per_year
        return [fall ** (t / self.per_year) for t in self.periods]

    @cached_property
    def discount(self) -> list[float]:
        """Discount factor by period; the first period is not discounted."""
        rate = 1.0 + self.case.finance.discount_rate_per_year
        return [rate ** (-t / self.per_year) for t in self.periods]

    @cached_property
    def resources(self) -> dict[str, list[float]]:
        """Units of each resource by period."""
        return {
            key[0]: values
            for key, values in self._unrolled(self.case.resources, "available").items()
        }

    @cached_property
    def overheads(self) -> list[float]:
        """Overheads by period, money."""
        unrolled = self._unrolled(self.case.overheads, "amount_per_year").values()
        return [sum(values[t] for values in unrolled) / self.per_year for t in self.periods]

    @cached_property
    def site_fixed_cost(self) -> float:
        """Fixed cost of all sites in a period, money."""
        return sum(row.fixed_cost_per_year for row in self.case.sites) / self.per_year
