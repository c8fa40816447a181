"""From a solved model to a plan record: the model's own named sums, evaluated.

Volumes are rounded to a millionth of a car before anything is derived from
them, so that what is stored and what is stated agree. Not here: checking the
record (see `optimizer.auditing`, which recomputes it without the model).
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from pyomo.core import Block

from models.case import Case
from models.plan import (
    CASH_ITEMS,
    CashBalance,
    CashItem,
    DealYield,
    Decision,
    Flow,
    LimitUse,
    PlanRecord,
    Sale,
    TargetWindow,
    Totals,
    Volume,
)
from optimizer.formulation import demand
from optimizer.formulation.commitments import LONG_AGO, Steps
from optimizer.formulation.linear import Linear
from optimizer.matrix import Floats, Matrix

#: Decimals of a stored volume; a millionth of a car is below any tolerance.
DECIMALS = 6
#: Cash items smaller than this in size are left out.
SMALLEST_ITEM = 1e-9


def plan_record(case: Case, block: Block, matrix: Matrix, x: Floats) -> PlanRecord:
    """The plan at the columns' values ``x``."""
    values = x.copy()
    values[matrix.integer] = values[matrix.integer].round()
    volumes = ~matrix.integer
    values[volumes] = values[volumes].round(DECIMALS) + 0.0
    for variable, value in zip(matrix.variables, values.tolist(), strict=True):
        variable.set_value(value, skip_validation=True)
    return _Recorder(case, block).record()


class _Recorder:
    def __init__(self, case: Case, block: Block) -> None:
        self.case = case
        self.block = block
        self.labels = case.horizon.labels
        self.quantities = block.quantities
        self.start = {id: self._start(step) for id, step in block.steps.items()}

    def _start(self, step: Steps) -> int | None:
        if step.start is not None:
            return step.start
        for t, variable in enumerate(step.variables, start=step.earliest):
            if variable.value > 0.5:
                return t
        return None

    def record(self) -> PlanRecord:
        case, horizon = self.case, self.case.horizon
        cash = self._cash()
        volumes = self._volumes()
        counted = [row.counted for row in volumes]
        items = self._cash_items()
        balance = [row.cash for row in cash]
        last_year = counted[-min(len(counted), horizon.per_year) :]
        opening = case.finance.opening_cash
        return PlanRecord(
            case=case.name,
            periods=self.labels,
            currency=case.currency,
            money_unit=case.money_unit,
            decisions=tuple(self._decisions()),
            sales=tuple(self._sales()),
            flows=tuple(self._flows()),
            volumes=volumes,
            limits=tuple(self._limits()),
            cash_items=items,
            cash=cash,
            deals=tuple(self._deals()),
            windows=tuple(self._windows(counted)),
            totals=Totals(
                volume=sum(counted),
                last_year_volume=sum(last_year),
                npv=self.block.npv.value(),
                terminal_value=self.block.terminal_value.value(),
                spending=self.block.spending.value(),
                peak_funding=max(0.0, opening - min(balance)),
                least_cash=min(balance),
            ),
        )

    # Decisions --------------------------------------------------------------

    def _decisions(self) -> Any:
        cost: dict[str, float] = defaultdict(float)
        for (id, _), spent in self.block.spent.items():
            cost[id] += spent.value()
        for id, step in self.block.steps.items():
            start = self.start[id]
            if start is None:
                continue
            forever = step.start is not None and start < LONG_AGO / 2
            yield Decision(
                commitment=id,
                kind=step.row.table,
                start=None if forever else self.case.horizon.label(start),
                effective=None if forever else self.case.horizon.label(start + step.lead),
                in_place=step.start is not None,
                cost=cost[id],
                because=() if step.start is not None else self._because(id, start),
            )

    def _because(self, id: str, start: int) -> tuple[str, ...]:
        """The commitments that satisfy its rules."""
        reasons = set()
        for wait in self.block.waits:
            if wait.commitment == id:
                for other, lag in wait.after:
                    begun = self.start[other]
                    if begun is not None and begun + lag <= start:
                        reasons.add(other)
        return tuple(sorted(reasons))

    # Volumes ----------------------------------------------------------------

    def _sales(self) -> Any:
        x = self.block.x
        for market in self.case.markets:
            modes = [row.mode for row in self.quantities.entries[market.market]] or [""]
            for mode in modes:
                for vehicle in self.case.vehicles:
                    for t, label in enumerate(self.labels):
                        key = (market.market, mode, vehicle.vehicle, t)
                        if key in x and x[key].value > 0:
                            yield Sale(
                                market=market.market,
                                entry=mode,
                                vehicle=vehicle.vehicle,
                                period=label,
                                units=x[key].value,
                            )

    def _flows(self) -> Any:
        flow = self.block.flow
        for site in self.case.sites:
            for vehicle in self.case.vehicles:
                for market in self.case.markets:
                    for t, label in enumerate(self.labels):
                        key = (site.site, vehicle.vehicle, market.market, t)
                        built = flow[key].value() if key in flow else 0.0
                        if built > 0:
                            yield Flow(
                                site=site.site,
                                vehicle=vehicle.vehicle,
                                market=market.market,
                                period=label,
                                units=built,
                            )

    def _volumes(self) -> tuple[Volume, ...]:
        rows = []
        for t, label in enumerate(self.labels):
            own = self.block.own_sales[t].value()
            partner = sum(self.block.partner_units[row.deal, t].value() for row in self.case.deals)
            counted = own + self.block.counted_partner[t].value()
            rows.append(Volume(period=label, own=own, partner=partner, counted=counted))
        return tuple(rows)

    def _windows(self, counted: list[float]) -> Any:
        target = self.case.target
        if target is None:
            return
        for last, periods in self.block.windows.items():
            volume = sum(counted[t] for t in periods)
            yield TargetWindow(
                first=self.labels[periods[0]],
                last=self.labels[last],
                volume=volume,
                target=target.volume,
                reached=volume >= target.volume * (1 - 1e-6),
            )

    # Limits -----------------------------------------------------------------

    def _limits(self) -> Any:
        yield from self._demand_limits()
        for (market, segment, t), sales in self.block.segment_sales.items():
            ceiling = self.quantities.segment_ceiling[market, segment][t]
            yield self._use("segment", f"{market}.{segment}", t, sales.value(), ceiling)
        for row in self.case.entries:
            if row.throughput_per_year is None:
                continue
            for t in self._from_effective(row.id):
                available = demand.throughput(self.block, row.market, row.mode, t).value()
                for deal in self.block.entry_closed.get((row.market, row.mode), ()):
                    if deal.effective(t).value() > 0.5:
                        available = 0.0
                used = self.block.entry_sales.get((row.market, row.mode, t), Linear()).value()
                yield self._use("network", f"{row.market}.{row.mode}", t, used, available)
        for (name, t), used in self.block.site_use.items():
            yield self._use(
                "site", name, t, used.value(), self.block.site_capacity[name, t].value()
            )
        for (name, t), used in self.block.component_use.items():
            available = self.block.component_capacity[name, t].value()
            yield self._use("component", name, t, used.value(), available)
        for (name, t), used in self.block.resource_use.items():
            yield self._use("resource", name, t, used.value(), self.quantities.resources[name][t])
        for (number, label), spent in self.block.budget_use.items():
            budget = self.case.budgets[number]
            yield LimitUse(
                kind="budget",
                name=budget.category,
                period=label,
                used=spent.value(),
                available=budget.amount,
            )

    def _demand_limits(self) -> Any:
        block = self.block
        for row in self.case.launches:
            step = block.launch[row.vehicle, row.market]
            ramp = block.launch_ramp[row.vehicle, row.market]
            for t in self._from_effective(row.id):
                cars = self.quantities.demand[row.vehicle, row.market][t]
                kept = 1.0 - sum(
                    deal.ramped(loss, t, share).value()
                    for deal, share, loss in block.diversions[row.market]
                )
                used = block.sold.get((row.vehicle, row.market, t), Linear()).value()
                available = step.ramped(ramp, t, cars).value() * kept
                yield self._use("demand", f"{row.vehicle}.{row.market}", t, used, available)

    def _from_effective(self, id: str) -> range:
        """Periods from the effective one on; none for what never starts."""
        start = self.start[id]
        if start is None:
            return range(0)
        return range(max(0, start + self.block.steps[id].lead), len(self.labels))

    def _use(self, kind: Any, name: str, t: int, used: float, available: float) -> LimitUse:
        return LimitUse(kind=kind, name=name, period=self.labels[t], used=used, available=available)

    # Money ------------------------------------------------------------------

    def _cash_items(self) -> tuple[CashItem, ...]:
        rows = []
        for t, label in enumerate(self.labels):
            for item in CASH_ITEMS:
                amount = self.block.cash_items[item, t].value()
                if abs(amount) > SMALLEST_ITEM:
                    rows.append(CashItem(period=label, item=item, amount=amount))
        return tuple(rows)

    def _cash(self) -> tuple[CashBalance, ...]:
        """Cash from its items, and into the variables, so that NPV rests on the same."""
        rows = []
        cash = self.case.finance.opening_cash
        for t, label in enumerate(self.labels):
            flow = sum(self.block.cash_items[item, t].value() for item in CASH_ITEMS)
            cash += flow
            rows.append(CashBalance(period=label, cash=cash))
        return tuple(rows)

    def _deals(self) -> Any:
        block = self.block
        share = {row.deal: row.counted_share for row in self.case.deals}
        for row in self.case.deals:
            start = self.start[row.id]
            if start is None:
                continue
            for t in range(max(0, start), len(self.labels)):
                units = block.partner_units[row.deal, t].value()
                yield DealYield(
                    deal=row.deal,
                    period=self.labels[t],
                    partner_units=units,
                    counted_units=units * share[row.deal],
                    royalty=block.deal_royalty[row.deal, t].value(),
                    component_margin=block.deal_margin[row.deal, t].value(),
                    payments=block.deal_payment[row.deal, t].value(),
                )
