"""The key figures of a plan: named, with title, unit, and which way is better.

Every figure is read from the audited record of the plan; sums over it are taken here and
nowhere else. Which figures there are hangs on the case alone and not on its plan, so that
outcomes of one case have the same ones in the same order.

Not here: what of a difference between two plans is proven (see `optimizer.studies.noise`),
and how figures are printed (see `optimizer.reporting`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from models.case import Case
from models.plan import PlanRecord
from models.target import GoalKind
from optimizer.outcome import Outcome

Sense = Literal["more", "less", "neither"]
Unit = Literal["cars", "money", "share", "period", "number"]


@dataclass(frozen=True)
class Kpi:
    """One key figure of one outcome.

    ``name`` is fixed and made of words and ids joined by dots, such as ``volume.2025`` or
    ``spending.capital``; ``title`` is for people and may hold anything that titles of the
    case do. ``unit`` is ``cars``, ``money`` (the case's money unit), ``share`` (a part of
    1), ``number``, or ``period``: then ``value`` is the period as a running number
    (`models.horizon.Horizon.ordinal`), so that dates can be subtracted. ``sense`` says
    which way is better. ``value`` is None where there is no plan, or nothing to measure.

    ``period`` is the label of when: the target date, or where cash is lowest. A target
    that is not reached has no ``period``, and as ``value`` the first period after the
    horizon: the earliest in which it could be, unless its deadline lies sooner.
    ``goal`` is the goal that the figure is; blank: it is none of the case's goals.
    """

    name: str
    title: str
    unit: Unit
    sense: Sense
    value: float | None = None
    period: str = ""
    goal: GoalKind | Literal[""] = ""

    @property
    def not_reached(self) -> bool:
        """It is the date of a target that the plan does not reach."""
        return self.unit == "period" and self.value is not None and not self.period


def key_figures(outcome: Outcome) -> tuple[Kpi, ...]:
    """The key figures of an outcome, in the order in which reports show them."""
    record = outcome.plan.record if outcome.plan else None
    return tuple(_figures(outcome.case, record))


def key_figure(outcome: Outcome, name: str) -> Kpi:
    """One key figure by its name; raises `KeyError` when the case has none of that name."""
    for figure in key_figures(outcome):
        if figure.name == name:
            return figure
    raise KeyError(name)


def _figures(case: Case, plan: PlanRecord | None) -> Iterator[Kpi]:
    goals: dict[str, GoalKind] = {goal.kind: goal.kind for goal in case.goals_in_order}

    def figure(
        name: str, title: str, unit: Unit, sense: Sense, value: float | None, period: str = ""
    ) -> Kpi:
        return Kpi(name, title, unit, sense, value, period, goals.get(name, ""))

    if case.target is not None:
        yield from _target(case, plan, "target_date" if "target_date" in goals else "")
    totals = plan.totals if plan else None
    volume = totals.volume if totals else None
    yield figure("volume", "Volume over the horizon", "cars", "more", volume)
    for year, periods in case.horizon.years.items():
        counted = sum(plan.volumes[t].counted for t in periods) if plan else None
        yield figure(f"volume.{year}", f"Volume in {_span(case, year)}", "cars", "more", counted)
    last_year = totals.last_year_volume if totals else None
    if "last_year_volume" in goals:
        yield figure("last_year_volume", "Volume of the last year", "cars", "more", last_year)
    yield from _volume_at(case, plan)
    yield from _exports(case, plan)
    if case.deals:
        partner = sum(row.partner for row in plan.volumes) if plan else None
        yield figure("partner_volume", "Partners' cars", "cars", "more", partner)
    npv = totals.npv if totals else None
    yield figure("npv", "Net present value", "money", "more", npv)
    least = min(plan.cash, key=lambda row: row.cash) if plan else None
    yield figure(
        "least_cash",
        "Lowest cash",
        "money",
        "more",
        least.cash if least else None,
        least.period if least else "",
    )
    funding = totals.peak_funding if totals else None
    yield figure("peak_funding", "Peak funding", "money", "less", funding)
    spending = totals.spending if totals else None
    yield figure("spending", "Spending on commitments", "money", "less", spending)
    yield from _spending(case, plan)
    if case.deals:
        royalties = sum(row.royalty for row in plan.deals) if plan else None
        yield figure("royalties", "Royalties", "money", "more", royalties)
    if any(row.kind == "equity" for row in case.deal_payments):
        equity = _item(plan, "equity") if plan else None
        yield figure("equity", "New shares", "money", "neither", equity)
    yield from _site_use(case, plan)
    if case.entries:
        entered = float(_entered(plan)) if plan else None
        yield figure("markets_entered", "Markets newly entered", "number", "neither", entered)
    if case.launches:
        launched = float(_launched(plan)) if plan else None
        yield figure("cars_launched", "Cars newly launched", "number", "neither", launched)


def _target(case: Case, plan: PlanRecord | None, goal: Literal["target_date", ""]) -> Iterator[Kpi]:
    """The date on which the target is reached, and what is lacking where it is not."""
    date = shortfall = None
    period = ""
    if plan is not None and plan.windows:
        reached = next((window for window in plan.windows if window.reached), None)
        period = reached.last if reached else ""
        date = float(case.horizon.ordinal(period or case.horizon.last) + (reached is None))
        most = max(window.volume for window in plan.windows)
        shortfall = 0.0 if reached else plan.windows[0].target - most
    yield Kpi("target_date", "Target date", "period", "less", date, period, goal)
    yield Kpi("shortfall", "Short of the target by", "cars", "less", shortfall, goal=goal)


def _volume_at(case: Case, plan: PlanRecord | None) -> Iterator[Kpi]:
    """Volume of the year up to the period that a goal asks for."""
    asked = next((goal.period for goal in case.goals if goal.kind == "volume_at"), None)
    if asked is None:
        return
    last = case.horizon.index(asked)
    periods = range(max(0, last - case.horizon.per_year + 1), last + 1)
    value = sum(plan.volumes[t].counted for t in periods) if plan else None
    title = f"Volume of the year to {asked}"
    yield Kpi("volume_at", title, "cars", "more", value, goal="volume_at")


def _span(case: Case, year: str) -> str:
    """A year as a title has it: its periods where the horizon holds only part of it."""
    periods = case.horizon.years[year]
    if len(periods) == case.horizon.per_year:
        return f"year {year}" if case.horizon.step == "period" else year
    first, last = case.horizon.label(periods[0]), case.horizon.label(periods[-1])
    return first if first == last else f"{first} to {last}"


def _exports(case: Case, plan: PlanRecord | None) -> Iterator[Kpi]:
    """Own cars sold outside the home market, if the case has one."""
    home = {row.market for row in case.markets if row.home}
    if not home or len(case.markets) == 1:
        return
    exports = share = None
    if plan is not None:
        exports = sum(row.units for row in plan.sales if row.market not in home)
        own = sum(row.units for row in plan.sales)
        share = exports / own if own else None
    yield Kpi("exports", "Own cars sold abroad", "cars", "more", exports)
    yield Kpi("exports_share", "Share of own cars sold abroad", "share", "neither", share)


def _spending(case: Case, plan: PlanRecord | None) -> Iterator[Kpi]:
    """One-off cost of commitments by budget category."""
    commitments = case.commitments
    categories = dict.fromkeys(row.budget_category for row in commitments.values() if row.cost)
    for category in categories:
        spent = None
        if plan is not None:
            spent = sum(
                row.cost
                for row in plan.decisions
                if commitments[row.commitment].budget_category == category
            )
        title = f"Spending on {category.replace('_', ' ')}"
        yield Kpi(f"spending.{category}", title, "money", "less", spent)


def _item(plan: PlanRecord, name: str) -> float:
    return sum(row.amount for row in plan.cash_items if row.item == name)


def _site_use(case: Case, plan: PlanRecord | None) -> Iterator[Kpi]:
    """Mean use of each site: what it uses over the horizon as a part of what is there."""
    for site in case.sites:
        use = None
        if plan is not None:
            rows = [row for row in plan.limits if (row.kind, row.name) == ("site", site.site)]
            available = sum(row.available for row in rows)
            use = sum(row.used for row in rows) / available if available > 0 else None
        title = f"Mean use of capacity, {site.title or site.site}"
        yield Kpi(f"use.{site.site}", title, "share", "neither", use)


def _names(plan: PlanRecord, kind: str, place: int, *, in_place: bool) -> set[str]:
    """A part of the ids of all decisions of a kind that are in place, or that are not."""
    rows = (row for row in plan.decisions if row.kind == kind and row.in_place == in_place)
    return {row.commitment.split(".")[place] for row in rows}


def _newly(plan: PlanRecord, kind: str, place: int) -> int:
    """How many names decisions of a kind bring that nothing in place has."""
    chosen = _names(plan, kind, place, in_place=False)
    return len(chosen - _names(plan, kind, place, in_place=True))


def _entered(plan: PlanRecord) -> int:
    return _newly(plan, "entries", 1)


def _launched(plan: PlanRecord) -> int:
    return _newly(plan, "launches", 1)


def named(figures: Iterable[Kpi]) -> dict[str, Kpi]:
    """Key figures by their names."""
    return {figure.name: figure for figure in figures}
