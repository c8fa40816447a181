"""What charts and pages read of a plan: names for people, orders, sums, colours by car.

A `View` joins the record of a plan with its case. Sums over the record are taken here, so
that a chart and the table beside it show the same numbers. Names are those of the case as
one line of text, **not** escaped: whoever writes them into a chart or a page does that.

Not here: any chart (see `optimizer.reporting.plots`), any page (see
`optimizer.reporting.html`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property

from models.case import Case
from models.plan import Decision, LimitUse, PlanRecord, TargetWindow
from optimizer.reporting.text import limit_name, money_unit, one_line, title_of

#: Less than this many cars is nothing: volumes are continuous.
SOME_CARS = 0.5


class View:
    """A plan and its case as charts and pages show them."""

    def __init__(self, case: Case, record: PlanRecord) -> None:
        self.case = case
        self.record = record
        self.periods: tuple[str, ...] = record.periods
        self.order = {label: t for t, label in enumerate(record.periods)}
        self.money = one_line(money_unit(case))

    # Names -----------------------------------------------------------------------

    @cached_property
    def _titles(self) -> dict[str, str]:
        tables = ("markets", "vehicles", "sites", "components")
        return {
            row.path: one_line(getattr(row, "title", ""))
            for table in tables
            for row in self.case.rows(table)
        }

    def vehicle(self, name: str) -> str:
        """A car's name for people."""
        return self._titles.get(f"vehicles.{name}") or one_line(name)

    def market(self, name: str) -> str:
        """A market's name for people."""
        return self._titles.get(f"markets.{name}") or one_line(name)

    def site(self, name: str) -> str:
        """A site's name for people."""
        return self._titles.get(f"sites.{name}") or one_line(name)

    def commitment(self, id: str) -> str:
        """A commitment's name for people."""
        return one_line(title_of(self.case, id))

    def limit(self, kind: str, name: str) -> str:
        """A limit's name for people."""
        if kind == "demand":
            vehicle, market = name.split(".", 1)
            return f"{self.vehicle(vehicle)} in {self.market(market)}"
        return one_line(limit_name(self.case, kind, name))

    @property
    def step(self) -> str:
        """What a period is: quarter, month, ..."""
        return self.case.horizon.step

    # Orders ----------------------------------------------------------------------

    @cached_property
    def vehicles(self) -> tuple[str, ...]:
        """All cars of the case, in its order: the place decides the colour."""
        return tuple(row.vehicle for row in self.case.vehicles)

    @cached_property
    def home(self) -> str | None:
        """The home market, if the case has one."""
        return next((row.market for row in self.case.markets if row.home), None)

    @cached_property
    def years(self) -> dict[str, tuple[int, ...]]:
        """Calendar years that the horizon touches, with their periods."""
        return self.case.horizon.years

    def span(self, year: str) -> str:
        """A year as a heading has it: its periods where the horizon holds only part of it."""
        labels = [self.periods[t] for t in self.years[year]]
        if len(labels) == self.case.horizon.per_year:
            return f"year {year}" if self.step == "period" else year
        return labels[0] if len(labels) == 1 else f"{labels[0]} to {labels[-1]}"

    def by_size(self, names: Sequence[str], sizes: dict[str, float]) -> list[str]:
        """Names from the largest to the smallest; equal ones stay in their order."""
        return sorted(names, key=lambda name: -sizes.get(name, 0.0))

    # Sums ------------------------------------------------------------------------

    @cached_property
    def sold(self) -> dict[tuple[str, str, int], float]:
        """Own cars by vehicle, market and period, over all entry modes."""
        sums: dict[tuple[str, str, int], float] = defaultdict(float)
        for row in self.record.sales:
            sums[row.vehicle, row.market, self.order[row.period]] += row.units
        return dict(sums)

    @cached_property
    def by_vehicle(self) -> dict[str, list[float]]:
        """Own cars by period of each vehicle that is sold at all, in the order of the case."""
        return self._by_period({v: v for v in self.vehicles}, 0)

    @cached_property
    def by_market(self) -> dict[str, list[float]]:
        """Own cars by period of each market that has sales, largest first."""
        names = {row.market: row.market for row in self.case.markets}
        sums = self._by_period(names, 1)
        sizes = {name: sum(units) for name, units in sums.items()}
        return {name: sums[name] for name in self.by_size(list(sums), sizes)}

    def _by_period(self, names: dict[str, str], part: int) -> dict[str, list[float]]:
        sums = {name: [0.0] * len(self.periods) for name in names}
        for key, units in self.sold.items():
            sums[str(key[part])][key[2]] += units
        return {name: units for name, units in sums.items() if sum(units) > SOME_CARS}

    def market_vehicle(self, periods: Sequence[int]) -> dict[tuple[str, str], float]:
        """Own cars by market and vehicle in the given periods."""
        sums: dict[tuple[str, str], float] = defaultdict(float)
        inside = set(periods)
        for (vehicle, market, t), units in self.sold.items():
            if t in inside:
                sums[market, vehicle] += units
        return dict(sums)

    @cached_property
    def counted_partner(self) -> list[float]:
        """Partners' cars that count as volume, by period."""
        return [row.counted - row.own for row in self.record.volumes]

    @cached_property
    def items(self) -> dict[str, list[float]]:
        """Items of the cash flow by period, money, in the order of reports."""
        from models.plan import CASH_ITEMS

        sums: dict[str, list[float]] = defaultdict(lambda: [0.0] * len(self.periods))
        for row in self.record.cash_items:
            sums[row.item][self.order[row.period]] += row.amount
        return {name: sums[name] for name in CASH_ITEMS if any(sums[name])}

    @cached_property
    def cash(self) -> list[float]:
        """Cash at the end of each period, money."""
        return [row.cash for row in self.record.cash]

    @cached_property
    def limits(self) -> dict[tuple[str, str], list[LimitUse]]:
        """Use of each limit in order of time, by kind and name."""
        rows: dict[tuple[str, str], list[LimitUse]] = defaultdict(list)
        for row in self.record.limits:
            rows[row.kind, row.name].append(row)
        return dict(rows)

    def limits_of(self, *kinds: str) -> dict[tuple[str, str], list[LimitUse]]:
        """Limits of these kinds that are there or used at all, in the order of the record."""
        return {
            key: rows
            for key, rows in self.limits.items()
            if key[0] in kinds and any(row.available > 0 or row.used > 0 for row in rows)
        }

    @cached_property
    def reached(self) -> TargetWindow | None:
        """The first window in which the target is reached."""
        return next((window for window in self.record.windows if window.reached), None)

    # Decisions -------------------------------------------------------------------

    @cached_property
    def decisions(self) -> dict[str, Decision]:
        """What is started or in place, by id."""
        return {row.commitment: row for row in self.record.decisions}

    @cached_property
    def left_out(self) -> list[str]:
        """Ids of commitments that the plan does not start."""
        return [id for id in self.case.commitments if id not in self.decisions]


def shares(rows: Sequence[LimitUse]) -> list[float | None]:
    """Used part of what is available; none where nothing is there."""
    return [row.used / row.available if row.available > 0 else None for row in rows]
