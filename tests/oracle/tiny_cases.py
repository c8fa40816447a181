"""Random tiny cases that between them use every table, column and rule of a case.

``tiny_case(seed)`` is the same case for the same seed. A case has two to five periods
and at most seven undecided commitments, so that brute force can try all its decisions.
``features`` names what a case uses, from the declared columns, so that a new column
that no tiny case uses is noticed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import Any, Literal, get_args, get_origin

from models.base import Frozen, Row
from models.case import ASIDE, COMMITMENT_TABLES, TABLES, Case, make_case
from models.commitment import (
    Commitment,
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
from models.site import Component, ComponentUse, Duty, Expansion, Lane, Production, Site
from models.target import Goal, GoalKind, Target
from models.vehicle import Launch, Platform, Price, Ramp, Vehicle

#: The cases that are compared.
SEEDS = range(300)
MOST_UNDECIDED = 7
#: More decision sets than this make a case slow to try out.
MOST_SETS = 20000
#: Columns that no plan depends on.
WITHOUT_EFFECT = frozenset({"note", "title", "partner"})
#: First periods to draw from, by step; some start within a year.
FIRSTS = {
    "year": ["2024"],
    "half": ["2024H1", "2024H2"],
    "quarter": ["2024Q1", "2024Q1", "2024Q4"],
    "month": ["2024-01", "2024-11"],
    "period": ["1"],
}
STATUSES = ["optional"] * 16 + ["in_place"] * 9 + ["mandatory", "forbidden"]


def tiny_case(seed: int) -> Case:
    """The tiny case of a seed."""
    return _Maker(seed).case()


class _Maker:
    """Draws one case, table by table; ``rows`` holds what is drawn so far."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.random = Random(seed)
        self.horizon = self._horizon()
        self.count = self.horizon.count
        self.money_unit = self.random.choice([1.0, 1.0, 1000.0])
        self.with_money = self._maybe(0.88)
        self.rows: dict[str, list[Any]] = {name: [] for name in TABLES}

    def case(self) -> Case:
        self._markets()
        self._vehicles()
        self._entries_and_launches()
        self._deals()
        if self._maybe(0.75):
            self._supply()
        if self._maybe(0.45):
            self._components()
        for number in range(self.random.choice([0, 1, 1, 2])):
            self._add(Project(project=f"p{number}", **self._commitment()))
        self._statuses()
        self._rules()
        if self.with_money:
            self._prices_and_overheads()
            self._budgets()
        target = self._target()
        return make_case(
            {
                "name": f"tiny-{self.seed}",
                "currency": "EUR",
                "money_unit": self.money_unit,
                "horizon": self.horizon,
                "finance": self._finance(),
                "target": target,
                "goals": self._goals(target),
                **{name: tuple(rows) for name, rows in self.rows.items()},
            }
        )

    # Draws ------------------------------------------------------------------------

    def _maybe(self, chance: float) -> bool:
        return self.random.random() < chance

    def _number(self, low: float, high: float) -> float:
        return round(self.random.uniform(low, high), 3)

    def _money(self, low: float, high: float) -> float:
        """A total in the case's unit of money, drawn in thousands of the currency."""
        return round(self._number(low, high) * 1000 / self.money_unit, 6) if self.with_money else 0

    def _per_car(self, low: float, high: float) -> float:
        return self._number(low, high) if self.with_money else 0.0

    def _label(self, first: int, last: int) -> str:
        return self.horizon.label(self.random.randint(first, last))

    def _dates(self) -> list[str | None]:
        """Dates of the rows that one key of a dated table has."""
        first = self.random.choice([None, None, self.horizon.label(-1), self.horizon.label(0)])
        return [first, self._label(1, self.count)] if self._maybe(0.4) else [first]

    def _add(self, row: Row) -> None:
        self.rows[row.table].append(row)

    def _ids(self, *tables: str) -> list[str]:
        return [row.id for name in tables or COMMITMENT_TABLES for row in self.rows[name]]

    def _row(self, id: str) -> Commitment:
        found: Commitment = next(row for row in self.rows[id.split(".")[0]] if row.id == id)
        return found

    def _ramp(self) -> str:
        """The name of a ramp, made now or before, or none."""
        if self._maybe(0.35):
            return ""
        known = sorted({row.ramp for row in self.rows["ramps"]})
        if len(known) > 2 or (known and self._maybe(0.3)):
            return str(self.random.choice(known))
        values = [self._number(0.2, 1.2) for _ in range(self.random.randint(1, 3))]
        shape = self.random.choice(["rising", "falling", "any"])
        if shape != "any":
            values.sort(reverse=shape == "falling")
        for age, value in enumerate(values):
            self._add(Ramp(ramp=f"r{len(known)}", age=age, value=value))
        return f"r{len(known)}"

    def _horizon(self) -> Horizon:
        step: Any = self.random.choice(["year", "year", "half", "quarter", "period", "month"])
        first = self.random.choice(FIRSTS[step])
        per_year = self.random.choice([None, 2, 3]) if step == "period" else None
        count = self.random.choice([4, 5] if step in ("quarter", "month") else [2, 3, 4, 4, 5, 5])
        start = Horizon(step=step, first=first, last=first, periods_per_year=per_year)
        last = start.label(count - 1)
        return Horizon(step=step, first=first, last=last, periods_per_year=per_year)

    # Tables -----------------------------------------------------------------------

    def _commitment(self) -> dict[str, Any]:
        """Columns that every commitment has, but for its status."""
        values: dict[str, Any] = {"lead": self.random.choice([0, 0, 0, 0, 0, 1, 1, 2])}
        if self._maybe(0.6):
            values["cost"] = self._money(1, 50)
        if self._maybe(0.3):
            values["running_cost_per_year"] = self._money(1, 20)
        if self._maybe(0.25):
            values["category"] = self.random.choice(["development", "capital"])
        return values

    def _markets(self) -> None:
        homes = self._maybe(0.75)
        for number in range(self.random.randint(1, 2)):
            name = f"m{number}"
            self._add(
                Market(
                    market=name,
                    home=homes and number == 0,
                    max_share=self._number(0.1, 0.5) if self._maybe(0.5) else 1.0,
                    sales_cost=self._per_car(0, 20) if self._maybe(0.5) else 0.0,
                )
            )
            for segment in ("small", "large"):
                for since in self._dates():
                    units = self._number(500, 20000)
                    self._add(
                        Registrations(
                            market=name, segment=segment, since=since, units_per_year=units
                        )
                    )
                if self._maybe(0.25):
                    share = self._number(0.05, 0.4)
                    self._add(Segment(market=name, segment=segment, max_share=share))
            if self.horizon.per_year > 1 and self._maybe(0.35):
                self._season(name)

    def _season(self, market: str) -> None:
        per_year = self.horizon.per_year
        index = [self._number(0.5, 1.5) for _ in range(per_year - 1)]
        scale = min(1.0, (per_year - 0.2) / sum(index))
        index = [value * scale for value in index]
        for place, value in enumerate([*index, per_year - sum(index)], start=1):
            self._add(Season(market=market, position=place, index=value))

    def _vehicles(self) -> None:
        if self._maybe(0.5):
            self._add(Platform(platform="base", **self._commitment()))
        for number in range(self.random.randint(1, 2)):
            self._add(
                Vehicle(
                    vehicle=f"v{number}",
                    segment=self.random.choice(["small", "large"]),
                    platform="base" if self.rows["platforms"] and self._maybe(0.7) else "",
                    warranty_cost=self._per_car(0, 10) if self._maybe(0.4) else 0.0,
                    freight_factor=self._number(0.5, 2) if self._maybe(0.4) else 1.0,
                    **self._commitment(),
                )
            )

    def _entries_and_launches(self) -> None:
        for market in self.rows["markets"]:
            for mode in self.random.sample(["importer", "own"], self.random.randint(0, 2)):
                limited = self._maybe(0.6)
                self._add(
                    Entry(
                        market=market.market,
                        mode=mode,
                        throughput_per_year=self._number(300, 4000) if limited else None,
                        ramp=self._ramp(),
                        sales_cost=self._per_car(0, 20) if self._maybe(0.4) else 0.0,
                        partner_share=self._number(0.02, 0.2) if self._maybe(0.3) else 0.0,
                        **self._commitment(),
                    )
                )
            for vehicle in self.rows["vehicles"]:
                if self._maybe(0.85):
                    self._add(
                        Launch(
                            vehicle=vehicle.vehicle,
                            market=market.market,
                            peak_share=self._number(0.05, 0.4),
                            ramp=self._ramp(),
                            **self._commitment(),
                        )
                    )

    def _deals(self) -> None:
        for number in range(self.random.choice([0, 0, 1, 1, 2])):
            brings = self._maybe(0.7)
            name = f"d{number}"
            self._add(
                Deal(
                    deal=name,
                    partner_units_per_year=self._number(100, 2000) if brings else 0.0,
                    ramp=self._ramp(),
                    counted_share=self._number(0.1, 1) if self._maybe(0.5) else 0.0,
                    royalty=self._per_car(1, 20) if self._maybe(0.5) else 0.0,
                    **self._commitment(),
                )
            )
            for payment in range(self.random.randint(0, 2)):
                self._add(
                    DealPayment(
                        deal=name,
                        payment=f"pay{payment}",
                        kind=self.random.choice(["fee", "equity"]),
                        counted_from=self.random.choice(["start", "effective"]),
                        after=self.random.randint(0, 2),
                        amount=self._money(-20, 60),
                    )
                )
            for market in self.rows["markets"]:
                if self._maybe(0.55):
                    # Two deals take at most 2 * 0.4 * 1.2 of the demand.
                    share = self._number(0.05, 0.4)
                    ramp = self._ramp()
                    self._add(Diversion(deal=name, market=market.market, share=share, ramp=ramp))

    def _supply(self) -> None:
        for number in range(self.random.randint(1, 2)):
            site = f"s{number}"
            self._add(
                Site(
                    site=site,
                    origin=f"o{number}",
                    capacity_per_year=self._number(100, 4000) if self._maybe(0.8) else 0.0,
                    fixed_cost_per_year=self._money(1, 20) if self._maybe(0.4) else 0.0,
                )
            )
            for vehicle in self.rows["vehicles"]:
                if number == 0 or self._maybe(0.6):
                    takes = self._number(0.5, 2) if self._maybe(0.4) else 1.0
                    cost = self._per_car(20, 120)
                    self._add(
                        Production(
                            site=site,
                            vehicle=vehicle.vehicle,
                            variable_cost=cost,
                            capacity_per_car=takes,
                        )
                    )
            for market in self.rows["markets"]:
                if number == 0 or self._maybe(0.7):
                    freight = self._per_car(0, 20)
                    self._add(Lane(site=site, market=market.market, freight=freight))
            if self._maybe(0.55):
                self._expansion(f"x{number}", site=site)
        if self._maybe(0.55):
            for origin in {site.origin: None for site in self.rows["sites"]}:
                for market in self.rows["markets"]:
                    for since in self._dates():
                        rate = self._number(0, 0.4)
                        self._add(Duty(origin=origin, market=market.market, since=since, rate=rate))

    def _expansion(self, name: str, **place: str) -> None:
        added = self._number(200, 4000)
        ramp = self._ramp()
        self._add(
            Expansion(
                expansion=name, capacity_per_year=added, ramp=ramp, **place, **self._commitment()
            )
        )

    def _components(self) -> None:
        self._add(Component(component="pack", capacity_per_year=self._number(500, 5000)))
        for vehicle in self.rows["vehicles"]:
            if self._maybe(0.8):
                per_car = self._number(0.5, 2)
                self._add(ComponentUse(vehicle=vehicle.vehicle, component="pack", per_car=per_car))
        if self._maybe(0.5):
            self._expansion("packs", component="pack")
        for deal in self.rows["deals"]:
            if self._maybe(0.7):
                per_unit = self._number(0.3, 1.5) if self._maybe(0.6) else 1.0
                margin = self._per_car(-5, 15)
                self._add(
                    DealSupply(deal=deal.deal, component="pack", per_unit=per_unit, margin=margin)
                )

    # Statuses and rules -------------------------------------------------------------

    def _statuses(self) -> None:
        """Decide which commitments are undecided, and their windows."""
        places = [(name, n) for name in COMMITMENT_TABLES for n in range(len(self.rows[name]))]
        self.random.shuffle(places)
        left = MOST_UNDECIDED
        sets = 1
        placed: set[str] = set()
        # What is in place stands on what is in place, so bases come first; launches
        # follow, since most of the rest matters only when there are any.
        rank = {"platforms": 0, "vehicles": 1, "launches": 2}
        for name, number in sorted(places, key=lambda place: rank.get(place[0], 3)):
            row = self.rows[name][number]
            may_stand = all(base in placed for base in _bases(row))
            status = self.random.choice(STATUSES)
            if name == "vehicles" and self._maybe(0.35):
                status = "in_place"
            if status == "in_place" and not may_stand:
                status = "optional"
            window: dict[str, Any] = {}
            if status in ("optional", "mandatory"):
                window = self._window()
                choices = window.pop("choices") + 1
                if left and sets * choices <= MOST_SETS:
                    left -= 1
                    sets *= choices
                else:
                    window, status = {}, "forbidden"
                    if may_stand:
                        status = self.random.choice(["in_place"] * 5 + ["forbidden"])
            if status == "in_place":
                if self._maybe(0.5):
                    latest = self.random.choice([0, 0, 1, self.count + 1])
                    window = {"effective": self._label(-3, latest)}
                placed.add(row.id)
            self.rows[name][number] = row.model_copy(update={"status": status, **window})

    def _window(self) -> dict[str, Any]:
        first = self.random.randint(0, self.count - 1) if self._maybe(0.3) else 0
        last = self.random.randint(first, self.count - 1) if self._maybe(0.4) else self.count - 1
        label = self.horizon.label
        return {
            "earliest": label(first) if first else None,
            "latest": label(last) if last < self.count - 1 else None,
            "choices": last - first + 1,
        }

    def _rules(self) -> None:
        order = self._order()
        if self._maybe(0.1):
            self._pair(order)
        for _ in range(self.random.choice([0, 0, 1, 1, 2])):
            self._precedence(order)
        for deal in self.rows["deals"]:
            entries = self._ids("entries")
            others = [id for id in order if id != deal.id and not id.startswith("entries")]
            for ids in (entries, others):
                if ids and self._maybe(0.35):
                    id = self.random.choice(ids)
                    ends = ids is entries and self._maybe(0.6)
                    self._add(Exclusivity(deal=deal.deal, commitment=id, ends_sales=ends))
        if self._maybe(0.4) and len(order) > 2:
            self._group()
        if self._maybe(0.4):
            self._resource(order)

    def _order(self) -> list[str]:
        """All commitments in a random order that implied rules allow."""
        place = {id: self.random.random() for id in self._ids()}
        for vehicle in self.rows["vehicles"]:
            place[vehicle.id] = max(place[id] for id in (vehicle.id, *_bases(vehicle)))
        for launch in self.rows["launches"]:
            entries = [row.id for row in self.rows["entries"] if row.market == launch.market]
            place[launch.id] = max(place[id] for id in (launch.id, *_bases(launch), *entries))
        kinds = ["platforms", "vehicles", "launches"]  # in this order at the same place
        rank = {name: number for number, name in enumerate(kinds, start=1)}
        return sorted(place, key=lambda id: (place[id], rank.get(id.split(".")[0], 0)))

    def _pair(self, order: list[str]) -> None:
        """Two commitments that wait for each other and so start together."""
        if len(order) > 3:
            one, other = self.random.sample(order, 2)
            if not {one.split(".")[0], other.split(".")[0]} & {"vehicles", "launches"}:
                for id, after in ((one, other), (other, one)):
                    self._add(Precedence(commitment=id, after=(after,), counted_from="start"))

    def _precedence(self, order: list[str]) -> None:
        """One that waits only for what stands before it in an order: no cycles."""
        if len(order) < 3:
            return
        place = self.random.randint(1, len(order) - 1)
        if self._maybe(0.7):  # a launch that waits for something undecided matters most
            undecided = [id for id in order if self._row(id).status == "optional"]
            launches = [id for id in undecided if id.startswith("launches.")]
            rest = [id for id in order if id not in launches]
            order = [*(id for id in rest if id in undecided), *launches]
            if not launches or len(order) == len(launches):
                return
            place = len(order) - 1
            earlier = [id for id in order if id not in launches]
        else:
            earlier = order[:place]
        after = tuple(self.random.sample(earlier, min(len(earlier), self.random.randint(1, 2))))
        if any(
            (row.commitment, row.after) == (order[place], after) for row in self.rows["precedences"]
        ):
            return
        self._add(
            Precedence(
                commitment=order[place],
                after=after,
                counted_from=self.random.choice(["start", "effective"]),
                lag=self.random.choice([-2, -1, 0, 1, 1]),
            )
        )

    def _group(self) -> None:
        """An exclusive group; what is in place is never more than it allows."""
        table = self.random.choice([name for name in COMMITMENT_TABLES if self.rows[name]])
        places = [(table, n) for n in range(len(self.rows[table]))]
        others = [(name, n) for name in COMMITMENT_TABLES for n in range(len(self.rows[name]))]
        members = set(places) | set(self.random.sample(others, 2))
        for name, n in sorted(members):
            row = self.rows[name][n]
            self.rows[name][n] = row.model_copy(update={"exclusive_group": ("few",)})
        in_place = sum(self.rows[name][n].status == "in_place" for name, n in members)
        if in_place > 1 or self._maybe(0.5):
            self._add(ExclusiveGroup(group="few", at_most=max(in_place, self.random.randint(1, 2))))

    def _resource(self, order: list[str]) -> None:
        for since in self._dates():
            there = self._number(1, 6)
            self._add(Resource(resource="engineers", since=since, available=there))
        for id in self.random.sample(order, min(len(order), 4)):
            runs = self._number(0.1, 0.8) if self._maybe(0.4) else 0.0
            prepares = self._number(0.5, 3)
            self._add(
                ResourceUse(commitment=id, resource="engineers", preparing=prepares, running=runs)
            )

    # Money and goals ------------------------------------------------------------------

    def _prices_and_overheads(self) -> None:
        for launch in self.rows["launches"]:
            for since in self._dates():
                declared = self._number(50, 200) if self._maybe(0.4) else None
                self._add(
                    Price(
                        vehicle=launch.vehicle,
                        market=launch.market,
                        since=since,
                        net_price=self._number(80, 250),
                        customs_value=declared,
                    )
                )
        if self._maybe(0.4):
            for since in self._dates():
                amount = self._money(-5, 30)
                self._add(Overhead(item="office", since=since, amount_per_year=amount))

    def _budgets(self) -> None:
        scopes: list[Any] = ["period", "year", "total"]
        paid = [row for id in self._ids() if (row := self._row(id)).cost]
        for scope in scopes:
            if not paid or not self._maybe(0.3):
                continue
            named = [row for row in paid if row.category] or paid
            category = self.random.choice(["all", self.random.choice(named).budget_category])
            when = None
            if scope == "period" and self._maybe(0.4):
                when = self._label(0, self.count - 1)
            elif scope == "year" and self._maybe(0.4):
                when = self.random.choice(list(self.horizon.years))
            amount = self._money(10, 80)
            self._add(Budget(category=category, scope=scope, when=when, amount=amount))

    def _finance(self) -> Finance:
        opening = self._money(20, 200)
        return Finance(
            opening_cash=opening,
            cash_floor=opening - self._money(20, 200) if self._maybe(0.5) else None,
            discount_rate_per_year=self._number(0, 0.2) if self._maybe(0.6) else 0.0,
            cost_down_per_year=self._number(-0.05, 0.1) if self._maybe(0.4) else 0.0,
            terminal_years=self._number(0.5, 4) if self._maybe(0.3) else 0.0,
        )

    def _target(self) -> Target | None:
        per_year = self.horizon.per_year
        ends = list(range(per_year - 1, self.count))
        window: Any = self.random.choice(["calendar_year", "rolling_year"])
        if window == "calendar_year":
            ends = [t for t in ends if self.horizon.position(t) == per_year]
        if not ends or self._maybe(0.2):
            return None
        late = self._label(self.random.choice(ends), self.count - 1)
        registered = {(row.market, row.segment): row for row in self.rows["registrations"]}
        segment = {row.vehicle: row.segment for row in self.rows["vehicles"]}
        demand = sum(
            row.peak_share * registered[row.market, segment[row.vehicle]].units_per_year
            for row in self.rows["launches"]
        )
        return Target(
            volume=max(100.0, round(demand * self._number(0.03, 0.6), 3)),
            window=window,
            deadline=late if self._maybe(0.5) else None,
            required=self._maybe(0.15),
        )

    def _goals(self, target: Target | None) -> tuple[Goal, ...]:
        if self._maybe(0.15):
            return ()
        kinds: list[Any] = [kind for kind in get_args(GoalKind) if kind != "target_date"]
        kinds = self.random.sample(kinds, self.random.randint(1, 3))
        if self._maybe(0.8):  # least money first leaves little to the goals after it
            kinds.sort(key=lambda kind: kind in ("spending", "peak_funding"))
        if target is not None and self._maybe(0.8):
            kinds.insert(0 if self._maybe(0.7) else len(kinds), "target_date")
        goals = []
        for kind in kinds:
            values: dict[str, Any] = {}
            if self._maybe(0.4):
                values["tolerance"] = self._number(0.01, 0.3)
            if kind == "target_date" and self._maybe(0.4):
                values["tolerance_periods"] = self.random.randint(1, 2)
            if kind == "volume_at":
                values["period"] = self._label(0, self.count - 1)
            goals.append(Goal(kind=kind, **values))
        if self._maybe(0.25):
            goals = [self._bounded(goal) for goal in goals]
        return tuple(goals)

    def _bounded(self, goal: Goal) -> Goal:
        """The goal with a bound, which often does not matter (see also ``test_bounds``)."""
        if goal.kind == "target_date" or self._maybe(0.5):
            return goal
        if goal.kind == "npv":
            worst = self._money(-200, 200)
        elif goal.kind in ("spending", "peak_funding"):
            worst = self._money(10, 150)
        else:
            worst = self._number(10, 500)
        return goal.model_copy(update={"no_worse_than": worst})


def _bases(row: Commitment) -> list[str]:
    """What a vehicle or launch is built on, as ids."""
    if isinstance(row, Launch):
        return [f"vehicles.{row.vehicle}"]
    if isinstance(row, Vehicle) and row.platform:
        return [f"platforms.{row.platform}"]
    return []


# What a case uses --------------------------------------------------------------------


def _options(record: type[Frozen]) -> Iterator[tuple[str, Any]]:
    """Columns with an effect, and the values of each that are told apart (if any)."""
    for name, info in record.model_fields.items():
        if name not in WITHOUT_EFFECT:
            kinds = [info.annotation, *get_args(info.annotation)]
            words = next((get_args(kind) for kind in kinds if get_origin(kind) is Literal), ())
            yield name, words or ((True, False) if info.annotation is bool else ())


def _used(prefix: str, record: Frozen) -> Iterator[str]:
    for name, words in _options(type(record)):
        value = getattr(record, name)
        info = type(record).model_fields[name]
        if words:
            yield f"{prefix}.{name}={value}"
        elif info.is_required() or value != info.default:
            yield f"{prefix}.{name}"


SETTINGS: dict[str, type[Frozen]] = {
    "horizon": Horizon,
    "finance": Finance,
    "target": Target,
    "goals": Goal,
}
#: What cannot be read off a single column.
SITUATIONS = frozenset(
    {
        "money_unit",
        "default goals",
        "no target",
        "no money",
        "no home market",
        "no sites",
        "market without entries",
        "any of several",
        "two wait for each other",
        "negative lag",
        "group of two",
        "in place: long ago",
        "in place: before the horizon",
        "in place: within the horizon",
        "in place: after the horizon",
        "in place during its lead",
        "two deals divert a market",
        "ramp falls",
        "ramp rises",
        "own origin abroad",
        "later date",
        "components without sites",
        "launch in place before its entry",
    }
)


def all_features() -> set[str]:
    """Everything that the tiny cases together have to use."""
    wanted = set(SITUATIONS)
    records = {name: row for name, row in TABLES.items() if name not in ASIDE}
    for prefix, record in {**records, **SETTINGS}.items():
        for name, words in _options(record):
            wanted |= {f"{prefix}.{name}={word}" for word in words} or {f"{prefix}.{name}"}
    return wanted


def features(case: Case) -> set[str]:
    """What a case uses: columns that are not at their default, and situations."""
    used = set(_situations(case))
    for name in TABLES:
        if name not in ASIDE:
            used |= {feature for row in case.rows(name) for feature in _used(name, row)}
    settings = [("horizon", case.horizon), ("finance", case.finance), ("target", case.target)]
    for prefix, record in [*settings, *(("goals", goal) for goal in case.goals)]:
        if record is not None:
            used |= set(_used(prefix, record))
    return used


def _situations(case: Case) -> Iterator[str]:
    index = case.horizon.index
    found = {
        "money_unit": case.money_unit != 1,
        "default goals": not case.goals,
        "no target": case.target is None,
        "no money": not case.prices and not any(row.cost for row in case.commitments.values()),
        "no home market": not any(row.home for row in case.markets),
        "no sites": not case.sites,
        "components without sites": bool(case.components) and not case.sites,
        "market without entries": {row.market for row in case.markets}
        > {row.market for row in case.entries},
        "any of several": any(len(row.after) > 1 for row in case.precedences),
        "two wait for each other": any(
            (row.after, (row.commitment,))
            in {((other.commitment,), other.after) for other in case.precedences}
            for row in case.precedences
        ),
        "negative lag": any(row.lag < 0 for row in case.precedences),
        "group of two": any(row.at_most == 2 for row in case.exclusive_groups),
        "own origin abroad": len({row.origin for row in case.sites}) > 1 and bool(case.duties),
        "two deals divert a market": 2 in Counter(row.market for row in case.diversions).values(),
        "later date": any(
            row.since is not None and 0 < index(row.since) < case.horizon.count
            for name in ("registrations", "prices", "duties", "overheads", "resources")
            for row in getattr(case, name)
        ),
    }
    yield from (name for name, holds in found.items() if holds)
    values = {(row.ramp, row.age): row.value for row in case.ramps}
    for (ramp, age), value in values.items():
        if age and value != values[ramp, age - 1]:
            yield "ramp falls" if value < values[ramp, age - 1] else "ramp rises"
    for row in case.commitments.values():
        if row.status == "in_place":
            yield from _place_in_time(case, row)


def _place_in_time(case: Case, row: Commitment) -> Iterator[str]:
    if row.effective is None:
        yield "in place: long ago"
        return
    effective = case.horizon.index(row.effective)
    if effective < 0:
        yield "in place: before the horizon"
    elif effective < case.horizon.count:
        yield "in place: within the horizon"
    else:
        yield "in place: after the horizon"
    if effective - row.lead < 0 < effective:
        yield "in place during its lead"
    if isinstance(row, Launch):
        entries = [entry for entry in case.entries if entry.market == row.market]
        if entries and all(entry.status == "optional" for entry in entries):
            yield "launch in place before its entry"
