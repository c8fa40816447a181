"""Reading and writing a case as a folder: one TOML file and one CSV file a table.

Everything wrong in a folder is reported at once, with file, line and column.
Not here: what rows must hold between them (`models.checks`), what the columns
are (declared in `models`), how text becomes a value (`models.cells`).
"""

from __future__ import annotations

import csv
import io
import re
import tomllib
from collections import Counter
from collections.abc import Collection, Generator, Iterator, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

import tomli_w
from pydantic import BaseModel, ValidationError

from models import checks
from models.base import Row
from models.case import PARTS, TABLES, Case, make_case
from models.cells import CellError, cell_text, parse, refusals, shown, typed
from models.paths import nearest
from models.problem import CaseError, Problem
from models.settings import Settings
from optimizer.catalogue import CASE_FILE, find_case

__all__ = [
    "SettingLines",
    "cell_text",
    "load_case",
    "read_toml",
    "save_case",
    "settings_text",
    "table_text",
]

#: Largest file that is not taken for a slip.
MOST_BYTES = 16 * 1024 * 1024
#: Problems of one file after which reading it stops.
MOST_PROBLEMS = 200
#: Endings of files that look like tables but are not read.
_OTHER_ENDINGS = (".xlsx", ".xls", ".ods", ".tsv", ".txt", ".csv")
_UTF8 = "Save the file with the encoding UTF-8"


def load_case(case: str | Path) -> Case:
    """Read a case by the name of a shipped one or the path of a folder.

    Raises `CaseError` with every problem in the folder; nothing is written.
    """
    return _Reader(find_case(case)).case()


def read_toml(path: Path) -> tuple[str, dict[str, Any]]:
    """A TOML file as text and as data.

    Raises `CaseError` for a file that cannot be read, decoded or parsed.
    """
    reader = _Reader(path.parent)
    text = reader._text(path)
    data = None if text is None else reader._toml(text, path.name)
    if reader.problems or text is None or data is None:
        raise CaseError(reader.problems)
    return text, data


@dataclass
class _Reader:
    """Reads one folder, collecting problems on the way.

    ``lines`` are the lines of a table's rows, ``broken`` the keys of rows that
    could not be read (see `models.check_kit`).
    """

    folder: Path
    problems: list[Problem] = field(default_factory=list)
    lines: dict[str, list[int]] = field(default_factory=dict)
    broken: dict[str, set[tuple[str, ...]]] = field(default_factory=dict)
    settings: SettingLines = field(default_factory=lambda: SettingLines(""))

    def case(self) -> Case:
        parts = self._settings()
        for name, path in self._files().items():
            self.lines[name] = []
            self.broken[name] = set()
            parts[name] = tuple(self._table(path, TABLES[name]))
        if not self.problems:
            try:
                return make_case(parts)
            except CaseError as error:
                raise CaseError([self._placed(problem) for problem in error.problems]) from None
        partial = Case.model_construct(**parts)
        found = checks.problems_of(partial, self.broken)
        raise CaseError([*self.problems, *(self._placed(problem) for problem in found)])

    def _say(
        self, file: str, line: int, column: str, found: str, allowed: str = "", cure: str = ""
    ) -> None:
        self.problems.append(Problem(file, line, column, found, allowed, cure))

    def _refuse(self, file: str, line: int, column: str, reason: CellError) -> None:
        self._say(file, line, column, reason.found, reason.allowed, reason.cure)

    def _placed(self, problem: Problem) -> Problem:
        """A problem of the checks, with its file and line."""
        if problem.row is not None and problem.table in self.lines:
            return problem.at(f"{problem.table}.csv", self.lines[problem.table][problem.row])
        section = "" if problem.where == "case" else problem.where
        line = self.settings.line(section, problem.column, problem.row or 0)
        column = f"{section}.{problem.column}" if section else problem.column
        return replace(problem, where=CASE_FILE, line=line, column=column)

    # Files ----------------------------------------------------------------

    def _files(self) -> dict[str, Path]:
        """The files of tables; complains of files that look like one and are not."""
        files: dict[str, Path] = {}
        try:
            paths = sorted(self.folder.iterdir())
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            self._say(str(self.folder), 0, "", f"the folder cannot be listed: {reason}")
            paths = []
        for path in paths:
            if path.name.startswith("."):
                continue
            if path.suffix == ".csv" and path.stem in TABLES:
                files[path.stem] = path
            elif path.suffix == ".csv":
                close = nearest(path.stem, TABLES)
                cure = close or "Rename the file, or move it elsewhere"
                self._say(path.name, 0, "", "no table has this name", ", ".join(TABLES), cure)
            elif path.suffix.lower() in _OTHER_ENDINGS and path.stem.lower() in TABLES:
                name = f"{path.stem.lower()}.csv"
                cure = f"Save the table as {name}, or move the file elsewhere"
                self._say(path.name, 0, "", "this file is not read", name, cure)
        return {name: files[name] for name in TABLES if name in files}

    def _text(self, path: Path) -> str | None:
        """The text of a file; none, with a problem, where there is none."""
        try:
            if path.exists() and not path.is_file():
                found = "it is a folder" if path.is_dir() else "it is not an ordinary file"
                self._say(path.name, 0, "", found, "a file", "Move it elsewhere")
                return None
            size = path.stat().st_size
            if size > MOST_BYTES:
                self._say(path.name, 0, "", f"{size} bytes", f"at most {MOST_BYTES} bytes")
                return None
            raw = path.read_bytes()
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            self._say(path.name, 0, "", f"it cannot be read: {reason}", "a file that can be read")
            return None
        return self._decoded(path.name, raw)

    def _decoded(self, name: str, raw: bytes) -> str | None:
        if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
            self._say(name, 1, "", "the encoding is UTF-16", "UTF-8", _UTF8)
            return None
        if raw.startswith(b"\xef\xbb\xbf"):
            cure = "Save it as plain UTF-8; spreadsheets add the mark with 'CSV UTF-8'"
            found = "the file starts with a byte order mark"
            self._say(name, 1, "", found, "UTF-8 without one", cure)
            raw = raw[3:]
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            line = raw.count(b"\n", 0, error.start) + 1
            self._say(name, line, "", f"byte {raw[error.start]:#04x} is not UTF-8", "UTF-8", _UTF8)
            return None
        if "\0" in text:
            line = text.count("\n", 0, text.index("\0")) + 1
            self._say(name, line, "", "the file holds a NUL character", "UTF-8 text", _UTF8)
            return None
        return text

    # Settings --------------------------------------------------------------

    def _settings(self) -> dict[str, Any]:
        text = self._text(self.folder / CASE_FILE)
        data: dict[str, Any] | None = None
        if text is not None:
            self.settings = SettingLines(text)
            data = self._toml(text)
        if data is None:
            self.broken.update({name: {()} for name in (*PARTS, *Settings.model_fields)})
            return {}
        parts: dict[str, Any] = {}
        known = [*Settings.model_fields, *PARTS]
        for name in data:
            if name not in known:
                line = self.settings.line("", name)
                cure = nearest(name, known)
                self._say(CASE_FILE, line, name, "no setting has this name", ", ".join(known), cure)
                self.broken.update({word: {()} for word in get_close_matches(name, PARTS, 1, 0.5)})
        plain = {name: data[name] for name in Settings.model_fields if name in data}
        record = self._record("", Settings, {"name": self._folder_name(), **plain})
        if record is not None:
            parts.update({name: getattr(record, name) for name in Settings.model_fields})
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
            self._say(
                CASE_FILE,
                0,
                "horizon",
                "the section is missing",
                "[horizon] with step, first and last",
                "Add it",
            )
        return parts

    def _toml(self, text: str, file: str = CASE_FILE) -> dict[str, Any] | None:
        try:
            return tomllib.loads(text)
        except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
            match = re.search(r" \(at line (\d+), column \d+\)| \(at end of document\)", str(error))
            line = int(match[1]) if match and match[1] else text.count("\n") + 1
            what = str(error).replace(match[0], "") if match else str(error)
            found = f"not readable as TOML: {what[:1].lower()}{what[1:200]}"
            cure = 'Quote text and periods as "2024Q1", and write sections as [name]'
            self._say(file, line, "", found, 'lines such as name = "value"', cure)
            return None

    def _folder_name(self) -> str:
        """The name of a case that states none: its folder's, where that can be one."""
        name = self.folder.resolve().name
        try:
            return Settings(name=name).name
        except ValidationError:
            return "case"

    def _record(
        self, section: str, kind: type[BaseModel], data: Any, number: int = 0
    ) -> BaseModel | None:
        """One section as its record; none, with problems, where it is not sound."""
        if not isinstance(data, dict):
            form = "[[goals]]" if section == "goals" else f"[{section}]"
            line = self.settings.line("", section)
            found = f"{shown(data)} is not a section"
            self._say(CASE_FILE, line, section, found, f"{form} and its settings below it")
            return None
        values: dict[str, Any] = {}
        unknown = [name for name in data if name not in kind.model_fields]
        faults = {name: _no_setting(name, kind) for name in unknown}
        for name, info in kind.model_fields.items():
            if name in data:
                try:
                    values[name] = typed(data[name], info)
                except CellError as error:
                    faults[name] = error
        record, refused = _made(kind, values, faults, _meant(unknown, kind, data))
        for name, reason in {**faults, **refused}.items():
            line = self.settings.line(section, name, number)
            self._refuse(CASE_FILE, line, f"{section}.{name}".strip("."), reason)
        return record

    # Tables ----------------------------------------------------------------

    def _table(self, path: Path, kind: type[Row]) -> Iterator[Row]:
        text = self._text(path)
        if text is None or not (yield from self._rows(path.name, text, kind)):
            self.broken[kind.table].add(())

    def _rows(self, file: str, text: str, kind: type[Row]) -> Generator[Row, None, bool]:
        """The sound rows of a table; returns whether it was read to its end."""
        before = len(self.problems)
        records = csv.reader(io.StringIO(text, newline=""), strict=True)
        end = 0
        try:
            header = self._header(file, next(records, []), kind)
            if header is None:
                return False
            end = records.line_num
            for cells in records:
                line, end = end + 1, records.line_num
                row = self._row(file, line, header, cells, kind)
                if row is not None:
                    self.lines[kind.table].append(line)
                    yield row
                if len(self.problems) - before >= MOST_PROBLEMS:
                    self._say(file, line, "", "too many problems: what follows was not read")
                    return False
        except csv.Error as error:
            self._refuse(file, end + 1, "", _csv_fault(error))
            return False
        if not self.lines[kind.table] and len(self.problems) == before:
            cure = "Add a row, or remove the file: a table that is left out limits nothing"
            self._say(file, 1, "", "there are no rows below the column names", "", cure)
        return True

    def _header(self, file: str, cells: list[str], kind: type[Row]) -> list[str] | None:
        """The names of the columns; none where rows cannot be read with them."""
        header = [cell.strip() for cell in cells]
        columns = list(kind.model_fields)
        required = [name for name, info in kind.model_fields.items() if info.is_required()]
        if not any(header):
            found = "the first line has no column names" if cells else "the file is empty"
            cure = "Fill it, or remove it: a table that is left out limits nothing"
            self._say(file, 1, "", found, f"column names: {', '.join(required)} at least", cure)
            return None
        for sign, name in ((";", "semicolons"), ("\t", "tabs")):
            if len(cells) == 1 and sign in cells[0]:
                cure = "Save the table as comma separated, with a point for decimals"
                self._say(file, 1, "", f"the columns are separated by {name}", "commas", cure)
                return None
        counts = Counter(header)
        for name in counts:
            if not name:
                cure = "Name them, or remove the commas at the ends of the lines"
                found = f"{_count([''] * counts[name], 'column')} without a name"
                self._say(file, 1, "", found, "a name for each", cure)
            elif name not in columns:
                cure = nearest(name, columns) or "Remove the column, or use the column note"
                self._say(file, 1, name, "no column has this name", ", ".join(columns), cure)
            elif counts[name] > 1:
                found = f"the column stands {counts[name]} times"
                self._say(file, 1, name, found, "each column once", "Remove all but one")
        unknown = [name for name in counts if name not in columns]
        missing = [name for name in required if name not in header]
        meant = _meant(unknown, kind, header)
        for name in missing:
            if name not in meant:
                cure = f"Add it: {kind.model_fields[name].description}"
                self._say(file, 1, name, "the column is missing", ", ".join(required), cure)
        doubled = any(counts[name] > 1 for name in columns)
        return None if missing or doubled else header

    def _row(
        self, file: str, line: int, header: list[str], cells: list[str], kind: type[Row]
    ) -> Row | None:
        if not any(cell.strip() for cell in cells):
            self._say(file, line, "", "the line is blank", "a row on every line", "Remove the line")
            return None
        given = {
            name: cell.strip()
            for name, cell in zip(header, cells, strict=False)
            if name in kind.model_fields
        }
        row = None
        if len(cells) != len(header):
            found = f"{_count(cells, 'cell')} under {_count(header, 'column')}"
            more = "Put cells that hold a comma in quotes, and write decimals with a point"
            cure = more if len(cells) > len(header) else "Add the commas of the cells left out"
            self._say(file, line, "", found, _count(header, "cell"), cure)
        else:
            row = self._read(file, line, given, kind)
        if row is None:
            self.broken[kind.table].add(tuple(given[k] for k in kind.keys if given.get(k)))
        return row

    def _read(self, file: str, line: int, given: Mapping[str, str], kind: type[Row]) -> Row | None:
        values: dict[str, Any] = {}
        faults: dict[str, CellError] = {}
        for name, cell in given.items():
            info = kind.model_fields[name]
            try:
                if cell or info.is_required():
                    values[name] = parse(cell, info)
            except CellError as error:
                faults[name] = error
        row, refused = _made(kind, values, faults, set())
        for name, reason in {**faults, **refused}.items():
            self._refuse(file, line, name, reason)
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


def _count(things: Collection[str], noun: str) -> str:
    return f"{len(things)} {noun}" + ("" if len(things) == 1 else "s")


def _no_setting(name: str, kind: type[BaseModel]) -> CellError:
    known = list(kind.model_fields)
    return CellError("no setting has this name", ", ".join(known), nearest(name, known))


def _csv_fault(error: csv.Error) -> CellError:
    """What stops a file from being read as comma separated cells."""
    words = str(error)
    if "unexpected end" in words or "field larger" in words:
        found = "a quote is opened here and never closed"
        return CellError(found, "quotes in pairs", 'Close it, and write a quote in a cell as ""')
    if "expected after" in words:
        found = "text follows a closing quote"
        return CellError(found, "a comma after it", 'Write a quote within a cell as ""')
    return CellError(f"the line cannot be read: {words}", "cells separated by commas")


class SettingLines:
    """Where each setting of a TOML text stands."""

    def __init__(self, text: str) -> None:
        self._lines: dict[tuple[str, int], int] = {}
        times: Counter[str] = Counter()
        section = ""
        for number, line in enumerate(text.split("\n"), start=1):
            header = re.match(r"\s*\[{1,2}([^\[\]]+)\]", line)
            setting = re.match(r"\s*([\w.\-\"' ]+?)\s*=", line)
            if header:
                section = re.sub(r"[\"' ]", "", header[1])
                times[section] += 1
                self._add(section, times[section] - 1, number)
            elif setting:
                name = re.sub(r"[\"' ]", "", setting[1])
                self._add(f"{section}.{name}".strip("."), max(times[section] - 1, 0), number)

    def _add(self, name: str, time: int, number: int) -> None:
        self._lines.setdefault((name, time), number)

    def line(self, section: str, name: str, time: int = 0) -> int:
        """The line of a setting, else that of its section, else 0."""
        for key in (f"{section}.{name}".strip("."), section):
            for when in (time, 0):
                if (key, when) in self._lines:
                    return self._lines[key, when]
        return 0


# Writing -------------------------------------------------------------------


def save_case(case: Case, folder: str | Path) -> None:
    """Write a case as a folder that `load_case` reads back equal.

    Columns in which every row has the default are left out. The folder is made
    if needed; tables that lie in it already are replaced or removed.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CASE_FILE).write_text(settings_text(case), encoding="utf-8", newline="\n")
    for name in TABLES:
        rows = case.rows(name)
        if not rows:
            (folder / f"{name}.csv").unlink(missing_ok=True)
        else:
            (folder / f"{name}.csv").write_text(table_text(rows), encoding="utf-8", newline="")


def settings_text(case: Case) -> str:
    """The case's settings as TOML."""
    data: dict[str, Any] = {}
    for name in Case.model_fields:
        value = getattr(case, name)
        if name in TABLES or value is None or value == ():
            continue
        if isinstance(value, BaseModel):
            value = value.model_dump(exclude_defaults=True, exclude_none=True)
        elif name == "goals":
            value = [
                goal.model_dump(exclude_defaults=True, exclude_none=True) for goal in case.goals
            ]
        data[name] = value
    return tomli_w.dumps(data)


def table_text(rows: tuple[Row, ...]) -> str:
    """Rows of one table as CSV."""
    kind = type(rows[0])
    shown = [
        name
        for name, info in kind.model_fields.items()
        if name in kind.keys
        or info.is_required()
        or any(getattr(row, name) != info.default for row in rows)
    ]
    shown.sort(key=lambda name: (name not in kind.keys, name == "note"))
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(shown)
    for row in rows:
        writer.writerow([cell_text(getattr(row, name)) for name in shown])
    return out.getvalue()
