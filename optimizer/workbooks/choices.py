"""Drop-downs and limits of cells: what a column chooses from, and the names it refers to.

A column that refers to a table with one key lists what that table holds at the time, so
that a new market is offered at once. Names of other tables, ids of commitments and periods
are listed on a hidden sheet as they were when the workbook was written: they are offered,
and others are taken too. `evplan check` has the last word on all of them.
"""

from __future__ import annotations

from openpyxl import Workbook
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet
from pydantic.fields import FieldInfo

from models.case import TABLES, Case
from models.cells import cell_text, kind_of, limits_of, range_text, words_of
from models.change import OPERATIONS
from optimizer.workbooks import sheets
from optimizer.workbooks.cells import letters
from optimizer.workbooks.layout import LISTS

#: Rows below the header for which a column offers its choices.
_LAST = 5000
_COMMITMENTS, _PERIODS = "commitments", "periods"


def below(column: int, first: int) -> str:
    """The cells of a column from a row on."""
    return f"{letters(column)}{first}:{letters(column)}{_LAST}"


def offer(sheet: Worksheet, cells: str, info: FieldInfo, case: Case) -> None:
    """Give cells the drop-down or the limits of their column."""
    facts = dict(info.json_schema_extra or {})  # type: ignore[arg-type]
    kind, refers = kind_of(info), str(facts["refers"])
    words = ("yes", "no") if kind is bool else words_of(info)
    if words:
        _add(sheet, cells, _listed(words), "stop", f"Choose one of: {', '.join(words)}.")
    elif refers:
        source = _source(refers, case)
        strict = "warning" if refers in TABLES and kind is not tuple else ""
        _add(sheet, cells, source, strict, f"There is no such row in {refers}.")
    elif facts["period"] == "inside":
        _add(sheet, cells, _source(_PERIODS, case), "", "")
    elif kind in (int, float):
        _limit(sheet, cells, info)


def offer_changes(sheet: Worksheet, columns: list[str], case: Case) -> None:
    """Drop-downs of the scenarios' sheet."""
    place = {name: below(number, 2) for number, name in enumerate(columns, start=1)}
    words = ", ".join(OPERATIONS)
    _add(sheet, place["change"], _listed(OPERATIONS), "stop", f"Choose one of: {words}.")
    for name in ("at", "from", "until"):
        _add(sheet, place[name], _source(_PERIODS, case), "", "")


def _listed(words: tuple[str, ...]) -> str:
    return f'"{",".join(words)}"'


def _source(name: str, case: Case) -> str:
    """Where the names of a table stand."""
    if name in TABLES and len(TABLES[name].keys) == 1:
        first = f"{name}!$A$3"
        return f"OFFSET({first},0,0,MAX(1,COUNTA({first}:$A${_LAST})),1)"
    column = letters(list(_lists(case)).index(name) + 1)
    return f"{LISTS}!${column}$2:${column}${1 + max(len(_lists(case)[name]), 1)}"


def _lists(case: Case) -> dict[str, list[str]]:
    """Names that are listed on the hidden sheet."""
    shared = [name for name, kind in TABLES.items() if len(kind.keys) > 1]
    names = {name: list(dict.fromkeys(row.key[0] for row in case.rows(name))) for name in shared}
    return {
        _PERIODS: list(case.horizon.labels),
        _COMMITMENTS: list(case.commitments),
        **{name: names[name] for name in ("ramps", "resources")},
    }


def write_lists(book: Workbook, case: Case) -> None:
    """The hidden sheet with names for drop-downs."""
    sheet = book.create_sheet(LISTS)
    sheet.sheet_state = "hidden"
    for column, (name, words) in enumerate(_lists(case).items(), start=1):
        sheets.put(sheet, 1, column, name)
        for row, word in enumerate(words, start=2):
            sheets.put(sheet, row, column, word)


def _limit(sheet: Worksheet, cells: str, info: FieldInfo) -> None:
    """Refuse numbers that are out of range while they are typed."""
    limits = {name: cell_text(float(value)) for name, value in limits_of(info).items()}
    low, high = limits.get("ge", limits.get("gt")), limits.get("le", limits.get("lt"))
    if low is None or high is None:
        return
    kind = "whole" if kind_of(info) is int else "decimal"
    rule = DataValidation(type=kind, operator="between", formula1=low, formula2=high)
    _finish(sheet, rule, cells, "stop", f"Type a number {range_text(info)}.")


def _add(sheet: Worksheet, cells: str, source: str, style: str, message: str) -> None:
    _finish(sheet, DataValidation(type="list", formula1=source), cells, style, message)


def _finish(sheet: Worksheet, rule: DataValidation, cells: str, style: str, message: str) -> None:
    rule.allow_blank = True
    rule.showErrorMessage = bool(style)
    if style:
        rule.errorStyle, rule.error, rule.errorTitle = style, message[:250], "evplan"
    rule.add(cells)
    sheet.add_data_validation(rule)
