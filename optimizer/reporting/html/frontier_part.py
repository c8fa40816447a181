"""The part of a page about a frontier: its points, what is proven, what changes along it.

Not here: finding it (see `optimizer.studies.frontier`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from optimizer.reporting import near_best
from optimizer.reporting.html.decision_changes import changes_table
from optimizer.reporting.html.parts import (
    Cell,
    Chart,
    Charts,
    Part,
    Section,
    Sentences,
    Table,
    count,
    money,
    words,
)
from optimizer.reporting.html.sources import source_tables
from optimizer.reporting.plots import near_best as plots
from optimizer.reporting.text import one_line

if TYPE_CHECKING:
    from optimizer.studies.frontier import Frontier


def frontier_part(found: Frontier) -> Part:
    """Everything that a page shows of a frontier."""
    case = found.case
    first, second = (_title(found, place) for place in (0, 1))
    head, *lines = [one_line(line) for line in near_best.front_lines(found)]
    return Part(
        id="frontier",
        name=one_line(case.title or case.name),
        eyebrow=one_line(f"frontier of {case.name} between {first} and {second}"),
        headline=head.removesuffix("."),
        lines=tuple(lines),
        tiles=(),
        sections=tuple(_sections(found)),
        sources=tuple(source_tables(case, "")),
    )


def _title(found: Frontier, place: int) -> str:
    return near_best.MEASURE_WORDS[found.between[place]].split(",")[0]


def _sections(found: Frontier) -> Iterator[Section]:
    if found.points:
        yield _points(found)
    every = [
        (f"from {number - 1} to {number}", point.changes)
        for number, point in enumerate(found.points[1:], 2)
    ]
    caption = "Decisions that change from each point to the next"
    table = changes_table("front-changes", caption, "Point", found.case, every)
    if table.rows:
        finding = f"{len(table.rows)} changes of decisions along the frontier"
        yield Section("differing", "Decisions that change", finding, [table])


def _points(found: Frontier) -> Section:
    """The chart with its tables."""
    rows = tuple(
        (
            words(str(number)),
            _cell(found, 0, point.first),
            _cell(found, 1, point.second),
            words("none") if point.first_bound is None else _cell(found, 0, point.first_bound),
            words("proven" if point.proven else "open"),
            words(near_best.counted(point.changes)),
        )
        for number, point in enumerate(found.points, 1)
    )
    first, second = (plots.axis_words(found, place) for place in (0, 1))
    bound = f"{_title(found, 0)} {near_best.bound_word(found).lower()}>"
    columns = ("Point", f"{first}>", f"{second}>", bound, "Proof", "Decisions that change")
    caption = (
        f"Points of the frontier; {bound.removesuffix('>')}: what no plan passes that has "
        "as much of the other"
    )
    chart = Chart(
        "chart-front",
        " against ".join(_with_unit(words) for words in (first, second)),
        plots.front(found),
        f"Points of the frontier. {near_best.front_lines(found)[0]}",
        Table("front-points", caption, columns, rows),
    )
    blocks: list[Table | Charts | Sentences] = [Charts((chart,))]
    blocks += [_unexplored(found)] if found.unexplored else []
    lines = ["Each point is the plan of one audited solve; between points no plan is known."]
    if len(found.points) > 1:
        blocks.append(Sentences(tuple(lines)))
    return Section("points", "Frontier", _finding(found), blocks)


def _with_unit(title: str) -> str:
    """A title with its unit in brackets."""
    name, _, unit = title.partition(", ")
    return f"{name} ({unit})"


def _finding(found: Frontier) -> str:
    """What one end costs against the other."""
    ends = (found.points[0], found.points[-1])
    if len(found.points) == 1:
        return "One plan is best by both"
    first, second = (
        tuple(plots.in_words(found, place, (end.first, end.second)[place]) for end in ends)
        for place in (0, 1)
    )
    return one_line(
        f"From {first[0]} to {first[1]} in {_words(found, 0)}, "
        f"from {second[0]} to {second[1]} in {_words(found, 1)}"
    )


def _words(found: Frontier, place: int) -> str:
    title = _title(found, place)
    return title if title == "NPV" else title[:1].lower() + title[1:]


def _unexplored(found: Frontier) -> Table:
    """Boxes in which further points may lie, between two values of each goal."""
    rows = tuple(
        (
            words(str(number)),
            *(_cell(found, 0, end) for end in sorted(box.first)),
            *(_cell(found, 1, end) for end in sorted(box.second)),
        )
        for number, box in enumerate(found.unexplored, 1)
    )
    first, second = (plots.axis_words(found, place) for place in (0, 1))
    columns = ("Part", f"{first}, from>", "to>", f"{second}, from>", "to>")
    caption = "Not explored: further points may lie between these values"
    return Table("front-unexplored", caption, columns, rows, opened=True)


def _cell(found: Frontier, place: int, value: float) -> Cell:
    cars = found.between[place] in ("volume", "last_year_volume")
    return count(value) if cars else money(value)
