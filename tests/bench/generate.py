"""Random cases of a stated size that look like the shipped one, to measure solving with.

``generated(size, seed)`` is the same case for the same size and seed. What a case holds
and in which proportions follows ``data/leapmotor-2023``: one large home market and
export markets in three regions, cars on sale and cars to be developed, approvals for
each region, three ways into a market of which a venture opens one and closes the
others, plants and components that grow in steps, and engineers, approval teams and
budgets that are too few for everything at once. The target lies where a good plan
passes it late or just not.

Every case has a plan: the fixed costs are a part of what the cars on sale bring at
home, so that starting nothing keeps cash above its floor. Not here: what numbers are
typical (see `tests.bench.draft`), and tiny cases that use every column (see
``tests/oracle/tiny_cases.py``).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from models.case import Case, make_case
from models.commitment import Project, Resource
from models.deal import Deal, DealPayment, DealSupply, Diversion, Exclusivity
from models.finance import Budget, Finance, Overhead
from models.market import Entry, Market, Registrations, Season
from models.site import Component, ComponentUse, Duty, Expansion, Lane, Production, Site
from models.target import Goal, Target
from models.vehicle import Launch, Platform, Price, Ramp, Vehicle
from tests.bench.draft import (
    CAR_COST,
    COMPONENTS,
    COST_FALL,
    ENTRY_COSTS,
    HOME_CARS,
    HOME_FREIGHT,
    HOME_GROWTH,
    HOME_SALES,
    HOME_SELLING,
    LAUNCH_COST,
    PRICE_FALL,
    RAMPS,
    REACH_NEW,
    REACH_ON_SALE,
    REGIONS,
    SEGMENTS,
    TURNS,
    Draft,
)


@dataclass(frozen=True)
class Size:
    """How much of each kind a case has.

    ``markets`` counts the home market, ``sites`` the plant that stands. ``target`` is
    the target as a part of what everything together could sell in the last calendar
    year, were there no limit but demand.
    """

    markets: int
    cars: int
    quarters: int
    deals: int
    sites: int
    platforms: int = 1
    component_steps: int = 3
    target: float = 0.9


SIZES: dict[str, Size] = {
    "S": Size(6, 4, 12, 2, 2, component_steps=1, target=0.9),
    "M": Size(17, 9, 17, 8, 5),
    "L": Size(40, 25, 40, 12, 12, platforms=2, component_steps=5),
    "XL": Size(80, 50, 40, 16, 16, platforms=3, component_steps=7),
}
#: Deals in the order in which larger cases have more of them.
DEALS = [
    *("venture", "licence", "placement", "assembly", "supply", "licence", "parts", "parts"),
    *("assembly", "licence", "assembly", "parts", "supply", "licence", "parts", "licence"),
]
GOALS = (
    Goal(kind="target_date", tolerance=0.001),
    Goal(kind="volume", tolerance=0.001),
    Goal(kind="npv"),
)
IN_PLACE = {"status": "in_place"}
VENTURE = "deals.venture_0"


def generated(size: str, seed: int) -> Case:
    """The case of a size (S, M, L or XL) and a seed; raises `ValueError` for another size."""
    if size not in SIZES:
        raise ValueError(f"{size!r} is no size of a generated case; use {', '.join(SIZES)}")
    return _Maker(f"generated-{size}-{seed}", SIZES[size]).case()


def _cost(cost: float, lead: int, category: str = "market_entry") -> dict[str, Any]:
    return {"cost": cost, "lead": lead, "category": category}


class _Maker(Draft):
    """Draws one case, table by table."""

    def __init__(self, name: str, size: Size) -> None:
        super().__init__(name, size.quarters)
        self.name, self.size = name, size
        self.deals = DEALS[: size.deals]

    def case(self) -> Case:
        self._platforms_and_cars()
        self._home_market()
        self._export_markets()
        self._launches()
        self._entries()
        for number, kind in enumerate(self.deals):
            getattr(self, f"_{kind}")(f"{kind}_{number}")
        self._sites()
        self._duties()
        self._components()
        self._resources()
        self._prices()
        self._overheads()
        for ramp, values in RAMPS.items():
            for age, value in enumerate(values):
                self.add(Ramp(ramp=ramp, age=age, value=value))
        return make_case(
            {
                "name": self.name,
                "currency": "CNY",
                "money_unit": 1_000_000,
                "horizon": self.horizon,
                "finance": self._budgets_and_cash(),
                "target": Target(volume=round(self.size.target * self.could_sell(), -3)),
                "goals": GOALS,
                **{table: tuple(rows) for table, rows in self.rows.items()},
            }
        )

    # Cars and markets -----------------------------------------------------------------

    def _platforms_and_cars(self) -> None:
        """Cars on sale, a platform that is nearly done, and cars on it and on later ones."""
        for number in range(self.size.platforms):
            state = {} if number else {**IN_PLACE, "effective": self.horizon.label(1)}
            cost = _cost(self.about(1200, -1), 8, "development")
            platform = Platform(platform=f"platform_{number}", **cost, **state)
            self.add(platform)
            self.use(platform.id, "engineers", 400)
        on_sale = round(0.36 * self.size.cars)
        for number in range(self.size.cars):
            name, segment = f"car_{number:02d}", [*SEGMENTS][number % len(SEGMENTS)]
            self.price[name] = self.about(SEGMENTS[segment][1], -2)
            self.home_sales[name] = self.about(HOME_SALES, -2, 0.35)
            warranty, freight = self.about(1800, -2), self.about(1.1, 2, 0.3)
            age = self.random.randint(2, 14)
            state = {**IN_PLACE, "effective": self.horizon.label(-age)}
            if number >= on_sale:
                state = self._development(number - on_sale, self.size.cars - on_sale)
                self.use(f"vehicles.{name}", "engineers", self.about(380, -1, 0.25))
            self.add(
                Vehicle(
                    vehicle=name,
                    segment=segment,
                    warranty_cost=warranty,
                    freight_factor=freight,
                    **state,
                )
            )

    def _development(self, number: int, of: int) -> dict[str, Any]:
        """Columns of a car to be developed; of many cars the later ones are not ready at once."""
        return {
            "platform": f"platform_{number * self.size.platforms // of}",
            "earliest": self.label(0.4 * number / of) if of > 10 and 2 * number > of else None,
            **_cost(self.about(780, -1, 0.25), self.random.choice([2, 4, 5, 6]), "development"),
        }

    def _home_market(self) -> None:
        """Registrations that grow every year; a ceiling a little below what all cars sell."""
        ceiling = round(0.95 * sum(self.home_sales.values()) / HOME_CARS, 4)
        self.add(Market(market="home", home=True, max_share=ceiling, sales_cost=HOME_SELLING))
        cars = float(HOME_CARS)
        for year, since in self.years():
            self._registered("home", cars, since)
            cars *= 1 + HOME_GROWTH[min(year, len(HOME_GROWTH) - 1)]
        self._season("home")

    def _export_markets(self) -> None:
        """A network sells the more of a market's cars, the more of these are electric."""
        for number in range(1, self.size.markets):
            region = TURNS[(number - 1) % len(TURNS)]
            name = f"{region}_{number:02d}"
            cars = round(min(max(4.2e5 * self.random.lognormvariate(0, 0.9), 9e4), 2.6e6), -3)
            electric = min(0.13 * self.random.lognormvariate(0, 0.8), 0.8)
            self.region[name] = region
            self.extent[name] = "large" if cars > 8e5 else "middle" if cars > 2.5e5 else "small"
            self.network[name] = round(1.2 * cars * min(max(0.032 * electric, 0.004), 0.012), -1)
            ceiling = round(max(0.075 * electric, 1.3 * self.network[name] / cars), 4)
            self.add(Market(market=name, max_share=ceiling, sales_cost=self.about(6000, -2)))
            self._registered(name, cars, None)
            if number % 6 == 3:
                self._season(name)

    def _registered(self, market: str, cars: float, since: str | None) -> None:
        for segment, (share, _) in SEGMENTS.items():
            units = round(share * cars, -2)
            self.add(
                Registrations(market=market, segment=segment, since=since, units_per_year=units)
            )

    def _season(self, market: str) -> None:
        index = [self.about(value, 2, 0.08) for value in (0.88, 0.98, 1.0)]
        for place, value in enumerate([*index, round(4 - sum(index), 2)], start=1):
            self.add(Season(market=market, position=place, index=value))

    # Launches, approvals, entries -------------------------------------------------------

    def _launches(self) -> None:
        """Every car at home; abroad each in a part of the markets, small ones less often."""
        approved: set[str] = set()
        for number, car in enumerate(self.cars()):
            placed = car.status == "in_place"
            state = {**IN_PLACE, "effective": car.effective} if placed else _cost(150, 1)
            launch = self._launch(car, "home", self.home_share(car), "home", state)
            if not placed:
                self.use(launch.id, "engineers", 30)
            reach = REACH_ON_SALE if placed else REACH_NEW
            for market, extent in self.extent.items():
                wanted = reach[number % len(reach)] * {"large": 1.1, "small": 0.75}.get(extent, 1)
                if self.random.random() < wanted:
                    self._launch_abroad(car, market, approved)
        reached = {row.market for row in self.rows["launches"]}
        for market in self.network:
            if market not in reached:
                self._launch_abroad(self.random.choice(self.cars()), market, approved)

    def _launch(
        self, car: Vehicle, market: str, share: float, ramp: str, state: dict[str, Any]
    ) -> Launch:
        share = round(min(share, 1.0), 5)
        row = Launch(vehicle=car.vehicle, market=market, peak_share=share, ramp=ramp, **state)
        self.add(row)
        return row

    def _launch_abroad(self, car: Vehicle, market: str, approved: set[str]) -> None:
        """One car's demand is a part of what a whole network can sell; approvals come first."""
        region = self.region[market]
        units = {
            row.segment: row.units_per_year
            for row in self.rows["registrations"]
            if row.market == market
        }
        share = self.random.uniform(0.15, 0.45) * self.network[market] / units[car.segment]
        cost = _cost(LAUNCH_COST[self.extent[market]], REGIONS[region].lead)
        launch = self._launch(car, market, share, "export", cost)
        self.use(launch.id, "engineers", 8)
        self.use(launch.id, "approval_teams", 0.2)
        # Cars with the wheel on the right need an approval of their own, half of them both.
        both = ["type", "right_hand"] if int(market[-2:]) % 2 else ["right_hand"]
        for kind in {"europe": ["type"], "right": both}.get(region, []):
            self.wait(launch.id, self._approval(kind, car, approved))

    def _approval(self, kind: str, car: Vehicle, approved: set[str]) -> str:
        """The id of a car's approval, which begins a quarter before the car is developed."""
        row = Project(project=f"{kind}_{car.vehicle}", **_cost(70, 2))
        if row.id not in approved:
            approved.add(row.id)
            self.add(row)
            self.use(row.id, "approval_teams", 1)
            self.use(row.id, "engineers", 50)
            if car.status != "in_place":
                self.wait(row.id, car.id, lag=-1)
        return row.id

    def _entries(self) -> None:
        """Importer, own network and partner's network, of which a market has at most one."""
        self.add(Entry(market="home", mode="own", **IN_PLACE))
        columns: dict[str, dict[str, Any]] = {
            "importer": {"ramp": "brand", "sales_cost": 1000, "partner_share": 0.18},
            "own": {"ramp": "brand", "sales_cost": 10000},
            "partner": {"ramp": "brand_with_partner", "sales_cost": 3000, "partner_share": 0.15},
        }
        for market, extent in self.extent.items():
            for mode, (cost, running) in ENTRY_COSTS[extent].items():
                scale = {"importer": 0.5, "own": 1.0, "partner": 1.25}[mode]
                entry = Entry(
                    market=market,
                    mode=mode,
                    running_cost_per_year=running,
                    exclusive_group=f"entry_{market}",
                    throughput_per_year=round(scale * self.network[market], -1),
                    **_cost(cost, 4 if mode == "own" else 2),
                    **columns[mode],
                )
                self.add(entry)
                if mode == "partner":
                    self.wait(entry.id, VENTURE)

    # Deals ----------------------------------------------------------------------------

    def _deal(self, name: str, lead: int, cost: float, engineers: float, **values: Any) -> Deal:
        row = Deal(deal=name, **_cost(cost, lead, "deals"), **values)
        self.add(row)
        self.use(row.id, "engineers", engineers, round(0.4 * engineers))
        return row

    def _pays(self, deal: str, name: str, amount: float, **values: Any) -> None:
        self.add(DealPayment(deal=deal, payment=name, amount=amount, **values))

    def _partner(self, name: str, cars: float) -> dict[str, Any]:
        """Columns of a deal that brings partner's cars; a supply and the licence after it are rivals."""
        number = int(name.split("_")[1])
        first = number if self.deals[number] == "supply" else number - 1
        return {
            "latest": self.label(self.random.uniform(0.25, 0.5)),
            "partner_units_per_year": self.about(cars, -3),
            "ramp": "licensee",
            "exclusive_group": f"partner_{first}" if self.deals[first] == "supply" else (),
        }

    def _venture(self, name: str) -> None:
        """Opens partners' networks; closes importers and own networks outside the far markets."""
        self._deal(name, 2, 60, 20, latest=self.label(0.15), exclusive_group="equity")
        self._pays(name, "new_shares", self.about(500 * self.size.cars, -2), kind="equity")
        self._pays(name, "venture_capital", -300, counted_from="effective")
        closed = self.abroad("europe", "right")
        for entry in self.rows["entries"]:
            if entry.market in closed and entry.mode != "partner":
                self.add(Exclusivity(deal=name, commitment=entry.id, ends_sales=True))

    def _placement(self, name: str) -> None:
        """Shares to investors, instead of the venture's."""
        self._deal(name, 1, 60, 5, exclusive_group="equity")
        amount = self.about(200 * self.size.cars, -2)
        self._pays(name, "new_shares", amount, kind="equity", counted_from="effective")

    def _licence(self, name: str) -> None:
        """A platform licence: a royalty per car, and a partner that competes with own cars."""
        lead, counted = min(8, self.size.quarters // 3), self.random.choice([0.0, 0.0, 0.1])
        row = self._deal(
            name,
            lead,
            100,
            150,
            royalty=self.about(2000, -2),
            counted_share=counted,
            **self._partner(name, 70_000),
        )
        self._pays(name, "signing", 100)
        self._pays(name, "milestone", 200, counted_from="effective")
        self.wait(row.id, "platforms.platform_0", lag=-1)
        largest = sorted(self.abroad("europe"), key=lambda market: -self.network[market])[:5]
        for market in ["home"] if row.exclusive_group else largest:
            share = 0.03 if market == "home" else 0.1
            self.add(Diversion(deal=name, market=market, share=share, ramp="licensee"))

    def _supply(self, name: str) -> None:
        """Components for a partner's cars, instead of a licence."""
        self._deal(name, 5, 40, 60, **self._partner(name, 40_000))
        for component, margin in zip(COMPONENTS, (1500, 500), strict=True):
            self.add(DealSupply(deal=name, component=component, margin=margin))
        self._pays(name, "signing", 30)
        self.add(Diversion(deal=name, market="home", share=0.01, ramp="licensee"))

    def _parts(self, name: str) -> None:
        """A licence for packs or drives: some royalty, no rival."""
        lead, royalty = self.random.choice([4, 5]), self.about(450, -1, 0.4)
        self._deal(name, lead, 25, 50, royalty=royalty, **self._partner(name, 30_000))
        self._pays(name, "signing", self.about(25))

    def _assembly(self, name: str) -> None:
        """Allows a site abroad, with the venture's partner."""
        self.wait(self._deal(name, 2, 50, 60).id, VENTURE)

    # Supply -----------------------------------------------------------------------------

    def _sites(self) -> None:
        """The plant that stands, new ones at home with a line or two, assembly abroad."""
        stands = round(1.2 * max(4 * cars for cars, _ in self.base()), -3)
        assemblies = [f"{kind}_{n}" for n, kind in enumerate(self.deals) if kind == "assembly"]
        lines = [self.random.choice([1, 2]) for _ in range(self.size.sites - 1 - len(assemblies))]
        # All steps together add a little more than could ever be sold.
        line = (1.25 * self.could_sell() - stands) / (2 + sum(lines) + len(assemblies) / 3)
        self._site("base", stands, self.cars(), ["home", *self.network])
        self._steps("base", 2, line, 0.017, 4, site="base")
        for number, steps in enumerate(lines):
            name = f"plant_{number}"
            self._site(name, 0, self._some(self.cars()), ["home"])
            self._steps(name, steps, line, 0.02, 6, site=name)
        for deal in assemblies:
            cars = self._some(self.new_cars())
            self._site(deal, 0, cars, self.abroad("europe"), self.about(1.14, 2, 0.04))
            self._steps(deal, 1, line / 3, 0.017, 4, site=deal)
            self.wait(f"expansions.{deal}_step_1", f"deals.{deal}")

    def _some(self, cars: list[Vehicle]) -> list[Vehicle]:
        chosen = [car for car in cars if self.random.random() < 0.5]
        return chosen or [self.random.choice(cars)]

    def _site(
        self,
        name: str,
        capacity: float,
        cars: list[Vehicle],
        markets: list[str],
        dearer: float = 1.0,
    ) -> None:
        """A site; one that builds dearer is abroad, near its markets."""
        near = dearer > 1
        origin = name if near else "home_land"
        self.add(Site(site=name, origin=origin, capacity_per_year=capacity))
        for car in cars:
            cost = round(CAR_COST * dearer * self.price[car.vehicle], -2)
            self.add(Production(site=name, vehicle=car.vehicle, variable_cost=cost))
        for market in markets:
            usual = REGIONS[self.region[market]].freight if market != "home" else HOME_FREIGHT
            freight = 2500 if near else self.about(usual, -2, 0.1)
            self.add(Lane(site=name, market=market, freight=freight))

    def _steps(
        self, name: str, steps: int, capacity: float, cost: float, lead: int, **place: str
    ) -> None:
        """Steps of capacity, each of which starts after the one before it."""
        for step in range(1, steps + 1):
            cars = max(1000.0, self.about(capacity, -3))
            row = Expansion(
                expansion=f"{name}_step_{step}",
                capacity_per_year=cars,
                ramp="plant",
                running_cost_per_year=round(0.15 * cost * cars),
                **_cost(self.about(cost * cars, -1), lead, "capital"),
                **place,
            )
            self.add(row)
            if step > 1:
                self.wait(row.id, f"expansions.{name}_step_{step - 1}", 1, "start")

    def _duties(self) -> None:
        """None on cars from a site abroad; in far markets a duty that rises."""
        origin = {site.site: site.origin for site in self.rows["sites"]}
        for land, market in dict.fromkeys((origin[r.site], r.market) for r in self.rows["lanes"]):
            region = self.region.get(market) if land == "home_land" else None
            rate = REGIONS[region].duty if region else 0.0
            steps = {None: 0.0, self.label(0.3): rate / 2, self.label(0.6): rate}
            for since, now in steps.items() if region == "far" else [(None, rate)]:
                self.add(Duty(origin=land, market=market, since=since, rate=now))

    def _components(self) -> None:
        """Packs and drives: enough for the cars on sale, and steps for the others."""
        stands = round(1.35 * max(4 * cars for cars, _ in self.base()), -3)
        step = (1.1 * self.could_sell() - stands) / self.size.component_steps
        for component, cost in COMPONENTS.items():
            self.add(Component(component=component, capacity_per_year=stands))
            for car in self.cars():
                self.add(ComponentUse(vehicle=car.vehicle, component=component, per_car=1))
            steps = self.size.component_steps
            self._steps(component, steps, step, cost, 3, component=component)

    # Resources and money ------------------------------------------------------------------

    def _resources(self) -> None:
        """So few that all work there is takes a good part of the horizon."""
        lead = {row.id: row.lead for row in self.commitments()}
        for resource, part in (("engineers", 0.55), ("approval_teams", 0.6)):
            rows = [row for row in self.rows["resource_use"] if row.resource == resource]
            work = sum(row.preparing * lead[row.commitment] for row in rows)
            there = max(work / (part * self.size.quarters), 1.2 * max(r.preparing for r in rows))
            for since, factor in ((None, 1.0), (self.label(0.3), 1.1), (self.label(0.6), 1.2)):
                available = float(round(there * factor, 0 if there > 100 else 1))
                self.add(Resource(resource=resource, since=since, available=available))

    def _prices(self) -> None:
        """At home prices fall every year; abroad they are higher and stay."""
        for launch in self.rows["launches"]:
            price, pair = self.price[launch.vehicle], {"vehicle": launch.vehicle}
            pair["market"] = launch.market
            if launch.market != "home":
                net = self.about(1.65 * price, -2, 0.06)
                self.add(Price(**pair, net_price=net, customs_value=round(0.75 * net, -2)))
                continue
            for year, since in self.years():
                net = round(price * (1 - PRICE_FALL) ** year, -2)
                self.add(Price(**pair, since=since, net_price=net))

    def _overheads(self) -> None:
        """Fixed costs by year: a part of what the cars on sale bring in that year."""
        bring = [money for _, money in self.base()]
        for year, since in self.years():
            quarters = bring[4 * year : 4 * year + 4]
            amount = round(0.4 * 4 * max(0.0, sum(quarters) / len(quarters)))
            self.add(Overhead(item="company", since=since, amount_per_year=amount))

    def _budgets_and_cash(self) -> Finance:
        """Budgets that do not pay for everything, and some of the cash that it takes."""
        planned: dict[str, float] = defaultdict(float)
        for row in self.commitments():
            planned[row.budget_category] += row.cost * (0.4 if row.table == "entries" else 1)
        for category, part in (("development", 0.95), ("market_entry", 0.6), ("capital", 0.85)):
            amount = self.about(part * planned[category], -1, 0.05)
            self.add(Budget(category=category, scope="total", amount=amount))
        return Finance(
            opening_cash=round(2000 + 0.4 * sum(planned.values()), -2),
            cash_floor=2000,
            discount_rate_per_year=0.12,
            cost_down_per_year=COST_FALL,
        )
