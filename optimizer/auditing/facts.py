"""What the case's tables say for a period or an age: look-ups, nothing decided.

Dated values, ramps, seasons and yearly figures are worked out here, once for
each audit, from the rows of the case. Not here: anything that depends on a plan.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from typing import Any, TypeVar

from models.case import Case

_Key = TypeVar("_Key", bound=Hashable)
_Value = TypeVar("_Value")


class Facts:
    """A case's numbers by period ``t`` or age; cars and money per period."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.horizon = case.horizon
        self.count = case.horizon.count
        self.per_year = case.horizon.per_year
        self._ramps: dict[str, dict[int, float]] = defaultdict(dict)
        for step in case.ramps:
            self._ramps[step.ramp][step.age] = step.value
        self._seasons = {(row.market, row.position): row.index for row in case.seasonality}
        #: registrations of a market's segment, season included, cars per period
        self.registrations = self._registrations()
        #: net price and customs value of a vehicle in a market, currency per car
        self.prices = self._dated(
            case.prices,
            lambda row: (row.vehicle, row.market),
            lambda row: (
                row.net_price,
                row.net_price if row.customs_value is None else row.customs_value,
            ),
        )
        #: duty rate of an origin and market
        self.duties = self._dated(
            case.duties, lambda row: (row.origin, row.market), lambda row: row.rate
        )
        #: units of a resource
        self.resources = self._dated(
            case.resources, lambda row: row.resource, lambda row: row.available
        )
        #: overhead of an item, money per period
        self.overheads = self._dated(
            case.overheads, lambda row: row.item, lambda row: row.amount_per_year / self.per_year
        )

    def _dated(
        self,
        rows: Iterable[Any],
        key: Callable[[Any], _Key],
        value: Callable[[Any], _Value],
    ) -> dict[_Key, list[_Value]]:
        """The value that holds in each period, by key.

        A row holds from ``since`` (blank: the first period) until the next one;
        a checked case has one that holds in the first period.
        """
        changes: dict[_Key, dict[int, _Value]] = defaultdict(dict)
        for row in rows:
            since = 0 if row.since is None else self.horizon.index(row.since)
            changes[key(row)][since] = value(row)
        return {
            name: [found[max(s for s in found if s <= t)] for t in range(self.count)]
            for name, found in changes.items()
        }

    def _registrations(self) -> dict[tuple[str, str], list[float]]:
        yearly = self._dated(
            self.case.registrations,
            lambda row: (row.market, row.segment),
            lambda row: row.units_per_year,
        )
        return {
            (market, segment): [
                units / self.per_year * self.season(market, t) for t, units in enumerate(values)
            ]
            for (market, segment), values in yearly.items()
        }

    def season(self, market: str, t: int) -> float:
        """Index of the period in its year; 1 for a market without seasons."""
        return self._seasons.get((market, self.horizon.position(t)), 1.0)

    def ramp(self, name: str, age: int) -> float:
        """Part of the full effect at an age: none below 0, all without a ramp."""
        if age < 0:
            return 0.0
        if not name:
            return 1.0
        steps = self._ramps[name]
        return steps[min(age, max(steps))]

    def max_share(self, market: str, segment: str) -> float:
        """Largest share of own cars in a segment: its own, else the market's."""
        own = {(row.market, row.segment): row.max_share for row in self.case.segments}
        whole = {row.market: row.max_share for row in self.case.markets}
        return own.get((market, segment), whole[market])

    def target_windows(self) -> list[range]:
        """Windows in which the target may be reached, by their last period."""
        target = self.case.target
        if target is None:
            return []
        end = self.count - 1 if target.deadline is None else self.horizon.index(target.deadline)
        windows = [
            range(last - self.per_year + 1, last + 1)
            for last in range(self.per_year - 1, min(end, self.count - 1) + 1)
        ]
        if target.window == "calendar_year":
            # A year's worth of periods is a calendar year when it begins one.
            windows = [w for w in windows if self.horizon.position(w[0]) == 1]
        return windows

    def last_year(self) -> range:
        """The last year's worth of periods, or all of a shorter horizon."""
        return range(max(0, self.count - self.per_year), self.count)
