"""The parts of an ``.xlsx`` file as XML: relationships, sheets, formats, texts, cells.

Read as a stream, so that nothing is held but cells. Namespaces are passed over, as several
are in use; a document type, and with it any entity, is refused. Not here: the file and its
limits (`optimizer.workbooks.opening`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Protocol
from xml.parsers import expat

from models.cells import CellError, cell_text
from optimizer.tables.raw import Cell
from optimizer.workbooks.cells import DateText, NumberText, Sheet, YesNoText, position

_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_WHOLE = re.compile(r"-?[0-9]{1,15}")
#: Built-in number formats that show dates or times.
_DATE_FORMATS = {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}
#: What of a format's code does not tell whether it shows a date.
_NO_DATE = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.|_.|\*.')


class Fault(Exception):
    """Why a file cannot be opened."""

    def __init__(self, found: str, cure: str = "") -> None:
        super().__init__(found)
        self.cure = cure


class Stream(Protocol):
    """Bytes of a part, some at a time."""

    def read(self, size: int) -> bytes:
        """At most so many bytes; none at the end."""


class Reader:
    """Reads one XML part; namespaces are passed over, document types refused."""

    def __init__(self) -> None:
        self.chunks: list[str] | None = None

    def read(self, stream: Stream) -> None:
        """Read the part to its end; raises `Fault` or the parser's error."""
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._refuse
        parser.StartElementHandler = lambda name, given: self._start(name.split(":")[-1], given)
        parser.EndElementHandler = lambda name: self._end(name.split(":")[-1])
        parser.CharacterDataHandler = self._text
        while data := stream.read(1 << 16):
            parser.Parse(data, False)
        parser.Parse(b"", True)

    def _refuse(self, *_given: object) -> None:
        raise Fault("it holds a document type, which no workbook has")

    def _text(self, text: str) -> None:
        if self.chunks is not None:
            self.chunks.append(text)

    def _start(self, name: str, given: Mapping[str, str]) -> None:
        """An element begins."""

    def _end(self, name: str) -> None:
        """An element ends."""


class Links(Reader):
    """Relationships of a part: key, kind and target."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str, str]] = []

    def _start(self, name: str, given: Mapping[str, str]) -> None:
        if name == "Relationship" and given.get("TargetMode") != "External":
            self.found.append((given["Id"], given["Type"].rpartition("/")[2], given["Target"]))


class Book(Reader):
    """Names of sheets with the keys of their relationships, and what day 0 is."""

    def __init__(self) -> None:
        super().__init__()
        self.sheets: list[tuple[str, str]] = []
        self.epoch = datetime(1899, 12, 30)

    def _start(self, name: str, given: Mapping[str, str]) -> None:
        if name == "sheet":
            key = next((value for key, value in given.items() if key.endswith(":id")), "")
            self.sheets.append((given["name"], key))
        elif name == "workbookPr" and given.get("date1904") in ("1", "true"):
            self.epoch = datetime(1904, 1, 1)


class Formats(Reader):
    """Which cell formats show dates."""

    def __init__(self) -> None:
        super().__init__()
        self.dates: set[int] = set()
        self._codes: dict[str, str] = {}
        self._count = 0
        self._inside = False

    def _start(self, name: str, given: Mapping[str, str]) -> None:
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

    def _end(self, name: str) -> None:
        if name == "cellXfs":
            self._inside = False


class _Texts(Reader):
    """Collects the text of ``t`` elements, without the readings above Japanese characters."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._spoken = 0

    def _start(self, name: str, given: Mapping[str, str]) -> None:  # noqa: ARG002
        if name == "rPh":
            self._spoken += 1
        elif name == "t" and not self._spoken:
            self.chunks = []

    def _end(self, name: str) -> None:
        if name == "rPh":
            self._spoken -= 1
        elif name == "t" and self.chunks is not None:
            self.parts.append("".join(self.chunks))
            self.chunks = None

    def taken(self) -> str:
        """The text so far, which is then forgotten."""
        text, self.parts = "".join(self.parts), []
        return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)


class Strings(_Texts):
    """The texts that cells share."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def _end(self, name: str) -> None:
        super()._end(name)
        if name == "si":
            self.texts.append(self.taken())


class Cells(_Texts):
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

    def _start(self, name: str, given: Mapping[str, str]) -> None:
        super()._start(name, given)
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

    def _end(self, name: str) -> None:
        if name == "v" and self.chunks is not None:
            self.parts.append("".join(self.chunks))
            self.chunks = None
        super()._end(name)
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
