"""What generated cases are drawn from: typical numbers, rows drawn so far, sums over them.

Numbers are of the kind that ``data/leapmotor-2023`` has, in its units (cars and money a
year, single CNY for a car, CNY million for the rest); none says anything about a real
market. Not here: the tables one by one (see `tests.bench.generate`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any, Literal

from models.base import Row
from models.case import COMMITMENT_TABLES, TABLES
from models.commitment import Commitment, Precedence, ResourceUse
from models.horizon import Horizon
from models.market import Registrations
from models.vehicle import Vehicle


@dataclass(frozen=True)
class Region:
    """Export markets that are alike: leads in periods, money per car, duty as a share."""

    lead: int
    freight: float
    duty: float


REGIONS = {
    "europe": Region(2, 7800, 0.1),
    "right": Region(3, 6500, 0.05),
    "far": Region(4, 9000, 0.2),
}
#: The regions that export markets lie in, in turn.
TURNS = ("europe", "europe", "right", "europe", "far")
#: Of each segment: its part of a market's registrations, and a car's net price at home.
SEGMENTS = {
    "compact": (0.36, 92_000),
    "suv": (0.28, 135_000),
    "city": (0.18, 62_000),
    "sedan": (0.18, 120_000),
}
#: Parts of the export markets that cars are launched in, in turn: on sale, and new ones.
REACH_ON_SALE, REACH_NEW = (0.0, 0.6, 0.1), (0.9, 0.3, 0.8, 0.6, 0.2)
#: One-off and running cost of each way into a market, and of a launch, by its size.
ENTRY_COSTS = {
    "large": {"importer": (30, 6), "own": (300, 150), "partner": (60, 20)},
    "middle": {"importer": (12, 3), "own": (120, 60), "partner": (24, 8)},
    "small": {"importer": (6, 2), "partner": (12, 4)},
}
LAUNCH_COST = {"large": 20, "middle": 10, "small": 5}
RAMPS = {
    "home": [0.5, 0.9, *[1.0] * 6, *(round(0.96**n, 3) for n in range(1, 24))],
    "export": [0.35, 0.6, 0.8, 0.95, 1.0],
    "brand": [0.11, 0.21, 0.35, 0.44, 0.63, 0.79, 0.92, 1.0],
    "brand_with_partner": [0.2, 0.4, 0.55, 0.7, 0.85, 1.0],
    "plant": [0.4, 0.7, 1.0],
    "licensee": [0.1, 0.2, 0.35, 0.5, 0.7, 0.85, 1.0],
}
#: Components of a car, with the cost of capacity for one a year.
COMPONENTS = {"battery_pack": 0.0032, "e_drive": 0.0021}
#: Registrations of electric cars at home in the first year, and their growth each year.
HOME_CARS, HOME_GROWTH = 7_300_000, (0.12, 0.1, 0.08, 0.06, 0.05, 0.04, 0.03, 0.02)
#: A car's sales at home in its best year, at the registrations of the first one.
HOME_SALES = 45_000
#: Cost of a car as a part of its first price; yearly fall of it and of prices at home.
CAR_COST, COST_FALL, PRICE_FALL = 0.83, 0.045, 0.035
HOME_FREIGHT, HOME_SELLING = 1500, 2500
PER_YEAR = 4


class Draft:
    """The rows of a case drawn so far, and what else is known of its cars and markets."""

    def __init__(self, name: str, quarters: int) -> None:
        self.random = Random(name)
        last = Horizon(step="quarter", first="2024Q1", last="2024Q1").label(quarters - 1)
        self.horizon = Horizon(step="quarter", first="2024Q1", last=last)
        self.rows: dict[str, list[Any]] = {table: [] for table in TABLES}
        #: Cars a year: of a car at home in its best year, of an own network in a market.
        self.home_sales: dict[str, float] = {}
        self.network: dict[str, float] = {}
        #: Of an export market: its region, and whether it is large, middle or small.
        self.region: dict[str, str] = {}
        self.extent: dict[str, str] = {}
        #: Net price of a car at home in the first year.
        self.price: dict[str, float] = {}

    def add(self, row: Row) -> None:
        self.rows[row.table].append(row)

    def about(self, value: float, digits: int = 0, spread: float = 0.15) -> float:
        """A number near another one, rounded to so many digits after (below 0: before) the point."""
        return float(round(value * self.random.uniform(1 - spread, 1 + spread), digits))

    def label(self, part: float) -> str:
        """The period that lies this part of the horizon after its start."""
        return self.horizon.labels[int(part * (self.horizon.count - 1))]

    def years(self) -> Iterator[tuple[int, str | None]]:
        """Years of the horizon with the date from which a row of a dated table holds."""
        for year, start in enumerate(range(0, self.horizon.count, PER_YEAR)):
            yield year, self.horizon.label(start) if year else None

    def wait(
        self,
        id: str,
        after: str,
        lag: int = 0,
        counted_from: Literal["start", "effective"] = "effective",
    ) -> None:
        self.add(Precedence(commitment=id, after=(after,), lag=lag, counted_from=counted_from))

    def use(self, id: str, resource: str, preparing: float, running: float = 0.0) -> None:
        self.add(
            ResourceUse(commitment=id, resource=resource, preparing=preparing, running=running)
        )

    # What is drawn so far -------------------------------------------------------------

    def cars(self) -> list[Vehicle]:
        return self.rows["vehicles"]

    def on_sale(self) -> list[Vehicle]:
        return [car for car in self.cars() if car.status == "in_place"]

    def new_cars(self) -> list[Vehicle]:
        return [car for car in self.cars() if car.status != "in_place"]

    def abroad(self, *regions: str) -> list[str]:
        return [name for name, region in self.region.items() if region in regions]

    def commitments(self) -> Iterator[Commitment]:
        for table in COMMITMENT_TABLES:
            yield from self.rows[table]

    def home_share(self, car: Vehicle) -> float:
        """Part of its segment that a car sells at home in its best year."""
        return self.home_sales[car.vehicle] / HOME_CARS / SEGMENTS[car.segment][0]

    def home_registrations(self, year: int) -> list[Registrations]:
        """Registrations at home in a year of the horizon, by segment."""
        rows = [row for row in self.rows["registrations"] if row.market == "home"]
        return rows[year * len(SEGMENTS) : (year + 1) * len(SEGMENTS)]

    def base(self) -> list[tuple[float, float]]:
        """By quarter: cars that those on sale sell at home, and money they bring before fixed costs."""
        season = {
            row.position: row.index for row in self.rows["seasonality"] if row.market == "home"
        }
        result = []
        for t in range(self.horizon.count):
            market = sum(row.units_per_year for row in self.home_registrations(t // PER_YEAR))
            cars = money = 0.0
            for car in self.on_sale():
                best = self.home_sales[car.vehicle] * market / HOME_CARS / PER_YEAR
                sold = best * season[t % PER_YEAR + 1] * self._strength(car, t)
                cars += sold
                money += sold * self._margin(car, t) / 1e6
            result.append((cars, money))
        return result

    def _margin(self, car: Vehicle, t: int) -> float:
        """What a car brings at home, a little less than it will, single CNY."""
        first = self.price[car.vehicle]
        price = first * (1 - PRICE_FALL) ** (t // PER_YEAR)
        cost = first * CAR_COST * (1 - COST_FALL) ** (t / PER_YEAR)
        freight = 1.15 * HOME_FREIGHT * car.freight_factor
        return float(price - cost - freight - car.warranty_cost - HOME_SELLING)

    def _strength(self, car: Vehicle, t: int) -> float:
        """Ramp at home of a car on sale."""
        age = t - self.horizon.index(car.effective or self.horizon.first)
        return RAMPS["home"][min(age, len(RAMPS["home"]) - 1)]

    def could_sell(self) -> float:
        """Cars in the last whole calendar year, were everything launched and demand the limit."""
        year = self.horizon.count // PER_YEAR - 1
        ceiling = self.rows["markets"][0].max_share
        share: dict[str, float] = defaultdict(float)
        for car in self.on_sale():
            share[car.segment] += self.home_share(car) * self._strength(car, 4 * year + 3)
        for car in self.new_cars():
            share[car.segment] += self.home_share(car)
        home = sum(
            min(share[row.segment], ceiling) * row.units_per_year
            for row in self.home_registrations(year)
        )
        return float(home + sum(self.network.values()))
