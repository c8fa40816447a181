"""Reading a case from its raw form: every name, value and reference is checked here.

Everything wrong is reported at once, with its place. Not here: where the raw form comes
from (`optimizer.tables.folders`, `optimizer.workbooks.reading`), what rows must hold
between them (`models.checks`), what the columns are (declared in `models`), how text
becomes a value (`models.cells`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Generator, Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from models import checks
from models.base import Row
from models.case import PARTS, TABLES, Case, make_case
from models.cells import CellError, parse, refusals, shown
from models.paths import nearest
from models.problem import CaseError, Problem
from models.settings import Settings
from optimizer.tables.raw import Line, Sections, Source, Table, Unreadable

#: Problems of one table after which reading it stops.
MOST_PROBLEMS = 200


def read_case(source: Source) -> Case:
    """The case of a folder or workbook; raises `CaseError` with every problem in it."""
    return _Reader(source).case()


class _Reader:
    """Reads one source, collecting problems on the way.

    ``lines`` are the lines of a table's rows, ``broken`` the keys of rows that
    could not be read (see `models.check_kit`).
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.problems = source.problems
        self.sections: Sections = source.sections()
        self.tables: dict[str, Table] = {}
        self.lines: dict[str, list[int]] = {}
        self.broken: dict[str, set[tuple[str, ...]]] = {}

    def case(self) -> Case:
        parts = self._settings()
        for table in self.source.tables():
            self.tables[table.name] = table
            self.lines[table.name] = []
            self.broken[table.name] = set()
            rows = tuple(self._table(table, TABLES[table.name]))
            if rows or table.empty:  # an empty sheet is a table that is left out
                parts[table.name] = rows
        if not self.problems:
            try:
                return make_case(parts)
            except CaseError as error:
                raise CaseError([self._placed(problem) for problem in error.problems]) from None
        partial = Case.model_construct(**parts)
        found = checks.problems_of(partial, self.broken)
        raise CaseError([*self.problems, *(self._placed(problem) for problem in found)])

    def _placed(self, problem: Problem) -> Problem:
        """A problem of the checks, with the place of what it speaks of."""
        problem = self.source.worded(problem)
        if problem.row is not None and problem.table in self.lines:
            line = self.lines[problem.table][problem.row]
            place = self.tables[problem.table].place(line, problem.column)
            return replace(problem, where=place.where, line=place.line, cell=place.cell)
        section = "" if problem.where == "case" else problem.where
        place = self.sections.place(section, problem.column, problem.row or 0)
        column = f"{section}.{problem.column}" if section else problem.column
        return replace(problem, where=place.where, line=place.line, cell=place.cell, column=column)

    # Settings --------------------------------------------------------------

    def _refuse_setting(self, section: str, name: str, number: int, reason: CellError) -> None:
        place = self.sections.place(section, name, number)
        self.problems.append(place.problem(f"{section}.{name}".strip("."), reason))

    def _settings(self) -> dict[str, Any]:
        data = self.sections.data
        if data is None:
            self.broken.update({name: {()} for name in (*PARTS, *Settings.model_fields)})
            return {}
        parts: dict[str, Any] = {}
        known = [*Settings.model_fields, *PARTS]
        for name in data:
            if name not in known:
                allowed, cure = ", ".join(known), nearest(name, known)
                reason = CellError("no setting has this name", allowed, cure)
                self._refuse_setting("", name, 0, reason)
                self.broken.update({word: {()} for word in get_close_matches(name, PARTS, 1, 0.5)})
        plain = {name: data[name] for name in Settings.model_fields if name in data}
        record = self._record("", Settings, plain)
        if record is not None:
            parts.update({name: getattr(record, name) for name in Settings.model_fields})
            if "name" not in plain:
                parts["name"] = self._default_name()
        for name, kind in PARTS.items():
            if name not in data:
                continue
            rows = data[name] if name == "goals" and isinstance(data[name], list) else [data[name]]
            made = [self._record(name, kind, row, number) for number, row in enumerate(rows)]
            if None in made:
                self.broken[name] = {()}
            else:
                parts[name] = tuple(made) if name == "goals" else made[0]
        if "horizon" not in data and "horizon" not in self.broken:
            where = self.sections.place("", "", 0).where
            allowed = "[horizon] with step, first and last"
            missing = Problem(where, 0, "horizon", "the section is missing", allowed, "Add it")
            self.problems.append(self.source.worded(missing))
        return parts

    def _default_name(self) -> str:
        """The name of a case that states none: its folder's or file's, where that can be one."""
        try:
            return Settings(name=self.sections.name).name
        except ValidationError:
            return "case"

    def _record(
        self, section: str, kind: type[BaseModel], data: Any, number: int = 0
    ) -> BaseModel | None:
        """One section as its record; none, with problems, where it is not sound."""
        if not isinstance(data, dict):
            form = "[[goals]]" if section == "goals" else f"[{section}]"
            found = f"{shown(data)} is not a section"
            reason = CellError(found, f"{form} and its settings below it")
            self._refuse_setting("", section, 0, reason)
            return None
        values: dict[str, Any] = {}
        unknown = [name for name in data if name not in kind.model_fields]
        faults = {name: _no_setting(name, kind) for name in unknown}
        for name, info in kind.model_fields.items():
            if name in data:
                try:
                    values[name] = self.sections.convert(data[name], info)
                except CellError as error:
                    faults[name] = error
        record, refused = _made(kind, values, faults, _meant(unknown, kind, data))
        for name, reason in {**faults, **refused}.items():
            self._refuse_setting(section, name, number, reason)
        return record

    # Tables ----------------------------------------------------------------

    def _refuse(self, table: Table, line: int, column: str, reason: CellError) -> None:
        self.problems.append(table.place(line, column).problem(column, reason))

    def _table(self, table: Table, kind: type[Row]) -> Iterator[Row]:
        if not table.whole or not (yield from self._rows(table, kind)):
            self.broken[kind.table].add(())

    def _rows(self, table: Table, kind: type[Row]) -> Generator[Row, None, bool]:
        """The sound rows of a table; returns whether it was read to its end."""
        before = len(self.problems)
        if not self._header(table, kind):
            return False
        try:
            for line in table.rows:
                row = self._row(table, line, kind)
                if row is not None:
                    self.lines[kind.table].append(line.number)
                    yield row
                if len(self.problems) - before >= MOST_PROBLEMS:
                    reason = CellError("too many problems: what follows was not read")
                    self._refuse(table, line.number, "", reason)
                    return False
        except Unreadable as error:
            self._refuse(table, error.line, "", error.reason)
            return False
        if table.empty and not self.lines[kind.table] and len(self.problems) == before:
            self._refuse(table, table.line, "", table.empty)
        return True

    def _header(self, table: Table, kind: type[BaseModel]) -> bool:
        """Check the names of the columns; false where rows cannot be read with them."""
        columns = list(kind.model_fields)
        required = [name for name, info in kind.model_fields.items() if info.is_required()]
        if table.unnamed:
            self._refuse(table, table.line, "", table.unnamed)
        counts = Counter(name for name in table.names if name)
        for name in counts:
            if name not in columns:
                cure = nearest(name, columns) or "Remove the column, or use the column note"
                reason = CellError("no column has this name", ", ".join(columns), cure)
                self._refuse(table, table.line, name, reason)
            elif counts[name] > 1:
                found = f"the column stands {counts[name]} times"
                reason = CellError(found, "each column once", "Remove all but one")
                self._refuse(table, table.line, name, reason)
        unknown = [name for name in counts if name not in columns]
        missing = [name for name in required if name not in counts]
        meant = _meant(unknown, kind, counts)
        for name in missing:
            if name not in meant:
                cure = f"Add it: {kind.model_fields[name].description}"
                reason = CellError("the column is missing", ", ".join(required), cure)
                self._refuse(table, table.line, name, reason)
        return not missing and not any(counts[name] > 1 for name in columns)

    def _row(self, table: Table, line: Line, kind: type[Row]) -> Row | None:
        given = {name: cell for name, cell in line.cells.items() if name in kind.model_fields}
        row = None
        if line.fault:
            self._refuse(table, line.number, "", line.fault)
        else:
            row = self._read(table, line.number, given, kind)
        if row is None and line.cells:
            keys = (given.get(name) for name in kind.keys)
            self.broken[kind.table].add(tuple(key for key in keys if key and isinstance(key, str)))
        return row

    def _read(
        self, table: Table, line: int, given: Mapping[str, str | CellError], kind: type[Row]
    ) -> Row | None:
        values: dict[str, Any] = {}
        faults: dict[str, CellError] = {}
        for name, cell in given.items():
            info = kind.model_fields[name]
            try:
                if isinstance(cell, CellError):
                    raise cell
                if cell or info.is_required():
                    values[name] = parse(cell, info)
            except CellError as error:
                faults[name] = error
        row, refused = _made(kind, values, faults, set())
        for name, reason in {**faults, **refused}.items():
            self._refuse(table, line, name, reason)
        return row


Record = TypeVar("Record", bound=BaseModel)


def _made(
    kind: type[Record], values: Mapping[str, Any], faults: Mapping[str, CellError], meant: set[str]
) -> tuple[Record | None, dict[str, CellError]]:
    """A record of these values, and what it refused beside the ``faults`` known already."""
    try:
        record = kind.model_validate(values)
    except ValidationError as error:
        known = {*faults, *meant}
        return None, {name: why for name, why in refusals(error, kind) if name not in known}
    return (None if faults else record), {}


def _meant(unknown: list[str], kind: type[BaseModel], given: Collection[str]) -> set[str]:
    """Required names that are missing because they are misspelt as one of ``unknown``."""
    missing = [n for n, info in kind.model_fields.items() if info.is_required() and n not in given]
    return {name for word in unknown for name in get_close_matches(word, missing, 1, 0.5)}


def _no_setting(name: str, kind: type[BaseModel]) -> CellError:
    known = list(kind.model_fields)
    return CellError("no setting has this name", ", ".join(known), nearest(name, known))
