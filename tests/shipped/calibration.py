"""What the shipped case was calibrated on, worked out again from the figures.

Holds the figures known late in 2023 that demand rests on (registrations by
Chinese entrants lie in ``entrants.csv``: cars per thousand of all cars by quarter
since the first 20, with ``since_entry`` where the true start is seen), the rules
that turn them into shares, and what the cars on sale bring when nothing new is
begun. It shares no code with the optimisation. Not here: any number that is
assumed; those stand in the case with their range.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path
from statistics import mean, quantiles
from typing import TypeVar

from models.base import Row
from models.case import Case
from models.horizon import Horizon

R = TypeVar("R", bound=Row)

#: All cars and battery-electric cars registered in 2022.
REGISTERED_2022 = {
    "germany": (2_651_357, 470_559),
    "france": (1_529_016, 202_929),
    "italy": (1_316_368, 49_537),
    "spain": (828_285, 31_437),
    "netherlands": (313_605, 74_011),
    "belgium": (366_303, 37_619),
    "austria": (215_050, 31_624),
    "portugal": (156_304, 18_758),
    "sweden": (288_087, 95_035),
    "denmark": (149_272, 30_793),
    "norway": (174_156, 138_287),
    "switzerland": (225_934, 40_307),
    "united_kingdom": (1_652_128, 265_518),
    "australia": (1_081_429, 33_000),
    "new_zealand": (161_495, 19_000),
    "israel": (280_000, 27_000),
    "brazil": (1_610_000, 8_500),
}
#: All cars in China in 2022, and the share of electric cars by year (2023 to 2026).
CHINA_CARS = 20_344_827
CHINA_EV_SHARE = {"2023Q4": 0.36, "2024Q1": 0.405, "2025Q1": 0.45, "2026Q1": 0.52}
#: The maker's deliveries in 2023Q3, by car, and its revenue a car.
SOLD_2023Q3 = {"c11": 27_378, "t03": 8_622, "c01": 8_325}
REVENUE_A_CAR = 127_600
GROSS_MARGIN_2023Q3 = 0.012
#: A new car in China: mature cars a quarter; the C11 sold 10,900 a quarter in its first year.
MATURE_QUARTER = 12_000
C11_FIRST_YEAR_QUARTER = 10_900
#: Makers in ``entrants.csv`` that sell electric cars only.
ELECTRIC_ONLY = ("BYD", "Nio", "Xpeng")
#: BEV share of all cars in Europe: 2022, and as the IEA expected for 2025.
BEV_GROWTH = 0.203 / 0.129
#: Part of EV sales of all Chinese brands in 2025, as the Commission expected.
CHINESE_SHARE_OF_EV = 0.15


def entrants() -> dict[tuple[str, str], dict[int, float]]:
    """Cars per thousand of all cars, by brand and market, then quarter since entry."""
    return _entrants(only_since_entry=True)


def _entrants(only_since_entry: bool) -> dict[tuple[str, str], dict[int, float]]:
    found: dict[tuple[str, str], dict[int, float]] = defaultdict(dict)
    path = Path(__file__).with_name("entrants.csv")
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["since_entry"] == "yes" or not only_since_entry:
                place = row["brand"], row["market"]
                found[place][int(row["quarter"])] = float(row["per_mille"])
    return found


def year_shares(year: int) -> list[float]:
    """Mean share (per thousand) in a year since entry, of each brand and market that has it."""
    quarters = range(4 * year - 3, 4 * year + 1)
    return sorted(
        mean(series[q] for q in quarters)
        for series in entrants().values()
        if all(q in series for q in quarters)
    )


def quartiles(values: list[float]) -> tuple[float, float, float]:
    """Lower quartile, median and upper quartile."""
    low, middle, high = quantiles(values, n=4, method="inclusive")
    return low, middle, high


def sample_bev_share() -> float:
    """BEV share of the median brand and market of the first-year sample."""
    names = {"United Kingdom": "united_kingdom", "Ireland": "ireland"}
    share = {name: bev / cars for name, (cars, bev) in REGISTERED_2022.items()}
    share["ireland"] = 15_678 / 105_398
    found = sorted(
        share[names.get(market, market.lower())]
        for (_, market), series in entrants().items()
        if all(q in series for q in range(1, 5))
    )
    return quartiles(found)[1]


def second_year_share(market: str) -> float:
    """Expected share of all cars (per thousand) of the whole range in its second year.

    The sample's median, in proportion to the market's BEV share, since the maker
    sells no petrol cars; kept within the sample's quartiles (3.9 and 12.1).
    """
    cars, bev = REGISTERED_2022[market]
    return min(12.1, max(3.9, 6.6 * (bev / cars) / 0.206))


def largest_share(market: str) -> float:
    """Ceiling of the maker's share in a segment of an export market."""
    cars, bev = REGISTERED_2022[market]
    expected = 0.5 * CHINESE_SHARE_OF_EV * min(0.95, bev / cars * BEV_GROWTH)
    best = max(
        (
            share
            for (brand, place), series in _entrants(only_since_entry=False).items()
            if brand in ELECTRIC_ONLY and place.lower().replace(" ", "_") == market
            for share in series.values()
        ),
        default=0.0,
    )
    return max(expected, best / 1000)


# What the cars on sale bring ----------------------------------------------


def holding(rows: list[R], horizon: Horizon, t: int) -> R:
    """The row of a dated table that holds in ``t``."""

    def begins(row: R) -> int:
        since = getattr(row, "since", None)
        return 0 if since is None else horizon.index(since)

    return max((row for row in rows if begins(row) <= t), key=begins)


def ramp_value(case: Case, ramp: str, age: int) -> float:
    """Value of a ramp at an age; its last value holds on."""
    values = {step.age: step.value for step in case.ramps if step.ramp == ramp}
    return values[min(age, max(values))] if values else 1.0


def sales_on_hand(case: Case) -> dict[str, dict[tuple[str, str], float]]:
    """Cars by period, car and market when everything in place sells all it can.

    Capacity that stands is shared in proportion where demand is above it.
    """
    segment = {row.vehicle: row.segment for row in case.vehicles}
    season = {(row.market, row.position): row.index for row in case.seasonality}
    ceiling = {row.market: row.max_share for row in case.markets}
    capacity = sum(site.capacity_per_year for site in case.sites) / 4
    sold = {}
    for t, label in enumerate(case.horizon.labels):
        wanted = {}
        for launch in case.launches:
            if launch.status != "in_place" or launch.effective is None:
                continue
            rows = [
                row
                for row in case.registrations
                if (row.market, row.segment) == (launch.market, segment[launch.vehicle])
            ]
            cars = holding(rows, case.horizon, t).units_per_year / 4
            cars *= season.get((launch.market, case.horizon.position(t)), 1.0)
            age = t - case.horizon.index(launch.effective)
            demand = cars * launch.peak_share * ramp_value(case, launch.ramp, age)
            wanted[launch.vehicle, launch.market] = min(demand, cars * ceiling[launch.market])
        scale = min(1.0, capacity / sum(wanted.values()))
        sold[label] = {pair: units * scale for pair, units in wanted.items()}
    return sold


def sales_by_year(case: Case) -> dict[str, float]:
    """Sales of what is in place, by calendar year."""
    years: dict[str, float] = defaultdict(float)
    for label, sold in sales_on_hand(case).items():
        years[label[:4]] += sum(sold.values())
    return dict(years)


def cash_on_hand(case: Case) -> dict[str, float]:
    """Cash at the end of each period when nothing new is begun, in the case's money."""
    horizon = case.horizon
    cash, found = case.finance.opening_cash, {}
    for t, (label, sold) in enumerate(sales_on_hand(case).items()):
        cash += (
            sum(units * contribution(case, car, market, t) for (car, market), units in sold.items())
            / 1e6
        )
        cash -= sum(
            holding([row for row in case.overheads if row.item == item], horizon, t).amount_per_year
            / 4
            for item in {row.item for row in case.overheads}
        )
        cash -= sum(site.fixed_cost_per_year / 4 for site in case.sites)
        for row in case.commitments.values():
            if (
                row.status == "in_place"
                and row.effective
                and 0 < horizon.index(row.effective) - t <= row.lead
            ):
                cash -= row.cost / row.lead
        found[label] = cash
    return found


def contribution(case: Case, car: str, market: str, t: int) -> float:
    """What one car built in Jinhua leaves, in single currency units.

    Only for the two markets that are served today: no car of today pays duty in
    China, and the importer in Israel keeps its margin.
    """
    price_rows = [row for row in case.prices if (row.vehicle, row.market) == (car, market)]
    price = holding(price_rows, case.horizon, t)
    vehicle = next(row for row in case.vehicles if row.vehicle == car)
    made = next(row for row in case.production if (row.site, row.vehicle) == ("jinhua", car))
    lane = next(row for row in case.lanes if (row.site, row.market) == ("jinhua", market))
    place = next(row for row in case.markets if row.market == market)
    entry = next(row for row in case.entries if row.market == market and row.status == "in_place")
    duty = holding(
        [row for row in case.duties if (row.origin, row.market) == ("CN", market)], case.horizon, t
    )
    value = price.net_price if price.customs_value is None else price.customs_value
    cost_down: float = (1 - case.finance.cost_down_per_year) ** (t / 4)
    return (
        price.net_price * (1 - entry.partner_share)
        - made.variable_cost * cost_down
        - lane.freight * vehicle.freight_factor
        - duty.rate * value
        - vehicle.warranty_cost
        - place.sales_cost
        - entry.sales_cost
    )
