"""The scenarios of a case on a sheet: a row for each change, in the order of the changes.

What a scenario states of itself (title, reason, what it extends) stands in its first row.
Several paths of a change stand in one cell, a line each. A value that is text in quotes or
a list in brackets is written as in TOML: ``""`` is a blank cell. Not here: what scenarios
and changes are (`models.scenario`, `models.change`).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import tomli_w

from models.cells import CellError
from models.problem import SHEET, Problem
from models.scenario import Scenario
from models.scenarios import Scenarios
from optimizer.tables.raw import Cell, Place
from optimizer.workbooks.cells import DateText, NumberText, Sheet, YesNoText, letters
from optimizer.workbooks.layout import SCENARIOS, is_hint
from optimizer.workbooks.opening import open_workbook
from optimizer.workbooks.reading import undated

#: Columns of the sheet, with what each is for.
COLUMNS: dict[str, str] = {
    "scenario": "what it is called by; one scenario may have several rows, one for each change",
    "title": "name to show; in the first row of a scenario",
    "reason": "why it may come to pass, and where its numbers are from; in its first row",
    "extends": "scenarios that are applied before its own changes, as a, b; in its first row",
    "change": "what is done: set, scale, add, shift, remove, forbid or force",
    "paths": "what it is done to, a path on each line, such as markets.germany.max_share",
    "to": 'only set: the new value; "" in quotes is a blank cell',
    "by": "only scale, add and shift: factor, amount or number of periods",
    "at": "only force: the only period in which it may start",
    "from": "only set, scale and add: first period in which it acts",
    "until": "only set, scale and add: last period in which it acts",
}
_OF_ITSELF = ("title", "reason", "extends")
_BESIDE = ("to", "by", "at", "from", "until")


def read_scenarios(path: Path) -> ScenarioSheet:
    """The scenarios' sheet of a workbook; one without rows where there is none."""
    sheets = open_workbook(path)
    found = (sheet for sheet in sheets if sheet.name.strip().lower() == SCENARIOS)
    return ScenarioSheet(next(found, Sheet(SCENARIOS)))


class ScenarioSheet:
    """A sheet as the data of a scenario file, and where everything stands in it."""

    def __init__(self, sheet: Sheet) -> None:
        self.where = f"{SHEET}{sheet.name}"
        self.data: dict[str, dict[str, Any]] = {}
        self.problems: list[Problem] = []
        self._rows: dict[tuple[str, str], int] = {}
        self._changes: dict[str, list[int]] = {}
        self._columns: dict[str, int] = {}
        self._name = ""
        for number, cells in sorted(sheet.rows.items()):
            if self._columns:
                self._row(number, cells)
            elif not all(isinstance(c, str) and is_hint(c.strip()) for c in cells.values()):
                self._header(number, cells)

    def line(self, name: str, key: str = "") -> int:
        """The row of a scenario, or of one of its settings."""
        return self._rows.get((name, key)) or self._rows.get((name, ""), 0)

    def entries(self, name: str) -> list[int]:
        """The rows of a scenario's changes."""
        return self._changes.get(name, [])

    def _say(self, number: int, name: str, reason: CellError) -> None:
        column = self._columns.get(name, 0)
        cell = f"{letters(column)}{number}" if column else ""
        self.problems.append(Place(self.where, number, cell).problem(name, reason))

    def _header(self, number: int, cells: Mapping[int, Cell]) -> None:
        self._columns = {str(cell).strip().lower(): n for n, cell in sorted(cells.items())}
        for name in self._columns:
            if name not in (*COLUMNS, "note"):
                self._say(number, name, CellError("no column has this name", ", ".join(COLUMNS)))
        if "scenario" not in self._columns:
            self._say(number, "", CellError("there is no column scenario", ", ".join(COLUMNS)))

    def _row(self, number: int, cells: Mapping[int, Cell]) -> None:
        given: dict[str, Cell] = {}
        for name, column in self._columns.items():
            cell = cells.get(column, "")
            if isinstance(cell, CellError):
                self._say(number, name, cell)
            elif cell.strip() and name in COLUMNS:
                given[name] = cell
        if not given:
            return
        self._name = name = str(given.pop("scenario", self._name)).strip()
        if not name:
            self._say(number, "scenario", CellError("the row has no scenario", "a name"))
            return
        section = self.data.setdefault(name, {})
        self._rows.setdefault((name, ""), number)
        for key in _OF_ITSELF:
            if key in given:
                self._state(number, section, name, key, str(given.pop(key)).strip())
        if given:
            section.setdefault("changes", []).append(self._entry(number, given))
            self._changes.setdefault(name, []).append(number)

    def _state(self, number: int, section: dict[str, Any], name: str, key: str, text: str) -> None:
        value = [part for part in re.split(r"[,\s]+", text) if part] if key == "extends" else text
        if section.setdefault(key, value) != value:
            reason = CellError(f"{name} has another {key} above", f"one {key}", "Remove one")
            self._say(number, key, reason)
        self._rows.setdefault((name, key), number)

    def _entry(self, number: int, given: Mapping[str, Cell]) -> dict[str, Any]:
        entry: dict[str, Any] = {}
        operation, paths = str(given.get("change", "")).strip(), str(given.get("paths", ""))
        listed = literal(paths.strip())
        if not isinstance(listed, list):
            listed = [path.strip() for path in paths.splitlines() if path.strip()]
        if operation:
            entry[operation] = listed
        elif listed:
            self._say(number, "change", CellError("no operation", "one such as set or scale"))
        for name in _BESIDE:
            if name in given:
                try:
                    entry[name] = _value(name, given[name])
                except CellError as error:
                    self._say(number, name, error)
        return entry


def _value(name: str, cell: Cell) -> Any:
    """A cell beside a change: a number, true or false, text, or a list of names."""
    if isinstance(cell, CellError):
        raise cell
    text = cell.strip()
    if name == "by" or isinstance(cell, NumberText):
        try:
            return int(text) if re.fullmatch(r"-?[0-9]+", text) else float(text)
        except ValueError:
            raise CellError(f"{text[:60]!r} is not a number", "a number") from None
    if isinstance(cell, YesNoText):
        return text == "TRUE"
    if isinstance(cell, DateText):
        return undated(cell)
    return literal(text) if name == "to" else text


def literal(text: str) -> Any:
    """Text in quotes or a list in brackets, read as TOML; any other text as it is."""
    if text.startswith(('"', "[")):
        try:
            value = tomllib.loads(f"x = {text}")
        except (ValueError, RecursionError):
            return text
        if len(value) == 1 and isinstance(value["x"], (str, list)):
            return value["x"]
    return text


# Writing -------------------------------------------------------------------------


def scenario_rows(scenarios: Scenarios) -> Iterator[dict[str, Any]]:
    """The rows of the sheet: cells by column, those that are blank left out."""
    for scenario in scenarios.written:
        rows = [_row(change) for change in _entries(scenario)] or [{}]
        rows[0] |= {name: getattr(scenario, name) for name in ("title", "reason")}
        rows[0]["extends"] = ", ".join(scenario.extends)
        for row in rows:
            row = {"scenario": scenario.name, **row}
            yield {name: value for name, value in row.items() if value != ""}


def _entries(scenario: Scenario) -> list[dict[str, Any]]:
    from optimizer.scenarios import entry_of

    return [entry_of(change) for change in scenario.changes]


def _row(entry: dict[str, Any]) -> dict[str, Any]:
    operation = next(iter(entry))
    paths = entry.pop(operation)
    row = {"change": operation, "paths": _listed((paths,) if isinstance(paths, str) else paths)}
    if "to" in entry:
        row["to"] = _written(entry.pop("to"))
    return row | entry


def _listed(paths: tuple[str, ...]) -> str:
    """Paths as the text of a cell that reads back so."""
    text = "\n".join(paths)
    plain = text.splitlines() == list(paths) and not isinstance(literal(text), list)
    return text if plain else _toml(list(paths))


def _written(value: Any) -> Any:
    """A new value as a cell that reads back equal."""
    if isinstance(value, tuple):
        return _toml(list(value))
    if isinstance(value, str) and (not value or literal(value) != value):
        return _toml(value)
    return value


def _toml(value: Any) -> str:
    text = tomli_w.dumps({"x": value}).removeprefix("x = ").strip()
    return " ".join(line.strip() for line in text.splitlines())
