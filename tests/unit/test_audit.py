"""The audit finds every planted fault, and nothing in a sound plan.

One small case uses every table; a plan for it was chosen by hand so that many
limits bind exactly. Expected figures are worked out in the comments.
"""

from __future__ import annotations

import ast
import inspect
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from models.case import TABLES, Case
from models.commitment import (
    ExclusiveGroup,
    Precedence,
    Project,
    Resource,
    ResourceUse,
)
from models.deal import Deal, DealPayment, DealSupply, Diversion, Exclusivity
from models.finance import Budget, Finance, Overhead
from models.horizon import Horizon
from models.market import Entry, Market, Registrations, Season, Segment
from models.outcome import GoalResult
from models.plan import Decision, Flow, PlanRecord, Sale
from models.site import Component, ComponentUse, Duty, Expansion, Lane, Production, Site
from models.target import Goal, Target
from models.vehicle import Launch, Platform, Price, Ramp, Vehicle
from optimizer.auditing import Violation, audit, recompute
from optimizer.auditing.violation import FIGURE_RULES

T = ("2025Q1", "2025Q2", "2025Q3", "2025Q4", "2026Q1", "2026Q2", "2026Q3", "2026Q4")

GERMAN_LAUNCH = "launches.c10.germany"
HOMOLOGATION = f"precedences.{GERMAN_LAUNCH}.projects.homologation"
IMPORTER = "entries.germany.importer"
OWN = "entries.germany.own"


def rows(kind: type[Any], columns: str, *lines: str) -> tuple[Any, ...]:
    """Rows of a table from words separated by blanks; ``-`` leaves a cell out."""
    names = columns.split()
    found = []
    for line in lines:
        cells = zip(names, line.split(), strict=True)
        found.append(kind.model_validate({name: cell for name, cell in cells if cell != "-"}))
    return tuple(found)


def make_case() -> Case:
    """A case of eight quarters in which every table has rows; money in million CNY."""
    return Case(
        name="small",
        currency="CNY",
        money_unit=1e6,
        horizon=Horizon(step="quarter", first=T[0], last=T[-1]),
        finance=Finance(
            opening_cash=1000,
            cash_floor=800,
            discount_rate_per_year=0.1,
            cost_down_per_year=0.1,
            terminal_years=2,
        ),
        target=Target(volume=160000, window="rolling_year", deadline="2026Q3", required=True),
        goals=(
            Goal(kind="target_date"),
            Goal(kind="volume"),
            Goal(kind="npv"),
            Goal(kind="last_year_volume"),
            Goal(kind="volume_at", period="2026Q1"),
            Goal(kind="spending"),
            Goal(kind="peak_funding"),
        ),
        markets=rows(
            Market, "market home max_share sales_cost", "home yes 0.4 1000", "germany no 0.1 2000"
        ),
        segments=rows(Segment, "market segment max_share", "germany suv 0.05"),
        registrations=rows(
            Registrations,
            "market segment since units_per_year",
            "home suv - 400000",
            "germany suv - 100000",
            "germany suv 2026Q1 200000",
        ),
        seasonality=rows(
            Season,
            "market position index",
            "germany 1 0.8",
            "germany 2 1.2",
            "germany 3 0.8",
            "germany 4 1.2",
        ),
        ramps=rows(
            Ramp,
            "ramp age value",
            "half 0 0.5",
            "half 1 1",
            "partner 0 0",
            "partner 1 0.5",
            "partner 2 1",
        ),
        platforms=rows(
            Platform,
            "platform lead cost running_cost_per_year category",
            "p1 2 100 4 development",
        ),
        vehicles=rows(
            Vehicle,
            "vehicle segment platform status lead cost category warranty_cost freight_factor",
            "old suv - in_place 0 0 - 1000 1",
            "c10 suv p1 optional 1 40 development 2000 1.5",
        ),
        entries=rows(
            Entry,
            "market mode lead cost running_cost_per_year throughput_per_year ramp sales_cost"
            " partner_share exclusive_group",
            "germany importer 1 10 0 8000 half 500 0.1 german_network",
            "germany own 2 60 8 - - 0 0 german_network",
        ),
        launches=rows(
            Launch,
            "vehicle market status earliest latest lead cost peak_share ramp",
            "old home in_place - - 0 0 0.3 -",
            "c10 home optional - 2025Q3 0 6 0.1 half",
            "c10 germany mandatory 2025Q2 2025Q4 1 5 0.04 half",
            "old germany optional - - 0 1 0.01 -",
        ),
        prices=rows(
            Price,
            "vehicle market since net_price customs_value",
            "old home - 80000 -",
            "old germany - 90000 -",
            "c10 home - 100000 -",
            "c10 germany - 150000 100000",
            "c10 germany 2026Q1 140000 -",
        ),
        sites=rows(
            Site,
            "site origin capacity_per_year fixed_cost_per_year",
            "jinhua CN 200000 20",
            "zaragoza EU 0 0",
        ),
        production=rows(
            Production,
            "site vehicle variable_cost capacity_per_car",
            "jinhua old 78000 1",
            "jinhua c10 70000 1.2",
            "zaragoza c10 75000 1",
        ),
        lanes=rows(
            Lane,
            "site market freight",
            "jinhua home 500",
            "jinhua germany 9000",
            "zaragoza germany 1000",
        ),
        duties=rows(
            Duty,
            "origin market since rate",
            "CN home - 0",
            "CN germany - 0.1",
            "CN germany 2026Q1 0.3",
            "EU germany - 0",
        ),
        components=rows(Component, "component capacity_per_year", "battery 172000"),
        component_use=rows(
            ComponentUse, "vehicle component per_car", "old battery 1", "c10 battery 1"
        ),
        expansions=rows(
            Expansion,
            "expansion site component lead cost capacity_per_year ramp",
            "zaragoza_1 zaragoza - 2 80 12000 half",
            "battery_1 - battery 1 15 20000 -",
        ),
        deals=rows(
            Deal,
            "deal lead cost partner_units_per_year ramp counted_share royalty exclusive_group",
            "licence 1 3 40000 partner 0.25 2000 partners",
            "venture 0 0 0 - 0 0 partners",
        ),
        deal_payments=rows(
            DealPayment,
            "deal payment kind counted_from after amount",
            "licence signing equity start 0 200",
            "licence support fee effective 0 -12",
            "licence milestone fee effective 2 30",
        ),
        deal_supply=rows(DealSupply, "deal component per_unit margin", "licence battery 0.5 1000"),
        diversions=rows(Diversion, "deal market share ramp", "licence germany 0.2 partner"),
        exclusivities=rows(
            Exclusivity,
            "deal commitment ends_sales",
            f"licence {IMPORTER} yes",
            "licence launches.old.germany no",
        ),
        projects=rows(
            Project,
            "project status effective lead cost running_cost_per_year",
            "homologation optional - 1 2 0",
            "erp in_place 2025Q3 4 16 2",
            "study optional - 0 0 0",
            "rejected forbidden - 0 0 0",
        ),
        precedences=rows(
            Precedence,
            "commitment after counted_from lag",
            f"{GERMAN_LAUNCH} projects.homologation effective 0",
            f"{OWN} projects.study|{IMPORTER}|projects.erp start 2",
            "expansions.zaragoza_1 deals.licence start 1",
        ),
        exclusive_groups=rows(ExclusiveGroup, "group at_most", "german_network 2"),
        resources=rows(
            Resource, "resource since available", "engineers - 50", "engineers 2026Q1 60"
        ),
        resource_use=rows(
            ResourceUse,
            "commitment resource preparing running",
            "vehicles.old engineers 0 5",
            "platforms.p1 engineers 20 0",
            "vehicles.c10 engineers 20 0",
            f"{GERMAN_LAUNCH} engineers 5 0",
            "deals.licence engineers 10 15",
        ),
        overheads=rows(Overhead, "item since amount_per_year", "office - 40", "office 2026Q1 44"),
        budgets=rows(
            Budget,
            "category scope when amount",
            "development period - 90",
            "development period 2025Q1 60",
            "entries year - 70",
            "expansions total - 95",
            "all year 2026 83",
        ),
    )


STARTS = {
    "platforms.p1": "2025Q1",
    "vehicles.c10": "2025Q2",
    IMPORTER: "2025Q1",
    OWN: "2025Q3",
    "launches.c10.home": "2025Q3",
    GERMAN_LAUNCH: "2025Q2",
    "projects.homologation": "2025Q1",
    "expansions.battery_1": "2025Q4",
    "deals.licence": "2026Q1",
    "expansions.zaragoza_1": "2026Q2",
}
#: Cars of the c10 in Germany by entry and in the home market, from 2025Q3 on. Each
#: German total is the whole demand (see `test_demand_by_hand`).
BY_IMPORTER = (400, 1200, 1000, 0, 0, 0)
BY_OWN = (0, 0, 600, 2400, 1440, 1920)
AT_HOME = (5000, 10000, 10000, 10000, 10000, 10000)


def decided(id: str, start: str | None) -> Decision:
    """A raw decision: only the commitment and its start matter to `recompute`."""
    return Decision(
        commitment=id, kind="", start=start, effective=None, in_place=False, cost=0, because=()
    )


def sound_plan(case: Case, starts: dict[str, str] | None = None) -> PlanRecord:
    """The plan chosen by hand: old at home, the c10 at home and in Germany, a licence."""
    sales = [Sale(market="home", entry="", vehicle="old", period=t, units=30000) for t in T]
    flows = [Flow(site="jinhua", vehicle="old", market="home", period=t, units=30000) for t in T]
    for t, importer, own, home in zip(T[2:], BY_IMPORTER, BY_OWN, AT_HOME, strict=True):
        for market, entry, units in (
            ("home", "", home),
            ("germany", "importer", importer),
            ("germany", "own", own),
        ):
            if units:
                sales.append(Sale(market=market, entry=entry, vehicle="c10", period=t, units=units))
        # In the last quarter Zaragoza builds 1500, all that it can: 12000 / 4 * 0.5.
        abroad = 1500 if t == "2026Q4" else 0
        for site, market, units in (
            ("jinhua", "home", home),
            ("jinhua", "germany", importer + own - abroad),
            ("zaragoza", "germany", abroad),
        ):
            if units:
                flows.append(Flow(site=site, vehicle="c10", market=market, period=t, units=units))
    decisions = [decided(id, start) for id, start in (starts or STARTS).items()]
    return recompute(case, decisions, sales, flows)


CASE = make_case()
PLAN = sound_plan(CASE)


def sound_goals(plan: PlanRecord) -> tuple[GoalResult, ...]:
    """What the sound plan reaches of each goal, from figures tested by hand below."""

    def result(kind: str, sense: str, value: float, **more: Any) -> GoalResult:
        values = {"kind": kind, "unit": "", "sense": sense, "value": value}
        values |= {"best": value, "proven": True}
        return GoalResult.model_validate(values | more)

    return (
        result("target_date", "max", 160600, period="2026Q2"),
        result("volume", "max", 307710),
        result("npv", "max", plan.totals.npv),
        result("last_year_volume", "max", 171110),
        result("volume_at", "max", 148200),
        result("spending", "min", 329),
        result("peak_funding", "min", plan.totals.peak_funding),
    )


GOALS = sound_goals(PLAN)


def limit(kind: str, name: str, plan: PlanRecord = PLAN) -> dict[str, tuple[float, float]]:
    """Used and available of a limit by period."""
    return {
        row.period: (row.used, row.available)
        for row in plan.limits
        if (row.kind, row.name) == (kind, name)
    }


def item(name: str, plan: PlanRecord = PLAN) -> list[float]:
    """An item of the cash flow by period, 0 where it has no row."""
    amounts = {row.period: row.amount for row in plan.cash_items if row.item == name}
    return [amounts.get(t, 0.0) for t in T]


def rules(violations: tuple[Violation, ...]) -> set[str]:
    return {violation.rule for violation in violations}


# What is sound -----------------------------------------------------------------


def test_sound_plan_has_no_violation() -> None:
    """A sound plan passes, with and without its goals."""
    assert audit(CASE, PLAN) == ()
    assert audit(CASE, PLAN, GOALS) == ()


def test_case_uses_every_table() -> None:
    """The case has rows in every table that a plan depends on (all but levers and sources)."""
    assert [name for name in TABLES if not CASE.rows(name)] == ["levers", "sources"]


def test_order_of_rows_does_not_matter() -> None:
    """A case with every table in reverse order gives the same volumes and money."""
    turned = CASE.replace(**{name: CASE.rows(name)[::-1] for name in TABLES})
    again = recompute(turned, PLAN.decisions, PLAN.sales[::-1], PLAN.flows[::-1])
    assert audit(turned, PLAN, GOALS) == ()
    for stated, other in zip(PLAN.volumes, again.volumes, strict=True):
        assert other.counted == pytest.approx(stated.counted, rel=1e-12)
    for name in type(PLAN.totals).model_fields:
        assert getattr(again.totals, name) == pytest.approx(getattr(PLAN.totals, name), rel=1e-9)


def test_audit_imports_neither_formulation_nor_solver() -> None:
    """The audit's files import only models, itself and the standard library."""
    allowed = {
        "__future__", "collections", "dataclasses", "functools", "itertools", "math", "typing",
    }  # fmt: skip
    for file in Path(inspect.getfile(audit)).parent.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            for name in names:
                ours = name.startswith(("models.", "optimizer.auditing"))
                assert ours or name.split(".")[0] in allowed, (file.name, name)
                assert name != "models.checks", "rules are worked out here, not shared"


# Figures by hand ---------------------------------------------------------------


def test_decisions_by_hand() -> None:
    """Start, effective, cost and grounds of decisions are as the rules say."""
    found = {row.commitment: row for row in PLAN.decisions}
    assert list(found) == [id for id in CASE.commitments if id in found]
    # Lead 2 from 2025Q1.
    assert found["platforms.p1"].effective == "2025Q3"
    # Effective 2025Q3 with a lead of 4: started 2024Q3; 16 / 4 falls in each of 2025Q1
    # and 2025Q2, the other half before the horizon.
    erp = found["projects.erp"]
    assert (erp.start, erp.effective, erp.in_place, erp.cost) == ("2024Q3", "2025Q3", True, 8)
    assert (found["vehicles.old"].start, found["vehicles.old"].effective) == (None, None)
    # The launch waits for its vehicle, the project, and an entry of its market; the own
    # company is effective only in 2026Q1, after the launch (2025Q3), so it is no ground.
    assert found[GERMAN_LAUNCH].because == (IMPORTER, "projects.homologation", "vehicles.c10")
    # Lead 2 and effective 2027Q1 would be outside: zaragoza_1 is effective in 2026Q4.
    assert found["expansions.zaragoza_1"].effective == "2026Q4"
    # Counted from the start with lag 2: importer 2025Q1 + 2 = 2025Q3; erp 2024Q3 + 2.
    assert found[OWN].because == (IMPORTER, "projects.erp")
    # In place: no grounds though its vehicle is there.
    assert found["launches.old.home"].because == ()


def test_demand_by_hand() -> None:
    """Demand is registrations, season, peak share, ramp and diversion together."""
    # Quarterly registrations 25000, then 50000, times season 0.8 / 1.2, times 0.04:
    # 2025Q3 800 (half by ramp), 2025Q4 1200, 2026Q1 1600, 2026Q2 2400,
    # 2026Q3 1600 less 0.2 * 0.5, 2026Q4 2400 less 0.2 * 1.
    available = [400, 1200, 1600, 2400, 1440, 1920]
    assert [a for _, a in limit("demand", "c10.germany").values()] == pytest.approx(available)
    assert [u for u, _ in limit("demand", "c10.germany").values()] == pytest.approx(available)
    # 100000 * 0.1 at home, half of it at age 0.
    assert limit("demand", "c10.home")["2025Q3"] == pytest.approx((5000, 5000))
    assert "old.germany" not in {row.name for row in PLAN.limits}


def test_other_limits_by_hand() -> None:
    """Segments, networks, sites, components, resources and budgets add up as stated."""
    # 100000 * 0.4 at home, filled by 30000 and 10000.
    assert limit("segment", "home.suv")["2025Q4"] == pytest.approx((40000, 40000))
    # 60000 * 0.05: the segment's own share, not the market's 0.1.
    assert limit("segment", "germany.suv")["2026Q4"] == pytest.approx((1920, 3000))
    # 8000 / 4, half at age 0 (2025Q2); the licence closes it from 2026Q2 on.
    assert limit("network", "germany.importer") == {
        "2025Q2": (0, 1000), "2025Q3": (400, 2000), "2025Q4": (1200, 2000),
        "2026Q1": (1000, 2000), "2026Q2": (0, 0), "2026Q3": (0, 0), "2026Q4": (0, 0),
    }  # fmt: skip
    # 30000 + (10000 + 2400) * 1.2 against 200000 / 4.
    assert limit("site", "jinhua")["2026Q2"] == pytest.approx((44880, 50000))
    assert limit("site", "zaragoza")["2026Q4"] == pytest.approx((1500, 1500))
    # 30000 + 10000 + 1920 and half a battery for 10000 partner's cars; 43000 + 5000.
    assert limit("component", "battery")["2026Q4"] == pytest.approx((46920, 48000))
    # old 5, platform 20, c10 20, launch 5; then old 5 and the licence's support 15.
    assert limit("resource", "engineers")["2025Q2"] == (50, 50)
    assert limit("resource", "engineers")["2026Q2"] == (20, 60)
    # platform 100 / 2 and c10 40; both ceilings of 2025Q1 have a row.
    assert limit("budget", "development")["2025Q2"] == (90, 90)
    ceilings = [r.available for r in PLAN.limits if (r.name, r.period) == ("development", T[0])]
    assert ceilings == [90, 60]
    # importer 10 + own 60 in 2025; expansions 80 + 15; 2026: 3 + 40 + 40.
    assert limit("budget", "entries") == {"2025": (70, 70), "2026": (0, 70)}
    assert limit("budget", "expansions") == {"total": (95, 95)}
    assert limit("budget", "all") == {"2026": (83, 83)}


def test_cash_items_by_hand() -> None:
    """Items of the cash flow follow the formulas, in million CNY."""
    # 2025Q4: 30000 * 80000 + 10000 * 100000 + 1200 * 150000.
    assert item("sales revenue")[3] == pytest.approx(3580)
    assert item("partner share")[3] == pytest.approx(-18)  # a tenth of the importer's 180
    assert item("warranty")[3] == pytest.approx(-52.4)  # 30 + 11200 * 2000
    assert item("selling cost")[3] == pytest.approx(-43)  # 40000 * 1000 + 1200 * 2500
    # 500 * 30000 + 500 * 1.5 * 10000 + 9000 * 1.5 * 1200.
    assert item("freight")[3] == pytest.approx(-38.7)
    assert item("duty")[3] == pytest.approx(-12)  # 1200 * 100000 * 0.1
    assert item("duty")[4] == pytest.approx(-67.2)  # 1600 * 140000 (the price) * 0.3
    assert item("duty")[7] == pytest.approx(-17.64)  # only the 420 cars from China
    # A year on costs are 0.9: (30000 * 78000 + 11600 * 70000) * 0.9.
    assert item("variable cost")[4] == pytest.approx(-2836.8)
    # 10000 partner's cars at full ramp, half a battery each with margin 1000.
    assert item("royalty")[5:] == pytest.approx([0, 10, 20])
    assert item("component margin")[5:] == pytest.approx([0, 2.5, 5])
    assert item("overheads") == pytest.approx([-10] * 4 + [-11] * 4)
    assert item("site fixed cost") == pytest.approx([-5] * 8)
    # platform 1 and erp 0.5 from 2025Q3, own company 2 from 2026Q1.
    assert item("running cost") == pytest.approx([0, 0, -1.5, -1.5, -3.5, -3.5, -3.5, -3.5])
    # 50+10+2+4, 50+40+5+4, 30+6, 30+15, 3, 40, 40.
    assert item("commitment cost") == pytest.approx([-66, -99, -36, -45, -3, -40, -40, 0])
    assert item("equity") == pytest.approx([0, 0, 0, 0, 200, 0, 0, 0])  # at signing
    # At effect (2026Q2) -12 and two quarters later 30.
    assert item("deal fees") == pytest.approx([0, 0, 0, 0, 0, -12, 0, 30])


def test_cash_and_totals_by_hand() -> None:
    """Cash, volumes, windows and totals follow from the items."""
    cash = [row.cash for row in PLAN.cash]
    # Old loses 500 a car (80000 - 78000 - 500 - 1000 - 1000), -15 for 30000; overheads
    # and site -15; commitments -66.
    assert cash[0] == pytest.approx(1000 - 15 - 15 - 66)
    # A quarter on its variable cost 2340 has fallen by the factor 0.9 ** 0.25.
    assert cash[1] == pytest.approx(904 - 15 - 15 - 99 + 2340 * (1 - 0.9**0.25))
    totals = PLAN.totals
    assert totals.least_cash == pytest.approx(cash[1])
    assert totals.peak_funding == pytest.approx(1000 - cash[1])
    assert totals.spending == pytest.approx(329)  # the sum of the commitment cost above
    own = [30000, 30000, 35400, 41200, 41600, 42400, 41440, 41920]
    assert [row.own for row in PLAN.volumes] == pytest.approx(own)
    assert [row.partner for row in PLAN.volumes][5:] == pytest.approx([0, 5000, 10000])
    # A quarter of the partner's cars counts: 1250 and 2500.
    assert totals.volume == pytest.approx(sum(own) + 3750)
    assert totals.last_year_volume == pytest.approx(sum(own[4:]) + 3750)
    # Rolling years that end by 2026Q3; 160000 is passed first by 35400 + ... + 42400.
    windows = [(row.first, row.last, row.volume, row.reached) for row in PLAN.windows]
    assert windows == [
        ("2025Q1", "2025Q4", 136600, False),
        ("2025Q2", "2026Q1", 148200, False),
        ("2025Q3", "2026Q2", 160600, True),
        ("2025Q4", "2026Q3", 167890, True),
    ]
    # Terminal value: two years of the last four quarters' flow without the one-off items
    # (-83 commitments, +18 fees, +200 equity), discounted like the last quarter.
    factor = 1.1 ** (-7 / 4)
    operating = cash[7] - cash[3] - (200 + 18 - 83)
    assert totals.terminal_value == pytest.approx(2 * operating * factor)
    flows = [after - before for before, after in zip([1000, *cash], cash, strict=False)]
    discounted = math.fsum(flow / 1.1 ** (t / 4) for t, flow in enumerate(flows))
    assert totals.npv == pytest.approx(discounted + totals.terminal_value)


def test_deals_by_hand() -> None:
    """A deal has a row from its start on, with payments in their periods."""
    rows = {row.period: row for row in PLAN.deals}
    assert list(rows) == ["2026Q1", "2026Q2", "2026Q3", "2026Q4"]
    last = rows["2026Q4"]
    assert (last.partner_units, last.counted_units) == (10000, 2500)
    assert (last.royalty, last.component_margin, last.payments) == (20, 5, 30)
    assert rows["2026Q1"].payments == 200


def test_calendar_years_and_year_steps() -> None:
    """Windows of calendar years are whole years; a shorter horizon has a short last year."""
    calendar = CASE.with_changes({"target.window": "calendar_year", "target.deadline": "2026Q4"})
    windows = [(row.first, row.last) for row in sound_plan(calendar).windows]
    assert windows == [("2025Q1", "2025Q4"), ("2026Q1", "2026Q4")]
    late = CASE.with_changes({"target.window": "calendar_year"})  # by 2026Q3: only 2025
    assert [row.last for row in sound_plan(late).windows] == ["2025Q4"]
    yearly = Case(
        horizon=Horizon(step="year", first="2025", last="2026"),
        target=Target(volume=1, window="calendar_year"),
    )
    empty = recompute(yearly, (), (), ())
    assert [(row.first, row.last) for row in empty.windows] == [("2025",) * 2, ("2026",) * 2]
    short = Case(horizon=Horizon(step="month", first="2025-01", last="2025-03"))
    assert recompute(short, (), (), ()).totals.last_year_volume == 0


def test_missing_tables_limit_nothing() -> None:
    """Without prices and sites there is no money in a sale and no limit on supply."""
    case = Case(
        horizon=Horizon(step="year", first="2025", last="2025"),
        markets=rows(Market, "market", "home"),
        registrations=rows(Registrations, "market segment units_per_year", "home suv 1000"),
        vehicles=rows(Vehicle, "vehicle segment status", "old suv in_place"),
        launches=rows(Launch, "vehicle market status peak_share", "old home in_place 0.5"),
    )
    sale = Sale(market="home", entry="", vehicle="old", period="2025", units=500)
    plan = recompute(case, (), (sale,), ())
    assert audit(case, plan) == ()
    assert plan.cash_items == ()
    flow = Flow(site="jinhua", vehicle="old", market="home", period="2025", units=500)
    assert "known site" in rules(audit(case, recompute(case, (), (sale,), (flow,))))


# Faults in the plan ------------------------------------------------------------


Change = Callable[[PlanRecord], PlanRecord]


def edit(table: str, key: dict[str, Any], **update: Any) -> Change:
    """Change cells of the first row of a table that has these values."""

    def change(plan: PlanRecord) -> PlanRecord:
        rows = list(getattr(plan, table))
        n = next(n for n, r in enumerate(rows) if all(getattr(r, k) == v for k, v in key.items()))
        rows[n] = rows[n].model_copy(update=update)
        return plan.model_copy(update={table: tuple(rows)})

    return change


def drop(table: str, number: int = 0) -> Change:
    """Leave out one row of a table."""

    def change(plan: PlanRecord) -> PlanRecord:
        rows = getattr(plan, table)
        return plan.model_copy(update={table: rows[:number] + rows[number + 1 :]})

    return change


def double(table: str, **update: Any) -> Change:
    """Repeat the first row of a table, perhaps under another key."""

    def change(plan: PlanRecord) -> PlanRecord:
        rows = getattr(plan, table)
        return plan.model_copy(update={table: (*rows, rows[0].model_copy(update=update))})

    return change


def setting(**update: Any) -> Change:
    return lambda plan: plan.model_copy(update=update)


def total(**update: Any) -> Change:
    return lambda plan: plan.model_copy(update={"totals": plan.totals.model_copy(update=update)})


GERMAN_SALE = {"market": "germany", "entry": "importer", "period": "2025Q4"}
GERMAN_FLOW = {"site": "jinhua", "market": "germany", "period": "2025Q4"}

PLAN_FAULTS: list[tuple[str, Change, str]] = [
    ("case name", setting(case="other"), "stated figure"),
    ("currency", setting(currency="EUR"), "stated figure"),
    ("money unit", setting(money_unit=1e3), "stated figure"),
    ("periods", setting(periods=T[:-1]), "stated figure"),
    ("unknown commitment", double("decisions", commitment="launches.x.y"), "known commitment"),
    ("started twice", double("decisions"), "started once"),
    ("start later", edit("decisions", {"commitment": IMPORTER}, start="2025Q2"), "lead"),
    ("effective", edit("decisions", {"commitment": OWN}, effective="2025Q4"), "lead"),
    ("effective blank", edit("decisions", {"commitment": OWN}, effective=None), "lead"),
    ("start blank", edit("decisions", {"commitment": OWN}, start=None), "window"),
    ("start no period", edit("decisions", {"commitment": OWN}, start="soon"), "window"),
    ("cost", edit("decisions", {"commitment": OWN}, cost=61.0), "stated figure"),
    ("kind", edit("decisions", {"commitment": OWN}, kind="deals"), "stated figure"),
    ("because", edit("decisions", {"commitment": GERMAN_LAUNCH}, because=()), "stated figure"),
    ("in place", edit("decisions", {"commitment": OWN}, in_place=True), "status"),
    ("not in place", edit("decisions", {"commitment": "vehicles.old"}, in_place=False), "status"),
    (
        "start of what is in place",
        edit("decisions", {"commitment": "projects.erp"}, start="2024Q4"),
        "stated figure",
    ),
    ("sale above demand", edit("sales", GERMAN_SALE, units=1200.1), "demand limit"),
    ("sale not built", edit("sales", GERMAN_SALE, units=1199.9), "supply balance"),
    ("sale below 0", edit("sales", GERMAN_SALE, units=-1.0), "cars above 0"),
    ("sale of 0", edit("sales", GERMAN_SALE, units=0.0), "cars above 0"),
    ("sale is no number", edit("sales", GERMAN_SALE, units=math.nan), "cars above 0"),
    ("sale without end", edit("sales", GERMAN_SALE, units=math.inf), "cars above 0"),
    ("sale through another entry", edit("sales", GERMAN_SALE, entry="own"), "open entry"),
    ("sale through no entry", edit("sales", GERMAN_SALE, entry=""), "known entry"),
    ("sale through unknown entry", edit("sales", GERMAN_SALE, entry="club"), "known entry"),
    ("sale of unlaunched car", edit("sales", GERMAN_SALE, vehicle="old"), "launched car"),
    ("sale of unknown car", edit("sales", GERMAN_SALE, vehicle="c99"), "launched car"),
    ("sale in unknown market", edit("sales", GERMAN_SALE, market="mars"), "launched car"),
    ("sale before launch", edit("sales", GERMAN_SALE, period="2025Q2"), "launched car"),
    ("sale outside horizon", edit("sales", GERMAN_SALE, period="2027Q1"), "known period"),
    (
        "sale after sales ended",
        edit("sales", {"entry": "own", "period": "2026Q3"}, entry="importer"),
        "network limit",
    ),
    ("sale twice", double("sales"), "repeated row"),
    ("sale missing", drop("sales"), "supply balance"),
    ("flow above sales", edit("flows", GERMAN_FLOW, units=1201.0), "supply balance"),
    ("flow missing", drop("flows"), "supply balance"),
    ("flow from other site", edit("flows", GERMAN_FLOW, site="zaragoza"), "site capacity"),
    ("flow from unknown site", edit("flows", GERMAN_FLOW, site="x"), "known site"),
    ("flow without lane", edit("flows", {"market": "home"}, site="zaragoza"), "lane"),
    ("flow not producible", edit("flows", {"vehicle": "old"}, site="zaragoza"), "production"),
    ("flow twice", double("flows"), "repeated row"),
    ("own volume", edit("volumes", {"period": "2025Q3"}, own=35401.0), "stated figure"),
    ("volume missing", drop("volumes", 7), "missing row"),
    ("volume of unknown period", double("volumes", period="2027Q1"), "unknown row"),
    ("limit missing", drop("limits", 3), "missing row"),
    ("limit twice", double("limits"), "repeated row"),
    ("limit unknown", double("limits", name="c10.mars"), "unknown row"),
    ("limit used", edit("limits", {"kind": "site"}, used=0.0), "stated figure"),
    ("limit available", edit("limits", {"kind": "budget"}, available=91.0), "stated figure"),
    ("cash item", edit("cash_items", {"item": "duty"}, amount=-1.0), "stated figure"),
    ("cash item missing", drop("cash_items", 2), "missing row"),
    ("cash item unknown", double("cash_items", item="gifts"), "unknown row"),
    ("cash item twice", double("cash_items"), "repeated row"),
    ("cash", edit("cash", {"period": "2025Q3"}, cash=0.0), "stated figure"),
    ("cash missing", drop("cash", 7), "missing row"),
    ("partner's cars", edit("deals", {"period": "2026Q4"}, partner_units=1.0), "stated figure"),
    ("payment", edit("deals", {"period": "2026Q4"}, payments=29.0), "stated figure"),
    ("deal row missing", drop("deals", 1), "missing row"),
    ("reached", edit("windows", {"last": "2025Q4"}, reached=True), "stated figure"),
    ("window volume", edit("windows", {"last": "2025Q4"}, volume=1.0), "stated figure"),
    ("window's first", edit("windows", {"last": "2025Q4"}, first="2025Q2"), "stated figure"),
    ("window missing", drop("windows", 1), "missing row"),
    ("total volume", total(volume=307711.0), "stated figure"),
    ("npv", total(npv=math.nan), "stated figure"),
    ("least cash", total(least_cash=math.inf), "stated figure"),
]


@pytest.mark.parametrize(
    ("change", "rule"),
    [pytest.param(change, rule, id=name) for name, change, rule in PLAN_FAULTS],
)
def test_fault_in_the_plan_is_found(change: Change, rule: str) -> None:
    """A plan with one number or word changed fails, by the rule that it breaks."""
    assert rule in rules(audit(CASE, change(PLAN)))


def test_no_number_of_the_plan_can_be_changed() -> None:
    """Every number of every row of the plan is checked: each one, changed alone, is found."""
    tried = 0
    for table in PlanRecord.model_fields:
        rows = getattr(PLAN, table)
        if not isinstance(rows, tuple) or table == "periods":
            continue
        for n, row in enumerate(rows):
            for name in type(row).model_fields:
                value = getattr(row, name)
                if isinstance(value, float):
                    worse = row.model_copy(update={name: value * 1.001 + 0.001})
                    changed = (*rows[:n], worse, *rows[n + 1 :])
                    assert audit(CASE, PLAN.model_copy(update={table: changed})), row
                    tried += 1
    for name in type(PLAN.totals).model_fields:
        worse = getattr(PLAN.totals, name) * 1.001 + 0.001
        assert audit(CASE, total(**{name: worse})(PLAN)), name
    assert tried > 300  # a plan of eight periods and every table has that many


def test_no_row_of_the_plan_can_be_left_out() -> None:
    """Each row of each table, left out alone, is missed."""
    for table in ("decisions", "volumes", "limits", "cash_items", "cash", "deals", "windows"):
        for number in range(len(getattr(PLAN, table))):
            assert audit(CASE, drop(table, number)(PLAN)), (table, number)


# Faults in decisions -----------------------------------------------------------


START_FAULTS: list[tuple[str, dict[str, str | None], str]] = [
    ("before its window", {GERMAN_LAUNCH: "2025Q1"}, "window"),
    ("after its window", {GERMAN_LAUNCH: "2026Q1"}, "window"),
    ("before the horizon", {"platforms.p1": "2024Q4"}, "window"),
    ("after the horizon", {"projects.study": "2027Q1"}, "window"),
    ("mandatory not started", {GERMAN_LAUNCH: None}, "status"),
    ("forbidden", {"projects.rejected": "2025Q1"}, "status"),
    ("precedence too late", {"projects.homologation": "2025Q2"}, "precedence"),
    ("precedence never", {"projects.homologation": None}, "precedence"),
    ("precedence lag from start", {"expansions.zaragoza_1": "2026Q1"}, "precedence"),
    ("platform late", {"platforms.p1": "2025Q2"}, "platform first"),
    ("platform never", {"platforms.p1": None}, "platform first"),
    ("vehicle late", {"vehicles.c10": "2025Q3"}, "vehicle first"),
    ("vehicle never", {"vehicles.c10": None}, "vehicle first"),
    ("entry late", {IMPORTER: "2025Q3"}, "entry first"),
    ("entry never", {IMPORTER: None, OWN: None}, "entry first"),
    ("exclusive group", {"deals.venture": "2025Q1"}, "exclusive group"),
    ("exclusivity", {"launches.old.germany": "2026Q2"}, "exclusivity"),
    ("resource", {"deals.licence": "2025Q2"}, "resource limit"),
    ("budget of a period", {"projects.study": None, "vehicles.c10": "2025Q1"}, "budget"),
    ("entry not yet effective", {OWN: "2025Q4"}, "open entry"),
    ("expansion not there", {"expansions.zaragoza_1": None}, "site capacity"),
    ("component not there", {"expansions.battery_1": None}, "component capacity"),
]


@pytest.mark.parametrize(
    ("changes", "rule"),
    [pytest.param(changes, rule, id=name) for name, changes, rule in START_FAULTS],
)
def test_fault_in_a_start_is_found(changes: dict[str, str | None], rule: str) -> None:
    """A plan whose figures are right but which starts something wrongly fails by that rule."""
    starts = {id: start for id, start in (STARTS | changes).items() if start is not None}
    found = rules(audit(CASE, sound_plan(CASE, starts)))
    assert rule in found
    assert not found & set(FIGURE_RULES)


def test_shortest_way_to_break_a_rule_states_its_size() -> None:
    """Sizes are how far the rule is broken, in its unit."""
    one = sound_plan(CASE, STARTS | {"projects.homologation": "2025Q2"})
    late = next(v for v in audit(CASE, one) if v.rule == "precedence")
    # Effective 2025Q3, waited for until then: the launch of 2025Q2 is one period early.
    assert (late.where, late.period, late.size, late.unit) == (
        GERMAN_LAUNCH, "2025Q2", 1, "periods",
    )  # fmt: skip
    cars = next(
        v for v in audit(CASE, edit("sales", GERMAN_SALE, units=1500.0)(PLAN))
        if v.rule == "demand limit"
    )  # fmt: skip
    assert str(cars) == (
        "Demand limit, c10.germany in 2025Q4: found 1,500, allowed 1,200, off by 300 cars."
    )


def test_worst_comes_first() -> None:
    """Broken rules come before wrong figures, the relatively largest first."""
    found = audit(CASE, edit("sales", GERMAN_SALE, units=1500.0)(PLAN))
    kinds = [violation.rule in FIGURE_RULES for violation in found]
    assert kinds == sorted(kinds)
    assert True in kinds
    # 300 of 1500 cars, against demand as against supply, is the largest by far.
    assert {found[0].rule, found[1].rule} == {"demand limit", "supply balance"}


def test_rounding_is_no_violation() -> None:
    """Cars rounded to 6 decimals and a solver's last digits break no limit."""
    assert audit(CASE, edit("sales", GERMAN_SALE, units=1200.000001)(PLAN)) == ()
    # 1200 * 1e-6 is 0.0012; twice that is a violation.
    assert "demand limit" in rules(audit(CASE, edit("sales", GERMAN_SALE, units=1200.0024)(PLAN)))


def test_rounding_in_cash_grows_with_the_price_of_a_car() -> None:
    """Where money is counted in single CNY, a millionth of a car is more than a fen."""
    # One car at 80000 sold in one period makes cash 80000 exactly.
    for short, sound in ((0.05, True), (0.1, False)):
        case = Case(
            horizon=Horizon(step="year", first="2025", last="2025"),
            finance=Finance(cash_floor=0, opening_cash=-80000 - short),
            markets=rows(Market, "market", "home"),
            registrations=rows(Registrations, "market segment units_per_year", "home suv 1000"),
            vehicles=rows(Vehicle, "vehicle segment status", "old suv in_place"),
            launches=rows(Launch, "vehicle market status peak_share", "old home in_place 0.5"),
            prices=rows(Price, "vehicle market net_price", "old home 80000"),
        )
        sale = Sale(market="home", entry="", vehicle="old", period="2025", units=1)
        found = rules(audit(case, recompute(case, (), (sale,), ())))
        # 1e-6 of a car at 80000 is 0.08: cash of -0.05 is rounding, of -0.1 is not.
        assert found == (set() if sound else {"cash floor"})


def test_exclusivity_ends_sales_through_an_unlimited_entry() -> None:
    """An entry without throughput has no limit to break, so its sales are judged alone."""
    case = CASE.replace(
        exclusivities=rows(Exclusivity, "deal commitment ends_sales", f"licence {OWN} yes")
    )
    found = audit(case, sound_plan(case))
    ended = {(v.rule, v.where, v.period) for v in found}
    # The licence is effective from 2026Q2 on; sales through the own company go on.
    assert ended == {("open entry", "germany.own", t) for t in ("2026Q2", "2026Q3", "2026Q4")}


def test_rules_on_starts_do_not_bind_what_is_in_place() -> None:
    """What is in place breaks no precedence or exclusivity, and counts in its group."""
    case = Case(
        horizon=Horizon(step="year", first="2025", last="2026"),
        exclusive_groups=rows(ExclusiveGroup, "group at_most", "g 2"),
        deals=rows(
            Deal,
            "deal status lead effective exclusive_group",
            "a in_place 1 2020 g",
            "b in_place 1 2026 g",
            "c optional 0 - g",
        ),
        precedences=rows(Precedence, "commitment after lag", "deals.b deals.c 3"),
        exclusivities=rows(Exclusivity, "deal commitment", "a deals.b"),
    )
    assert audit(case, recompute(case, (), (), ())) == ()
    third = recompute(case, [decided("deals.c", "2025")], (), ())
    # Two may be and are in place, and they count: a third is one too many.
    assert [(v.rule, v.size) for v in audit(case, third)] == [("exclusive group", 1)]


# Faults in the case ------------------------------------------------------------


CASE_FAULTS: list[tuple[dict[str, Any], str]] = [
    # Limits that the plan fills: the number that made room is a little smaller.
    ({"ramps.half.0.value": 0.49}, "demand limit"),
    ({"ramps.partner.1.value": 0.6}, "demand limit"),
    ({"launches.c10.germany.peak_share": 0.039}, "demand limit"),
    ({"registrations.germany.suv.2026Q1.units_per_year": 199000}, "demand limit"),
    (
        {"seasonality.germany.3.index": 0.7, "seasonality.germany.4.index": 1.3},
        "demand limit",
    ),
    ({"diversions.licence.germany.share": 0.21}, "demand limit"),
    ({"launches.c10.germany.ramp": "partner"}, "demand limit"),
    ({"markets.home.max_share": 0.39}, "segment limit"),
    ({"segments.germany.suv.max_share": 0.01}, "segment limit"),
    ({"entries.germany.importer.throughput_per_year": 4000}, "network limit"),
    ({"sites.jinhua.capacity_per_year": 170000}, "site capacity"),
    ({"production.jinhua.c10.capacity_per_car": 1.7}, "site capacity"),
    ({"expansions.zaragoza_1.capacity_per_year": 11000}, "site capacity"),
    ({"expansions.zaragoza_1.ramp": "partner"}, "site capacity"),
    ({"components.battery.capacity_per_year": 160000}, "component capacity"),
    ({"component_use.c10.battery.per_car": 1.2}, "component capacity"),
    ({"deal_supply.licence.battery.per_unit": 0.7}, "component capacity"),
    ({"deals.licence.partner_units_per_year": 60000}, "component capacity"),
    ({"expansions.battery_1.capacity_per_year": 9000}, "component capacity"),
    ({"resources.engineers.available": 49}, "resource limit"),
    ({"resource_use.platforms.p1.engineers.preparing": 21}, "resource limit"),
    ({"resource_use.vehicles.old.engineers.running": 6}, "resource limit"),
    ({"budgets.development.period.amount": 89}, "budget"),
    ({"budgets.development.period.2025Q1.amount": 49}, "budget"),
    ({"budgets.entries.year.amount": 69}, "budget"),
    ({"budgets.expansions.total.amount": 94}, "budget"),
    ({"budgets.all.year.2026.amount": 82}, "budget"),
    ({"vehicles.c10.cost": 41}, "budget"),
    ({"vehicles.c10.category": ""}, "stated figure"),
    ({"finance.cash_floor": 850}, "cash floor"),
    ({"finance.opening_cash": 950}, "cash floor"),
    ({"target.volume": 168000}, "required target"),
    ({"target.deadline": "2026Q1"}, "required target"),
    ({"target.window": "calendar_year"}, "required target"),
    # Rules on starts and names.
    ({"platforms.p1.lead": 3}, "lead"),
    ({"platforms.p1.lead": 3}, "platform first"),
    ({"vehicles.c10.lead": 2}, "vehicle first"),
    ({"entries.germany.importer.lead": 3}, "entry first"),
    ({"launches.c10.germany.earliest": "2025Q3"}, "window"),
    ({"platforms.p1.latest": "2025Q1", "vehicles.c10.earliest": "2025Q3"}, "window"),
    ({"launches.c10.home.status": "forbidden"}, "status"),
    ({"projects.study.status": "mandatory"}, "status"),
    ({"projects.homologation.status": "in_place"}, "status"),
    ({"projects.erp.effective": "2025Q4"}, "stated figure"),
    ({f"{HOMOLOGATION}.lag": 1}, "precedence"),
    ({f"{HOMOLOGATION}.counted_from": "start", f"{HOMOLOGATION}.lag": 2}, "precedence"),
    ({"precedences.expansions.zaragoza_1.deals.licence.lag": 2}, "precedence"),
    (
        {"precedences.expansions.zaragoza_1.deals.licence.counted_from": "effective"},
        "precedence",
    ),
    ({"exclusive_groups.german_network.at_most": 1}, "exclusive group"),
    ({"expansions.zaragoza_1.exclusive_group": "partners"}, "exclusive group"),
    ({f"exclusivities.licence.{IMPORTER}.ends_sales": False}, "stated figure"),
    # Money and counting: only the stated figures can tell.
    ({"prices.old.home.net_price": 80001}, "stated figure"),
    ({"prices.c10.germany.customs_value": 100001}, "stated figure"),
    ({"entries.germany.importer.partner_share": 0.11}, "stated figure"),
    ({"entries.germany.importer.sales_cost": 501}, "stated figure"),
    ({"markets.germany.sales_cost": 2001}, "stated figure"),
    ({"production.zaragoza.c10.variable_cost": 76000}, "stated figure"),
    ({"lanes.jinhua.germany.freight": 9001}, "stated figure"),
    ({"vehicles.c10.freight_factor": 1.51}, "stated figure"),
    ({"vehicles.c10.warranty_cost": 2001}, "stated figure"),
    ({"duties.CN.germany.2026Q1.rate": 0.31}, "stated figure"),
    ({"duties.EU.germany.rate": 0.01}, "stated figure"),
    ({"sites.zaragoza.origin": "CN"}, "stated figure"),
    ({"sites.zaragoza.fixed_cost_per_year": 1}, "stated figure"),
    ({"finance.cost_down_per_year": 0.11}, "stated figure"),
    ({"finance.discount_rate_per_year": 0.11}, "stated figure"),
    ({"finance.terminal_years": 2.1}, "stated figure"),
    ({"overheads.office.2026Q1.amount_per_year": 45}, "stated figure"),
    ({"platforms.p1.running_cost_per_year": 5}, "stated figure"),
    ({"projects.erp.cost": 17}, "stated figure"),
    ({"deals.licence.royalty": 2001}, "stated figure"),
    ({"deals.licence.counted_share": 0.26}, "stated figure"),
    ({"deal_supply.licence.battery.margin": 1001}, "stated figure"),
    ({"deal_payments.licence.signing.amount": 201}, "stated figure"),
    ({"deal_payments.licence.signing.kind": "fee"}, "missing row"),
    ({"deal_payments.licence.milestone.after": 1}, "stated figure"),
    ({"deal_payments.licence.support.counted_from": "start"}, "stated figure"),
    ({"target.deadline": "2026Q4"}, "missing row"),
    ({"money_unit": 1e5}, "stated figure"),
    ({"currency": "EUR"}, "stated figure"),
    ({"name": "other"}, "stated figure"),
]


@pytest.mark.parametrize(
    ("changes", "rule"),
    [pytest.param(c, rule, id=f"{next(iter(c))} {rule}") for c, rule in CASE_FAULTS],
)
def test_plan_of_another_case_is_found(changes: dict[str, Any], rule: str) -> None:
    """A plan that is sound for one case fails for one with a single number changed."""
    assert rule in rules(audit(CASE.with_changes(changes), PLAN))


def test_start_that_a_deal_rules_out_is_found() -> None:
    """What starts when the deal that rules it out is effective fails; before, it does not."""
    for id, expected in (("expansions.zaragoza_1", {"exclusivity"}), (OWN, set())):
        rule = rows(Exclusivity, "deal commitment", f"licence {id}")
        case = CASE.replace(exclusivities=(*CASE.exclusivities, *rule))
        # The licence is effective from 2026Q2 on, in which the expansion starts.
        assert rules(audit(case, PLAN)) == expected


def test_horizon_of_another_case_is_found() -> None:
    """A plan of a longer horizon than the case's fails by its periods."""
    assert rules(audit(CASE.with_changes({"horizon.last": "2026Q3"}), PLAN)) >= {
        "known period", "stated figure", "unknown row",
    }  # fmt: skip


# Goals -------------------------------------------------------------------------


def bounded(kind: str, worst: float, case: Case = CASE) -> Case:
    """The case with a bound on one of its goals."""
    return case.with_changes({f"goals.{kind}.no_worse_than": worst})


@pytest.mark.parametrize("goal", GOALS[1:], ids=[goal.kind for goal in GOALS[1:]])
def test_a_goal_worse_than_its_bound_is_found(goal: GoalResult) -> None:
    """Whatever is worse than a bound by more than rounding fails, with its size."""
    kind, value = goal.kind, goal.value
    worse = 1 if kind in ("spending", "peak_funding") else -1
    for off in (0.0, 0.5, 1000.0):  # the bound is what the plan has, or lets it be worse
        assert audit(bounded(kind, value + worse * off), PLAN, GOALS) == ()
    tight = value - worse * 0.5
    (violation,) = audit(bounded(kind, tight), PLAN, GOALS)
    assert (violation.rule, violation.where) == ("bound of a goal", f"goals {kind}")
    assert (violation.found, violation.allowed) == pytest.approx((value, tight))
    assert violation.size == pytest.approx(0.5)
    in_money = kind in ("npv", "spending", "peak_funding")
    assert violation.unit == ("million CNY" if in_money else "cars")


def test_a_bound_may_be_missed_by_rounding_alone() -> None:
    """One part in a million of 307,710 cars is 0.3 cars; of small money a trifle is allowed."""
    assert audit(bounded("volume", 307710.3), PLAN) == ()
    assert rules(audit(bounded("volume", 307710.4), PLAN)) == {"bound of a goal"}
    # Spending is 329: one part in a million is 0.000329.
    assert audit(bounded("spending", 328.9997), PLAN) == ()
    assert rules(audit(bounded("spending", 328.9996), PLAN)) == {"bound of a goal"}


def test_a_bound_allows_for_the_price_of_a_rounded_car() -> None:
    """In single CNY a millionth of a car at 80000 is 0.08: an NPV below 80000 by that is sound."""
    for short, sound in ((0.07, True), (0.3, False)):
        case = Case(
            horizon=Horizon(step="year", first="2025", last="2025"),
            goals=(Goal(kind="npv", no_worse_than=0),),
            markets=rows(Market, "market home", "home yes"),
            registrations=rows(Registrations, "market segment units_per_year", "home suv 1000"),
            vehicles=rows(Vehicle, "vehicle segment status", "old suv in_place"),
            launches=rows(Launch, "vehicle market status peak_share", "old home in_place 0.5"),
            prices=rows(Price, "vehicle market net_price", "old home 80000"),
            overheads=(Overhead(item="office", amount_per_year=80000 + short),),
        )
        sale = Sale(market="home", entry="", vehicle="old", period="2025", units=1)
        found = rules(audit(case, recompute(case, (), (sale,), ())))
        assert found == (set() if sound else {"bound of a goal"})


@pytest.mark.parametrize("number", range(len(GOALS)), ids=[goal.kind for goal in GOALS])
def test_wrong_value_of_a_goal_is_found(number: int) -> None:
    """A goal that states a value a little off fails."""
    off = GOALS[number].value * 1.00001 + 0.001
    goals = [goal.model_copy(update={"value": off}) for goal in GOALS[number : number + 1]]
    assert rules(audit(CASE, PLAN, goals)) == {"goal value"}


@pytest.mark.parametrize(
    "update",
    [{"period": "2026Q1"}, {"period": None}, {"shortfall": 1.0}],
    ids=["another date", "no date", "a shortfall"],
)
def test_wrong_date_of_the_target_is_found(update: dict[str, Any]) -> None:
    """A target date that is not the first window's that reaches the target fails."""
    assert rules(audit(CASE, PLAN, [GOALS[0].model_copy(update=update)])) == {"goal value"}


def test_target_that_is_not_reached() -> None:
    """Without a window that reaches the target, the goal states the best and what it lacks."""
    case = CASE.with_changes({"target.volume": 168000, "target.required": False})
    plan = sound_plan(case)
    # The best window by 2026Q3 has 167890 cars.
    best = {"value": 167890.0, "period": None, "shortfall": 110.0}
    goal = GOALS[0].model_copy(update=best)
    assert audit(case, plan, [goal]) == ()
    for wrong in ({"shortfall": None}, {"shortfall": 111.0}, {"period": "2026Q3"}):
        assert rules(audit(case, plan, [goal.model_copy(update=wrong)])) == {"goal value"}


def test_goals_that_the_case_cannot_have() -> None:
    """A goal stated twice, with the wrong sense, or without what it needs, fails."""
    assert rules(audit(CASE, PLAN, (*GOALS, GOALS[1]))) == {"repeated row"}
    least = GOALS[1].model_copy(update={"sense": "min"})
    assert rules(audit(CASE, PLAN, [least])) == {"goal value"}
    without = CASE.replace(target=None, goals=())
    plan = sound_plan(without)
    assert rules(audit(without, plan, [GOALS[0]])) == {"goal value"}
    assert rules(audit(without, plan, [GOALS[4]])) == {"goal value"}
