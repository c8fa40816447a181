"""Sheets as evplan writes them: exact numbers, text that stays text, one look, the same bytes.

Cells that people name (a market called ``=cmd()``) are written as text and never as a
formula. Not here: what stands on a sheet (see the modules beside this one).
"""

from __future__ import annotations

import io
import os
import re
import tempfile
import zipfile
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.cell.cell import Cell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from models.cells import cell_text
from models.problem import SHEET, CaseError, Problem
from optimizer.workbooks.cells import letters

TEXT = "@"
#: Thousands are parted in large numbers; small ones show every digit.
NUMBER = "[>=1000]#,##0;[<=-1000]-#,##0;General"
WHOLE = "0"
PERCENT = "0.0##%"
#: Most characters (UTF-16) and rows that Excel takes.
MOST_CHARACTERS, MOST_ROWS = 32_767, 1_048_576
#: Days are the same in every workbook, so that the same content has the same bytes.
_WRITTEN = datetime(2000, 1, 1)
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)
_NARROW, _WIDE = 9, 60
#: Heights of a line and of the highest row, in points.
_LINE_HEIGHT, _HIGHEST = 15, 400
#: Text that a reader would take for an escape, and characters that XML cannot hold.
_TO_ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)|[\ufffe\uffff]")

HEADER = PatternFill("solid", fgColor="1F4E5F")
KEY = PatternFill("solid", fgColor="12303B")
HINT = PatternFill("solid", fgColor="E6EFF2")
LIGHT = Font(name="Calibri", color="FFFFFF", bold=True)
QUIET = Font(name="Calibri", color="5B6B73", italic=True)
TITLE = Font(name="Calibri", size=16, bold=True, color="12303B")
BOLD = Font(name="Calibri", bold=True, color="12303B")
LINK = Font(name="Calibri", color="0B6E8A", underline="single")
_LINE = Border(bottom=Side("thin", color="B7C7CE"))


def new_workbook() -> Workbook:
    """A workbook without sheets."""
    book = Workbook()
    book.remove(book.worksheets[0])
    book.properties.creator = "evplan"
    book.properties.created = _WRITTEN
    return book


def put(sheet: Worksheet, row: int, column: int, value: Any, form: str = "") -> Cell:
    """Write one cell: text as text, numbers to the last digit; none and "" leave it blank."""
    cell: Cell = sheet.cell(row, column)
    if isinstance(value, bool):
        cell.value = value
    elif isinstance(value, (int, float)):
        # The library would write 16 digits, which is one too few for some numbers.
        cell.value = cell_text(value)
        cell.data_type = "n"
    elif value:
        cell.value = _TO_ESCAPE.sub(lambda match: f"_x{ord(match[0]):04X}_", str(value))
        cell.data_type = "s"  # never a formula, whatever it begins with
        form = form or TEXT
    if form:
        cell.number_format = form
    return cell


def too_long(sheet: str, row: int, column: int, value: Any) -> Problem | None:
    """A problem where a cell cannot hold a text."""
    size = len(value.encode("utf-16-le", "surrogatepass")) // 2 if isinstance(value, str) else 0
    if size <= MOST_CHARACTERS and row <= MOST_ROWS:
        return None
    found = f"text of {size} characters" if size > MOST_CHARACTERS else f"row {row}"
    allowed = f"at most {MOST_CHARACTERS} characters in a cell and {MOST_ROWS} rows"
    cell = f"{letters(column)}{row}"
    return Problem(f"{SHEET}{sheet}", row, "", found, allowed, "Keep it in a folder", cell)


def header(sheet: Worksheet, row: int, names: Sequence[str], keys: int = 0) -> None:
    """The names of columns, the first ones as keys."""
    for column, name in enumerate(names, start=1):
        cell = put(sheet, row, column, name)
        cell.font, cell.fill = LIGHT, KEY if column <= keys else HEADER
        cell.alignment = Alignment(vertical="center")


def hints(sheet: Worksheet, row: int, texts: Sequence[str]) -> None:
    """Units or remarks above the names of columns."""
    for column, text in enumerate(texts, start=1):
        cell = put(sheet, row, column, text)
        cell.font, cell.fill = QUIET, HINT


def link(cell: Cell, sheet: str) -> None:
    """Make a cell lead to a sheet of the same workbook."""
    cell.hyperlink = Hyperlink(ref=cell.coordinate, location=f"'{sheet}'!A1")
    cell.font = LINK


def remark(cell: Cell, text: str) -> None:
    """A note that shows when the mouse rests on a cell."""
    comment = Comment(text, "evplan")
    comment.width = 320
    comment.height = 30 + 18 * sum(1 + len(line) // 48 for line in text.split("\n"))
    cell.comment = comment


def fit(sheet: Worksheet, first: int = 1, widest: int = _WIDE) -> None:
    """Columns as wide as what is in them; long text is wrapped, its rows are as high as it."""
    high: dict[int, int] = {}
    for column, cells in enumerate(sheet.iter_cols(min_row=first), start=1):
        wide = max((_width(cell) for cell in cells), default=0)
        sheet.column_dimensions[letters(column)].width = min(max(wide + 3, _NARROW), widest)
        for cell in cells:
            if cell.data_type == "s" and (_width(cell) > widest - 3 or "\n" in cell.value):
                parts = cell.value.split("\n")
                lines = sum(1 + len(part) // (widest - 8) for part in parts)
                high[cell.row] = max(high.get(cell.row, 1), lines)
    for row, lines in high.items():
        sheet.row_dimensions[row].height = min(_LINE_HEIGHT * lines, _HIGHEST)
        for cell in sheet[row]:
            cell.alignment = Alignment(wrap_text=cell.data_type == "s", vertical="top")


def _width(cell: Cell) -> int:
    text = "" if cell.value is None else str(cell.value)
    if cell.data_type == "n":
        return min(len(text), 14)
    return max(map(len, text.split("\n")))


def filtered(sheet: Worksheet, row: int, columns: int, last: int) -> None:
    """Filters on the names of columns, which stay in sight."""
    sheet.auto_filter.ref = f"A{row}:{letters(columns)}{max(last, row + 1)}"


def grid(
    sheet: Worksheet,
    row: int,
    names: Sequence[str],
    rows: Iterable[Sequence[Any]],
    forms: Sequence[str],
) -> int:
    """A table with its header at ``row``; returns the row below it."""
    header(sheet, row, names)
    for values in rows:
        row += 1
        for column, (value, form) in enumerate(zip(values, forms, strict=True), start=1):
            cell = put(sheet, row, column, value, form if not isinstance(value, str) else "")
            cell.border = _LINE
    return row + 1


def save(book: Workbook, path: Path) -> None:
    """Write a workbook whole or not at all; the same content gives the same bytes.

    What is there already is replaced. Raises `OSError` when it cannot be written.
    """
    for sheet in book.worksheets:  # printed as wide as a page
        sheet.page_setup.orientation = "landscape"
        sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
        sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    raw = io.BytesIO()
    book.save(raw)
    handle, partial = tempfile.mkstemp(prefix=f".{path.name[:40]}-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(_packed(raw))
        os.chmod(partial, 0o644)
        os.replace(partial, path)
    except BaseException:
        Path(partial).unlink(missing_ok=True)
        raise


def _packed(raw: io.BytesIO) -> bytes:
    """The same file without the time at which it was written."""
    out = io.BytesIO()
    now = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*")
    with zipfile.ZipFile(raw) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "docProps/core.xml":
                data = now.sub(rb"\g<1>2000-01-01T00:00:00Z", data)
            entry = zipfile.ZipInfo(name, _ZIP_DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            new.writestr(entry, data)
    return out.getvalue()


def refuse(problems: Iterable[Problem | None]) -> None:
    """Raise `CaseError` where something cannot be written."""
    found = [problem for problem in problems if problem]
    if found:
        raise CaseError(found)
