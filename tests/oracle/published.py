"""Published problems with known optima, written as cases.

Two kinds of cases far from car exports: project scheduling (activities compete for
resources; the sooner the last one is done, the more cars are sold by the end) and
facility location (which sites to open for customers with known demand). The figures
are those of PSPLIB and OR-Library, kept in ``instances``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.case import Case, make_case
from models.commitment import Precedence, Project, Resource, ResourceUse
from models.horizon import Horizon
from models.market import Market, Registrations
from models.site import Expansion, Lane, Production, Site
from models.target import Goal
from models.vehicle import Launch, Price, Vehicle

INSTANCES = Path(__file__).parent / "instances"


@dataclass(frozen=True)
class Scheduling:
    """Activities, numbered from 1, with what they occupy and wait for."""

    name: str
    available: tuple[int, ...]
    duration: tuple[int, ...]
    requests: tuple[tuple[int, ...], ...]
    waits_for: tuple[tuple[int, ...], ...]
    optimal_makespan: int


@dataclass(frozen=True)
class Location:
    """Sites that can be opened, and the cost of serving customers from each."""

    name: str
    capacity: tuple[float, ...]
    fixed_cost: tuple[float, ...]
    demand: tuple[float, ...]
    cost_of_serving_all: tuple[tuple[float, ...], ...]
    optimal_cost: float

    @property
    def price(self) -> float:
        """A price at which every car is worth delivering.

        It exceeds the dearest way to deliver a car by all fixed costs spread over the
        least shortage: too few sites leave at least that many cars undelivered. (All
        sites of an instance have the same capacity.)
        """
        dearest = max(
            cost / cars
            for costs in self.cost_of_serving_all
            for cost, cars in zip(costs, self.demand, strict=True)
        )
        shortage = sum(self.demand) % self.capacity[0]
        return dearest + 1.0 + sum(self.fixed_cost) / (shortage or self.capacity[0])

    @property
    def best_npv(self) -> float:
        """All demand at the price, less the least cost of serving it."""
        return self.price * sum(self.demand) - self.optimal_cost


def _read(name: str) -> dict[str, Any]:
    text = (INSTANCES / f"{name}.json").read_text(encoding="utf-8")
    content: dict[str, Any] = json.loads(text)
    return content


def scheduling_instances() -> tuple[Scheduling, ...]:
    """All instances of project scheduling."""
    return tuple(
        Scheduling(
            name=found["name"],
            available=tuple(found["available"]),
            duration=tuple(found["duration"]),
            requests=tuple(map(tuple, found["requests"])),
            waits_for=tuple(map(tuple, found["waits_for"])),
            optimal_makespan=found["optimal_makespan"],
        )
        for found in _read("project_scheduling")["instances"]
    )


def location_instances() -> tuple[Location, ...]:
    """All instances of facility location."""
    content = _read("facility_location")
    return tuple(
        Location(
            name=found["name"],
            capacity=(float(found["capacity_of_each"]),) * found["sites"],
            fixed_cost=tuple(found["fixed_cost"]),
            demand=tuple(content["demand"]["cars"]),
            cost_of_serving_all=tuple(
                map(tuple, content["cost_of_serving_all"][str(found["sites"])])
            ),
            optimal_cost=found["optimal_cost"],
        )
        for found in content["instances"]
    )


def scheduling_case(instance: Scheduling, periods: int) -> Case:
    """Activities as projects; the launch waits for the last one and then sells one
    car a period for good. Best volume: ``periods`` less the shortest makespan."""
    names = [f"a{number}" for number in range(1, len(instance.duration) + 1)]
    resources = [f"r{number}" for number in range(1, len(instance.available) + 1)]
    waits = [
        Precedence(commitment=f"projects.{name}", after=(f"projects.a{earlier}",))
        for name, before in zip(names, instance.waits_for, strict=True)
        for earlier in before
    ]
    return make_case(
        {
            "name": instance.name,
            "horizon": Horizon(step="period", first="1", last=str(periods)),
            "goals": (Goal(kind="volume"),),
            "markets": (Market(market="m"),),
            "registrations": (Registrations(market="m", segment="all", units_per_year=1),),
            "vehicles": (Vehicle(vehicle="v", segment="all", status="in_place"),),
            "launches": (Launch(vehicle="v", market="m", peak_share=1),),
            "projects": tuple(
                Project(project=name, lead=lead)
                for name, lead in zip(names, instance.duration, strict=True)
            ),
            "precedences": (
                *waits,
                Precedence(commitment="launches.v.m", after=(f"projects.{names[-1]}",)),
            ),
            "resources": tuple(
                Resource(resource=name, available=units)
                for name, units in zip(resources, instance.available, strict=True)
            ),
            "resource_use": tuple(
                ResourceUse(commitment=f"projects.{name}", resource=resource, preparing=units)
                for name, requests in zip(names, instance.requests, strict=True)
                for resource, units in zip(resources, requests, strict=True)
                if units
            ),
        }
    )


def location_case(instance: Location) -> Case:
    """Sites as expansions of one period, customers as markets with one car in place.
    Best NPV: see `Location.best_npv`."""
    sites = [f"s{number}" for number in range(1, len(instance.capacity) + 1)]
    customers = [f"c{number}" for number in range(1, len(instance.demand) + 1)]
    return make_case(
        {
            "name": instance.name,
            "horizon": Horizon(step="period", first="1", last="1"),
            "goals": (Goal(kind="npv"),),
            "markets": tuple(Market(market=name) for name in customers),
            "registrations": tuple(
                Registrations(market=name, segment="all", units_per_year=cars)
                for name, cars in zip(customers, instance.demand, strict=True)
            ),
            "vehicles": (Vehicle(vehicle="v", segment="all", status="in_place"),),
            "launches": tuple(
                Launch(vehicle="v", market=name, peak_share=1, status="in_place")
                for name in customers
            ),
            "prices": tuple(
                Price(vehicle="v", market=name, net_price=instance.price) for name in customers
            ),
            "sites": tuple(Site(site=name) for name in sites),
            "expansions": tuple(
                Expansion(expansion=f"open_{name}", site=name, capacity_per_year=room, cost=cost)
                for name, room, cost in zip(
                    sites, instance.capacity, instance.fixed_cost, strict=True
                )
            ),
            "production": tuple(Production(site=name, vehicle="v") for name in sites),
            "lanes": tuple(
                Lane(site=site, market=customer, freight=cost / cars)
                for site, costs in zip(sites, instance.cost_of_serving_all, strict=True)
                for customer, cost, cars in zip(customers, costs, instance.demand, strict=True)
            ),
        }
    )
