"""A comparison in words and tables: what differs, what is proven of it, and why.

What is the same is not repeated. Everything is plain text; names may hold anything and
are shown as one line. Not here: finding the differences (see `optimizer.studies.compare`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from rich.cells import cell_len

from models.case import Case
from optimizer.reporting.comparison_causes import MARKS, Section, cause_section
from optimizer.reporting.comparison_decisions import decision_counts, decision_table
from optimizer.reporting.comparison_words import (
    difference_words,
    headline,
    limit_lines,
    signed,
    value_words,
)
from optimizer.reporting.text import aligned, one_line
from optimizer.studies.comparison_rows import unit_of
from optimizer.studies.differences import summed

if TYPE_CHECKING:
    from optimizer.studies.compare import Comparison, Side
    from optimizer.studies.kpis import Kpi

#: Scenarios in one table; more of them make another one.
ABREAST = 3
#: Names wider than this are replaced by numbers in tables.
LONGEST_NAME = 30
#: Markets and cars shown of those whose sales moved.
MOST_MOVED = 6


def in_words(comparison: Comparison) -> list[str]:
    """The whole comparison as lines of text, headings among them."""
    lines: list[str] = []
    for heading, body in sections(comparison):
        lines += [*([""] if lines else []), heading, *body]
    return lines


def sections(comparison: Comparison) -> list[Section]:
    """The sections of the report, each with its heading and lines; empty ones are left out."""
    comparison = _shortened(comparison)
    case = comparison.base.case
    title = one_line(f"{comparison.name}: {case.title}" if case.title else comparison.name)
    found = [
        (title, [one_line(line) for line in headline(comparison)]),
        ("Goals", _figures(comparison, goals=True)),
        ("Figures of these plans (other plans, as good, may have others)", _figures(comparison)),
        ("Decisions that differ", _decisions(comparison)),
        ("Own cars sold, difference to the base case", _sales(comparison)),
        ("Limits that bind otherwise", _limits(comparison)),
        *(cause_section(case, side, side.cause) for side in comparison.sides if side.cause),
    ]
    return [(one_line(heading), body) for heading, body in found if body]


def _shortened(comparison: Comparison) -> Comparison:
    """The comparison with names that fit into tables; the long ones stand in the headline."""
    sides = []
    for number, side in enumerate(comparison.sides, 1):
        if cell_len(one_line(side.name)) > LONGEST_NAME:
            told = side.name if side.title in ("", side.name) else f"{side.name}: {side.title}"
            side = replace(side, name=f"scenario {number}", title=told)
        sides.append(side)
    return replace(comparison, sides=tuple(sides))


def _planned(comparison: Comparison) -> list[Side]:
    """The scenarios that can be compared: both have a plan."""
    return [side for side in comparison.sides if side.figures]


def _abreast(sides: Sequence[Side]) -> Iterator[Sequence[Side]]:
    for first in range(0, len(sides), ABREAST):
        yield sides[first : first + ABREAST]


def _stacked(tables: Iterable[list[str]]) -> list[str]:
    """Tables below each other, with a blank line between."""
    lines: list[str] = []
    for table in tables:
        lines += [*([""] if lines and table else []), *table]
    return lines


# Figures -----------------------------------------------------------------------------


def _figures(comparison: Comparison, *, goals: bool = False) -> list[str]:
    """Values and differences of the key figures that are goals, or of all others."""
    sides = _planned(comparison)
    case = comparison.base.case
    marks: set[str] = set()

    def wanted(figure: Kpi) -> bool:
        return bool(figure.goal) == goals

    def table(some: Sequence[Side]) -> list[str]:
        columns = ["Figure", "Unit", "base>"]
        for side in some:
            columns += [f"{one_line(side.name)}>", "difference>"]
        rows = []
        names = dict.fromkeys(
            change.figure.name for side in some for change in side.figures if wanted(change.figure)
        )
        for name in names:
            cells = [side.change(name) for side in some]
            if all(change is None or change.finding.mark == "same" for change in cells):
                continue
            known = next(change for change in cells if change is not None)
            figure = known.figure
            row = [figure.title, "" if figure.unit == "period" else unit_of(case, figure)]
            row.append(value_words(known.before))
            for change in cells:
                if change is None:
                    row += ["", ""]
                    continue
                marks.add(change.finding.mark)
                told = difference_words(case, change)
                form = MARKS.get(change.finding.mark, ("{}", ""))[0]
                row += [value_words(change.after), form.format(told) if told else ""]
            rows.append(row)
        return aligned(columns, rows) if rows else []

    lines = _stacked(table(some) for some in _abreast(sides))
    lines += [words for mark, (_, words) in MARKS.items() if mark in marks]
    same = _same_figures(sides, wanted) if goals else []
    return [*lines, *same]


def _same_figures(sides: Sequence[Side], wanted: Callable[[Kpi], bool]) -> list[str]:
    """One line for the figures that no scenario changes."""
    alike = [
        change
        for change in (sides[0].figures if sides else ())
        if wanted(change.figure)
        and all(
            (other := side.change(change.figure.name)) and other.finding.mark == "same"
            for side in sides
        )
    ]
    told = [
        f"{change.figure.title} {value_words(change.before)}"
        for change in alike
        if change.figure.name != "shortfall" or (change.before and change.before.value)
    ]
    where = "in all" if len(sides) > 1 else "in both"
    return [one_line(f"The same {where}: {', '.join(told)}.")] if told else []


# Decisions ---------------------------------------------------------------------------


def _decisions(comparison: Comparison) -> list[str]:
    sides = _planned(comparison)
    if not sides:
        return []
    count = comparison.decisions_in_all
    plural = "decision is" if count == 1 else "decisions are"
    same = f"{count} {plural} the same in all."
    if not any(side.decisions for side in sides):
        return [f"None: {same}"]
    tables = (decision_table(comparison.base.case, some) for some in _abreast(sides))
    return [*decision_counts(sides), "", *_stacked(tables), "", same]


# Sales and limits --------------------------------------------------------------------


def _sales(comparison: Comparison) -> list[str]:
    sides = _planned(comparison)
    tables = []
    for some in _abreast(sides):
        tables.append(_sales_table(comparison.base.case, some, "market"))
        tables.append(_sales_table(comparison.base.case, some, "vehicle"))
    return _stacked(tables)


def _sales_table(case: Case, sides: Sequence[Side], by: Literal["market", "vehicle"]) -> list[str]:
    """The markets or cars whose sales moved most in any of the scenarios."""
    moved = [
        {getattr(change, by): change.difference for change in summed(side.sales, by)}
        for side in sides
    ]
    most: dict[str, float] = {}
    for cars in moved:
        for name, difference in cars.items():
            most[name] = max(most.get(name, 0.0), abs(difference))
    names = sorted(most, key=lambda name: -most[name])
    table = f"{by}s"
    titles = {row.key[0]: getattr(row, "title", "") for row in case.rows(table)}
    rows = [
        [titles.get(name) or name, *(signed(cars[name]) if name in cars else "" for cars in moved)]
        for name in names[:MOST_MOVED]
    ]
    if not rows:
        return []
    label = "Market" if by == "market" else "Car"
    lines = aligned([label, *(f"{one_line(side.name)}>" for side in sides)], rows)
    more = len(names) - MOST_MOVED
    return [*lines, f"and {more} more that moved less"] if more > 0 else lines


def _limits(comparison: Comparison) -> list[str]:
    lines = []
    for side in _planned(comparison):
        told = limit_lines(side)
        lines += [f"{side.name}:", *(f"- {line}" for line in told)] if told else []
    return [one_line(line) for line in lines]
