"""The shipped case: what it holds, that its numbers are sourced, and its calibration.

Expected figures rest on `tests.shipped.calibration`, which works from the public
figures and not from the case. Not here: what the best plan of the case is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from models.base import Row
from models.case import ASIDE, TABLES, Case
from models.paths import matching
from optimizer import Settings, load_case, solve
from tests.shipped import calibration

#: Columns that hold a period and are an input like any number.
DATES = ("earliest", "latest", "effective")
NEW_CARS = ("c10", "c16", "b_suv", "a_hatch", "b_sedan")
FROM_THE_START = "2023Q4"


@pytest.fixture(scope="module")
def case() -> Case:
    return load_case("leapmotor-2023")


@pytest.fixture(scope="module")
def idle(case: Case) -> Case:
    """The case with every decision that is still open ruled out."""
    open_ones = [id for id, row in case.commitments.items() if row.status != "in_place"]
    return case.with_changes({f"{id}.status": "forbidden" for id in open_ones})


# What the case holds ---------------------------------------------------------


def test_horizon_runs_from_late_2023_to_the_end_of_2026_by_quarters(case: Case) -> None:
    """The planner stands in 2023Q4 and looks three full years ahead: 1 + 12 quarters."""
    labels = case.horizon.labels
    assert (labels[0], labels[-1], len(labels)) == ("2023Q4", "2026Q4", 13)


def test_fourteen_export_markets_and_the_nine_named_ones(case: Case) -> None:
    """China is home; at least fourteen others are open, nine of which the question names."""
    assert [row.market for row in case.markets if row.home] == ["china"]
    abroad = {row.market for row in case.markets if not row.home}
    assert len(abroad) >= 14
    assert abroad >= {
        "germany", "france", "italy", "spain", "netherlands", "norway",
        "united_kingdom", "australia", "new_zealand",
    }  # fmt: skip


def test_three_ways_to_enter_each_large_market(case: Case) -> None:
    """Importer, own company and partner's network can be compared where it matters most."""
    for market in ("germany", "france", "italy", "spain", "united_kingdom"):
        modes = {row.mode for row in case.entries if row.market == market}
        assert modes == {"importer", "own", "partner"}


def test_four_cars_on_sale_and_five_new_ones_on_the_platform(case: Case) -> None:
    """The range of late 2023, and the five cars announced for LEAP 3.0."""
    on_sale = {row.vehicle for row in case.vehicles if row.status == "in_place"}
    new = {row.vehicle for row in case.vehicles if row.platform == "leap_3"}
    assert on_sale == {"t03", "s01", "c01", "c11"}
    assert new == set(NEW_CARS)
    assert all(row.status == "optional" for row in case.vehicles if row.vehicle in new)


def test_new_cars_can_be_launched_at_home_and_abroad(case: Case) -> None:
    """Each new car may be sold in China and in several export markets, decided one by one."""
    open_launches = Counter(row.vehicle for row in case.launches if row.status == "optional")
    assert all(open_launches[car] >= 5 for car in NEW_CARS)
    at_home = {row.vehicle for row in case.launches if row.market == "china"}
    assert set(NEW_CARS) <= at_home


def test_six_deals_of_which_some_enable_and_some_exclude(case: Case) -> None:
    """Equity with a venture, two platform licences, battery, motor and supply; with rules."""
    deals = {row.deal for row in case.deals}
    assert len(deals) >= 6
    assert deals >= {
        "stellantis_venture", "jetta_platform_licence", "stellantis_platform_licence",
        "battery_licence", "motor_licence", "jetta_component_supply",
    }  # fmt: skip
    groups = Counter(group for row in case.deals for group in row.exclusive_group)
    assert any(times > 1 for times in groups.values()), "some deals exclude one another"
    enabled = {
        row.commitment for row in case.precedences if "deals.stellantis_venture" in row.after
    }
    assert {"deals.stellantis_platform_licence", "deals.europe_assembly"} <= enabled


def test_venture_opens_the_partners_network_and_closes_the_other_ways(case: Case) -> None:
    """Sole rights outside Greater China: every other way abroad ends, but for what is in place."""
    ruled_out = {row.commitment for row in case.exclusivities if row.deal == "stellantis_venture"}
    enabled = {
        row.commitment for row in case.precedences if "deals.stellantis_venture" in row.after
    }
    for row in case.entries:
        if row.market != "china" and row.status == "optional":
            assert (row.id in enabled) == (row.mode == "partner")
            assert (row.id in ruled_out) == (row.mode != "partner")


def test_assembly_in_europe_waits_for_a_deal_and_pays_no_duty(case: Case) -> None:
    """The site in Europe has no capacity of its own, and EU cars move freely in Europe."""
    site = next(row for row in case.sites if row.site == "europe")
    assert (site.capacity_per_year, site.origin) == (0, "EU")
    waits = {row.commitment: row.after for row in case.precedences}
    assert waits["expansions.europe_a"] == ("deals.europe_assembly",)
    assert {row.rate for row in case.duties if row.origin == "EU"} == {0}


def test_duties_are_those_known_in_2023(case: Case) -> None:
    """10% in the EU throughout; Brazil's schedule of November 2023 steps up to 35%."""
    germany = [row for row in case.duties if (row.origin, row.market) == ("CN", "germany")]
    assert [(row.since, row.rate) for row in germany] == [(None, 0.10)]
    brazil = [row for row in case.duties if (row.origin, row.market) == ("CN", "brazil")]
    assert [(row.since, row.rate) for row in brazil] == [
        (None, 0.0), ("2024Q1", 0.10), ("2024Q3", 0.18), ("2025Q3", 0.25), ("2026Q3", 0.35),
    ]  # fmt: skip


def test_budgets_are_totals_over_the_thirteen_quarters(case: Case) -> None:
    """Development is 2.0 billion a year for 3.25 years; capital what peers spent in that time."""
    assert {row.scope for row in case.budgets} == {"total"}
    budget = {row.category: row.amount for row in case.budgets}
    assert set(budget) == {"development", "market_entry", "capital"}
    years = len(case.horizon.labels) / 4
    assert budget["development"] == 2000 * years
    # A quarter of 13 billion of new money, and at most a quarter more out of the margin abroad.
    assert 13_000 / 4 <= budget["market_entry"] <= 1.25 * 13_000 / 4
    # Peers: 1.4 to 2.6 billion in half a year.
    assert 2 * 1400 * years <= budget["capital"] <= 2 * 2600 * years


def test_only_market_entry_could_use_up_its_budget(case: Case) -> None:
    """All steps of capacity cost 10.8 billion of 12, all cars and the platform 4.15 of 6.5."""
    wanted: Counter[str] = Counter()
    for row in case.commitments.values():
        if row.status != "in_place":
            wanted[row.category] += round(row.cost)
    budget = {row.category: row.amount for row in case.budgets}
    # The costs of expansions.csv and of vehicles.csv, added by hand.
    assert wanted["capital"] == 1600 + 1800 + 2 * 2400 + 500 + 360 + 2 * 450 + 240 + 2 * 300
    assert wanted["development"] == 550 + 750 + 3 * 900
    # The platform is in place from 2024Q1: of its 1,200 over eight quarters one is left to pay.
    platform = case.commitments["platforms.leap_3"]
    assert (platform.category, platform.cost / platform.lead) == ("development", 150)
    assert wanted["capital"] < budget["capital"]
    assert wanted["development"] + 150 < budget["development"]
    assert wanted["market_entry"] > budget["market_entry"]


def test_engineers_are_three_quarters_of_what_the_spending_pays(case: Case) -> None:
    """CNY 474 million in 2023Q3 at 0.15 a head is 3,160; three quarters, then 10% a year."""
    rows = [row for row in case.resources if row.resource == "engineers"]
    assert [row.since for row in rows] == [None, "2025Q1", "2026Q1"]
    first, second, third = (row.available for row in rows)
    assert first == pytest.approx(0.75 * 474 / 0.15, rel=0.03)
    assert second / first == pytest.approx(1.10, abs=0.015)
    assert third / second == pytest.approx(1.10, abs=0.015)


def test_right_hand_drive_takes_longer(case: Case) -> None:
    """One quarter more than Germany in Australia and New Zealand, two in the United Kingdom."""
    lead = {row.market: row.lead for row in case.launches if row.vehicle == "c10"}
    assert lead["australia"] == lead["new_zealand"] == lead["germany"] + 1
    assert lead["united_kingdom"] == lead["germany"] + 2


def test_first_sale_in_europe_is_four_quarters_from_the_decision(case: Case) -> None:
    """Approval and launch of a car that exists, and venture and network, take four each."""
    commitments = case.commitments
    car = commitments["projects.eu_t03"].lead + commitments["launches.t03.germany"].lead
    network = (
        commitments["deals.stellantis_venture"].lead + commitments["entries.germany.partner"].lead
    )
    assert (car, network) == (4, 4)


# Sources -----------------------------------------------------------------------


def given_cells(case: Case) -> Iterator[tuple[Row, str, tuple[str, int, str]]]:
    """Every number and date that a table of the case states, keys and defaults left out."""
    for table, kind in TABLES.items():
        if table in ASIDE:
            continue
        for number, row in enumerate(case.rows(table)):
            for column, info in kind.model_fields.items():
                value = getattr(row, column)
                is_number = isinstance(value, int | float) and not isinstance(value, bool)
                if column in kind.keys or value is None or value == info.default:
                    continue
                if is_number or column in DATES:
                    yield row, column, (table, number, column)


def test_every_number_has_exactly_one_source(case: Case) -> None:
    """Each given number or date, and each money setting, is spoken for by one row of sources."""
    times = Counter(cell for row in case.sources for cell in matching(case, row.cells))
    wrong = {
        f"{row.path}.{column}": times[cell]
        for row, column, cell in given_cells(case)
        if times[cell] != 1
    }
    assert wrong == {}
    for group, settings in (
        ("finance", ("opening_cash", "cash_floor", "discount_rate_per_year", "cost_down_per_year")),
        ("target", ("volume",)),
    ):
        for setting in settings:
            assert times[(group, -1, setting)] == 1, f"{group}.{setting}"


def test_no_number_is_named_by_two_sources(case: Case) -> None:
    """One origin and one range each, left-out cells included, so that a what-if moves it once."""
    times = Counter(cell for row in case.sources for cell in matching(case, row.cells))
    assert [cell for cell, count in times.items() if count > 1] == []


def test_every_source_says_where_a_number_is_from(case: Case) -> None:
    """Reported figures carry a date or an address; no source tells of what came after 2023."""
    for row in case.sources:
        assert row.source
        if row.basis == "reported":
            assert row.date, row.cells
        assert row.date[:4] <= "2023", row.cells


def test_ranges_hold_the_number_they_speak_for(case: Case) -> None:
    """Low and high lie on the two sides of every number (or of 1, where they are factors)."""
    for source in case.sources:
        if source.low is None or source.high is None:
            continue
        if source.range == "factor":
            assert source.low <= 1 <= source.high, source.cells
            continue
        for table, number, column in matching(case, source.cells):
            holder = getattr(case, table) if number < 0 else case.rows(table)[number]
            assert source.low <= getattr(holder, column) <= source.high, source.cells


def test_every_column_states_its_unit() -> None:
    """A number without a unit cannot be checked; each numeric column of every table has one."""
    for kind in TABLES.values():
        for name, facts in kind.columns():
            annotation = str(kind.model_fields[name].annotation)
            if "float" in annotation or "int" in annotation:
                assert facts.get("unit"), f"{kind.table}.{name}"


# Calibration -------------------------------------------------------------------


def test_entrants_give_the_shares_of_the_first_two_years() -> None:
    """21 and 14 brands and markets had two such years: median 2.2 and 6.6 per thousand."""
    first, second = calibration.year_shares(1), calibration.year_shares(2)
    assert (len(first), len(second)) == (21, 14)
    assert calibration.quartiles(first) == pytest.approx((1.2, 2.2, 4.8), abs=0.05)
    assert calibration.quartiles(second) == pytest.approx((4.1, 6.6, 11.7), abs=0.05)


def brand_ramp(case: Case) -> list[float]:
    return [row.value for row in case.ramps if row.ramp == "brand"]


def test_brand_ramp_follows_the_entrants(case: Case) -> None:
    """Year 1 is a third of year 2, as 2.2 is of 6.6; the ramp ends at its full value."""
    ramp = brand_ramp(case)
    assert sum(ramp[:4]) / sum(ramp[4:8]) == pytest.approx(2.2 / 6.6, abs=0.01)
    assert (len(ramp), ramp[-1]) == (8, 1)


def test_own_network_sells_what_entrants_sold(case: Case) -> None:
    """A network two years old sells the entrants' share of all cars; others in proportion."""
    second_year = sum(brand_ramp(case)[4:8]) / 4
    part = {"own": 1.0, "partner": 1.25, "importer": 0.5}
    for row in case.entries:
        if row.status == "in_place":
            continue  # home, and the importer in Israel: on the maker's own sales
        cars, _ = calibration.REGISTERED_2022[row.market]
        assert row.throughput_per_year is not None
        share = 1000 * row.throughput_per_year * second_year / cars
        expected = part[row.mode] * calibration.second_year_share(row.market)
        assert share == pytest.approx(expected, rel=0.02), row.id


def test_export_cars_fill_the_network_between_them(case: Case) -> None:
    """T03 and C10 bring three quarters of what an own network sells, all six cars 1.75 times."""
    segment = {row.vehicle: row.segment for row in case.vehicles}
    cars = {(row.market, row.segment): row.units_per_year for row in case.registrations}
    network = {row.market: row.throughput_per_year for row in case.entries if row.mode == "own"}
    for market in ("germany", "netherlands", "norway"):  # markets that all six cars may enter
        wanted = {
            row.vehicle: cars[market, segment[row.vehicle]] * row.peak_share
            for row in case.launches
            if row.market == market
        }
        whole = network[market]
        assert whole is not None
        assert (wanted["t03"] + wanted["c10"]) / whole == pytest.approx(0.75, rel=0.02)
        assert sum(wanted[car] for car in ("t03", *NEW_CARS)) / whole == pytest.approx(
            1.75, rel=0.02
        )


def test_shares_of_a_car_differ_only_as_the_markets_do(case: Case) -> None:
    """A car's share in two markets is in the ratio of what entrants could expect there."""
    share = {(row.vehicle, row.market): row.peak_share for row in case.launches}
    for (car, market), value in share.items():
        if market == "china" or (car, market) == ("t03", "israel"):
            continue  # calibrated on the maker's own sales
        base = share[car, "norway"] if (car, "norway") in share else share[car, "germany"]
        place = "norway" if (car, "norway") in share else "germany"
        ratio = calibration.second_year_share(market) / calibration.second_year_share(place)
        assert value / base == pytest.approx(ratio, rel=0.01)


def test_the_sample_was_electric_to_a_fifth() -> None:
    """The BEV share that 6.6 per thousand belongs to: the median brand and market's, 20.6%."""
    assert calibration.sample_bev_share() == pytest.approx(0.206, abs=0.001)


def test_ceilings_follow_the_share_of_chinese_brands(case: Case) -> None:
    """Half of 15% of the EVs of 2025, or the best quarter of an electric-only brand if higher."""
    for row in case.markets:
        if not row.home:
            assert row.max_share == pytest.approx(calibration.largest_share(row.market), abs=2e-4)


def test_cars_on_sale_reproduce_the_third_quarter_of_2023(case: Case) -> None:
    """The share of each car in China gives back its deliveries one quarter before the start."""
    segment = {row.vehicle: row.segment for row in case.vehicles}
    start = {row.vehicle: row.effective for row in case.vehicles}
    cars = {
        row.segment: row.units_per_year
        for row in case.registrations
        if row.market == "china" and row.since is None
    }
    season = {row.position: row.index for row in case.seasonality if row.market == "china"}
    for launch in case.launches:
        if launch.market != "china" or launch.vehicle not in calibration.SOLD_2023Q3:
            continue
        effective = start[launch.vehicle]
        assert effective is not None
        age = -1 - case.horizon.index(effective)  # one quarter before the first
        sold = cars[segment[launch.vehicle]] / 4 * season[3] * launch.peak_share
        sold *= calibration.ramp_value(case, launch.ramp, age)
        assert sold == pytest.approx(calibration.SOLD_2023Q3[launch.vehicle], rel=0.002)


def test_a_new_car_at_home_starts_like_the_c11(case: Case) -> None:
    """12,000 a quarter when mature, half of it at first; the first year near the C11's 10,900."""
    segment = {row.vehicle: row.segment for row in case.vehicles}
    cars = {
        row.segment: row.units_per_year
        for row in case.registrations
        if row.market == "china" and row.since == "2025Q1"
    }
    for launch in case.launches:
        if launch.market == "china" and launch.vehicle in NEW_CARS:
            mature = cars[segment[launch.vehicle]] / 4 * launch.peak_share
            assert mature == pytest.approx(calibration.MATURE_QUARTER, rel=0.001)
            first_year = [
                mature * calibration.ramp_value(case, launch.ramp, age) for age in range(4)
            ]
            assert first_year[0] == pytest.approx(mature / 2)
            assert sum(first_year) / 4 == pytest.approx(
                calibration.C11_FIRST_YEAR_QUARTER, rel=0.10
            )


def test_chinas_registrations_are_electric_cars(case: Case) -> None:
    """20.3 million cars times the electric share of each year; segments cover 98.2% of them."""
    for since, share in calibration.CHINA_EV_SHARE.items():
        found = sum(
            row.units_per_year
            for row in case.registrations
            if row.market == "china" and (row.since or FROM_THE_START) == since
        )
        assert found == pytest.approx(0.982 * share * calibration.CHINA_CARS, rel=0.001)


def test_revenue_and_margin_of_the_third_quarter_of_2023(case: Case) -> None:
    """Prices give CNY 127,600 a car, costs a gross margin of +1.2%, as reported."""
    price = {
        row.vehicle: row.net_price
        for row in case.prices
        if row.market == "china" and row.since is None
    }
    made = {row.vehicle: row.variable_cost for row in case.production if row.site == "jinhua"}
    vehicle = {row.vehicle: row for row in case.vehicles}
    freight = next(
        row.freight for row in case.lanes if (row.site, row.market) == ("jinhua", "china")
    )
    works = next(row.fixed_cost_per_year for row in case.sites if row.site == "jinhua") * 1e6 / 4
    sold = calibration.SOLD_2023Q3
    revenue = sum(units * price[car] for car, units in sold.items())
    cost = works + sum(
        units * (made[car] + freight * vehicle[car].freight_factor + vehicle[car].warranty_cost)
        for car, units in sold.items()
    )
    assert revenue / sum(sold.values()) == pytest.approx(calibration.REVENUE_A_CAR, rel=0.002)
    assert 1 - cost / revenue == pytest.approx(calibration.GROSS_MARGIN_2023Q3, abs=0.005)


def test_what_is_on_sale_keeps_the_run_rate(case: Case) -> None:
    """With nothing new, 160,000 to 220,000 cars a year, and never more than the year before."""
    years = calibration.sales_by_year(case)
    for year in ("2024", "2025", "2026"):
        assert 160_000 <= years[year] <= 220_000
    assert years["2024"] > years["2025"] > years["2026"]


def test_doing_nothing_new_is_a_plan(case: Case) -> None:
    """Money lasts when nothing is begun, so that the case always has a plan."""
    floor = case.finance.cash_floor
    assert floor is not None
    assert min(calibration.cash_on_hand(case).values()) >= floor


def test_the_solver_agrees_about_doing_nothing_new(idle: Case) -> None:
    """With every open decision ruled out, the plan sells and banks what was worked out apart."""
    most_volume = idle.replace(
        goals=(idle.goals_in_order[1].model_copy(update={"tolerance": 0.0}),)
    )
    outcome = solve(most_volume, Settings(gap=1e-6))
    assert outcome.plan is not None
    plan = outcome.plan.record
    for volume in plan.volumes:
        expected = sum(calibration.sales_on_hand(idle)[volume.period].values())
        assert volume.own == pytest.approx(expected, rel=1e-6)
    cash = calibration.cash_on_hand(idle)
    for balance in plan.cash:
        assert balance.cash == pytest.approx(cash[balance.period], abs=1e-3)
