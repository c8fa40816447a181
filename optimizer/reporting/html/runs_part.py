"""The part of a page that sets several runs side by side: their key figures.

Not here: the runs themselves (see `optimizer.reporting.html.plan_part`), and what causes
the differences.
"""

from __future__ import annotations

from collections.abc import Mapping

from optimizer.outcome import Outcome
from optimizer.reporting.html.parts import Cell, Part, Section, Table, words
from optimizer.reporting.text import cars, money_number, money_unit, one_line, percent
from optimizer.studies.kpis import Kpi, key_figures


def runs_part(outcomes: Mapping[str, Outcome]) -> Part:
    """Key figures of several outcomes by name, one column an outcome."""
    found = {
        name: {figure.name: figure for figure in key_figures(outcome)}
        for name, outcome in outcomes.items()
    }
    figures = {name: figure for kpis in found.values() for name, figure in kpis.items()}
    columns = [one_line(name) for name in outcomes]
    units = {money_unit(outcome.case) for outcome in outcomes.values()}
    one_unit = one_line(units.pop()) if len(units) == 1 else ""
    rows = tuple(
        (
            words(one_line(figure.title)),
            words(_unit(figure, one_unit)),
            *(
                _cell(
                    kpis.get(name),
                    outcomes[run],
                    "" if one_unit else money_unit(outcomes[run].case),
                )
                for run, kpis in found.items()
            ),
        )
        for name, figure in figures.items()
    )
    table = Table(
        "key-figures",
        "Key figures of each run",
        ("Key figure", "Unit", *(f"{name}>" for name in columns)),
        rows,
        opened=True,
    )
    section = Section("key-figures-section", "Key figures", "The runs side by side", [table])
    return Part(
        id="runs",
        name="All runs",
        eyebrow="evplan",
        headline=f"{len(outcomes)} runs side by side",
        lines=(f"{', '.join(columns[:-1])} and {columns[-1]}.",),
        tiles=(),
        sections=(section,),
    )


def _unit(figure: Kpi, money: str) -> str:
    return {"money": money, "number": "", "period": ""}.get(figure.unit, figure.unit)


def _cell(figure: Kpi | None, outcome: Outcome, money: str) -> Cell:
    """A figure of one run; dates are words, and what is not there says so."""
    if figure is None or figure.value is None:
        return words("none" if outcome.plan is None or figure else "not in this case")
    if figure.unit == "period":
        return words(figure.period or "not reached")
    if figure.unit == "money":
        return Cell(one_line(f"{money} {money_number(figure.value)}".strip()), figure.value)
    if figure.unit == "share":
        return Cell(percent(figure.value), figure.value)
    return Cell(cars(figure.value), figure.value)
