"""A case as a workbook: a sheet for the settings, the goals, each table and the scenarios.

The names of columns carry their meaning, unit and limits as a note; choices and names of
other tables are drop-downs. `optimizer.workbooks.reading` reads it back equal. Tables that
the case does not have are there without rows, grey, to be filled.
Not here: results (see `optimizer.workbooks.results`).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from models.base import UNITS, Row
from models.case import PARTS, TABLES, Case
from models.cells import allowed_text, cell_text, kind_of
from models.problem import CaseError, Problem
from models.scenarios import Scenarios
from models.settings import Settings
from models.target import Goal
from optimizer.reporting.reference import sentence
from optimizer.reporting.text import money_unit
from optimizer.tables.saving import stated_columns
from optimizer.workbooks import choices, sheets
from optimizer.workbooks.cells import letters
from optimizer.workbooks.layout import (
    CONTENTS,
    GOALS,
    SCENARIOS,
    SECTION,
    SETTING,
    SETTINGS,
    TOP,
    VALUE,
)
from optimizer.workbooks.scenarios import COLUMNS, scenario_rows

#: Rows of the units and of the names of columns; the rows of the table follow.
HINTS, NAMES, FIRST = 1, 2, 3
_EMPTY_TAB, _TAB, _OWN_TAB = "C9D1D5", "1F4E5F", "C77700"
_HOW = (
    "Each sheet is a table; its first row has the units, its second the names of the columns.",
    "Point at a name to read what it means. The dark columns are the key: together they stand once.",
    "A sheet without rows is a table that is left out: it limits nothing and costs nothing.",
    "A blank cell has the default. Blank rows and hidden rows do no harm; merged cells are refused.",
    "Shares are parts of 1: 0.12 or 12 %. Periods are text, such as 2024Q1 or 2024-01.",
    "Sheets of your own are passed over if their names begin with _.",
    "Check it with: evplan check FILE.xlsx   Solve it with: evplan solve FILE.xlsx",
)


def write_case(case: Case, path: str | Path, scenarios: Scenarios | None = None) -> None:
    """Write a case, and its scenarios if given, as a workbook that reads back equal.

    What is there already is replaced, as a whole or not at all. Raises `CaseError` for text
    that is too long for a cell and for another ending than ``.xlsx``, `OSError` when the file
    cannot be written.
    """
    path = Path(path)
    if path.suffix.lower() != ".xlsx":
        found = f"a workbook would be called {path.suffix or 'without an ending'}"
        raise CaseError([Problem(str(path), found=found, allowed=".xlsx")])
    book = sheets.new_workbook()
    _contents(book, case)
    problems: list[Problem | None] = []
    _settings(book, case)
    problems += _table(book, case, GOALS, Goal, case.goals)
    for name, kind in TABLES.items():
        problems += _table(book, case, name, kind, case.rows(name))
    problems += _scenarios(book, case, scenarios or Scenarios())
    choices.write_lists(book, case)
    sheets.refuse(problems)
    path.parent.mkdir(parents=True, exist_ok=True)
    sheets.save(book, path)


# Sheets for people -----------------------------------------------------------------


def _contents(book: Workbook, case: Case) -> None:
    """What the workbook is, how to work in it, and what each sheet holds."""
    sheet = book.create_sheet(CONTENTS)
    sheet.sheet_properties.tabColor = _OWN_TAB
    sheet.sheet_view.showGridLines = False
    sheets.put(sheet, 1, 1, case.title or case.name).font = sheets.TITLE
    sheets.put(sheet, 2, 1, "A case of evplan").font = sheets.QUIET
    for row, line in enumerate(_HOW, start=4):
        sheets.put(sheet, row, 1, line)
    row = 5 + len(_HOW)
    sheets.header(sheet, row, ("sheet", "what it holds"))
    holds = {
        SETTINGS: "Name, currency, horizon, money and target of the case.",
        GOALS: f"{sentence(Goal)} Without any: target date (if there is a target), volume, NPV.",
        **{name: sentence(kind) for name, kind in TABLES.items()},
        SCENARIOS: "Named changes to the case, a row for each change: what-ifs to be solved by name.",
    }
    for name, text in holds.items():
        row += 1
        sheets.link(sheets.put(sheet, row, 1, name), name)
        sheets.put(sheet, row, 2, text)
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 24, 100


def _settings(book: Workbook, case: Case) -> None:
    """The settings of every section, a row each, with unit, default and meaning."""
    sheet = book.create_sheet(SETTINGS)
    sheet.sheet_properties.tabColor = _OWN_TAB
    sheets.header(sheet, 1, (SECTION, SETTING, VALUE, "unit", "if blank", "meaning"), keys=2)
    row = 1
    for section, kind in _sections().items():
        record = case if section == TOP else getattr(case, section)
        for name, info in kind.model_fields.items():
            row += 1
            value = None if record is None else getattr(record, name)
            texts = (section, name, None, _unit(info, case), _default(info), info.description)
            for column, text in enumerate(texts, start=1):
                sheets.put(sheet, row, column, text)
            _cell(sheet, row, 3, value, info).font = sheets.BOLD
            choices.offer(sheet, f"C{row}", info, case)
    sheets.fit(sheet, widest=90)
    sheet.freeze_panes = "D2"


def _sections() -> dict[str, type[BaseModel]]:
    return {TOP: Settings, **{name: kind for name, kind in PARTS.items() if name != GOALS}}


# Tables ----------------------------------------------------------------------------


def _table(
    book: Workbook, case: Case, name: str, kind: type[BaseModel], rows: Sequence[BaseModel]
) -> list[Problem | None]:
    """The sheet of a table; returns what cannot be written."""
    sheet = book.create_sheet(name)
    sheet.sheet_properties.tabColor = _TAB if rows else _EMPTY_TAB
    keys = kind.keys if issubclass(kind, Row) else ()
    columns = sorted(kind.model_fields, key=lambda n: _order(n, keys))
    fields = kind.model_fields
    sheets.hints(sheet, HINTS, [_hint(fields[name], case) for name in columns])
    sheets.header(sheet, NAMES, columns, keys=max(len(keys), 1))
    for column, name in enumerate(columns, start=1):
        info = fields[name]
        sheets.remark(sheet.cell(NAMES, column), _remark(info, case))
        sheet.column_dimensions[letters(column)].number_format = _form(info)
        choices.offer(sheet, choices.below(column, FIRST), info, case)
    stated = stated_columns(rows)
    problems = []
    for number, row in enumerate(rows, start=FIRST):
        for column, name in enumerate(columns, start=1):
            if name in stated:
                value = getattr(row, name)
                text = cell_text(value) if isinstance(value, tuple) else value
                problems.append(sheets.too_long(sheet.title, number, column, text))
                _cell(sheet, number, column, value, fields[name])
    sheets.fit(sheet)
    sheets.filtered(sheet, NAMES, len(columns), NAMES + len(rows))
    sheet.freeze_panes = f"{letters(max(len(keys), 1) + 1)}{FIRST}"
    return problems


def _order(name: str, keys: tuple[str, ...]) -> tuple[bool, int, bool]:
    """Keys first in their order, the note last, the others as they are declared."""
    return (name not in keys, keys.index(name) if name in keys else 0, name == "note")


def _cell(sheet: Worksheet, row: int, column: int, value: Any, info: FieldInfo) -> Any:
    """A value as its column shows it."""
    numeric = kind_of(info) in (int, float)
    text = value if numeric else cell_text(value)
    return sheets.put(sheet, row, column, text, _form(info))


def _form(info: FieldInfo) -> str:
    kind = kind_of(info)
    if kind is int:
        return sheets.WHOLE
    if kind is not float:
        return sheets.TEXT
    return sheets.PERCENT if _facts(info)["unit"].startswith("share") else sheets.NUMBER


def _facts(info: FieldInfo) -> dict[str, str]:
    return dict(info.json_schema_extra or {})  # type: ignore[arg-type]


def _unit(info: FieldInfo, case: Case) -> str:
    """The unit of a column, money with the case's currency."""
    unit = _facts(info)["unit"]
    first, slash, rest = unit.partition("/")
    if first == "money":
        return f"{money_unit(case)}{slash}{rest}"
    if first == "currency" and case.currency:
        return f"{case.currency}{slash}{rest}"
    return "" if unit == "1" else unit


def _hint(info: FieldInfo, case: Case) -> str:
    unit = _unit(info, case)
    return f"[{' '.join(unit.split())}]" if unit else ""


def _default(info: FieldInfo) -> str:
    return "required" if info.is_required() else cell_text(info.default)


def _remark(info: FieldInfo, case: Case) -> str:
    """Meaning, unit, limits and default of a column."""
    facts = _facts(info)
    unit, meaning = _unit(info, case), UNITS.get(facts["unit"], "")
    allowed = allowed_text(info)
    if facts["refers"]:
        allowed = "id of a commitment" if facts["refers"] == "commitments" else facts["refers"]
        allowed += ", several as a|b" if kind_of(info) is tuple else ""
    lines = [
        f"{(info.description or '').capitalize()}.",
        f"Unit: {unit} ({meaning})." if unit else "",
        f"Takes: {allowed}.",
        "Required." if info.is_required() else f"If blank: {_default(info) or 'none'}.",
    ]
    return "\n".join(line for line in lines if line)


# Scenarios ---------------------------------------------------------------------------


def _scenarios(book: Workbook, case: Case, scenarios: Scenarios) -> list[Problem | None]:
    sheet = book.create_sheet(SCENARIOS)
    sheet.sheet_properties.tabColor = _TAB if scenarios.written else _EMPTY_TAB
    sheets.header(sheet, 1, list(COLUMNS), keys=1)
    for column, (name, text) in enumerate(COLUMNS.items(), start=1):
        sheets.remark(sheet.cell(1, column), f"{text[:1].upper()}{text[1:]}.")
        form = "General" if name in ("by", "to") else sheets.TEXT
        sheet.column_dimensions[letters(column)].number_format = form
    problems = []
    row = 1
    for row, cells in enumerate(scenario_rows(scenarios), start=2):
        for column, name in enumerate(COLUMNS, start=1):
            value = cells.get(name)
            problems.append(sheets.too_long(SCENARIOS, row, column, value))
            sheets.put(sheet, row, column, value, "General" if isinstance(value, float) else "")
    choices.offer_changes(sheet, list(COLUMNS), case)
    sheets.fit(sheet)
    sheets.filtered(sheet, 1, len(COLUMNS), row)
    sheet.freeze_panes = "B2"
    return problems
