"""The whole record of a plan, from its decisions, sales and flows alone.

Not here: whether any rule holds, and what the plan itself states.
"""

from __future__ import annotations

from collections.abc import Iterable

from models.case import Case
from models.plan import (
    ONE_OFF_ITEMS,
    CashBalance,
    CashItem,
    DealYield,
    Decision,
    Flow,
    PlanRecord,
    Sale,
    TargetWindow,
    Totals,
    Volume,
)
from optimizer.auditing import money
from optimizer.auditing.course import LONG_AGO, Course
from optimizer.auditing.limits import limits_of
from optimizer.auditing.violation import LEAST_AMOUNT, TARGET_RELATIVE


def recompute(
    case: Case, decisions: Iterable[Decision], sales: Iterable[Sale], flows: Iterable[Flow]
) -> PlanRecord:
    """The full record of a plan.

    Of a decision only the commitment and its start are read, and of what is in
    place nothing at all: the case states it. Rows of no period of the horizon
    are left out.
    """
    return record_of(Course(case, decisions, sales, flows))


def record_of(course: Course) -> PlanRecord:
    """The full record of a course of events."""
    case = course.case
    items = money.cash_flow(course)
    volumes = _volumes(course)
    windows = _windows(course, volumes)
    net = [sum(amounts[t] for amounts in items.values()) for t in range(course.count)]
    cash = _cash(course, net)
    return PlanRecord(
        case=case.name,
        periods=case.horizon.labels,
        currency=case.currency,
        money_unit=case.money_unit,
        decisions=_decisions(course),
        sales=_sales(course),
        flows=_flows(course),
        volumes=volumes,
        limits=tuple(limits_of(course)),
        cash_items=_cash_items(course, items),
        cash=cash,
        deals=_deals(course),
        windows=windows,
        totals=_totals(course, volumes, items, net, cash),
    )


def _decisions(course: Course) -> tuple[Decision, ...]:
    label = course.case.horizon.label
    return tuple(
        Decision(
            commitment=id,
            kind=timing.row.table,
            start=None if timing.start == LONG_AGO else label(timing.start),
            effective=None if timing.effective == LONG_AGO else label(timing.effective),
            in_place=timing.in_place,
            cost=sum(timing.costs(course.count).values()),
            because=course.because(id),
        )
        for id, timing in course.timings.items()
    )


def _sales(course: Course) -> tuple[Sale, ...]:
    case = course.case
    markets = {row.market: n for n, row in enumerate(case.markets)}
    entries = {(row.market, row.mode): n for n, row in enumerate(case.entries)}
    vehicles = {row.vehicle: n for n, row in enumerate(case.vehicles)}

    def place(row: Sale) -> tuple[int, int, int, int]:
        return (
            markets.get(row.market, len(markets)),
            entries.get((row.market, row.entry), len(entries)),
            vehicles.get(row.vehicle, len(vehicles)),
            case.horizon.index(row.period),
        )

    return tuple(sorted(course.sales, key=place))


def _flows(course: Course) -> tuple[Flow, ...]:
    case = course.case
    sites = {row.site: n for n, row in enumerate(case.sites)}
    vehicles = {row.vehicle: n for n, row in enumerate(case.vehicles)}
    markets = {row.market: n for n, row in enumerate(case.markets)}

    def place(row: Flow) -> tuple[int, int, int, int]:
        return (
            sites.get(row.site, len(sites)),
            vehicles.get(row.vehicle, len(vehicles)),
            markets.get(row.market, len(markets)),
            case.horizon.index(row.period),
        )

    return tuple(sorted(course.flows, key=place))


def _volumes(course: Course) -> tuple[Volume, ...]:
    own = [0.0] * course.count
    for (_, _, _, t), units in course.sold.items():
        own[t] += units
    share = {row.deal: row.counted_share for row in course.case.deals}
    rows = []
    for t, label in enumerate(course.case.horizon.labels):
        partner = sum(units[t] for units in course.partner_units.values())
        counted = sum(units[t] * share[deal] for deal, units in course.partner_units.items())
        rows.append(Volume(period=label, own=own[t], partner=partner, counted=own[t] + counted))
    return tuple(rows)


def _windows(course: Course, volumes: tuple[Volume, ...]) -> tuple[TargetWindow, ...]:
    target = course.case.target
    if target is None:
        return ()
    rows = []
    for window in course.facts.target_windows():
        volume = sum(volumes[t].counted for t in window)
        rows.append(
            TargetWindow(
                first=volumes[window[0]].period,
                last=volumes[window[-1]].period,
                volume=volume,
                target=target.volume,
                reached=volume >= target.volume * (1.0 - TARGET_RELATIVE),
            )
        )
    return tuple(rows)


def _cash_items(course: Course, items: money.Items) -> tuple[CashItem, ...]:
    return tuple(
        CashItem(period=label, item=item, amount=amounts[t])
        for t, label in enumerate(course.case.horizon.labels)
        for item, amounts in items.items()
        if abs(amounts[t]) > LEAST_AMOUNT
    )


def _cash(course: Course, net: list[float]) -> tuple[CashBalance, ...]:
    cash = course.case.finance.opening_cash
    rows = []
    for label, amount in zip(course.case.horizon.labels, net, strict=True):
        cash += amount
        rows.append(CashBalance(period=label, cash=cash))
    return tuple(rows)


def _deals(course: Course) -> tuple[DealYield, ...]:
    rows = []
    for deal in course.case.deals:
        timing = course.timings.get(deal.id)
        if timing is None:
            continue
        fees = money.payments(course, deal.deal, "fee")
        equity = money.payments(course, deal.deal, "equity")
        for t in range(max(timing.start, 0), course.count):
            units = course.partner_units[deal.deal][t]
            rows.append(
                DealYield(
                    deal=deal.deal,
                    period=course.case.horizon.label(t),
                    partner_units=units,
                    counted_units=units * deal.counted_share,
                    royalty=money.royalty(course, deal.deal, t),
                    component_margin=money.component_margin(course, deal.deal, t),
                    payments=fees[t] + equity[t],
                )
            )
    return tuple(rows)


def _totals(
    course: Course,
    volumes: tuple[Volume, ...],
    items: money.Items,
    net: list[float],
    cash: tuple[CashBalance, ...],
) -> Totals:
    finance = course.case.finance
    last_year = course.facts.last_year()
    factors = [
        (1.0 + finance.discount_rate_per_year) ** (-t / course.facts.per_year)
        for t in range(course.count)
    ]
    operating = sum(
        amounts[t]
        for item, amounts in items.items()
        if item not in ONE_OFF_ITEMS
        for t in last_year
    )
    terminal = finance.terminal_years * operating * factors[-1]
    least = min(row.cash for row in cash)
    return Totals(
        volume=sum(row.counted for row in volumes),
        last_year_volume=sum(volumes[t].counted for t in last_year),
        npv=sum(f * n for f, n in zip(factors, net, strict=True)) + terminal,
        terminal_value=terminal,
        spending=-sum(items["commitment cost"]),
        peak_funding=max(0.0, finance.opening_cash - least),
        least_cash=least,
    )
