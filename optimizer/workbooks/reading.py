"""A case's workbook in raw form: the settings, the goals, and a sheet for each table.

What planners do by hand is taken as it is meant: blank rows, hidden rows, numbers as
text, formulas with their values, dates that a spreadsheet made of months. A sheet without
rows is a table that is left out. Not here: opening the file (`optimizer.workbooks.opening`),
what is read from it (`optimizer.tables.reading`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from models.case import TABLES
from models.cells import CellError, parse
from models.paths import nearest
from models.problem import SHEET, CaseError, Problem
from models.target import Goal
from optimizer.tables.raw import Cell, Line, Place, Sections, Table
from optimizer.workbooks.cells import DateText, Sheet, letters, position
from optimizer.workbooks.layout import (
    CONTENTS,
    GOALS,
    PASSED_OVER,
    SCENARIOS,
    SECTION,
    SETTING,
    SETTINGS,
    TOP,
    VALUE,
    is_hint,
)
from optimizer.workbooks.opening import open_workbook

#: What the checks say of files and sections, as it is said of sheets.
_WORDS = {
    r"there is no (\w+)\.csv": r"sheet \1 has no rows",
    r"Add (\w+)\.csv with a row": r"Add to sheet \1 a row",
    r"Add (\w+)\.csv": r"Fill sheet \1",
    r"leave (\w+)\.csv out": r"leave sheet \1 empty",
    r"\b(\w+)\.csv\b": r"sheet \1",
    r"a \[target\] section": "the settings of section target",
    r"\[(horizon|target)\]": r"section \1",
}
_KNOWN = (SETTINGS, GOALS, *TABLES, SCENARIOS)


class Workbook:
    """One workbook, as a `Source`.

    Raises `CaseError` when it cannot be opened or is no case.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problems: list[Problem] = []
        self.sheets: dict[str, Sheet] = {}
        for sheet in open_workbook(path):
            self._sort(sheet)
        if SETTINGS not in self.sheets:
            raise CaseError([self._no_case()])

    def _sort(self, sheet: Sheet) -> None:
        """Put a sheet in its place; complain of one that looks like a table and is none."""
        name = sheet.name.strip().lower()
        if name.startswith(PASSED_OVER) or name == CONTENTS or not sheet.rows:
            return
        if name not in _KNOWN:
            rename = f"Rename it, to {PASSED_OVER}{name[:29]} if it is only for yourself"
            cure = nearest(name, _KNOWN) or rename
            reason = CellError("no table has this name", ", ".join(_KNOWN), cure)
            self.problems.append(Place(f"{SHEET}{sheet.name}").problem("", reason))
        elif name in self.sheets:
            reason = CellError(f"there is a sheet {self.sheets[name].name} too", "each table once")
            self.problems.append(Place(f"{SHEET}{sheet.name}").problem("", reason))
        else:
            self.sheets[name] = sheet

    def _no_case(self) -> Problem:
        return Problem(
            self.path.name,
            found=f"the workbook has no sheet {SETTINGS}, so it is no case",
            cure="evplan init NAME.xlsx makes a workbook to start from",
        )

    # Settings --------------------------------------------------------------

    def sections(self) -> Sections:
        """The settings and goals."""
        sheet = self.sheets[SETTINGS]
        rows = SettingRows(sheet)
        self.problems += rows.problems
        data: dict[str, Any] = dict(rows.data) if rows.whole else {}
        goals = self._goals()
        if goals.rows:
            data[GOALS] = [
                {name: cell for name, cell in line.cells.items() if name and cell}
                for line in goals.rows
            ]
        lines = [line.number for line in goals.rows]

        def place(section: str, name: str, number: int) -> Place:
            if section == GOALS or name == GOALS:
                return goals.place(lines[number] if number < len(lines) else goals.line, name)
            return rows.place(section, name)

        return Sections(data if rows.whole else None, self.path.stem, convert, place)

    def _goals(self) -> Table:
        """The goals' sheet; it is read whole, as goals are few."""
        if GOALS not in self.sheets:
            return Table(GOALS, f"{SHEET}{GOALS}")
        table = self._table(GOALS, Goal)
        if table.unnamed:
            self.problems.append(table.place(table.line).problem("", table.unnamed))
        table.rows = list(table.rows)
        return table

    # Tables ----------------------------------------------------------------

    def worded(self, problem: Problem) -> Problem:
        """A problem of the checks with sheets for its files and sections."""
        parts = {}
        for part in ("found", "allowed", "cure"):
            text = getattr(problem, part)
            for pattern, words in _WORDS.items():
                text = re.sub(pattern, words, text)
            parts[part] = text
        return replace(problem, **parts)

    def tables(self) -> Iterator[Table]:
        """The sheets of tables that have rows."""
        for name, kind in TABLES.items():
            if name in self.sheets:
                yield self._table(name, kind)

    def _table(self, name: str, kind: type[BaseModel]) -> Table:
        table = sheet_table(name, self.sheets[name], kind)
        for row, column in _merged(self.sheets[name], table.line):
            cell = f"{letters(column)}{row}"
            found = "the cell is merged with others, of which only the first holds a value"
            reason = CellError(found, "a value in each", "Unmerge them and fill each")
            self.problems.append(Place(table.where, row, cell).problem("", reason))
        return table


def convert(cell: Cell, info: FieldInfo) -> Any:
    """The value of a setting's cell."""
    text = _text(cell, info)
    if isinstance(text, CellError):
        raise text
    return parse(text, info)


def sheet_table(name: str, sheet: Sheet, kind: type[BaseModel]) -> Table:
    """A sheet as a table: the first row that is no hint has the names of the columns."""
    line = next((n for n in sorted(sheet.rows) if not _all_hints(sheet.rows[n])), 0)
    header = {column: _name(cell) for column, cell in sorted(sheet.rows.get(line, {}).items())}
    table = Table(name, f"{SHEET}{sheet.name}", list(header.values()), line)
    table.letters = {text: letters(column) for column, text in header.items()}
    below = {number: cells for number, cells in sorted(sheet.rows.items()) if number > line}
    unnamed = sorted({column for cells in below.values() for column in cells} - set(header))
    if unnamed:
        which = ", ".join(letters(column) for column in unnamed[:8])
        found = f"column {which} holds cells and has no name"
        table.unnamed = CellError(found, "a name at the top of each column", "Name or clear it")
    table.rows = _rows(below, header, kind)
    return table


def _rows(
    below: Mapping[int, Mapping[int, Cell]], header: Mapping[int, str], kind: type[BaseModel]
) -> Iterator[Line]:
    for number, cells in below.items():
        given = {name: cells.get(column, "") for column, name in header.items()}
        texts = {name: _text(cell, kind.model_fields.get(name)) for name, cell in given.items()}
        if any(texts.values()):
            yield Line(number, texts)


def _text(cell: Cell, info: FieldInfo | None) -> Cell:
    """A cell's text. A spreadsheet makes dates of months such as 2024-01: they are undone."""
    if isinstance(cell, CellError):
        return cell
    facts = info.json_schema_extra if info else None
    period = isinstance(facts, dict) and facts.get("period")
    return undated(cell) if period else cell.strip()


def undated(cell: Cell) -> Cell:
    """The month that a date was made of; any other cell as it is."""
    return cell[:7] if isinstance(cell, DateText) and cell[7:] == "-01" else cell


def _name(cell: Cell) -> str:
    return cell.found if isinstance(cell, CellError) else cell.strip()


def _all_hints(cells: Mapping[int, Cell]) -> bool:
    return all(isinstance(cell, str) and is_hint(cell.strip()) for cell in cells.values())


def _merged(sheet: Sheet, first: int) -> Iterator[tuple[int, int]]:
    """The first cell of each merged range that reaches into the table."""
    for reference in sheet.merged:
        start, _, end = reference.partition(":")
        (top, left), (bottom, _) = position(start), position(end or start)
        used = any(row in sheet.rows for row in range(max(top, first), min(bottom, top + 999) + 1))
        if bottom >= first and used:
            yield top, left


class SettingRows:
    """The settings' sheet: section, setting and value, a row each.

    ``data`` has the values as in a TOML file; blank ones are left out. ``whole`` is false
    when the sheet has no such columns.
    """

    def __init__(self, sheet: Sheet) -> None:
        self.where = f"{SHEET}{sheet.name}"
        self.problems: list[Problem] = []
        self.data: dict[str, Any] = {}
        self._places: dict[tuple[str, str], Place] = {}
        self._section = TOP
        found = ((number, _columns(cells)) for number, cells in sorted(sheet.rows.items()))
        self.line, self.columns = next(((n, c) for n, c in found if len(c) == 3), (0, {}))
        self.whole = bool(self.columns)
        if not self.whole:
            allowed = f"the columns {SECTION}, {SETTING} and {VALUE}"
            self._say(1, 0, "", CellError("there is no row with the names of columns", allowed))
        for number, cells in sorted(sheet.rows.items()):
            if self.whole and number > self.line:
                self._row(number, cells)

    def _say(self, number: int, column: int, name: str, reason: CellError) -> None:
        place = Place(self.where, number, f"{letters(column)}{number}" if column else "")
        self.problems.append(place.problem(name, reason))

    def _row(self, number: int, cells: Mapping[int, Cell]) -> None:
        section, name = (_name(cells.get(self.columns[word], "")) for word in (SECTION, SETTING))
        self._section = section = section or self._section
        value, column = cells.get(self.columns[VALUE], ""), self.columns[VALUE]
        section = "" if section == TOP else section
        full = f"{section}.{name}".strip(".")
        if not name and value:
            reason = CellError("a value without the name of its setting", "both of them")
            self._say(number, column, "", reason)
        elif (section, name) in self._places:
            reason = CellError("the setting stands twice", "each setting once", "Remove one")
            self._say(number, self.columns[SETTING], full, reason)
        elif name:
            self._places[section, name] = Place(self.where, number, f"{letters(column)}{number}")
            if section == GOALS:
                reason = CellError("goals are no settings", f"goals on a sheet {GOALS}, a row each")
                self._say(number, self.columns[SETTING], full, reason)
            elif value:
                self._keep(section, name, undated(value) if section == "horizon" else value)

    def _keep(self, section: str, name: str, value: Cell) -> None:
        target = self.data.setdefault(section, {}) if section else self.data
        if isinstance(target, dict):  # else an unknown setting has this name, which is told
            target[name] = value

    def place(self, section: str, name: str) -> Place:
        """Where a setting stands, else the first row of its section, else the sheet."""
        if (section, name) in self._places:
            return self._places[section, name]
        head = section or name
        rows = (place for (other, _), place in self._places.items() if head and other == head)
        first = next(rows, Place(self.where))
        return Place(first.where, first.line)


def _columns(cells: Mapping[int, Cell]) -> dict[str, int]:
    """The columns that are read, where a row has their names."""
    words = (SECTION, SETTING, VALUE)
    return {_name(cell).lower(): n for n, cell in cells.items() if _name(cell).lower() in words}
