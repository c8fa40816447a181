"""The benchmark's registry of cases, and a wide case of any number of columns."""

from __future__ import annotations

from collections.abc import Callable

from models.case import Case
from models.horizon import Horizon
from models.market import Market, Registrations
from models.vehicle import Launch, Vehicle
from optimizer import load_case
from tests.bench.generate import generated

#: Cases by name: the shipped ones, and a generated one of each size with a fixed seed.
CASES: dict[str, Callable[[], Case]] = {
    "tiny": lambda: load_case("tiny"),
    "shipped": lambda: load_case("leapmotor-2023"),
    "S": lambda: generated("S", 0),
    "M": lambda: generated("M", 0),
    "L": lambda: generated("L", 0),
    "XL": lambda: generated("XL", 0),
}


def wide_case(cells: int) -> Case:
    """A case with about so many sales: every car in every market in every one of 40 quarters.

    It has nothing to decide but launches; it is there to be built and handed over.
    """
    cars = 25
    markets = max(1, round(cells / (cars * 40)))
    return Case(
        horizon=Horizon(step="quarter", first="2024Q1", last="2033Q4"),
        markets=tuple(Market(market=f"m{m}", max_share=0.5) for m in range(markets)),
        registrations=tuple(
            Registrations(market=f"m{m}", segment="all", units_per_year=1000.0 + m)
            for m in range(markets)
        ),
        vehicles=tuple(
            Vehicle(vehicle=f"v{v}", segment="all", status="in_place") for v in range(cars)
        ),
        launches=tuple(
            Launch(vehicle=f"v{v}", market=f"m{m}", peak_share=0.1)
            for v in range(cars)
            for m in range(markets)
        ),
    )
