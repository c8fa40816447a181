"""Opening an ``.xlsx`` file: its sheets as cells of text, exactly as stored.

A reader of its own, because it must tell a formula's value from a formula without one,
keep every digit and every escaped character, and read nothing larger than it should: a
file may come from anyone. Formats are looked at only to tell dates from numbers.
Not here: what sheets and cells mean (`optimizer.workbooks.reading`).
"""

from __future__ import annotations

import posixpath
import re
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO
from xml.parsers import expat

from models.cells import CellError, cell_text
from models.problem import CaseError, Problem
from optimizer.tables.raw import Cell

#: Largest file that is not taken for a slip.
MOST_BYTES = 64 * 1024 * 1024
#: Most bytes that are unpacked of a file: what is more is a trap or no case.
MOST_UNPACKED = 256 * 1024 * 1024
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_WHOLE = re.compile(r"-?[0-9]{1,15}")
_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
#: Built-in number formats that show dates or times.
_DATE_FORMATS = {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}
#: What of a format's code does not tell whether it shows a date.
_NO_DATE = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.|_.|\*.')


class DateText(str):
    """The text of a cell that holds a date, as 2024-01-31."""


class NumberText(str):
    """The text of a cell that holds a number."""


class YesNoText(str):
    """The text of a cell that holds TRUE or FALSE."""


class _Fault(Exception):
    """Why a file cannot be opened."""

    def __init__(self, found: str, cure: str = "") -> None:
        super().__init__(found)
        self.cure = cure


@dataclass
class Sheet:
    """One sheet: cells that are not blank by row and column, counted from 1, and merged ranges."""

    name: str
    rows: dict[int, dict[int, Cell]] = field(default_factory=dict)
    merged: list[str] = field(default_factory=list)


def letters(column: int) -> str:
    """The letters of a column, counted from 1."""
    text = ""
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(ord("A") + rest) + text
    return text


def position(reference: str) -> tuple[int, int]:
    """Row and column of a cell such as ``D4``; raises `ValueError` for what is none."""
    match = _REFERENCE.fullmatch(reference.replace("$", ""))
    if not match:
        raise ValueError(f"{reference!r} is no cell")
    column = 0
    for letter in match[1]:
        column = 26 * column + ord(letter) - ord("A") + 1
    return int(match[2]), column


def open_workbook(path: Path) -> list[Sheet]:
    """The sheets of a workbook in their order.

    Raises `CaseError` for a file that is none, is damaged, protected or far too large.
    """
    try:
        return _Package(path).sheets()
    except _Fault as error:
        found, cure = str(error), error.cure
    except OSError as error:
        found, cure = f"it cannot be read: {(error.strerror or str(error)).lower()}", ""
    except (zipfile.BadZipFile, zlib.error, EOFError, expat.ExpatError) as error:
        what = " ".join(str(error).split())[:100]
        found, cure = f"the workbook is damaged: {what}", "Open it in Excel and save it again"
    except (KeyError, ValueError, IndexError, NotImplementedError, RuntimeError):
        found, cure = "the workbook is damaged or of an unknown kind", "Save it again as .xlsx"
    raise CaseError([Problem(path.name, found=found, allowed="a workbook (.xlsx)", cure=cure)])


class _Package:
    """The parts of one file."""

    def __init__(self, path: Path) -> None:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise _Fault(f"{size} bytes, where at most {MOST_BYTES} are read")
        _check_kind(path)
        self.left = MOST_UNPACKED
        self.zip = zipfile.ZipFile(path)

    def sheets(self) -> list[Sheet]:
        """Every worksheet; sheets that hold only a chart are left out."""
        with self.zip:
            main = self._related("", "officeDocument")
            if not main:
                raise _Fault(_what_it_is(self.zip.namelist()), "Save it as .xlsx")
            book = _Book()
            self._parse(main[0], book)
            formats, strings = _Formats(), _Strings()
            for part in self._related(main[0], "styles"):
                self._parse(part, formats)
            for part in self._related(main[0], "sharedStrings"):
                self._parse(part, strings)
            parts = self._targets(main[0])
            sheets = []
            for name, key in book.sheets:
                kind, part = parts[key]
                if kind == "worksheet":
                    reader = _Cells(Sheet(name), strings.texts, formats.dates, book.epoch)
                    self._parse(part, reader)
                    sheets.append(reader.sheet)
            return sheets

    def _targets(self, part: str) -> Mapping[str, tuple[str, str]]:
        """Kind and part of each relationship of a part, by its key."""
        folder, name = posixpath.split(part)
        file = posixpath.join(folder, "_rels", f"{name}.rels")
        links = _Links()
        if file in self.zip.namelist():
            self._parse(file, links)
        return {
            key: (kind, posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/"))
            for key, kind, target in links.found
        }

    def _related(self, part: str, kind: str) -> list[str]:
        return [target for found, target in self._targets(part).values() if found == kind]

    def _parse(self, part: str, reader: _Reader) -> None:
        with self.zip.open(part) as stream:
            reader.read(_Limited(stream, self))


@dataclass
class _Limited:
    """A stream that ends the reading when too much was unpacked."""

    stream: IO[bytes]
    package: _Package

    def read(self, size: int) -> bytes:
        data = self.stream.read(size)
        self.package.left -= len(data)
        if self.package.left < 0:
            raise _Fault(f"unpacked it has more than {MOST_UNPACKED} bytes, too many to read")
        return data


def _check_kind(path: Path) -> None:
    """Refuse what is no zip file, in words that tell what it is."""
    with path.open("rb") as file:
        start = file.read(8)
        if start.startswith(b"\xd0\xcf\x11\xe0"):  # a compound file: Excel before 2007, or locked
            if "EncryptedPackage".encode("utf-16-le") in start + file.read(1 << 20):
                raise _Fault("it is protected by a password", "Save it without a password")
            raise _Fault("it is a workbook of Excel 97 to 2003", "Save it as .xlsx")
    if not start:
        raise _Fault("the file is empty")
    if not start.startswith(b"PK"):
        raise _Fault("it is no workbook, whatever its name says", "Save it as .xlsx")


def _what_it_is(names: list[str]) -> str:
    if "content.xml" in names:
        return "it is a document of LibreOffice"
    return "it holds no workbook"


# XML ---------------------------------------------------------------------------


class _Reader:
    """Reads one XML part; namespaces are passed over, document types refused."""

    def __init__(self) -> None:
        self.chunks: list[str] | None = None

    def read(self, stream: _Limited) -> None:
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._refuse
        parser.StartElementHandler = lambda name, given: self.start(name.split(":")[-1], given)
        parser.EndElementHandler = lambda name: self.end(name.split(":")[-1])
        parser.CharacterDataHandler = self._text
        while data := stream.read(1 << 16):
            parser.Parse(data, False)
        parser.Parse(b"", True)

    def _refuse(self, *_given: object) -> None:
        raise _Fault("it holds a document type, which no workbook has")

    def _text(self, text: str) -> None:
        if self.chunks is not None:
            self.chunks.append(text)

    def start(self, name: str, given: Mapping[str, str]) -> None:
        """An element begins."""

    def end(self, name: str) -> None:
        """An element ends."""


class _Links(_Reader):
    """Relationships of a part: key, kind and target."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str, str]] = []

    def start(self, name: str, given: Mapping[str, str]) -> None:
        if name == "Relationship" and given.get("TargetMode") != "External":
            self.found.append((given["Id"], given["Type"].rpartition("/")[2], given["Target"]))


class _Book(_Reader):
    """Names of sheets with the keys of their relationships, and what day 0 is."""

    def __init__(self) -> None:
        super().__init__()
        self.sheets: list[tuple[str, str]] = []
        self.epoch = datetime(1899, 12, 30)

    def start(self, name: str, given: Mapping[str, str]) -> None:
        if name == "sheet":
            key = next(value for key, value in given.items() if key.endswith(":id"))
            self.sheets.append((given["name"], key))
        elif name == "workbookPr" and given.get("date1904") in ("1", "true"):
            self.epoch = datetime(1904, 1, 1)


class _Formats(_Reader):
    """Which cell formats show dates."""

    def __init__(self) -> None:
        super().__init__()
        self.dates: set[int] = set()
        self._codes: dict[str, str] = {}
        self._count = 0
        self._inside = False

    def start(self, name: str, given: Mapping[str, str]) -> None:
        if name == "numFmt":
            self._codes[given["numFmtId"]] = given.get("formatCode", "")
        elif name == "cellXfs":
            self._inside = True
        elif name == "xf" and self._inside:
            key = given.get("numFmtId", "0")
            code = _NO_DATE.sub("", self._codes.get(key, "")).lower()
            if (key not in self._codes and int(key) in _DATE_FORMATS) or set(code) & set("ymdhs"):
                self.dates.add(self._count)
            self._count += 1

    def end(self, name: str) -> None:
        if name == "cellXfs":
            self._inside = False


class _Texts(_Reader):
    """Collects the text of ``t`` elements, without the readings above Japanese characters."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._spoken = 0

    def start(self, name: str, given: Mapping[str, str]) -> None:  # noqa: ARG002
        if name == "rPh":
            self._spoken += 1
        elif name == "t" and not self._spoken:
            self.chunks = []

    def end(self, name: str) -> None:
        if name == "rPh":
            self._spoken -= 1
        elif name == "t" and self.chunks is not None:
            self.parts.append("".join(self.chunks))
            self.chunks = None

    def taken(self) -> str:
        """The text so far, which is then forgotten."""
        text, self.parts = "".join(self.parts), []
        return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)


class _Strings(_Texts):
    """The texts that cells share."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def end(self, name: str) -> None:
        super().end(name)
        if name == "si":
            self.texts.append(self.taken())


class _Cells(_Texts):
    """The cells of a sheet."""

    def __init__(self, sheet: Sheet, strings: list[str], dates: set[int], epoch: datetime) -> None:
        super().__init__()
        self.sheet, self.strings, self.dates, self.epoch = sheet, strings, dates, epoch
        self.row = self.column = 0
        self.given: Mapping[str, str] = {}
        self.formula = False
        self.makers: dict[str, Callable[[str], Cell]] = {
            "s": lambda text: self.strings[int(text)],
            "str": str,
            "inlineStr": str,
            "b": lambda text: YesNoText("TRUE" if text.strip() in ("1", "true") else "FALSE"),
            "e": _error,
            "d": lambda text: DateText(text[:10] if text[10:] in ("", "T00:00:00") else text),
        }

    def start(self, name: str, given: Mapping[str, str]) -> None:
        super().start(name, given)
        if name == "c":
            self.row, self.column = (
                position(given["r"]) if "r" in given else (self.row, self.column + 1)
            )
            self.given, self.formula = given, False
        elif name == "v":
            self.chunks = []
        elif name == "f":
            self.formula = True
        elif name == "row":
            self.row, self.column = int(given.get("r", self.row + 1)), 0
        elif name == "mergeCell":
            self.sheet.merged.append(given["ref"])

    def end(self, name: str) -> None:
        if name == "v" and self.chunks is not None:
            self.parts.append("".join(self.chunks))
            self.chunks = None
        super().end(name)
        if name == "c":
            cell = self._cell(self.taken())
            if isinstance(cell, CellError) or cell.strip():
                self.sheet.rows.setdefault(self.row, {})[self.column] = cell

    def _cell(self, text: str) -> Cell:
        kind = self.given.get("t", "n")
        if not text and self.formula and kind not in ("str", "inlineStr"):
            cure = "Let Excel or LibreOffice compute and save it, or write the value"
            return CellError("the formula has no value yet", "a value", cure)
        if kind in self.makers:
            return self.makers[kind](text) if text else ""
        return self._number(text)

    def _number(self, text: str) -> Cell:
        text = text.strip()
        try:
            number = float(text)
        except ValueError:
            return text
        if int(self.given.get("s", "0")) in self.dates:
            return self._date(number)
        return NumberText(text if _WHOLE.fullmatch(text) else cell_text(number))

    def _date(self, days: float) -> Cell:
        try:
            when = self.epoch + timedelta(seconds=round(days * 86_400))
        except (OverflowError, ValueError):
            return CellError(f"{cell_text(days)} is shown as a date and is none", "a value")
        return DateText(when.date() if when.time() == datetime.min.time() else when)


def _error(text: str) -> Cell:
    return CellError(f"the cell holds the error {text}", "a value", "Mend its formula")
