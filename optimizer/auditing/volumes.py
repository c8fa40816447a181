"""Checks of sales and flows: what is sold where, and that it is built.

Not here: how much may be sold or built (see `optimizer.auditing.limits`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from math import isfinite

from models.plan import Flow, Sale
from optimizer.auditing.course import Course
from optimizer.auditing.violation import Violation, exceeds


def broken_volumes(
    course: Course, sales: Sequence[Sale], flows: Sequence[Flow]
) -> Iterator[Violation]:
    """Every rule on single sales and flows that is broken, and the balance of the two."""
    for sale in sales:
        yield from _number(course, sale, f"{sale.vehicle}.{sale.market}")
    for flow in flows:
        yield from _number(course, flow, f"{flow.site}.{flow.vehicle}.{flow.market}")
    yield from _sales(course)
    yield from _flows(course)
    if course.case.sites:
        yield from _balance(course)


def _number(course: Course, row: Sale | Flow, where: str) -> Iterator[Violation]:
    if course.period(row.period) is None:
        allowed = f"{course.case.horizon.first} to {course.case.horizon.last}"
        yield Violation("known period", where, row.period, row.period, allowed, 1.0, "rows")
    if not isfinite(row.units):
        # Not a number at all: it is shown as text and has no part in the recomputation.
        yield Violation("cars above 0", where, row.period, f"{row.units}", "a number", 1.0, "rows")
    elif row.units <= 0:
        # Plans state only what is sold or built, so that a 0 is a slip too.
        off = abs(row.units)
        yield Violation("cars above 0", where, row.period, row.units, "above 0", off, "cars")


def _sales(course: Course) -> Iterator[Violation]:
    modes: dict[str, set[str]] = defaultdict(set)
    for row in course.case.entries:
        modes[row.market].add(row.mode)
    for (market, entry, vehicle, t), units in course.sold.items():
        period = course.case.horizon.label(t)
        age = course.age(f"launches.{vehicle}.{market}", t)
        if age < 0:
            yield Violation(
                "launched car",
                f"{vehicle}.{market}",
                period,
                units,
                "sales only once launched",
                units,
                "cars",
            )
        where = f"{market}.{entry}"
        if not modes[market] and not entry:
            continue
        if entry not in modes[market]:
            known = ", ".join(sorted(modes[market])) or "no entry, the market has none"
            yield Violation("known entry", where, period, entry or "blank", known, units, "cars")
        elif course.age(f"entries.{where}", t) < 0:
            yield Violation(
                "open entry", where, period, units, "sales only once entered", units, "cars"
            )
        elif t >= course.closed_from(f"entries.{where}"):
            yield Violation(
                "open entry", where, period, units, "none, a deal ended its sales", units, "cars"
            )


def _flows(course: Course) -> Iterator[Violation]:
    production = {(row.site, row.vehicle) for row in course.case.production}
    lanes = {(row.site, row.market) for row in course.case.lanes}
    sites = {row.site for row in course.case.sites}
    for (site, vehicle, market, t), units in course.built.items():
        period = course.case.horizon.label(t)
        if site not in sites:
            yield Violation("known site", site, period, site, "a site of the case", units, "cars")
            continue
        if (site, vehicle) not in production:
            yield Violation(
                "production",
                f"{site}.{vehicle}",
                period,
                units,
                "none, not built there",
                units,
                "cars",
            )
        if (site, market) not in lanes:
            yield Violation(
                "lane", f"{site}.{market}", period, units, "none, not delivered", units, "cars"
            )


def _balance(course: Course) -> Iterator[Violation]:
    sold: dict[tuple[str, str, int], float] = defaultdict(float)
    built: dict[tuple[str, str, int], float] = defaultdict(float)
    for (market, _, vehicle, t), units in course.sold.items():
        sold[vehicle, market, t] += units
    for (_, vehicle, market, t), units in course.built.items():
        built[vehicle, market, t] += units
    for key in dict.fromkeys([*sold, *built]):
        found, wanted = built[key], sold[key]
        if exceeds(found, wanted) or exceeds(wanted, found):
            vehicle, market, t = key
            yield Violation(
                "supply balance",
                f"{vehicle}.{market}",
                course.case.horizon.label(t),
                found,
                wanted,
                abs(found - wanted),
                "cars",
            )
