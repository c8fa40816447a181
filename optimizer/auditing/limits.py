"""Limits: what each allows, what a plan uses of it, and which ones are broken.

Demand, segments, networks, sites, components, resources, budgets, the cash
floor, a required target and the bounds of goals. Not here: sales where nothing
may be sold at all (see `optimizer.auditing.volumes`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import accumulate

from models.finance import Budget
from models.plan import LimitUse, PlanRecord
from models.target import Goal
from optimizer.auditing.course import Course
from optimizer.auditing.violation import (
    BOUND_ABSOLUTE,
    CAR_ROUNDING,
    Violation,
    exceeds,
    money_name,
)

#: Rule and unit of each kind of limit; the unit of a budget is the case's money.
_RULES: dict[str, tuple[str, str]] = {
    "demand": ("demand limit", "cars"),
    "segment": ("segment limit", "cars"),
    "network": ("network limit", "cars"),
    "site": ("site capacity", "capacity units"),
    "component": ("component capacity", "components"),
    "resource": ("resource limit", "units"),
    "budget": ("budget", ""),
}


def limits_of(course: Course) -> Iterator[LimitUse]:
    """Use of every limit, by kind, then in the order of the case, then by period."""
    yield from _demand(course)
    yield from _segments(course)
    yield from _networks(course)
    yield from _sites(course)
    yield from _components(course)
    yield from _resources(course)
    yield from _budgets(course)


def broken_limits(course: Course, truth: PlanRecord) -> Iterator[Violation]:
    """Every limit, the cash floor, the required target and bounds of goals that do not hold."""
    money = money_name(course.case)
    for row in truth.limits:
        if exceeds(row.used, row.available):
            rule, unit = _RULES[row.kind]
            off = row.used - row.available
            yield Violation(rule, row.name, row.period, row.used, row.available, off, unit or money)
    yield from _cash_floor(course, truth, money)
    target = course.case.target
    if target is not None and target.required:
        best = max((window.volume for window in truth.windows), default=0.0)
        if not any(window.reached for window in truth.windows):
            off = target.volume - best
            yield Violation("required target", "target", "", best, target.volume, off, "cars")
    yield from _goal_bounds(course, truth, money)


def _goal_bounds(course: Course, truth: PlanRecord, money: str) -> Iterator[Violation]:
    """Goals count up all cars, so that their rounding and its price add up as well."""
    for goal in course.case.goals:
        worst = goal.no_worse_than
        if worst is None:
            continue
        value = goal_value(course, truth, goal)
        rounding = BOUND_ABSOLUTE
        if goal.kind in ("npv", "peak_funding"):
            rounding += sum(_car_rounding(course))
        most = goal.kind in ("spending", "peak_funding")
        used, available = (value, worst) if most else (worst, value)
        if exceeds(used, available, rounding):
            unit = money if most or goal.kind == "npv" else "cars"
            off = used - available
            yield Violation("bound of a goal", f"goals {goal.kind}", "", value, worst, off, unit)


def goal_value(course: Course, truth: PlanRecord, goal: Goal) -> float:
    """What a plan has of what a goal counts, cars or money; none for the target date."""
    if goal.kind != "volume_at":
        return float(getattr(truth.totals, goal.kind))
    last = course.case.horizon.index(str(goal.period))
    first = max(0, last - course.facts.per_year + 1)
    return sum(row.counted for row in truth.volumes[first : last + 1])


def _car_rounding(course: Course) -> list[float]:
    """What the rounding of stored cars makes of the cash flow of each period, money."""
    rounding = [0.0] * course.count
    for market, _, vehicle, t in course.sold:
        prices = course.facts.prices.get((vehicle, market))
        if prices is not None:
            rounding[t] += CAR_ROUNDING * prices[t][0] / course.case.money_unit
    return rounding


def _cash_floor(course: Course, truth: PlanRecord, money: str) -> Iterator[Violation]:
    """Cash adds up all cars so far, so that their rounding adds up in it as well."""
    floor = course.case.finance.cash_floor
    if floor is None:
        return
    so_far_at = accumulate(_car_rounding(course))
    for balance, so_far in zip(truth.cash, so_far_at, strict=True):
        if exceeds(floor, balance.cash, so_far):
            off = floor - balance.cash
            yield Violation("cash floor", "cash", balance.period, balance.cash, floor, off, money)


def _demand(course: Course) -> Iterator[LimitUse]:
    facts = course.facts
    used: dict[tuple[str, str, int], float] = defaultdict(float)
    for (market, _, vehicle, t), units in course.sold.items():
        used[vehicle, market, t] += units
    segment = {row.vehicle: row.segment for row in course.case.vehicles}
    for launch in course.case.launches:
        registrations = facts.registrations[launch.market, segment[launch.vehicle]]
        for t, label in enumerate(course.case.horizon.labels):
            age = course.age(launch.id, t)
            if age < 0:
                continue
            kept = max(0.0, 1.0 - _diverted(course, launch.market, t))
            demand = registrations[t] * launch.peak_share * facts.ramp(launch.ramp, age)
            yield LimitUse(
                kind="demand",
                name=f"{launch.vehicle}.{launch.market}",
                period=label,
                used=used[launch.vehicle, launch.market, t],
                available=demand * kept,
            )


def _diverted(course: Course, market: str, t: int) -> float:
    """Part of own demand in a market that deals take away."""
    return sum(
        row.share * course.facts.ramp(row.ramp, course.age(f"deals.{row.deal}", t))
        for row in course.case.diversions
        if row.market == market
    )


def _segments(course: Course) -> Iterator[LimitUse]:
    segment = {row.vehicle: row.segment for row in course.case.vehicles}
    used: dict[tuple[str, str | None, int], float] = defaultdict(float)
    for (market, _, vehicle, t), units in course.sold.items():
        used[market, segment.get(vehicle), t] += units
    places = ((row.market, segment[row.vehicle]) for row in course.case.launches)
    for market, name in dict.fromkeys(places):
        share = course.facts.max_share(market, name)
        for t, label in enumerate(course.case.horizon.labels):
            yield LimitUse(
                kind="segment",
                name=f"{market}.{name}",
                period=label,
                used=used[market, name, t],
                available=course.facts.registrations[market, name][t] * share,
            )


def _networks(course: Course) -> Iterator[LimitUse]:
    facts = course.facts
    used: dict[tuple[str, str, int], float] = defaultdict(float)
    for (market, mode, _, t), units in course.sold.items():
        used[market, mode, t] += units
    for entry in course.case.entries:
        if entry.throughput_per_year is None:
            continue
        closed = course.closed_from(entry.id)
        for t, label in enumerate(course.case.horizon.labels):
            age = course.age(entry.id, t)
            if age < 0:
                continue
            full = entry.throughput_per_year / facts.per_year
            yield LimitUse(
                kind="network",
                name=f"{entry.market}.{entry.mode}",
                period=label,
                used=used[entry.market, entry.mode, t],
                available=0.0 if t >= closed else full * facts.ramp(entry.ramp, age),
            )


def _sites(course: Course) -> Iterator[LimitUse]:
    taken = {(row.site, row.vehicle): row.capacity_per_car for row in course.case.production}
    used: dict[tuple[str, int], float] = defaultdict(float)
    for (site, vehicle, _, t), units in course.built.items():
        used[site, t] += units * taken.get((site, vehicle), 1.0)
    for row in course.case.sites:
        expansions = [e for e in course.case.expansions if e.site == row.site]
        for t, label in enumerate(course.case.horizon.labels):
            added = sum(course.added_capacity(expansion, t) for expansion in expansions)
            yield LimitUse(
                kind="site",
                name=row.site,
                period=label,
                used=used[row.site, t],
                available=row.capacity_per_year / course.facts.per_year + added,
            )


def _components(course: Course) -> Iterator[LimitUse]:
    used = _components_used(course)
    for row in course.case.components:
        expansions = [e for e in course.case.expansions if e.component == row.component]
        for t, label in enumerate(course.case.horizon.labels):
            added = sum(course.added_capacity(expansion, t) for expansion in expansions)
            yield LimitUse(
                kind="component",
                name=row.component,
                period=label,
                used=used[row.component, t],
                available=row.capacity_per_year / course.facts.per_year + added,
            )


def _components_used(course: Course) -> dict[tuple[str, int], float]:
    """Components in own cars and in those delivered to partners."""
    per_car: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for row in course.case.component_use:
        per_car[row.vehicle].append((row.component, row.per_car))
    used: dict[tuple[str, int], float] = defaultdict(float)
    for (_, _, vehicle, t), units in course.sold.items():
        for component, number in per_car[vehicle]:
            used[component, t] += units * number
    for supply in course.case.deal_supply:
        for t, cars in enumerate(course.partner_units[supply.deal]):
            used[supply.component, t] += cars * supply.per_unit
    return used


def _resources(course: Course) -> Iterator[LimitUse]:
    used: dict[tuple[str, int], float] = defaultdict(float)
    for row in course.case.resource_use:
        timing = course.timings.get(row.commitment)
        if timing is None:
            continue
        for t in range(max(timing.start, 0), min(timing.effective, course.count)):
            used[row.resource, t] += row.preparing
        for t in range(max(timing.effective, 0), course.count):
            used[row.resource, t] += row.running
    for name, available in course.facts.resources.items():
        for t, label in enumerate(course.case.horizon.labels):
            yield LimitUse(
                kind="resource",
                name=name,
                period=label,
                used=used[name, t],
                available=available[t],
            )


def _budgets(course: Course) -> Iterator[LimitUse]:
    spent: dict[tuple[str, int], float] = defaultdict(float)
    for timing in course.timings.values():
        for t, cost in timing.costs(course.count).items():
            spent["all", t] += cost
            if timing.row.budget_category != "all":
                spent[timing.row.budget_category, t] += cost
    for budget in course.case.budgets:
        for label, periods in _ceilings(course, budget).items():
            if budget.when is None or budget.when == label:
                yield LimitUse(
                    kind="budget",
                    name=budget.category,
                    period=label,
                    used=sum(spent[budget.category, t] for t in periods),
                    available=budget.amount,
                )


def _ceilings(course: Course, budget: Budget) -> dict[str, list[int]]:
    """The periods that each ceiling of a budget's scope adds up."""
    horizon = course.case.horizon
    if budget.scope == "total":
        return {"total": list(range(course.count))}
    name = horizon.year if budget.scope == "year" else horizon.label
    ceilings: dict[str, list[int]] = {}
    for t in range(course.count):
        ceilings.setdefault(name(t), []).append(t)
    return ceilings
