"""The part of a page about a sweep: what moves the plan, and every case that was solved.

Not here: solving (see `optimizer.studies.sweep`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from optimizer.reporting.html.parts import Cell, Chart, Charts, Part, Section, Table, words
from optimizer.reporting.html.sources import source_tables
from optimizer.reporting.plots import studies
from optimizer.reporting.text import cars, money_number, money_unit, one_line, percent
from optimizer.studies.sweep_record import RANKED

if TYPE_CHECKING:
    from models.case import Case
    from optimizer.studies.kpis import Kpi
    from optimizer.studies.sweep_record import Sweep


#: What tables say of each case; all of it in few words.
_STATUS = {
    "optimal": "proven",
    "feasible": "proof open",
    "infeasible": "no plan exists",
    "unknown": "stopped",
    "failed": "failed",
}


def sweep_part(sweep: Sweep) -> Part:
    """Everything that a page shows of a sweep."""
    case = sweep.case
    failed = len(sweep.failed)
    lines = [one_line(note) for note in sweep.notes]
    lines += [f"{failed} of the cases could not be solved."] if failed else []
    return Part(
        id="sweep",
        name=one_line(case.title or case.name),
        eyebrow=one_line(f"sweep of {case.name} · {case.horizon.first} to {case.horizon.last}"),
        headline=f"{len(sweep.rows)} cases solved beside the case as it is",
        lines=tuple(lines),
        tiles=(),
        sections=tuple(_sections(sweep)),
        sources=tuple(source_tables(case, "")),
    )


def _sections(sweep: Sweep) -> Iterator[Section]:
    if sweep.swings:
        yield from _tornado(sweep)
    table = _results(sweep)
    yield Section("results", "Results", "Every case that was solved", [table])


def _tornado(sweep: Sweep) -> Iterator[Section]:
    """The ranges by how far they move each ranked figure."""
    figures = [f for name in RANKED if (f := sweep.base.figure(name)) is not None]
    figures.sort(key=lambda figure: figure.name != "volume")  # what the heading speaks of
    rows = tuple(
        (
            words(one_line(one.cells)),
            words(one_line(one.figure.title)),
            words(_unit(sweep.case, one.figure)),
            words(one.basis),
            words(one_line(one.low)),
            words(one_line(one.high)),
            _cell(one.at_low),
            _cell(one.figure),
            _cell(one.at_high),
            words("no plan") if one.swing is None else _size(one.figure, one.swing),
            words(one.mark),
        )
        for one in sweep.swings
    )
    columns = ("Range of", "Key figure", "Unit", "Basis", "Low", "High", "At low>", "As it is>")
    columns = (*columns, "At high>", "Swing>", "Known")  # type: ignore[assignment]
    table = Table("swings", "How far each range moves each key figure", columns, rows)
    charts = tuple(
        Chart(
            f"chart-tornado-{figure.name}",
            one_line(f"{figure.title}: what the ends of each range change"),
            studies.tornado(sweep, figure),
            "Ranked bars of how far the low and the high end of each range move the figure.",
            table,
        )
        for figure in figures
    )
    names = tuple(one_line(figure.title) for figure in figures)
    yield Section(
        "tornado",
        "What matters most",
        _finding(sweep, figures),
        [Charts(charts, names)],
        tuple(dict.fromkeys(one.cells.split(".", 1)[0] for one in sweep.swings)),
    )


def _finding(sweep: Sweep, figures: list[Kpi]) -> str:
    """What moves the volume, or else the first figure, most."""
    figure = next((f for f in figures if f.name == "volume"), figures[0])
    found = studies.moving(sweep, figure.name)
    if not found:
        return f"No range moves the {figure.title[:1].lower()}{figure.title[1:]}"
    return one_line(f"{figure.title} hangs most on {found[0].cells}")


def _results(sweep: Sweep) -> Table:
    rows = []
    for row in (sweep.base, *sweep.rows):
        given = (
            row.inputs if row is not sweep.base else ("as it is", *[""] * (len(sweep.columns) - 1))
        )
        status = _STATUS[row.status]
        rows.append(
            (
                *(words(one_line(text)) for text in given),
                words(status),
                *(_cell(row.figure(name)) for name in sweep.figures),
            )
        )
    heads = [
        one_line(f"{figure.title}{unit and f', {unit}'}>")
        for figure in sweep.figures.values()
        for unit in [_unit(sweep.case, figure)]
    ]
    columns = (*(one_line(name) for name in sweep.columns), "Status", *heads)
    return Table("results-table", "Key figures of every case", columns, tuple(rows), opened=True)


def _unit(case: Case, figure: Kpi) -> str:
    return {"cars": "cars", "money": one_line(money_unit(case))}.get(figure.unit, "")


def _cell(figure: Kpi | None) -> Cell:
    if figure is None or figure.value is None:
        return words("none")
    if figure.unit == "period":
        return words(figure.period or "not reached")
    return _size(figure, figure.value)


def _size(figure: Kpi, value: float) -> Cell:
    """A size in a figure's unit; of dates in periods."""
    shown = {"money": money_number, "share": percent}.get(figure.unit, cars)
    return Cell(shown(value), value)
