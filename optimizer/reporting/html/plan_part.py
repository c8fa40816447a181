"""The part of a page that is about one run: its sections, charts and tables.

Not here: how they are written as HTML (see `optimizer.reporting.html.writing`), and pages
about several runs.
"""

from __future__ import annotations

from collections.abc import Iterator

from models.outcome import STATUS_WORDS
from optimizer.outcome import Outcome
from optimizer.plan import Plan
from optimizer.reporting.html import findings, tables
from optimizer.reporting.html.parts import (
    Chart,
    Charts,
    Part,
    Section,
    Sentences,
    Table,
    Tile,
    words,
)
from optimizer.reporting.html.sources import source_tables
from optimizer.reporting.plots import Plots
from optimizer.reporting.plots.use import Key, most_used
from optimizer.reporting.text import (
    GOAL_COLUMNS,
    cars,
    given_up,
    goal_rows,
    headline,
    limits_in_words,
    money_number,
    one_line,
    percent,
)
from optimizer.reporting.view import SOME_CARS, View

_CAPACITY = ("site", "component")


def plan_part(outcome: Outcome, id: str = "", name: str = "") -> Part:
    """Everything that a page shows of one outcome; ids begin with ``id``."""
    case = outcome.case
    lines = [one_line(line) for line in headline(outcome)]
    horizon = case.horizon
    basis = f"{case.currency} {case.price_basis}".strip()
    eyebrow = f"{case.name} · {horizon.first} to {horizon.last} · money in {basis} terms"
    title = one_line(case.title or case.name)
    sections: tuple[Section, ...] = ()
    tiles: tuple[Tile, ...] = ()
    if outcome.plan is not None:
        page = _PlanPage(outcome, outcome.plan, id)
        sections, tiles = tuple(page.sections()), tuple(page.tiles())
    return Part(
        id=f"{id}plan",
        name=name or title,
        eyebrow=one_line(eyebrow),
        headline=lines[0],
        lines=tuple(lines[1:]),
        tiles=tiles,
        sections=sections,
        sources=tuple(source_tables(case, id)),
    )


class _PlanPage:
    """The sections of one plan; each method makes one."""

    def __init__(self, outcome: Outcome, plan: Plan, prefix: str) -> None:
        self.outcome = outcome
        self.prefix = prefix
        self.plots = Plots(outcome.case, plan.record)
        self.view: View = self.plots.view

    def _id(self, name: str) -> str:
        return self.prefix + name

    def sections(self) -> Iterator[Section]:
        """All sections in the order of the page."""
        record = self.view.record
        if record.sales or any(row.counted > SOME_CARS for row in record.volumes):
            yield self._volume()
        yield self._decisions()
        if record.sales:
            yield self._markets()
        yield self._limits()
        if self.view.limits_of(*_CAPACITY, "resource"):
            yield self._capacity()
        yield self._cash()
        if record.deals:
            yield self._deals()
        yield self._goals()

    # Key figures -------------------------------------------------------------------

    def tiles(self) -> Iterator[Tile]:
        """The few numbers at the top."""
        view, totals = self.view, self.view.record.totals
        case = view.case
        if case.target is not None and view.record.windows:
            best = max(view.record.windows, key=lambda row: row.volume)
            shown = view.reached or best
            note = f"target {cars(case.target.volume)}" + (
                f", reached {shown.last}" if view.reached else ", missed"
            )
            yield Tile(f"Year to {shown.last}", cars(shown.volume), "cars", shown.volume, note)
        span = f"{view.periods[0]} to {view.periods[-1]}"
        yield Tile("Volume over the horizon", cars(totals.volume), "cars", totals.volume, span)
        sold = sum(row.units for row in view.record.sales)
        if view.home and sold > SOME_CARS and len(case.markets) > 1:
            abroad = sum(row.units for row in view.record.sales if row.market != view.home)
            note = f"{percent(abroad / sold)} of own cars"
            yield Tile("Sold abroad", cars(abroad), "cars", abroad, note)
        yield self._money_tile("Net present value", totals.npv, self._npv_note())
        held = sum(row.cost for row in view.record.decisions if row.in_place)
        spent = "on commitments"
        if held:
            spent += f", {money_number(held)} of it on those in place before"
        yield self._money_tile("One-off spending", totals.spending, spent)
        least = min(view.record.cash, key=lambda row: row.cash)
        yield self._money_tile("Lowest cash", least.cash, f"end of {least.period}")

    def _money_tile(self, label: str, value: float, note: str) -> Tile:
        return Tile(label, money_number(value), self.view.money, value, note)

    def _npv_note(self) -> str:
        finance = self.view.case.finance
        text = f"at {percent(finance.discount_rate_per_year)} a year"
        after = "with a terminal value" if finance.terminal_years else "nothing after the horizon"
        return f"{text}, {after}"

    # Sections ------------------------------------------------------------------------

    def _volume(self) -> Section:
        view = self.view
        by_car = tables.volume_by_vehicle(view, self._id("volume-by-car"))
        by_market = tables.volume_by_market(view, self._id("volume-by-market"))
        charts = [
            Chart(
                self._id("chart-volume-car"),
                f"Cars a {view.step}, by car",
                self.plots.volume(),
                f"Stacked bars of cars a {view.step} by car. {findings.volume(view)}.",
                by_car,
            ),
            Chart(
                self._id("chart-volume-market"),
                f"Cars a {view.step}, by market",
                self.plots.volume("market"),
                f"Stacked bars of cars a {view.step} by market. {findings.markets(view)}.",
                by_market,
            ),
        ]
        names = ["By car", "By market"]
        if view.home in view.by_market and len(view.by_market) > 1:
            charts.append(
                Chart(
                    self._id("chart-volume-abroad"),
                    f"Cars a {view.step} sold abroad, by market",
                    self.plots.volume("market", abroad=True),
                    f"Stacked bars of cars a {view.step} by market, without the home market.",
                    by_market,
                )
            )
            names.append("Abroad, by market")
        blocks = [Charts(tuple(charts), tuple(names))]
        if view.case.target is not None and view.record.windows:
            says = "Bars of counted cars of each year, and the target as a line."
            blocks.append(
                Charts(
                    (
                        Chart(
                            self._id("chart-target"),
                            "Counted cars of each year against the target",
                            self.plots.target(),
                            f"{says} {one_line(headline(self.outcome)[0])}",
                            tables.windows(view, self._id("windows")),
                        ),
                    )
                )
            )
        rests = ("registrations", "launches", "ramps", "markets", "entries", "target")
        return Section(self._id("volume"), "Volume", findings.volume(view), blocks, rests)

    def _decisions(self) -> Section:
        view = self.view
        chosen = tables.decisions(view, self._id("decisions"))
        says = f"Bars of each commitment over time. {findings.decisions(view)}."
        chart = Chart(
            self._id("chart-gantt"),
            "Commitments over time, prepared and in effect",
            self.plots.gantt(),
            says,
            chosen,
        )
        hint = "Choose a bar to see what allowed it and what it allows; the lines can also be shown all at once."
        linked = any(row.because for row in view.record.decisions if not row.in_place)
        blocks: list[Table | Charts | Sentences] = [Sentences((hint,))] if linked else []
        blocks.append(Charts((chart,)))
        for table in (
            tables.in_place(view, self._id("in-place")),
            tables.left_out(view, self._id("left-out")),
        ):
            if table.rows:
                blocks.append(table)
        rests: tuple[str, ...] = (
            "platforms",
            "vehicles",
            "projects",
            "expansions",
            "deals",
            "entries",
            "launches",
        )
        rests = (*rests, "precedences")
        return Section(self._id("timing"), "Decisions", findings.decisions(view), blocks, rests)

    def _markets(self) -> Section:
        view = self.view
        table = tables.market_years(view, self._id("markets-by-year"))
        charts = [
            Chart(
                self._id("chart-markets"),
                "Own cars by market",
                self.plots.markets(),
                f"Ranked bars of own cars by market. {findings.markets(view)}.",
                table,
            )
        ]
        names = ["All markets"]
        if view.home in view.by_market and len(view.by_market) > 1:
            abroad = Chart(
                self._id("chart-markets-abroad"),
                "Own cars by market, without the home market",
                self.plots.markets(abroad=True),
                "Ranked bars of own cars by market, without the home market.",
                table,
            )
            # Where nearly all is sold at home, bars of other markets would not be seen.
            charts.insert(0, abroad)
            names.insert(0, "Abroad")
        rests = ("registrations", "markets", "launches", "prices", "lanes", "duties")
        blocks = [Charts(tuple(charts), tuple(names) if len(names) > 1 else ())]
        return Section(self._id("markets"), "Markets", findings.markets(view), blocks, rests)

    def _limits(self) -> Section:
        view = self.view
        lines = [one_line(line) for line in limits_in_words(view.case, view.record)]
        lines = [f"{line[:1].upper()}{line[1:]}" for line in lines]
        blocks: list[Table | Charts | Sentences] = [Sentences(tuple(lines), listed=True)]
        keys = most_used(view)
        if keys:
            chart = Chart(
                self._id("chart-limits"),
                "Used part of each limit; red: all of it is used",
                self.plots.limits(),
                "A map of limits by period, darker where more is used.",
                tables.use(view, self._id("limits-used"), "Use of the limits shown", keys),
            )
            blocks.append(Charts((chart,)))
        rests = ("sites", "components", "resources", "entries", "markets", "budgets")
        finding = findings.limits(view)
        return Section(self._id("limits"), "What limits the plan", finding, blocks, rests)

    def _capacity(self) -> Section:
        view = self.view
        blocks: list[Table | Charts | Sentences] = []
        for name, title, kinds, figure in (
            ("capacity", "Capacity of sites and components", _CAPACITY, self.plots.capacity),
            ("resources", "People and equipment", ("resource",), self.plots.resources),
            ("budgets", "Budgets", ("budget",), self.plots.budgets),
        ):
            keys: list[Key] = list(view.limits_of(*kinds))
            if not keys:
                continue
            table = tables.use(view, self._id(name), f"{title}: used and there", keys)
            says = f"Bars of what is used, and a line of what is there: {title.lower()}."
            chart = Chart(self._id(f"chart-{name}"), title, figure(), says, table)
            blocks.append(Charts((chart,)))
        rests: tuple[str, ...] = ("sites", "expansions", "components", "component_use", "resources")
        rests = (*rests, "resource_use", "budgets")
        return Section(
            self._id("capacity-use"), "Capacity and people", findings.capacity(view), blocks, rests
        )

    def _cash(self) -> Section:
        view = self.view
        cash = Chart(
            self._id("chart-cash"),
            f"Cash at the end of each {view.step}",
            self.plots.cash(),
            f"A line of cash. {findings.cash(view)}.",
            tables.cash(view, self._id("cash-by-period")),
        )
        items = Chart(
            self._id("chart-cash-items"),
            "From cash before to cash after, by item",
            self.plots.cash_items(),
            "A waterfall of the items of the cash flow.",
            tables.cash_years(view, self._id("cash-by-year")),
        )
        rests: tuple[str, ...] = (
            "finance",
            "prices",
            "production",
            "lanes",
            "duties",
            "markets",
            "vehicles",
        )
        rests = (*rests, "entries", "expansions", "overheads", "deal_payments")
        blocks = [Charts((cash,)), Charts((items,))]
        return Section(self._id("cash"), "Cash", findings.cash(view), blocks, rests)

    def _deals(self) -> Section:
        view = self.view
        by_period = tables.deal_periods(view, self._id("deals-by-period"))
        income = Chart(
            self._id("chart-deals"),
            f"Income from deals a {view.step}",
            self.plots.deals(),
            f"Bars of income by deal. {findings.deals(view)}.",
            by_period,
        )
        blocks: list[Table | Charts | Sentences] = [
            tables.deals(view, self._id("deals-in-all")),
        ]
        charts, names = [income], ["Income"]
        if any(row.partner_units > SOME_CARS for row in view.record.deals):
            partners = Chart(
                self._id("chart-partners"),
                f"Partners' cars a {view.step}",
                self.plots.partners(),
                "Stacked bars of partners' cars by deal.",
                by_period,
            )
            charts.append(partners)
            names.append("Partners' cars")
        blocks.append(Charts(tuple(charts), tuple(names)))
        rests = ("deals", "deal_payments", "deal_supply", "diversions")
        return Section(self._id("deals"), "Deals", findings.deals(view), blocks, rests)

    def _goals(self) -> Section:
        outcome = self.outcome
        rows = tuple(tuple(map(words, map(one_line, row))) for row in goal_rows(outcome))
        table = Table(
            self._id("goals-table"), "Goals in their order", GOAL_COLUMNS, rows, opened=True
        )
        status = STATUS_WORDS[outcome.status]
        settings, seconds = outcome.settings, outcome.seconds.get("total", 0.0)
        how = f"Asked for: a gap of at most {percent(settings.gap)} on every goal"
        if settings.time_limit is not None:
            how += f", within {settings.time_limit:g} s"
        told = [f"{status[:1].upper()}{status[1:]}.", *map(one_line, given_up(outcome))]
        took = f". The search took {seconds:,.0f} s" if seconds >= 1 else ""
        told.append(f"{how}{took}. Every figure of the plan was recomputed by a separate audit.")
        proven = sum(goal.proven for goal in outcome.goals)
        finding = (
            f"All {len(outcome.goals)} goals are proven to within {percent(settings.gap)}"
            if proven == len(outcome.goals)
            else f"{proven} of {len(outcome.goals)} goals are proven; for the others the bound tells how far the best may lie"
        )
        blocks: list[Table | Charts | Sentences] = [table, Sentences(tuple(told))]
        return Section(self._id("proof"), "Goals and proof", finding, blocks, ("finance", "target"))
