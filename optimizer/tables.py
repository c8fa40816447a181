"""Reading and writing a case as a folder: one TOML file and one CSV file a table.

Everything wrong in a folder is reported at once, with file, line and column.
Not here: what rows must hold between them (`models.checks`), what the columns
are (declared in `models`).
"""

from __future__ import annotations

import csv
import io
import re
import tomllib
import types
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from models import checks
from models.base import Row
from models.case import TABLES, Case, make_case
from models.finance import Finance
from models.horizon import Horizon
from models.paths import nearest
from models.problem import CaseError, Problem
from models.target import Goal, Target
from optimizer.catalogue import CASE_FILE, find_case

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_YES = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
_GROUPS: dict[str, type[BaseModel]] = {"horizon": Horizon, "finance": Finance, "target": Target}
_MOST_BYTES = 64 * 1024 * 1024


def load_case(case: str | Path) -> Case:
    """Read a case by the name of a shipped one or the path of a folder.

    Raises `CaseError` with every problem in the folder; nothing is written.
    """
    folder = find_case(case)
    reader = _Reader(folder)
    return reader.case()


@dataclass
class _Reader:
    """Reads one folder, collecting problems on the way."""

    folder: Path
    problems: list[Problem] = field(default_factory=list)
    lines: dict[str, list[int]] = field(default_factory=dict)
    broken: dict[str, set[tuple[str, ...]]] = field(default_factory=dict)
    toml: str = ""

    def case(self) -> Case:
        parts = self._settings()
        files = {path.stem: path for path in sorted(self.folder.glob("*.csv"))}
        for stem, path in files.items():
            if stem not in TABLES:
                self._say(path.name, 0, "", "no table has this name", ", ".join(TABLES), nearest(stem, TABLES))
        for name, row in TABLES.items():
            if name in files:
                parts[name] = tuple(self._table(files[name], row))
        if not self.problems:
            try:
                return make_case(parts)
            except CaseError as error:
                raise CaseError([self._placed(problem) for problem in error.problems]) from None
        if isinstance(parts.get("horizon"), Horizon):
            partial = Case.model_construct(**parts)
            self.problems.extend(
                self._placed(problem) for problem in checks.problems_of(partial, self.broken)
            )
        raise CaseError(self.problems)

    def _say(self, file: str, line: int, column: str, found: str, allowed: str = "", cure: str = "") -> None:
        self.problems.append(Problem(file, line, column, found, allowed, cure))

    def _placed(self, problem: Problem) -> Problem:
        if problem.row is not None and problem.table in self.lines:
            return problem.at(f"{problem.table}.csv", self.lines[problem.table][problem.row])
        return problem.at(CASE_FILE, self._toml_line(problem.where, problem.column))

    # The settings ---------------------------------------------------------

    def _text(self, path: Path) -> str | None:
        try:
            raw = path.read_bytes()
        except OSError as error:
            self._say(path.name, 0, "", f"it cannot be read: {error.strerror or error}")
            return None
        if len(raw) > _MOST_BYTES:
            self._say(path.name, 0, "", f"{len(raw)} bytes", f"at most {_MOST_BYTES} bytes")
            return None
        if raw.startswith(b"\xef\xbb\xbf"):
            self._say(
                path.name,
                1,
                "",
                "the file starts with a byte order mark",
                "UTF-8 without one",
                "Save it as plain UTF-8",
            )
            raw = raw[3:]
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            line = raw.count(b"\n", 0, error.start) + 1
            self._say(
                path.name,
                line,
                "",
                f"byte {raw[error.start]:#04x} is not UTF-8",
                "UTF-8",
                "Save the file with the encoding UTF-8",
            )
            return None
        if "\0" in text:
            line = text.count("\n", 0, text.index("\0")) + 1
            self._say(path.name, line, "", "a NUL character", "text", "Save the file as UTF-8")
            return None
        return text

    def _settings(self) -> dict[str, Any]:
        text = self._text(self.folder / CASE_FILE)
        if text is None:
            return {}
        self.toml = text
        try:
            data = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            match = re.search(r"at line (\d+)", str(error))
            line = int(match[1]) if match else text.count("\n") + 1
            self._say(CASE_FILE, line, "", f"not valid TOML: {error}", "TOML", "Quote text, and write tables as [name]")
            return {}
        known = [
            name for name in Case.model_fields if name not in TABLES
        ]
        parts: dict[str, Any] = {"name": self.folder.resolve().name}
        for name, value in data.items():
            if name not in known:
                self._say(
                    CASE_FILE,
                    self._toml_line("", name),
                    name,
                    "no setting has this name",
                    ", ".join(known),
                    nearest(name, known),
                )
            elif name in _GROUPS:
                record = self._record(name, _GROUPS[name], value)
                if record is not None:
                    parts[name] = record
            elif name == "goals":
                rows = value if isinstance(value, list) else [value]
                goals = [self._record("goals", Goal, row) for row in rows]
                parts[name] = tuple(goal for goal in goals if goal is not None)
            else:
                parts[name] = value
        if "horizon" not in data:
            self._say(CASE_FILE, 0, "horizon", "there is no [horizon]", "a section with step, first and last")
        return self._checked_scalars(parts)

    def _checked_scalars(self, parts: dict[str, Any]) -> dict[str, Any]:
        """Leave out settings that pydantic refuses, each with its problem."""
        scalars = {k: v for k, v in parts.items() if k not in (*_GROUPS, "goals")}
        try:
            Case.__pydantic_validator__.validate_python({**scalars, "horizon": Horizon(first="2000Q1", last="2000Q4")})
        except ValidationError as error:
            for detail in error.errors(include_url=False):
                name = str(detail["loc"][0])
                self._say(
                    CASE_FILE,
                    self._toml_line("", name),
                    name,
                    _found(detail),
                    _allowed(detail),
                )
                parts.pop(name, None)
        return parts

    def _record(self, section: str, kind: type[BaseModel], value: Any) -> BaseModel | None:
        if not isinstance(value, dict):
            self._say(CASE_FILE, self._toml_line("", section), section, "it is not a section", f"[{section}] and its settings")
            return None
        unknown = [name for name in value if name not in kind.model_fields]
        for name in unknown:
            self._say(
                CASE_FILE,
                self._toml_line(section, name),
                f"{section}.{name}",
                "no setting has this name",
                ", ".join(kind.model_fields),
                nearest(name, kind.model_fields),
            )
        try:
            return kind.model_validate({k: v for k, v in value.items() if k not in unknown})
        except ValidationError as error:
            for detail in error.errors(include_url=False):
                name = str(detail["loc"][0]) if detail["loc"] else ""
                self._say(
                    CASE_FILE,
                    self._toml_line(section, name),
                    f"{section}.{name}",
                    _found(detail),
                    _allowed(detail),
                )
        return None

    def _toml_line(self, section: str, name: str) -> int:
        """The line of a setting, of its section, or 0."""
        here = ""
        of_section = 0
        for number, line in enumerate(self.toml.splitlines(), start=1):
            header = re.match(r"\s*\[+\s*([\w.-]+)\s*\]+", line)
            if header:
                here = header[1]
                if here in (section, name):
                    of_section = of_section or number
            elif here == section and re.match(rf"\s*[\"']?{re.escape(name)}[\"']?\s*=", line):
                return number
        return of_section

    # The tables -----------------------------------------------------------

    def _table(self, path: Path, kind: type[Row]) -> Iterator[Row]:
        self.lines[kind.table] = []
        self.broken[kind.table] = set()
        text = self._text(path)
        if text is None:
            self.broken[kind.table].add(())
            return
        records = csv.reader(io.StringIO(text, newline=""), strict=True)
        try:
            header = self._header(path.name, next(records, []), kind)
            if header is None:
                self.broken[kind.table].add(())
                return
            end = records.line_num
            for cells in records:
                line, end = end + 1, records.line_num
                row = self._row(path.name, line, header, cells, kind)
                if row is not None:
                    self.lines[kind.table].append(line)
                    yield row
        except csv.Error as error:
            self.broken[kind.table].add(())
            self._say(path.name, records.line_num, "", f"not readable as CSV: {error}", "cells separated by commas, quotes in pairs")

    def _header(self, file: str, cells: list[str], kind: type[Row]) -> list[str] | None:
        header = [cell.strip() for cell in cells]
        columns = list(kind.model_fields)
        required = [name for name, info in kind.model_fields.items() if info.is_required()]
        if not any(header):
            self._say(file, 1, "", "the first line has no column names", ",".join(required))
            return None
        for sign, name in ((";", "semicolons"), ("\t", "tabs")):
            if len(header) == 1 and sign in cells[0] and len(columns) > 1:
                self._say(
                    file,
                    1,
                    "",
                    f"columns are separated by {name}",
                    "commas",
                    "Save the table as comma separated, with a point in decimals",
                )
                return None
        sound = True
        for name in dict.fromkeys(header):
            if header.count(name) > 1:
                self._say(file, 1, name, f"the column stands {header.count(name)} times", "each column once")
                sound = False
            if name not in columns:
                self._say(file, 1, name or "(no name)", "no column has this name", ", ".join(columns), nearest(name, columns))
        for name in required:
            if name not in header:
                self._say(file, 1, name, "the column is missing", ", ".join(required), f"Add it: {kind.model_fields[name].description}")
                sound = False
        return header if sound else None

    def _row(self, file: str, line: int, header: list[str], cells: list[str], kind: type[Row]) -> Row | None:
        if not any(cell.strip() for cell in cells):
            self._say(file, line, "", "the line is blank", "a row on every line", "Remove the line")
            return None
        values: dict[str, Any] = {}
        sound = True
        if len(cells) != len(header):
            self._say(
                file,
                line,
                "",
                f"{len(cells)} cells under {len(header)} columns",
                f"{len(header)} cells",
                "Quote cells that hold a comma",
            )
            sound = False
        for name, cell in zip(header, cells, strict=False):
            info = kind.model_fields.get(name)
            if info is None:
                continue
            cell = cell.strip()
            if not cell:
                if info.is_required():
                    self._say(file, line, name, "the cell is blank", info.description or "", "Fill it")
                    sound = False
                continue
            try:
                values[name] = _parse(cell, info.annotation)
            except ValueError as error:
                found, allowed, cure = error.args
                self._say(file, line, name, found, allowed, cure)
                sound = False
        if sound:
            try:
                return kind.model_validate(values)
            except ValidationError as error:
                for detail in error.errors(include_url=False):
                    column = str(detail["loc"][0]) if detail["loc"] else ""
                    self._say(file, line, column, _found(detail), _allowed(detail))
        key = tuple(str(values[name]) for name in kind.keys if name in values)
        self.broken[kind.table].add(key)
        return None


def _parse(cell: str, annotation: Any) -> Any:
    """A cell as the column's type; `ValueError` of found, allowed and cure."""
    kind = _plain(annotation)
    if kind is bool:
        if cell.lower() not in _YES:
            raise ValueError(f"{cell!r} is neither yes nor no", "yes or no", "")
        return _YES[cell.lower()]
    if kind not in (int, float):
        return cell
    if not _NUMBER.fullmatch(cell):
        cure = "Write digits with a point for decimals"
        if cell.endswith("%"):
            cure = "Write a percentage as a part of 1, such as 0.12"
        elif "," in cell:
            cure = "Leave out separators of thousands, and write a point for decimals"
        elif cell.lower().lstrip("+-") in ("nan", "inf", "infinity", "na", "n/a", "null", "none"):
            cure = "Leave the cell blank where the column allows it"
        raise ValueError(f"{cell!r} is not a number", "a plain number", cure)
    number = float(cell)
    if number in (float("inf"), float("-inf")):
        raise ValueError(f"{cell} is too large", "a finite number", "")
    if kind is int:
        if number != int(number):
            raise ValueError(f"{cell} is not a whole number", "a whole number", "")
        return int(number)
    return number


def _plain(annotation: Any) -> Any:
    """The type without ``| None`` and annotations."""
    if get_origin(annotation) in (Union, types.UnionType):
        inner = [part for part in get_args(annotation) if part is not type(None)]
        return _plain(inner[0])
    return annotation


def _found(detail: Any) -> str:
    """What pydantic found, in words of a table's author."""
    value = detail.get("input")
    shown = f"{value:g}" if isinstance(value, float) else f"{value!r}"
    limits = detail.get("ctx") or {}
    kind = detail["type"]
    if kind == "missing":
        return "it is missing"
    if kind == "extra_forbidden":
        return "no setting has this name"
    for name, words in (("ge", "below"), ("gt", "not above"), ("le", "above"), ("lt", "not below")):
        if name in limits:
            return f"{shown[:60]} is {words} {limits[name]:g}"
    if kind == "finite_number":
        return f"{shown} is not a finite number"
    if kind == "literal_error":
        return f"{shown[:60]} is not known"
    message = str(detail["msg"]).removeprefix("Value error, ")
    return f"{shown[:60]}: {message[:1].lower()}{message[1:]}"


def _allowed(detail: Any) -> str:
    limits = detail.get("ctx") or {}
    for name, words in (("ge", "or more"), ("le", "or less")):
        if name in limits:
            return f"{limits[name]:g} {words}"
    for name, words in (("gt", "more than"), ("lt", "less than")):
        if name in limits:
            return f"{words} {limits[name]:g}"
    return str(limits.get("expected", ""))


# Writing -------------------------------------------------------------------


def save_case(case: Case, folder: str | Path) -> None:
    """Write a case as a folder that `load_case` reads back equal.

    Columns in which every row has the default are left out. The folder is made
    if needed; files of the same names in it are replaced.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CASE_FILE).write_text(settings_text(case), encoding="utf-8", newline="\n")
    for name in TABLES:
        rows = case.rows(name)
        if rows:
            (folder / f"{name}.csv").write_text(table_text(rows), encoding="utf-8", newline="")


def settings_text(case: Case) -> str:
    """The case's settings as TOML."""
    import tomli_w

    data: dict[str, Any] = {}
    for name in Case.model_fields:
        value = getattr(case, name)
        if name in TABLES or value is None or value == ():
            continue
        if isinstance(value, BaseModel):
            value = value.model_dump(exclude_defaults=True, exclude_none=True)
        elif name == "goals":
            value = [goal.model_dump(exclude_defaults=True, exclude_none=True) for goal in case.goals]
        data[name] = value
    return tomli_w.dumps(data)


def table_text(rows: tuple[Row, ...]) -> str:
    """Rows of one table as CSV."""
    kind = type(rows[0])
    shown = [
        name
        for name, info in kind.model_fields.items()
        if name in kind.keys or info.is_required() or any(getattr(row, name) != info.default for row in rows)
    ]
    shown.sort(key=lambda name: (name not in kind.keys, name == "note"))
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(shown)
    for row in rows:
        writer.writerow([cell_text(getattr(row, name)) for name in shown])
    return out.getvalue()


def cell_text(value: Any) -> str:
    """A value as a cell that reads back equal."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return "|".join(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return str(value)
