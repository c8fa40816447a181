"""The front sheet of a workbook of results: what a reader must know before any table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from openpyxl.worksheet.worksheet import Worksheet

from models.outcome import STATUS_WORDS
from models.plan import PlanRecord, Totals
from optimizer.outcome import Outcome
from optimizer.reporting import text
from optimizer.workbooks import sheets
from optimizer.workbooks.cells import letters

CARS, MONEY, SHARE = "#,##0", "#,##0.0;-#,##0.0;0", "0.0%"


class Made(NamedTuple):
    """A sheet that was written: what it holds, and from which table of a run."""

    name: str
    holds: str
    source: str


def write_front(
    sheet: Worksheet, outcome: Outcome, record: PlanRecord, made: Sequence[Made]
) -> None:
    """Headline, status, goals, totals, settings, and what stands on which sheet."""
    case = outcome.case
    sheet.sheet_view.showGridLines = False
    sheet.sheet_properties.tabColor = "C77700"
    sheets.put(sheet, 1, 1, text.one_line(case.title or case.name)).font = sheets.TITLE
    status = STATUS_WORDS[outcome.status]
    sheets.put(sheet, 2, 1, f"{status[:1].upper()}{status[1:]}.").font = sheets.BOLD
    row = 3
    for line in (*text.headline(outcome), *text.given_up(outcome)):
        row += 1
        sheets.put(sheet, row, 1, text.one_line(line))
    row = _titled(sheet, row + 2, "Goals in their order", _goals(outcome))
    row = _titled(sheet, row + 1, "Totals of the plan", _totals(outcome, record))
    row = _titled(sheet, row + 1, "What limits the plan", _limits(outcome, record))
    row = _titled(sheet, row + 1, "How it was solved", _settings(outcome))
    sheets.put(sheet, row + 1, 1, "Where the numbers come from").font = sheets.BOLD
    row = _sources(sheet, row + 2, outcome)
    sheets.put(sheet, row + 1, 1, "What stands on which sheet").font = sheets.BOLD
    names = [one.name for one in made]
    rows = [[one.name, one.source, one.holds] for one in made]
    sheets.grid(sheet, row + 2, ("sheet", "table of the run", "what it holds"), rows, ("", "", ""))
    for number, name in enumerate(names, start=row + 3):
        sheets.link(sheet.cell(number, 1), name)
    for column, width in enumerate((34, 44, 28, 14, 12), start=1):
        sheet.column_dimensions[letters(column)].width = width


Rows = tuple[Sequence[str], list[list[Any]], list[list[str]]]


def _titled(sheet: Worksheet, row: int, title: str, table: Rows) -> int:
    """A small table below its title; returns the row below it."""
    names, rows, forms = table
    sheets.put(sheet, row, 1, title).font = sheets.BOLD
    row += 1
    sheets.header(sheet, row, names)
    for values, shapes in zip(rows, forms, strict=True):
        row += 1
        for column, (value, form) in enumerate(zip(values, shapes, strict=True), start=1):
            sheets.put(sheet, row, column, value, "" if isinstance(value, str) else form)
    return row + 1


def _goals(outcome: Outcome) -> Rows:
    """Goals in words, as everywhere."""
    rows = [[text.one_line(cell) for cell in row] for row in text.goal_rows(outcome)]
    names = [name.rstrip(">").lower() for name in text.GOAL_COLUMNS]
    return names, [list(row) for row in rows], [[""] * len(names)] * len(rows)


def _totals(outcome: Outcome, record: PlanRecord) -> Rows:
    """The figures that goals are about, as numbers with their units."""
    rows, forms = [], []
    for name, info in Totals.model_fields.items():
        meaning, _, unit = (info.description or "").rpartition(", ")
        value = getattr(record.totals, name)
        money = unit == "money"
        unit = text.one_line(text.money_unit(outcome.case)) if money else unit
        rows.append([name.replace("_", " "), meaning, value, unit])
        forms.append(["", "", MONEY if money else CARS, ""])
    return ("figure", "meaning", "value", "unit"), rows, forms


def _limits(outcome: Outcome, record: PlanRecord) -> Rows:
    lines = text.limits_in_words(outcome.case, record)
    return ("in words",), [[text.one_line(line)] for line in lines], [[""]] * len(lines)


def _settings(outcome: Outcome) -> Rows:
    """Settings of the solver, and the case that was solved."""
    given = outcome.settings
    rows: list[list[Any]] = [
        ["case", text.one_line(outcome.case.name)],
        ["gap asked for", given.gap],
        ["time limit in seconds", "none" if given.time_limit is None else given.time_limit],
        ["threads", given.threads],
        ["seed", given.seed],
    ]
    forms = [["", "0.####%" if row[0] == "gap asked for" else "0"] for row in rows]
    return ("setting", "value"), rows, forms


def _sources(sheet: Worksheet, row: int, outcome: Outcome) -> int:
    """How the inputs are known, and how the figures came to be."""
    counts = Counter(source.basis for source in outcome.case.sources)
    known = ", ".join(f"{count} {basis}" for basis, count in sorted(counts.items()))
    basis = f"The case states the origin of its inputs in the table sources: {known}."
    lines = (
        basis if known else "The case states no sources for its inputs.",
        "Decisions and cars are those of the plan; all other figures were recomputed from them by the audit.",
        "Nothing here is computed anew but sums over cars and markets, and shares of limits.",
    )
    for number, line in enumerate(lines, start=row):
        sheets.put(sheet, number, 1, line)
    return row + len(lines)
