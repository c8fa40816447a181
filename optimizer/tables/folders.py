"""A case's folder in raw form: one TOML file with the settings and one CSV file a table.

Not here: what is read from these (`optimizer.tables.reading`).
"""

from __future__ import annotations

import csv
import io
import re
import tomllib
from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from models.base import Row
from models.case import TABLES
from models.cells import CellError, typed
from models.paths import nearest
from models.problem import CaseError, Problem
from optimizer.catalogue import CASE_FILE
from optimizer.tables.raw import Line, Place, Sections, Table, Unreadable

#: Largest file that is not taken for a slip.
MOST_BYTES = 16 * 1024 * 1024
#: Endings of files that look like tables but are not read.
_OTHER_ENDINGS = (".xlsx", ".xls", ".ods", ".tsv", ".txt", ".csv")
_UTF8 = "Save the file with the encoding UTF-8"


def read_toml(path: Path) -> tuple[str, dict[str, Any]]:
    """A TOML file as text and as data.

    Raises `CaseError` for a file that cannot be read, decoded or parsed.
    """
    source = Folder(path.parent)
    text = source.text(path)
    data = None if text is None else source.toml(text, path.name)
    if source.problems or text is None or data is None:
        raise CaseError(source.problems)
    return text, data


class Folder:
    """One folder, as a `Source`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.problems: list[Problem] = []

    def _say(
        self, file: str, line: int, column: str, found: str, allowed: str = "", cure: str = ""
    ) -> None:
        self.problems.append(Problem(file, line, column, found, allowed, cure))

    # Settings --------------------------------------------------------------

    def sections(self) -> Sections:
        """The settings of the TOML file."""
        text = self.text(self.folder / CASE_FILE)
        data = None if text is None else self.toml(text)
        lines = SettingLines(text or "")

        def place(section: str, name: str, number: int) -> Place:
            return Place(CASE_FILE, lines.line(section, name, number))

        return Sections(data, self.folder.resolve().name, typed, place)

    def toml(self, text: str, file: str = CASE_FILE) -> dict[str, Any] | None:
        """The data of a TOML text; none, with a problem, where it is none."""
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

    # Files -----------------------------------------------------------------

    def worded(self, problem: Problem) -> Problem:
        """The problem: the checks speak of files anyway."""
        return problem

    def tables(self) -> Iterator[Table]:
        """The files of tables; complains of files that look like one and are not."""
        files = self._files()
        for name in TABLES:
            if name in files:
                yield self._table(files[name], TABLES[name])

    def _files(self) -> dict[str, Path]:
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
        return files

    def text(self, path: Path) -> str | None:
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

    # Tables ----------------------------------------------------------------

    def _table(self, path: Path, kind: type[Row]) -> Table:
        text = self.text(path)
        cure = "Add a row, or remove the file: a table that is left out limits nothing"
        empty = CellError("there are no rows below the column names", "", cure)
        table = Table(kind.table, path.name, empty=empty)
        table.whole = text is not None and self._opened(table, text, kind)
        return table

    def _opened(self, table: Table, text: str, kind: type[Row]) -> bool:
        """Give a table its columns and rows; false, with a problem, where there are none."""
        records = csv.reader(io.StringIO(text, newline=""), strict=True)
        try:
            cells = next(records, [])
        except csv.Error as error:
            self.problems.append(table.place(1).problem("", _csv_fault(error)))
            return False
        table.names = [cell.strip() for cell in cells]
        if not any(table.names):
            required = [name for name, info in kind.model_fields.items() if info.is_required()]
            found = "the first line has no column names" if cells else "the file is empty"
            cure = "Fill it, or remove it: a table that is left out limits nothing"
            allowed = f"column names: {', '.join(required)} at least"
            self._say(table.where, 1, "", found, allowed, cure)
            return False
        for sign, name in ((";", "semicolons"), ("\t", "tabs")):
            if len(cells) == 1 and sign in cells[0]:
                cure = "Save the table as comma separated, with a point for decimals"
                found = f"the columns are separated by {name}"
                self._say(table.where, 1, "", found, "commas", cure)
                return False
        unnamed = [name for name in table.names if not name]
        if unnamed:
            cure = "Name them, or remove the commas at the ends of the lines"
            found = f"{_count(unnamed, 'column')} without a name"
            table.unnamed = CellError(found, "a name for each", cure)
        table.rows = _lines(records, table.names)
        return True


def _lines(records: Any, names: list[str]) -> Iterator[Line]:
    """The rows of a CSV file below its header."""
    end = records.line_num
    try:
        for cells in records:
            line, end = end + 1, records.line_num
            yield _line(line, cells, names)
    except csv.Error as error:
        raise Unreadable(end + 1, _csv_fault(error)) from None


def _line(number: int, cells: list[str], names: list[str]) -> Line:
    if not any(cell.strip() for cell in cells):
        return Line(
            number, {}, CellError("the line is blank", "a row on every line", "Remove the line")
        )
    given = {name: cell.strip() for name, cell in zip(names, cells, strict=False)}
    if len(cells) == len(names):
        return Line(number, given)
    found = f"{_count(cells, 'cell')} under {_count(names, 'column')}"
    more = "Put cells that hold a comma in quotes, and write decimals with a point"
    cure = more if len(cells) > len(names) else "Add the commas of the cells left out"
    return Line(number, given, CellError(found, _count(names, "cell"), cure))


def _count(things: Collection[str], noun: str) -> str:
    return f"{len(things)} {noun}" + ("" if len(things) == 1 else "s")


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
